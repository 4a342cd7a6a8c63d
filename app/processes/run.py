"""Runs the processes: takes facts from the feed, folds and reacts, and has carried out what was asked for.

Each process has one owner among all server processes. State, steps, deadlines and checkpoint are written in one
transaction, so each fact has its effect exactly once; what was asked for is carried out after that, at least once,
under ids that are derived from process, fact and place.
"""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from app.commands import Commands
from app.database import DRIVER_ERRORS, Database, is_broken
from app.lease import claim_plain
from app.processes.dispatch import Dispatcher, Patience, Port
from app.processes.records import Codec, Due, Instance, Records, Settled, Step, step_id
from app.projector.seat import OWNER, Fenced
from app.store.feed import Feed
from app.store.read import Fact, Reader
from domain.kernel import AnyDecider, Event
from domain.process import (
    Action,
    AnyProcess,
    Deadline,
    DeadlinePassed,
    Effect,
    Ended,
    Send,
    Started,
    StepRefused,
    StepRetried,
    StepSkipped,
    StepStuck,
    StepWithdrawn,
    Withdraw,
)

log = logging.getLogger(__name__)

BATCH = 500
MOST_UNDER_WAY = 2_000
"""Above this the worker takes no new facts until some of what it asked for is done."""
CACHED = 10_000
IDLE_SECONDS = 1.0
"""How long a worker sleeps at most: then it looks whether an operator wants a parked instance tried again."""
UNWRITTEN = 1_000
"""How far the checkpoint may stay behind while no fact concerns the process."""


@dataclass
class _Batch:
    """What one transaction will hold."""

    instances: dict[UUID, Instance] = field(default_factory=dict[UUID, Instance])
    steps: list[Step] = field(default_factory=list[Step])
    withdrawn: dict[UUID, Fact] = field(default_factory=dict[UUID, Fact])
    dropped: set[UUID] = field(default_factory=set[UUID])
    deadlines: dict[tuple[UUID, str], Due | None] = field(default_factory=dict[tuple[UUID, str], "Due | None"])
    retried: list[tuple[UUID, str]] = field(default_factory=list[tuple[UUID, str]])
    skipped: list[tuple[UUID, str]] = field(default_factory=list[tuple[UUID, str]])

    def __bool__(self) -> bool:
        return bool(self.instances or self.steps)


