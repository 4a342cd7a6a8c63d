"""Runs the processes: reads facts from the feed, folds them, reacts, and executes what the reactions ask for.

Each process has one owner among all server processes. One transaction writes state, steps, deadlines and checkpoint, so
each fact has its effect exactly once. The steps are executed after that, at least once, under ids that are derived from
process, fact and place.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from cachetools import LRUCache

from app.engine.backoff import Backoff
from app.engine.commands import CommandHandler
from app.engine.database.connections import Database
from app.engine.database.errors import is_connection_error
from app.engine.database.leases import Lease, LeaseLost, process_name
from app.engine.processes.codec import ProcessCodec
from app.engine.processes.dispatcher import Dispatcher, RetryPolicy
from app.engine.processes.reducer import Batch, ProcessReducer
from app.engine.processes.state_rebuild import StateRebuild
from app.engine.processes.storage import BatchRows, ProcessInstance, ProcessStore, StepResult
from app.engine.store.feed import Feed
from app.engine.store.reader import EventReader, Fact
from domain.kernel.decider import AnyDecider
from domain.kernel.process import AnyProcess, Port

log = logging.getLogger(__name__)

BATCH_SIZE = 500
MAX_IN_FLIGHT = 2_000
"""Above this the worker reads no new facts until some of its steps are done."""
MAX_CACHED_INSTANCES = 10_000
IDLE_INTERVAL_SECONDS = 1.0
"""The longest sleep of a worker. Then it looks whether an operator wants to retry a parked instance."""
MAX_CHECKPOINT_LAG = 1_000
"""How far the stored checkpoint may lag while no fact concerns the process."""
READ_PAGE_SIZE = 1_000
_SESSION = "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
"""A crash can lose rows and checkpoint only together, and they are folded again from the log. Every row is found by its
key: a plan made while the tables are small would scan them forever."""

type _Instances = dict[UUID, ProcessInstance | None]
"""By id; None for an instance that does not exist yet."""


class ProcessWorker:
    """One process. It runs on this server process while this server process holds its lease."""

    def __init__(
        self,
        process: AnyProcess,
        database: Database,
        reader: EventReader,
        feed: Feed,
        commands: CommandHandler,
        deciders: Iterable[AnyDecider],
        ports: Mapping[type, Port],
        retry_policy: RetryPolicy,
    ) -> None:
        self.process = process
        self.position = 0
        self.owns = False
        self.error: str | None = None
        self._database = database
        self._reader = reader
        self._feed = feed
        self._commands = commands
        self._ports = ports
        self._retry_policy = retry_policy
        self._codec = ProcessCodec(process, deciders)
        self._reducer = ProcessReducer(process, self._codec)
        self._wakeup = asyncio.Event()
        self._cache: LRUCache[UUID, ProcessInstance | None] = LRUCache(MAX_CACHED_INSTANCES)
        self._results: list[StepResult] = []
        self._parked: set[UUID] = set()
        self._next_deadline: datetime | None = None
        """No deadline is sooner than this."""
        self._checkpoint = 0
        self._backoff = Backoff(0.05, 5.0)

    async def run(self) -> None:
        """Acquire the lease and work, until the feed closes. After a failure start again from the checkpoint."""
        while not self._feed.closed:
            try:
                connection = await self._database.connect()
                try:
                    await connection.execute(_SESSION)
                    lease = Lease(connection, f"process {self.process.category}")
                    if not await lease.try_acquire():
                        # Another server owns the process, so what stopped this one stops nothing now.
                        self.error = None
                        if not await lease.acquire(lambda: self._feed.closed):
                            continue
                    await self._work(connection)
                finally:
                    connection.terminate()
            except Exception as error:
                # No error ends a worker: the process stops at its checkpoint, reports the error in health, and retries.
                if isinstance(error, LeaseLost) or is_connection_error(error):
                    log.warning(
                        "process %s: %s; retrying",
                        self.process.category,
                        str(error) or type(error).__name__,
                    )
                else:
                    self.error = f"{type(error).__name__}: {error}".splitlines()[0]
                    log.exception(
                        "process %s is stopped at position %d", self.process.category, self.position
                    )
                await self._backoff.sleep()

    async def _work(self, connection: asyncpg.Connection) -> None:
        store = ProcessStore(connection, self.process.category)
        self._cache.clear()
        self._results.clear()
        self.position = self._checkpoint = await store.take_over(process_name())
        self._parked = set(await store.parked())
        self._next_deadline = await store.next_deadline()
        dispatcher = Dispatcher(
            self.process, self._codec, self._commands, self._ports, self._retry_policy, self._on_step_result
        )
        dispatcher.add(await store.due_steps())
        self.owns = True
        log.info("process %s: owned from position %d", self.process.category, self.position)
        try:
            while not self._feed.closed:
                await self._run_cycle(store, dispatcher)
                self.error = None
                self._backoff.reset()
                await self._wait_for_work(dispatcher)
        finally:
            self.owns = False
            await dispatcher.stop()

    async def _wait_for_work(self, dispatcher: Dispatcher) -> None:
        """Wait for a fact, a step result, a deadline, or the time to look for requests of operators."""
        seconds = IDLE_INTERVAL_SECONDS
        if self._next_deadline is not None:
            seconds = min(seconds, max(0.0, (self._next_deadline - datetime.now(UTC)).total_seconds()))
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._wakeup.wait())]
        if dispatcher.in_flight < MAX_IN_FLIGHT:
            waits.append(asyncio.ensure_future(self._feed.wait_past(self.position)))
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._wakeup.clear()

    def _on_step_result(self, result: StepResult) -> None:
        self._results.append(result)
        self._wakeup.set()

    async def _run_cycle(self, store: ProcessStore, dispatcher: Dispatcher) -> None:
        """Fold the next facts and write, in one transaction, what follows from them, from step results and from deadlines."""
        batch = Batch()
        position = self.position
        if dispatcher.in_flight < MAX_IN_FLIGHT and self._feed.head > self.position:
            facts, position = await self._feed.read_after(self.position, limit=BATCH_SIZE)
            await self._fold(store, batch, facts)
        for identity in await store.retry_requested() if self._parked else ():
            await self._replay_parked(store, batch, identity, position)
        # A step may have several results since the last cycle, one an attempt. The last one counts.
        results, self._results = list({result.step.id: result for result in self._results}.values()), []
        now = datetime.now(UTC)
        deadline_passed = self._next_deadline is not None and self._next_deadline <= now
        overdue = await store.overdue_deadlines(now, BATCH_SIZE) if deadline_passed else []
        if batch or results or overdue or position - self._checkpoint >= MAX_CHECKPOINT_LAG:
            instances = batch.instances_with_changed_steps(results)
            open_steps = await store.open_steps(instances) if instances else ()
            rows = self._reducer.close(batch, results, overdue, open_steps)
            steps = await store.write(self._checkpoint, position, rows)
            if steps is None:
                raise LeaseLost("another process moved the checkpoint")
            self._checkpoint = position
            self._remember(rows)
            for identity in batch.withdrawn:
                dispatcher.withdraw(identity)
            dispatcher.add(steps)
        self.position = position
        if deadline_passed:
            self._next_deadline = await store.next_deadline()

    def _remember(self, rows: BatchRows) -> None:
        for instance in rows.instances:
            self._cache[instance.id] = instance
            (self._parked.add if instance.parked is not None else self._parked.discard)(instance.id)
        times = [deadline.due_at for deadline in rows.deadlines.values() if deadline is not None]
        if self._next_deadline is not None:
            times.append(self._next_deadline)
        self._next_deadline = min(times, default=None)

    async def _fold(self, store: ProcessStore, batch: Batch, facts: Sequence[Fact]) -> None:
        concerned = [
            (identity, parts)
            for fact in facts
            for identity, parts in self._reducer.instances_of(fact).items()
        ]
        known = await self._instances(store, batch, {identity for identity, _ in concerned})
        for identity, parts in concerned:
            self._reducer.apply(batch, batch.instances.get(identity) or known[identity], identity, parts)

    async def _instances(self, store: ProcessStore, batch: Batch, identities: Collection[UUID]) -> _Instances:
        """These instances, from the cache or the database. The result does not depend on what the cache evicts next."""
        known = {identity: self._cache.get(identity) for identity in identities if identity in self._cache}
        if unknown := [identity for identity in identities if identity not in known]:
            loaded = await self._load(store, batch, unknown)
            self._cache.update(loaded)
            known |= loaded
        return known

    async def _load(self, store: ProcessStore, batch: Batch, identities: Sequence[UUID]) -> _Instances:
        instances: _Instances = dict.fromkeys(identities)
        changed: dict[UUID, ProcessInstance] = {}
        for instance in await store.load(identities):
            try:
                state = None if instance.stored is None else self._codec.read_state(instance.stored)
                instances[instance.id] = replace(instance, state=state)
            except ValueError as error:
                log.warning(
                    "process %s: folding the state of %s again (%s)",
                    self.process.category,
                    instance.id,
                    error,
                )
                changed[instance.id] = instance
        if changed:
            rebuild = StateRebuild(self.process, self._reducer, batch, changed)
            async for fact in self._facts(rebuild.first, rebuild.last):
                rebuild.take(fact)
            instances.update(rebuild.rebuilt)
        return instances

    async def _facts(self, first: int, last: int) -> AsyncIterator[Fact]:
        cursor = first - 1
        while cursor < last:
            facts = await self._reader.read_all(cursor, READ_PAGE_SIZE, up_to=last)
            if not facts:
                return
            for fact in facts:
                yield fact
            cursor = facts[-1].position

    async def _replay_parked(self, store: ProcessStore, batch: Batch, identity: UUID, up_to: int) -> None:
        """Fold the fact that parked an instance, and those that came after it."""
        known = await self._instances(store, batch, [identity])
        instance = batch.instances.get(identity) or known[identity]
        if instance is None or instance.parked is None:
            return
        first = instance.parked[0]
        batch.instances[identity] = replace(instance, parked=None)
        async for fact in self._facts(first, up_to):
            if (parts := self._reducer.instances_of(fact).get(identity)) is not None:
                self._reducer.apply(batch, batch.instances[identity], identity, parts)


class ProcessEngine:
    """The workers of all processes in this server process."""

    def __init__(
        self,
        processes: Sequence[AnyProcess],
        database: Database,
        reader: EventReader,
        feed: Feed,
        commands: CommandHandler,
        deciders: Iterable[AnyDecider],
        ports: Mapping[type, Port],
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        deciders = tuple(deciders)
        for process in processes:
            for call in process.calls:
                if call not in ports:
                    raise ValueError(
                        f"{process.category} calls {call.__name__}: register a port for it in app/ports"
                    )
        self.workers = {
            process.category: ProcessWorker(
                process, database, reader, feed, commands, deciders, ports, retry_policy or RetryPolicy()
            )
            for process in processes
        }
        self._database = database

    async def create_missing_checkpoints(self) -> None:
        """A process that is new to this database starts at the end of the log."""
        await self._database.pool.execute(
            "INSERT INTO es.process_checkpoints (process, position)"
            " SELECT name, coalesce((SELECT max(position) FROM es.events), 0) FROM unnest($1::text[]) name ON CONFLICT DO NOTHING",
            list(self.workers),
        )

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for worker in self.workers.values():
                group.create_task(worker.run())
