"""The read point of one answer: the position up to which everything is in it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.engine.access.access import Access
from app.engine.graphql.errors import BadInput, ReplacedLog
from app.engine.projector.projector import Projector
from app.engine.store.feed import Feed
from app.engine.store.log_identity import LogEnd, LogToken, identity_of
from app.engine.store.reader import Fact
from projections.kernel import Projection

REPLACED = (
    "The log was replaced, by a fail-over or a restore: events that you have received are gone. Read the state again,"
    " and subscribe without after."
)


@dataclass(slots=True)
class ReadPoint:
    """What one operation asked for and has read; of a subscription, since its last message.

    A projection may be behind the log, and each has a position of its own. So the answer has everything up to the lowest
    position that its reads had reached before they began.
    """

    feed: Feed
    projector: Projector
    access: Access
    client_token: Any
    """What the client sent as the token of its log. None if it sent nothing."""
    timeout_seconds: float
    """How long a read waits for a projection."""
    start: int
    """The end of the log when the operation began: reads of the log itself are at least as new."""
    epoch: int
    end: LogEnd
    """The log and its newest event when the operation began."""
    min_position: int = 0
    """The highest position that the operation has asked for. Each of its later reads is at least as new."""
    shown: int | None = None
    """The lowest position that the reads had reached; None if nothing was read but the log."""
    recorded: int | None = None
    """The position after the last command of the operation."""
    recorded_fact: Fact | None = None

    @classmethod
    def now(
        cls, feed: Feed, projector: Projector, access: Access, *, client_token: object, timeout_seconds: float
    ) -> "ReadPoint":
        """A read point for what begins now."""
        return cls(
            feed, projector, access, client_token, timeout_seconds, feed.latest_known, feed.epoch, feed.end
        )

    async def check_log(self) -> None:
        """Check that the positions of the client belong to this log, if it sent `extensions.logToken`.

        Raises `ReplacedLog`, or `BadInput` for another text than a token.
        """
        text = self.client_token
        if text is None or text == str(self.feed.end.token):
            return
        try:
            token = LogToken.parse(text)
        except (ValueError, AttributeError, OverflowError):
            raise BadInput("extensions.logToken is not a token of this server.") from None
        if not await self.feed.has(token):
            raise ReplacedLog(REPLACED)

    async def wait_for_projection(self, projection: Projection[Any], position: int | None) -> None:
        """Call it before each read of a projection: the answer's position is what its projections had reached.

        Waits until the projection has reached `position`, and the highest position that the operation has asked for. Later
        reads of the operation are at least as new. A table that is made again is waited for in any case. Raises
        `ProjectionStale` after APP_MIN_POSITION_TIMEOUT_SECONDS. Raises `ReplacedLog` if the position is of another log.
        """
        if position is not None and (self.recorded is None or position > self.recorded):
            # That of a command of this operation is of this log.
            await self.check_log()
        wanted = max(position or 0, self.min_position)
        names = [projection.name]
        while (
            (owner := projection.owner) is not None
            and owner.of is not None
            and self.access.is_limited(projection)
        ):
            # The rows of another projection say whose these rows are.
            projection = owner.of
            names.append(projection.name)
        await self.projector.wait_for_all(names, wanted, self.timeout_seconds)
        if wanted > self.feed.head:
            # Another process owns the projection and was faster. The log token has to name an event as new as the answer.
            with suppress(TimeoutError):
                async with asyncio.timeout(self.timeout_seconds):
                    await self.feed.wait_past(wanted - 1, epoch=self.feed.epoch)
            await self.projector.wait_for_all(names, wanted, self.timeout_seconds)
        if position is not None:
            self.min_position = wanted
        for name in names:
            self.note_read(self.projector.workers[name].state.position)

    def note_read(self, position: int) -> None:
        """Something is about to be read that has everything up to `position`."""
        self.shown = position if self.shown is None else min(self.shown, position)

    def note_log_read(self) -> None:
        """The log itself is about to be read."""
        self.note_read(self.feed.latest_known)

    def require(self, position: int) -> None:
        """Later reads are at least as new as `position`, which is not of the client: its token is not checked."""
        self.min_position = max(self.min_position, position)

    def note_answer(self, position: int) -> None:
        """The answer has everything up to `position`. What else it reads is at least as new."""
        self.note_read(position)
        self.require(position)

    def note_command(self, position: int, facts: Sequence[Fact]) -> None:
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
        return position, self.feed.end.token

    def _token_of_command(self) -> LogToken:
        fact, end = self.recorded_fact, self.feed.end
        if fact is None or fact.position <= self.feed.head:
            return end.token
        return LogEnd(end.log_id, identity_of(fact)).token
