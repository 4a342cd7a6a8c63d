"""The records of the processes: instances, the steps they asked for, their results, and deadlines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

type StepKind = Literal["command", "effect", "note"]
"""A note is a fact for the process's own stream."""
type StepOutcome = Literal["due", "done", "refused", "stuck", "skipped", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStep:
    """One thing that an instance asked for. `id` is the id of the command, or the idempotency key of the effect.

    `attempts` counts the failed attempts, and each time that the step got stuck without an attempt. `error` is the
    error of the last one.
    """

    id: UUID
    instance: UUID
    step: str
    kind: StepKind
    category: str
    stream_id: UUID
    name: str
    body: str
    correlation_id: UUID
    caused_by: int
    attempts: int = 0
    outcome: StepOutcome = "due"
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The result of a step: the `position` of its last recorded fact, or the `error` of its last attempt."""

    step: ProcessStep
    outcome: StepOutcome
    position: int | None = None
    error: str | None = None
    code: str | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessInstance:
    """One instance of a process. `stored` is its state as JSON text.

    `began` is the position of its first fact, `position` that of the last one it folded. `parked` is the position of a
    fact that could not be folded, with the error.
    """

    id: UUID
    state: Any
    stored: str | None = None
    status: str
    ended: bool
    began: int
    position: int
    parked: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDeadline:
    """A deadline, and the fact that set it, which the database recorded at `recorded_at`.

    `passed_before` tells that an earlier fact set it for the same moment, and that it passed then.
    """

    instance: UUID
    name: str
    due_at: datetime
    correlation_id: UUID
    caused_by: int
    recorded_at: datetime | None = None
    passed_before: bool = False

    def note_id(self, process: str) -> UUID:
        """The id of its `DeadlinePassed`. Older code derived it without the fact. The first passing keeps that id, so that
        no server records it twice."""
        again = f" {self.caused_by}" if self.passed_before else ""
        return uuid5(self.instance, f"{process} {self.name} {self.due_at}{again}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRows:
    """Everything that one transaction writes. A deadline that is None is deleted.

    `results` are the new outcomes of older steps; `resumed` are those of them that are to be executed again. `skipped` are
    the positions of events that the process passes over.
    """

    instances: Sequence[ProcessInstance] = ()
    steps: Sequence[ProcessStep] = ()
    results: Sequence[StepResult] = ()
    resumed: Sequence[ProcessStep] = ()
    deadlines: Mapping[tuple[UUID, str], PendingDeadline | None] = field(
        default_factory=dict[tuple[UUID, str], "PendingDeadline | None"]
    )
    skipped: Sequence[int] = ()

    @property
    def withdrawn(self) -> Sequence[ProcessStep]:
        """The older steps that are not to be executed any more."""
        return [result.step for result in self.results if result.outcome == "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where a process stands. `skipped_events` counts the events that it passed over; `last_skipped` is the newest of them."""

    position: int
    skipped_events: int
    last_skipped: int | None


def answer_id(step: UUID) -> UUID:
    """The id of the command that records the answer to the call of a step."""
    return uuid5(step, "answer")
