"""The types that every process is written with: actions, the facts of its own stream, and the process itself.

A process (process manager, saga) joins aggregates. It folds the facts about one piece of work into a state, and reacts
to each fact with actions. Both functions are pure. The engine stores the actions and executes them.
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

# --- Actions ----------------------------------------------------------------


class Call:
    """The base of every class of call to the outside: a record that knows its stored name."""

    stored: ClassVar[CommandName]
    retry_seconds: ClassVar[float | None] = None
    """See `call`."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def call[T: Call](
    name: str, formerly: tuple[str, ...] = (), retry_seconds: float | None = None
) -> Callable[[type[T]], type[T]]:
    """Make a class a call that is stored as `name` (`noun.verb`, never reused). `formerly` are its older names.

    A call that fails is made again for `retry_seconds`, and is stuck then, also before a deadline of its instance. None
    means as the settings say for all steps: for APP_STEP_RETRY_SECONDS, and at least until that deadline.
    """

    def declare(cls: type[T]) -> type[T]:
        cls.stored = CommandName(name, formerly)
        cls.retry_seconds = retry_seconds
        return dataclass(frozen=True, kw_only=True)(cls)

    return declare


@value
class SendCommand:
    """A command to one aggregate. Build it with `send`, which checks the type of the command."""

    step: str
    to: AnyDecider
    stream_id: UUID
    command: Command


@value
class Effect:
    """A call to the outside, through the port that is registered for the type of `call`.

    The engine makes it at least once, always with the same idempotency key. The answer is a command.
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
    """Cancel all commands and calls of this instance that are not done yet."""


type Action = SendCommand | Effect | Deadline | CancelDeadline | Withdraw


def send[C: Command](step: str, to: Decider[C, Any, Any], stream_id: UUID, command: C) -> SendCommand:
    """A command to the aggregate `stream_id`. A command of another decider is a type error."""
    return SendCommand(step=step, to=to, stream_id=stream_id, command=command)


type Port = Callable[[Any, UUID], Awaitable[SendCommand | None]]
"""Makes one kind of call to the outside with its idempotency key. Returns the command that records the answer.

