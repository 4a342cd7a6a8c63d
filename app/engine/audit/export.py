"""Exports a part of the log as JSON Lines: each fact with its hash and its inclusion proof.

The inclusion proof shows that a seal covers the fact. The first line has the scope of the export. Then each fact has
one line, in the order of the log. The last line has the number of facts and the seals that cover them. Each line is in
the form of app/engine/audit/canonical.py, so that every change of a byte is detected.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import msgspec

from app.engine.audit.canonical import (
    COLUMNS,
    GENESIS,
    SEALS,
    Seal,
    canonical_bytes,
    fact_from_row,
    fact_hash,
    seal_of,
)
from app.engine.audit.merkle import inclusion_proof, tree_levels
from app.engine.database.connections import Database
from app.engine.database.sessions import SessionKind
from app.engine.errors import UserError
from app.engine.settings import MAX_SEAL_EVENTS

PAGE_SIZE = 500

type ProgressCallback = Callable[[int, int], None]
"""Takes how many facts are written, and the total."""

# --- The lines --------------------------------------------------------------


class ExportScope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is exported: a stream (its category and id), a correlation, or a range of positions."""

    stream: str | None = None
    id: str | None = None
    correlation: str | None = None
    first: int | None = None
    last: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the scope is one of the three, with all its fields."""
        given = (
            self.stream is not None,
            self.id is not None,
            self.correlation is not None,
            self.first is not None,
            self.last is not None,
        )
        return given in (
            (True, True, False, False, False),
            (False, False, True, False, False),
            (False, False, False, True, True),
        )

    def __str__(self) -> str:
        if self.stream is not None:
            return f"stream {self.stream} {self.id}"
        return (
            f"positions {self.first} to {self.last}"
            if self.correlation is None
            else f"correlation {self.correlation}"
        )


class ExportHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line. A new way of hashing would get a new `form`."""

    asked: ExportScope
    form: Literal[1] = 1


class InclusionProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`place` is the index of the fact in the seal `number`. `path` has the hashes from the fact to the root."""

    number: int
    place: int
    path: Sequence[str]


class ExportRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fact. `seal` is null if it is not sealed yet."""

    fact: dict[str, Any]
    hash: str
    seal: InclusionProof | None


class ExportedSeal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A seal, with the hash of the one before it."""

    number: int
    first: int
    last: int
    root: str
    sealed_at: str
    previous: str
    hash: str


class ExportFooter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line."""

    facts: int
    seals: Sequence[ExportedSeal]


# --- The scope --------------------------------------------------------------


def parse_scope(
    stream: str | None, id: UUID | None, correlation: UUID | None, first: int | None, last: int | None
) -> ExportScope:
    """The scope that the options name. Raises `UserError`."""
    by_stream = stream is not None or id is not None
    by_correlation = correlation is not None
    by_position = first is not None or last is not None
    if [by_stream, by_correlation, by_position].count(True) != 1:
        raise UserError(
            "give exactly one scope: --stream NAME --id ID, --correlation ID, or --from POSITION --to POSITION"
        )
    if by_stream:
        if stream is None or id is None or not stream.isprintable():
            raise UserError("--stream NAME and --id ID must be given together")
        return ExportScope(stream=stream, id=str(id))
    if correlation is not None:
        return ExportScope(correlation=str(correlation))
    if first is None or last is None or not 0 < first <= last < 2**63:
        raise UserError(
            "--from and --to must be given together; positions begin at 1, and --from comes first"
        )
    return ExportScope(first=first, last=last)


def _condition(scope: ExportScope) -> tuple[str, list[object]]:
    if scope.stream is not None:
        return "category = $1 AND stream_id = $2::text::uuid", [scope.stream, scope.id]
    if scope.correlation is not None:
        return "correlation_id = $1::text::uuid", [scope.correlation]
    return "position BETWEEN $1 AND $2", [scope.first, scope.last]


# --- The export -------------------------------------------------------------


class Tampered(Exception):
    """There is no proof to export: a seal was changed, or does not match its range of the log.

    There is none either if an event has JSON that no event can have.
    """


