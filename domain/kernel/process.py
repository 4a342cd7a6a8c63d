"""The words every process is written in: what it sends, what it waits for, and the facts of its own stream.

A process (process manager, saga) joins aggregates: it folds the facts that concern one piece of work into a state, and
reacts to each with what should happen next. Both are pure; the engine stores and carries out what they ask for.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, assert_never, dataclass_transform
from uuid import UUID

from domain.kernel.decider import (
    AnyDecider,
    Command,
    CommandName,
    Decider,
    Event,
    Recorded,
    Rejection,
    StoredName,
    annotation_members,
    command,
    value,
)

# --- What a process asks for ------------------------------------------------


class Call:
    """The base of every class of call to the outside: a record that knows its stored name."""

    stored: ClassVar[CommandName]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def call[T: Call](name: str, formerly: tuple[str, ...] = ()) -> Callable[[type[T]], type[T]]:
    """Make a class a call that is stored as `name` (`noun.verb`, never reused). `formerly` are its older names."""

    def declare(cls: type[T]) -> type[T]:
        cls.stored = CommandName(name, formerly)
        return dataclass(frozen=True, kw_only=True)(cls)

    return declare


@value
class SendCommand:
    """A command to one aggregate. Made by `send`, which holds the command to its decider."""

    step: str
    to: AnyDecider
    stream_id: UUID
    command: Command


@value
class Effect:
    """A call to the outside, through the port that is registered for the type of `call`.

    It is made at least once, always with the same idempotency key, and its answer comes back as a command.
    """

    step: str
    call: Call


@value
class Deadline:
    """Record `DeadlinePassed` at `at`, unless the deadline of this name is set again or cancelled before."""

    name: str
    at: datetime


@value
class CancelDeadline:
    """The deadline of this name is not needed any more."""

    name: str


@value
class Withdraw:
    """Whatever was asked for and has not been done yet is not wanted any more."""


type Action = SendCommand | Effect | Deadline | CancelDeadline | Withdraw


def send[C: Command](step: str, to: Decider[C, Any, Any], stream_id: UUID, command: C) -> SendCommand:
    """A command for the aggregate `stream_id` of a decider; a command of another decider is a type error."""
    return SendCommand(step=step, to=to, stream_id=stream_id, command=command)


type Port = Callable[[Any, UUID], Awaitable[SendCommand | None]]
"""Makes one kind of call to the outside, under its idempotency key. Gives the command that records the answer.

An exception means that the outcome is unknown: the engine calls again, with the same key.
"""


# --- The facts of a process's own stream ------------------------------------


@value
class Started(Event):
    """The process has begun to work."""


@value
class Ended(Event):
    """The process has nothing left to do."""

    outcome: str


@value
class StepRefused(Event):
    """The aggregate that a step was sent to refused it."""

    step: str
    code: str
    message: str


@value
class DeadlinePassed(Event):
    """A deadline came before what it waited for."""

    deadline: str
    due: datetime


@value
class StepStuck(Event):
    """A step failed as often as it may; an operator has to look."""

    step: str
    error: str


@value
class StepWithdrawn(Event):
    """A stuck step is not wanted any more."""

    step: str


@value
class StepRetried(Event):
    """An operator had a stuck step tried again."""

    step: str


@value
class StepSkipped(Event):
    """An operator took a stuck step for done."""

    step: str
    reason: str


@value
class CompensationForced(Event):
    """An operator had everything undone."""

    reason: str


type LifecycleEvent = (
    Started
    | Ended
    | StepRefused
    | DeadlinePassed
    | StepStuck
    | StepWithdrawn
    | StepRetried
    | StepSkipped
    | CompensationForced
)


@value
class ProcessLifecycle:
    """What a process's own stream says of it."""

    known: bool = False
    ended: bool = False
    stuck: frozenset[str] = frozenset()


def evolve(course: ProcessLifecycle, event: LifecycleEvent) -> ProcessLifecycle:
    course = replace(course, known=True)
    match event:
        case Started():
            return replace(course, ended=False)
        case Ended():
            return replace(course, ended=True)
        case StepStuck(step=step):
            return replace(course, stuck=course.stuck | {step}, ended=False)
        case StepRetried(step=step) | StepSkipped(step=step) | StepWithdrawn(step=step):
            return replace(course, stuck=course.stuck - {step})
        case StepRefused() | DeadlinePassed() | CompensationForced():
            return course
        case _ as missing:
            assert_never(missing)


# --- Its commands: the engine's, and the operator's -------------------------


# Every process has the same commands, so their stored names begin with `process`, not with its category.


@command("process.record-event", formerly=("Record",))
class RecordLifecycleEvent(Command):
    """The engine reports what happened to a step or a deadline."""

    event: Started | Ended | StepRefused | DeadlinePassed | StepStuck | StepWithdrawn


@command("process.retry-step", formerly=("RetryStep",))
class RetryStep(Command):
    step: str


