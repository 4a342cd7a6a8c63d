"""Checks an export without a database, and names the first line that is not as it was written.

It shows that each fact is one that a seal covers, and that none is missing within a range of positions, or within a
stream up to the last that is there. That the seals are those of the log is shown by their hashes: by the one that
`--expect` names, or by asking the log for them.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from app.engine.audit.canonical import canonical_bytes, fact_hash, parse_canonical, seal_hash
from app.engine.audit.export import ExportedSeal, ExportFooter, ExportHeader, ExportRecord, ExportScope
from app.engine.audit.merkle import root_from_proof
from app.engine.audit.verify_log import pluralize
from app.engine.errors import UserError


class InvalidExport(Exception):
    """A line is not as it was written."""


def show(path: Path, expect: bytes | None) -> bool:
    """Check the file and say what came of it; whether nothing is wrong. Raises `Mistake`."""
    console = Console(stderr=True)
    bar = (TextColumn("checking the file"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    checked = _ExportVerifier()
    try:
        with (
            path.open("rb") as file,
            Progress(*bar, console=console, transient=True, disable=not console.is_terminal) as progress,
        ):
            last, lines = b"", 0
            for line in file:
                last, lines = line, lines + 1
            checked.finish(lines, last)
            file.seek(0)
            checked.run(progress.track(file, total=lines))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except InvalidExport as error:
        print(f"{path}: {error}")
        return False
    if expect is not None and expect.hex() not in {seal.hash for seal in checked.seals.values()}:
        print(f"{path}: no seal of it has the hash {expect.hex()}")
        return False
    unsealed = (
        f"; {checked.loose:,} of them not sealed yet, and only this file speaks for that"
        if checked.loose
        else ""
    )
    print(
        f"ok: {pluralize(checked.facts, 'fact')} ({checked.asked}) under {pluralize(len(checked.seals), 'seal')}{unsealed}"
    )
    for seal in list(checked.seals.values())[-1:]:
        print(f"newest seal: {seal.number} {seal.hash}")
    return True


class _ExportVerifier:
    """One pass over the lines; the last one is known first, since all others are held against it."""

    def __init__(self) -> None:
        self.asked = ExportScope()
        self.seals: dict[int, ExportedSeal] = {}
        self.facts = 0
        self.loose = 0
        self._lines = 0
        self._position = 0
        self._sealed = 0
        self._used: set[int] = set()

    def finish(self, number: int, text: bytes) -> None:
        """Take in the last line, which is line `number`."""
        if not number:
            raise InvalidExport("line 1: is not there: the file is empty")
        closing = _decoded(text, ExportFooter, number, "it is not the end of an export: the file is cut off")
        self._lines = number
        before = None
        for seal in closing.seals:
            if seal.hash != _sealed(seal) or not seal.number > 0 or not 0 < seal.first <= seal.last:
                raise InvalidExport(
                    f"line {number}: seal {seal.number} was changed: it does not have its hash"
                )
            if before is not None and (seal.number <= before.number or seal.first <= before.last):
                raise InvalidExport(f"line {number}: seal {seal.number} is out of order")
            if (
                before is not None
                and seal.number == before.number + 1
                and (seal.previous, seal.first) != (before.hash, before.last + 1)
            ):
                raise InvalidExport(
                    f"line {number}: seal {seal.number} does not follow from seal {before.number}"
                )
            self.seals[seal.number] = before = seal
            self._sealed = seal.last
        self.facts = closing.facts

    def run(self, lines: Iterable[bytes]) -> None:
        """Check all lines, and that nothing is left over."""
        count = 0
        for number, text in enumerate(lines, 1):
            if number == self._lines:
                break
            if number == 1:
                self.asked = _decoded(text, ExportHeader, 1, "it is not the beginning of an export").asked
                if not self.asked.is_complete:
                    raise InvalidExport("line 1: was changed: it does not say what was asked for")
                continue
            self._fact(number, _decoded(text, ExportRecord, number, "it is not a line of an export"))
            count += 1
        if self._lines == 1:
            raise InvalidExport("line 1: it is not the beginning of an export")
        if count != self.facts:
            raise InvalidExport(f"line {self._lines}: {self.facts} facts were written, and there are {count}")
        if self.asked.last is not None and self._position != self.asked.last:
            raise InvalidExport(
                f"line {self._lines}: positions {self._position + 1} to {self.asked.last} are missing before it"
            )
        if unused := set(self.seals) - self._used:
            raise InvalidExport(f"line {self._lines}: the facts that seal {min(unused)} covers are missing")

    def _fact(self, number: int, line: ExportRecord) -> None:
        fact = line.fact
        position = fact.get("position")
        if not isinstance(position, int) or position < 1:
            raise InvalidExport(f"line {number}: it has no position")
        if fact_hash(fact).hex() != line.hash:
            raise InvalidExport(
                f"line {number}: the fact at position {position} was changed: it does not have its hash"
            )
        if position <= self._position:
            raise InvalidExport(f"line {number}: position {position} is out of order")
        self._belongs(number, fact, position)
        self._position = position
        if line.seal is None:
            if position <= self._sealed:
                raise InvalidExport(
                    f"line {number}: the fact at position {position} has no proof, and later ones are sealed"
                )
            self.loose += 1
            return
        seal = self.seals.get(line.seal.number)
        if (
            seal is None
            or line.seal.place != position - seal.first
            or not seal.first <= position <= seal.last
        ):
            raise InvalidExport(
                f"line {number}: the fact at position {position} is not one that seal {line.seal.number} covers"
            )
        try:
            root = root_from_proof(
                bytes.fromhex(line.hash),
                line.seal.place,
                seal.last - seal.first + 1,
                [bytes.fromhex(each) for each in line.seal.path],
            )
        except ValueError:
            root = None
        if root is None or root.hex() != seal.root:
            raise InvalidExport(
                f"line {number}: the fact at position {position} does not lead to the root of seal {seal.number}"
            )
        self._used.add(seal.number)

    def _belongs(self, number: int, fact: dict[str, object], position: int) -> None:
        asked = self.asked
        if asked.first is not None:
            expected = self._position + 1 if self._position else asked.first
            if position != expected:
                raise InvalidExport(f"line {number}: position {expected} is missing before it")
        elif asked.correlation is not None:
            if fact.get("correlation_id") != asked.correlation:
                raise InvalidExport(
                    f"line {number}: the fact at position {position} is of another correlation"
                )
        elif (fact.get("category"), fact.get("stream_id")) != (asked.stream, asked.id):
            raise InvalidExport(f"line {number}: the fact at position {position} is of another stream")
        elif fact.get("version") != number - 1:
            raise InvalidExport(f"line {number}: version {number - 1} of the stream is missing before it")


def _sealed(seal: ExportedSeal) -> str | None:
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


def _decoded[T](text: bytes, kind: type[T], number: int, otherwise: str) -> T:
    """The line; it must be written to the byte as an export writes it, so that nothing can hide in it."""
    text = text.removesuffix(b"\n")
    try:
        found = parse_canonical(text, kind)
    except (msgspec.MsgspecError, RecursionError):
        raise InvalidExport(f"line {number}: {otherwise}") from None
    if canonical_bytes(found) != text:
        raise InvalidExport(f"line {number}: was changed: it is not written as an export is")
    return found
