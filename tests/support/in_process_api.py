"""The API in this process, in a thread of its own: it outlives the event loop of each test."""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal

from app.composition import application
from app.engine.database.connections import open_database
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.settings import Settings


@dataclass(frozen=True)
class InProcessApi:
    """The API without a server or a socket. Its exceptions are raised in the test."""

    portal: BlockingPortal
    client: httpx2.AsyncClient

    def post(self, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> httpx2.Response:
        """Send one GraphQL request."""

        async def post() -> httpx2.Response:
            return await self.client.post("/graphql", json=body, headers=headers)

        return self.portal.call(post)

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of the answer. An error fails the test."""
        answer = self.post({"query": query, "variables": variables or {}}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def wait_for(self, field: str, arguments: str = "first: 0", selection: str = "totalCount") -> None:
        """Wait until a list, or another field with minPosition, shows all that was recorded. The limit of one wait of this API
        is short."""
        position = self.ask("{ position }")["position"]
        query = f'{{ {field}({arguments}, minPosition: "{position}") {{ {selection} }} }}'
        for _ in range(200):
            answer = self.post({"query": query}).json()
            if "errors" not in answer:
                return
            assert answer["errors"][0]["extensions"]["code"] == "STALE_READ", answer
        raise AssertionError(f"{field} did not reach position {position}")


@asynccontextmanager
async def _client(settings: Settings) -> AsyncGenerator[httpx2.AsyncClient]:
    async with open_database(settings) as database:
        runtime = Runtime(application, settings, database)
        async with runtime.run():
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=create_app(runtime)), base_url="http://localhost"
            ) as client:
                yield client
            assert runtime.failed is None


@contextmanager
def run_in_process_api(settings: Settings) -> Generator[InProcessApi]:
    """Run the engine and the API on a database."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_client(settings)) as client:
        yield InProcessApi(portal, client)
