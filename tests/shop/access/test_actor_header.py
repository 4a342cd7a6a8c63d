"""The header X-Actor of development says who sends a command, unless a proxy may have passed it on."""

import json
from uuid import uuid4

import httpx2
import pytest

from tests.support.raw_http import connection, read_all
from tests.support.server import Server

OPEN = "mutation($id: UUID!) { openOrder(input: {customerId: $id}) { ... on OrderAccepted { events { actor } } } }"


@pytest.mark.parametrize(
    "header", [None, "forwarded", "x-forwarded-for", "X-Forwarded-Proto", "x-real-ip", "via"]
)
def test_a_command_is_recorded_with_the_actor_unless_a_proxy_passed_it_on(
    module_server: Server, header: str | None
) -> None:
    headers = {"x-actor": "ann", "accept": "application/graphql-response+json"} | (
        {} if header is None else {header: "127.0.0.1"}
    )
    answer = httpx2.post(
        module_server.url, json={"query": OPEN, "variables": {"id": str(uuid4())}}, headers=headers
    )
    if header is not None:
        # It may come from anywhere: an anonymous caller opens no order.
        assert answer.status_code == 403
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["FORBIDDEN"]
        return
    assert answer.status_code == 200
    [event] = answer.json()["data"]["openOrder"]["events"]
    assert event["actor"] == "ann"


@pytest.mark.parametrize(("version", "status"), [("1.1", 200), ("1.0", 403)])
def test_a_request_of_http_1_0_has_no_roles_since_a_proxy_may_have_made_it(
    module_server: Server, version: str, status: int
) -> None:
    body = json.dumps({"query": OPEN, "variables": {"id": str(uuid4())}})
    head = (
        f"POST /graphql HTTP/{version}\r\nhost: 127.0.0.1:{module_server.port}\r\nconnection: close\r\n"
        "accept: application/graphql-response+json\r\ncontent-type: application/json\r\n"
        f"x-actor: ann\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with connection(module_server.port) as client:
        client.sendall((head + body).encode())
        assert f" {status} " in read_all(client).decode().partition("\r\n")[0]
