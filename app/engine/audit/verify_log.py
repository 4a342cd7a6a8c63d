"""Verifies the whole log against its seals, and names what was changed, removed or inserted.

Two attacks stay hidden: every seal was recomputed after a change, or the newest seals were removed with their facts.
To detect them, keep the hash of a seal elsewhere, and give it to `--expect-seal`.
"""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

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
from app.engine.database.connections import Database
from app.engine.database.sessions import SessionKind
from app.engine.errors import UserError
from app.engine.settings import MAX_SEAL_EVENTS

PAGE_SIZE = 2_000

type Rows = Sequence[Any]
type ProgressCallback = Callable[[int, int], None]
"""Takes the position that was verified, and the last position."""


@dataclass(slots=True, kw_only=True)
class Report:
    """The result of a verification.

    `findings` are lines in the order of the log, none if nothing is wrong. `newer` facts are not sealed yet: among them,
    only gaps can be found. `head` is the newest seal.
    """

    facts: int = 0
    newer: int = 0
    seals: int = 0
    head: Seal | None = None
    findings: list[str] = field(default_factory=list[str])


def parse_expected_hash(text: str | None) -> bytes | None:
    """The hash that `--expect-seal` names. Raises `UserError`."""
    if text is None:
        return None
    try:
        expected = bytes.fromhex(text)
    except ValueError:
        expected = b""
    if len(expected) != len(GENESIS):
        raise UserError(
            f"--expect-seal is the hash of a seal, {2 * len(GENESIS)} hexadecimal digits, not {text!r}"
        )
    return expected


