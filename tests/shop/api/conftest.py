"""For a whole file of tests: a database of its own, and the API on it, as a server or in this process. Whatever was done
through the API, every read model is in the end the one that a rebuild gives."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sqlalchemy import make_url

from app.composition import application
from app.engine.database.connections import open_database
from app.engine.server.runtime import Runtime, create_app
from app.settings import Settings
from tests.conftest import Server
from tests.support.rebuild_oracle import assert_rebuilt_equal


@pytest.fixture
def database_url(database_url: str) -> Iterator[str]:
    """The test's own database."""
    yield database_url
    assert_rebuilt_equal(database_url)


@pytest.fixture(scope="module")
def module_database_url(postgres: str, template: str) -> Iterator[str]:
    """A fresh, migrated database for all tests of a file: none may leave it worse than it was."""
    root, name = make_url(postgres).set(drivername="postgresql"), f"test_{uuid4().hex[:12]}"

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(root.render_as_string(hide_password=False))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    url = root.set(database=name).render_as_string(hide_password=False)
    try:
        yield url
        assert_rebuilt_equal(url)
    finally:
        asyncio.run(execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def module_server(module_database_url: str) -> Iterator[Server]:
    """A server process."""
    server = Server(module_database_url, APP_MIN_POSITION_TIMEOUT_SECONDS="1.0")
    try:
        yield server.wait()
        assert server.stop() == 0
        assert "Traceback" not in server.output()
    finally:
        server.kill()
        server.log.close()


@dataclass(frozen=True)
class Inside:
    """The API in this process, in a thread with a loop of its own, so that it outlives each test's loop."""

    portal: BlockingPortal
    client: httpx2.AsyncClient

    def post(self, body: dict[str, Any]) -> httpx2.Response:
        async def post() -> httpx2.Response:
            return await self.client.post("/graphql", json=body)

        return self.portal.call(post)


@pytest.fixture(scope="module")
def in_process_api(module_database_url: str) -> Iterator[Inside]:
    """The API without a server or a socket: what it raises is raised here."""

    @asynccontextmanager
    async def running() -> AsyncGenerator[httpx2.AsyncClient]:
        settings = Settings(database_url=module_database_url, min_position_timeout_seconds=0.1)
        async with open_database(settings) as database:
            runtime = Runtime(application, settings, database)
            async with runtime.run():
                async with httpx2.AsyncClient(
                    transport=httpx2.ASGITransport(app=create_app(runtime)), base_url="http://inside"
                ) as client:
                    yield client
                assert runtime.failed is None

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(running()) as client:
        yield Inside(portal, client)
