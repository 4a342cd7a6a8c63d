"""Folds facts into the instances of a process, and computes the rows that follow from them. Pure: it writes nothing.

A fact that raises, or leads to something that cannot be stored, parks its instance. All other instances go on.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from app.engine.database.errors import traceback_text
from app.engine.processes.codec import ProcessCodec, step_id, storable_text
from app.engine.processes.records import (
    BatchRows,
    PendingDeadline,
    ProcessInstance,
    ProcessStep,
    StepOutcome,
    StepResult,
)
from app.engine.store.log_identity import Fact
from domain.kernel.decider import Event, UnreadableEvent
from domain.kernel.process import (
    Action,
    AnyProcess,
    CancelDeadline,
    Deadline,
    DeadlinePassed,
    Effect,
    Ended,
    SendCommand,
    Started,
    StepRefused,
    StepRetried,
    StepSkipped,
    StepStuck,
    StepWithdrawn,
    Withdraw,
)

log = logging.getLogger(__name__)


@dataclass
class Batch:
    """What the facts of one cycle lead to. `withdrawn` has the newest fact that withdrew the open steps of an instance.

    `skipped` has the positions of the events whose instance cannot be determined.
    """

    instances: dict[UUID, ProcessInstance] = field(default_factory=dict[UUID, ProcessInstance])
    steps: list[ProcessStep] = field(default_factory=list[ProcessStep])
    withdrawn: dict[UUID, Fact] = field(default_factory=dict[UUID, Fact])
    deadlines: dict[tuple[UUID, str], PendingDeadline | None] = field(
        default_factory=dict[tuple[UUID, str], "PendingDeadline | None"]
    )
    retried: dict[tuple[UUID, str], int] = field(default_factory=dict[tuple[UUID, str], int])
    """The position of the newest retry, by instance and step. It does not concern steps that were asked for after it."""
    skipped_steps: dict[tuple[UUID, str], int] = field(default_factory=dict[tuple[UUID, str], int])
    """The same of the newest skip."""
    skipped: list[int] = field(default_factory=list[int])

    def __bool__(self) -> bool:
        return bool(self.instances or self.steps or self.skipped)

    def park(self, identity: UUID, instance: ProcessInstance | None, position: int, error: Exception) -> None:
        parked = (position, traceback_text(error))
        self.instances[identity] = (
            ProcessInstance(
                id=identity,
                state=None,
                status="unknown",
                ended=False,
                began=position,
                position=0,
                parked=parked,
            )
            if instance is None
            else replace(instance, parked=parked)
        )

    def skip_step(self, identity: UUID, name: str, position: int) -> None:
        """An operator skipped a step. This batch may also ask for it, if it folds the instance again."""
        self.skipped_steps[identity, name] = position
        self.steps = [
            replace(step, outcome="skipped")
            if (step.instance, step.step) == (identity, name) and step.kind != "note"
            else step
            for step in self.steps
        ]

    def instances_with_changed_steps(self, results: Sequence[StepResult]) -> set[UUID]:
        """The instances whose open steps `ProcessReducer.close` has to know. It is empty for most batches."""
        return {
            *self.withdrawn,
            *(instance for instance, _ in self.retried | self.skipped_steps),
            *(result.step.instance for result in results if result.outcome == "stuck"),
        }


class InstanceUnknown(Exception):
    """The process cannot tell which instance an event concerns. The cause says why."""


class ProcessReducer:
    """The pure side of one process."""

    def __init__(self, process: AnyProcess, codec: ProcessCodec) -> None:
        self._process = process
        self._codec = codec

    def instances_of(self, fact: Fact) -> Mapping[UUID, Sequence[Fact]]:
        """The instances that a fact concerns, each with its parts of the fact. Only a split fact can concern several.

        Raises `InstanceUnknown` if the process cannot tell.
        """
        instances: dict[UUID, list[Fact]] = {}
        try:
            for part in fact.parts:
                identity: object = self._process.instance_id(part)
                if isinstance(identity, UUID):
                    instances.setdefault(identity, []).append(part)
                elif identity is not None:
                    raise TypeError(f"{identity!r} is not the id of an instance")
        except Exception as error:
            # The code of the process may raise anything. No instance can wait for this fact.
            raise InstanceUnknown from error
        if not instances and isinstance(fact.event, UnreadableEvent):
            raise InstanceUnknown from ValueError(fact.event.problem)
        return instances

    def apply(
        self, batch: Batch, instance: ProcessInstance | None, identity: UUID, parts: Sequence[Fact]
    ) -> None:
        """Fold all parts of one fact that concern one instance, or none of them."""
        fact = parts[0]
        if instance is not None and (instance.parked is not None or fact.position <= instance.position):
            # A parked instance waits. An instance that has folded the fact does not fold it twice. A checkpoint that
            # was restored may be older than the instance.
            return
        try:
            transition = self._transition(instance, identity, parts)
        except Exception as error:
            # The code of the process may raise anything. Only this instance waits.
            log.exception(
                "process %s: the event at position %d parks %s",
                self._process.category,
                fact.position,
                identity,
            )
            batch.park(identity, instance, fact.position, error)
            return
        for part in parts:
            if isinstance(part.event, StepRetried):
                batch.retried[identity, part.event.step] = fact.position
            if isinstance(part.event, StepSkipped):
                batch.skip_step(identity, part.event.step, fact.position)
        if transition is None:
            return
        after, actions, steps = transition
        for action in actions:
            match action:
                case Withdraw():
                    batch.withdrawn[identity] = fact
                    batch.steps = [
                        replace(step, outcome="withdrawn")
                        if step.instance == identity and step.kind != "note"
                        else step
                        for step in batch.steps
                    ]
                case Deadline(name=name, at=at):
                    batch.deadlines[identity, name] = PendingDeadline(
                        instance=identity,
                        name=name,
                        due_at=at,
                        correlation_id=fact.correlation_id,
                        caused_by=fact.position,
                        recorded_at=fact.recorded_at,
                    )
                case CancelDeadline(name=name):
                    batch.deadlines[identity, name] = None
                case SendCommand() | Effect():
                    # These are among `steps`.
                    pass
        batch.steps.extend(steps)
        batch.instances[identity] = after

    def _transition(
        self, instance: ProcessInstance | None, identity: UUID, parts: Sequence[Fact]
    ) -> tuple[ProcessInstance, Sequence[Action], Sequence[ProcessStep]] | None:
        """The instance after a fact, the actions it asks for, and their steps. None if there is still no instance.

        Raises what the code of the process raises, and an error if the result cannot be stored.
        """
        fact = parts[0]
        before = state = None if instance is None else instance.state
        actions: list[Action] = []
        for part in parts:
            after = evolve(self._process, state, part)
            if after is not None:
                actions.extend(self._process.react(state, after, part))
                state = after
        if state is None:
            return None
        steps: list[ProcessStep] = []
        if before is None:
            steps.append(self._note(Started(), identity, f"started {fact.position}", fact, identity))
        for place, action in enumerate(actions):
            match action:
                case SendCommand() | Effect():
                    steps.append(
                        self._codec.step(
                            action,
                            step_id(self._process, identity, fact.position, place),
                            identity,
                            fact.correlation_id,
                            fact.position,
                        )
                    )
                case Deadline(name=name, at=at):
                    _check_deadline(name, at)
                case CancelDeadline(name=name):
                    storable_text(name)
                case Withdraw():
                    steps = [step for step in steps if step.kind == "note"]
                case unknown:  # pyright: ignore[reportUnnecessaryComparison]
                    raise TypeError(f"{unknown!r} is not an action of a process")
        outcome = self._process.outcome(state)
        if outcome is not None and (before is None or self._process.outcome(before) != outcome):
            steps.append(
                self._note(Ended(outcome=outcome), identity, f"ended {fact.position}", fact, identity)
            )
        transitioned = ProcessInstance(
            id=identity,
            state=state,
            stored=self._codec.state(state),
            status=storable_text(self._process.status(state)),
            ended=outcome is not None,
            began=fact.position if instance is None else instance.began,
            position=fact.position,
        )
        return transitioned, actions, steps

    def close(
        self,
        batch: Batch,
        results: Sequence[StepResult] = (),
        overdue: Sequence[PendingDeadline] = (),
        open_steps: Sequence[ProcessStep] = (),
    ) -> BatchRows:
        """All rows of a batch, with the results of older steps and the deadlines that have passed.

        `open_steps` are those of `Batch.instances_with_changed_steps`. The owner is their only writer, so what it read
        before the write is still true at the write.
        """
        steps, deadlines = list(batch.steps), dict(batch.deadlines)
        for deadline in overdue:
            instance = batch.instances.get(deadline.instance)
            if instance is not None and instance.parked is not None:
                # A fact that waits with its instance may set or cancel the deadline.
                continue
            # A fact of this batch that sets or cancels the deadline comes first.
            if (deadline.instance, deadline.name) not in deadlines:
                deadlines[deadline.instance, deadline.name] = None
                steps.append(self._deadline_note(deadline))
        still_open = {step.id for step in open_steps}
        for result in results:
            step = result.step
            # A step that was withdrawn before it got stuck is not stuck.
            if result.outcome != "stuck" or step.id in still_open:
                steps.extend(self._result_notes(result))
        changes, resumed = {result.step.id: result for result in results}, list[ProcessStep]()
        # An instance that is folded again folds its old events again. They concern no steps that were asked for after them.
        for step in open_steps:
            if (result := changes.get(step.id)) is not None:
                step = replace(step, outcome=result.outcome, attempts=result.attempts, error=result.error)
            name = step.instance, step.step
            fact = batch.withdrawn.get(step.instance)
            if fact is not None and step.outcome in ("due", "stuck") and step.caused_by < fact.position:
                changes[step.id] = _changed(step, "withdrawn")
                if step.outcome == "stuck":
                    withdrawn = StepWithdrawn(step=step.step)
                    steps.append(self._note(withdrawn, step.id, "withdrawn", fact, step.instance))
            elif step.outcome == "stuck" and step.caused_by < batch.retried.get(name, 0):
                changes[step.id] = _changed(step, "due")
                resumed.append(replace(step, outcome="due"))
            elif step.outcome == "stuck" and step.caused_by < batch.skipped_steps.get(name, 0):
                changes[step.id] = _changed(step, "skipped")
        return BatchRows(
            instances=list(batch.instances.values()),
            steps=steps,
            results=list(changes.values()),
            resumed=resumed,
            deadlines=deadlines,
            skipped=batch.skipped,
        )

    def _deadline_note(self, deadline: PendingDeadline) -> ProcessStep:
        return self._codec.note(
            DeadlinePassed(deadline=deadline.name, due=deadline.due_at),
            deadline.note_id(self._process.category),
            deadline.instance,
            deadline.correlation_id,
            deadline.caused_by,
        )

    def _result_notes(self, result: StepResult) -> Sequence[ProcessStep]:
        """The facts that tell the process of a result."""
        step = result.step
        event: Event
        match result.outcome:
            case _ if step.kind == "note":
                return []
            case "refused":
                event = StepRefused(step=step.step, code=result.code or "", message=result.error or "")
            case "stuck":
                event = StepStuck(step=step.step, error=result.error or "")
            case _:
                return []
        identity = uuid5(step.id, f"{result.outcome} {result.attempts}")
        return [self._codec.note(event, identity, step.instance, step.correlation_id, step.caused_by)]

    def _note(self, event: Event, parent: UUID, why: str, fact: Fact, instance: UUID) -> ProcessStep:
        """A fact for the instance's own stream. Its id is derived from `parent` and `why`."""
        return self._codec.note(
            event,
            uuid5(parent, f"{self._process.category} {why}"),
            instance,
            fact.correlation_id,
            fact.position,
        )


def evolve(process: AnyProcess, state: Any, part: Fact) -> Any:
    """The state after one part of a fact. Raises if this code cannot read the event, besides what the process raises."""
    if isinstance(part.event, UnreadableEvent):
        raise ValueError(
            f"{part.event.name} version {part.event.version} cannot be read: {part.event.problem}"
        )
    return process.evolve(state, part)


def _changed(step: ProcessStep, outcome: StepOutcome) -> StepResult:
    """The step with another outcome; the attempts and the error of the last one stay."""
    return StepResult(step=step, outcome=outcome, error=step.error, attempts=step.attempts)


def _check_deadline(name: object, at: object) -> None:
    storable_text(name)
    if not (isinstance(at, datetime) and at.tzinfo is not None):
        raise TypeError(f"a deadline needs a datetime with a time zone, not {at!r}")
