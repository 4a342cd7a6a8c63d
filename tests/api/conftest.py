"""A server for a whole file of tests."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from tests.conftest import Server


@pytest.fixture(scope="module")
def house(postgres: str, template: str) -> Iterator[Server]:
    """One server with a database of its own for all tests of a file: none may leave it worse than it was."""
    root, name = make_url(postgres).set(drivername="postgresql"), f"test_{uuid4().hex[:12]}"

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(root.render_as_string(hide_password=False))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    server = Server(root.set(database=name).render_as_string(hide_password=False), APP_STALE_SECONDS="0.1")
    try:
        yield server.wait()
        assert server.stop() == 0
        assert "Traceback" not in server.output()
    finally:
        server.kill()
        server.log.close()
        asyncio.run(execute(f"DROP DATABASE {name} WITH (FORCE)"))
