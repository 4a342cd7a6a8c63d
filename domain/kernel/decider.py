"""The types that every aggregate is written with: values, events, commands, facts, rejections, deciders.

Pure, and standard library only. The decider (decide, evolve, initial) is from Jérémie Chassaing, "Functional Event
Sourcing Decider" (2021).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from inspect import cleandoc, signature
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
    """Make a class an immutable record that is compared by its fields and built by keyword."""
    return dataclass(frozen=True, kw_only=True)(cls)


@dataclass(frozen=True, slots=True)
class StoredName:
    """The name of an event type in the log, which never changes, and the version of its shape."""

    name: str
    version: int


class Event:
    """The base of every event class: a record that knows its stored name."""

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
    """The stable name under which a command or a call is stored, and the names that older code used."""

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
    """An event in the log that this code cannot read. It is passed on, with the reason, and stops no other event."""

    stored = StoredName("unreadable", 1)
    name: str
    version: int
    data: str
    problem: str
    names: tuple[str, ...] = ()
    """The names of today under which a search finds it, if they are known."""


@dataclass(frozen=True, kw_only=True)
class SplitEvent(Event):
    """One stored event that upcasts have split into several events of today, or dropped.

    It stays one fact, at one place in the log and in its stream. A fold takes its `events`, in order.
    """

    stored = StoredName("split", 1)
    name: str
    version: int
    data: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Recorded[E: Event]:
    """A fact: one event with its envelope, as the log stores it.

    `position` counts all facts from 1 without a gap, and `version` those of the stream. `at` is when it happened in the
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
        """What folds take: the fact, or one fact for each event of a split, with the same position and version."""
        if isinstance(self.event, SplitEvent):
            return [replace(self, event=event) for event in self.event.events]
        return (self,)


type Data = dict[str, Any]
"""The fields of a stored event as JSON values. A number with a fraction is a `Decimal`."""


def _unchanged(data: Data) -> Data:
    return data


@dataclass(frozen=True, slots=True)
class Upcast:
    """Changes events stored as `name` in shape `version` into the next shape.

    `change(data)` is pure and returns the fields in the shape of `into`. The default of `into` is the next version of
    the same name; another name is a rename. If `into` is a tuple, `change` returns a tuple of the same length: a split.
    `()` drops the event.
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

    `Decider.fold` sets it before each event. None: no fold has set it.
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
        """The rule as text for the user whose command was refused."""
        return message_of(type(self))


def code_of(rule: type[Rejection]) -> str:
    return rule.stored_code or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", rule.__name__).upper()


def message_of(rule: type[Rejection]) -> str:
    return cleandoc(rule.__doc__ or rule.__name__)


class UndeclaredRejection(Exception):
    """A decider raised a rule that is not among its `rejections`, so that no client knows its code."""


@dataclass(frozen=True, eq=False)
class Decider[C: Command, S, E: Event]:
    """An aggregate: what may happen to it (`decide`), and what it is after what has happened (`evolve`).

    `decide(command, state)` returns the events to record, `[]` if the command changes nothing, or raises one of the
    `rejections`. `evolve(state, event)` accepts every history that was ever stored. Both are pure, and their
    annotations name the classes of commands, states and events. `upcasts` change the events of older code into the
    classes of today. `id_of` gives the id of a stream that people know by another name.
    """

    category: str
    initial: S
    decide: Callable[[C, S], Sequence[E]]
    evolve: Callable[[S, E], S]
    rejections: tuple[type[Rejection], ...] = ()
    upcasts: tuple[Upcast, ...] = ()
    id_of: Callable[[str], UUID] | None = None

    def fold(self, events: Sequence[E | SplitEvent], state: S | None = None, version: int | None = None) -> S:
        """The state after `events`: from the start of the stream, or from `state`, the state at `version`.

        Without a `version`, the `Versioned` field of the state tells it, if there is one.
        """
        if state is None:
            state, version = self.initial, 0
        elif version is None:
            version = _version_of(state)
        folded = state
        for stored in events:
            # The parts of a split event share one version.
            for event in stored.events if isinstance(stored, SplitEvent) else (stored,):
                folded = self.evolve(_at_version(folded, version), cast("E", event))
            version = None if version is None else version + 1
        return _at_version(folded, version)

    @property
    def state_types(self) -> tuple[type[S], ...]:
        """The classes of the state, from the annotation of the first parameter of `evolve`."""
        return annotation_members(self.evolve, 0)

    @property
    def event_types(self) -> tuple[type[E], ...]:
        """The event classes, from the annotation of the second parameter of `evolve`."""
        return annotation_members(self.evolve, 1)

    @property
    def command_types(self) -> tuple[type[C], ...]:
        """The command classes, from the annotation of the first parameter of `decide`."""
        return annotation_members(self.decide, 0)

    def check_declared(self, rejection: Rejection) -> None:
        """Raises `UndeclaredRejection` if the rule is not among `rejections`."""
        if type(rejection) not in self.rejections:
            name = type(rejection).__name__
            raise UndeclaredRejection(
                f"the decider of {self.category} raises {name}: add {name} to its rejections"
            ) from rejection


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
    """The names of the `Versioned` fields of a state class. Cached: a fold asks for every event."""
    if not is_dataclass(state_type):
        return ()
    hints = get_type_hints(state_type)
    return tuple(field.name for field in fields(state_type) if _is_versioned(hints[field.name]))


def _is_versioned(hint: Any) -> bool:
    field_type = get_origin(hint) or hint
    return isinstance(field_type, type) and issubclass(field_type, Versioned)


@cache
def annotation_members(function: Callable[..., object], place: int) -> tuple[Any, ...]:
    """The classes in the annotation of a parameter, also those of nested and named unions.

    Cached: projections ask for every fact.
    """
    return _flat(list(signature(function).parameters.values())[place].annotation)


def _flat(annotation: Any) -> tuple[Any, ...]:
    if isinstance(annotation, TypeAliasType):
        return _flat(annotation.__value__)
    parts = get_args(annotation)
    return (
        tuple(member for part in parts for member in _flat(part))
        if isinstance(annotation, UnionType)
        else (annotation,)
    )
