"""Checks the whole log against its seals, and names what was changed, removed or put in.

What it cannot show: that every seal was made anew after a change, or that the newest ones were removed together with
their facts. Against that, keep the hash of a seal elsewhere, and give it to `--expect`.
"""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from app.engine.audit.canonical import (
    COLUMNS,
    GENESIS,
    LEAF_PREFIX_BYTES,
    SEALS,
    Seal,
    fact_from_row,
    fact_hash,
    leaf_prefixes,
    seal_of,
)
from app.engine.audit.merkle import root_of
from app.engine.database.connections import Database, open_database
from app.engine.database.errors import DRIVER_ERRORS, DatabaseUnavailable
from app.engine.errors import UserError
from app.engine.settings import EngineSettings

PAGE_SIZE = 2_000
MAX_SHOWN = 20

type Rows = Sequence[Any]


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found, in the order of the log: `findings` are lines, none where nothing is wrong. `newer` facts are not
    sealed yet; for them only holes can be seen."""

    facts: int = 0
    newer: int = 0
    seals: int = 0
    head: Seal | None = None
    findings: list[str] = field(default_factory=list[str])


def parse_expected_hash(given: str | None) -> bytes | None:
    """The hash that `--expect` names. Raises `Mistake`."""
    try:
        wanted = None if given is None else bytes.fromhex(given)
    except ValueError:
        wanted = b""
    if wanted is not None and len(wanted) != len(GENESIS):
        raise UserError(
            f"--expect is the hash of a seal, {2 * len(GENESIS)} hexadecimal digits, not {given!r}"
        )
    return wanted


async def show(settings: EngineSettings, expect: bytes | None) -> bool:
    """Check the log and say what came of it; whether nothing is wrong. Raises `Mistake`."""
    console = Console(stderr=True)
    async with open_database(settings) as database:
        await database.check_migrated()
        bar = (
            TextColumn("checking the log"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*bar, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("", total=None)
            try:
                report = await verify(
                    database, expect, lambda done, all_: progress.update(task, completed=done, total=all_)
                )
            except DRIVER_ERRORS as error:
                raise DatabaseUnavailable(
                    f"the log cannot be read to its end: {str(error) or type(error).__name__}"
                ) from error
    for line in report.findings[:MAX_SHOWN]:
        print(line)
    if (more := len(report.findings) - MAX_SHOWN) > 0:
        print(f"and {more:,} more")
    if report.findings:
        return False
    newer = f"; {pluralize(report.newer, 'newer fact')} not sealed yet" if report.newer else ""
    print(
        f"ok: {pluralize(report.facts, 'fact')} as recorded, under {pluralize(report.seals, 'seal')}{newer}"
    )
    if report.head is not None:
        print(f"newest seal: {report.head.number} {report.head.hash.hex()}")
    return True


def pluralize(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


async def verify(
    database: Database,
    expect: bytes | None = None,
    tell: Callable[[int, int], None] = lambda done, all_: None,
) -> Report:
    """Read every seal and every fact, in one snapshot. `tell` is called with how many of how many positions are done."""
    connection = await database.connect()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await check(connection, expect, tell)
    finally:
        connection.terminate()


async def check(connection: Any, expect: bytes | None, tell: Callable[[int, int], None]) -> Report:
    """`verify`, in a transaction of the caller's."""
    report = Report()
    known = expect is None
    head: int = await connection.fetchval("SELECT coalesce(max(position), 0) FROM es.events")
    log = _Log(await connection.cursor(_FACTS))
    reached, previous = 0, None
    async for seal in _seals(await connection.cursor(_SEALS)):
        report.seals += 1
        known = known or seal.hash == expect
        unchained = _chained(previous, seal)
        report.findings += unchained
        previous = report.head = seal
        if unchained and (seal.first <= reached or len(seal.marks) != LEAF_PREFIX_BYTES * seal.size):
            # What it says of its range cannot be so either: the facts stand between two seals.
            continue
        report.findings += _find_gaps(reached, seal.first - 1, await log.take(seal.first - 1))
        report.findings += _compared(seal, await log.take(seal.last))
        reached = report.facts = seal.last
        tell(reached, max(head, reached))
    rest = [row["position"] async for rows in log.rest() for row in rows]
    report.findings += _find_gaps(
        reached, rest[-1] if rest else reached, [{"position": seal} for seal in rest]
    )
    report.newer = len(rest)
    report.findings += await _check_triggers(connection)
    if not known and expect is not None:
        report.findings.append(
            f"no seal has the hash {expect.hex()}: seals were removed or made anew since it was kept"
        )
    return report


# --- The seals --------------------------------------------------------------


async def _seals(cursor: Any) -> AsyncGenerator[Seal]:
    while rows := await cursor.fetch(100):
        for row in rows:
            yield seal_of(row)


