"""What a port raises is for those who operate the shop: no customer reads it in any field. A rejection is for all."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.server.runtime import Runtime
from app.engine.store.reader import Fact
from app.ports.simulated_gateway import SimulatedGateway
from app.settings import Settings
from tests.shop.support.shop_client import PLACE, ended, fact, stock
from tests.support.graphql_client import Api

SECRET = "https://gateway.internal/authorise?key=canary"
HIDDEN = "Internal error. Operators can read it, and so can roles with the scope all for this process."
READ = """query ($order: UUID!, $min: Position) {
  order(id: $order, minPosition: $min) {
    status
    fulfilment { status stuck steps { name outcome error } }
    history { nodes { event { __typename } state changes } }
  }
  events(first: 100, filter: { streamId: $order }) {
    nodes { __typename ... on FulfilmentStepStuck { step error } ... on FulfilmentStepRefused { step message } }
  }
  stream(category: "fulfilment", id: $order) {
    history { nodes { command state changes event { __typename ... on FulfilmentStepStuck { error } } } }
    blame { path value event { __typename ... on FulfilmentStepStuck { error } } }
  }
}"""


@pytest.fixture
def settings(database_url: str) -> Settings:
    """A step that fails once is stuck."""
    return Settings(database_url=database_url, pool_size=4, step_max_attempts=1)


async def placed_by(api: Api, headers: dict[str, str], quantity: int) -> UUID:
    """An order of a customer, placed."""
    order = str(uuid4())
    opened = "mutation($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }"
    await api(opened, {"i": {"id": order, "customerId": headers["x_actor"]}}, **headers)
    line = {"orderId": order, "sku": "TEA", "quantity": quantity}
    await api("mutation($i: OrderLineInput!) { addLine(input: $i) { __typename } }", {"i": line}, **headers)
    answer = await api(PLACE, {"order": order}, **headers)
    assert answer["data"]["placeOrder"]["__typename"] == "OrderAccepted", answer
    return UUID(order)


async def read(api: Api, order: UUID, after: Fact, headers: dict[str, str]) -> dict[str, Any]:
    """What a caller sees, at least as new as an event."""
    answer = await api(READ, {"order": str(order), "min": str(after.position)}, **headers)
    assert "errors" not in answer, answer
    return answer["data"]


def errors(data: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The errors of the steps that are not done, and those of all events."""
    steps = [step["error"] for step in data["order"]["fulfilment"]["steps"] if step["error"] is not None]
    shown = [
        *data["events"]["nodes"],
        *(entry["event"] for entry in data["stream"]["history"]["nodes"]),
        *(field["event"] for field in data["stream"]["blame"]),
    ]
    return steps, [event["error"] for event in shown if "error" in event]


async def test_a_customer_reads_no_text_of_an_exception_and_staff_reads_it(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def authorise(*_: object) -> None:
        raise ConnectionError(f"Client error '401 Unauthorized' for url '{SECRET}'")

    monkeypatch.setattr(SimulatedGateway, "authorise", authorise)
    await stock(api, "TEA", 5)
    ann = {"x_actor": str(uuid4()), "x_roles": "customer"}
    order = await placed_by(api, ann, 1)
    stuck = await fact(runtime, order, "fulfilment.step-stuck")
    for roles in ("staff", "operator", "staff,customer"):
        steps, events = errors(await read(api, order, stuck, {"x_actor": "sue", "x_roles": roles}))
        assert len(steps) == 1
        assert len(events) >= 2
        assert all(SECRET in error for error in (*steps, *events)), roles
    data = await read(api, order, stuck, ann)
    assert data["order"]["fulfilment"]["stuck"]
    steps, events = errors(data)
    assert (steps, {*events}) == ([HIDDEN], {HIDDEN})
    assert len(events) >= 2
    for word in ("canary", "gateway.internal", "Client error", "ConnectionError"):
        assert word not in str(data)


async def test_a_customer_reads_why_a_command_of_its_order_was_rejected(api: Api, runtime: Runtime) -> None:
    await stock(api, "TEA", 1)
    ann = {"x_actor": str(uuid4()), "x_roles": "customer"}
    order = await placed_by(api, ann, 2)
    [end] = await ended(runtime, order)
    callers = (ann, {"x_actor": "sue", "x_roles": "staff"})
    answers = [await read(api, order, end, headers) for headers in callers]
    [refused], [same] = [errors(data)[0] for data in answers]
    assert refused == same
    [message] = [node["message"] for node in answers[0]["events"]["nodes"] if "message" in node]
    assert message == refused != HIDDEN
