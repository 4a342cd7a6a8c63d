"""Who may do what: every root field, command and event type, for each kind of caller, on each transport."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import app.graphql.customer
import app.graphql.fulfilment
import app.graphql.money
import app.graphql.order
import app.graphql.payment
import app.graphql.product
import app.graphql.sales
from app.composition import application
from app.engine.access.caller import Caller
from app.engine.access.policy import AccessDenied
from app.engine.graphql.policies import access_policy
from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema
from domain.fulfilment import fulfilment
from domain.order import order
from domain.payment import payment, payment_id
from domain.product import product
from tests.shop.access.callers import CALLERS, Transports, callers, outcome
from tests.shop.access.two_customers import ANN, BEN, write_past
from tests.support.server import Server

SCHEMA = graphql_schema(build_schema(application.slices(), application.deciders)[0])
POLICY = access_policy(SCHEMA, application)
DECIDERS = (product, order, payment, fulfilment.stream_decider)
SLICES = (
    app.graphql.money,
    app.graphql.product,
    app.graphql.order,
    app.graphql.payment,
    app.graphql.fulfilment,
    app.graphql.customer,
    app.graphql.sales,
)
SAMPLE = graphql_schema(build_schema(SLICES, DECIDERS)[0])
"""The schema of the sample alone. A project may have more, with tests of its own."""

DRY = {"dryRun": True}
OPEN = {"orderId": str(ANN.open)}
OUTCOME = "{ __typename ... on Rejected { code } ... on Preview { events { type } } }"

# Each line has the outcome for: anonymous, Ann (own), Ben (another's), staff, operator.
# F: FORBIDDEN. -: as if it did not exist, or empty. S: seen, or judged by the rules of the domain.

QUERIES: Mapping[str, tuple[str, str]] = {
    "product": ('{ product(sku: "P-1") { sku } }', "SSSSS"),
    "products": ("{ products { nodes { sku } } }", "SSSSS"),
    "order": (f'{{ order(id: "{ANN.shipped}") {{ customerId total {{ amount }} }} }}', "FS-SS"),
    "orders": (f'{{ orders(filter: {{customerId: "{ANN.id}"}}) {{ totalCount nodes {{ id }} }} }}', "FS-SS"),
    "payment": (f'{{ payment(orderId: "{ANN.shipped}") {{ amount {{ amount }} }} }}', "FS-SS"),
    "customer": (
        f'{{ customer(id: "{ANN.id}") {{ spent {{ amount }} orders {{ nodes {{ id }} }} }} }}',
        "FS-SS",
    ),
    "dailySales": ('{ dailySales(from: "2026-01-01", to: "2026-01-31") { orders } }', "FFFSS"),
    "node": (f'{{ node(id: "payment:{payment_id(ANN.shipped)}") {{ id }} }}', "-S-SS"),
    "nodes": (f'{{ nodes(ids: ["{ANN.shipped}"]) {{ id }} }}', "-S-SS"),
    "events": (
        f'{{ events(filter: {{streamId: "{ANN.open}"}}) {{ totalCount nodes {{ type }} }} }}',
        "FS-SS",
    ),
    "stream": (f'{{ stream(category: "order", id: "{ANN.open}") {{ version }} }}', "FS-SS"),
    "position": ("{ position }", "SSSSS"),
    "lag": ("{ lag { projection } }", "SSSSS"),
    "projections": ("{ projections { name } }", "FFFFS"),
    "parkedKeys": ('{ parkedKeys(projection: "orders") { totalCount } }', "FFFFS"),
    "skippedEvents": ('{ skippedEvents(projection: "orders") { totalCount } }', "FFFFS"),
    "skippedFacts": ('{ skippedFacts(projection: "orders") { totalCount } }', "FFFFS"),
    "processes": ("{ processes { totalCount } }", "FFFFS"),
}

MUTATIONS: Mapping[str, tuple[str, Any, str]] = {
    "registerProduct": (
        "RegisterProductInput",
        {"sku": "NEW", "name": "New", "price": {"amount": "1"}},
        "FFFSS",
    ),
    "changePrice": ("ChangePriceInput", {"sku": "P-1", "price": {"amount": "7"}}, "FFFSS"),
    "receiveStock": ("ReceiveStockInput", {"sku": "P-1", "quantity": 1}, "FFFSS"),
    "openOrder": ("OpenOrderInput", {"customerId": str(ANN.id)}, "FSFSS"),
    "addLine": ("OrderLineInput", OPEN | {"sku": "P-1", "quantity": 1}, "FS-SS"),
    "changeQuantity": ("OrderLineInput", OPEN | {"sku": "TEA", "quantity": 9}, "FS-SS"),
    "removeLine": ("OrderLineRefInput", OPEN | {"sku": "TEA"}, "FS-SS"),
    "undoOrderChange": ("OrderRefInput", OPEN, "FS-SS"),
    "redoOrderChange": ("OrderRefInput", OPEN, "FS-SS"),
    "placeOrder": ("OrderRefInput", OPEN, "FS-SS"),
    "cancelOrder": ("CancelOrderInput", OPEN | {"reason": "none"}, "FS-SS"),
    "shipOrder": ("OrderRefInput", OPEN, "FFFSS"),
    "rebuildProjections": ("RebuildProjectionsInput", {"names": ["none"]}, "FFFFS"),
    "verifyProjection": ("ProjectionRefInput", {"name": "none"}, "FFFFS"),
    "promoteProjection": ("PromoteProjectionInput", {"name": "none"}, "FFFFS"),
    "rollbackProjection": ("ProjectionRefInput", {"name": "none"}, "FFFFS"),
    "dropProjection": ("DropProjectionInput", {"name": "none"}, "FFFFS"),
    "retryParked": ("RetryParkedInput", {"projection": "none"}, "FFFFS"),
    "skipEvent": (
        "SkipEventInput",
        {"projection": "none", "key": "[]", "position": "1", "reason": "none"},
        "FFFFS",
    ),
    "unskipEvent": ("UnskipEventInput", {"projection": "none", "key": "[]", "position": "1"}, "FFFFS"),
    "retryProcess": ("RetryProcessInput", {"process": "fulfilment", "id": str(ANN.open)}, "FFFFS"),
    "retryProcesses": ("RetryProcessesInput", {"limit": 1}, "FFFFS"),
    "skipProcessStep": (
        "SkipProcessStepInput",
        {"process": "fulfilment", "id": str(ANN.open), "step": "none", "reason": "none"},
        "FFFFS",
    ),
    "compensateProcess": (
        "CompensateProcessInput",
        {"process": "fulfilment", "id": str(ANN.open), "reason": "none"},
        "FFFFS",
    ),
}
"""The type of the input, an input, and the outcomes. Commands are sent as a dry run."""

SUBSCRIPTIONS: Mapping[str, tuple[str, str]] = {
    "order": (f'subscription {{ order(id: "{ANN.open}") {{ customerId }} }}', "FS-SS"),
    "orders": (
        f'subscription {{ orders(filter: {{customerId: "{ANN.id}"}}) {{ upserted {{ id }} }} }}',
        "FS-SS",
    ),
    "products": ("subscription { products { upserted { sku } } }", "SSSSS"),
    # Ben gets his own events.
    "events": ('subscription { events(after: "0") { position } }', "FSSSS"),
    "projections": ("subscription { projections { name } }", "FFFFS"),
}

# For the commands of an aggregate that exists: whose may they be? F: none. O: own. S: any.
COMMANDS: Mapping[str, str] = {
    "product.register": "FFFSS",
    "product.change-price": "FFFSS",
    "product.receive-stock": "FFFSS",
    "product.reserve-stock": "FFFFF",
    "product.release-reservation": "FFFFF",
    "product.dispatch-stock": "FFFFF",
    "order.open": "FOOSS",
    "order.add-line": "FOOSS",
    "order.change-quantity": "FOOSS",
    "order.remove-line": "FOOSS",
    "order.undo-change": "FOOSS",
    "order.redo-change": "FOOSS",
    "order.place": "FOOSS",
    "order.confirm": "FFFFF",
    "order.reject": "FFFFF",
    "order.cancel": "FOOSS",
    "order.ship": "FFFSS",
    "payment.request": "FFFFF",
    "payment.record-authorisation": "FFFFF",
    "payment.record-decline": "FFFFF",
    "payment.record-capture": "FFFFF",
    "payment.record-void": "FFFFF",
    "payment.record-refund": "FFFFF",
    "process.record-event": "FFFFF",
    "process.retry-step": "FFFFS",
    "process.skip-step": "FFFFS",
    "process.force-compensation": "FFFFS",
}

EVENTS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "product.registered",
            "product.price-changed",
            "product.stock-received",
            "product.stock-reserved",
            "product.reservation-released",
            "product.stock-dispatched",
        ),
        "---SS",
    ),
    **dict.fromkeys(
        (
            "order.opened",
            "order.line-added",
            "order.line-removed",
            "order.quantity-changed",
            "order.placed",
            "order.confirmed",
            "order.rejected",
            "order.cancelled",
            "order.shipped",
            "payment.requested",
            "payment.authorised",
            "payment.declined",
            "payment.captured",
            "payment.voided",
            "payment.refunded",
            "fulfilment.started",
            "fulfilment.ended",
            "fulfilment.step-refused",
            "fulfilment.deadline-passed",
            "fulfilment.step-stuck",
            "fulfilment.step-withdrawn",
            "fulfilment.step-retried",
            "fulfilment.step-skipped",
            "fulfilment.compensation-forced",
        ),
        "-S-SS",
    ),
}
"""Whether a caller sees Ann's event of this type."""


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    """A server on the pasts of both customers. The processes begin at the end of it."""
    asyncio.run(write_past(module_database_url))
    server = Server(module_database_url)
    try:
        yield server.wait()
        assert "Traceback" not in server.output()
    finally:
        server.close()


