"""The README shows how an application adds metrics of its own."""

from dataclasses import replace
from typing import Any

import httpx2

from app.composition import application
from app.engine.database.connections import Database
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.settings import Settings
from tests.template.readmes import fences, section


async def test_a_metric_of_the_recipe_is_on_the_page(database: Database, settings: Settings) -> None:
    [recipe] = fences(section("app/engine/server/README.md", "Metrics of yours"), "python")
    module: dict[str, Any] = {}
    exec(recipe.text, module)
    module["REDEEMED"].inc()
    runtime = Runtime(replace(application, metrics=module["metrics"]), settings, database)
    async with runtime.run():
        transport = httpx2.ASGITransport(app=create_app(runtime))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            page = (await client.get("/metrics")).text
    assert "vouchers_redeemed_total 1.0" in page.splitlines()
