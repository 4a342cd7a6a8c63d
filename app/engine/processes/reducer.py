"""Folds facts into the instances of a process, and notes down what follows from each. Nothing is written here.

A fact that raises, or leads to something that cannot be kept, parks its instance; all others go on.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from app.engine.database.errors import traceback_text
from app.engine.processes.codec import ProcessCodec, step_id, storable_text
from app.engine.processes.storage import PendingDeadline, ProcessInstance, ProcessStep, StepResult
from app.engine.store.reader import Fact
from domain.kernel.decider import Event
from domain.kernel.process import (
    Action,
    AnyProcess,
    Deadline,
    Effect,
    Ended,
    SendCommand,
    Started,
    StepRefused,
    StepRetried,
    StepSkipped,
    StepStuck,
    Withdraw,
)

log = logging.getLogger(__name__)


@dataclass
class Batch:
    """What one transaction will hold."""

    instances: dict[UUID, ProcessInstance] = field(default_factory=dict[UUID, ProcessInstance])
    steps: list[ProcessStep] = field(default_factory=list[ProcessStep])
    withdrawn: dict[UUID, Fact] = field(default_factory=dict[UUID, Fact])
    dropped: set[UUID] = field(default_factory=set[UUID])
    """Steps that were withdrawn by a later fact of the same batch."""
    deadlines: dict[tuple[UUID, str], PendingDeadline | None] = field(
        default_factory=dict[tuple[UUID, str], "PendingDeadline | None"]
    )
    retried: list[tuple[UUID, str]] = field(default_factory=list[tuple[UUID, str]])
    skipped: list[tuple[UUID, str]] = field(default_factory=list[tuple[UUID, str]])

    def __bool__(self) -> bool:
        return bool(self.instances or self.steps)

    def park(
        self, identity: UUID, instance: ProcessInstance | None, position: int, problem: Exception
    ) -> None:
        parked = (position, traceback_text(problem))
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


class ProcessReducer:
    """The pure side of one process."""

    def __init__(self, process: AnyProcess, codec: ProcessCodec) -> None:
        self._process = process
        self._codec = codec

    def instances_of(self, fact: Fact) -> Mapping[UUID, Sequence[Fact]]:
        """The instances that a fact concerns, each with the parts that do: one, unless upcasts split the fact."""
        found: dict[UUID, list[Fact]] = {}
        try:
            for part in fact.parts:
                identity: object = self._process.instance_id(part)
                if isinstance(identity, UUID):
                    found.setdefault(identity, []).append(part)
                elif identity is not None:
                    raise TypeError(f"{identity!r} is not the id of an instance")
        except Exception:
            # Whose fact it is cannot be said; no instance may wait for it.
            log.exception(
                "process %s passes over the fact at position %d: its key cannot be told",
                self._process.category,
                fact.position,
            )
            return {}
        return found

    def apply(
        self, batch: Batch, instance: ProcessInstance | None, identity: UUID, parts: Sequence[Fact]
    ) -> None:
        """Fold what concerns one instance of one fact, whole or not at all."""
        fact = parts[0]
        if instance is not None and instance.parked is not None:
            return
        try:
            moved = self._transition(instance, identity, parts)
        except Exception as error:
            # Whatever the business raises, this instance waits and all others go on.
            log.exception(
                "process %s: the fact at position %d parks %s",
                self._process.category,
                fact.position,
                identity,
            )
            batch.park(identity, instance, fact.position, error)
            return
        for part in parts:
            if isinstance(part.event, StepRetried):
                batch.retried.append((identity, part.event.step))
            if isinstance(part.event, StepSkipped):
                batch.skipped.append((identity, part.event.step))
        if moved is None:
            return
        after, actions, steps = moved
        if any(isinstance(action, Withdraw) for action in actions):
            batch.withdrawn[identity] = fact
            batch.dropped.update(
                step.id for step in batch.steps if step.instance == identity and step.kind != "note"
            )
        for action in actions:
            if isinstance(action, Deadline):
                batch.deadlines[identity, action.name] = (
                    None
                    if action.at is None
                    else PendingDeadline(
                        instance=identity,
                        name=action.name,
                        due_steps=action.at,
                        correlation_id=fact.correlation_id,
                        caused_by=fact.position,
                    )
                )
        batch.steps.extend(steps)
        batch.instances[identity] = after

    def _transition(
        self, instance: ProcessInstance | None, identity: UUID, parts: Sequence[Fact]
    ) -> tuple[ProcessInstance, Sequence[Action], Sequence[ProcessStep]] | None:
        """The instance after a fact, what it asks for, and that as steps. Raises whatever the business does, and where
        the result cannot be kept."""
        fact = parts[0]
        before = state = None if instance is None else instance.state
        actions: list[Action] = []
        for part in parts:
            after = self._process.evolve(state, part)
            if after is not None:
                actions.extend(self._process.react(state, after, part))
                state = after
        if state is None:
            return None
        steps: list[ProcessStep] = []
        if before is None:
            steps.append(self.note(Started(), identity, f"started {fact.position}", fact, identity))
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
                    _checked(name, at)
                case Withdraw():
                    steps = [step for step in steps if step.kind == "note"]
                case unknown:  # pyright: ignore[reportUnnecessaryComparison]
                    raise TypeError(f"{unknown!r} is nothing that a process can ask for")
        outcome = self._process.outcome(state)
        if outcome is not None and (before is None or self._process.outcome(before) != outcome):
            steps.append(
                self.note(Ended(outcome=outcome), identity, f"ended {fact.position}", fact, identity)
            )
        began = fact.position if instance is None else instance.began
        moved = ProcessInstance(
            id=identity,
            state=state,
            stored=self._codec.state(state),
            status=storable_text(self._process.status(state)),
            ended=outcome is not None,
            began=began,
            position=fact.position,
        )
        return moved, actions, steps

    def rebuild_states(self, batch: Batch, instances: Mapping[UUID, ProcessInstance]) -> "StateRebuild":
        """Folds the states of these anew, from their facts alone: see `Again`."""
        return StateRebuild(self, self._process, batch, instances)

    def facts_about(self, settled: StepResult) -> Sequence[ProcessStep]:
        """What the process has to hear of a settled step."""
        step = settled.step
        event: Event
        match settled.outcome:
            case _ if step.kind == "note":
                return []
            case "refused":
                event = StepRefused(step=step.step, code=settled.code or "", message=settled.error or "")
            case "stuck":
                event = StepStuck(step=step.step, error=settled.error or "")
            case _:
                return []
        identity = uuid5(step.id, f"{settled.outcome} {settled.attempts}")
        return [self._codec.note(event, identity, step.instance, step.correlation_id, step.caused_by)]

    def note(self, event: Event, parent: UUID, why: str, fact: Fact, instance: UUID) -> ProcessStep:
        """A fact for the instance's own stream, under an id that is derived from `parent` and `why`."""
        return self._codec.note(
            event,
            uuid5(parent, f"{self._process.category} {why}"),
            instance,
            fact.correlation_id,
            fact.position,
        )