def operations() -> dict[str, tuple[str, dict[str, Any], str]]:
    """Every query and mutation by its name: the document, its variables, the outcomes."""
    mutations: dict[str, tuple[str, dict[str, Any], str]] = {}
    assert SCHEMA.mutation_type is not None
    for name, (kind, value, outcomes) in MUTATIONS.items():
        dry = "options" in SCHEMA.mutation_type.fields[name].args
        document = f"mutation ($i: {kind}!) {{ {name}(input: $i{', options: {dryRun: true}' if dry else ''}) "
        document += f"{OUTCOME} }}" if dry else "{ __typename } }"
        mutations[name] = (document, {"i": value}, outcomes)
    queries = {name: (document, {}, outcomes) for name, (document, outcomes) in QUERIES.items()}
    return {**queries, **mutations}


def subscriptions() -> dict[str, tuple[str, dict[str, Any], str]]:
    return {name: (document, {}, outcomes) for name, (document, outcomes) in SUBSCRIPTIONS.items()}


async def outcomes_on(
    server: Server, transport: str, asked: Mapping[str, tuple[str, dict[str, Any], str]]
) -> dict[str, str]:
    """The outcomes of these operations for all callers. No answer to Ben has a value of Ann."""

    async def ask(caller: Transports, name: str) -> str:
        body = await getattr(caller, transport)(*asked[name][:2])
        if caller.headers is CALLERS["other"]:
            named = str(asked[name])
            leaked = [canary for canary in ANN.canaries if canary in str(body) and canary not in named]
            assert not leaked, (name, body)
        return outcome(body)

    async with callers(server) as found:
        results = await asyncio.gather(*(ask_in_order(caller, list(asked), ask) for caller in found.values()))
    return {name: "".join(result[name] for result in results) for name in asked}


