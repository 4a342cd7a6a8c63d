"""Verifies an export without a database, and names the first line that was changed.

A valid export proves that a seal covers each fact. It also proves that no fact is missing within a range of positions.
Within a stream it proves this up to the last exported fact. It does not prove that the seals are those of the log:
compare a hash by `--expect-seal`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from app.engine.audit.canonical import canonical_bytes, fact_hash, parse_canonical, seal_hash
from app.engine.audit.export import ExportedSeal, ExportFooter, ExportHeader, ExportRecord, ExportScope
from app.engine.audit.merkle import root_from_proof

PROGRESS_INTERVAL_LINES = 500

type ProgressCallback = Callable[[int, int], None]
"""Takes how many lines are verified, and the total."""


class InvalidExport(Exception):
    """A line was changed, removed or inserted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedExport:
    """A valid export. `unsealed` counts the facts that no seal covers."""

    scope: ExportScope
    seals: Sequence[ExportedSeal]
    facts: int
    unsealed: int


def verify_export(file: BinaryIO, on_progress: ProgressCallback = lambda done, total: None) -> VerifiedExport:
    """Verify the lines of an export. Raises `InvalidExport`, and `OSError` if the file cannot be read."""
    last_line, count = b"", 0
    for line in file:
        last_line, count = line, count + 1
    verifier = _ExportVerifier()
    verifier.read_footer(count, last_line)
    file.seek(0)
    verifier.verify(file, on_progress)
    return VerifiedExport(
        scope=verifier.scope,
        seals=list(verifier.seals.values()),
        facts=verifier.facts,
        unsealed=verifier.unsealed,
    )


class _ExportVerifier:
    """Verifies the lines in one pass, after the footer: it has the seals that all records refer to."""

    def __init__(self) -> None:
        self.scope = ExportScope()
        self.seals: dict[int, ExportedSeal] = {}
        self.facts = 0
        self.unsealed = 0
        self._lines = 0
        self._position = 0
        self._sealed = 0
        self._used: set[int] = set()

    def read_footer(self, number: int, text: bytes) -> None:
        """Read the last line, which is line `number`."""
        if not number:
            raise InvalidExport("line 1: is missing: the file is empty")
        footer = _decode(text, ExportFooter, number, "it is not the end of an export: the file is truncated")
        self._lines = number
        previous = None
        for seal in footer.seals:
            if seal.hash != _hash_of_seal(seal) or not seal.number > 0 or not 0 < seal.first <= seal.last:
                raise InvalidExport(
                    f"line {number}: seal {seal.number} was changed: it does not have its hash"
                )
            if previous is not None and (seal.number <= previous.number or seal.first <= previous.last):
                raise InvalidExport(f"line {number}: seal {seal.number} is out of order")
            if (
                previous is not None
                and seal.number == previous.number + 1
                and (seal.previous, seal.first) != (previous.hash, previous.last + 1)
            ):
                raise InvalidExport(
                    f"line {number}: seal {seal.number} does not follow seal {previous.number}"
                )
            self.seals[seal.number] = previous = seal
            self._sealed = seal.last
        self.facts = footer.facts

    def verify(self, lines: Iterable[bytes], on_progress: ProgressCallback) -> None:
        """Verify all lines, and that no fact is missing."""
        count = 0
        for number, text in enumerate(lines, 1):
            if number % PROGRESS_INTERVAL_LINES == 0 or number == self._lines:
                on_progress(number, self._lines)
            if number == self._lines:
                break
            if number == 1:
                self.scope = _decode(text, ExportHeader, 1, "it is not the beginning of an export").asked
                if not self.scope.is_complete:
                    raise InvalidExport("line 1: was changed: it has no complete scope")
                continue
            self._verify_record(number, _decode(text, ExportRecord, number, "it is not a line of an export"))
            count += 1
        if self._lines == 1:
            raise InvalidExport("line 1: it is not the beginning of an export")
        if count != self.facts:
            raise InvalidExport(
                f"line {self._lines}: {self.facts} events were exported, and the file has {count}"
            )
        if self.scope.last is not None and self._position != self.scope.last:
            raise InvalidExport(
                f"line {self._lines}: positions {self._position + 1} to {self.scope.last} are missing before it"
            )
        if unused := set(self.seals) - self._used:
            raise InvalidExport(f"line {self._lines}: the events that seal {min(unused)} covers are missing")

    def _verify_record(self, number: int, record: ExportRecord) -> None:
        fact = record.fact
        position = fact.get("position")
        if not isinstance(position, int) or position < 1:
            raise InvalidExport(f"line {number}: it has no position")
        if fact_hash(fact).hex() != record.hash:
            raise InvalidExport(
                f"line {number}: the event at position {position} was changed: it does not have its hash"
            )
        if position <= self._position:
            raise InvalidExport(f"line {number}: position {position} is out of order")
        self._verify_scope(number, fact, position)
        self._position = position
        if record.seal is None:
            if position <= self._sealed:
                raise InvalidExport(
                    f"line {number}: the event at position {position} has no proof, and later ones are sealed"
                )
            self.unsealed += 1
            return
        seal = self.seals.get(record.seal.number)
        if (
            seal is None
            or record.seal.place != position - seal.first
            or not seal.first <= position <= seal.last
        ):
            raise InvalidExport(
                f"line {number}: the event at position {position} is not one that seal {record.seal.number} covers"
            )
        try:
            root = root_from_proof(
                bytes.fromhex(record.hash),
                record.seal.place,
                seal.last - seal.first + 1,
                [bytes.fromhex(digest) for digest in record.seal.path],
            )
        except ValueError:
            root = None
        if root is None or root.hex() != seal.root:
            raise InvalidExport(
                f"line {number}: the event at position {position} does not match the root of seal {seal.number}"
            )
        self._used.add(seal.number)

    def _verify_scope(self, number: int, fact: dict[str, object], position: int) -> None:
        scope = self.scope
        if scope.first is not None:
            expected = self._position + 1 if self._position else scope.first
            if position != expected:
                raise InvalidExport(f"line {number}: position {expected} is missing before it")
        elif scope.correlation is not None:
            if fact.get("correlation_id") != scope.correlation:
                raise InvalidExport(
                    f"line {number}: the event at position {position} is of another correlation"
                )
        elif (fact.get("category"), fact.get("stream_id")) != (scope.stream, scope.id):
            raise InvalidExport(f"line {number}: the event at position {position} is of another stream")
        elif fact.get("version") != number - 1:
            raise InvalidExport(f"line {number}: version {number - 1} of the stream is missing before it")


def _hash_of_seal(seal: ExportedSeal) -> str | None:
    try:
        return seal_hash(
            bytes.fromhex(seal.previous),
            seal.number,
            seal.first,
            seal.last,
            bytes.fromhex(seal.root),
            seal.sealed_at,
        ).hex()
    except ValueError:
        return None


def _decode[T](text: bytes, kind: type[T], number: int, message: str) -> T:
    """The line. Each byte must be as an export writes it, so that a line cannot hide anything."""
    text = text.removesuffix(b"\n")
    try:
        line = parse_canonical(text, kind)
    except (msgspec.MsgspecError, RecursionError):
        raise InvalidExport(f"line {number}: {message}") from None
    if canonical_bytes(line) != text:
        raise InvalidExport(f"line {number}: was changed: it is not in the canonical form")
    return line
