"""A page backward has the items of the page forward, and says correctly what is before and after it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.engine.database.connections import Database
from tests.support.databases import execute, run_in_thread
from tests.support.graphql_client import Api
from tests.support.in_process_api import InProcessApi
from tests.support.log_surgery import unguarded

NAMES = ("Tee", "tee", "Äpfel", "Apfel", "Birne", "öl", "Zimt", "Tee", "Straße", "Strasse")
CUSTOMER = UUID(int=5)
ORDERS = tuple(str(UUID(int=1000 + number, version=4)) for number in range(13))
"""Most of them have the same total."""
FIRST = ORDERS[0]

LISTS: Mapping[str, tuple[str, str]] = {
    # The name of the field with its other arguments, and the path to what names an item.
    "orders by total": ("orders(sort: TOTAL_ASC, ARGUMENTS) { FIELDS }", "id"),
    "orders by total, largest first": ("orders(sort: TOTAL_DESC, ARGUMENTS) { FIELDS }", "id"),
    "orders by time": ("orders(sort: OPENED_ASC, ARGUMENTS) { FIELDS }", "id"),
    "some orders": ('orders(filter: {status: [OPEN]}, asOf: {position: "24"}, ARGUMENTS) { FIELDS }', "id"),
    "no orders": ("orders(filter: {status: [SHIPPED]}, ARGUMENTS) { FIELDS }", "id"),
    "orders of a customer": (
        f'customer(id: "{CUSTOMER}") {{ orders(ARGUMENTS) {{ FIELDS }} }}',
        "id",
    ),
    "products by name": ("products(sort: NAME_ASC, ARGUMENTS) { FIELDS }", "sku"),
    "products by price": ("products(sort: PRICE_DESC, ARGUMENTS) { FIELDS }", "sku"),
    "skipped events": ('skippedEvents(projection: "orders", ARGUMENTS) { FIELDS }', "position key"),
    "processes": ("processes(ARGUMENTS) { FIELDS }", "process instanceId"),
    "history": (f'order(id: "{FIRST}") {{ history(ARGUMENTS) {{ FIELDS }} }}', "event { version }"),
}


def page(api: InProcessApi, name: str, **arguments: Any) -> dict[str, Any]:
    """One page of a list: its connection."""
    field, item = LISTS[name]
    text = "first: $first, after: $after, last: $last, before: $before"
    fields = f"edges {{ cursor node {{ {item} }} }} nodes {{ {item} }} totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"
    query = (
        "query ($first: Int, $after: String, $last: Int, $before: String) { "
        + field.replace("ARGUMENTS", text).replace("FIELDS", fields)
        + " }"
    )
    found = api.ask(query, arguments)
    while "edges" not in found:
        [found] = found.values()
    return found


@pytest.fixture(scope="module")
def shop(in_process_api: InProcessApi, module_database_url: str) -> InProcessApi:
    """Products with equal names and equal prices, orders with equal totals, skipped events at equal positions.

    Two processes began at the same events, with the same ids.
    """
    skipped = "INSERT INTO es.skipped_events SELECT 'orders', 3, to_jsonb(ARRAY[gen_random_uuid()]), n / 3 + 1, 'why', 'me', now() FROM generate_series(1, 8) n"
    instances = """INSERT INTO es.processes (process, id, status, ended, began, position)
        SELECT process, md5(n::text)::uuid, 'new', false, n, n
        FROM generate_series(1, 4) n, unnest(ARRAY['packing', 'returns']) process"""
    run_in_thread(execute(module_database_url, skipped))
    run_in_thread(execute(module_database_url, instances))
    for number, name in enumerate(NAMES):
        price = {"amount": str(number // 4 + 1)}
        in_process_api.ask(
            "mutation ($i: RegisterProductInput!) { registerProduct(input: $i) { __typename } }",
            {"i": {"sku": f"S{number}", "name": name, "price": price}},
        )
    for number, order in enumerate(ORDERS):
        customer = str(CUSTOMER if number % 2 else uuid4())
        in_process_api.ask(
            "mutation ($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }",
            {"i": {"id": order, "customerId": customer}},
        )
    for line in ("S0", "S1", "S2", "S9"):
        for order in (ORDERS[0], ORDERS[5], ORDERS[7]):
            in_process_api.ask(
                "mutation ($i: OrderLineInput!) { addLine(input: $i) { __typename } }",
                {"i": {"orderId": order, "sku": line, "quantity": 1}},
            )
    for field in ("orders", "products"):
        in_process_api.wait_for(field)
    in_process_api.wait_for("customer", f'id: "{CUSTOMER}"', "id")
    return in_process_api


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_page_is_its_part_of_the_list(shop: InProcessApi, name: str, data: st.DataObject) -> None:
    everything = page(shop, name, first=100)
    edges: Sequence[Any] = everything["edges"]
    assert everything["totalCount"] == len(edges)
    assert everything["pageInfo"]["hasNextPage"] is everything["pageInfo"]["hasPreviousPage"] is False
    indexes = st.none() | st.integers(0, len(edges) - 1) if edges else st.none()
    after, before = data.draw(indexes, "after"), data.draw(indexes, "before")
    size, backward = data.draw(st.integers(0, len(edges) + 2), "size"), data.draw(st.booleans(), "backward")
    found = page(
        shop,
        name,
        after=None if after is None else edges[after]["cursor"],
        before=None if before is None else edges[before]["cursor"],
        **{"last" if backward else "first": size},
    )
    start = 0 if after is None else after + 1
    end = len(edges) if before is None else before
    if end < start:
        assert found["edges"] == []
        return
    start, end = (max(start, end - size), end) if backward else (start, min(end, start + size))
    assert found["edges"] == edges[start:end]
    assert found["nodes"] == [edge["node"] for edge in found["edges"]]
    assert found["totalCount"] == len(edges)
    info = found["pageInfo"]
    assert info["hasPreviousPage"] is (start > 0)
    assert info["hasNextPage"] is (end < len(edges))
    if start < end:
        assert (info["startCursor"], info["endCursor"]) == (edges[start]["cursor"], edges[end - 1]["cursor"])


@pytest.mark.parametrize("name", ["orders by total", "products by name", "history"])
def test_pages_from_the_end_together_are_the_list(shop: InProcessApi, name: str) -> None:
    whole = page(shop, name, first=100)["nodes"]
    nodes: list[Any] = []
    before, more = None, True
    while more:
        found = page(shop, name, last=3, before=before)
        nodes = [*found["nodes"], *nodes]
        before, more = found["pageInfo"]["startCursor"], found["pageInfo"]["hasPreviousPage"]
    assert nodes == whole


def test_a_list_that_lost_the_item_of_its_cursor_knows_what_is_before(shop: InProcessApi) -> None:
    """The item was the first one. Nothing is before a page after its place."""
    orders = [str(uuid4()) for _ in range(2)]
    for order in orders:
        given = {"i": {"id": order, "customerId": str(UUID(int=99))}}
        shop.ask(
            "mutation ($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }",
            given,
        )
    shop.wait_for("orders")
    query = """query ($after: String) { orders(first: 1, after: $after, sort: OPENED_ASC,
        filter: {status: [OPEN], customerId: "00000000-0000-0000-0000-000000000063"}) {
        nodes { id } pageInfo { endCursor hasPreviousPage } } }"""
    first = shop.ask(query)["orders"]
    assert [node["id"] for node in first["nodes"]] == orders[:1]
    cancel = f'mutation {{ cancelOrder(input: {{orderId: "{orders[0]}", reason: "late"}}) {{ __typename }} }}'
    shop.ask(cancel)
    shop.wait_for("orders")
    rest = shop.ask(query, {"after": first["pageInfo"]["endCursor"]})["orders"]
    assert [node["id"] for node in rest["nodes"]] == orders[1:]
    assert rest["pageInfo"]["hasPreviousPage"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first": 2, "last": 2}, "Give first or last, not both."),
        ({"first": -1}, "first must be from 0 to 100, not -1."),
        ({"last": -1}, "last must be from 0 to 100, not -1."),
        ({"first": 101}, "first must be from 0 to 100, not 101."),
        ({"last": 101}, "last must be from 0 to 100, not 101."),
        ({"before": "x"}, "before is not a cursor of this list"),
        ({"last": 1, "after": ""}, "after is not a cursor of this list"),
    ],
)
@pytest.mark.parametrize("name", LISTS)
def test_a_page_that_cannot_be_is_bad_input(
    shop: InProcessApi, name: str, arguments: dict[str, Any], message: str
) -> None:
    field, item = LISTS[name]
    text = ", ".join(
        f"{key}: {f'{chr(34)}{value}{chr(34)}' if isinstance(value, str) else value}"
        for key, value in arguments.items()
    )
    query = f"{{ {field.replace('ARGUMENTS', text).replace('FIELDS', f'nodes {{ {item} }}')} }}"
    [error] = shop.post({"query": query}).json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert message in error["message"]


def test_a_page_has_twenty_items_if_no_number_is_given(shop: InProcessApi) -> None:
    for number in range(14):
        shop.ask(
            "mutation ($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }",
            {"i": {"customerId": str(UUID(int=number + 200))}},
        )
    shop.wait_for("orders")
    everything = page(shop, "orders by time", first=100)["edges"]
    assert len(everything) > 25
    assert page(shop, "orders by time")["edges"] == everything[:20]
    assert page(shop, "orders by time", first=None, last=None)["edges"] == everything[:20]
    assert page(shop, "orders by time", before=everything[24]["cursor"])["edges"] == everything[4:24]


EVENTS = """query ($first: Int!, $after: Position, $filter: EventFilter) {
  events(first: $first, after: $after, filter: $filter) { nodes { position } pageInfo { hasNextPage endCursor } } }"""


@pytest.mark.parametrize("size", [2, 10])
async def test_a_page_of_events_that_ends_before_a_hole_has_a_next_page_which_fails(
    api: Api, database: Database, size: int
) -> None:
    for _ in range(4):
        await api.data(
            "mutation ($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }",
            {"i": {"customerId": str(uuid4())}},
        )
    async with unguarded(database.url) as connection:
        await connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM es.events WHERE position = 3")
        await connection.execute("DELETE FROM es.events WHERE position = 3")
        before = (await api.data(EVENTS, {"first": size}))["events"]
        [error] = (await api(EVENTS, {"first": size, "after": "2"}))["errors"]
        # Only a page without a filter can tell a hole from events that do not match.
        some = (await api.data(EVENTS, {"first": 10, "filter": {"types": ["order.opened"]}}))["events"]
        await connection.execute("INSERT INTO es.events SELECT * FROM kept")
    assert [node["position"] for node in before["nodes"]] == ["1", "2"]
    assert before["pageInfo"] == {"hasNextPage": True, "endCursor": "2"}
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert [node["position"] for node in some["nodes"]] == ["1", "2", "4"]
    assert some["pageInfo"] == {"hasNextPage": False, "endCursor": "4"}
