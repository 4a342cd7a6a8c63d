"""The read point of one answer: the position up to which everything is in it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.engine.store.log_identity import LogEnd, LogToken, identity_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.engine.store.feed import Feed
    from app.engine.store.log_identity import Fact


@dataclass(slots=True)
class ReadPoint:
    """What one operation asked for and has read; of a subscription, since its last message.

    A projection may be behind the log, and each has a position of its own. So the answer has everything up to the lowest
    position that its reads had reached before they began.
    """

    feed: "Feed"
    start: int
    """The end of the log when the operation began: what is read of the log itself is at least as new."""
    epoch: int
    end: LogEnd
    """The log and its newest event when the operation began."""
    min_position: int = 0
    """The highest position that the operation has asked for. Each of its later reads is at least as new."""
    shown: int | None = None
    """The lowest position that the reads had reached; None if nothing was read but the log."""
    recorded: int | None = None
    """The position after the last command of the operation."""
    recorded_fact: "Fact | None" = None

    @classmethod
    def at(cls, feed: "Feed") -> "ReadPoint":
        """A read point for what begins now."""
        return cls(feed, feed.latest_known, feed.epoch, feed.end)

    def note_read(self, position: int) -> None:
        """Something is about to be read that has everything up to `position`."""
        self.shown = position if self.shown is None else min(self.shown, position)

    def note_log_read(self) -> None:
        """The log itself is about to be read."""
        self.note_read(self.feed.latest_known)

    def note_answer(self, position: int) -> None:
        """The answer has everything up to `position`. What else it reads is at least as new."""
        self.note_read(position)
        self.min_position = max(self.min_position, position)

    def note_command(self, position: int, facts: "Sequence[Fact]") -> None:
        """A command has left the log at `position`."""
        self.recorded = max(position, self.recorded or 0)
        if facts:
            self.recorded_fact = facts[-1]

    def take(self) -> tuple[int, LogToken]:
        """The position of the answer, and a token of the same log that names this event or a later one. Reads that follow
        are those of the next message."""
        shown, self.shown = self.shown, None
        if self.epoch != self.feed.epoch:
            # Some of it is of a log that is gone. The old token says so to the client.
            token, self.end = self.end.token, self.feed.end
            position = min(self.start, self.start if shown is None else shown)
            self.epoch, self.start, self.recorded = self.feed.epoch, self.feed.latest_known, None
            return position, token
        if self.recorded is not None:
            return self.recorded, self._token_of_command()
        position = self.start if shown is None else shown
        # The token is that of the newest event that this process has read.
        position = min(position, self.feed.head)
        self.start = self.feed.latest_known
        return max(position, self.min_position), self.feed.end.token

    def _token_of_command(self) -> LogToken:
        fact, end = self.recorded_fact, self.feed.end
        if fact is None or fact.position <= self.feed.head:
            return end.token
        return LogEnd(end.log_id, identity_of(fact)).token
