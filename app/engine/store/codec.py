"""Events become JSON under their stored name and version, and come back as the classes of today."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from app.engine.store.stored_names import BadCommands, by_name
from app.engine.store.upcasts import EventSchemaError, UpcastChain
from domain.kernel.decider import (
    AnyDecider,
    Command,
    Event,
    Recorded,
    SplitEvent,
    StoredName,
    UnreadableEvent,
)

type Row = Mapping[str, Any]
"""One row of es.events, by column name."""


class EventCodec:
    """Writes and reads the events of the given deciders, and knows the names of their commands.

    Raises `BadEvents` or `BadCommands` if stored names do not fit together.
    """

    def __init__(self, deciders: Iterable[AnyDecider]) -> None:
        deciders = tuple(deciders)
        self._decoders: dict[tuple[str, int], msgspec.json.Decoder[Event]] = {}
        self._encoder = msgspec.json.Encoder(decimal_format="string")
        self.event_types: dict[str, type[Event]] = {}
        for decider in deciders:
            for event_type in decider.event_types:
                stored: StoredName = event_type.stored
                if not stored.name.startswith(f"{decider.category}."):
                    raise EventSchemaError(
                        f"{event_type.__qualname__} is stored as {stored.name}: it must begin with {decider.category}."
                    )
                if stored.name in self.event_types:
                    raise EventSchemaError(
                        f"two event classes are stored as {stored.name}: a stored name is never reused"
                    )
                self.event_types[stored.name] = event_type
                self._decoders[stored.name, stored.version] = msgspec.json.Decoder(event_type)
        self._upcasts = UpcastChain(deciders)
        self.commands: dict[str, Mapping[str, type[Command]]] = {}
        """The command classes by category, and then by every name that they are or were stored under."""
        current: dict[str, type[Command]] = {}
        for decider in deciders:
            classes: tuple[type[Command], ...] = decider.command_types
            self.commands[decider.category] = by_name(decider.category, Command, classes)
            for each in classes:
                # Processes share the command classes of their own streams.
                if (other := current.setdefault(each.stored.name, each)) is not each:
                    raise BadCommands(
                        f"{other.__qualname__} and {each.__qualname__} of {decider.category} are both stored as {each.stored.name}: a stored name is never reused"
                    )
        # An old shape is opened, changed and closed again, so that its last step is read as what is stored today is.
        self._legacy_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
        self._legacy_encoder = msgspec.json.Encoder(decimal_format="number")

    @property
    def known_shapes(self) -> Sequence[StoredName]:
        """Every stored name and version that this code reads."""
        return [*(event_type.stored for event_type in self.event_types.values()), *self._upcasts.sources]

    def searchable_names(self, name: str, version: int) -> tuple[str, ...]:
        """Under which names a fact that is stored so is found: today's; where it was split or dropped also its own."""
        ends = tuple(end.name for end in self._upcasts.targets(StoredName(name, version)))
        return ends if len(ends) == 1 else (name, *ends)

    def command_name(self, category: str, name: str) -> str:
        """The name of today of a command that is stored as `name`; `name` itself if no class has it."""
        known = self.commands.get(category, {}).get(name)
        return name if known is None else known.stored.name

    def encode(self, event: Event) -> str:
        """The event's fields as JSON text; decimals as strings."""
        return self._encoder.encode(event).decode()

    def decode(self, name: str, version: int, data: str) -> Event:
        """The event as a class of today, or `Split`; an `Unreadable` one, never an error, where it cannot be had."""
        decoder = self._decoders.get((name, version))
        try:
            return self._upcast(StoredName(name, version), data) if decoder is None else decoder.decode(data)
        except Exception as problem:
            # Classes and upcasts are code of the business: whatever they raise concerns the one event that they were given.
            said = str(problem) if isinstance(problem, ValueError) else f"{type(problem).__name__}: {problem}"
            return UnreadableEvent(
                name=name,
                version=version,
                data=data,
                problem=said,
                names=self.searchable_names(name, version),
            )

    def fact(self, row: Row) -> Recorded[Any]:
        """The fact in one row of es.events, data as JSON text."""
        return Recorded(
            row["position"],
            row["category"],
            _std_uuid(row["stream_id"]),
            row["version"],
            self.decode(row["type"], row["type_version"], row["data"]),
            row["occurred_at"],
            row["recorded_at"],
            row["actor"],
            _std_uuid(row["command_id"]),
            _std_uuid(row["correlation_id"]),
            row["caused_by"],
        )

    def _upcast(self, stored: StoredName, data: str) -> Event:
        if stored not in self._upcasts:
            raise ValueError("no class is stored under this name and version")
        events = tuple(
            self._decoders[end.name, end.version].decode(self._legacy_encoder.encode(fields))
            for end, fields in self._upcasts.apply(stored, self._legacy_decoder.decode(data))
        )
        return (
            events[0]
            if len(events) == 1
            else SplitEvent(name=stored.name, version=stored.version, data=data, events=events)
        )


def _std_uuid(identity: UUID) -> UUID:
    """asyncpg's own UUID class is a subclass that compares equal; the standard one is what the domain sees."""
    return UUID(int=identity.int)