class StateRebuild:
    """Makes the states of instances anew, where what was stored does not fit the code of today: give it their facts in order."""

    def __init__(
        self,
        fold: ProcessReducer,
        process: AnyProcess,
        batch: Batch,
        instances: Mapping[UUID, ProcessInstance],
    ) -> None:
        self.first = min(instance.began for instance in instances.values())
        self.last = max(instance.position for instance in instances.values())
        self._fold, self._process, self._batch = fold, process, batch
        self._instances = dict(instances)
        self._states: dict[UUID, Any] = dict.fromkeys(instances)

    def take(self, fact: Fact) -> None:
        for identity, parts in self._fold.instances_of(fact).items():
            instance = self._instances.get(identity)
            if instance is None or not instance.began <= fact.position <= instance.position:
                continue
            try:
                for part in parts:
                    after = self._process.evolve(self._states[identity], part)
                    self._states[identity] = self._states[identity] if after is None else after
            except Exception as error:
                # Its past does not fold any more: it waits from its beginning on.
                log.exception(
                    "process %s: the fact at position %d parks %s",
                    self._process.category,
                    fact.position,
                    identity,
                )
                self._batch.park(identity, replace(instance, state=None, stored=None), instance.began, error)
                del self._instances[identity]

    @property
    def done(self) -> Mapping[UUID, ProcessInstance]:
        """The instances with their states, without those that were parked."""
        return {
            identity: replace(instance, state=self._states[identity])
            for identity, instance in self._instances.items()
        }


def _checked(name: object, at: object) -> None:
    storable_text(name)
    if not (at is None or (isinstance(at, datetime) and at.tzinfo is not None)):
        raise TypeError(f"a deadline is a moment with a time zone, not {at!r}")