async def export_log(
    database: Database,
    scope: ExportScope,
    write: Callable[[bytes], object],
    on_progress: ProgressCallback = lambda done, total: None,
) -> None:
    """Write the lines, in one snapshot. Raises `UserError` if there are no facts, and `Tampered`."""
    condition, arguments = _condition(scope)
    connection: Any = await database.connect(SessionKind.TASK, "audit export")
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            total, head = await connection.fetchrow(
                f"SELECT (SELECT count(*) FROM es.events WHERE {condition}), (SELECT max(position) FROM es.events)",
                *arguments,
            )
            if not total:
                raise UserError(f"there are no events: {scope}")
            if scope.last is not None:
                # The header must not promise positions that the log does not have.
                scope = msgspec.structs.replace(scope, last=min(scope.last, head))
            write(canonical_bytes(ExportHeader(asked=scope)) + b"\n")
            finder = _SealFinder(connection)
            cursor = await connection.cursor(
                f"SELECT {COLUMNS} FROM es.events WHERE {condition} ORDER BY position", *arguments
            )
            done = 0
            while rows := await cursor.fetch(PAGE_SIZE):
                for row in rows:
                    proof = await finder.proof(row["position"])
                    with _possible_json(row):
                        fact = fact_from_row(row)
                        line = canonical_bytes(
                            ExportRecord(fact=fact, hash=fact_hash(fact).hex(), seal=proof)
                        )
                    write(line + b"\n")
                done += len(rows)
                on_progress(done, total)
            write(canonical_bytes(ExportFooter(facts=done, seals=finder.seals)) + b"\n")
    finally:
        connection.terminate()


@contextmanager
def _possible_json(row: Any) -> Generator[None]:
    """Raises `Tampered` if the row has JSON that no event can have."""
    try:
        yield
    except (msgspec.MsgspecError, RecursionError):
        raise Tampered(f"position {row['position']}: was changed") from None


def _hash(row: Any) -> bytes:
    with _possible_json(row):
        return fact_hash(fact_from_row(row))


@dataclass(slots=True)
class _SealFinder:
    """Finds the seal of each position, in the order of the log, and the hashes up to its root."""

    connection: Any
    seals: list[ExportedSeal] = field(default_factory=list[ExportedSeal])
    _seal: Seal | None = None
    _levels: list[Sequence[bytes]] = field(default_factory=list[Sequence[bytes]])

    async def proof(self, position: int) -> InclusionProof | None:
        if self._seal is None or position > self._seal.last:
            await self._find_seal(position)
        seal = self._seal
        if seal is None or not seal.first <= position <= seal.last:
            return None
        place = position - seal.first
        return InclusionProof(
            number=seal.number,
            place=place,
            path=[digest.hex() for digest in inclusion_proof(self._levels, place)],
        )

    async def _find_seal(self, position: int) -> None:
        row = await self.connection.fetchrow(
            f"SELECT {SEALS} FROM es.seals WHERE first_position <= $1 ORDER BY first_position DESC LIMIT 1",
            position,
        )
        if row is None or row["last_position"] < position:
            return
        seal = seal_of(row)
        previous: bytes | None = await self.connection.fetchval(
            "SELECT hash FROM es.seals WHERE number = $1", seal.number - 1
        )
        previous = previous or GENESIS
        if not seal.follows(previous) or seal.size > MAX_SEAL_EVENTS:
            raise Tampered(f"seal {seal.number}: was changed")
        rows = await self.connection.fetch(
            f"SELECT {COLUMNS} FROM es.events WHERE position BETWEEN $1 AND $2 ORDER BY position",
            seal.first,
            seal.last,
        )
        self._levels = tree_levels([_hash(row) for row in rows])
        if len(rows) != seal.size or self._levels[-1][0] != seal.root:
            raise Tampered(f"positions {seal.first} to {seal.last}: do not match seal {seal.number}")
        self._seal = seal
        self.seals.append(
            ExportedSeal(
                number=seal.number,
                first=seal.first,
                last=seal.last,
                root=seal.root.hex(),
                sealed_at=seal.sealed_at,
                previous=previous.hex(),
                hash=seal.hash.hex(),
            )
        )
