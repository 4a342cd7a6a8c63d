"""What the parties of the proof count, and the journals in which they say what they did, line by line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from domain.kernel.decider import Command, Decider, Event, command, event

FULL = "TALLY_FULL"
"""The refusal that a command without events leaves."""

# --- The domain: a tally counts -----------------------------------------------


@event("tally.counted")
class Counted(Event):
    command: UUID
    place: int


@command("tally.count", formerly=("Count",))
class Count(Command):
    """Count `times` times; a tally that is full (0 times) refuses."""

    command: UUID
    times: int


def decide(command: Count, counted: int) -> Sequence[Counted]:
    del counted
    return [Counted(command=command.command, place=place) for place in range(1, command.times + 1)]


def evolve(counted: int, event: Counted) -> int:
    del event
    return counted + 1


tally: Decider[Count, int, Counted] = Decider(category="tally", initial=0, decide=decide, evolve=evolve)

# --- What a worker is told, and what it says ------------------------------------


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`number` tells the workers of one role apart. `resume` names the journal of a writer that was killed."""

    role: Literal["write", "feed", "table"]
    number: int
    url: str
    seed: int
    journal: str
    resume: str | None = None


class Sent(msgspec.Struct, frozen=True, tag=True):
    """A command is about to be sent; it has `size` events, none where it is refused."""

    command_id: UUID
    stream_id: UUID
    size: int


class Acknowledged(msgspec.Struct, frozen=True, tag=True):
    """The store has answered: recorded at `first` to `last`, or recorded earlier."""

    command_id: UUID
    first: int
    last: int
    duplicate: bool
    refusal: str | None


class OutOfDate(msgspec.Struct, frozen=True, tag=True):
    """The store refused the version; the command is sent again."""

    command_id: UUID


class RolledBack(msgspec.Struct, frozen=True, tag=True):
    """A transaction appended this command and was rolled back."""

    command_id: UUID


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The store answered with an error."""

    command_id: UUID
    problem: str


class Started(msgspec.Struct, frozen=True, tag=True):
    """A follower starts above this position."""

    after: int


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """A follower was given this fact."""

    position: int
    stream_id: UUID
    version: int
    command_id: UUID
    place: int


type Line = Sent | Acknowledged | OutOfDate | RolledBack | Failed | Started | Delivered


def read_journal(path: Path) -> list[Line]:
    """All whole lines of a journal; empty where the worker never began one."""
    if not path.exists():
        return []
    decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(
        Sent | Acknowledged | OutOfDate | RolledBack | Failed | Started | Delivered
    )
    return [decoder.decode(line) for line in path.read_bytes().split(b"\n")[:-1]]


class Journal:
    """Where a worker says what it knows: a line has left the process when `say` returns."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - open as long as the process lives

    def write(self, *lines: Line) -> None:
        self._file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
