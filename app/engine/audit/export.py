"""Hands out a part of the log as JSON Lines, each fact with its hash and the proof that a seal covers it.

The first line says what was asked for, the last how many facts there are and which seals cover them; between them
stands a line for each fact, in the order of the log. Each is written as app/engine/audit/canonical.py says, so that nothing in it
can be changed unseen.
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal
from uuid import UUID

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

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
from app.engine.database.connections import Database, open_database
from app.engine.database.errors import DRIVER_ERRORS
from app.engine.errors import UserError
from app.engine.settings import EngineSettings

PAGE_SIZE = 500

# --- The lines --------------------------------------------------------------


class ExportScope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was asked for: a stream (its category and id), a correlation, or positions from one to another."""

    stream: str | None = None
    id: str | None = None
    correlation: str | None = None
    first: int | None = None
    last: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether one thing is asked for, and all of it is said."""
        said = (
            self.stream is not None,
            self.id is not None,
            self.correlation is not None,
            self.first is not None,
            self.last is not None,
        )
        return said in (
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
    """The first line. Another `form` would be another way of hashing."""

    asked: ExportScope
    form: Literal[1] = 1


class InclusionProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fact is at `place` among the facts of the seal with this `number`; `path` leads from its hash to the root."""

    number: int
    place: int
    path: Sequence[str]


class ExportRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fact. `seal` is null where it was not sealed yet."""

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


# --- What is asked for ------------------------------------------------------


def parse_scope(
    stream: str | None, id: UUID | None, correlation: UUID | None, first: int | None, last: int | None
) -> ExportScope:
    """The one thing that is asked for. Raises `Mistake`."""
    given = [
        stream is not None or id is not None,
        correlation is not None,
        first is not None or last is not None,
    ]
    if given.count(True) != 1:
        raise UserError(
            "say what to export, and only one of it: --stream NAME --id ID, --correlation ID, or --from POSITION --to POSITION"
        )
    if given[0]:
        if stream is None or id is None or not stream.isprintable():
            raise UserError("a stream is named by --stream NAME and --id ID together")
        return ExportScope(stream=stream, id=str(id))
    if correlation is not None:
        return ExportScope(correlation=str(correlation))
    if first is None or last is None or not 0 < first <= last < 2**63:
        raise UserError("positions are named by --from and --to together, from 1 on and in this order")
    return ExportScope(first=first, last=last)


def _condition(what: ExportScope) -> tuple[str, list[object]]:
    if what.stream is not None:
        return "category = $1 AND stream_id = $2::text::uuid", [what.stream, what.id]
    if what.correlation is not None:
        return "correlation_id = $1::text::uuid", [what.correlation]
    return "position BETWEEN $1 AND $2", [what.first, what.last]


async def show(settings: EngineSettings, what: ExportScope, out: Path | None) -> bool:
    """Write it to the file, or to standard output; false where the seals show that the log was changed. Raises `Mistake`."""
    console = Console(stderr=True)
    columns = (TextColumn("writing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    quiet = not console.is_terminal or (out is None and sys.stdout.isatty())
    async with open_database(settings) as database:
        await database.check_migrated()
        with (
            ExitStack() as open_,
            Progress(*columns, console=console, transient=True, disable=quiet) as progress,
        ):
            task = progress.add_task("", total=None)
            try:
                target = sys.stdout.buffer if out is None else open_.enter_context(out.open("wb"))
            except OSError as error:
                raise UserError(f"cannot write {out}: {error.strerror}") from None
            try:
                await export(
                    database,
                    what,
                    target,
                    lambda done, all_: progress.update(task, completed=done, total=all_),
                )
            except Tampered as error:
                print(f"{error}: python -m app audit verify says more", file=sys.stderr)
                return False
            except BrokenPipeError:
                # Whoever read it has enough; what is still in the buffer goes nowhere.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            except DRIVER_ERRORS as error:
                raise UserError(f"the export stopped: {str(error) or type(error).__name__}") from error
    return True


# --- The export -------------------------------------------------------------


class Tampered(Exception):
    """A range of the log does not fit its seal, so that there is nothing to prove."""


async def export(
    database: Database,
    what: ExportScope,
    out: BinaryIO,
    tell: Callable[[int, int], None] = lambda done, all_: None,
) -> None:
    """Write the lines, in one snapshot. Raises `Mistake` where there is nothing, and `Tampered`."""
    condition, arguments = _condition(what)
    connection: Any = await database.connect()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            total, head = await connection.fetchrow(
                f"SELECT (SELECT count(*) FROM es.events WHERE {condition}), (SELECT max(position) FROM es.events)",
                *arguments,
            )
            if not total:
                raise UserError(f"there are no facts: {what}")
            if what.last is not None:
                # The end of the log is the end of what can be asked for.
                what = msgspec.structs.replace(what, last=min(what.last, head))
            out.write(canonical_bytes(ExportHeader(asked=what)) + b"\n")
            cover = _SealFinder(connection)
            cursor = await connection.cursor(
                f"SELECT {COLUMNS} FROM es.events WHERE {condition} ORDER BY position", *arguments
            )
            done = 0
            while rows := await cursor.fetch(PAGE_SIZE):
                for row in rows:
                    fact = fact_from_row(row)
                    out.write(
                        canonical_bytes(
                            ExportRecord(
                                fact=fact, hash=fact_hash(fact).hex(), seal=await cover.proof(row["position"])
                            )
                        )
                        + b"\n"
                    )
                done += len(rows)
                tell(done, total)
            out.write(canonical_bytes(ExportFooter(facts=done, seals=cover.seals)) + b"\n")
            out.flush()
    finally:
        connection.terminate()


@dataclass(slots=True)
class _SealFinder:
    """Finds the seal of each position, in the order of the log, and the path to its root."""

    connection: Any
    seals: list[ExportedSeal] = field(default_factory=list[ExportedSeal])
    _seal: Seal | None = None
    _levels: list[Sequence[bytes]] = field(default_factory=list[Sequence[bytes]])

    async def proof(self, position: int) -> InclusionProof | None:
        if self._seal is None or position > self._seal.last:
            await self._turn_to(position)
        seal = self._seal
        if seal is None or not seal.first <= position <= seal.last:
            return None
        place = position - seal.first
        return InclusionProof(
            number=seal.number,
            place=place,
            path=[each.hex() for each in inclusion_proof(self._levels, place)],
        )

    async def _turn_to(self, position: int) -> None:
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
        if not seal.follows(previous):
            raise Tampered(f"seal {seal.number}: was changed")
        rows = await self.connection.fetch(
            f"SELECT {COLUMNS} FROM es.events WHERE position BETWEEN $1 AND $2 ORDER BY position",
            seal.first,
            seal.last,
        )
        self._levels = tree_levels([fact_hash(fact_from_row(row)) for row in rows])
        if len(rows) != seal.size or self._levels[-1][0] != seal.root:
            raise Tampered(
                f"positions {seal.first} to {seal.last}: are not what seal {seal.number} was made of"
            )
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
