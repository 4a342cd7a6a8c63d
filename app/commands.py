"""Execute a command: load the aggregate, let it decide, append what it decided.

A cache of recent states saves the load. Commands of one stream follow each other without waiting: each is decided on
the state that the one before it leaves. Every decision goes through the append, also one that recorded nothing or was
refused: there the store confirms the version it was taken on, and knows a command id that it has seen.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from app.ids import ordered_id
from app.logs import told
from app.store.append import Append, Appended, Appender, Outdated
from app.store.load import load
from app.store.read import Fact, Reader
from app.store.snapshots import Loaded, Snapshots
from domain.kernel import AnyDecider, Command, Decider, Event, Rejected, code_of, message_of

log = logging.getLogger(__name__)

ATTEMPTS = 12
"""How often a command is decided anew after another process was first, before its caller is told of a conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
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
class Accepted:
    """Recorded, or nothing to record. `position` is where the log stood then, `version` where the stream stands."""

    position: int
    version: int
    facts: Sequence[Fact]
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A rule of the domain forbids it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicted:
    """Another command came first."""

    expected: int | None
    actual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """What a dry run would have recorded; positions are those it would have had."""

    facts: Sequence[Fact]


type Outcome = Accepted | Refused | Conflicted | Previewed


@dataclass(slots=True)
class _Stream:
    """One aggregate in memory: `known` is what the store has confirmed, `state` runs ahead by what is in flight."""

    known: Loaded[Any]
    state: Any = None
    version: int = 0
    loaded: asyncio.Future[None] = field(init=False)


