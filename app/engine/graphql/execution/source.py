"""The text of a document. It finds the line of each error without a look at the whole text."""

from typing import override

from graphql import Source, SourceLocation


class LineCountingSource(Source):
    """The text of a document. It counts lines from where it counted last: with 60,000 empty lines, each error took 70 ms
    (2026-11-27)."""

    __slots__ = ("_breaks", "_position")

    def __init__(self, body: str) -> None:
        super().__init__(body)
        self._position = self._breaks = 0
        """The line breaks before a position."""

    @override
    def get_location(self, position: int) -> SourceLocation:
        if position < self._position:
            self._position = self._breaks = 0
        text, start = self.body, self._position
        if position > start:
            ends = text.count("\n", start, position) + text.count("\r", start, position)
            self._breaks += ends - text.count("\r\n", start, position)
            self._position = position
        line_start = max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1
        return SourceLocation(self._breaks + 1, position + 1 - line_start)
