"""Execute a command: load the aggregate, let it decide, append what it decided.

A cache of recent states saves the load. Commands of one stream follow each other without waiting: each is decided on
the state that the one before it leaves. Every decision goes through the append, also one that recorded nothing or was
refused: there the store confirms the version it was taken on, and knows a command id that it has seen.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from app.engine.logs import log_fields
from app.engine.store.append import Appender, AppendRequest, AppendResult, VersionConflict
from app.engine.store.load import load_aggregate
from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import LoadedState, SnapshotReader
from app.engine.uuid7 import uuid7
from domain.kernel.decider import AnyDecider, Command, Decider, Event, Rejection, code_of, message_of

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
"""How often a command is decided anew after another process was first, before its caller is told of a conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Who asks, why, and how: what goes with a command from the edge to the log.

    `command_id` makes it safe to repeat; left out, one is made that nobody can repeat. `expected_version` refuses it
    on any other version of the stream. `dry_run` decides and records nothing.
    """

    actor: str
    correlation_id: UUID
    command_id: UUID | None = None
    caused_by: int | None = None
    expected_version: int | None = None
    occurred_at: datetime | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAccepted:
    """Recorded, or nothing to record. `position` is where the log stood then, `version` where the stream stands."""

    position: int
    version: int
    facts: Sequence[Fact]
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRejected:
    """A rule of the domain forbids it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandConflict:
    """Another command came first."""

    expected: int | None
    actual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandPreview:
    """What a dry run would have recorded; positions are those it would have had."""

    facts: Sequence[Fact]


type CommandOutcome = CommandAccepted | CommandRejected | CommandConflict | CommandPreview


@dataclass(slots=True)
class _CachedAggregate:
    """One aggregate in memory: `known` is what the store has confirmed, `state` runs ahead by what is in flight."""

    confirmed: LoadedState[Any]
    state: Any = None
    version: int = 0
    loaded: asyncio.Future[None] = field(init=False)