async def ask_in_order(caller: Transports, names: list[str], ask: Any) -> dict[str, str]:
    return {name: await ask(caller, name) for name in names}


def test_every_root_field_command_and_event_type_has_a_line() -> None:
    roots = (SAMPLE.query_type, SAMPLE.mutation_type, SAMPLE.subscription_type)
    for root, table in zip(roots, (QUERIES, MUTATIONS, SUBSCRIPTIONS), strict=True):
        assert root is not None
        assert set(table) == set(root.fields)
    assert set(COMMANDS) == {kind.stored.name for decider in DECIDERS for kind in decider.command_types}
    assert set(EVENTS) == {kind.stored.name for decider in DECIDERS for kind in decider.event_types}
    assert set(EVENTS) == {event.stored.name for _, _, events in ANN.past for event in events}


@pytest.mark.parametrize("transport", ["http", "stream", "on_socket"])
async def test_every_query_and_mutation_answers_as_the_table_says(server: Server, transport: str) -> None:
    asked = operations()
    assert await outcomes_on(server, transport, asked) == {name: line for name, (_, _, line) in asked.items()}


@pytest.mark.parametrize("transport", ["stream", "on_socket"])
async def test_every_subscription_answers_as_the_table_says(server: Server, transport: str) -> None:
    asked = subscriptions()
    assert await outcomes_on(server, transport, asked) == {name: line for name, (_, _, line) in asked.items()}


