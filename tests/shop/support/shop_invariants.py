"""The audit of a shop at rest checks the log, the tables and the gateway's books after any run."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.composition import application
from app.engine.database.connections import Database
from app.engine.read_models.queries import fetch_rows
from app.engine.store.reader import EventReader, Fact
from domain.kernel.decider import AnyDecider
from domain.order import Cancelled, Confirmed, OrderPlaced, Rejected, order
from domain.payment import Authorised, Captured, PaymentCaptured, PaymentRefunded, Requested, payment
from domain.product import Listed, StockDispatched, StockReceived, product, product_id
from projections import PROJECTIONS
from tests.support.scenarios import fold_all

FULFILMENT = "process:fulfilment"


@dataclass
class Books:
    """The log, folded."""

    log: Sequence[Fact]
    placed: dict[UUID, OrderPlaced]
    orders: dict[UUID, Any]
    products: dict[UUID, Any]
    payments: dict[UUID, Any]

    @property
    def outcomes(self) -> Counter[str]:
        """How the placed orders ended: Confirmed, Refused or Cancelled."""
        return Counter(type(self.orders[each]).__name__ for each in self.placed)


async def audited(database: Database) -> Books:
    """Checks everything; gives the books for more."""
    log = await EventReader(database.pool, application.codec).read_all(0, 10_000_000)
    assert [fact.position for fact in log] == list(range(1, len(log) + 1))
    books = _folded(log)
    _ended(books)
    await _goods(database, books)
    await _money(database, books)
    await _once(database)
    await _rows(database, books)
    return books


def _folded(log: Sequence[Fact]) -> Books:
    """Folds every stream along the log; the stock is looked at after each fact."""
    states: dict[tuple[str, UUID], Any] = {}
    placed: dict[UUID, OrderPlaced] = {}
    deciders: dict[str, AnyDecider] = {decider.category: decider for decider in (order, product, payment)}
    for fact in log:
        decider = deciders.get(fact.category)
        if decider is None:
            continue
        stream = fact.category, fact.stream_id
        state = states[stream] = decider.fold([fact.event], states.get(stream), fact.version - 1)
        if isinstance(fact.event, OrderPlaced):
            placed[fact.stream_id] = fact.event
        if isinstance(state, Listed):
            assert state.on_hand >= 0, fact
            assert state.available >= 0, fact
    found: dict[str, dict[UUID, Any]] = defaultdict(dict)
    for (category, stream_id), state in states.items():
        found[category][stream_id] = state
    return Books(log, placed, found["order"], found["product"], found["payment"])


def _ended(books: Books) -> None:
    for each in books.placed:
        assert isinstance(books.orders[each], Confirmed | Rejected | Cancelled), (each, books.orders[each])


async def _goods(database: Database, books: Books) -> None:
    """All received goods are on hand or dispatched, and none are reserved.

    A confirmed order has its goods, and no other order has any.
    """
    rows = await database.pool.fetch(
        "SELECT id, instance FROM es.process_steps WHERE process = 'fulfilment' AND kind = 'command'"
    )
    asked_by = {UUID(int=row["id"].int): UUID(int=row["instance"].int) for row in rows}
    received, taken = Counter[UUID](), Counter[UUID]()
    at_customers: defaultdict[UUID, Counter[UUID]] = defaultdict(Counter)
    for fact in books.log:
        match fact.event:
            case StockDispatched(order_id=order_id, quantity=quantity):
                taken[fact.stream_id] += quantity
                at_customers[order_id][fact.stream_id] += quantity
            case StockReceived(quantity=quantity) if fact.actor == FULFILMENT:
                taken[fact.stream_id] -= quantity
                at_customers[asked_by[fact.command_id]][fact.stream_id] -= quantity
            case StockReceived(quantity=quantity):
                received[fact.stream_id] += quantity
            case _:
                pass
    for identity, goods in books.products.items():
        assert goods.on_hand + taken[identity] == received[identity], goods
        assert goods.reservations == {}, goods
    for each, placed in books.placed.items():
        wanted = (
            {product_id(line.sku): line.quantity for line in placed.lines} if _confirmed(books, each) else {}
        )
        assert {sku: number for sku, number in at_customers[each].items() if number} == wanted, (
            each,
            books.orders[each],
        )


async def _money(database: Database, books: Books) -> None:
    """The shop has taken exactly the cost of the confirmed orders, and nothing else. The gateway's books agree."""
    kept: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for fact in books.log:
        match fact.event:
            case PaymentCaptured(amount=amount):
                kept[fact.stream_id] += amount.amount
            case PaymentRefunded(amount=amount):
                kept[fact.stream_id] -= amount.amount
            case _:
                pass
    owed = {
        each: placed.total.amount
        for each, placed in books.placed.items()
        if _confirmed(books, each) and placed.total.amount
    }
    assert {each: amount for each, amount in kept.items() if amount} == owed
    gateway = await database.pool.fetch(
        "SELECT payment_id, authorised, captured, refunded, called_off FROM simulated_gateway.payments"
    )
    assert {
        UUID(int=row["payment_id"].int): row["captured"] - row["refunded"]
        for row in gateway
        if row["captured"] != row["refunded"]
    } == owed
    for row in gateway:
        # Nothing is set aside for an order that has ended without being paid.
        assert row["called_off"] or row["authorised"] == row["captured"], dict(row)
    for each in books.placed:
        found = books.payments.get(each)
        assert isinstance(found, Captured) == (each in owed), (each, found)
        assert not isinstance(found, Requested | Authorised), (each, found)


