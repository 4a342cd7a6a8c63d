"""Folds facts into the instances of a process, and notes down what follows from each. Nothing is written here.

A fact that raises, or leads to something that cannot be kept, parks its instance; all others go on.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from app.processes.codec import Codec, kept, step_id
from app.processes.records import Due, Instance, Settled, Step
from app.projector.park import traced
from app.store.read import Fact
from domain.kernel import Event
from domain.process import (
    Action,
    AnyProcess,
    Deadline,
    Effect,
    Ended,
    Send,
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

    instances: dict[UUID, Instance] = field(default_factory=dict[UUID, Instance])
    steps: list[Step] = field(default_factory=list[Step])
    withdrawn: dict[UUID, Fact] = field(default_factory=dict[UUID, Fact])
    dropped: set[UUID] = field(default_factory=set[UUID])
    """Steps that were withdrawn by a later fact of the same batch."""
    deadlines: dict[tuple[UUID, str], Due | None] = field(
        default_factory=dict[tuple[UUID, str], "Due | None"]
    )
    retried: list[tuple[UUID, str]] = field(default_factory=list[tuple[UUID, str]])
    skipped: list[tuple[UUID, str]] = field(default_factory=list[tuple[UUID, str]])

    def __bool__(self) -> bool:
        return bool(self.instances or self.steps)

    def park(self, identity: UUID, instance: Instance | None, position: int, problem: Exception) -> None:
        parked = (position, traced(problem))
        self.instances[identity] = (
            Instance(
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


class Fold:
    """The pure side of one process."""

    def __init__(self, process: AnyProcess, codec: Codec) -> None:
        self._process = process
        self._codec = codec

    def concerned(self, fact: Fact) -> Mapping[UUID, Sequence[Fact]]:
        """The instances that a fact concerns, each with the parts that do: one, unless upcasts split the fact."""
        found: dict[UUID, list[Fact]] = {}
        try:
            for part in fact.parts:
                identity: object = self._process.instance(part)
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

    def apply(self, batch: Batch, instance: Instance | None, identity: UUID, parts: Sequence[Fact]) -> None:
        """Fold what concerns one instance of one fact, whole or not at all."""
        fact = parts[0]
        if instance is not None and instance.parked is not None:
            return
        try:
            moved = self._moved(instance, identity, parts)
        except Exception as problem:
            # Whatever the business raises, this instance waits and all others go on.
            log.exception(
                "process %s: the fact at position %d parks %s",
                self._process.category,
                fact.position,
                identity,
            )
            batch.park(identity, instance, fact.position, problem)
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
                    else Due(
                        instance=identity,
                        name=action.name,
                        due=action.at,
                        correlation_id=fact.correlation_id,
                        caused_by=fact.position,
                    )
                )
        batch.steps.extend(steps)
        batch.instances[identity] = after

    def _moved(
        self, instance: Instance | None, identity: UUID, parts: Sequence[Fact]
    ) -> tuple[Instance, Sequence[Action], Sequence[Step]] | None:
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
        steps: list[Step] = []
        if before is None:
            steps.append(self.note(Started(), identity, f"started {fact.position}", fact, identity))
        for place, action in enumerate(actions):
            match action:
                case Send() | Effect():
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
        moved = Instance(
            id=identity,
            state=state,
            stored=self._codec.state(state),
            status=kept(self._process.status(state)),
            ended=outcome is not None,
            began=began,
            position=fact.position,
        )
        return moved, actions, steps

    def again(self, batch: Batch, instances: Mapping[UUID, Instance]) -> "Again":
        """Folds the states of these anew, from their facts alone: see `Again`."""
        return Again(self, self._process, batch, instances)

    def heard(self, settled: Settled) -> Sequence[Step]:
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

    def note(self, event: Event, parent: UUID, why: str, fact: Fact, instance: UUID) -> Step:
        """A fact for the instance's own stream, under an id that is derived from `parent` and `why`."""
        return self._codec.note(
            event,
            uuid5(parent, f"{self._process.category} {why}"),
            instance,
            fact.correlation_id,
            fact.position,
        )


class Again:
    """Makes the states of instances anew, where what was stored does not fit the code of today: give it their facts in order."""

    def __init__(
        self, fold: Fold, process: AnyProcess, batch: Batch, instances: Mapping[UUID, Instance]
    ) -> None:
        self.first = min(each.began for each in instances.values())
        self.last = max(each.position for each in instances.values())
        self._fold, self._process, self._batch = fold, process, batch
        self._instances = dict(instances)
        self._states: dict[UUID, Any] = dict.fromkeys(instances)

    def take(self, fact: Fact) -> None:
        for identity, parts in self._fold.concerned(fact).items():
            instance = self._instances.get(identity)
            if instance is None or not instance.began <= fact.position <= instance.position:
                continue
            try:
                for part in parts:
                    after = self._process.evolve(self._states[identity], part)
                    self._states[identity] = self._states[identity] if after is None else after
            except Exception as problem:
                # Its past does not fold any more: it waits from its beginning on.
                log.exception(
                    "process %s: the fact at position %d parks %s",
                    self._process.category,
                    fact.position,
                    identity,
                )
                self._batch.park(
                    identity, replace(instance, state=None, stored=None), instance.began, problem
                )
                del self._instances[identity]

    @property
    def done(self) -> Mapping[UUID, Instance]:
        """The instances with their states, without those that were parked."""
        return {
            identity: replace(instance, state=self._states[identity])
            for identity, instance in self._instances.items()
        }


def _checked(name: object, at: object) -> None:
    kept(name)
    if not (at is None or (isinstance(at, datetime) and at.tzinfo is not None)):
        raise TypeError(f"a deadline is a moment with a time zone, not {at!r}")
