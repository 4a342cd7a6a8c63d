"""Runs one process: reads facts from the feed, folds them, reacts, and executes what the reactions ask for.

One server process owns a process. One transaction writes state, steps, deadlines and checkpoint, so each fact has its effect
exactly once. The steps are executed after that, at least once, under ids derived from process, fact and place.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg

from app.engine.backoff import Backoff
from app.engine.commands import CommandHandler
from app.engine.database.connections import Database
from app.engine.database.errors import error_summary, first_line, is_connection_error
from app.engine.database.leases import Lease, LeaseLost, process_name
from app.engine.database.sessions import PLANNER_SETTINGS
from app.engine.processes.attempts import RetryPolicy
from app.engine.processes.codec import ProcessCodec
from app.engine.processes.deadline_clock import MIN_INTERVAL_SECONDS, DeadlineClock
from app.engine.processes.dispatcher import Dispatcher
from app.engine.processes.newer_code import NewerCodeNeeded, NewerEvents, newer_code_message
from app.engine.processes.records import BatchRows, PendingDeadline, ProcessInstance, StepResult
from app.engine.processes.recovery import ForeignLog, recover
from app.engine.processes.reducer import Batch, InstanceUnknown, ProcessReducer
from app.engine.processes.state_rebuild import StateRebuild
from app.engine.processes.storage import LEASE_PREFIX, ProcessStore, describe_command, seconds_to_deadline
from app.engine.sized_cache import SizedCache
from app.engine.store.feed import Feed, LogReplaced
from app.engine.store.log_identity import Fact
from app.engine.store.reader import EventReader
from domain.kernel.decider import AnyDecider
from domain.kernel.process import AnyProcess, Port, Started

log = logging.getLogger(__name__)

BATCH_SIZE = 500
MAX_INSTANCES_BYTES = 2**25
"""Memory for the instances used last."""
IDLE_INTERVAL_SECONDS = 1.0
"""The longest sleep of a worker. Then it looks whether an operator wants to retry a parked instance."""
CHECKPOINT_DELAY_SECONDS = 1.0
"""How long the stored checkpoint may stay behind while no fact concerns the process: operators see its lag."""
READ_PAGE_SIZE = 1_000
MAX_REPLAYS = 5_000
"""How many parked instances one pass over the log folds again."""
YIELD_SECONDS = 3.0
"""How long a worker waits before it acquires a lease again that it gave to newer code. It is longer than others need."""
FINISH_SECONDS = 5.0
"""How long a worker waits for its steps in flight before it gives the lease to newer code."""
_SESSION_SETTINGS = f"{PLANNER_SETTINGS}; SET synchronous_commit = off"
"""A crash can lose rows and checkpoint only together, and they are folded again from the log."""

type _Instances = dict[UUID, ProcessInstance | None]
"""By id; None for an instance that does not exist yet."""


def _instance_size(instance: ProcessInstance | None) -> int:
    """About the bytes of an instance: its state takes some times what its text takes."""
    return 0 if instance is None else 5 * len(instance.stored or "")


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
        """Why the process does not continue, or what it repairs, as one line."""
        self._database = database
        self._reader = reader
        self._feed = feed
        self._commands = commands
        self._ports = ports
        self.retry_policy = retry_policy
        deciders = tuple(deciders)
        self._codec = ProcessCodec(process, deciders)
        self._reducer = ProcessReducer(process, self._codec)
        self._newer = NewerEvents(deciders)
        self._wakeup = asyncio.Event()
        self._cache: SizedCache[UUID, ProcessInstance | None] = SizedCache(
            MAX_INSTANCES_BYTES, _instance_size
        )
        self._results: list[StepResult] = []
        self._parked: set[UUID] = set()
        self._clock = DeadlineClock(process.category)
        self._checkpoint = 0
        self._checkpoint_pending_since: float | None = None
        """The time of the loop since which the stored checkpoint is behind, because facts did not concern the process."""
        self._epoch = 0
        """The epoch of the feed in which this worker took over."""
        self._recovered: str | None = None
        """What `recover` has repaired, until the instances are folded again."""
        self._newer_event: str | None = None
        """The event of newer code at which the process stops."""
        self._backoff = Backoff(0.05, 5.0)

    async def run(self) -> None:
        """Acquire the lease and work, until the feed closes. After a failure start again from the checkpoint."""
        while not self._feed.closed:
            try:
                connection = await self._database.connect()
                try:
                    await connection.execute(_SESSION_SETTINGS)
                    lease = Lease(connection, LEASE_PREFIX + self.process.category)
                    if not await lease.try_acquire():
                        # Another server owns the process, so what stopped this one stops nothing now.
                        self.error = None
                        if not await lease.acquire(lambda: self._feed.closed):
                            continue
                    with self._database.count_loss(connection):
                        await self._work(connection)
                finally:
                    connection.terminate()
            except Exception as error:
                # No error ends a worker: the process stops at its checkpoint, reports the error in health, and retries.
                self._report(error)
                if isinstance(error, NewerCodeNeeded):
                    await asyncio.sleep(YIELD_SECONDS)
                else:
                    await self._backoff.sleep()

    def _report(self, error: Exception) -> None:
        match error:
            case NewerCodeNeeded() | ForeignLog():
                log.error("process %s: %s", self.process.category, error)
                self.error = str(error)
            case _ if isinstance(error, LeaseLost | LogReplaced) or is_connection_error(error):
                log.warning("process %s: %s; retrying", self.process.category, first_line(error))
            case _:
                self.error = f"{type(error).__name__}: {first_line(error)}"
                log.exception("process %s is stopped at position %d", self.process.category, self.position)

    async def _work(self, connection: asyncpg.Connection) -> None:
        category = self.process.category
        store = ProcessStore(connection, category)
        self._cache.clear()
        self._results.clear()
        self._epoch = self._feed.epoch
        if not await self._feed.check_log(connection):
            # The feed may hold facts that are not in the log of this connection. A call for them could not be taken
            # back.
            raise LogReplaced(self._feed.replacement)
        self._newer.forget()
        self._newer_event = None
        started = self.process.stream_decider.classes[Started].stored.name
        self._recovered = await recover(connection, category, started)
        self.position = self._checkpoint = (await store.take_over(process_name())).position
        self._checkpoint_pending_since = None
        self._parked = set(await store.parked())
        self._clock.expect_deadline(0)
        dispatcher = Dispatcher(
            self.process,
            self._codec,
            self._commands,
            self._ports,
            self.retry_policy,
            self._on_step_result,
            lambda instance: seconds_to_deadline(self._database.pool, category, instance),
            lambda command_id: describe_command(self._database.pool, command_id),
        )
        dispatcher.add(await store.due_steps())
        self.owns = True
        log.info("process %s: owned from position %d", category, self.position)
        give_up_at: float | None = None
        try:
            while not self._feed.closed:
                await self._run_cycle(store, dispatcher)
                self._backoff.reset()
                self.error = self._newer_event or self._recovered
                if self._newer_event is not None:
                    now = asyncio.get_running_loop().time()
                    give_up_at = give_up_at or now + FINISH_SECONDS
                    if dispatcher.is_idle or now >= give_up_at:
                        raise NewerCodeNeeded(self._newer_event)
                await self._wait_for_work(dispatcher)
        finally:
            self.owns = False
            await dispatcher.stop()

    async def _wait_for_work(self, dispatcher: Dispatcher) -> None:
        """Wait for a fact, a step result, a deadline, or the time to look for requests of operators."""
        seconds = IDLE_INTERVAL_SECONDS
        if (until_check := self._clock.seconds_to_check) is not None:
            seconds = min(seconds, until_check)
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._wakeup.wait())]
        if dispatcher.has_room and self._newer_event is None:
            waits.append(asyncio.ensure_future(self._feed.wait_past(self.position, epoch=self._epoch)))
        try:
            done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for wait in done:
                wait.result()
        finally:
            for wait in waits:
                wait.cancel()
        self._wakeup.clear()

    def _on_step_result(self, result: StepResult) -> None:
        self._results.append(result)
        self._wakeup.set()

    async def _run_cycle(self, store: ProcessStore, dispatcher: Dispatcher) -> None:
        """Fold the next facts and write, in one transaction, what follows from them, from step results and from deadlines."""
        if self._feed.epoch != self._epoch:
            raise LogReplaced(self._feed.replacement)
        batch = Batch()
        position = self.position
        if dispatcher.has_room and self._newer_event is None and self._feed.head > self.position:
            facts, position = await self._feed.read_after(self.position, limit=BATCH_SIZE)
            if (newer := await self._newer.first(store, facts)) is not None:
                self._newer_event = newer_code_message(self.process.category, newer)
                facts, position = (
                    [fact for fact in facts if fact.position < newer.position],
                    newer.position - 1,
                )
            await self._fold(store, batch, facts)
        if self._parked:
            await self._replay_parked(store, batch, position)
        else:
            self._recovered = None
        # A step may have several results since the last cycle, one an attempt. The last one counts.
        results, self._results = list({result.step.id: result for result in self._results}.values()), []
        overdue = await self._overdue_deadlines(store, position)
        if batch or results or overdue or self._is_checkpoint_due(position):
            instances = batch.instances_with_changed_steps(results)
            open_steps = await store.open_steps(instances) if instances else ()
            rows = self._reducer.close(batch, results, overdue, open_steps)
            steps = await store.write(self._checkpoint, position, rows)
            if steps is None:
                raise LeaseLost("another process moved the checkpoint")
            self._checkpoint, self._checkpoint_pending_since = position, None
            self._remember(rows)
            dispatcher.withdraw(rows.withdrawn)
            dispatcher.add(steps)
        self.position = position

    def _is_checkpoint_due(self, position: int) -> bool:
        """Whether the stored checkpoint has been behind long enough."""
        if position == self._checkpoint:
            return False
        now = asyncio.get_running_loop().time()
        if self._checkpoint_pending_since is None:
            self._checkpoint_pending_since = now
        return now - self._checkpoint_pending_since >= CHECKPOINT_DELAY_SECONDS

    async def _overdue_deadlines(self, store: ProcessStore, position: int) -> Sequence[PendingDeadline]:
        if not self._clock.is_check_due:
            return ()
        asked_at = asyncio.get_running_loop().time()
        if not self._clock.observe(asked_at, *await store.read_clock()):
            return ()
        overdue = await store.overdue_deadlines(position, BATCH_SIZE)
        # There may be more. Those that wait for an event which is not folded yet are looked at again after a moment.
        self._clock.expect_deadline(0 if overdue else MIN_INTERVAL_SECONDS)
        return overdue

    def _remember(self, rows: BatchRows) -> None:
        for instance in rows.instances:
            self._cache[instance.id] = instance
            if instance.parked is not None:
                self._parked.add(instance.id)
            elif instance.id in self._parked:
                self._parked.discard(instance.id)
                # The clock has left out its deadlines.
                self._clock.expect_deadline(0)
        if any(deadline is not None for deadline in rows.deadlines.values()):
            self._clock.expect_deadline()

    async def _fold(self, store: ProcessStore, batch: Batch, facts: Sequence[Fact]) -> None:
        concerned: list[tuple[UUID, Sequence[Fact]]] = []
        for fact in facts:
            try:
                concerned.extend(self._reducer.instances_of(fact).items())
            except InstanceUnknown as error:
                batch.skipped.append(fact.position)
                log.error(
                    "process %s skips the event at position %d: %s",
                    self.process.category,
                    fact.position,
                    error.__cause__ and error_summary(error.__cause__),
                )
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
            except Exception as error:
                # The classes of a state are business code. Their error concerns this instance only.
                log.warning(
                    "process %s: folding the state of %s again (%s)",
                    self.process.category,
                    instance.id,
                    error_summary(error),
                )
                changed[instance.id] = instance
        if changed:
            rebuild = StateRebuild(self.process, self._reducer, batch, changed)
            async for fact in self._facts(store, rebuild.first, rebuild.last):
                rebuild.take(fact)
            instances.update(rebuild.rebuilt)
        return instances

    async def _facts(self, store: ProcessStore, first: int, last: int) -> AsyncIterator[Fact]:
        """The facts from `first` to `last`. Raises `NewerCodeNeeded` at one of newer code: a fold without it would be wrong."""
        cursor = first - 1
        while cursor < last:
            facts = await self._reader.read_all(cursor, READ_PAGE_SIZE, up_to=last)
            if not facts:
                return
            await self._newer.check(store, self.process.category, facts)
            for fact in facts:
                yield fact
            cursor = facts[-1].position

    async def _replay_parked(self, store: ProcessStore, batch: Batch, up_to: int) -> None:
        """Fold the facts that parked the instances of which a retry is requested, and those that came after them."""
        requested = await store.retry_requested(MAX_REPLAYS)
        if len(requested) == MAX_REPLAYS:
            self._wakeup.set()
        if not requested:
            self._recovered = None
            return
        known = await self._instances(store, batch, requested)
        starts: dict[UUID, int] = {}
        for identity in requested:
            instance = batch.instances.get(identity) or known[identity]
            if instance is not None and instance.parked is not None:
                starts[identity] = first = instance.parked[0]
                unparked = replace(instance, parked=None, position=min(instance.position, first - 1))
                batch.instances[identity] = unparked
        if not starts:
            return
        async for fact in self._facts(store, min(starts.values()), up_to):
            try:
                concerned = self._reducer.instances_of(fact)
            except InstanceUnknown:
                # It was counted when it was new.
                continue
            for identity, parts in concerned.items():
                if starts.get(identity, up_to + 1) <= fact.position:
                    self._reducer.apply(batch, batch.instances[identity], identity, parts)
