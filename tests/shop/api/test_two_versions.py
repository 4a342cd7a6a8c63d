"""On one database, the new version builds its own table while the old version serves from its own."""

import asyncio
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.engine.settings import ROOT
from projections.product import products
from tests.support.cli import CliResult, run_cold
from tests.support.server import Server

REGISTER = 'mutation { registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: "3.50"}}) { ... on ProductAccepted { position } } }'
RECEIVE = 'mutation { receiveStock(input: {sku: "TEA", quantity: 1}) { ... on ProductAccepted { position product { name onHand } } } }'
PRODUCT = 'query($p: Position!) { product(sku: "TEA", minPosition: $p) { name onHand } }'

OLD = products.version
MANY = 12_000
"""Facts, so that the new table takes a moment."""
OTHERS = f"""
    INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor, occurred_at, recorded_at)
    SELECT n, 'product', gen_random_uuid(), 1, 'product.registered', 1,
           jsonb_build_object('sku', 'S-' || n, 'name', 'Jam', 'price', jsonb_build_object('amount', '1.00', 'currency', 'EUR')),
           gen_random_uuid(), gen_random_uuid(), 'x', now(), now()
    FROM generate_series(1, {MANY}) AS n
"""


def newer(folder: Path) -> Path:
    """A copy of the code in which the products are folded in another way, under the next version."""
    for name in ("app", "domain", "projections", "migrations"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules", "dist")
        )
    source = folder / "projections" / "product.py"
    code = source.read_text()
    for before, after in (
        ("name=name,\n                price=price", "name=name.upper(),\n                price=price"),
        (f'name="products",\n    version={OLD}', f'name="products",\n    version={OLD + 1}'),
    ):
        assert code.count(before) == 1
        code = code.replace(before, after)
    source.write_text(code)
    return folder


def readiness(server: Server) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)
    except OSError:
        return 0, {}


def receive(server: Server) -> tuple[int, dict[str, Any]]:
    accepted = server.ask(RECEIVE)["data"]["receiveStock"]
    return int(accepted["position"]), accepted["product"]


def drop_old(folder: Path, url: str) -> CliResult:
    return run_cold("projections", "drop", "products", "--version", str(OLD), root=folder, DATABASE_URL=url)


@pytest.mark.long
async def test_each_is_served_from_its_own_table_throughout(
    serve: Callable[..., Server], database_url: str, tmp_path: Path
) -> None:
    connection: asyncpg.Connection = await asyncpg.connect(database_url)
    await connection.execute(OTHERS)
    await connection.close()
    old = serve().wait()
    await asyncio.to_thread(old.ask, REGISTER)
    on_hand = 0
    new = serve(root=newer(tmp_path))
    seen: list[int] = []
    async with asyncio.timeout(60):
        while not seen or seen[-1] != 200:
            status, state = await asyncio.to_thread(readiness, new)
            if status == 503 and not seen:
                assert state["lag"]["products"] > 0
            if status:
                seen.append(status)
            if not seen:
                # A write of the old one could take longer than the new one is not ready.
                await asyncio.sleep(0.02)
                continue
            # The old process goes on all the while, and reads what it writes.
            on_hand += 1
            _, product = await asyncio.to_thread(receive, old)
            assert product == {"name": "Tea", "onHand": on_hand}
    assert seen[0] == 503
    for writer in (old, new, old, new):
        on_hand += 1
        position, _ = await asyncio.to_thread(receive, writer)
        for server, name in ((old, "Tea"), (new, "TEA")):
            answer = await asyncio.to_thread(server.ask, PRODUCT, {"p": str(position)})
            assert answer["data"]["product"] == {"name": name, "onHand": on_hand}
    refused = await asyncio.to_thread(drop_old, tmp_path, database_url)
    assert (
        refused.returncode,
        f"read.products_v{OLD} is kept current or worked on by" in refused.stderr,
    ) == (2, True), refused
    assert await asyncio.to_thread(old.stop) == 0
    dropped = await asyncio.to_thread(drop_old, tmp_path, database_url)
    assert (dropped.returncode, dropped.stdout) == (0, f"dropped read.products_v{OLD}\n"), dropped
    _, product = await asyncio.to_thread(receive, new)
    assert product == {"name": "TEA", "onHand": on_hand + 1}
    for server in (old, new):
        assert "Traceback" not in server.output()