def _chained(previous: Seal | None, seal: Seal) -> list[str]:
    """Whether the seal is the next one, and says what it said when it was made."""
    number, last, before = (
        (0, 0, GENESIS) if previous is None else (previous.number, previous.last, previous.hash)
    )
    if seal.number != number + 1:
        # What it followed is not there to be checked.
        return [
            f"seal {number + 1}: is missing"
            if seal.number > number
            else f"seal {seal.number}: has no place in the chain"
        ]
    if not seal.follows(before):
        return [
            f"seal {seal.number}: was changed"
            + ("" if previous is None else f", or seal {number} was: it does not follow from it")
        ]
    if seal.first != last + 1:
        return [f"seal {seal.number}: begins at position {seal.first}, not at {last + 1}"]
    return []


# --- The facts --------------------------------------------------------------


class _Log:
    """Takes the rows of es.events in the order of their positions, from a cursor."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._rows: list[Any] = []

    async def take(self, last: int) -> Rows:
        """All the next rows up to position `last`."""
        taken: list[Any] = []
        while rows := self._rows or await self._cursor.fetch(PAGE_SIZE):
            place = bisect_right(rows, last, key=lambda row: row["position"])
            taken += rows[:place]
            self._rows = rows[place:]
            if self._rows:
                break
        return taken

    async def rest(self) -> AsyncGenerator[Rows]:
        """All that is left, page by page."""
        while rows := self._rows or await self._cursor.fetch(PAGE_SIZE):
            self._rows = []
            yield rows


def _compared(seal: Seal, rows: Rows) -> list[str]:
    """What differs between the facts of a range and its seal."""
    hashes = [_hash(row) for row in rows]
    there = [row["position"] for row in rows]
    if there == list(range(seal.first, seal.last + 1)) and root_of(hashes) == seal.root:
        return (
            []
            if leaf_prefixes(hashes) == seal.marks
            else [f"seal {seal.number}: was changed: its marks are not those of its facts"]
        )
    found = _find_gaps(seal.first - 1, seal.last, rows)
    for position, each in zip(there, hashes, strict=True):
        place = (position - seal.first) * LEAF_PREFIX_BYTES
        if (
            seal.first <= position
            and len(seal.marks) == LEAF_PREFIX_BYTES * seal.size
            and each[:LEAF_PREFIX_BYTES] != seal.marks[place : place + LEAF_PREFIX_BYTES]
        ):
            found.append(f"position {position}: was changed after it was sealed")
    return sorted(found, key=_position_of) or [
        f"positions {seal.first} to {seal.last}: are not what seal {seal.number} was made of"
    ]


def _hash(row: Any) -> bytes:
    try:
        return fact_hash(fact_from_row(row))
    except (msgspec.MsgspecError, RecursionError):
        # JSON that no event can have was not there when the fact was sealed.
        return bytes(len(GENESIS))


def _find_gaps(after: int, upto: int, rows: Rows) -> list[str]:
    """Every position above `after` up to `upto` is there, once, and no other."""
    found: list[str] = []
    expected = after + 1
    for row in rows:
        position = row["position"]
        if position > expected:
            found.append(_missing(expected, position - 1))
        elif position < expected:
            found.append(f"position {position}: was put in" + ("" if position <= after else ", a second one"))
            continue
        expected = position + 1
    if expected <= upto:
        found.append(_missing(expected, upto))
    return found


def _missing(first: int, last: int) -> str:
    return f"position {first}: is missing" if first == last else f"positions {first} to {last}: are missing"


def _position_of(finding: str) -> int:
    return int(finding.split()[1].rstrip(":"))


# --- The guards -------------------------------------------------------------


async def _check_triggers(connection: Any) -> list[str]:
    """Whether the database still refuses changes by itself."""
    unguarded = await connection.fetch(_UNGUARDED)
    return [
        f"{row['name']}: is not guarded: the trigger that refuses changes is missing or disabled"
        for row in unguarded
    ]


_FACTS = f"SELECT {COLUMNS} FROM es.events ORDER BY position"
_SEALS = f"SELECT {SEALS} FROM es.seals ORDER BY number"

# Enabled triggers before update (16), delete (8) and truncate (32) must together leave nothing out.
_UNGUARDED = """
    SELECT named.name
    FROM unnest(ARRAY['es.events', 'es.commands', 'es.seals']) WITH ORDINALITY AS named (name, place)
         LEFT JOIN pg_trigger t ON t.tgrelid = named.name::regclass AND t.tgfoid = 'es.refuse_change'::regproc
              AND t.tgenabled IN ('O', 'A') AND t.tgtype & 2 = 2
    GROUP BY named.name, named.place
    HAVING coalesce(bit_or(t.tgtype), 0) & 56 <> 56
    ORDER BY named.place
"""