def test_every_command_may_be_sent_as_the_table_says() -> None:
    found: dict[str, str] = {}
    for decider in DECIDERS:
        for kind in decider.command_types:
            found[kind.stored.name] = "".join(_scope(decider.category, kind, name) for name in CALLERS)
    assert found == COMMANDS


def _scope(category: str, kind: Any, name: str) -> str:
    headers = CALLERS[name]
    caller = Caller(headers.get("x-actor", "anonymous"), frozenset(headers["x-roles"].split(",")))
    try:
        guard = POLICY.access(caller).check_command(category, ANN.open, kind)
    except AccessDenied:
        return "F"
    return "S" if guard is None else "O"


EVENT = "position type stream streamId"


async def seen_by_pages(caller: Transports) -> list[dict[str, Any]]:
    """All events that the caller may read, page by page. Empty if it may read none."""
    events: list[dict[str, Any]] = []
    after = "0"
    while True:
        query = f"query ($a: Position) {{ events(first: 17, after: $a) {{ totalCount nodes {{ {EVENT} }} pageInfo {{ hasNextPage }} }} }}"
        body = await caller.http(query, {"a": after})
        if outcome(body) == "F":
            return []
        page = body["data"]["events"]
        events.extend(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(events)
            return events
        after = events[-1]["position"]


async def seen_by_stream(caller: Transports, last: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    async for body in caller.results(f'subscription {{ events(after: "0") {{ {EVENT} }} }}', {}):
        if outcome(body) == "F":
            break
        events.append(body["data"]["events"])
        if events[-1]["position"] == last:
            break
    return events


async def seen_by_socket(caller: Transports, last: str) -> list[dict[str, Any]]:
    socket, events = caller.socket, list[dict[str, Any]]()
    await socket.subscribe("all", f'subscription {{ events(after: "0") {{ {EVENT} }} }}')
    while not events or events[-1]["position"] != last:
        message = await socket.next("all")
        if message["type"] == "error" or "errors" in message["payload"]:
            break
        events.append(message["payload"]["data"]["events"])
    return events


async def test_every_event_type_is_seen_as_the_table_says_on_each_transport(server: Server) -> None:
    count = sum(len(events) for _, _, events in ANN.past)
    last = {"own": str(count)}
    streams = {str(stream_id) for _, stream_id, _ in ANN.past}
    async with callers(server) as found:
        for index, (name, caller) in enumerate(found.items()):
            expected = {kind for kind, line in EVENTS.items() if line[index] == "S"}
            pages = await seen_by_pages(caller)
            assert {event["type"] for event in pages if event["streamId"] in streams} == expected, name
            # Positions are those of the log, so nothing else is in between.
            end = last.get(name, str(2 * count))
            assert await seen_by_stream(caller, end) == pages, name
            assert await seen_by_socket(caller, end) == pages, name
            if name == "other":
                assert len(pages) == sum(
                    len(events) for category, _, events in BEN.past if category != "product"
                )
