"""Which events of the log a set of roles may read, in memory and as a condition in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.engine.access.policy import Roles, Rule, Scope
from app.engine.store.codec import EventCodec
from app.engine.store.reader import Fact
from domain.kernel.decider import AnyDecider, SplitEvent, StoredName, UnreadableEvent
from domain.kernel.process import ProcessStream


@dataclass(frozen=True)
class ReadableEvents:
    """The scopes of events for one set of roles. With `everything` also of events that no table names.

    If all types of a category have the same scope, the category has it. Events that this code cannot read have it, too.
    Of those, only operators see more than the place. Else each type has its own, and an event that was split has the
    narrowest scope of its parts.
    """

    everything: bool = False
    categories: Mapping[str, Scope | None] = field(default_factory=dict[str, "Scope | None"])
    """Categories whose types all have one scope; None if they may not be read."""
    types: Mapping[str, Scope | None] = field(default_factory=dict[str, "Scope | None"])
    """The types of the other categories, by their stored names of today."""
    shapes: Mapping[StoredName, Scope] = field(default_factory=dict[StoredName, Scope])
    """The same for all stored shapes, without those that may not be read."""
    lowest: Mapping[str, Scope | None] = field(default_factory=dict[str, "Scope | None"])
    """The narrowest scope in each category."""

    def scope(self, fact: Fact) -> Scope | None:
        """The scope of one event; None if it may not be read."""
        if self.everything:
            return "all"
        if fact.category in self.categories:
            return self.categories[fact.category]
        event = fact.event
        if isinstance(event, UnreadableEvent | SplitEvent):
            return self.shapes.get(StoredName(event.name, event.version))
        return self.types.get(event.stored.name)

    def scope_of_category(self, category: str) -> Scope | None:
        """The scope in which every event of the category may be read."""
        return "all" if self.everything else self.lowest.get(category)

    def categories_with(self, scope: Scope) -> Sequence[str]:
        return [category for category, found in self.categories.items() if found == scope]

    def shapes_with(self, scope: Scope) -> Sequence[StoredName]:
        return [shape for shape, found in self.shapes.items() if found == scope]

    @property
    def has_own(self) -> bool:
        """Whether some events may be read only by their owner."""
        return not self.everything and "own" in {*self.categories.values(), *self.shapes.values()}

    @property
    def has_any(self) -> bool:
        """Whether any event may be read."""
        return self.everything or any(self.categories.values()) or bool(self.shapes)


class EventScopes:
    """The lines of all event types."""

    def __init__(self, rules: Mapping[str, Rule], deciders: Sequence[AnyDecider], codec: EventCodec) -> None:
        self.lines = rules
        self.rules: dict[str, dict[str, Rule | None]] = {
            decider.category: {
                event_type.stored.name: rules.get(event_type.stored.name, _of_process(rules, decider))
                for event_type in decider.event_types
            }
            for decider in deciders
        }
        """The rule of each type by category; None if it has no line."""
        self._targets = {
            shape: codec.searchable_names(shape.name, shape.version) for shape in codec.known_shapes
        }
        self.names = frozenset(name for targets in self._targets.values() for name in targets)
        """The names that a filter finds readable events by."""

    def readable(self, held: frozenset[str], roles: Roles, *, everything: bool) -> ReadableEvents:
        """The events that these roles may read."""
        by_category: dict[str, dict[str, Scope | None]] = {
            category: {
                name: None if rule is None else rule.scope(held, roles) for name, rule in rules.items()
            }
            for category, rules in self.rules.items()
        }
        uniform: dict[str, Scope | None] = {
            category: next(iter(scopes.values()))
            for category, scopes in by_category.items()
            if len(set(scopes.values())) == 1
        }
        types: dict[str, Scope | None] = {
            name: scope
            for category, scopes in by_category.items()
            if category not in uniform
            for name, scope in scopes.items()
        }
        shapes: dict[StoredName, Scope] = {
            shape: scope
            for shape, targets in self._targets.items()
            if (scope := narrowest([types[name] for name in targets if name in types])) is not None
        }
        lowest: dict[str, Scope | None] = {
            category: narrowest(list(scopes.values())) for category, scopes in by_category.items()
        }
        return ReadableEvents(everything, uniform, types, shapes, lowest)


def _of_process(rules: Mapping[str, Rule], decider: AnyDecider) -> Rule | None:
    """The line for all events of a process. The engine defines them; those of an aggregate need a line each."""
    return rules.get(f"{decider.category}.*") if isinstance(decider, ProcessStream) else None


def narrowest(scopes: Sequence[Scope | None]) -> Scope | None:
    """The narrowest of the scopes; None if there is none."""
    if not scopes or None in scopes:
        return None
    return "own" if "own" in scopes else "all"
