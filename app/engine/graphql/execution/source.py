"""The text of a document, which finds the line of an error without a look at the whole text for each error."""

import re
from array import array
from bisect import bisect_left
from typing import override

from graphql import Source, SourceLocation

_LINE_BREAK = re.compile(r"\r\n|[\n\r]")


class IndexedSource(Source):
    """The text of a document. Its lines are found once: with 60,000 empty lines, each error took 70 ms (2026-11-27)."""

    __slots__ = ("_starts",)

    def __init__(self, body: str) -> None:
        super().__init__(body)
        self._starts: array[int] | None = None
        """Where the lines start that follow a line break."""

    @override
    def get_location(self, position: int) -> SourceLocation:
        if self._starts is None:
            self._starts = array("I", (match.end() for match in _LINE_BREAK.finditer(self.body)))
        # A line break belongs to the line that it ends.
        before = bisect_left(self._starts, position + 1)
        return SourceLocation(before + 1, position + 1 - (self._starts[before - 1] if before else 0))
