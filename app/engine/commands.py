"""Executes a command: load the aggregate, let it decide, append the events.

A cache of recent states saves the load. Commands of one stream follow each other without waiting. Each is decided on
the state that the one before it leaves. Every decision goes through the append, also a rejection and a decision without
events. There the store confirms the version that it was made on, and recognises a repeated command id.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from app.engine.access.policy import AccessDenied
from app.engine.command_outcomes import (
    CommandAccepted,
    CommandConflict,
    CommandContext,
    CommandOutcome,
    CommandPreview,
    CommandRejected,
    not_yours,
    outcome_as_missing,
    outcome_word,
)
from app.engine.database.connections import Database
from app.engine.logs import log_fields
from app.engine.sized_cache import SizedCache, memory_size
from app.engine.store.append import Appender, Committed, ignore_commit, open_appender
from app.engine.store.append_request import (
    CONFLICT,
    AppendChain,
    AppendRequest,
    AppendResult,
    CommandIdReused,
    VersionConflict,
)
from app.engine.store.codec import EventCodec
from app.engine.store.load import load_aggregate
from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import LoadedState, SnapshotReader
from app.engine.uuid7 import uuid7
from domain.kernel.decider import AnyDecider, Command, Decider, Event, Rejection, code_of, message_of

__all__ = [
    "CommandAccepted",
    "CommandConflict",
    "CommandContext",
    "CommandHandler",
    "CommandOutcome",
    "CommandPreview",
    "CommandRejected",
    "open_command_handler",
]

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
"""How often a command is decided again after another process was first, before its caller gets a conflict."""


class UnregisteredDecider(Exception):
    """No register has the decider, so nothing could read what it records."""

    def __init__(self, category: str) -> None:
        super().__init__(f"the decider {category} is not registered: add its line to domain/__init__.py")


@dataclass(slots=True)
class _CachedAggregate:
    """One aggregate in memory. The store has confirmed `confirmed`; the speculative state includes appends in flight."""

    confirmed: LoadedState[Any]
    speculative_state: Any = None
    speculative_version: int = 0
    measured_version: int = 0
    """The version at which the size of the state was measured last."""
    chain: AppendChain = field(default_factory=AppendChain)
    loaded: asyncio.Future[None] = field(init=False)


class CommandHandler:
    """Executes commands. The states of the aggregates used last stay in `cache_bytes` of memory."""

    def __init__(
        self,
        appender: Appender,
        reader: EventReader,
        snapshots: SnapshotReader | None = None,
        *,
        cache_bytes: int = 2**26,
    ) -> None:
        self.on_outcome: Callable[[str, float], None] = lambda outcome, seconds: None
        """Called with a word of `OUTCOMES` and the seconds of each command."""
        self._appender = appender
        self._reader = reader
        self._snapshots = snapshots
        self._aggregates: SizedCache[tuple[str, UUID], _CachedAggregate] = SizedCache(
            cache_bytes, lambda aggregate: memory_size(aggregate.confirmed.state)
        )

    async def execute[C: Command, S, E: Event](
        self, decider: Decider[C, S, E], stream_id: UUID, command: C, context: CommandContext
    ) -> CommandOutcome:
        """Decide and record. Raises what `Appender.append` raises; rejections and conflicts are returned."""
        began, word, code = perf_counter(), "cancelled", None
        try:
            outcome = await self._execute(decider, stream_id, command, context)
            word = outcome_word(outcome)
            code = outcome.code if isinstance(outcome, CommandRejected) else None
            return outcome
        except (AccessDenied, CommandIdReused) as error:
            word, code = "denied", error.code
            raise
        except Exception as error:
            word, code = "failed", type(error).__name__
            raise
        finally:
            seconds = perf_counter() - began
            self.on_outcome(word, seconds)
            if log.isEnabledFor(logging.INFO):
                fields = log_fields(
                    command=command.stored.name,
                    stream=f"{decider.category} {stream_id}",
                    outcome=code or word,
                    actor=context.actor,
                    ms=round(seconds * 1000, 1),
                    correlation=context.correlation_id,
                )
                log.info("command", extra=fields)

    async def _execute[C: Command, S, E: Event](
        self, decider: Decider[C, S, E], stream_id: UUID, command: C, context: CommandContext
    ) -> CommandOutcome:
        if decider.category not in self._appender.categories:
            raise UnregisteredDecider(decider.category)
        if context.dry_run:
            return await self._preview(decider, stream_id, command, context)
        command_id = context.command_id or uuid7()
        expected = context.expected_version
        missing = None
        actual, cause = 0, None
        for attempt in range(MAX_ATTEMPTS):
            aggregate = await self._aggregate(decider, stream_id)
            base = aggregate.speculative_version
            guard = context.guard
            events: Sequence[E] = ()
            rejection: Rejection | None = None
            state = aggregate.speculative_state
            missing, refusal, expected = None, None, context.expected_version
            if guard is not None and not guard.allows(state):
                # The store keeps this outcome, as it keeps that of an aggregate which does not exist. The version that the
                # caller expects is compared already.
                missing, expected = outcome_as_missing(decider, command, context), None
                refusal = missing.code if isinstance(missing, CommandRejected) else CONFLICT
            elif expected is None or expected == base:
                try:
                    events = decider.decide(command, aggregate.speculative_state)
                except Rejection as error:
                    decider.check_declared(error)
                    rejection, refusal = error, error.code
                state = decider.fold(events, aggregate.speculative_state, base)
                if guard is not None and events and not guard.allows_change(state):
                    confirmed = await self._load_confirmed(decider, stream_id)
                    if confirmed.version == base:
                        raise not_yours(command, context, guard.of_state(state))
                    # Another command may have made the caller its owner.
                    self._reload(decider, stream_id, aggregate, confirmed.version)
                    continue
            aggregate.speculative_state, aggregate.speculative_version = state, base + len(events)
            try:
                result = await self._appender.append(
                    AppendRequest(
                        command_id=command_id,
                        command=command.stored,
                        category=decider.category,
                        stream_id=stream_id,
                        # If the caller's version is not ours, only the store knows which one is current.
                        expected=base if expected is None else expected,
                        events=events,
                        correlation_id=context.correlation_id,
                        actor=context.actor,
                        caused_by=context.caused_by,
                        occurred_at=context.occurred_at,
                        persist_outcome=context.command_id is not None and expected in (None, base),
                        refusal=refusal,
                        digest=context.digest,
                        is_expected_by_caller=context.command_id is not None and expected is not None,
                        chain=aggregate.chain,
                    )
                )
            except BaseException:
                self._reload(decider, stream_id, aggregate)
                raise
            match result:
                case AppendResult(duplicate=True) if missing is not None and result.refusal != refusal:
                    # It is the outcome of a caller who may see the aggregate.
                    raise CommandIdReused(CommandIdReused.__doc__)
                case AppendResult(duplicate=True):
                    if events:
                        self._reload(decider, stream_id, aggregate)
                    return await self._first_outcome(decider, result)
                case AppendResult() if expected is not None and expected != base:
                    self._reload(decider, stream_id, aggregate, result.version)
                case AppendResult():
                    if result.version >= aggregate.confirmed.version:
                        aggregate.confirmed = LoadedState(state, result.version)
                        if result.version >= 2 * aggregate.measured_version:
                            self._measure((decider.category, stream_id), aggregate)
                    if self._snapshots is not None and events:
                        self._snapshots.on_append(decider, stream_id, base, result.version)
                    if missing is not None:
                        return missing
                    if rejection is not None:
                        return CommandRejected(code=rejection.code, message=rejection.message)
                    facts = result.facts or await self._read_recorded(result)
                    return CommandAccepted(position=result.last, version=result.version, facts=facts)
                case VersionConflict(duplicate=True) if missing is not None:
                    return missing
                case VersionConflict(actual=actual, cause=cause):
                    self._reload(decider, stream_id, aggregate, actual)
                    if expected is not None and expected != actual:
                        return CommandConflict(expected=expected, actual=actual)
                    if attempt > 1:
                        await asyncio.sleep(0)
        if missing is not None:
            return missing
        if cause is not None:
            # No other command came first: those that this one followed could not be recorded.
            raise cause
        return CommandConflict(expected=expected, actual=actual)

    def forget(self) -> None:
        """Load every aggregate again before the next decision: the log was replaced."""
        for aggregate in self._aggregates.values():
            aggregate.chain.failed = True
        self._aggregates.clear()

    async def current_state[C: Command, S, E: Event](self, decider: Decider[C, S, E], stream_id: UUID) -> S:
        """The state of the aggregate in the store at this moment."""
        loaded = await self._load_confirmed(decider, stream_id)
        return loaded.state

    async def _preview(
        self, decider: AnyDecider, stream_id: UUID, command: Command, context: CommandContext
    ) -> CommandOutcome:
        loaded = await self._load_confirmed(decider, stream_id)
        state, version = loaded.state, loaded.version
        if context.guard is not None and not context.guard.allows(state):
            return outcome_as_missing(decider, command, context)
        if context.expected_version not in (None, version):
            return CommandConflict(expected=context.expected_version, actual=version)
        try:
            events = decider.decide(command, state)
        except Rejection as rejection:
            decider.check_declared(rejection)
            return CommandRejected(code=rejection.code, message=rejection.message)
        after = decider.fold(events, state, version)
        if context.guard is not None and events and not context.guard.allows_change(after):
            raise not_yours(command, context, context.guard.of_state(after))
        append = AppendRequest(
            command_id=context.command_id or uuid7(),
            command=command.stored,
            category=decider.category,
            stream_id=stream_id,
            expected=version,
            events=events,
            correlation_id=context.correlation_id,
            actor=context.actor,
            caused_by=context.caused_by,
            occurred_at=context.occurred_at,
        )
        return CommandPreview(facts=append.facts(await self._reader.head_position() + 1, datetime.now(UTC)))

    async def _first_outcome(self, decider: AnyDecider, result: AppendResult) -> CommandOutcome:
        if result.refusal is not None:
            messages = {code_of(rule): message_of(rule) for rule in decider.rejections}
            message = messages.get(result.refusal, result.refusal)
            return CommandRejected(code=result.refusal, message=message, duplicate=True)
        return CommandAccepted(
            position=result.last,
            version=result.version,
            facts=await self._read_recorded(result),
            duplicate=True,
        )

    async def _read_recorded(self, result: AppendResult) -> Sequence[Fact]:
        if result.last < result.first:
            return ()
        return await self._reader.read_all(
            result.first - 1, result.last - result.first + 1, up_to=result.last
        )

    async def _aggregate(self, decider: AnyDecider, stream_id: UUID) -> _CachedAggregate:
        aggregate = self._aggregates.get((decider.category, stream_id))
        if aggregate is None:
            aggregate = self._load(decider, stream_id, LoadedState(decider.initial, 0))
        if not aggregate.loaded.done():
            # Shielded: the load serves all who wait for it, also if one of them is cancelled.
            await asyncio.shield(aggregate.loaded)
        return aggregate

    def _load(self, decider: AnyDecider, stream_id: UUID, base: LoadedState[Any]) -> _CachedAggregate:
        """A new entry, loaded from the store once for all who wait for it. If that fails, it fails for each of them, and
        the entry is deleted."""
        aggregate = _CachedAggregate(confirmed=base)
        key = (decider.category, stream_id)

        async def load() -> None:
            try:
                aggregate.confirmed = await load_aggregate(
                    self._reader, decider, stream_id, base=base, snapshots=self._snapshots
                )
                aggregate.speculative_state = aggregate.confirmed.state
                aggregate.speculative_version = aggregate.confirmed.version
                self._measure(key, aggregate)
            except BaseException:
                if self._aggregates.get(key) is aggregate:
                    del self._aggregates[key]
                raise

        aggregate.loaded = asyncio.ensure_future(load())
        aggregate.loaded.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        self._aggregates[key] = aggregate
        return aggregate

    def _measure(self, key: tuple[str, UUID], aggregate: _CachedAggregate) -> None:
        """Count what the state takes now. That costs as much as some events: it is done when they have doubled."""
        if self._aggregates.get(key) is aggregate:
            aggregate.measured_version = aggregate.confirmed.version
            self._aggregates[key] = aggregate

    async def _load_confirmed(self, decider: AnyDecider, stream_id: UUID) -> LoadedState[Any]:
        aggregate = self._aggregates.get((decider.category, stream_id))
        return await load_aggregate(
            self._reader,
            decider,
            stream_id,
            base=None if aggregate is None else aggregate.confirmed,
            snapshots=self._snapshots,
        )

    def _reload(
        self, decider: AnyDecider, stream_id: UUID, aggregate: _CachedAggregate, actual: int | None = None
    ) -> None:
        """The speculative state was not recorded. The next command loads the rest of the stream on the confirmed state.

        A stream that is at a lower version `actual` than the confirmed state is loaded from its start.
        """
        if self._aggregates.get((decider.category, stream_id)) is aggregate:
            is_gone = actual is not None and actual < aggregate.confirmed.version
            base = LoadedState(decider.initial, 0) if is_gone else aggregate.confirmed
            self._load(decider, stream_id, base)


@asynccontextmanager
async def open_command_handler(
    database: Database, codec: EventCodec, committed: Committed = ignore_commit
) -> AsyncGenerator[CommandHandler]:
    """A command handler without a server. At the end of the block it answers the commands that wait."""
    async with open_appender(database.connect, codec, committed) as appender:
        yield CommandHandler(appender, EventReader(database.pool, codec))
