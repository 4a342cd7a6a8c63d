"""Runs the processes: takes facts from the feed, folds and reacts, and has carried out what was asked for.

Each process has one owner among all server processes. State, steps, deadlines and checkpoint are written in one
transaction, so each fact has its effect exactly once; what was asked for is carried out after that, at least once,
under ids that are derived from process, fact and place.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from app.engine.commands import CommandHandler
from app.engine.database.connections import Database
from app.engine.database.errors import is_connection_error
from app.engine.database.leases import Lease, LeaseLost, process_name
from app.engine.processes.codec import ProcessCodec
from app.engine.processes.dispatcher import Dispatcher, RetryPolicy
from app.engine.processes.reducer import Batch, ProcessReducer
from app.engine.processes.storage import (
    PendingDeadline,
    ProcessInstance,
    ProcessStep,
    ProcessStore,
    StepResult,
)
from app.engine.store.feed import Feed
from app.engine.store.reader import EventReader, Fact
from domain.kernel.decider import AnyDecider
from domain.kernel.process import AnyProcess, DeadlinePassed, Port, StepWithdrawn

log = logging.getLogger(__name__)

BATCH_SIZE = 500
MAX_IN_FLIGHT = 2_000
"""Above this the worker takes no new facts until some of what it asked for is done."""
MAX_CACHED_INSTANCES = 10_000
IDLE_INTERVAL_SECONDS = 1.0
"""How long a worker sleeps at most: then it looks whether an operator wants a parked instance tried again."""
MAX_CHECKPOINT_LAG = 1_000
"""How far the checkpoint may stay behind while no fact concerns the process."""
_SESSION = "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
"""Rows and checkpoint are lost together, if ever, and folded again from the log. Every row is found by its key: a plan
that was made while the tables were small would read them whole ever after."""


class ProcessWorker:
    """One process, run by this server process whenever it owns it."""

    def __init__(
        self,
        process: AnyProcess,
        database: Database,
        reader: EventReader,
        feed: Feed,
        commands: CommandHandler,
        deciders: Iterable[AnyDecider],
        ports: Mapping[type, Port],
        patience: RetryPolicy,
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
        self._codec = ProcessCodec(process, deciders)
        self._reducer = ProcessReducer(process, self._codec)
        self._bell = asyncio.Event()
        self._cache: dict[UUID, ProcessInstance | None] = {}
        self._settled: list[StepResult] = []
        self._parked: set[UUID] = set()
        self._next: datetime | None = None
        """No deadline is sooner than this."""
        self._written = 0

    async def run(self) -> None:
        """Own, fold, react, carry out; after a failure again, from the checkpoint, until the feed closes."""
        pause = 0.05
        while not self._feed.closed:
            try:
                connection = await self._database.connect()
                try:
                    await connection.execute(_SESSION)
                    lease = Lease(connection, f"process {self.process.category}")
                    if await lease.acquire(lambda: self._feed.closed):
                        await self._work(connection)
                finally:
                    connection.terminate()
                pause = 0.05
            except Exception as error:
                # Whatever it is, this process stops at its checkpoint, says so in health, and tries again.
                if isinstance(error, LeaseLost) or is_connection_error(error):
                    log.warning(
                        "process %s: %s; trying again",
                        self.process.category,
                        str(error) or type(error).__name__,
                    )
                else:
                    self.problem = f"{type(error).__name__}: {error}".splitlines()[0]
                    log.exception("process %s stands at position %d", self.process.category, self.position)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _work(self, connection: asyncpg.Connection) -> None:
        records = ProcessStore(connection, self.process.category)
        self._cache.clear()
        self._settled.clear()
        self.position = self._written = await records.take_over(process_name())
        self._parked = set(await records.parked())
        self._next = await records.next_deadline()
        dispatcher = Dispatcher(
            self.process, self._codec, self._commands, self._ports, self._patience, self._on_step_result
        )
        dispatcher.add(await records.due())
        self.owns = True
        log.info("process %s: owned from position %d", self.process.category, self.position)
        try:
            while not self._feed.closed:
                await self._run_cycle(records, dispatcher)
                self.problem = None
                await self._rest(dispatcher)
        finally:
            self.owns = False
            await dispatcher.stop()

    async def _rest(self, dispatcher: Dispatcher) -> None:
        """Until there is a fact, a settled step, a deadline, or an operator may have spoken."""
        seconds = IDLE_INTERVAL_SECONDS
        if self._next is not None:
            seconds = min(seconds, max(0.0, (self._next - datetime.now(UTC)).total_seconds()))
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._bell.wait())]
        if dispatcher.in_flight < MAX_IN_FLIGHT:
            waits.append(asyncio.ensure_future(self._feed.wait_past(self.position)))
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._bell.clear()

    def _on_step_result(self, settled: StepResult) -> None:
        self._settled.append(settled)
        self._bell.set()

    async def _run_cycle(self, records: ProcessStore, dispatcher: Dispatcher) -> None:
        """One transaction: the next facts, what became of steps, and the deadlines that have passed."""
        batch = Batch()
        position = self.position
        if dispatcher.in_flight < MAX_IN_FLIGHT and self._feed.head > self.position:
            facts, position = await self._feed.read_after(self.position, most=BATCH_SIZE)
            await self._fold(records, batch, facts)
        # Of a step that has failed and come to something since the last turn, the last counts.
        settled, self._settled = list({result.step.id: result for result in self._settled}.values()), []
        now = datetime.now(UTC)
        looked = self._next is not None and self._next <= now
        passed = await records.overdue_deadlines(now, BATCH_SIZE) if looked else []
        for instance in await records.retry_requested() if self._parked else ():
            await self._replay_parked(records, batch, instance, position)
        if batch or settled or passed or position - self._written >= MAX_CHECKPOINT_LAG:
            asked = await self._write(records, batch, settled, passed, position)
            self._written = position
            self._remember(batch.instances)
            for instance in batch.withdrawn:
                dispatcher.withdraw(instance)
            dispatcher.add(asked)
        self.position = position
        if looked:
            self._next = await records.next_deadline()

    async def _write(
        self,
        records: ProcessStore,
        batch: Batch,
        settled: Sequence[StepResult],
        passed: Sequence[PendingDeadline],
        position: int,
    ) -> Sequence[ProcessStep]:
        """Everything, with the checkpoint; returns what is to be carried out now."""
        for each in passed:
            if (each.instance, each.name) not in batch.deadlines:
                batch.deadlines[each.instance, each.name] = None
                identity = uuid5(each.instance, f"{self.process.category} {each.name} {each.due_steps}")
                passing = DeadlinePassed(deadline=each.name, due=each.due_steps)
                batch.steps.append(
                    self._codec.note(passing, identity, each.instance, each.correlation_id, each.caused_by)
                )
        dues = [deadline.due_steps for deadline in batch.deadlines.values() if deadline is not None]
        self._next = min([*dues, *([] if self._next is None else [self._next])], default=None)
        if not (
            batch.withdrawn
            or batch.retried
            or batch.skipped
            or any(result.outcome == "stuck" for result in settled)
        ):
            batch.steps.extend(note for result in settled for note in self._reducer.facts_about(result))
            return await self._write_batch(records, batch, settled, position)
        # What changes steps that were asked for before is rare, and takes its time: one statement for each.
        async with records.transaction():
            heard = await records.save_results(settled) if settled else frozenset[UUID]()
            batch.steps.extend(
                note
                for result in settled
                if result.step.id in heard
                for note in self._reducer.facts_about(result)
            )
            for step in await records.withdraw(list(batch.withdrawn)) if batch.withdrawn else ():
                fact = batch.withdrawn[step.instance]
                batch.steps.append(
                    self._reducer.note(
                        StepWithdrawn(step=step.step), step.id, "withdrawn", fact, step.instance
                    )
                )
            resumed = await records.set_outcome(batch.retried, "due") if batch.retried else ()
            if batch.skipped:
                await records.set_outcome(batch.skipped, "skipped")
            return [*await self._write_batch(records, batch, (), position), *resumed]

    async def _write_batch(
        self, records: ProcessStore, batch: Batch, settled: Sequence[StepResult], position: int
    ) -> Sequence[ProcessStep]:
        asked = await records.write(
            self._written,
            position,
            settled=settled,
            instances=list(batch.instances.values()),
            steps=batch.steps,
            withdrawn=batch.dropped,
            deadlines=batch.deadlines,
        )
        if asked is None:
            raise LeaseLost("another process moved the checkpoint")
        return asked

    def _remember(self, instances: Mapping[UUID, ProcessInstance]) -> None:
        if len(self._cache) > MAX_CACHED_INSTANCES:
            self._cache.clear()
        self._cache.update(instances)
        for identity, instance in instances.items():
            (self._parked.add if instance.parked is not None else self._parked.discard)(identity)

    async def _fold(self, records: ProcessStore, batch: Batch, facts: Sequence[Fact]) -> None:
        concerned = [
            (identity, parts)
            for fact in facts
            for identity, parts in self._reducer.instances_of(fact).items()
        ]
        unknown = {identity for identity, _ in concerned if identity not in self._cache}
        if unknown:
            await self._load(records, batch, list(unknown))
        for identity, parts in concerned:
            self._apply(batch, identity, parts)

    def _apply(self, batch: Batch, identity: UUID, parts: Sequence[Fact]) -> None:
        self._reducer.apply(
            batch, batch.instances.get(identity) or self._cache.get(identity), identity, parts
        )

    async def _load(self, records: ProcessStore, batch: Batch, identities: Sequence[UUID]) -> None:
        self._cache.update(dict.fromkeys(identities))
        changed: dict[UUID, ProcessInstance] = {}
        for instance in await records.load(identities):
            try:
                state = None if instance.stored is None else self._codec.read_state(instance.stored)
                self._cache[instance.id] = replace(instance, state=state)
            except ValueError as error:
                log.warning(
                    "process %s: the state of %s is folded anew (%s)",
                    self.process.category,
                    instance.id,
                    error,
                )
                changed[instance.id] = instance
        if changed:
            # A state is a fold of facts, so it can be made again.
            anew = self._reducer.rebuild_states(batch, changed)
            async for fact in self._facts(anew.first, anew.last):
                anew.take(fact)
            self._cache.update(anew.done)

    async def _facts(self, first: int, last: int) -> AsyncIterator[Fact]:
        cursor = first - 1
        while cursor < last:
            facts = await self._reader.read_all(cursor, 1_000, up_to=last)
            if not facts:
                return
            for fact in facts:
                yield fact
            cursor = facts[-1].position

    async def _replay_parked(self, records: ProcessStore, batch: Batch, identity: UUID, up_to: int) -> None:
        """Fold the fact that parked an instance, and those that came after it."""
        if identity not in self._cache and identity not in batch.instances:
            await self._load(records, batch, [identity])
        instance = batch.instances.get(identity) or self._cache.get(identity)
        if instance is None or instance.parked is None:
            return
        first = instance.parked[0]
        batch.instances[identity] = replace(instance, parked=None)
        async for fact in self._facts(first, up_to):
            if (parts := self._reducer.instances_of(fact).get(identity)) is not None:
                self._apply(batch, identity, parts)


class ProcessEngine:
    """All processes, and where they stand in this server process."""

    def __init__(
        self,
        processes: Sequence[AnyProcess],
        database: Database,
        reader: EventReader,
        feed: Feed,
        commands: CommandHandler,
        deciders: Iterable[AnyDecider],
        ports: Mapping[type, Port],
        patience: RetryPolicy | None = None,
    ) -> None:
        deciders = tuple(deciders)
        for process in processes:
            for call in process.calls:
                if call not in ports:
                    raise ValueError(
                        f"{process.category} calls {call.__name__}, and no port is registered for it in app/ports"
                    )
        self.workers = {
            process.category: ProcessWorker(
                process, database, reader, feed, commands, deciders, ports, patience or RetryPolicy()
            )
            for process in processes
        }
        self._database = database

    async def create_missing_checkpoints(self) -> None:
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
