"""The toy domain of the proof, and the journals in which its workers record what they do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from domain.kernel.decider import Command, Decider, Event, command, event

FULL = "TALLY_FULL"
"""The rejection of a command without events."""

# --- The domain: a tally counts -----------------------------------------------


@event("tally.counted")
class Counted(Event):
    command: UUID
    place: int


@command("tally.count", formerly=("Count",))
class Count(Command):
    """Count `times` times; a tally rejects 0 times."""

    command: UUID
    times: int


def decide(command: Count, counted: int) -> Sequence[Counted]:
    del counted
    return [Counted(command=command.command, place=place) for place in range(1, command.times + 1)]


def evolve(counted: int, event: Counted) -> int:
    del event
    return counted + 1


tally: Decider[Count, int, Counted] = Decider(category="tally", initial=0, decide=decide, evolve=evolve)

# --- The jobs and journals of the workers ---------------------------------------


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The job of one worker. `number` distinguishes the workers of a role; `resume` is the journal of a killed writer."""

    role: Literal["write", "feed", "table"]
    number: int
    url: str
    seed: int
    journal: str
    resume: str | None = None


class Sent(msgspec.Struct, frozen=True, tag=True):
    """A command is about to be sent. It has `size` events, or none if it is rejected."""

    command_id: UUID
    stream_id: UUID
    size: int


class Acknowledged(msgspec.Struct, frozen=True, tag=True):
    """The store acknowledged the command: recorded at `first` to `last`, now or earlier."""

    command_id: UUID
    first: int
    last: int
    duplicate: bool
    refusal: str | None


class OutOfDate(msgspec.Struct, frozen=True, tag=True):
    """The expected version was out of date; the command is sent again."""

    command_id: UUID


class RolledBack(msgspec.Struct, frozen=True, tag=True):
    """A transaction appended this command and was rolled back."""

    command_id: UUID


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The store raised an error."""

    command_id: UUID
    error: str


class Started(msgspec.Struct, frozen=True, tag=True):
    """A follower starts after this position."""

    after: int


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """A follower received this fact."""

    position: int
    stream_id: UUID
    version: int
    command_id: UUID
    place: int


type Line = Sent | Acknowledged | OutOfDate | RolledBack | Failed | Started | Delivered


def read_journal(path: Path) -> list[Line]:
    """All complete lines of a journal; none if the worker did not start."""
    if not path.exists():
        return []
    decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(
        Sent | Acknowledged | OutOfDate | RolledBack | Failed | Started | Delivered
    )
    return [decoder.decode(line) for line in path.read_bytes().split(b"\n")[:-1]]


class Journal:
    """The journal of a worker. A line has left the process when `write` returns."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - open as long as the process lives

    def write(self, *lines: Line) -> None:
        self._file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
