"""A process's states and steps as JSON, and back; what cannot be kept is refused here, before anything is written."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

import msgspec

from app.engine.processes.storage import ProcessStep
from app.engine.store.stored_names import classes_by_name
from app.engine.store.type_shape import type_shape
from domain.kernel.decider import AnyDecider, Command, Event
from domain.kernel.process import NOTES_FORMERLY, AnyProcess, Call, Effect, Ended, SendCommand


def storable_text(words: object) -> str:
    """The text as it is. Raises `ValueError` or `TypeError` where PostgreSQL could not keep it."""
    if not isinstance(words, str):
        raise TypeError(f"{words!r} is not text")
    words.encode()
    if "\0" in words or _ZERO_BYTE.search(words):
        raise ValueError("PostgreSQL keeps no zero byte")
    return words


_ZERO_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""In JSON."""


class ProcessCodec:
    """A process's commands, calls and notes as JSON by their stored names, and its states by the names of their classes.

    A state class may be renamed: the states that were stored under its older name are folded again from their facts.
    Raises `StoredNameError` if stored names do not fit together.
    """

    def __init__(self, process: AnyProcess, deciders: Iterable[AnyDecider]) -> None:
        self.process = process
        self.deciders: Mapping[str, AnyDecider] = {decider.category: decider for decider in deciders}
        self._encoder = msgspec.json.Encoder(decimal_format="string", order="deterministic")
        self._states = {state_type.__name__: state_type for state_type in process.state_types}
        self._shapes = {
            name: hashlib.sha256(json.dumps(type_shape(each)).encode()).hexdigest()[:12]
            for name, each in self._states.items()
        }
        self._calls = classes_by_name(process.category, Call, process.calls)
        self._notes: Mapping[str, type[Event]] = NOTES_FORMERLY | {
            stored.stored.name: event for event, stored in process.own.classes.items()
        }
        self._commands: Mapping[tuple[str, str], type[Command]] = {
            (decider.category, name): command
            for decider in self.deciders.values()
            for name, command in classes_by_name(decider.category, Command, decider.command_types).items()
        }

    def state(self, state: object) -> str:
        """The state with the name of its class, and the shape that this has. Raises where it cannot be kept."""
        name = type(state).__name__
        return self._text([name, self._shapes[name], state])

    def read_state(self, text: str) -> Any:
        """Raises `ValueError` where the state was written by code that had another shape for it."""
        name, written, raw = msgspec.json.decode(text, type=tuple[str, str, msgspec.Raw])
        if self._shapes.get(name) != written:
            raise ValueError(
                f"{name} has another shape now" if name in self._shapes else f"no state is called {name}"
            )
        return msgspec.json.decode(raw, type=self._states[name])

    def step(
        self, asked: SendCommand | Effect, step_id: UUID, instance: UUID, correlation_id: UUID, caused_by: int
    ) -> ProcessStep:
        """Raises where it cannot be kept, or could not be carried out."""
        command = asked.command if isinstance(asked, SendCommand) else asked.call
        name = command.stored.name if isinstance(command, Command | Call) else ""  # pyright: ignore[reportUnnecessaryIsInstance]
        known = (
            self._commands.get((asked.to.category, name))
            if isinstance(asked, SendCommand)
            else self._calls.get(name)
        )
        if known is not type(command) or (
            isinstance(asked, SendCommand) and not isinstance(asked.stream_id, UUID)  # pyright: ignore[reportUnnecessaryIsInstance]
        ):
            raise TypeError(f"{asked!r} cannot be carried out: no decider or port is registered for it")
        return ProcessStep(
            id=step_id,
            instance=instance,
            step=storable_text(asked.step),
            kind="command" if isinstance(asked, SendCommand) else "effect",
            category=asked.to.category if isinstance(asked, SendCommand) else "",
            stream_id=asked.stream_id if isinstance(asked, SendCommand) else instance,
            name=name,
            body=self._text(command),
            correlation_id=correlation_id,
            caused_by=caused_by,
        )

    def note(
        self, event: Event, step_id: UUID, instance: UUID, correlation_id: UUID, caused_by: int
    ) -> ProcessStep:
        name = self.process.own.classes[type(event)].stored.name
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
        """The calls and the notes: every name that this code reads, with the stored name of today."""
        own = self.process.own.classes
        return {
            "call": {name: each.stored.name for name, each in self._calls.items()},
            "note": {name: own[each].stored.name for name, each in self._notes.items()},
        }

    def is_end(self, step: ProcessStep) -> bool:
        """Whether the step records that the process has ended."""
        return step.kind == "note" and self._notes.get(step.name) is Ended

    def _text(self, given: object) -> str:
        return storable_text(self._encoder.encode(given).decode())

    def decode_step(self, step: ProcessStep) -> Any:
        """The command, call or note of a step. Raises `ValueError` where this code does not know it any more."""
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
    """The id of what an instance asked for at one fact: the same whenever the fact is folded again."""
    return uuid5(instance, f"{process.category} {position} {place}")
