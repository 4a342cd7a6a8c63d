"""The correlation id of a request: the client's own if it is a UUID, and a new one if not."""

from uuid import UUID

import pytest

from tests.support.graphql_client import Api
from tests.support.server import Server
from tests.support.websocket import opened

GIVEN = "12345678-0000-4000-8000-000000000001"


@pytest.mark.parametrize("text", ["request-7", "", GIVEN + "0"])
async def test_a_correlation_id_that_is_no_uuid_is_left_out(api: Api, text: str) -> None:
    ids = [
        (await api("{ position }", x_correlation_id=text))["extensions"]["correlationId"] for _ in range(2)
    ]
    assert len({UUID(identity) for identity in ids}) == 2, "each request has a new one"


async def test_the_header_of_a_handshake_names_each_operation_of_the_socket(server: Server) -> None:
    async with opened(server, additional_headers={**server.headers, "x-correlation-id": GIVEN}) as socket:
        for operation in ("a", "b"):
            await socket.subscribe(operation, "{ position }")
            payload = (await socket.next(operation))["payload"]
            assert payload["extensions"]["correlationId"] == GIVEN


async def test_operations_of_a_socket_without_the_header_have_ids_of_their_own(server: Server) -> None:
    async with opened(server) as socket:
        found: set[str] = set()
        for operation in ("a", "b"):
            await socket.subscribe(operation, "{ position }")
            found.add((await socket.next(operation))["payload"]["extensions"]["correlationId"])
        assert len(found) == 2
