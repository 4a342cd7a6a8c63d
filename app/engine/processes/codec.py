"""Encodes the states and steps of a process as JSON, and decodes them. It refuses what PostgreSQL cannot store."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

import msgspec

from app.engine.processes.records import ProcessStep
from app.engine.store.stored_names import classes_by_name
from app.engine.store.type_shape import type_shape
from domain.kernel.decider import AnyDecider, Command, Event
from domain.kernel.process import FORMER_NOTE_NAMES, AnyProcess, Call, Effect, Ended, SendCommand


def storable_text(text: object) -> str:
    """The text. Raises `ValueError` or `TypeError` if PostgreSQL cannot store it."""
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is not text")
    text.encode()
    if "\0" in text or _ZERO_BYTE.search(text):
        raise ValueError("PostgreSQL cannot store a zero byte")
    return text


_ZERO_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""In JSON."""


class ProcessCodec:
    """Commands, calls and notes have stored names. States have the names of their classes.

    A state class may be renamed: states that were stored under the older name are folded again from their facts.
    Raises `StoredNameError` if stored names do not fit together.
    """

    def __init__(self, process: AnyProcess, deciders: Iterable[AnyDecider]) -> None:
        self.process = process
        self.deciders: Mapping[str, AnyDecider] = {decider.category: decider for decider in deciders}
        self._encoder = msgspec.json.Encoder(decimal_format="string", order="deterministic")
        self._states = {state_type.__name__: state_type for state_type in process.state_types}
        self._shapes = {
            name: hashlib.sha256(json.dumps(type_shape(state_type)).encode()).hexdigest()[:12]
            for name, state_type in self._states.items()
        }
        self._calls = classes_by_name(process.category, Call, process.calls)
        self._notes: Mapping[str, type[Event]] = FORMER_NOTE_NAMES | {
            stored.stored.name: event for event, stored in process.stream_decider.classes.items()
        }
        self._commands: Mapping[tuple[str, str], type[Command]] = {
            (decider.category, name): command
            for decider in self.deciders.values()
            for name, command in classes_by_name(decider.category, Command, decider.command_types).items()
        }

    def state(self, state: object) -> str:
        """The state with the name and the shape of its class. Raises if it cannot be stored."""
        name = type(state).__name__
        return self._text([name, self._shapes[name], state])

    def read_state(self, text: str) -> Any:
        """Raises `ValueError` if other code wrote the state, by the shape of its class, and what its classes raise."""
        name, written, raw = msgspec.json.decode(text, type=tuple[str, str, msgspec.Raw])
        if self._shapes.get(name) != written:
            raise ValueError(
                f"{name} has another shape now" if name in self._shapes else f"no state is called {name}"
            )
        return msgspec.json.decode(raw, type=self._states[name])

    def step(
        self,
        action: SendCommand | Effect,
        step_id: UUID,
        instance: UUID,
        correlation_id: UUID,
        caused_by: int,
    ) -> ProcessStep:
        """Raises if the action cannot be stored, or cannot be executed."""
        command = action.command if isinstance(action, SendCommand) else action.call
        name = command.stored.name if isinstance(command, Command | Call) else ""  # pyright: ignore[reportUnnecessaryIsInstance]
        known = (
            self._commands.get((action.to.category, name))
            if isinstance(action, SendCommand)
            else self._calls.get(name)
        )
        if known is not type(command) or (
            isinstance(action, SendCommand) and not isinstance(action.stream_id, UUID)  # pyright: ignore[reportUnnecessaryIsInstance]
        ):
            raise TypeError(
                f"{action!r} cannot be carried out: its decider is not registered, or its call is not in `calls` of the process"
            )
        return ProcessStep(
            id=step_id,
            instance=instance,
            step=storable_text(action.step),
            kind="command" if isinstance(action, SendCommand) else "effect",
            category=action.to.category if isinstance(action, SendCommand) else "",
            stream_id=action.stream_id if isinstance(action, SendCommand) else instance,
            name=name,
            body=self._text(command),
            correlation_id=correlation_id,
            caused_by=caused_by,
        )

    def note(
        self, event: Event, step_id: UUID, instance: UUID, correlation_id: UUID, caused_by: int
    ) -> ProcessStep:
        name = self.process.stream_decider.classes[type(event)].stored.name
        return ProcessStep(
            id=step_id,
            instance=instance,
            step=name,
            kind="note",
            category=self.process.category,
            stream_id=instance,
            name=name,
            body=self._text(event),
            correlation_id=correlation_id,
            caused_by=caused_by,
        )

    @property
    def released(self) -> Mapping[str, Mapping[str, str]]:
        """Every name of a call or a note that this code reads, with the stored name of today."""
        classes = self.process.stream_decider.classes
        return {
            "call": {name: call.stored.name for name, call in self._calls.items()},
            "note": {name: classes[event].stored.name for name, event in self._notes.items()},
        }

    def is_end(self, step: ProcessStep) -> bool:
        """Whether the step records that the process has ended."""
        return step.kind == "note" and self._notes.get(step.name) is Ended

    def _text(self, message: object) -> str:
        return storable_text(self._encoder.encode(message).decode())

    def retry_seconds(self, step: ProcessStep) -> float | None:
        """The seconds for which a call is made again if it fails.

        None for other steps, and for a call that declares no such time.
        """
        kind = self._calls.get(step.name) if step.kind == "effect" else None
        return None if kind is None else kind.retry_seconds

    def decode_step(self, step: ProcessStep) -> Any:
        """The command, call or note of a step. Raises `ValueError` if this code does not know its name."""
        kind: type | None = (
            self._commands.get((step.category, step.name))
            if step.kind == "command"
            else self._calls.get(step.name)
            if step.kind == "effect"
            else self._notes.get(step.name)
        )
        if kind is None:
            raise ValueError(f"this code has no {step.kind} {step.category} {step.name}")
        return msgspec.json.decode(step.body, type=kind)


def step_id(process: AnyProcess, instance: UUID, position: int, place: int) -> UUID:
    """The id of the step of one action. It is the same if the fact is folded again."""
    return uuid5(instance, f"{process.category} {position} {place}")
