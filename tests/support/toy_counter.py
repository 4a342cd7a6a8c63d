"""A toy aggregate for the engine's tests: a counter that must not go below zero. The engine knows no other."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, assert_never
from uuid import UUID, uuid4

from sqlalchemy import select

from app.engine.application import Application
from app.engine.commands import CommandContext
from app.engine.database.connections import Database, RowsLost
from app.engine.processes.attempts import RetryPolicy
from app.engine.read_models.queries import fetch_rows
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings
from domain.kernel.decider import (
    AnyDecider,
    Command,
    Decider,
    Event,
    Recorded,
    Rejection,
    command,
    event,
    value,
)
from domain.kernel.process import AnyProcess, Call, Port
from projections.kernel import Key, Projection
from tests.support.row_history import same_at_every_position
from tests.support.scenarios import fold_all


@event("tally.added")
class Added(Event):
    amount: int
    note: str = ""


@event("tally.taken")
class Taken(Event):
    amount: int


type TallyEvent = Added | Taken


@command("tally.add", formerly=("Add",))
class Add(Command):
    amount: int
    note: str = ""


@command("tally.take", formerly=("Take",))
class Take(Command):
    amount: int


type TallyCommand = Add | Take


class TooLittle(Rejection):
    """There is not that much to take."""


def decide(command: TallyCommand, state: int) -> Sequence[TallyEvent]:
    match command:
        case Add(amount=0):
            return []
        case Add(amount=amount, note=note):
            return [Added(amount=amount, note=note)]
        case Take(amount=amount):
            if amount > state:
                raise TooLittle
            return [Taken(amount=amount)]
        case _ as missing:
            assert_never(missing)


def evolve(state: int, event: TallyEvent) -> int:
    match event:
        case Added(amount=amount):
            return state + amount
        case Taken(amount=amount):
            return state - amount
        case _ as missing:
            assert_never(missing)


tally: Decider[TallyCommand, int, TallyEvent] = Decider(
    category="tally", initial=0, decide=decide, evolve=evolve, rejections=(TooLittle,)
)


@value
class TallyRow:
    id: UUID
    sum: int
    facts: int
    notes: tuple[str, ...]
    last: str | None


def keys(fact: Recorded[Any]) -> Sequence[Key]:
    return [(fact.stream_id,)] if fact.category == "tally" else []


def fold(key: tuple[UUID], row: TallyRow | None, fact: Recorded[Any]) -> TallyRow | None:
    (identity,) = key
    row = row or TallyRow(id=identity, sum=0, facts=0, notes=(), last=None)
    match fact.event:
        case Added(amount=amount, note=note):
            notes = (*row.notes, note) if note else row.notes
            return replace(row, sum=row.sum + amount, facts=row.facts + 1, notes=notes, last=note or None)
        case Taken(amount=amount):
            # A tally that was taken down to nothing has no row.
            return replace(row, sum=row.sum - amount, facts=row.facts + 1) if row.sum > amount else None
        case _:
            raise AssertionError(fact)


tallies = Projection(
    name="tallies",
    version=1,
    row=TallyRow,
    key=("id",),
    keys=keys,
    fold=fold,
    indexes=(("sum", "id"),),
    history=True,
)


def request(**given: Any) -> CommandContext:
    return CommandContext(actor="tester", correlation_id=uuid4(), **given)


Engine = Runtime
"""The engine with the toy aggregate alone."""


@asynccontextmanager
async def engine(
    database: Database,
    *,
    buffer_size: int = 1_000,
    max_pending: int = 10_000,
    retry_timeout: float = 10,
    poll_interval: float = 0.5,
    decider: AnyDecider = tally,
    projections: Sequence[Projection[Any]] = (tallies,),
    every: int = 0,
    processes: Sequence[AnyProcess] = (),
    ports: Mapping[type[Call], Port] | None = None,
    steps: RetryPolicy | None = None,
) -> AsyncGenerator[Engine]:
    """The engine as a server has it, but without seals. A test that uses snapshots calls `flush` itself."""
    settings = EngineSettings(
        feed_buffer_size=buffer_size,
        max_queued_commands=max_pending,
        poll_seconds=poll_interval,
        snapshot_every=every,
        seal_max_events=0,
    )
    application = Application(
        settings=EngineSettings,
        deciders=(decider, *(process.stream_decider for process in processes)),
        processes=tuple(processes),
        projections=tuple(projections),
        ports=lambda settings, database: ports or {},
    )
    runtime = Runtime(application, settings, database)
    # No setting says these. Tests cannot wait as long as a server does.
    runtime.appender.session.retry_timeout = retry_timeout
    for worker in runtime.processes.workers.values():
        worker.retry_policy = steps or worker.retry_policy
    supervisor = runtime.supervisor
    supervisor.components = [part for part in supervisor.components if part.name != "snapshots"]
    async with runtime.run():
        yield runtime


async def wait_until_owner(running: Engine, name: str = "tallies") -> None:
    """Wait until this process owns the table. A position that another one has stored says nothing about it."""
    state = running.projector.workers[name].state
    async with asyncio.timeout(10):
        while not state.is_owner:
            await state.wait_for_progress()


async def table_rows(running: Engine, projection: Projection[Any] = tallies) -> dict[Key, Any]:
    """The rows of the live table, by key. A read that runs while a loss of rows is noticed fails: its client asks again."""
    while True:
        with suppress(RowsLost):
            rows = await fetch_rows(running.database, projection, select(projection.table))
            return {projection.key_of(row): row for row in rows}


async def assert_table_equals_log(running: Engine) -> None:
    """The table equals the fold of the log, and its row history the fold of every prefix of the log."""
    head = await running.reader.head_position()
    await running.projector.wait_for_position("tallies", head, 10)
    facts = await running.reader.read_all(0, 100_000, up_to=head)
    assert await table_rows(running) == fold_all(tallies, facts)
    await same_at_every_position(running.database, tallies, facts)