def pluralize(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


async def verify(
    database: Database,
    expected: bytes | None = None,
    on_progress: ProgressCallback = lambda position, head: None,
) -> Report:
    """Read every seal and every fact, in one snapshot."""
    connection = await database.connect(SessionKind.TASK, "audit verify")
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await verify_in_transaction(connection, expected, on_progress)
    finally:
        connection.terminate()


async def verify_in_transaction(
    connection: Any, expected: bytes | None, on_progress: ProgressCallback
) -> Report:
    """`verify`, in a transaction of the caller."""
    report = Report()
    is_expected_known = expected is None
    head: int = await connection.fetchval("SELECT coalesce(max(position), 0) FROM es.events")
    log = _Log(await connection.cursor(_SELECT_FACTS))
    verified, previous = 0, None
    async for seal in _seals(await connection.cursor(_SELECT_SEALS)):
        report.seals += 1
        is_expected_known = is_expected_known or seal.hash == expected
        chain_findings = _check_chain(previous, seal)
        report.findings += chain_findings
        previous = report.head = seal
        if seal.size > MAX_SEAL_EVENTS or (
            chain_findings and (seal.first <= verified or len(seal.marks) != LEAF_PREFIX_BYTES * seal.size)
        ):
            # The range of this seal is wrong, too: its facts are compared with the seals on both sides.
            continue
        async for rows in log.pages(seal.first - 1):
            # The seal before it was skipped or is missing, so their number has no bound.
            last = rows[-1]["position"]
            report.findings += _find_gaps(verified, last, rows)
            verified = max(verified, last)
            on_progress(verified, max(head, verified))
        report.findings += _find_gaps(verified, seal.first - 1, ())
        report.findings += _compare(seal, await log.take(seal.last))
        verified = report.facts = seal.last
        on_progress(verified, max(head, verified))
    async for rows in log.pages():
        last = rows[-1]["position"]
        report.findings += _find_gaps(verified, last, rows)
        report.newer += len(rows)
        verified = max(verified, last)
        on_progress(verified, max(head, verified))
    report.findings += await _check_triggers(connection)
    if not is_expected_known and expected is not None:
        report.findings.append(
            f"no seal has the hash {expected.hex()}: seals were removed or recomputed since it was kept"
        )
    return report


# --- The seals --------------------------------------------------------------


async def _seals(cursor: Any) -> AsyncGenerator[Seal]:
    while rows := await cursor.fetch(100):
        for row in rows:
            yield seal_of(row)


def _check_chain(previous: Seal | None, seal: Seal) -> list[str]:
    """What is wrong with the seal as the successor of the previous one."""
    number, last, before = (
        (0, 0, GENESIS) if previous is None else (previous.number, previous.last, previous.hash)
    )
    if seal.number != number + 1:
        # Its predecessor is missing, so its hash cannot be checked.
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
    if seal.size > MAX_SEAL_EVENTS:
        return [
            f"seal {seal.number}: covers positions {seal.first} to {seal.last}, more than the {MAX_SEAL_EVENTS:,} events of the largest seal"
        ]
    return []


# --- The facts --------------------------------------------------------------


class _Log:
    """Reads the rows of es.events in the order of their positions, from a cursor."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._rows: list[Any] = []

    async def pages(self, last: int = 2**63 - 1) -> AsyncGenerator[Rows]:
        """The next rows up to position `last`, page by page."""
        while rows := self._rows or await self._cursor.fetch(PAGE_SIZE):
            place = bisect_right(rows, last, key=lambda row: row["position"])
            self._rows = rows[place:]
            if place:
                yield rows[:place]
            if self._rows:
                break

    async def take(self, last: int) -> Rows:
        """All the next rows up to position `last`."""
        return [row async for rows in self.pages(last) for row in rows]


def _compare(seal: Seal, rows: Rows) -> list[str]:
    """The differences between the facts of a range and its seal."""
    hashes = [_hash(row) for row in rows]
    positions = [row["position"] for row in rows]
    if positions == list(range(seal.first, seal.last + 1)) and root_of(hashes) == seal.root:
        if leaf_prefixes(hashes) == seal.marks:
            return []
        return [f"seal {seal.number}: was changed: its leaf prefixes are not those of its events"]
    findings = _find_gaps(seal.first - 1, seal.last, rows)
    for position, digest in zip(positions, hashes, strict=True):
        place = (position - seal.first) * LEAF_PREFIX_BYTES
        if (
            seal.first <= position
            and len(seal.marks) == LEAF_PREFIX_BYTES * seal.size
            and digest[:LEAF_PREFIX_BYTES] != seal.marks[place : place + LEAF_PREFIX_BYTES]
        ):
            findings.append(f"position {position}: was changed after it was sealed")
    return sorted(findings, key=_position_of) or [
        f"positions {seal.first} to {seal.last}: do not match seal {seal.number}"
    ]


def _hash(row: Any) -> bytes:
    try:
        return fact_hash(fact_from_row(row))
    except (msgspec.MsgspecError, RecursionError):
        # No event can have such JSON, so the fact was changed after it was sealed.
        return bytes(len(GENESIS))


def _find_gaps(after: int, last: int, rows: Rows) -> list[str]:
    """What contradicts this: every position above `after` up to `last` exists, once, and no other does."""
    findings: list[str] = []
    expected = after + 1
    for row in rows:
        position = row["position"]
        if position > expected:
            findings.append(_missing(expected, position - 1))
        elif position < expected:
            findings.append(
                f"position {position}: was inserted" + ("" if position <= after else ", a duplicate")
            )
            continue
        expected = position + 1
    if expected <= last:
        findings.append(_missing(expected, last))
    return findings


def _missing(first: int, last: int) -> str:
    return f"position {first}: is missing" if first == last else f"positions {first} to {last}: are missing"


def _position_of(finding: str) -> int:
    return int(finding.split()[1].rstrip(":"))


# --- The triggers -----------------------------------------------------------


async def _check_triggers(connection: Any) -> list[str]:
    """The tables that no longer refuse changes."""
    rows = await connection.fetch(_SELECT_UNGUARDED)
    return [
        f"{row['name']}: is not protected: the trigger that refuses changes is missing or disabled"
        for row in rows
    ]


_SELECT_FACTS = f"SELECT {COLUMNS} FROM es.events ORDER BY position"
_SELECT_SEALS = f"SELECT {SEALS} FROM es.seals ORDER BY number"

# The enabled triggers must together cover update (16), delete (8) and truncate (32).
_SELECT_UNGUARDED = """
    SELECT named.name
    FROM unnest(ARRAY['es.events', 'es.commands', 'es.seals']) WITH ORDINALITY AS named (name, place)
         LEFT JOIN pg_trigger t ON t.tgrelid = named.name::regclass AND t.tgfoid = 'es.refuse_change'::regproc
              AND t.tgenabled IN ('O', 'A') AND t.tgtype & 2 = 2
    GROUP BY named.name, named.place
    HAVING coalesce(bit_or(t.tgtype), 0) & 56 <> 56
    ORDER BY named.place
"""
