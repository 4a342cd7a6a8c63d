"""States as text, and back exactly as they were: what a snapshot holds, and the mark of the code that it was made by."""

from dataclasses import is_dataclass
from functools import reduce
from hashlib import sha256
from operator import or_
from typing import Any
from uuid import UUID

import msgspec

from app.engine.store.code_fingerprint import reachable_source
from app.engine.store.type_shape import type_shape
from domain.kernel.decider import Command, Decider, Event

FORMAT = 1
"""Raised when the text of a state or its digest is made in another way."""

LENGTH = 32


class NotSerializable(Exception):
    """States of this aggregate cannot be kept; the message says why. It is folded from its facts, as without snapshots."""


class StateCodec[S]:
    """The states of one decider as text. `mark` is the same for the same shape of the state, the same fold with all of
    our code that it leads to, and the same upcasts. Raises `NotStorable`."""

    def __init__[C: Command, E: Event](self, decider: Decider[C, S, E]) -> None:
        self._encoder = msgspec.json.Encoder(decimal_format="string")
        self._parted = msgspec.json.Decoder(tuple[str, msgspec.Raw])
        self._phases: dict[str, msgspec.json.Decoder[S]] = {}
        plain: list[Any] = []
        try:
            for phase in decider.state_types:
                if not is_dataclass(phase):
                    plain.append(phase)
                elif (
                    self._phases.setdefault(phase.__name__, decoder := msgspec.json.Decoder(phase))
                    is not decoder
                ):
                    raise NotSerializable(f"two classes of its state are called {phase.__name__}")
            if plain:
                self._phases[""] = msgspec.json.Decoder(reduce(or_, plain))
            self.fingerprint = self._mark(decider)
        except (TypeError, OSError, SyntaxError) as error:
            raise NotSerializable(f"{type(error).__name__}: {error}") from error

    def encode(self, state: S) -> str:
        """Raises `NotStorable` where it would not come back as it is."""
        phase = type(state).__name__ if is_dataclass(state) else ""
        try:
            text = self._encoder.encode((phase, state)).decode()
            same = self.read(text) == state
        except (TypeError, ValueError, KeyError) as error:
            raise NotSerializable(f"{type(error).__name__}: {error}") from error
        if not same:
            raise NotSerializable(
                f"a {phase or type(state).__name__} does not come back as it was: give its fields the types that they hold, a tuple as tuple"
            )
        return text

    def read(self, text: str) -> S:
        """Raises `ValueError` or `KeyError` where this is no state."""
        phase, raw = self._parted.decode(text)
        return self._phases[phase].decode(raw)

    def digest(self, stream_id: UUID, version: int, position: int, command_id: UUID, text: str) -> bytes:
        """Shows whether any of this was changed, or belongs to another fact."""
        return sha256(
            "\n".join(
                [self.fingerprint, str(stream_id), str(version), str(position), str(command_id), text]
            ).encode()
        ).digest()

    def _mark(self, decider: Decider[Any, S, Any]) -> str:
        upcasts = decider.upcasts
        phases = [state_type for state_type in decider.state_types if is_dataclass(state_type)]
        code = reachable_source(
            decider.evolve, *phases, *decider.event_types, *(upcast.change for upcast in upcasts), events=True
        )
        parts = [
            f"{FORMAT} {decider.category}",
            self._encoder.encode(("", decider.initial)).decode(),
            repr([type_shape(phase) for phase in decider.state_types]),
            repr(
                sorted(
                    (event_type.stored.name, event_type.stored.version, repr(type_shape(event_type)))
                    for event_type in decider.event_types
                )
            ),
            repr(
                [
                    (upcast.name, upcast.version, upcast.targets, upcast.change.__qualname__)
                    for upcast in upcasts
                ]
            ),
            *sorted(set(code)),
        ]
        return sha256("\n".join(parts).encode()).hexdigest()[:LENGTH]
