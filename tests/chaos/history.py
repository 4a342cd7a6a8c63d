"""The history of a run as its clients saw it: what they sent, when, and what they were answered.

All times are seconds of one monotonic clock. A stream is named by one string, and versions count from 1 in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Fact(NamedTuple):
    """One event of the log."""

    position: int
    stream: str
    version: int
    command_id: str
    caused_by: int | None = None
    """The position of the event that led to the command, if no client sent it."""


# --- Writes -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """Recorded, or nothing to record: then `events` is empty. `version` is the stream's after the command."""

    version: int
    position: int
    events: tuple[tuple[int, int], ...]
    """(position, version) of each event that the command recorded."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rule of the domain forbids the command."""

    code: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another command came first; the stream was at `actual`."""

    actual: int


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """An error that says that nothing was recorded."""

    code: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or an error that leaves it open: the command may have been recorded, also later."""

    why: str


type Outcome = Accepted | Rejected | Conflict | NotRecorded | Unknown


@dataclass(frozen=True, slots=True)
class Write:
    """One attempt of one command. Attempts with the same command id are the same command."""

    client: str
    stream: str
    command_id: str
    expected: int | None
    sent: float
    answered: float
    outcome: Outcome


# --- Reads and subscriptions --------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """One answered read of one stream's row. `version` 0: there was no row."""

    session: str
    """The reads of one session never go back in time. A session is a client, or a client and its server."""
    stream: str
    version: int
    sent: float
    answered: float
    min_position: int | None = None
    """The answer is at least as new as this position."""
    position: int | None = None
    """What the answer says of itself: everything up to here is in it."""


class Delivery(NamedTuple):
    """One event that a subscriber received."""

    at: float
    position: int
    stream: str
    version: int
    command_id: str


@dataclass(slots=True)
class Subscription:
    """All that one subscriber received, over all its connections. It resumes after the last position it knows."""

    name: str
    after: int = 0
    prefix: str = ""
    """Only events of streams whose names begin so match."""
    deliveries: list[Delivery] = field(default_factory=list[Delivery])
    complete: bool = True
    """It was left alone until nothing more came."""


@dataclass(slots=True)
class History:
    """One run. `log` is what was read at its end, after all faults, in the order in which it came."""

    writes: list[Write] = field(default_factory=list[Write])
    reads: list[Read] = field(default_factory=list[Read])
    subscriptions: list[Subscription] = field(default_factory=list[Subscription])
    log: Sequence[Fact] = ()
    lost: frozenset[Fact] = frozenset()
    """What a primary held and its asynchronous standby did not when it took over. Empty if commits wait for a standby."""
