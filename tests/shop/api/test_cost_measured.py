"""The cost that is charged for an operation is what it spends of the CPU, within a factor of three."""

from datetime import UTC, datetime, timedelta
from statistics import median
from time import thread_time
from uuid import UUID, uuid4

import pytest

from app.composition import application
from app.engine.access.caller import Caller
from app.engine.graphql.costs import OperationCharge
from app.engine.graphql.schema import build_schema
from app.engine.graphql.transport.http import GraphQLEndpoint
from app.engine.server.runtime import Runtime
from tests.shop.support.shop_client import stock
from tests.support.graphql_client import Api

ORDERS = 40
PRODUCTS = 20
LONG_ORDER_LINES = 20
LONG_AGO = datetime.now(UTC) - timedelta(days=30)
FACTOR = 3.0
ROUNDS = 4

FIELDS = {
    "{ orders(first: 40) { nodes { # } } }": (
        "id",
        "id status version customerId openedAt placedAt",
        "total { amount currency } reason",
        "lines { sku quantity }",
        "lines { sku quantity unitPrice { amount currency } }",
        "lines { product { name price { amount } } }",
        "payment { id }",
        "fulfilment { status steps { name } }",
        "history(first: 1) { nodes { command } }",
        "history { nodes { command undone } }",
        "history { nodes { state } }",
        "history { nodes { changes } }",
        "history { nodes { event { type position } } }",
        "blame { path }",
        "blame { path value command event { type position } }",
        "asOf(at: {version: 2}) { version status lines { sku } }",
        "lines { product { history(first: 2) { nodes { command } } } }",
    ),
    "{ orders(first: 40) { # } }": ("edges { cursor node { id } }", "totalCount nodes { id }"),
    '{ customer(id: "CUSTOMER") { # } }': ("id", "orders(first: 40) { nodes { lines { sku } } }"),
    '{ order(id: "ORDER") { # } }': ("id", "lines { sku product { name } }", "history { nodes { state } }"),
    '{ order(id: "LONG") { # } }': (
        "lines { sku quantity unitPrice { amount } product { name } }",
        "blame { path }",
    ),
    "{ products(first: 20) { nodes { # } } }": ("name", "sku name onHand price { amount currency }"),
    "{ events(first: 100) { nodes { # } } }": ("type position", "type ... on OrderOpened { customerId }"),
    "{ # }": (
        "position",
        "position again: position",
        "projections { name position }",
        "a: orders { nodes { id } } b: orders { nodes { id } } c: orders { nodes { id } }",
        "__schema { types { name } }",
        "__schema { types { name fields { name description args { name type { name } } } } }",
        "__schema { types { name fields { type { name kind ofType { name kind } } } inputFields { name } enumValues { name } } }",
        '__type(name: "Order") { fields { name type { name } } }',
    ),
}


@pytest.mark.soak
async def test_the_cost_of_an_operation_is_what_it_spends(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, orders = await fill(api)
    charges: list[OperationCharge] = []

    def charge() -> OperationCharge:
        charges.append(OperationCharge())
        return charges[-1]

    monkeypatch.setattr("app.engine.graphql.context.OperationCharge", charge)
    schema, events = build_schema(application.slices(), application.deciders)

    endpoint = GraphQLEndpoint(schema, events, runtime)
    caller = Caller("tester", frozenset({"operator"}))

    async def spend(query: str) -> float:
        context = endpoint.context_of(caller)
        began = thread_time()
        result = await schema.execute(query, context_value=context)
        spent = thread_time() - began
        assert not result.errors, (query, result.errors)
        return spent * 1_000_000

    ratios: dict[str, float] = {}
    for around, fields in FIELDS.items():
        for field in fields:
            query = around.replace("#", field).replace("CUSTOMER", str(customer))
            query = query.replace("ORDER", str(orders[0])).replace("LONG", str(orders[-1]))
            # The first run parses the document, plans the statements and fills caches.
            await spend(query)
            spent = min([await spend(query) for _ in range(ROUNDS)])
            ratios[query] = spent / charges[-1].cost
    # The unit is a microsecond of one machine. Others are faster or slower.
    unit = median(ratios.values())
    off = {query: ratio / unit for query, ratio in ratios.items() if not 1 / FACTOR < ratio / unit < FACTOR}
    assert not off


async def fill(api: Api) -> tuple[UUID, list[UUID]]:
    """A customer with placed orders of five lines; the last one has more."""
    for number in range(PRODUCTS):
        await stock(api, f"S{number}", 1_000)
    customer, orders = uuid4(), [uuid4() for _ in range(ORDERS)]
    for number, order in enumerate(orders):
        lines = LONG_ORDER_LINES if number == ORDERS - 1 else 5
        added = " ".join(
            f'l{line}: addLine(input: {{orderId: "{order}", sku: "S{(number + line) % PRODUCTS}", quantity: 1}}) {{ __typename }}'
            for line in range(lines)
        )
        await api.data(
            f"""mutation {{ openOrder(input: {{id: "{order}", customerId: "{customer}"}}) {{ __typename }} {added}
            placeOrder(input: {{orderId: "{order}"}}, options: {{occurredAt: "{LONG_AGO.isoformat()}"}}) {{ __typename }} }}"""
        )
    position = (await api.data("{ position }"))["position"]
    waited = f'minPosition: "{position}"'
    await api.data(
        f'{{ orders(first: 0, {waited}) {{ totalCount }} products(first: 0, {waited}) {{ totalCount }} customer(id: "{customer}", {waited}) {{ id }} }}'
    )
    return customer, orders
