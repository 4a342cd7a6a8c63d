"""A client that knows events of a lost log is told so in every protocol, and skips nothing silently."""

import json
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support.databases import new_database, run_in_thread
from tests.support.log_surgery import rewind
from tests.support.server import Server
from tests.support.websocket import FACTS, opened

REGISTER = """mutation($sku: Sku!) { registerProduct(input: {sku: $sku, name: "Tea", price: {amount: "2.50"}}) {
    ... on ProductAccepted { position } } }"""


REGISTER_AS = """mutation($id: UUID!) {
  registerProduct(input: {sku: "marked", name: "Tea", price: {amount: "2.50"}}, options: {commandId: $id}) { __typename }
}"""


REGISTER_AND_READ = """mutation {
  a: registerProduct(input: {sku: "own", name: "Tea", price: {amount: "2.50"}}) { ... on ProductAccepted { product { sku } } }
  b: receiveStock(input: {sku: "own", quantity: 1}) { ... on ProductAccepted { product { onHand } } }
}"""


A = "0b9c0a52-8e0d-4b0a-9a57-3a8b0e0f6f11"


class LostEvents:
    """A server on a log that lost the last of four events, and a client's token from before the loss."""

    def __init__(self, server: Server, url: str) -> None:
        self.server = server
        for number in range(4):
            server.ask(REGISTER, {"sku": f"tea-{number}"})
        self.old_token = self.token()
        run_in_thread(rewind(url, 3))
        deadline = time.monotonic() + 10
        while self.token() == self.old_token:
            assert time.monotonic() < deadline, "the server does not notice"
            time.sleep(0.02)

    def token(self) -> str:
        return self.server.ask("{ position }")["extensions"]["logToken"]


@pytest.fixture(scope="module")
def lost(postgres: str, template: str) -> Iterator[LostEvents]:
    with new_database(postgres, template) as url:
        server = Server(url).wait()
        try:
            yield LostEvents(server, url)
        finally:
            server.close()


def code(answer: Any) -> str:
    """The code of the first error in an answer, or in the payload of an error message."""
    errors = answer if isinstance(answer, list) else answer["errors"]
    return errors[0]["extensions"]["code"]


def ask(server: Server, query: str, extensions: dict[str, Any], accept: str = "application/json") -> str:
    body = json.dumps({"query": query, "extensions": extensions}).encode()
    headers = {"content-type": "application/json", "accept": accept}
    with urllib.request.urlopen(urllib.request.Request(server.url, body, headers), timeout=30) as answer:
        return answer.read().decode()


async def test_a_subscription_after_an_event_that_is_gone_gets_log_replaced(lost: LostEvents) -> None:
    # Other tests may have recorded some since.
    gone = int(lost.server.ask("{ position }")["data"]["position"]) + 1
    async with opened(lost.server) as socket:
        await socket.subscribe("1", FACTS, {"after": str(gone)})
        error = await socket.next("1")
    assert code(error["payload"]) == "LOG_REPLACED"


async def test_a_token_of_a_lost_event_is_refused_although_the_log_is_long_enough_again(
    lost: LostEvents,
) -> None:
    lost.server.ask(REGISTER, {"sku": "coffee"})
    lost.server.ask(REGISTER, {"sku": "cocoa"})
    async with opened(lost.server) as socket:
        payload = {"query": FACTS, "variables": {"after": "3"}, "extensions": {"logToken": lost.old_token}}
        await socket.say({"id": "1", "type": "subscribe", "payload": payload})
        error = await socket.next("1")
        assert code(error["payload"]) == "LOG_REPLACED"
        # The same position with the token of today is answered.
        token = lost.server.ask("{ position }")["extensions"]["logToken"]
        payload = {**payload, "extensions": {"logToken": token}}
        await socket.say({"id": "2", "type": "subscribe", "payload": payload})
        assert [fact["position"] for fact in await socket.facts("2", 2)] == ["4", "5"]


async def test_a_token_at_connect_holds_for_each_subscription_of_the_socket(lost: LostEvents) -> None:
    async with opened(lost.server, init={"logToken": lost.old_token}) as socket:
        await socket.subscribe("1", FACTS, {"after": "0"})
        error = await socket.next("1")
    assert code(error["payload"]) == "LOG_REPLACED"


OPEN_ORDER = """mutation($id: UUID!) { openOrder(input: {id: $id, customerId: $id}) { __typename } }"""
ORDERS = "subscription Orders($after: Position) { orders(after: $after) { initial } }"


async def test_a_subscription_without_after_begins_on_a_socket_whose_token_is_of_a_lost_event(
    lost: LostEvents,
) -> None:
    async with opened(lost.server, init={"logToken": lost.old_token}) as socket:
        await socket.subscribe("list", ORDERS, {"after": "1"})
        assert code((await socket.next("list"))["payload"]) == "LOG_REPLACED"
        await socket.subscribe("list again", ORDERS)
        assert (await socket.data("list again"))["orders"]["initial"]
        await socket.subscribe("events", FACTS)
        await socket.settled()
        lost.server.ask(OPEN_ORDER, {"id": A})
        assert [fact["streamId"] for fact in await socket.facts("events", 1)] == [A]
        await socket.subscribe("view", "subscription($id: UUID!) { order(id: $id) { status } }", {"id": A})
        assert (await socket.data("view"))["order"]["status"] == "OPEN"