@command("process.skip-step", formerly=("SkipStep",))
class SkipStep(Command):
    step: str
    reason: str


@command("process.force-compensation", formerly=("ForceCompensation",))
class ForceCompensation(Command):
    reason: str


type LifecycleCommand = RecordLifecycleEvent | RetryStep | SkipStep | ForceCompensation


class ProcessUnknown(Rejection):
    """No such process is known."""


class ProcessEnded(Rejection):
    """The process has ended: there is nothing left to do about it."""


class StepNotStuck(Rejection):
    """The process has no stuck step of this name."""


@dataclass(frozen=True, eq=False)
class ProcessStream(Decider[LifecycleCommand, ProcessLifecycle, LifecycleEvent]):
    """The decider of a process's own stream. Its event classes carry the process's name in the log."""

    classes: dict[type[Event], type[Any]] = field(default_factory=dict[type[Event], type[Any]])

    @property
    def event_types(self) -> tuple[type[Any], ...]:
        return tuple(self.classes.values())


def make_stream_decider(category: str) -> ProcessStream:
    """The decider of the own stream of the process `category`."""
    classes: dict[type[Event], type[Any]] = {
        each: type(
            each.__name__, (each,), {"stored": StoredName(f"{category}.{name}", 1), "__module__": __name__}
        )
        for each, name in _NAMES.items()
    }

    def named(event: LifecycleEvent) -> LifecycleEvent:
        return classes[type(event)](**vars(event))

    def decide(command: LifecycleCommand, course: ProcessLifecycle) -> Sequence[LifecycleEvent]:
        match command:
            case RecordLifecycleEvent(event=StepWithdrawn(step=step)) if step not in course.stuck:
                return []
            case RecordLifecycleEvent(event=event):
                return [named(event)]
            case _ if not course.known:
                raise ProcessUnknown
            case RetryStep(step=step) if step in course.stuck:
                return [named(StepRetried(step=step))]
            case SkipStep(step=step, reason=reason) if step in course.stuck:
                return [named(StepSkipped(step=step, reason=reason))]
            case RetryStep() | SkipStep():
                raise ProcessEnded if course.ended else StepNotStuck
            case ForceCompensation() if course.ended:
                raise ProcessEnded
            case ForceCompensation(reason=reason):
                return [named(CompensationForced(reason=reason))]
            case _ as missing:
                assert_never(missing)

    return ProcessStream(
        category=category,
        initial=ProcessLifecycle(),
        decide=decide,
        evolve=evolve,
        rejections=(ProcessUnknown, ProcessEnded, StepNotStuck),
        classes=classes,
    )


_NAMES: dict[type[Event], str] = {
    Started: "started",
    Ended: "ended",
    StepRefused: "step-refused",
    DeadlinePassed: "deadline-passed",
    StepStuck: "step-stuck",
    StepWithdrawn: "step-withdrawn",
    StepRetried: "step-retried",
    StepSkipped: "step-skipped",
    CompensationForced: "compensation-forced",
}

NOTES_FORMERLY: dict[str, type[Event]] = {
    "Started": Started,
    "Ended": Ended,
    "StepRefused": StepRefused,
    "DeadlinePassed": DeadlinePassed,
    "StepStuck": StepStuck,
    "StepWithdrawn": StepWithdrawn,
    "StepRetried": StepRetried,
    "StepSkipped": StepSkipped,
    "CompensationForced": CompensationForced,
}
"""The names under which older code stored a fact that was to be recorded. They stay when a class is renamed."""

# --- The process ------------------------------------------------------------


@dataclass(frozen=True)
class Process[S]:
    """Work across aggregates, one instance a key.

    `key(fact)` names the instance that a fact concerns, None for none; the process's own facts concern their stream
    without being asked for. `evolve(state, fact)` gives the state after the fact, None where there is still no
    instance. `react(before, after, fact)` says what the step from one state to the next asks for. `status` names a
    state for people, and `outcome` says how it ended, None where it has not. All are pure.

    `category` is the process's name, and that of its own streams. `calls` are the types of call that its effects make.
    """

    category: str
    correlate: Callable[[Recorded[Any]], UUID | None]
    evolve: Callable[[S | None, Recorded[Any]], S | None]
    react: Callable[[S | None, S, Recorded[Any]], Sequence[Action]]
    status: Callable[[S], str]
    outcome: Callable[[S], str | None]
    calls: tuple[type[Call], ...] = ()

    @cached_property
    def stream_decider(self) -> ProcessStream:
        """The decider of the process's own stream."""
        return make_stream_decider(self.category)

    @property
    def state_types(self) -> tuple[type[S], ...]:
        """The classes of its states, read off the annotation of `evolve`."""
        return tuple(member for member in annotation_members(self.evolve, 0) if member is not type(None))

    def instance_id(self, fact: Recorded[Any]) -> UUID | None:
        """The instance that a fact concerns."""
        return fact.stream_id if fact.category == self.category else self.correlate(fact)


type AnyProcess = Process[Any]
