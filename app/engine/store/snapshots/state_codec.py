"""Encodes states as text for snapshots, decodes them without a difference, and fingerprints the code behind them."""

from collections.abc import Callable, Sequence
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
"""Increase it if the text of a state, or its digest, changes."""

FINGERPRINT_LENGTH = 32


class NotSerializable(Exception):
    """A snapshot cannot hold states of this aggregate; the message says why. The aggregate has no snapshots then."""


class StateCodec[S]:
    """Encodes and decodes the states of one decider. Raises `NotSerializable`.

    `fingerprint` changes with the shape of the state, the upcasts, the fold, and all of our code that it calls.
    """

    def __init__[C: Command, E: Event](self, decider: Decider[C, S, E]) -> None:
        self._encoder = msgspec.json.Encoder(decimal_format="string")
        self._envelope = msgspec.json.Decoder(tuple[str, msgspec.Raw])
        self._decoders: dict[str, msgspec.json.Decoder[S]] = {}
        other_types: list[Any] = []
        try:
            for phase in decider.state_types:
                if not is_dataclass(phase):
                    other_types.append(phase)
                elif (
                    self._decoders.setdefault(phase.__name__, decoder := msgspec.json.Decoder(phase))
                    is not decoder
                ):
                    raise NotSerializable(f"two classes of its state are called {phase.__name__}")
            if other_types:
                self._decoders[""] = msgspec.json.Decoder(reduce(or_, other_types))
            self.fingerprint = self._fingerprint(decider)
        except NotSerializable:
            raise
        except Exception as error:
            # The classes of a state, and the values that its fold uses, are business code.
            raise NotSerializable(f"{type(error).__name__}: {error}") from error

    def encode(self, state: S) -> str:
        """Raises `NotSerializable` if decoding the text would not give an equal state."""
        phase = type(state).__name__ if is_dataclass(state) else ""
        try:
            text = self._encoder.encode((phase, state)).decode()
            equal = self.decode(text) == state
        except Exception as error:
            # The classes of a state are business code.
            raise NotSerializable(f"{type(error).__name__}: {error}") from error
        if not equal:
            raise NotSerializable(
                f"a {phase or type(state).__name__} differs after decoding: declare its fields with the exact types that they hold, such as tuple, not Sequence"
            )
        return text

    def decode(self, text: str) -> S:
        """Raises `ValueError`, `KeyError` or `RecursionError` if the text is no state, and what the classes of a state raise."""
        phase, raw = self._envelope.decode(text)
        return self._decoders[phase].decode(raw)

    def digest(self, stream_id: UUID, version: int, position: int, command_id: UUID, text: str) -> bytes:
        """The checksum of a snapshot: it differs if the text changed or belongs to another fact or other code."""
        return sha256(
            "\n".join(
                [self.fingerprint, str(stream_id), str(version), str(position), str(command_id), text]
            ).encode()
        ).digest()

    def _fingerprint(self, decider: Decider[Any, S, Any]) -> str:
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
                [(upcast.name, upcast.version, upcast.targets, _name_of(upcast.change)) for upcast in upcasts]
            ),
            *code,
        ]
        return sha256("\n".join(parts).encode()).hexdigest()[:FINGERPRINT_LENGTH]


def _name_of(change: Callable[..., object]) -> str | Sequence[str]:
    """The name of a function. A partial or a callable object has none, so it counts with all that it leads to."""
    return getattr(change, "__qualname__", None) or reachable_source(change)
