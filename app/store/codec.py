"""Events become JSON under their stored name and version, and come back as the classes of today."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from domain.kernel import AnyDecider, Event, Recorded, StoredName, Unreadable

type Row = Mapping[str, Any]
"""One row of es.events, by column name."""


class Codec:
    """Writes and reads the events of the given deciders. Raises `ValueError` where two classes claim one stored name."""

    def __init__(self, deciders: Iterable[AnyDecider]) -> None:
        self._decoders: dict[tuple[str, int], msgspec.json.Decoder[Event]] = {}
        self._encoder = msgspec.json.Encoder(decimal_format="string")
        self.event_types: dict[str, type[Event]] = {}
        for decider in deciders:
            for event_type in decider.event_types:
                stored: StoredName = event_type.stored
                if not stored.name.startswith(f"{decider.category}."):
                    raise ValueError(f"{event_type.__qualname__} is stored as {stored.name}: it must begin with {decider.category}.")
                if stored.name in self.event_types:
                    raise ValueError(f"two event classes are stored as {stored.name}: a stored name is never reused")
                self.event_types[stored.name] = event_type
                self._decoders[stored.name, stored.version] = msgspec.json.Decoder(event_type)

    def encode(self, event: Event) -> str:
        """The event's fields as JSON text; decimals as strings."""
        return self._encoder.encode(event).decode()

    def decode(self, name: str, version: int, data: str) -> Event:
        """The event; an `Unreadable` one, never an error, where this code does not know it."""
        decoder = self._decoders.get((name, version))
        if decoder is None:
            return Unreadable(name=name, version=version, data=data, problem="no class is stored under this name and version")
        try:
            return decoder.decode(data)
        except msgspec.MsgspecError as problem:
            return Unreadable(name=name, version=version, data=data, problem=str(problem))

    def fact(self, row: Row) -> Recorded[Any]:
        """The fact in one row of es.events, data as JSON text."""
        return Recorded(
            row["position"],
            row["category"],
            _plain(row["stream_id"]),
            row["version"],
            self.decode(row["type"], row["type_version"], row["data"]),
            row["occurred_at"],
            row["recorded_at"],
            row["actor"],
            _plain(row["command_id"]),
            _plain(row["correlation_id"]),
            row["caused_by"],
        )


def _plain(identity: UUID) -> UUID:
    """asyncpg's own UUID class is a subclass that compares equal; the standard one is what the domain sees."""
    return UUID(int=identity.int)
