"""A database that the first version left behind is migrated, read to the last fact, projected, and continued."""

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

from app.composition import application
from app.engine.commands import CommandAccepted, CommandContext, CommandRejected
from app.engine.database.connections import Database, open_database
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.settings import ROOT
from app.engine.store.check_log import check_log
from app.engine.store.load import load_aggregate
from app.settings import Settings
from domain import DECIDERS
from domain.money import Money
from domain.order import AddLine, CancelOrder, Line, Open, OrderPlaced, Placed, order
from domain.product import ReceiveStock, product
from projections import PROJECTIONS
from tests.support.cli import run
from tests.support.graphql_client import Api
from tests.support.scenarios import fold_all

DUMP = (ROOT / "tests/shop/data/first_version.sql").read_text()
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
    async with open_database(Settings(database_url=old_url, pool_size=4)) as database:
        before, _ = await database.migrate()
        assert before == {"0001"}
        yield database


@asynccontextmanager
async def answering(database: Database) -> AsyncGenerator[tuple[Runtime, Api]]:
    runtime = Runtime(application, Settings(database_url=database.url, pool_size=4), database)
    async with (
        runtime.run(),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=create_app(runtime)), base_url="http://localhost"
        ) as client,
    ):
        yield runtime, Api(client)


def request() -> CommandContext:
    return CommandContext(actor="today", correlation_id=uuid4())


async def test_every_event_of_the_first_version_is_read(old: Database) -> None:
    rows = await old.pool.fetch("SELECT type, type_version, count(*) AS facts FROM es.events GROUP BY 1, 2")
    assert {row["type"] for row in rows} == THEN
    placed = {row["type_version"]: row["facts"] for row in rows if row["type"] == "order.placed"}
    assert placed == {1: 16, 2: 9}
    found = await check_log(old, application.codec)
    assert (found.head, found.unreadable) == (FACTS, {})


async def test_what_was_placed_without_a_currency_was_placed_in_euros(old: Database) -> None:
    async with answering(old) as (runtime, _):
        facts = await runtime.reader.read_all(0, FACTS)
        [*placed] = (fact.event for fact in facts if isinstance(fact.event, OrderPlaced))
        assert len(placed) == 25
        for each in placed:
            assert each.total == sum(
                (line.total for line in each.lines), start=Money(amount=Decimal(0), currency="EUR")
            )


async def test_every_aggregate_of_the_first_version_takes_commands(old: Database) -> None:
    line = Line(sku="TEA-GREEN", quantity=1, unit_price=Money(amount=Decimal("4.50"), currency="EUR"))
    outcomes: Counter[str] = Counter()
    async with answering(old) as (runtime, _):
        streams = await old.pool.fetch(
            "SELECT category, stream_id, max(version) AS version FROM es.events GROUP BY 1, 2"
        )
        for row in streams:
            decider = next(decider for decider in DECIDERS if decider.category == row["category"])
            stream = UUID(int=row["stream_id"].int)
            loaded = await load_aggregate(runtime.reader, decider, stream)
            assert loaded.version == row["version"]
            match loaded.state:
                case Open():
                    outcome = await runtime.commands.execute(order, stream, AddLine(line=line), request())
                    assert isinstance(outcome, CommandAccepted)
                case Placed():
                    outcome = await runtime.commands.execute(
                        order, stream, CancelOrder(reason="today"), request()
                    )
                    assert isinstance(outcome, CommandAccepted)
                case _ if decider is product:
                    outcome = await runtime.commands.execute(
                        product, stream, ReceiveStock(quantity=1), request()
                    )
                    assert isinstance(outcome, CommandAccepted)
                case _:
                    outcome = await runtime.commands.execute(order, stream, AddLine(line=line), request())
                    assert isinstance(outcome, CommandRejected)
            outcomes[type(loaded.state).__name__] += 1
    assert outcomes["Listed"] == 4
    assert min(outcomes[phase] for phase in ("Open", "Placed", "Rejected", "Cancelled", "Shipped")) > 0


async def test_a_command_of_then_has_the_outcome_of_then(old: Database) -> None:
    async with answering(old) as (runtime, _):
        row = await old.pool.fetchrow(
            "SELECT * FROM es.commands WHERE name = 'CancelOrder' ORDER BY first_position LIMIT 1"
        )
        again = CommandContext(actor="ann", correlation_id=uuid4(), command_id=row["command_id"])
        outcome = await runtime.commands.execute(order, row["stream_id"], CancelOrder(reason="again"), again)
        assert isinstance(outcome, CommandAccepted)
        assert (outcome.duplicate, outcome.position) == (True, row["last_position"])


async def test_every_command_of_then_is_shown_under_its_name_of_today(old: Database) -> None:
    async with answering(old) as (runtime, _):
        rows = await old.pool.fetch("SELECT command_id, category, name, correlation_id FROM es.commands JOIN es.events USING (command_id, category)")  # fmt: skip
        assert {row["name"] for row in rows} >= {"Register", "OpenOrder", "CancelOrder"}
        shown = await runtime.reader.command_names({row["command_id"] for row in rows})
        categories = {row["command_id"]: row["category"] for row in rows}
        assert all(name.startswith(f"{categories[each]}.") for each, name in shown.items())
    opened = next(row for row in rows if row["name"] == "OpenOrder")
    traced = await asyncio.to_thread(run, "trace", str(opened["correlation_id"]), DATABASE_URL=old.url)
    assert "order.open  by" in traced.stdout, traced.stderr
    assert "OpenOrder" not in traced.stdout


async def test_every_read_model_of_the_first_version_is_what_is_folded_today_and_goes_on(
    old: Database,
) -> None:
    async with answering(old) as (runtime, api):
        stream = next(
            fact.stream_id
            for fact in await runtime.reader.read_all(0, FACTS)
            if isinstance(fact.event, OrderPlaced)
        )
        tea = next(
            fact.stream_id for fact in await runtime.reader.read_all(0, FACTS) if fact.category == "product"
        )
        outcome = await runtime.commands.execute(product, tea, ReceiveStock(quantity=1), request())
        assert isinstance(outcome, CommandAccepted)
        history = await runtime.reader.read_all(0, 10_000)
        for projection in PROJECTIONS:
            await runtime.projector.wait_for_position(projection.name, outcome.position, 10)
            rows = [
                projection.row_from_record(record) for record in await old.fetch(select(projection.table))
            ]
            assert {projection.key_of(row): row for row in rows} == fold_all(projection, history), (
                projection.name
            )
        shown = await api.data(
            "query($id: UUID!) { order(id: $id) { total { currency } lines { unitPrice { currency } } } }",
            {"id": str(stream)},
        )
        assert shown["order"]["total"]["currency"] == "EUR"


async def test_every_read_model_of_the_first_version_can_be_rebuilt(old: Database) -> None:
    async with answering(old):
        rebuilt = await rebuild(old, application.codec, PROJECTIONS)
        assert all(result.comparison.equal for result in rebuilt)
