"""Every HTTP response has the security headers, whatever its status."""

import httpx2
import pytest

from app.engine.application import Application
from app.engine.database.connections import Database
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings

APPLICATION = Application(settings=EngineSettings)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/graphql", 200),
        ("POST", "/graphql", 415),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nowhere", 404),
        ("OPTIONS", "/graphql", 200),
    ],
)
async def test_every_response_has_the_security_headers(
    database: Database, method: str, path: str, status: int
) -> None:
    settings = EngineSettings(database_url=database.url, allowed_origins=("https://shop.example",))
    runtime = Runtime(APPLICATION, settings, database)
    headers = {
        "accept": "text/html",
        "origin": "https://shop.example",
        "access-control-request-method": "POST",
    }
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with runtime.run(), httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        response = await client.request(method, path, headers=headers)
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert ("content-security-policy" in response.headers) == ((method, path) == ("GET", "/graphql"))
