"""An owner that cannot read events of newer code leaves the process to newer code, and passes over nothing silently."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.processes import worker as worker_module
from app.engine.processes.counts import checkpoint_views
from app.engine.processes.worker import ProcessWorker
from app.engine.store.codec import EventCodec
from app.engine.store.event_shapes import changed_events
from domain.kernel.decider import AnyDecider, Event, Recorded, event
from domain.kernel.process import AnyProcess
from tests.support.toy_counter import Added, Engine, Taken, TallyCommand, decide, engine, evolve, tally
from tests.support.toy_process import (
    Bell,
    Errand,
    Ring,
    at_rest,
    became,
    errand,
    kept,
    note,
    react,
    running,
    till,
    until,
)


@event("tally.heard")
class Heard(Event):
    """An event of newer code, which starts an errand."""

    note: str


def newer_evolve(state: int, event: Added | Taken | Heard) -> int:
    return state if isinstance(event, Heard) else evolve(state, event)


def newer_decide(command: TallyCommand, state: int) -> Sequence[Added | Taken | Heard]:
    return decide(command, state)  # type: ignore[return-value]


newer_tally: AnyDecider = replace(tally, decide=newer_decide, evolve=newer_evolve)


def newer_correlate(fact: Recorded[Any]) -> UUID | None:
    return fact.stream_id if isinstance(fact.event, Heard) else errand.correlate(fact)


def newer_fold(state: Errand | None, fact: Recorded[Any]) -> Errand | None:
    if isinstance(fact.event, Heard):
        fact = replace(fact, event=Added(amount=7, note=fact.event.note))
    return errand.evolve(state, fact)


def newer_react(before: Errand | None, after: Errand, fact: Recorded[Any]) -> Any:
    if isinstance(fact.event, Heard):
        fact = replace(fact, event=Added(amount=7, note=fact.event.note))
    return react(before, after, fact)


newer_errand: AnyProcess = replace(errand, correlate=newer_correlate, evolve=newer_fold, react=newer_react)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "YIELD_SECONDS", 0.6)


@asynccontextmanager
async def newer(database: Database) -> AsyncGenerator[Engine]:
    """A server of newer code."""
    async with engine(
        database, projections=(), processes=[newer_errand], ports={Ring: Bell()}, decider=newer_tally
    ) as runtime:
        yield runtime


async def register(database: Database, *deciders: AnyDecider) -> None:
    """What a server does at its start."""
    await changed_events(database.pool, EventCodec(deciders))


async def record(runtime: Engine, stream: UUID, name: str, data: str, category: str = "tally") -> int:
    """Record an event as code would that knows its class."""
    async with runtime.database.connection() as connection, connection.transaction():
        # The lock of es.append_batch: a process may record its notes at this moment.
        await connection.execute("SELECT pg_advisory_xact_lock(7305813092)")
        position: int = await connection.fetchval(  # pyright: ignore[reportAssignmentType] - it inserts one row
            "INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id,"
            " actor, occurred_at, recorded_at)"
            " SELECT coalesce(max(position), 0) + 1, $1, $2, 1, $3, 1, $4, gen_random_uuid(), $2, 'newer', now(), now()"
            " FROM es.events RETURNING position",
            category,
            stream,
            name,
            data,
        )
    runtime.feed.notify(position)
    return position


def worker_of(runtime: Engine) -> ProcessWorker:
    return runtime.processes.workers["errand"]


async def skipped(runtime: Engine) -> tuple[int, int | None]:
    """How many events the process has passed over, and the newest of them."""
    [view] = await checkpoint_views(runtime.database.pool, ["errand"])
    return view.skipped_events, view.last_skipped


async def stopped(runtime: Engine) -> str:
    async def error() -> str | None:
        return worker_of(runtime).error

    return await until(error)


async def test_an_owner_of_older_code_stops_before_the_event_and_newer_code_goes_on_from_there(
    database: Database,
) -> None:
    await register(database, tally, errand.stream_decider)
    before, heard, after = uuid4(), uuid4(), uuid4()
    async with running(database) as old:
        await note(old, before, "put", 1)
        await at_rest(old)
        await register(database, newer_tally, errand.stream_decider)
        at = await record(old, heard, "tally.heard", '{"note": "put"}')
        await note(old, after, "put", 2)
        assert await stopped(old) == (
            f"event tally.heard 1 at position {at} is of newer code: errand waits for a server that can read it"
        )
        assert (await kept(old, heard), await kept(old, after)) == ([], [])
        async with newer(database) as new:
            # The older server is still there, and gives way.
            await until(lambda: kept(new, after))
            await at_rest(new)
            assert (await kept(new, heard), await kept(new, after)) == ([(7, "")], [(2, "")])

            async def quiet() -> bool:
                return worker_of(old).error is None

            # Another server owns the process, so nothing is wrong with this one.
            await until(quiet)
        # Newer code is gone again. The older owner goes on with what it can read.
        await note(old, before, "put", 3)
        await until(lambda: _sum(old, before, 4))
        assert await skipped(old) == (0, None)


async def _sum(runtime: Engine, one: UUID, amount: int) -> bool:
    return sum(amount for amount, _ in await kept(runtime, one)) == amount


async def test_an_event_of_a_new_category_stops_an_owner_of_older_code_too(database: Database) -> None:
    await register(database, tally, errand.stream_decider)
    async with running(database) as old:
        await database.pool.execute(
            "INSERT INTO es.event_shapes (name, version, shape) VALUES ('parcel.sent', 1, '{}'), ('tally.gone', 1, '{}')"
        )
        at = await record(old, uuid4(), "parcel.sent", "{}", category="parcel")
        assert f"parcel.sent 1 at position {at}" in await stopped(old)


async def test_while_no_newer_code_runs_the_steps_of_other_instances_are_executed(database: Database) -> None:
    await register(database, tally, errand.stream_decider)
    one, bell = uuid4(), Bell()

    async def fails_twice(call: Ring, attempt: int) -> None:
        if attempt < 3:
            raise ConnectionError("no answer")

    bell.answers = fails_twice
    async with running(database, bell) as old:
        await database.pool.execute(
            "INSERT INTO es.event_shapes (name, version, shape) VALUES ('tally.gone', 1, '{}')"
        )
        await note(old, one, "ring", 3)
        await record(old, uuid4(), "tally.gone", "{}")
        await until(lambda: kept(old, one))
        assert "tally.gone" in await stopped(old)
        assert len(set(bell.keys[till(one)])) == 1


async def test_an_event_that_no_code_has_registered_is_passed_over_counted_and_shown(
    database: Database,
) -> None:
    await register(database, tally, errand.stream_decider)
    one = uuid4()
    async with running(database) as runtime:
        at = await record(runtime, uuid4(), "tally.melted", "{}")
        at_corrupt = await record(runtime, uuid4(), "tally.added", '{"amount": "much"}')
        await note(runtime, one, "put", 2)
        await until(lambda: kept(runtime, one))
        assert await skipped(runtime) == (2, at_corrupt)
        assert at_corrupt == at + 1
    async with running(database) as runtime:
        await at_rest(runtime)
        assert await skipped(runtime) == (2, at_corrupt)


async def test_an_event_of_an_instance_that_cannot_be_read_parks_it(database: Database) -> None:
    one, other = uuid4(), uuid4()
    by_category = replace(errand, correlate=lambda fact: fact.stream_id if fact.category == "tally" else None)
    async with running(database, process=by_category) as runtime:
        at = await record(runtime, one, "tally.melted", "{}")
        view = await became(runtime, one, "parked")
        assert (view.parked_position, "tally.melted version 1 cannot be read" in (view.error or "")) == (
            at,
            True,
        )
        await note(runtime, other, "put", 2)
        await until(lambda: kept(runtime, other))
