"""Parking: the key of a fact that raises is put aside with the error, and what follows for it waits; every other key goes on.

The row of a parked key is the fold of its facts before the one that raised. Where no key is known, because `keys` itself
raised or gave what cannot be a key, the fact's stream is put aside in its place: what follows in that stream concerns
the same rows, most likely.
"""

import traceback
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, get_type_hints
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.projector.row_history import RowChange
from app.engine.store.reader import Fact
from domain.kernel.decider import UnreadableEvent
from projections.kernel import AnyProjection, Key

MAX_KEY_LENGTH = 2_000
"""Bytes of a key as JSON; PostgreSQL's indexes take 2,704."""
MAX_ERROR_LENGTH = 1_000
MAX_TRACEBACK_LENGTH = 16_000
MAX_UNREADABLE_SHAPES = 100
"""Types of unreadable events that a projection names, first seen first."""
NO_POSITION = 2**63


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """What is put aside where no key is known."""

    category: str
    id: UUID


type ParkedItem = Key | ParkedStream
"""What is put aside: a key of the projection, or a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedEntry:
    """Something put aside: by the fact at `position`, which raised `error`."""

    what: ParkedItem
    position: int
    error: str
    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableCount:
    """Facts of one type and version that this code cannot read and the projection has passed over: none of its keys was concerned."""

    count: int
    first: int
    last: int


class KeyCodec:
    """The keys of one projection as JSON, and back."""

    def __init__(self, projection: AnyProjection) -> None:
        hints = get_type_hints(projection.row)
        self.names = projection.key
        self._kind: Any = tuple[*(hints[name] for name in projection.key)]

    def write(self, what: ParkedItem) -> str | None:
        """JSON text; None where this cannot be kept: it does not come back as it was, or is too long for an index."""
        if isinstance(what, ParkedStream):
            return msgspec.json.encode({"category": what.category, "stream": what.id}).decode()
        try:
            written = msgspec.json.encode(what).decode()
            if len(written.encode()) > MAX_KEY_LENGTH or "\\u0000" in written or self.read(written) != what:
                return None
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
            return None
        return written

    def read(self, written: str) -> ParkedItem:
        """Raises `msgspec.MsgspecError` where this is not a key of the projection."""
        found = msgspec.json.decode(written)
        if isinstance(found, dict):
            stream = msgspec.convert(found, dict[str, str])
            return ParkedStream(stream.get("category", ""), msgspec.convert(stream.get("stream"), UUID))
        return msgspec.convert(found, self._kind)


class ParkedKeys:
    """What one projection has put aside, and the pass of a batch of facts around it. Nothing is written before `save`."""

    def __init__(self, projection: AnyProjection, slot: str = "live") -> None:
        self.parked: dict[ParkedItem, int] = {}
        """The position that each began to wait at."""
        self.skipped: set[tuple[ParkedItem, int]] = set()
        self.unread: dict[str, UnreadableCount] = {}
        self.restricted_to: Set[Key] | None = None
        """The keys to fold, where it is not all."""
        self.keys = KeyCodec(projection)
        self._projection = projection
        self.about = {"name": projection.name, "version": projection.version, "slot": slot}
        self.newly_parked: dict[ParkedItem, ParkedEntry] = {}
        """What was put aside and is not saved."""
        self._unreadable: list[Fact] = []

    async def load(self, connection: AsyncConnection) -> None:
        """What was saved, and nothing else."""
        self.newly_parked, self._unreadable = {}, []
        read = self.keys.read
        parked = await connection.execute(_PARKED, self.about)
        self.parked = {read(key): position for key, position in parked}
        self.skipped = await load_skipped(connection, self._projection)
        unread = (await connection.execute(_UNREAD, self.about)).scalar_one_or_none()
        self.unread = msgspec.convert(unread or {}, dict[str, UnreadableCount])

    async def save(self, connection: AsyncConnection) -> Sequence[ParkedEntry]:
        """Write what is new, in the transaction of the rows and the checkpoint. Returns what was parked."""
        parked, self.newly_parked = list(self.newly_parked.values()), {}
        if parked:
            await connection.execute(
                _PARK,
                self.about
                | {
                    "keys": [self.keys.write(each.what) for each in parked],
                    "positions": [each.position for each in parked],
                    "errors": [each.error for each in parked],
                    "tracebacks": [each.traceback for each in parked],
                },
            )
        if self._unreadable:
            for fact in self._unreadable:
                self._count(fact)
            self._unreadable = []
            await connection.execute(
                _PASSED, self.about | {"unread": msgspec.json.encode(self.unread).decode()}
            )
        return parked

    @property
    def is_empty(self) -> bool:
        """Whether nothing is put aside or left out, and nothing waits to be saved."""
        return not (self.parked or self.skipped or self._unreadable)

    @property
    def has_unsaved(self) -> bool:
        """Whether `save` has anything to write."""
        return bool(self.newly_parked or self._unreadable)

    def discard_unsaved(self) -> None:
        """Forget what was not saved, to take the same facts again."""
        for what in self.newly_parked:
            del self.parked[what]
        self.newly_parked, self._unreadable = {}, []

    def route(self, facts: Sequence[Fact]) -> tuple[list[tuple[Fact, Sequence[Key]]], set[Key]]:
        """The facts with the keys that they concern, and all those keys."""
        concerned: list[tuple[Fact, Sequence[Key]]] = []
        wanted: set[Key] = set()
        if facts:
            self._unreadable = [fact for fact in self._unreadable if fact.position < facts[0].position]
        keys_of = self._projection.keys
        for fact in facts:
            if (self.parked or self.skipped) and self._is_excluded(
                ParkedStream(fact.category, fact.stream_id), fact.position
            ):
                continue
            try:
                for part in fact.parts:
                    found = keys = keys_of(part)
                    if self.parked or self.skipped or self.restricted_to is not None:
                        keys = [key for key in found if not self._is_excluded(key, fact.position)]
                    wanted.update(keys)
                    if keys:
                        concerned.append((part, keys))
                    elif not found and isinstance(part.event, UnreadableEvent):
                        self._unreadable.append(part)
            except Exception as error:
                # The projection's own code: whatever it raises, the fact's stream waits and all others go on.
                while concerned and concerned[-1][0].position == fact.position:
                    concerned.pop()
                self.park_stream(fact, error)
        return concerned, wanted

    def fold_batch(
        self,
        concerned: Sequence[tuple[Fact, Sequence[Key]]],
        rows: dict[Key, Any],
        steps: list[RowChange] | None = None,
    ) -> bool:
        """Fold the facts into the rows of their keys; what they became on the way is added to `steps`. False where something
        counts that must not, since a fact has no effect in part: what raised is put aside, and the facts are to be sorted
        and folded again."""
        fold, parked = self._projection.fold, self.parked
        for fact, keys in concerned:
            for key in keys:
                if parked and parked.get(key, NO_POSITION) <= fact.position:
                    continue
                try:
                    row = fold(key, before := rows[key], fact)
                except Exception as error:
                    # The projection's own code: whatever it raises, this key waits and all others go on.
                    whole = (
                        sum(some.count(key) for part, some in concerned if part.position == fact.position)
                        == 1
                    )
                    if not (self.park(key, fact, error) and whole):
                        return False
                    continue
                rows[key] = row
                if steps is not None and row != before:
                    steps.append((key, fact.position, row))
        return True

    def park(self, key: Key, fact: Fact, problem: Exception) -> bool:
        """Put the key aside from this fact on. False where the key cannot be kept, and its stream is put aside instead."""
        if self.keys.write(key) is None:
            self.park_stream(fact, problem)
            return False
        self.park_at(key, fact.position, problem)
        return True

    def park_stream(self, fact: Fact, problem: Exception) -> None:
        self.park_at(ParkedStream(fact.category, fact.stream_id), fact.position, problem)

    def park_at(self, what: ParkedItem, position: int, problem: Exception) -> None:
        if self.parked.get(what, NO_POSITION) > position:
            self.parked[what] = position
            self.newly_parked[what] = ParkedEntry(
                what=what, position=position, error=error_summary(problem), traceback=traceback_text(problem)
            )

    def _is_excluded(self, what: ParkedItem, position: int) -> bool:
        return (
            self.parked.get(what, NO_POSITION) <= position
            or (what, position) in self.skipped
            or (self.restricted_to is not None and isinstance(what, tuple) and what not in self.restricted_to)
        )

    def _count(self, fact: Fact) -> None:
        name = f"{fact.event.name} v{fact.event.version}"
        known = self.unread.get(name)
        if known is not None:
            self.unread[name] = UnreadableCount(count=known.count + 1, first=known.first, last=fact.position)
        elif len(self.unread) < MAX_UNREADABLE_SHAPES:
            self.unread[name] = UnreadableCount(count=1, first=fact.position, last=fact.position)


async def load_skipped(connection: AsyncConnection, projection: AnyProjection) -> set[tuple[ParkedItem, int]]:
    """The facts that an operator has had left out, each with the key or stream that it is left out for: in every slot, for good."""
    found = await connection.execute(_SKIPPED, {"name": projection.name, "version": projection.version})
    read = KeyCodec(projection).read
    return {(read(key), position) for key, position in found}


def is_data_error(problem: BaseException) -> bool:
    """Whether a row or key itself is at fault: PostgreSQL does not take it, or it is not what the columns say."""
    if isinstance(problem, DBAPIError):
        problem = (problem.orig and problem.orig.__cause__) or problem
    if isinstance(problem, asyncpg.PostgresError):
        # Data that does not fit, rows that break a constraint, one row twice, and values too large for an index.
        return (getattr(problem, "sqlstate", None) or "")[:2] in ("21", "22", "23", "54")
    if isinstance(problem, DBAPIError):
        return False
    return isinstance(
        problem,
        StatementError
        | ValueError
        | TypeError
        | AttributeError
        | ArithmeticError
        | LookupError
        | msgspec.MsgspecError,
    )


def error_summary(problem: BaseException) -> str:
    """The error in a line or a few, as PostgreSQL can keep it."""
    return _storable_text("".join(traceback.format_exception_only(_cause(problem))).strip())[
        :MAX_ERROR_LENGTH
    ]


def traceback_text(problem: BaseException) -> str:
    """The end of the traceback."""
    return _storable_text("".join(traceback.format_exception(_cause(problem))))[-MAX_TRACEBACK_LENGTH:]


def _cause(problem: BaseException) -> BaseException:
    """What the driver said, without the statement and its parameters, which SQLAlchemy adds."""
    if isinstance(problem, StatementError) and problem.orig is not None:
        return problem.orig.__cause__ or problem.orig
    return problem


def _storable_text(words: str) -> str:
    return words.encode(errors="backslashreplace").decode().replace("\0", "\\0")


_ABOUT = "projection = :name AND version = :version AND slot = :slot"
_PARKED = text(f"SELECT key::text, position FROM es.parked WHERE {_ABOUT}")
_UNREAD = text(f"SELECT unread FROM es.checkpoints WHERE {_ABOUT}")
_PASSED = text(f"UPDATE es.checkpoints SET unread = CAST(:unread AS jsonb) WHERE {_ABOUT}")
_SKIPPED = text("SELECT key::text, position FROM es.skipped WHERE projection = :name AND version = :version")
_PARK = text(
    "INSERT INTO es.parked (projection, version, slot, key, position, error, traceback)"
    " SELECT :name, :version, :slot, CAST(key AS jsonb), position, error, traceback"
    " FROM unnest(CAST(:keys AS text[]), CAST(:positions AS bigint[]), CAST(:errors AS text[]), CAST(:tracebacks AS text[]))"
    " AS given (key, position, error, traceback)"
)
