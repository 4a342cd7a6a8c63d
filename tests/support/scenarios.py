"""The test language: given events, when a command, then events. It compares whole values and needs no database."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

import pytest

from domain.kernel.decider import Command, Decider, Event, Recorded, Rejection, SplitEvent
from domain.kernel.process import Action, AnyProcess, Effect, LifecycleEvent
from projections.kernel import AnyProjection, Key

STREAM = UUID("00000000-0000-4000-8000-00000000000a")
NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Scenario[C: Command, S, E: Event]:
    """For a decider: `given(events).when(command).then(events)` or `.then_rejected(Rule)`."""

    decider: Decider[C, S, E]
    history: tuple[E | SplitEvent, ...] = ()
    command: C | None = None

    def given(self, *events: E | SplitEvent) -> Self:
        return replace(self, history=events)

    def when(self, command: C) -> Self:
        return replace(self, command=command)

    def then(self, *events: E) -> None:
        assert tuple(self._decide()) == events

    def then_nothing(self) -> None:
        self.then()

    def then_rejected(self, rule: type[Rejection]) -> None:
        with pytest.raises(Rejection) as rejection:
            self._decide()
        assert type(rejection.value) is rule
        self.decider.check_declared(rejection.value)

    def _decide(self) -> Sequence[E]:
        assert self.command is not None, "call when(command) first"
        state = self.decider.fold(self.history)
        events = self.decider.decide(self.command, state)
        # As the engine does: a command whose events raise in `evolve` records nothing.
        self.decider.fold(events, state, len(self.history))
        return events


def fact(
    event: Event, *, version: int = 1, position: int = 1, stream: UUID = STREAM, at: datetime = NOW
) -> Recorded[Any]:
    """One recorded event, with an envelope of fixed values."""
    name = event.name if isinstance(event, SplitEvent) else event.stored.name
    category = name.split(".")[0]
    return Recorded(position, category, stream, version, event, at, at, "tester", STREAM, STREAM)


def facts(*events: Event, stream: UUID = STREAM, at: datetime = NOW) -> list[Recorded[Any]]:
    """The events as one stream's facts, in order."""
    return [
        fact(event, version=n, position=n, stream=stream, at=at) for n, event in enumerate(events, start=1)
    ]


def fold_all(projection: AnyProjection, history: Sequence[Recorded[Any]]) -> dict[Key, Any]:
    """The rows of a projection after these facts, by key: the fold that the projector has to equal."""
    rows: dict[Key, Any] = {}
    for item in (part for fact in history for part in fact.parts):
        for key in projection.keys(item):
            row = projection.fold(key, rows.get(key), item)
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
    return rows


@dataclass(frozen=True)
class ProjectionScenario:
    """For a projection: `given(facts).then(rows)`."""

    projection: AnyProjection
    history: tuple[Recorded[Any], ...] = ()

    def given(self, *history: Recorded[Any]) -> Self:
        return replace(self, history=history)

    def then(self, *rows: object) -> None:
        assert list(fold_all(self.projection, self.history).values()) == list(rows)


@dataclass(frozen=True)
class ProcessScenario:
    """For a process: `given(facts).then_sends(actions)` are the actions after the last fact; `.then_is(state)`.

    All facts are of one instance, or of none: an instance never sees those that `correlate` gives to another one.
    The types of the calls that it makes have to be in its `calls`.
    """

    process: AnyProcess
    history: tuple[Recorded[Any], ...] = ()

    def given(self, *history: Recorded[Any]) -> Self:
        return replace(self, history=history)

    def then_sends(self, *actions: Action) -> None:
        *earlier, last = self.history
        before = self._state(earlier)
        sent: list[Action] = []
        for part in self._parts(last):
            after = self.process.evolve(before, part)
            if after is not None:
                sent.extend(self.process.react(before, after, part))
                before = after
        assert tuple(sent) == actions
        calls = {type(action.call) for action in sent if isinstance(action, Effect)}
        unlisted = ", ".join(sorted(call.__name__ for call in calls.difference(self.process.calls)))
        assert not unlisted, (
            f"the process {self.process.category} does not list its calls: add {unlisted} to `calls`"
        )

    def then_sends_nothing(self) -> None:
        self.then_sends()

    def then_is(self, state: object) -> None:
        assert self._state(self.history) == state

    def own_fact(self, event: LifecycleEvent, stream: UUID = STREAM) -> Recorded[Any]:
        """A fact of the process's own stream."""
        return fact(self.process.stream_decider.own_event(event), stream=stream)

    def _state(self, history: Sequence[Recorded[Any]]) -> Any:
        state: Any = None
        for each in history:
            for part in self._parts(each):
                after = self.process.evolve(state, part)
                # An instance does not end by None: it keeps its state.
                state = state if after is None else after
        return state

    def _parts(self, fact: Recorded[Any]) -> Sequence[Recorded[Any]]:
        """The parts of the fact that the process sees. The fact of another instance than the others fails the test."""
        parts = [part for each in self.history for part in each.parts]
        instances = {self.process.instance_id(part) for part in parts} - {None}
        assert all(isinstance(each, UUID) for each in instances), f"an instance is a UUID: {instances}"
        assert len(instances) <= 1, f"the facts are of several instances: {instances}"
        return [part for part in fact.parts if self.process.instance_id(part) is not None]
