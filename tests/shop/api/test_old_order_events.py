"""Orders that were placed before there were currencies are read, shown and continued like the orders of today."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from app.composition import application
from app.engine.database.connections import Database
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.settings import Settings
from tests.support.graphql_client import Api

ORDER = """
query($id: UUID!, $position: Position) { order(id: $id, minPosition: $position) { status total { amount currency }
  lines { sku quantity unitPrice { amount currency } } } }
"""
EVENTS = """{ events(filter: { types: ["order.placed"] }) { nodes { type position version
  ... on OrderPlaced { total { amount currency } lines { unitPrice { amount currency } } } ... on UnreadableEvent { problem storedVersion } } } }"""
CANCEL = """mutation($id: UUID!) { cancelOrder(input: { orderId: $id, reason: "too late" }) {
  ... on OrderAccepted { version events { ... on OrderCancelled { placement { total { amount currency } } } } } } }"""
CANCELLED = {"version": 4, "events": [{"placement": {"total": {"amount": "7.00", "currency": "EUR"}}}]}
SALES = "query($from: Date!, $to: Date!, $position: Position) { dailySales(from: $from, to: $to, minPosition: $position) { revenue { amount currency } } }"
CUSTOMER = str(uuid4())
EUROS = {"amount": "3.50", "currency": "EUR"}


async def stored(database: Database, *events: tuple[str, dict[str, Any]]) -> UUID:
    """An order in the log as older code left it, each event in its first version."""
    identity = uuid4()
    for version, (name, data) in enumerate(events, start=1):
        await database.pool.execute(
            "INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor,"
            " occurred_at, recorded_at) SELECT coalesce(max(position), 0) + 1, 'order', $1, $2, $3, 1, $4::jsonb, gen_random_uuid(),"
            " gen_random_uuid(), 'older', now(), now() FROM es.events",
            identity,
            version,
            name,
            json.dumps(data),
        )
    return identity


def before(placed: dict[str, Any]) -> tuple[tuple[str, dict[str, Any]], ...]:
    return (
        ("order.opened", {"customer_id": CUSTOMER}),
        ("order.line-added", {"sku": "TEA", "quantity": 2, "unit_price": EUROS}),
        ("order.placed", placed),
    )


PLACED = {
    "customer_id": CUSTOMER,
    "lines": [{"sku": "TEA", "quantity": 2, "unit_price": "3.50"}],
    "total": "7.00",
    "placed_at": "2026-01-05T12:00:00Z",
}


@asynccontextmanager
async def answering(settings: Settings, database: Database) -> AsyncGenerator[Api]:
    """The API on what is stored by now: the process does not act on what is past."""
    runtime = Runtime(application, settings, database)
    async with (
        runtime.run(),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=create_app(runtime)), base_url="http://localhost"
        ) as client,
    ):
        yield Api(client)


async def test_an_order_placed_before_there_were_currencies_was_placed_in_euros(
    settings: Settings, database: Database
) -> None:
    identity = await stored(database, *before(PLACED))
    async with answering(settings, database) as api:
        shown = await api.data(ORDER, {"id": str(identity), "position": "3"})
        assert shown["order"] == {
            "status": "PLACED",
            "total": {"amount": "7.00", "currency": "EUR"},
            "lines": [{"sku": "TEA", "quantity": 2, "unitPrice": EUROS}],
        }
        assert (await api.data(EVENTS))["events"]["nodes"] == [
            {
                "type": "order.placed",
                "position": "3",
                "version": 3,
                "total": {"amount": "7.00", "currency": "EUR"},
                "lines": [{"unitPrice": EUROS}],
            }
        ]
        sales = await api.data(SALES, {"from": "2026-01-05", "to": "2026-01-05", "position": "3"})
        assert [day["revenue"] for day in sales["dailySales"]] == [{"amount": "7.00", "currency": "EUR"}]
        assert (await api.data(CANCEL, {"id": str(identity)}))["cancelOrder"] == CANCELLED


@pytest.mark.parametrize(
    "broken",
    [PLACED | {"lines": None}, {k: v for k, v in PLACED.items() if k != "total"}, PLACED | {"total": "much"}],
)
async def test_what_the_upcast_cannot_read_is_named_and_its_order_alone_takes_no_commands(
    settings: Settings, database: Database, broken: dict[str, Any]
) -> None:
    bad, good = await stored(database, *before(broken)), await stored(database, *before(PLACED))
    async with answering(settings, database) as api:
        answer = await api(CANCEL, {"id": str(bad)})
        [error] = answer["errors"]
        assert error["extensions"]["code"] == "UNREADABLE_STREAM"
        assert error["message"] == (
            f"order {bad} cannot be read from version 3 on. For operators: python -m app events check names the reason."
        )
        first, second = (await api.data(EVENTS))["events"]["nodes"]
        assert (first["storedVersion"], second["total"]["amount"]) == (1, "7.00")
        assert first["problem"]
        assert (await api.data(CANCEL, {"id": str(good)}))["cancelOrder"] == CANCELLED
