"""A database that the first version of the code left behind: migrated, read to the last fact, projected, and taken on."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest
from sqlalchemy import make_url, select

from app.asgi import MachineRoom, application
from app.check import read
from app.commands import Accepted, Refused, Request
from app.database import Database, open_database
from app.projector.rebuild import rebuild
from app.settings import Settings
from app.store.codec import registered
from app.store.load import load
from domain import DECIDERS
from domain.money import Money
from domain.order import AddLine, CancelOrder, Line, Open, OrderPlaced, Placed, order
from domain.product import ReceiveStock, product
from projections import PROJECTIONS
from tests.app.test_command_line import run
from tests.conftest import ROOT, Api
from tests.language import folded

DUMP = (ROOT / "tests/data/first_version.sql").read_text()
FACTS = 203
THEN = {
    "product.registered",
    "product.price-changed",
    "product.stock-received",
    "product.stock-reserved",
    "product.reservation-released",
    "product.stock-dispatched",
    "order.opened",
    "order.line-added",
    "order.line-removed",
    "order.quantity-changed",
    "order.placed",
    "order.confirmed",
    "order.rejected",
    "order.cancelled",
    "order.shipped",
}
"""What could be recorded then."""


@pytest.fixture
def old_url(postgres: str) -> Iterator[str]:
    """A database as it was then, before any later migration."""
    name = f"first_{uuid4().hex[:8]}"
    url = make_url(postgres).set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    async def run(where: str, *statements: str) -> None:
        connection = await asyncpg.connect(where)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(run(postgres, f"CREATE DATABASE {name}"))
    asyncio.run(run(url, DUMP))
    yield url
    asyncio.run(run(postgres, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def old(old_url: str) -> AsyncIterator[Database]:
    async with open_database(Settings(database_url=old_url, pool=4)) as database:
        before, _ = await database.migrate()
        assert before == "0001"
        yield database


@asynccontextmanager
async def answering(database: Database) -> AsyncGenerator[tuple[MachineRoom, Api]]:
    room = MachineRoom(Settings(database_url=database.url, pool=4), database)
    async with (
        room.running(),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=application(room)), base_url="http://test"
        ) as client,
    ):
        yield room, Api(client)


def request() -> Request:
    return Request(actor="today", correlation_id=uuid4())


async def test_every_event_of_the_first_version_is_read(old: Database) -> None:
    rows = await old.pool.fetch("SELECT type, type_version, count(*) AS facts FROM es.events GROUP BY 1, 2")
    assert {row["type"] for row in rows} == THEN
    placed = {row["type_version"]: row["facts"] for row in rows if row["type"] == "order.placed"}
    assert placed == {1: 16, 2: 9}
    found = await read(old, registered())
    assert (found.head, found.troubles) == (FACTS, {})


async def test_what_was_placed_without_a_currency_was_placed_in_euros(old: Database) -> None:
    async with answering(old) as (room, _):
        facts = await room.reader.log(0, FACTS)
        [*placed] = (fact.event for fact in facts if isinstance(fact.event, OrderPlaced))
        assert len(placed) == 25
        for each in placed:
            assert each.total == sum(
                (line.total for line in each.lines), start=Money(amount=Decimal(0), currency="EUR")
            )


async def test_every_aggregate_of_the_first_version_takes_commands(old: Database) -> None:
    line = Line(sku="TEA-GREEN", quantity=1, unit_price=Money(amount=Decimal("4.50"), currency="EUR"))
    outcomes: Counter[str] = Counter()
    async with answering(old) as (room, _):
        streams = await old.pool.fetch(
            "SELECT category, stream_id, max(version) AS version FROM es.events GROUP BY 1, 2"
        )
        for row in streams:
            decider = next(each for each in DECIDERS if each.category == row["category"])
            stream = UUID(int=row["stream_id"].int)
            loaded = await load(room.reader, decider, stream)
            assert loaded.version == row["version"]
            match loaded.state:
                case Open():
                    outcome = await room.commands.execute(order, stream, AddLine(line=line), request())
                    assert isinstance(outcome, Accepted)
                case Placed():
                    outcome = await room.commands.execute(
                        order, stream, CancelOrder(reason="today"), request()
                    )
                    assert isinstance(outcome, Accepted)
                case _ if decider is product:
                    outcome = await room.commands.execute(
                        product, stream, ReceiveStock(quantity=1), request()
                    )
                    assert isinstance(outcome, Accepted)
                case _:
                    outcome = await room.commands.execute(order, stream, AddLine(line=line), request())
                    assert isinstance(outcome, Refused)
            outcomes[type(loaded.state).__name__] += 1
    assert outcomes["Listed"] == 4
    assert min(outcomes[phase] for phase in ("Open", "Placed", "Refused", "Cancelled", "Shipped")) > 0


async def test_a_command_of_then_has_the_outcome_of_then(old: Database) -> None:
    async with answering(old) as (room, _):
        row = await old.pool.fetchrow(
            "SELECT * FROM es.commands WHERE name = 'CancelOrder' ORDER BY first_position LIMIT 1"
        )
        again = Request(actor="ann", correlation_id=uuid4(), command_id=row["command_id"])
        outcome = await room.commands.execute(order, row["stream_id"], CancelOrder(reason="again"), again)
        assert isinstance(outcome, Accepted)
        assert (outcome.duplicate, outcome.position) == (True, row["last_position"])


async def test_every_command_of_then_is_shown_under_its_name_of_today(old: Database) -> None:
    async with answering(old) as (room, _):
        rows = await old.pool.fetch("SELECT command_id, category, name, correlation_id FROM es.commands JOIN es.events USING (command_id, category)")  # fmt: skip
        assert {row["name"] for row in rows} >= {"Register", "OpenOrder", "CancelOrder"}
        shown = await room.reader.command_names({row["command_id"] for row in rows})
        categories = {row["command_id"]: row["category"] for row in rows}
        assert all(name.startswith(f"{categories[each]}.") for each, name in shown.items())
    opened = next(row for row in rows if row["name"] == "OpenOrder")
    traced = await asyncio.to_thread(run, "trace", str(opened["correlation_id"]), DATABASE_URL=old.url)
    assert "order.open  by" in traced.stdout, traced.stderr
    assert "OpenOrder" not in traced.stdout


async def test_every_read_model_of_the_first_version_is_what_is_folded_today_and_goes_on(
    old: Database,
) -> None:
    async with answering(old) as (room, api):
        stream = next(
            fact.stream_id for fact in await room.reader.log(0, FACTS) if isinstance(fact.event, OrderPlaced)
        )
        tea = next(fact.stream_id for fact in await room.reader.log(0, FACTS) if fact.category == "product")
        outcome = await room.commands.execute(product, tea, ReceiveStock(quantity=1), request())
        assert isinstance(outcome, Accepted)
        history = await room.reader.log(0, 10_000)
        for projection in PROJECTIONS:
            await room.projector.wait(projection.name, outcome.position, 10)
            async with old.engine.connect() as connection:
                rows = [
                    projection.read(row)
                    for row in (await connection.execute(select(projection.table))).mappings()
                ]
            assert {projection.key_of(row): row for row in rows} == folded(projection, history), (
                projection.name
            )
        shown = await api.data(
            "query($id: UUID!) { order(id: $id) { total { currency } lines { unitPrice { currency } } } }",
            {"id": str(stream)},
        )
        assert shown["order"]["total"]["currency"] == "EUR"


async def test_every_read_model_of_the_first_version_can_be_rebuilt(old: Database) -> None:
    async with answering(old):
        rebuilt = await rebuild(old, registered(), PROJECTIONS)
        assert all(each.comparison.equal for each in rebuilt)