An exception means that the outcome is unknown. The engine calls again with the same key.
"""


# --- The facts of a process's own stream ------------------------------------


@value
class Started(Event):
    """The process has started."""


@value
class Ended(Event):
    """The process has no work left."""

    outcome: str


@value
class StepRefused(Event):
    """The aggregate rejected the command of a step."""

    step: str
    code: str
    message: str


@value
class DeadlinePassed(Event):
    """A deadline has passed, and was neither set again nor cancelled."""

    deadline: str
    due: datetime


@value
class StepStuck(Event):
    """A step failed in its last attempt. An operator has to retry or skip it."""

    step: str
    error: str


@value
class StepWithdrawn(Event):
    """A stuck step was cancelled by `Withdraw`."""

    step: str


@value
class StepRetried(Event):
    """An operator retried a stuck step."""

    step: str


@value
class StepSkipped(Event):
    """An operator skipped a stuck step: it counts as done."""

    step: str
    reason: str


@value
class CompensationForced(Event):
    """An operator asked the process to undo all its completed steps."""

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
    """The state of a process in its own stream."""

    known: bool = False
    ended: bool = False
    stuck: frozenset[str] = frozenset()


def evolve(lifecycle: ProcessLifecycle, event: LifecycleEvent) -> ProcessLifecycle:
    lifecycle = replace(lifecycle, known=True)
    match event:
        case Ended():
            return replace(lifecycle, ended=True)
        case StepStuck(step=step):
            return replace(lifecycle, stuck=lifecycle.stuck | {step}, ended=False)
        case StepRetried(step=step) | StepSkipped(step=step) | StepWithdrawn(step=step):
            return replace(lifecycle, stuck=lifecycle.stuck - {step})
        case Started() | StepRefused() | DeadlinePassed() | CompensationForced():
            # Older code could record the start of a process after its end.
            return lifecycle
        case _ as missing:
            assert_never(missing)


# --- Its commands: the engine's, and the operator's -------------------------


# All processes have the same commands, so their stored names begin with `process`, not with a category.


@command("process.record-event", formerly=("Record",))
class RecordLifecycleEvent(Command):
    """The engine records a fact about a step or a deadline."""

    event: Started | Ended | StepRefused | DeadlinePassed | StepStuck | StepWithdrawn


@command("process.retry-step", formerly=("RetryStep",))
class RetryStep(Command):
    """Retry a stuck step; with `parked`, the event that parked the instance. The latter records no event."""

    step: str
    parked: bool = False


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
    """The decider of a process's own stream.

    The log stores the same events under other names for each process, such as `fulfilment.started`. An event class has
    one stored name, so each process has event classes of its own. `classes` maps the shared class to its own.
    """

    classes: dict[type[Event], type[Any]] = field(default_factory=dict[type[Event], type[Any]])

    @property
    def event_types(self) -> tuple[type[Any], ...]:
        return tuple(self.classes.values())

    def own_event(self, event: LifecycleEvent) -> LifecycleEvent:
        """The event in the class that this process stores."""
        return _to_own_class(self.classes, event)


def make_stream_decider(category: str) -> ProcessStream:
    """The decider of the own stream of the process `category`."""
    classes: dict[type[Event], type[Any]] = {
        shared: type(
            shared.__name__,
            (shared,),
            {
                "stored": StoredName(f"{category}.{name}", 1),
                "__module__": __name__,
                "__doc__": shared.__doc__,
            },
        )
        for shared, name in _STORED_NAMES.items()
    }

    def decide(command: LifecycleCommand, lifecycle: ProcessLifecycle) -> Sequence[LifecycleEvent]:
        match command:
            case RecordLifecycleEvent(event=StepWithdrawn(step=step)) if step not in lifecycle.stuck:
                return []
            case RecordLifecycleEvent(event=event):
                return [_to_own_class(classes, event)]
            case RetryStep(parked=True):
                return []
            case _ if not lifecycle.known:
                raise ProcessUnknown
            case RetryStep(step=step) if step in lifecycle.stuck:
                return [_to_own_class(classes, StepRetried(step=step))]
            case SkipStep(step=step, reason=reason) if step in lifecycle.stuck:
                return [_to_own_class(classes, StepSkipped(step=step, reason=reason))]
            case RetryStep() | SkipStep():
                raise ProcessEnded if lifecycle.ended else StepNotStuck
            case ForceCompensation() if lifecycle.ended:
                raise ProcessEnded
            case ForceCompensation(reason=reason):
                return [_to_own_class(classes, CompensationForced(reason=reason))]
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


def _to_own_class(classes: dict[type[Event], type[Any]], event: LifecycleEvent) -> LifecycleEvent:
    return classes[type(event)](**vars(event))


_STORED_NAMES: dict[type[Event], str] = {
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

FORMER_NOTE_NAMES: dict[str, type[Event]] = {
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
"""The names under which older code stored a note. They stay when a class is renamed."""

# --- The process ------------------------------------------------------------


@dataclass(frozen=True)
class Process[S]:
    """Work across aggregates, one instance for each piece of work.

    `correlate(fact)` returns the id of the instance that a fact concerns, or None. Facts of the process's own streams
    need no `correlate`. `evolve(state, fact)` returns the state after the fact, or None if there is still no instance.
    `react(before, after, fact)` returns the actions that follow from the change of state. `status` names a state for
    people. `outcome` says how the process ended, or None if it has not. All are pure.

    `category` is the name of the process and of its own streams. `calls` are the classes of call in its effects.
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
        """The classes of its states, from the annotation of the first parameter of `evolve`."""
        return tuple(member for member in annotation_members(self.evolve, 0) if member is not type(None))

    def instance_id(self, fact: Recorded[Any]) -> UUID | None:
        """The instance that a fact concerns."""
        return fact.stream_id if fact.category == self.category else self.correlate(fact)


type AnyProcess = Process[Any]
