"""Encodes events as JSON with a stored name and version, and decodes them as the classes of today."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from app.engine.store.stored_names import StoredNameError, check_fields, classes_by_name
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
    """Encodes and decodes the events of the deciders, and knows the stored names of their commands.

    Raises `EventSchemaError` or `StoredNameError` if the declarations contradict each other.
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
                        f"{event_type.__qualname__} is stored as {stored.name}: its name must begin with {decider.category}."
                    )
                check_fields(decider.category, Event, event_type)
                if stored.name in self.event_types:
                    raise EventSchemaError(
                        f"two event classes are stored as {stored.name}: a stored name is never reused"
                    )
                self.event_types[stored.name] = event_type
                self._decoders[stored.name, stored.version] = msgspec.json.Decoder(event_type)
        self._upcasts = UpcastChain(deciders)
        self.commands: dict[str, Mapping[str, type[Command]]] = {}
        """The command classes by category, then by each current or former stored name."""
        current: dict[str, type[Command]] = {}
        for decider in deciders:
            classes: tuple[type[Command], ...] = decider.command_types
            self.commands[decider.category] = classes_by_name(decider.category, Command, classes)
            for command_type in classes:
                # The streams of all processes share their command classes.
                name = command_type.stored.name
                if (other := current.setdefault(name, command_type)) is not command_type:
                    raise StoredNameError(
                        f"{other.__qualname__} and {command_type.__qualname__} of {decider.category} are both stored as {name}: a stored name is never reused"
                    )
        # An old shape is decoded to a dict, changed and encoded again. Then the decoder of today reads the result.
        self._legacy_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
        self._legacy_encoder = msgspec.json.Encoder(decimal_format="number")

    @property
    def known_shapes(self) -> Sequence[StoredName]:
        """Every stored name and version that this code reads."""
        return [*(event_type.stored for event_type in self.event_types.values()), *self._upcasts.sources]

    def searchable_names(self, name: str, version: int) -> tuple[str, ...]:
        """The names that a filter finds such a stored event by.

        They are the names of today. An event that upcasts split or dropped is also found by its own name.
        """
        targets = tuple(target.name for target in self._upcasts.targets(StoredName(name, version)))
        return targets if len(targets) == 1 else (name, *targets)

    def command_name(self, category: str, name: str) -> str:
        """The current name of a command that is stored as `name`; `name` itself if no class reads it."""
        command_type = self.commands.get(category, {}).get(name)
        return name if command_type is None else command_type.stored.name

    def encode(self, event: Event) -> str:
        """The event's fields as JSON text; decimals as strings."""
        return self._encoder.encode(event).decode()

    def decode(self, name: str, version: int, data: str) -> Event:
        """The event as a class of today, or `SplitEvent`. Never raises: an event that fails is an `UnreadableEvent`."""
        decoder = self._decoders.get((name, version))
        try:
            return self._upcast(StoredName(name, version), data) if decoder is None else decoder.decode(data)
        except Exception as error:
            # Event classes and upcasts are business code. Their error concerns this event only.
            problem = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            return UnreadableEvent(
                name=name,
                version=version,
                data=data,
                problem=problem,
                names=self.searchable_names(name, version),
            )

    def fact(self, row: Row) -> Recorded[Any]:
        """The fact in one row of es.events. `data` is JSON text."""
        return Recorded(
            row["position"],
            row["category"],
            _std_uuid(row["stream_id"]),
            row["version"],
            self.event(row),
            _aware(row["occurred_at"]),
            _aware(row["recorded_at"]),
            row["actor"],
            _std_uuid(row["command_id"]),
            _std_uuid(row["correlation_id"]),
            row["caused_by"],
        )

    def event(self, row: Row) -> Event:
        """The event in one row of es.events; an `UnreadableEvent` also if Python knows no such moment."""
        if row.get("undecodable") or row["occurred_at"].tzinfo is None or row["recorded_at"].tzinfo is None:
            # The driver gives infinite moments without a time zone.
            return UnreadableEvent(
                name=row["type"],
                version=row["type_version"],
                data=row["data"],
                problem="its moment lies outside the years 1 to 9999",
                names=self.searchable_names(row["type"], row["type_version"]),
            )
        return self.decode(row["type"], row["type_version"], row["data"])

    def _upcast(self, stored: StoredName, data: str) -> Event:
        if stored not in self._upcasts:
            raise ValueError("no class is stored under this name and version")
        events = tuple(
            self._decoders[target.name, target.version].decode(self._legacy_encoder.encode(fields))
            for target, fields in self._upcasts.apply(stored, self._legacy_decoder.decode(data))
        )
        return (
            events[0]
            if len(events) == 1
            else SplitEvent(name=stored.name, version=stored.version, data=data, events=events)
        )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _std_uuid(identity: UUID) -> UUID:
    """asyncpg returns a subclass of UUID. The domain gets the standard class."""
    return UUID(int=identity.int)