class Worker:
    """One process, run by this server process whenever it owns it."""

    def __init__(
        self, process: AnyProcess, database: Database, reader: Reader, feed: Feed, commands: Commands,
        deciders: Iterable[AnyDecider], ports: Mapping[type, Port], patience: Patience,
    ) -> None:
        self.process = process
        self.position = 0
        self.owns = False
        self.problem: str | None = None
        self._database = database
        self._reader = reader
        self._feed = feed
        self._commands = commands
        self._ports = ports
        self._patience = patience
        self._codec = Codec(process, deciders)
        self._bell = asyncio.Event()
        self._cache: dict[UUID, Instance | None] = {}
        self._settled: list[Settled] = []
        self._parked: set[UUID] = set()
        self._next: datetime | None = None
        self._written = 0

    async def run(self) -> None:
        """Own, fold, react, carry out; after a failure again, from the checkpoint, until the feed closes."""
        pause = 0.05
        while not self._feed.closed:
            try:
                connection = await self._database.connect()
                try:
                    await connection.execute("SET synchronous_commit = off")
                    if await claim_plain(connection, f"process {self.process.category}", lambda: self._feed.closed):
                        await self._work(connection)
                finally:
                    connection.terminate()
                pause = 0.05
            except Exception as problem:
                # Whatever it is, this process stops at its checkpoint, says so in health, and tries again.
                if isinstance(problem, Fenced) or is_broken(problem):
                    log.warning("process %s: %s; trying again", self.process.category, str(problem) or type(problem).__name__)
                else:
                    self.problem = f"{type(problem).__name__}: {problem}".splitlines()[0]
                    log.exception("process %s stands at position %d", self.process.category, self.position)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _work(self, connection: asyncpg.Connection) -> None:
        records = Records(connection, self._codec)
        self._cache.clear()
        self._settled.clear()
        self.position = self._written = await records.own(OWNER)
        self._parked = set(await records.parked())
        self._next = await records.next_deadline()
        dispatcher = Dispatcher(self.process, self._codec, self._commands, self._ports, self._patience, self._settle)
        dispatcher.add(await records.due())
        self.owns = True
        log.info("process %s: owned from position %d", self.process.category, self.position)
        try:
            while not self._feed.closed:
                await self._turn(records, dispatcher)
                self.problem = None
                await self._rest(dispatcher)
        finally:
            self.owns = False
            await dispatcher.stop()

    async def _rest(self, dispatcher: Dispatcher) -> None:
        """Until there is a fact, a settled step, a deadline, or an operator may have spoken."""
        seconds = IDLE_SECONDS
        if self._next is not None:
            seconds = min(seconds, max(0.0, (self._next - datetime.now(UTC)).total_seconds()))
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._bell.wait())]
        if dispatcher.busy < MOST_UNDER_WAY:
            waits.append(asyncio.ensure_future(self._feed.beyond(self.position)))
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self._bell.clear()

    def _settle(self, settled: Settled) -> None:
        self._settled.append(settled)
        self._bell.set()

    async def _turn(self, records: Records, dispatcher: Dispatcher) -> None:
        """One transaction: the next facts, what became of steps, and the deadlines that have passed."""
        batch = _Batch()
        position = self.position
        if dispatcher.busy < MOST_UNDER_WAY and self._feed.head > self.position:
            facts, position = await self._feed.take(self.position, most=BATCH)
            await self._fold(records, batch, facts)
        settled, self._settled = self._settled, []
        for each in settled:
            batch.steps.extend(self._noted(each))
        now = datetime.now(UTC)
        passed = await records.passed(now, BATCH) if self._next is not None and self._next <= now else []
        wanted = await records.wanted() if self._parked else []
        for instance in wanted:
            await self._again(records, batch, instance, position)
        if not (batch or settled or passed) and position - self._written < UNWRITTEN:
            self.position = position
            return
        resumed: Sequence[Step] = []
        async with records.transaction():
            if not await records.move(self._written, position):
                raise Fenced("another process moved the checkpoint")
            if settled:
                await records.settle(settled)
            if batch.withdrawn:
                stuck = await records.withdraw(list(batch.withdrawn))
                batch.steps.extend(
                    self._note(StepWithdrawn(step=each.step), each.id, "withdrawn", each.instance, batch.withdrawn[each.instance]) for each in stuck
                )
            for each in passed:
                if (each.instance, each.name) not in batch.deadlines:
                    batch.deadlines[each.instance, each.name] = None
                    batch.steps.append(
                        self._codec.note(
                            DeadlinePassed(deadline=each.name, due=each.due), uuid5(each.instance, f"{self.process.category} {each.name} {each.due}"),
                            each.instance, each.correlation_id, each.caused_by,
                        )
                    )
            if batch.instances:
                await records.save(list(batch.instances.values()))
            if batch.steps:
                await records.ask(batch.steps, frozenset(batch.dropped))
            if batch.deadlines:
                await records.set_deadlines(
                    [each for each in batch.deadlines.values() if each is not None], [key for key, each in batch.deadlines.items() if each is None]
                )
            if batch.retried:
                resumed = await records.resume(batch.retried, "due")
            if batch.skipped:
                await records.resume(batch.skipped, "skipped")
            following = await records.next_deadline() if batch.deadlines or passed else self._next
        self.position = self._written = position
        self._next = following
        self._remember(batch.instances)
        for instance in batch.withdrawn:
            dispatcher.withdraw(instance)
        dispatcher.add([step for step in batch.steps if step.id not in batch.dropped])
        dispatcher.add(resumed)

    def _remember(self, instances: Mapping[UUID, Instance]) -> None:
        if len(self._cache) > CACHED:
            self._cache.clear()
        self._cache.update(instances)
        for identity, instance in instances.items():
            (self._parked.add if instance.parked is not None else self._parked.discard)(identity)

    async def _fold(self, records: Records, batch: _Batch, facts: Sequence[Fact]) -> None:
        concerned = [(self._instance(fact), fact) for fact in facts]
        unknown = {identity for identity, _ in concerned if identity is not None and identity not in self._cache}
        if unknown:
            await self._load(records, batch, list(unknown))
        for identity, fact in concerned:
            if identity is not None:
                self._apply(batch, identity, fact)

    def _instance(self, fact: Fact) -> UUID | None:
        try:
            return self.process.instance(fact)
        except Exception:
            # Whose fact it is cannot be said; no instance may wait for it.
            log.exception("process %s passes over the fact at position %d: its key cannot be told", self.process.category, fact.position)
            return None

    async def _load(self, records: Records, batch: _Batch, identities: Sequence[UUID]) -> None:
        self._cache.update(dict.fromkeys(identities))
        for instance, stored in await records.load(identities):
            if stored is None:
                self._cache[instance.id] = instance
                continue
            try:
                self._cache[instance.id] = replace(instance, state=self._codec.read_state(stored))
            except ValueError as problem:
                # The state's shape has changed since; it is a fold of facts, so it can be made again.
                log.warning("process %s: the state of %s is folded anew (%s)", self.process.category, instance.id, problem)
                await self._folded(batch, instance)

    async def _folded(self, batch: _Batch, instance: Instance) -> None:
        """Make the state of an instance from its facts alone."""
        state: Any = None
        position = instance.began
        try:
            async for fact in self._facts_of(instance.id, instance.began, instance.position):
                position = fact.position
                state = self.process.evolve(state, fact)
        except DRIVER_ERRORS:
            raise
        except Exception as problem:
            batch.instances[instance.id] = replace(instance, state=None, parked=(instance.began, f"position {position}: {_traced(problem)}"))
            return
        self._cache[instance.id] = replace(instance, state=state)

    async def _facts_of(self, identity: UUID, first: int, last: int) -> AsyncIterator[Fact]:
        cursor = first - 1
        while cursor < last:
            facts = await self._reader.log(cursor, 1_000, up_to=last)
            if not facts:
                return
            for fact in facts:
                if self._instance(fact) == identity:
                    yield fact
            cursor = facts[-1].position

    async def _again(self, records: Records, batch: _Batch, identity: UUID, up_to: int) -> None:
        """Fold the fact that parked an instance, and those that came after it."""
        if identity not in self._cache and identity not in batch.instances:
            await self._load(records, batch, [identity])
        instance = batch.instances.get(identity) or self._cache.get(identity)
        if instance is None or instance.parked is None:
            return
        first = instance.parked[0]
        batch.instances[identity] = replace(instance, parked=None)
        async for fact in self._facts_of(identity, first, up_to):
            self._apply(batch, identity, fact)

    def _apply(self, batch: _Batch, identity: UUID, fact: Fact) -> None:
        """Fold one fact and note down what follows from it. One that raises parks its instance."""
        instance = batch.instances.get(identity) or self._cache.get(identity)
        if instance is not None and instance.parked is not None:
            return
        before = None if instance is None else instance.state
        began = fact.position if instance is None else instance.began
        if isinstance(fact.event, StepRetried):
            batch.retried.append((identity, fact.event.step))
        if isinstance(fact.event, StepSkipped):
            batch.skipped.append((identity, fact.event.step))
        try:
            after = self.process.evolve(before, fact)
            if after is None:
                return
            actions = self.process.react(before, after, fact)
            steps = [
                self._codec.step(action, step_id(self.process, identity, fact.position, place), identity, fact.correlation_id, fact.position)
                for place, action in enumerate(actions)
                if isinstance(action, Send | Effect)
            ]
            status, outcome = self.process.status(after), self.process.outcome(after)
        except Exception as problem:
            # A fact that cannot be folded parks this instance; all others go on.
            log.exception("process %s: the fact at position %d parks %s", self.process.category, fact.position, identity)
            parked = (fact.position, _traced(problem))
            batch.instances[identity] = (
                Instance(id=identity, state=None, status="unknown", ended=False, began=began, position=0, parked=parked)
                if instance is None else replace(instance, parked=parked)
            )
            return
        self._asked(batch, identity, fact, actions)
        if before is None:
            batch.steps.append(self._note(Started(), identity, f"started {fact.position}", identity, fact))
        batch.steps.extend(steps)
        if outcome is not None and (before is None or self.process.outcome(before) != outcome):
            batch.steps.append(self._note(Ended(outcome=outcome), identity, f"ended {fact.position}", identity, fact))
        batch.instances[identity] = Instance(
            id=identity, state=after, status=status, ended=outcome is not None, began=began, position=fact.position
        )

    def _asked(self, batch: _Batch, identity: UUID, fact: Fact, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Withdraw():
                    batch.withdrawn[identity] = fact
                    batch.dropped.update(step.id for step in batch.steps if step.instance == identity and step.kind != "note")
                case Deadline(name=name, at=None):
                    batch.deadlines[identity, name] = None
                case Deadline(name=name, at=at) if at is not None:
                    batch.deadlines[identity, name] = Due(
                        instance=identity, name=name, due=at, correlation_id=fact.correlation_id, caused_by=fact.position
                    )
                case _:
                    pass

    def _noted(self, settled: Settled) -> Sequence[Step]:
        """What the process has to hear of a settled step."""
        step = settled.step
        event: Event
        match settled.outcome:
            case _ if step.kind == "note":
                return []
            case "refused":
                event = StepRefused(step=step.step, code=settled.code or "", message=settled.error or "")
            case "stuck":
                event = StepStuck(step=step.step, error=settled.error or "")
            case _:
                return []
        identity = uuid5(step.id, f"{settled.outcome} {settled.attempts}")
        return [self._codec.note(event, identity, step.instance, step.correlation_id, step.caused_by)]

    def _note(self, event: Event, parent: UUID, why: str, instance: UUID, fact: Fact) -> Step:
        return self._codec.note(event, uuid5(parent, f"{self.process.category} {why}"), instance, fact.correlation_id, fact.position)


def _traced(problem: Exception) -> str:
    return "".join(traceback.format_exception(problem))[-4_000:]


class Processes:
    """All processes, and where they stand in this server process."""

    def __init__(
        self, processes: Sequence[AnyProcess], database: Database, reader: Reader, feed: Feed, commands: Commands,
        deciders: Iterable[AnyDecider], ports: Mapping[type, Port], patience: Patience | None = None,
    ) -> None:
        deciders = tuple(deciders)
        for process in processes:
            for call in process.calls:
                if call not in ports:
                    raise ValueError(f"{process.category} calls {call.__name__}, and no port is registered for it in app/ports")
        self.workers = {
            each.category: Worker(each, database, reader, feed, commands, deciders, ports, patience or Patience()) for each in processes
        }
        self._database = database

    async def begin(self) -> None:
        """Let each process that is new to this database begin where the log ends."""
        await self._database.pool.execute(
            "INSERT INTO es.process_checkpoints (process, position)"
            " SELECT name, coalesce((SELECT max(position) FROM es.events), 0) FROM unnest($1::text[]) name ON CONFLICT DO NOTHING",
            list(self.workers),
        )

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for worker in self.workers.values():
                group.create_task(worker.run())


