"""A sample of every event in every version that was ever released: <stored name>.<version>.json, never changed again.

`make check` runs `check`, `make samples` runs `write`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NewType,
    Self,
    TypeAliasType,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from app.engine.store.codec import EventCodec
from app.engine.store.event_shapes import changed_shape
from app.engine.store.type_shape import type_shape
from domain.kernel.decider import StoredName, UnreadableEvent
from tests.strategies import EXAMPLES
from tests.support.event_samples.names import FOLDER, WRITE


@dataclass(frozen=True)
class Sample:
    """One stored event: its data, and the shape of its class when it was released."""

    stored: StoredName
    shape: Any
    data: Any

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `ValueError` if the file holds another sample than its name says."""
        try:
            held = json.loads(path.read_text())
            sample = cls(StoredName(held["name"], held["version"]), held["shape"], held["data"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path.name} is no sample ({type(error).__name__}: {error}): restore it from the history"
            ) from None
        if path.name != file_name(sample.stored):
            raise ValueError(
                f"{path.name} holds {sample.stored.name} {sample.stored.version}: call it {file_name(sample.stored)}"
            )
        return sample

    def text(self) -> str:
        return (
            json.dumps(
                {
                    "name": self.stored.name,
                    "version": self.stored.version,
                    "shape": self.shape,
                    "data": self.data,
                },
                indent=2,
            )
            + "\n"
        )


def file_name(stored: StoredName) -> str:
    return f"{stored.name}.{stored.version}.json"


def write(codec: EventCodec, folder: Path = FOLDER) -> Sequence[Path]:
    """Write the samples that are missing, and return them; one that is there stays as it is."""
    written: list[Path] = []
    for event_type in codec.event_types.values():
        path = folder / file_name(event_type.stored)
        if not path.exists():
            data = json.loads(codec.encode(example(event_type)))
            path.write_text(Sample(event_type.stored, type_shape(event_type), data).text())
            written.append(path)
    return written


def check(codec: EventCodec, folder: Path = FOLDER) -> Sequence[str]:
    """What is wrong, a line each, with what to do."""
    problems: list[str] = []
    samples: dict[StoredName, Sample] = {}
    for path in sorted(set(folder.glob("*.[0-9]*.json"))):
        try:
            sample = Sample.read(path)
        except ValueError as error:
            problems.append(str(error))
        else:
            samples[sample.stored] = sample
    for event_type in codec.event_types.values():
        if (sample := samples.get(event_type.stored)) is None:
            problems.append(f"{shown(event_type.stored)} has no sample: {WRITE}")
        elif sample.shape != type_shape(event_type):
            problems.append(
                changed_shape(event_type, sample.shape, "than its sample")
                + f". Only if that version was never released, remove {file_name(event_type.stored)} instead"
            )
    today = {event_type.stored for event_type in codec.event_types.values()}
    for stored in codec.known_shapes:
        if stored not in today and stored not in samples:
            problems.append(
                f"{shown(stored)} is upcast and has no sample: restore {file_name(stored)} from the history, or write it from a row of es.events"
            )
    problems += [error for sample in samples.values() if (error := _unreadable(codec, sample))]
    return problems


def shown(stored: StoredName) -> str:
    return f"{stored.name} {stored.version}"


def _unreadable(codec: EventCodec, sample: Sample) -> str | None:
    text = json.dumps(sample.data)
    event = codec.decode(sample.stored.name, sample.stored.version, text)
    if isinstance(event, UnreadableEvent):
        return f"{shown(sample.stored)} cannot be read any more ({event.problem}): keep a class or write an Upcast for it, what is in the log stays there"
    if (
        type(event) in codec.event_types.values()
        and event.stored == sample.stored
        and json.loads(codec.encode(event)) != sample.data
    ):
        return f"{shown(sample.stored)} does not come back as it was stored: restore {file_name(sample.stored)} from the history"
    return None


_EXAMPLES: Mapping[Any, Any] = {
    str: "text",
    int: 3,
    bool: True,
    float: 1.5,
    bytes: b"bytes",
    Decimal: Decimal("9.50"),
    UUID: UUID("00000000-0000-4000-8000-00000000000a"),
    datetime: datetime(2026, 1, 5, 12, 30, tzinfo=UTC),
    date: date(2026, 1, 5),
    timedelta: timedelta(hours=36),
}


def example[T](hint: type[T]) -> T:
    """A value of the type, always the same, with everything in it that may be there."""
    return cast("T", _example(hint))


def _example(hint: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    match hint:
        case _ if hint in EXAMPLES:
            return EXAMPLES[hint]
        case _ if hint in _EXAMPLES:
            return _EXAMPLES[hint]
        case TypeAliasType():
            return _example(hint.__value__)
        case NewType():
            return _example(hint.__supertype__)
        case _ if origin in (Union, UnionType):
            return _example(next(argument for argument in arguments if argument is not NoneType))
        case _ if origin is Literal:
            return arguments[0]
        case _ if isinstance(origin, type) and issubclass(origin, Mapping):
            return {_example(arguments[0]): _example(arguments[1])}
        case _ if origin is tuple and arguments[-1:] != (...,):
            return tuple(_example(argument) for argument in arguments)
        case _ if isinstance(origin, type) and arguments:
            made = origin if origin in (list, set, frozenset) else tuple
            return made([_example(arguments[0])])
        case type() if issubclass(hint, Enum):
            return next(iter(hint))
        case type() if is_dataclass(hint):
            hints = get_type_hints(hint)
            values = {field.name: _example(hints[field.name]) for field in fields(hint)}
            try:
                return hint(**values)
            except Exception as error:
                # The check of a class is business code.
                raise TypeError(
                    f"{hint.__name__} refuses the example ({error}):"
                    " add one of the class to EXAMPLES in tests/strategies.py"
                ) from error
        case _:
            raise TypeError(f"no example is known for {hint}: add one to EXAMPLES in tests/strategies.py")
