"""The reader of the database sees the read models of the shop, and nothing else."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from tests.support.cli import run
from tests.support.databases import ROLES, as_role
from tests.support.server import Server


async def test_a_reader_sees_the_read_models_also_after_a_rebuild_and_nothing_else(
    database_url: str, serve: Callable[..., Server]
) -> None:
    server = serve().wait()
    await asyncio.to_thread(
        server.ask,
        'mutation { registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: "3.50"}}) { ... on ProductAccepted { product { sku } } } }',
    )
    rebuilt = await asyncio.to_thread(run, "projections", "rebuild", "products", DATABASE_URL=database_url)
    assert rebuilt.returncode == 0, rebuilt.stderr
    [table] = [name for name in await read_tables(database_url) if name.startswith("products_")]
    reader: asyncpg.Connection = await asyncpg.connect(as_role(database_url, ROLES.reader))
    try:
        assert await reader.fetchval(f"SELECT name FROM read.{table}") == "Tea"
        for refused in (
            "SELECT 1 FROM es.events",
            f"DELETE FROM read.{table}",
            "CREATE TABLE read.x (n integer)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.execute(refused)
    finally:
        await reader.close()


async def read_tables(url: str) -> list[str]:
    connection: asyncpg.Connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'read'::regnamespace AND relkind = 'r'"
            " AND relname NOT LIKE '%history'"
        )
        return [row["relname"] for row in rows]
    finally:
        await connection.close()