def test_a_query_with_min_position_and_a_stream_check_the_token_too(lost: LostEvents) -> None:
    old = {"logToken": lost.old_token}
    query = '{ products(minPosition: "1") { nodes { sku } } }'
    assert code(json.loads(ask(lost.server, query, old))) == "LOG_REPLACED"
    stream = ask(lost.server, 'subscription { events(after: "1") { position } }', old, "text/event-stream")
    assert "LOG_REPLACED" in stream


@pytest.mark.parametrize("after", [2, 1_000])
def test_a_page_of_events_after_a_position_checks_the_token(lost: LostEvents, after: int) -> None:
    query = f'{{ events(first: 1, after: "{after}") {{ nodes {{ position }} }} }}'
    assert code(json.loads(ask(lost.server, query, {"logToken": lost.old_token}))) == "LOG_REPLACED"
    answer = json.loads(ask(lost.server, query, {"logToken": lost.token()}))
    expected = [{"position": str(after + 1)}] if after == 2 else []
    assert answer["data"]["events"]["nodes"] == expected


def test_a_page_of_events_from_the_start_needs_no_token(lost: LostEvents) -> None:
    query = "{ events(first: 1) { nodes { position } } }"
    answer = json.loads(ask(lost.server, query, {"logToken": lost.old_token}))
    assert answer["data"]["events"]["nodes"] == [{"position": "1"}]


@pytest.mark.parametrize("token", ["7", 7, ["a:1:b"], {"log": 1}, "::7", "x" * 10_000, f"a:{'9' * 5_000}:b"])
def test_a_text_that_is_no_token_is_bad_input(lost: LostEvents, token: object) -> None:
    answer = ask(lost.server, '{ products(minPosition: "1") { nodes { sku } } }', {"logToken": token})
    assert code(json.loads(answer)) == "BAD_USER_INPUT"


def test_a_query_without_positions_needs_no_token(lost: LostEvents) -> None:
    assert "errors" not in json.loads(ask(lost.server, "{ position }", {"logToken": lost.old_token}))


@pytest.mark.parametrize(
    "query",
    [
        REGISTER_AND_READ,
        '{ products(asOf: {moment: "2026-01-01T00:00:00Z"}) { totalCount nodes { sku } } }',
    ],
)
def test_a_position_that_the_server_finds_itself_needs_no_token(lost: LostEvents, query: str) -> None:
    assert "errors" not in json.loads(ask(lost.server, query, {"logToken": lost.old_token}))


@pytest.mark.parametrize("position", [1, 1_000])
def test_a_list_as_of_a_position_checks_the_token(lost: LostEvents, position: int) -> None:
    query = f'{{ products(asOf: {{position: "{position}"}}) {{ totalCount nodes {{ sku }} }} }}'
    assert code(json.loads(ask(lost.server, query, {"logToken": lost.old_token}))) == "LOG_REPLACED"
    answer = json.loads(ask(lost.server, query, {"logToken": lost.token()}))
    assert "errors" not in answer if position == 1 else code(answer) == "BAD_USER_INPUT"


def test_the_next_page_of_a_list_as_of_a_moment_checks_the_token(lost: LostEvents) -> None:
    ask(lost.server, REGISTER_AND_READ, {"logToken": lost.token()})
    page = f'products(first: 1, asOf: {{moment: "{datetime.now(UTC).isoformat()}"}}'
    first = json.loads(ask(lost.server, f"{{ {page}) {{ pageInfo {{ endCursor }} }} }}", {}))
    cursor = first["data"]["products"]["pageInfo"]["endCursor"]
    following = f'{{ {page}, after: "{cursor}") {{ nodes {{ sku }} }} }}'
    assert code(json.loads(ask(lost.server, following, {"logToken": lost.old_token}))) == "LOG_REPLACED"
    assert "errors" not in json.loads(ask(lost.server, following, {"logToken": lost.token()}))


def test_a_token_does_not_give_away_the_command_id_of_its_event(lost: LostEvents) -> None:
    command_id = str(uuid4())
    answer = lost.server.ask(REGISTER_AS, {"id": command_id})
    assert "errors" not in answer
    assert command_id not in json.dumps(answer["extensions"])
    assert command_id not in lost.token()


@pytest.mark.parametrize("token", ["", "a::", "a:1:b", f"{A}:{2**64}:{A}", f"{A}:-1:{A}", "1:2:3:4"])
def test_a_text_that_is_no_token_is_bad_input_or_of_another_log(lost: LostEvents, token: str) -> None:
    assert code(
        json.loads(ask(lost.server, '{ products(minPosition: "0") { totalCount } }', {"logToken": token}))
    ) in (
        "BAD_USER_INPUT",
        "LOG_REPLACED",
    )
