"""Selects facts: by category, stream, name, correlation, command, or a condition of the caller."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.engine.store.codec import EventCodec
from app.engine.store.log_identity import Fact
from domain.kernel.decider import SplitEvent, StoredName, UnreadableEvent


@dataclass(frozen=True, slots=True)
class EventCondition:
    """A further condition on facts. `text` is SQL with a `{}` for each of `values`; `matches` is the same in memory."""

    text: str
    values: tuple[object, ...]
    matches: Callable[[Fact], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Selects facts. A fact matches if it matches all conditions; `None` matches any fact."""

    categories: frozenset[str] | None = None
    stream_id: UUID | None = None
    types: frozenset[str] | None = None
    correlation_id: UUID | None = None
    command_id: UUID | None = None
    condition: EventCondition | None = None

    def matches(self, fact: Fact) -> bool:
        return (
            (self.categories is None or fact.category in self.categories)
            and (self.stream_id is None or fact.stream_id == self.stream_id)
            and (self.types is None or not self.types.isdisjoint(names_of(fact)))
            and (self.correlation_id is None or fact.correlation_id == self.correlation_id)
            and (self.command_id is None or fact.command_id == self.command_id)
            and (self.condition is None or self.condition.matches(fact))
        )

    def sql(self, first: int, codec: EventCodec) -> tuple[str, list[object]]:
        """A condition on es.events with its arguments, numbered from `first`.

        It holds only the conditions that are set, so that PostgreSQL plans each combination separately.
        """
        parts: list[tuple[str, tuple[object, ...]]] = []
        if self.categories is not None:
            parts.append(("category = ANY({}::text[])", (sorted(self.categories),)))
        if self.stream_id is not None:
            parts.append(("stream_id = {}::uuid", (self.stream_id,)))
        if self.types is not None:
            parts.extend(_type_conditions(self.types, codec))
        if self.correlation_id is not None:
            parts.append(("correlation_id = {}::uuid", (self.correlation_id,)))
        if self.command_id is not None:
            parts.append((_BY_COMMAND, (self.command_id,) * 3))
        if self.condition is not None:
            parts.append((self.condition.text, self.condition.values))
        arguments: list[object] = []
        conditions = ["true"]
        for text, values in parts:
            number = first + len(arguments)
            conditions.append(text.format(*(f"${number + index}" for index in range(len(values)))))
            arguments.extend(values)
        return " AND ".join(conditions), arguments


def _type_conditions(types: frozenset[str], codec: EventCodec) -> Sequence[tuple[str, tuple[object, ...]]]:
    """Conditions for facts with these names of today.

    A fact matches by its stored name, or because upcasts rename it to one of the names. A fact that upcasts rename to
    another name does not match.
    """
    matches = {
        shape: not types.isdisjoint(codec.searchable_names(shape.name, shape.version))
        for shape in codec.known_shapes
    }
    added = [shape for shape, matching in matches.items() if matching and shape.name not in types]
    excluded = [shape for shape, matching in matches.items() if not matching and shape.name in types]
    by_name = "type = ANY({}::text[])"
    conditions: list[tuple[str, tuple[object, ...]]] = []
    if added:
        conditions.append((f"({by_name} OR {OF_SHAPES})", (sorted(types), *shape_columns(added))))
    else:
        conditions.append((by_name, (sorted(types),)))
    if excluded:
        conditions.append((f"NOT {OF_SHAPES}", shape_columns(excluded)))
    return conditions


_BY_COMMAND = (
    "command_id = {}::uuid AND position BETWEEN (SELECT first_position FROM es.commands WHERE command_id = {}::uuid)"
    " AND (SELECT last_position FROM es.commands WHERE command_id = {}::uuid)"
)
"""By the positions that the ledger of commands has: the events have no index on it."""
OF_SHAPES = "(type, type_version) IN (SELECT * FROM unnest({}::text[], {}::smallint[]))"
"""A condition in SQL on the stored shapes of events. It takes `shape_columns`."""


def shape_columns(shapes: Sequence[StoredName]) -> tuple[object, object]:
    return [shape.name for shape in shapes], [shape.version for shape in shapes]


ALL_EVENTS = EventFilter()


def stored_name(fact: Fact) -> str:
    """The stored name of the fact's event.

    It is the name of today. An event that upcasts split or dropped, or that this code cannot read, has its name in the
    log.
    """
    event = fact.event
    return event.name if isinstance(event, UnreadableEvent | SplitEvent) else event.stored.name


def names_of(fact: Fact) -> Sequence[str]:
    """The names that a filter finds the fact by: those of `EventCodec.searchable_names`."""
    match fact.event:
        case UnreadableEvent(name=name, names=names):
            return names or (name,)
        case SplitEvent(name=name, events=events):
            return (name, *(event.stored.name for event in events))
        case event:
            return (event.stored.name,)
