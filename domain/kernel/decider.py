"""The words every aggregate is written in: values, events, facts, refusals, deciders.

Standard library only, and pure: whoever reads a decider needs nothing else. The decider (decide, evolve, initial) is
Jérémie Chassaing's, "Functional Event Sourcing Decider" (2021).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from inspect import cleandoc, signature
from sys import modules
from types import UnionType
from typing import (
    Any,
    ClassVar,
    TypeAliasType,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID


@dataclass_transform(frozen_default=True, kw_only_default=True)
def value[T](cls: type[T]) -> type[T]:
    """Make a class an immutable record, compared by its fields, built by keyword."""
    return dataclass(frozen=True, kw_only=True)(cls)


@dataclass(frozen=True, slots=True)
class StoredName:
    """What an event type is called in the log: a stable name and the version of its shape, never a Python path."""

    name: str
    version: int


class Event:
    """What every event class is: a record that knows its stored name."""

    stored: ClassVar[StoredName]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event[T: Event](name: str, version: int = 1) -> Callable[[type[T]], type[T]]:
    """Make a class an event that is stored as `name` (`noun.past-verb`, never reused) in shape `version`."""

    def declare(cls: type[T]) -> type[T]:
        cls.stored = StoredName(name, version)
        return dataclass(frozen=True, kw_only=True)(cls)

    return declare


@dataclass(frozen=True, slots=True)
class CommandName:
    """The stable name under which a command or a call is stored, and the names under which older code stored it."""

    name: str
    formerly: tuple[str, ...] = ()


class Command:
    """The base of every command class: a record that knows its stored name."""

    stored: ClassVar[CommandName]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def command[T: Command](name: str, formerly: tuple[str, ...] = ()) -> Callable[[type[T]], type[T]]:
    """Make a class a command that is stored as `name` (`noun.verb`, never reused). `formerly` are its older names."""

    def declare(cls: type[T]) -> type[T]:
        cls.stored = CommandName(name, formerly)
        return dataclass(frozen=True, kw_only=True)(cls)

    return declare


@dataclass(frozen=True, kw_only=True)
class UnreadableEvent(Event):
    """An event in the log that this code has no class for, or cannot read: passed along, named, and in nobody's way."""

    stored = StoredName("unreadable", 1)
    name: str
    version: int
    data: str
    problem: str
    names: tuple[str, ...] = ()
    """The names of today under which it is looked for, where they are known."""


@dataclass(frozen=True, kw_only=True)
class SplitEvent(Event):
    """One stored event that the code of today takes as several, or as none: upcasts split it, or dropped it.

    It stays one fact, at one place in the log and in its stream. Who folds it folds `events`, in order.
    """

    stored = StoredName("split", 1)
    name: str
    version: int
    data: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Recorded[E: Event]:
    """A fact: one event as the log holds it.

    `position` counts all facts from 1 without a gap, `version` those of the stream. `at` is when it happened in the
    world, `recorded_at` when it entered the log. `caused_by` is the position of the fact that led to the command.
    """

    position: int
    category: str
    stream_id: UUID
    version: int
    event: E
    at: datetime
    recorded_at: datetime
    actor: str
    command_id: UUID
    correlation_id: UUID
    caused_by: int | None = None

    @property
    def parts(self) -> "Sequence[Recorded[Any]]":
        """The fact as folds take it: itself, or where it was split one for each event, at the same position and version."""
        if isinstance(self.event, SplitEvent):
            return [replace(self, event=event) for event in self.event.events]
        return (self,)


type Data = dict[str, Any]
"""The fields of a stored event, as JSON has them; a number with a fraction is a `Decimal`."""


def _unchanged(data: Data) -> Data:
    return data


@dataclass(frozen=True, slots=True)
class Upcast:
    """Brings what was stored as `name` in shape `version` one step nearer to today's.

    `change(data)` is pure, and gives the fields in the shape of `into`: the next version of the same name, unless said
    otherwise (a rename). Where `into` is a tuple it gives a tuple of as many, in order: a split; `()` drops the event.
    """

    name: str
    version: int
    change: Callable[[Data], Data | tuple[Data, ...]] = _unchanged
    into: StoredName | tuple[StoredName, ...] | None = None

    @property
    def targets(self) -> tuple[StoredName, ...]:
        """The shapes it leads to."""
        if self.into is None:
            return (StoredName(self.name, self.version + 1),)
        return self.into if isinstance(self.into, tuple) else (self.into,)


@dataclass(frozen=True, kw_only=True)
class Versioned:
    """A field of a state that knows the version of its stream: how many facts are in the state.

    `Decider.fold` sets it before each event, whatever `evolve` does with the event. None: no fold has seen it.
    """

    version: int | None = None


