"""A GraphQL client in the process of the test."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(frozen=True)
class Api:
    """Sends operations to the API in process and returns the whole answer."""

    client: httpx2.AsyncClient

    async def __call__(
        self, query: str, variables: Mapping[str, Any] | None = None, **headers: str
    ) -> dict[str, Any]:
        answer = await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables or {}},
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        return answer.json()

    async def data(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of the answer. An error fails the test."""
        answer = await self(query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]