class CommandHandler:
    """Executes commands. `cached` is how many aggregates stay in memory."""

    def __init__(
        self,
        appender: Appender,
        reader: EventReader,
        snapshots: SnapshotReader | None = None,
        *,
        cached: int = 10_000,
        on_outcome: Callable[[CommandOutcome | None, float], None] | None = None,
    ) -> None:
        self._appender = appender
        self._reader = reader
        self._snapshots = snapshots
        self._cached = cached
        self._on_outcome = on_outcome
        self._streams: OrderedDict[tuple[str, UUID], _CachedAggregate] = OrderedDict()

    async def execute[C: Command, S, E: Event](
        self, decider: Decider[C, S, E], stream_id: UUID, command: C, request: CommandContext
    ) -> CommandOutcome:
        """Decide and record. Raises what `Appender.append` raises; refusals and conflicts are answers, not errors."""
        began, answer, outcome = perf_counter(), None, "cancelled"
        try:
            answer = await self._execute(decider, stream_id, command, request)
            outcome = _outcome(answer)
            return answer
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            seconds = perf_counter() - began
            if self._on_outcome is not None:
                self._on_outcome(answer, seconds)
            if log.isEnabledFor(logging.INFO):
                fields = log_fields(
                    command=type(command).__name__,
                    stream=f"{decider.category} {stream_id}",
                    outcome=outcome,
                    ms=round(seconds * 1000, 1),
                    correlation=request.correlation_id,
                )
                log.info("command", extra=fields)

    async def _execute[C: Command, S, E: Event](
        self, decider: Decider[C, S, E], stream_id: UUID, command: C, request: CommandContext
    ) -> CommandOutcome:
        if request.dry_run:
            return await self._preview(decider, stream_id, command, request)
        command_id = request.command_id or uuid7()
        wanted = request.expected_version
        actual = 0
        for attempt in range(MAX_ATTEMPTS):
            stream = await self._stream(decider, stream_id)
            base = stream.version
            events: Sequence[E] = ()
            refusal: Rejection | None = None
            state = stream.state
            if wanted is None or wanted == base:
                try:
                    events = decider.decide(command, stream.state)
                except Rejection as rule:
                    refusal = rule
                state = decider.fold(events, stream.state, base)
            stream.state, stream.version = state, base + len(events)
            try:
                answer = await self._appender.append(
                    AppendRequest(
                        command_id=command_id,
                        command=command.stored,
                        category=decider.category,
                        stream_id=stream_id,
                        # Where the caller's version is not ours, only the store can say who is behind.
                        expected=base if wanted is None else wanted,
                        events=events,
                        correlation_id=request.correlation_id,
                        actor=request.actor,
                        caused_by=request.caused_by,
                        occurred_at=request.occurred_at,
                        persist_outcome=request.command_id is not None and (wanted is None or wanted == base),
                        refusal=None if refusal is None else refusal.code,
                    )
                )
            except BaseException:
                self._reload(decider, stream_id, stream)
                raise
            match answer:
                case AppendResult(duplicate=True):
                    if events:
                        self._reload(decider, stream_id, stream)
                    return await self._first_outcome(decider, answer)
                case AppendResult() if wanted is not None and wanted != base:
                    self._reload(decider, stream_id, stream)
                case AppendResult():
                    if answer.version >= stream.confirmed.version:
                        stream.confirmed = LoadedState(state, answer.version)
                    if self._snapshots is not None and events:
                        self._snapshots.on_append(decider, stream_id, base, answer.version)
                    if refusal is not None:
                        return CommandRejected(code=refusal.code, message=refusal.message)
                    facts = answer.facts or await self._read_recorded(answer)
                    return CommandAccepted(position=answer.last, version=answer.version, facts=facts)
                case VersionConflict(actual=actual):
                    self._reload(decider, stream_id, stream)
                    if wanted is not None and wanted != actual:
                        return CommandConflict(expected=wanted, actual=actual)
                    if attempt > 1:
                        await asyncio.sleep(0)
        return CommandConflict(expected=wanted, actual=actual)

    async def current_state[C: Command, S, E: Event](self, decider: Decider[C, S, E], stream_id: UUID) -> S:
        """The aggregate's state as the store has it at this moment."""
        fresh = await self._load_confirmed(decider, stream_id)
        return fresh.state

    async def _preview(
        self, decider: AnyDecider, stream_id: UUID, command: Command, request: CommandContext
    ) -> CommandOutcome:
        fresh = await self._load_confirmed(decider, stream_id)
        state, version = fresh.state, fresh.version
        if request.expected_version not in (None, version):
            return CommandConflict(expected=request.expected_version, actual=version)
        try:
            events = decider.decide(command, state)
        except Rejection as rule:
            return CommandRejected(code=rule.code, message=rule.message)
        wanted = AppendRequest(
            command_id=request.command_id or uuid7(),
            command=command.stored,
            category=decider.category,
            stream_id=stream_id,
            expected=version,
            events=events,
            correlation_id=request.correlation_id,
            actor=request.actor,
            caused_by=request.caused_by,
            occurred_at=request.occurred_at,
        )
        return CommandPreview(facts=wanted.facts(await self._reader.head_position() + 1, datetime.now(UTC)))

    async def _first_outcome(self, decider: AnyDecider, answer: AppendResult) -> CommandOutcome:
        if answer.refusal is not None:
            rules = {code_of(rule): message_of(rule) for rule in decider.rejections}
            return CommandRejected(code=answer.refusal, message=rules.get(answer.refusal, answer.refusal))
        return CommandAccepted(
            position=answer.last,
            version=answer.version,
            facts=await self._read_recorded(answer),
            duplicate=True,
        )

    async def _read_recorded(self, answer: AppendResult) -> Sequence[Fact]:
        if answer.last < answer.first:
            return ()
        return await self._reader.read_all(
            answer.first - 1, answer.last - answer.first + 1, up_to=answer.last
        )

    async def _stream(self, decider: AnyDecider, stream_id: UUID) -> _CachedAggregate:
        key = (decider.category, stream_id)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._load(decider, stream_id, LoadedState(decider.initial, 0))
        else:
            self._streams.move_to_end(key)
        if not stream.loaded.done():
            # Shielded: the load serves all who wait for it, also when one of them is cancelled.
            await asyncio.shield(stream.loaded)
        return stream

    def _load(self, decider: AnyDecider, stream_id: UUID, base: LoadedState[Any]) -> _CachedAggregate:
        """A new entry, filled from the store once for all who wait for it. A failure reaches each of them and leaves no entry."""
        stream = _CachedAggregate(confirmed=base)
        key = (decider.category, stream_id)

        async def fill() -> None:
            try:
                stream.confirmed = await load_aggregate(
                    self._reader, decider, stream_id, base=base, snapshots=self._snapshots
                )
                stream.state, stream.version = stream.confirmed.state, stream.confirmed.version
            except BaseException:
                if self._streams.get(key) is stream:
                    del self._streams[key]
                raise

        stream.loaded = asyncio.ensure_future(fill())
        stream.loaded.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        return self._cache(key, stream)

    async def _load_confirmed(self, decider: AnyDecider, stream_id: UUID) -> LoadedState[Any]:
        stream = self._streams.get((decider.category, stream_id))
        return await load_aggregate(
            self._reader,
            decider,
            stream_id,
            base=None if stream is None else stream.confirmed,
            snapshots=self._snapshots,
        )

    def _reload(self, decider: AnyDecider, stream_id: UUID, stream: _CachedAggregate) -> None:
        """What runs ahead in this entry is not what was recorded: the next command loads from what is known."""
        key = (decider.category, stream_id)
        if self._streams.get(key) is not stream:
            return
        self._load(decider, stream_id, stream.confirmed)

    def _cache(self, key: tuple[str, UUID], stream: _CachedAggregate) -> _CachedAggregate:
        self._streams[key] = stream
        self._streams.move_to_end(key)
        while len(self._streams) > max(self._cached, 1):
            self._streams.popitem(last=False)
        return stream


def _outcome(answer: CommandOutcome) -> str:
    match answer:
        case CommandAccepted(duplicate=True):
            return "duplicate"
        case CommandAccepted():
            return "accepted"
        case CommandRejected(code=code):
            return code
        case CommandConflict():
            return "conflict"
        case CommandPreview():
            return "preview"
