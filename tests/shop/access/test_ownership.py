"""What a customer sees of another's orders: nothing, by any way. What it sees of its own: everything, at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from tests.shop.access.callers import Transports, callers, outcome
from tests.shop.access.two_customers import ANN, BEN, write_past
from tests.support.server import Server

ACCEPTED = """{ __typename
  ... on OrderAccepted { position version duplicate order { id } events { type } }
  ... on Rejected { code } ... on Conflict { actualVersion } ... on Preview { events { type } } }"""


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    asyncio.run(write_past(module_database_url))
    server = Server(module_database_url)
    try:
        yield server.wait()
        assert "Traceback" not in server.output()
    finally:
        server.close()


@pytest.fixture
async def asking(server: Server) -> AsyncIterator[Mapping[str, Transports]]:
    async with callers(server) as found:
        yield found


async def send(
    caller: Transports, mutation: str, kind: str, value: Mapping[str, Any], **options: Any
) -> dict[str, Any]:
    """The whole answer of a command."""
    query = f"mutation ($i: {kind}!, $o: CommandOptions) {{ result: {mutation}(input: $i, options: $o) {ACCEPTED} }}"
    return await caller.http(query, {"i": value, "o": options})


async def opened(caller: Transports, customer: object, **value: Any) -> str:
    """A new order of a customer; its id."""
    body = await send(caller, "openOrder", "OpenOrderInput", {"customerId": str(customer)} | value)
    return body["data"]["result"]["order"]["id"]


def without_time(body: dict[str, Any]) -> dict[str, Any]:
    """An answer without what every answer differs in."""
    return {key: value for key, value in body.items() if key != "extensions"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"__typename": "Rejected", "code": "ORDER_UNKNOWN"}),
        ({"dryRun": True}, {"__typename": "Rejected", "code": "ORDER_UNKNOWN"}),
        ({"expectedVersion": 2}, {"__typename": "Conflict", "actualVersion": 0}),
        ({"expectedVersion": 0}, {"__typename": "Rejected", "code": "ORDER_UNKNOWN"}),
        ({"expectedVersion": 2, "dryRun": True}, {"__typename": "Conflict", "actualVersion": 0}),
        ({"commandId": str(uuid4())}, {"__typename": "Rejected", "code": "ORDER_UNKNOWN"}),
    ],
)
async def test_a_command_to_anothers_order_answers_as_to_an_order_that_does_not_exist(
    asking: Mapping[str, Transports], options: dict[str, Any], expected: dict[str, Any]
) -> None:
    ben, line = asking["other"], {"sku": "P-1", "quantity": 1}
    for order in (ANN.open, ANN.shipped, uuid4()):
        fresh = options | ({"commandId": str(uuid4())} if "commandId" in options else {})
        body = await send(ben, "addLine", "OrderLineInput", line | {"orderId": str(order)}, **fresh)
        assert without_time(body) == {"data": {"result": expected}}, order


async def test_a_customer_opens_orders_for_itself_only_and_under_free_ids_only(
    asking: Mapping[str, Transports],
) -> None:
    ben = asking["other"]
    for value, dry in [
        ({"customerId": str(ANN.id)}, False),
        ({"customerId": str(ANN.id)}, True),
        ({"customerId": str(BEN.id), "id": str(ANN.open)}, False),
        ({"customerId": str(BEN.id), "id": str(ANN.shipped)}, True),
    ]:
        body = await send(ben, "openOrder", "OpenOrderInput", value, dryRun=dry)
        assert outcome(body) == "F", (value, body)
        assert str(ANN.id) not in str(body)
    # The last one names its own customer, and has an id that is taken. The message says nothing else about that order.
    assert body["errors"][0]["message"] == "This id is in use."
    body = await send(ben, "openOrder", "OpenOrderInput", {"customerId": str(ANN.id)})
    assert body["errors"][0]["message"] == f"You may send order.open for yourself only, and you are {BEN.id}."
    assert await opened(ben, BEN.id)
    assert await opened(asking["staff"], ANN.id)


async def test_the_command_id_of_another_gives_nothing_of_its_outcome(
    asking: Mapping[str, Transports],
) -> None:
    ann, ben, command = asking["own"], asking["other"], str(uuid4())
    first = await send(ann, "openOrder", "OpenOrderInput", {"customerId": str(ANN.id)}, commandId=command)
    order = first["data"]["result"]["order"]["id"]
    for value in ({"customerId": str(ANN.id)}, {"customerId": str(BEN.id)}):
        body = await send(ben, "openOrder", "OpenOrderInput", value, commandId=command)
        assert outcome(body) == "F", body
        assert order not in str(body)
    own = await opened(ben, BEN.id)
    line = {"orderId": own, "reason": "none"}
    body = await send(ben, "cancelOrder", "CancelOrderInput", line, commandId=command)
    assert body["errors"][0]["extensions"]["code"] == "COMMAND_ID_REUSED"
    assert order not in str(body)
    again = await send(ann, "openOrder", "OpenOrderInput", {"customerId": str(ANN.id)}, commandId=command)
    assert again["data"]["result"]["duplicate"]


OUTCOME = """{ __typename ... on OrderAccepted { version duplicate }
  ... on Rejected { code message duplicate } ... on Conflict { message expectedVersion actualVersion } }"""


async def change(caller: Transports, order: object, sku: str, **options: Any) -> dict[str, Any]:
    """The answer of a caller that adds a line to an order."""
    query = f"mutation ($i: OrderLineInput!, $o: CommandOptions) {{ result: addLine(input: $i, options: $o) {OUTCOME} }}"
    value = {"orderId": str(order), "sku": sku, "quantity": 1}
    return without_time(await caller.http(query, {"i": value, "o": options}))


@pytest.mark.parametrize("options", [{}, {"expectedVersion": 0}, {"expectedVersion": 1}])
async def test_a_command_id_has_one_outcome_for_anothers_order_as_for_one_that_does_not_exist(
    asking: Mapping[str, Transports], options: dict[str, Any]
) -> None:
    ann, ben = asking["own"], asking["other"]
    order, command = await opened(ann, ANN.id), str(uuid4())

    async def answers(id: object, command: str) -> list[dict[str, Any]]:
        first = [await change(ben, id, "P-1", commandId=command, **options) for _ in range(2)]
        changed = await change(ann, order, "P-1")
        assert changed["data"]["result"]["__typename"] == "OrderAccepted"
        again = await change(ben, id, "P-1", commandId=command, **options)
        other = await change(ben, id, "P-2", commandId=command, **options)
        assert other["errors"][0]["extensions"]["code"] == "COMMAND_ID_REUSED"
        return [*first, again, other]

    assert await answers(order, command) == await answers(uuid4(), str(uuid4()))
    # It has no outcome for the owner either.
    body = await change(ann, order, "P-2", commandId=command)
    assert body["errors"][0]["extensions"]["code"] == "COMMAND_ID_REUSED"


async def test_the_outcome_of_an_owners_command_is_no_outcome_for_another_who_repeats_it(
    asking: Mapping[str, Transports],
) -> None:
    ann, ben = asking["own"], asking["other"]
    for order, kind in ((await opened(ann, ANN.id), "OrderAccepted"), (ANN.cancelled, "Rejected")):
        command = str(uuid4())
        body = await change(ann, order, "P-1", commandId=command)
        assert body["data"]["result"]["__typename"] == kind
        of_another = await change(ben, order, "P-1", commandId=command)
        assert of_another == await change(ben, uuid4(), "P-1", commandId=command)
        assert of_another["errors"][0]["extensions"]["code"] == "COMMAND_ID_REUSED"


async def test_only_staff_says_when_something_happened(asking: Mapping[str, Transports]) -> None:
    moment = "2026-01-05T12:00:00Z"
    codes: dict[str, str] = {}
    for name in ("own", "other", "staff", "operator"):
        value = {"customerId": str(ANN.id if name == "own" else BEN.id)}
        codes[name] = outcome(
            await send(asking[name], "openOrder", "OpenOrderInput", value, occurredAt=moment, dryRun=True)
        )
    assert codes == {"own": "F", "other": "F", "staff": "S", "operator": "S"}


async def test_no_customer_takes_the_id_of_a_command_that_a_process_will_send(
    asking: Mapping[str, Transports],
) -> None:
    ann = asking["own"]
    order = await opened(ann, ANN.id)
    added = await send(ann, "addLine", "OrderLineInput", {"orderId": order, "sku": "P-1", "quantity": 1})
    position = int(added["data"]["result"]["position"])
    # A caller that knows the order and the position of its placement can derive the id that the process uses.
    derived = [str(uuid5(UUID(order), f"fulfilment started {position + ahead}")) for ahead in (1, 2)]
    cancel = {"orderId": str(uuid4()), "reason": "none"}
    for name, expected in (("own", "BAD_USER_INPUT"), ("other", "BAD_USER_INPUT"), ("staff", None)):
        for command_id in derived:
            body = await send(asking[name], "cancelOrder", "CancelOrderInput", cancel, commandId=command_id)
            codes = [error["extensions"]["code"] for error in body.get("errors", [])]
            assert codes == ([] if expected is None else [expected]), (name, body)


async def test_a_customer_reads_its_own_order_at_once_in_every_way(asking: Mapping[str, Transports]) -> None:
    ann = asking["own"]
    for _ in range(5):
        order = await opened(ann, ANN.id)
        body = await ann.http(
            f"""{{ order(id: "{order}") {{ history {{ totalCount nodes {{ event {{ type }} }} }} blame {{ path }}
                asOf(at: {{version: 1}}) {{ version }} }}
                node(id: "{order}") {{ id }}
                stream(category: "order", id: "{order}") {{ version }}
                events(filter: {{streamId: "{order}"}}) {{ nodes {{ type }} }} }}""",
            {},
        )
        assert "errors" not in body
        data = body["data"]
        assert data["stream"] == {"version": 1}
        assert data["events"] == {"nodes": [{"type": "order.opened"}]}
        # The read model may be a moment behind, as for every caller.
        body = await ann.http(
            f"""query ($p: Position) {{ order(id: "{order}", minPosition: $p) {{ id history {{ totalCount }} }} }}""",
            {"p": body["extensions"]["position"]},
        )
        assert body["data"]["order"] == {"id": order, "history": {"totalCount": 1}}


async def test_lists_as_of_and_cursors_made_by_others_show_own_rows_only(
    asking: Mapping[str, Transports],
) -> None:
    count = sum(len(events) for _, _, events in ANN.past)
    query = """query ($after: String, $at: AsOf) { orders(first: 1, after: $after, sort: TOTAL_ASC, asOf: $at) {
        totalCount nodes { customerId } pageInfo { endCursor hasNextPage } } }"""
    for at in (None, {"position": str(2 * count)}):
        for sender, cursor_of in (("other", "own"), ("own", "other"), ("other", "staff")):
            page = (await asking[cursor_of].http(query, {"at": at}))["data"]["orders"]
            body = await asking[sender].http(query, {"after": page["pageInfo"]["endCursor"], "at": at})
            mine = str(BEN.id if sender == "other" else ANN.id)
            assert {node["customerId"] for node in body["data"]["orders"]["nodes"]} <= {mine}
            if at is not None:
                assert body["data"]["orders"]["totalCount"] == 4
    empty = await asking["other"].http(query, {"at": {"position": str(count)}})
    assert empty["data"]["orders"]["totalCount"] == 0


async def test_the_events_of_products_and_their_history_are_for_staff(
    asking: Mapping[str, Transports],
) -> None:
    for field in ("history { nodes { state } }", "blame { value }"):
        seen = {
            name: outcome(await caller.http(f'{{ product(sku: "P-1") {{ sku {field} }} }}', {}))
            for name, caller in asking.items()
        }
        assert seen == {"anonymous": "F", "own": "F", "other": "F", "staff": "S", "operator": "S"}


async def test_a_live_tail_and_a_live_list_are_shared_by_those_who_may_see_the_same(
    asking: Mapping[str, Transports],
) -> None:
    head = (await asking["staff"].http("{ position }", {}))["data"]["position"]
    names = ("own", "other", "staff", "operator")
    for name in names:
        socket = asking[name].socket
        await socket.subscribe(
            "tail",
            "subscription ($a: Position) { events(after: $a) { type streamId ... on OrderOpened { customerId } } }",
            {"a": head},
        )
        await socket.subscribe("list", "subscription { orders(most: 1000) { initial upserted { id } } }")
        assert (await socket.data("list"))["orders"]["initial"]
        await socket.settled()
    orders: dict[str, str] = {}
    for customer in (ANN, BEN):
        for _ in range(3):
            orders[await opened(asking["staff"], customer.id)] = str(customer.id)
    for name, owner in zip(names, (ANN.id, BEN.id, None, None), strict=True):
        socket = asking[name].socket
        expected = {
            order for order, customer in orders.items() if owner in (None, customer) or str(owner) == customer
        }
        tail = [(await socket.data("tail"))["events"] for _ in expected]
        assert [event["streamId"] for event in tail] == [order for order in orders if order in expected]
        listed: set[str] = set()
        while listed != expected:
            changes = (await socket.data("list"))["orders"]
            listed |= {row["id"] for row in changes["upserted"]}
            assert listed <= expected
        await socket.settled()
        # Nothing of another customer follows.
        assert not socket._kept.get("tail")