class Rejection(Exception):
    """A rule forbids the command. Each rule is a subclass of its own, and its docstring is the message.

    The code is stored and public: a class that is renamed keeps it with `class NewName(Rejection, code="OLD_NAME")`.
    """

    stored_code: ClassVar[str | None] = None

    def __init_subclass__(cls, code: str | None = None) -> None:
        super().__init_subclass__()
        cls.stored_code = code

    @property
    def code(self) -> str:
        """The stable name of the rule: `OrderEmpty` is `ORDER_EMPTY`."""
        return code_of(type(self))

    @property
    def message(self) -> str:
        """The rule, in words for the person whose command was refused."""
        return message_of(type(self))


def code_of(rule: type[Rejection]) -> str:
    return rule.stored_code or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", rule.__name__).upper()


def message_of(rule: type[Rejection]) -> str:
    return cleandoc(rule.__doc__ or rule.__name__)


@dataclass(frozen=True, eq=False)
class Decider[C: Command, S, E: Event]:
    """An aggregate: what may happen to it (`decide`), and what it is after what has happened (`evolve`).

    `decide(command, state)` returns the events to record, `[]` where the command changes nothing, or raises
    `Rejected`. `evolve(state, event)` accepts every history that was ever stored. Both are pure. `upcasts` bring the
    events of older code to today's classes before anybody sees them. `id_of` gives the stream of what people know by
    another name than its id.
    """

    category: str
    initial: S
    decide: Callable[[C, S], Sequence[E]]
    evolve: Callable[[S, E], S]
    upcasts: tuple[Upcast, ...] = ()
    id_of: Callable[[str], UUID] | None = None

    def fold(self, events: Sequence[E | SplitEvent], state: S | None = None, version: int | None = None) -> S:
        """The state after `events`: from the beginning, or from `state`, which is that of the stream at `version`.

        Without a `version`, it is the one that the `Versioned` field of the state holds, if it has one.
        """
        if state is None:
            state, version = self.initial, 0
        elif version is None:
            version = _version_of(state)
        folded = state
        for happened in events:
            # The parts of a split fact share one version.
            for event in happened.events if isinstance(happened, SplitEvent) else (happened,):
                folded = self.evolve(_at_version(folded, version), cast("E", event))
            version = None if version is None else version + 1
        return _at_version(folded, version)

    @property
    def state_types(self) -> tuple[type[S], ...]:
        """The classes of the state, read off the annotation of `evolve`."""
        return annotation_members(self.evolve, 0)

    @property
    def event_types(self) -> tuple[type[E], ...]:
        """The event classes, read off the annotation of `evolve`."""
        return annotation_members(self.evolve, 1)

    @property
    def command_types(self) -> tuple[type[C], ...]:
        """The command classes, read off the annotation of `decide`."""
        return annotation_members(self.decide, 0)

    @property
    def rejections(self) -> tuple[type[Rejection], ...]:
        """The refusals that the aggregate's file declares, or names."""
        named = vars(modules[self.decide.__module__]).values()
        return tuple(
            rule
            for rule in named
            if isinstance(rule, type) and issubclass(rule, Rejection) and rule is not Rejection
        )


type AnyDecider = Decider[Any, Any, Any]


def _at_version[S](state: S, version: int | None) -> S:
    """The state, with the version in its `Versioned` fields."""
    for name in _versioned_fields(type(state)):
        field: Versioned = getattr(state, name)
        if version is not None and field.version != version:
            state = replace(state, **{name: replace(field, version=version)})  # pyright: ignore[reportArgumentType, reportUnknownVariableType, reportCallIssue] - a dataclass
    return state


def _version_of(state: object) -> int | None:
    names = _versioned_fields(type(state))
    return getattr(state, names[0]).version if names else None


@cache
def _versioned_fields(state_type: type) -> tuple[str, ...]:
    """The names of the `Versioned` fields of a class of states. Cached: every fold asks for each event."""
    if not is_dataclass(state_type):
        return ()
    hints = get_type_hints(state_type)
    return tuple(field.name for field in fields(state_type) if _is_versioned(hints[field.name]))


def _is_versioned(hint: Any) -> bool:
    field_type = get_origin(hint) or hint
    return isinstance(field_type, type) and issubclass(field_type, Versioned)


@cache
def annotation_members(function: Callable[..., object], place: int) -> tuple[Any, ...]:
    """The classes in the annotation of a parameter: those of a union, however it is nested and named. Worked out once:
    projections ask for each fact."""
    return _flat(list(signature(function).parameters.values())[place].annotation)


def _flat(annotation: Any) -> tuple[Any, ...]:
    if isinstance(annotation, TypeAliasType):
        return _flat(annotation.__value__)
    parts = get_args(annotation)
    return (
        tuple(each for part in parts for each in _flat(part))
        if isinstance(annotation, UnionType)
        else (annotation,)
    )