async def _once(database: Database) -> None:
    """No command and no call has had a second effect."""
    twice = await database.pool.fetch(
        "SELECT command_id FROM es.events GROUP BY command_id"
        " HAVING count(DISTINCT (category, stream_id)) > 1 OR max(position) - min(position) + 1 <> count(*)"
    )
    assert twice == []
    unlike = await database.pool.fetch(
        "SELECT e.command_id FROM (SELECT command_id, min(position) AS first, max(position) AS last FROM es.events GROUP BY 1) e"
        " LEFT JOIN es.commands c USING (command_id) WHERE c.command_id IS NULL OR (c.first_position, c.last_position) <> (e.first, e.last)"
    )
    assert unlike == []
    # One order, one payment: each kind of fact comes once, however often it was asked for.
    for types in (
        ["order.placed"],
        ["order.confirmed"],
        ["payment.requested"],
        ["payment.authorised"],
        ["payment.captured"],
        ["payment.refunded"],
    ):
        again = await database.pool.fetch(
            "SELECT stream_id FROM es.events WHERE type = ANY($1::text[]) GROUP BY 1 HAVING count(*) > 1",
            types,
        )
        assert again == [], types
    for event in ("product.stock-reserved", "product.stock-dispatched"):
        again = await database.pool.fetch(
            "SELECT stream_id, data ->> 'order_id' FROM es.events WHERE type = $1 GROUP BY 1, 2 HAVING count(*) > 1",
            event,
        )
        assert again == [], event
    calls = await database.pool.fetch(
        "SELECT payment_id, kind, count(DISTINCT key) AS keys, count(DISTINCT (amount, currency)) AS amounts FROM simulated_gateway.calls GROUP BY 1, 2"
    )
    for row in calls:
        assert row["amounts"] == 1, dict(row)
        assert row["keys"] == 1 or row["kind"] == "call off", dict(row)
    refused = await database.pool.fetch(
        "SELECT step, error FROM es.process_steps WHERE error LIKE '%KeyReused%' OR error LIKE '%CommandIdTaken%'"
    )
    assert refused == []


async def _rows(database: Database, books: Books) -> None:
    """Every read model is the fold of the log; the process's states are those of its facts."""
    for projection in PROJECTIONS:
        shown = {
            projection.key_of(row): row
            for row in await fetch_rows(database, projection, select(projection.table))
        }
        assert shown == fold_all(projection, books.log), projection.name
    left = await database.pool.fetch(
        "SELECT id, status FROM es.processes WHERE NOT ended OR parked_position IS NOT NULL"
    )
    assert left == []
    assert await database.pool.fetchval("SELECT count(*) FROM es.processes") == len(books.placed)
    assert await database.pool.fetch("SELECT * FROM es.process_deadlines") == []


def _confirmed(books: Books, order_id: UUID) -> bool:
    return isinstance(books.orders[order_id], Confirmed)