class Commands:
    """Executes commands. `cached` is how many aggregates stay in memory."""

    def __init__(
        self, appender: Appender, reader: Reader, snapshots: Snapshots | None = None, *, cached: int = 10_000
    ) -> None:
        self._appender = appender
        self._reader = reader
        self._snapshots = snapshots
        self._cached = cached
        self._streams: OrderedDict[tuple[str, UUID], _Stream] = OrderedDict()

    async def execute[C: Command, S, E: Event](
        self, decider: Decider[C, S, E], stream_id: UUID, command: C, request: Request
    ) -> Outcome:
        """Decide and record. Raises what `Appender.append` raises; refusals and conflicts are answers, not errors."""
        if not log.isEnabledFor(logging.INFO):
            return await self._execute(decider, stream_id, command, request)
        began, outcome = perf_counter(), "cancelled"
        try:
            answer = await self._execute(decider, stream_id, command, request)
            outcome = _outcome(answer)
            return answer
        except Exception as problem:
            outcome = type(problem).__name__
            raise
        finally:
            fields = told(
                command=type(command).__name__,
                stream=f"{decider.category} {stream_id}",
                outcome=outcome,
                ms=round((perf_counter() - began) * 1000, 1),
                correlation=request.correlation_id,
            )
            log.info("command", extra=fields)

    async def _execute[C: Command, S, E: Event](
        self, decider: Decider[C, S, E], stream_id: UUID, command: C, request: Request
    ) -> Outcome:
        if request.dry_run:
            return await self._preview(decider, stream_id, command, request)
        command_id = request.command_id or ordered_id()
        wanted = request.expected_version
        actual = 0
        for attempt in range(ATTEMPTS):
            stream = await self._stream(decider, stream_id)
            base = stream.version
            events: Sequence[E] = ()
            refusal: Rejected | None = None
            state = stream.state
            if wanted is None or wanted == base:
                try:
                    events = decider.decide(command, stream.state)
                except Rejected as rule:
                    refusal = rule
                state = decider.fold(events, stream.state, base)
            stream.state, stream.version = state, base + len(events)
            try:
                answer = await self._appender.append(
                    Append(
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
                        keep=request.command_id is not None and (wanted is None or wanted == base),
                        refusal=None if refusal is None else refusal.code,
                    )
                )
            except BaseException:
                self._forget(decider, stream_id, stream)
                raise
            match answer:
                case Appended(duplicate=True):
                    if events:
                        self._forget(decider, stream_id, stream)
                    return await self._first_outcome(decider, answer)
                case Appended() if wanted is not None and wanted != base:
                    self._forget(decider, stream_id, stream)
                case Appended():
                    if answer.version >= stream.known.version:
                        stream.known = Loaded(state, answer.version)
                    if self._snapshots is not None and events:
                        self._snapshots.grew(decider, stream_id, base, answer.version)
                    if refusal is not None:
                        return Refused(code=refusal.code, message=refusal.message)
                    facts = answer.facts or await self._recorded(answer)
                    return Accepted(position=answer.last, version=answer.version, facts=facts)
                case Outdated(actual=actual):
                    self._forget(decider, stream_id, stream)
                    if wanted is not None and wanted != actual:
                        return Conflicted(expected=wanted, actual=actual)
                    if attempt > 1:
                        await asyncio.sleep(0)
        return Conflicted(expected=wanted, actual=actual)

    async def current[C: Command, S, E: Event](self, decider: Decider[C, S, E], stream_id: UUID) -> S:
        """The aggregate's state as the store has it at this moment."""
        fresh = await self._fresh(decider, stream_id)
        return fresh.state

    async def _preview(
        self, decider: AnyDecider, stream_id: UUID, command: Command, request: Request
    ) -> Outcome:
        fresh = await self._fresh(decider, stream_id)
        state, version = fresh.state, fresh.version
        if request.expected_version not in (None, version):
            return Conflicted(expected=request.expected_version, actual=version)
        try:
            events = decider.decide(command, state)
        except Rejected as rule:
            return Refused(code=rule.code, message=rule.message)
        wanted = Append(
            command_id=request.command_id or ordered_id(),
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
        return Previewed(facts=wanted.facts(await self._reader.head() + 1, datetime.now(UTC)))

    async def _first_outcome(self, decider: AnyDecider, answer: Appended) -> Outcome:
        if answer.refusal is not None:
            rules = {code_of(rule): message_of(rule) for rule in decider.rules}
            return Refused(code=answer.refusal, message=rules.get(answer.refusal, answer.refusal))
        return Accepted(
            position=answer.last, version=answer.version, facts=await self._recorded(answer), duplicate=True
        )

    async def _recorded(self, answer: Appended) -> Sequence[Fact]:
        if answer.last < answer.first:
            return ()
        return await self._reader.log(answer.first - 1, answer.last - answer.first + 1, up_to=answer.last)

    async def _stream(self, decider: AnyDecider, stream_id: UUID) -> _Stream:
        key = (decider.category, stream_id)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._load(decider, stream_id, Loaded(decider.initial, 0))
        else:
            self._streams.move_to_end(key)
        if not stream.loaded.done():
            # Shielded: the load serves all who wait for it, also when one of them is cancelled.
            await asyncio.shield(stream.loaded)
        return stream

    def _load(self, decider: AnyDecider, stream_id: UUID, base: Loaded[Any]) -> _Stream:
        """A new entry, filled from the store once for all who wait for it. A failure reaches each of them and leaves no entry."""
        stream = _Stream(known=base)
        key = (decider.category, stream_id)

        async def fill() -> None:
            try:
                stream.known = await load(
                    self._reader, decider, stream_id, base=base, snapshots=self._snapshots
                )
                stream.state, stream.version = stream.known.state, stream.known.version
            except BaseException:
                if self._streams.get(key) is stream:
                    del self._streams[key]
                raise

        stream.loaded = asyncio.ensure_future(fill())
        stream.loaded.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        return self._remember(key, stream)

    async def _fresh(self, decider: AnyDecider, stream_id: UUID) -> Loaded[Any]:
        stream = self._streams.get((decider.category, stream_id))
        return await load(
            self._reader,
            decider,
            stream_id,
            base=None if stream is None else stream.known,
            snapshots=self._snapshots,
        )

    def _forget(self, decider: AnyDecider, stream_id: UUID, stream: _Stream) -> None:
        """What runs ahead in this entry is not what was recorded: the next command loads from what is known."""
        key = (decider.category, stream_id)
        if self._streams.get(key) is not stream:
            return
        self._load(decider, stream_id, stream.known)

    def _remember(self, key: tuple[str, UUID], stream: _Stream) -> _Stream:
        self._streams[key] = stream
        self._streams.move_to_end(key)
        while len(self._streams) > max(self._cached, 1):
            self._streams.popitem(last=False)
        return stream


def _outcome(answer: Outcome) -> str:
    match answer:
        case Accepted(duplicate=True):
            return "duplicate"
        case Accepted():
            return "accepted"
        case Refused(code=code):
            return code
        case Conflicted():
            return "conflict"
        case Previewed():
            return "preview"
