"""Checks the stored names of commands and calls at start, and maps each name to its class."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from app.engine.errors import UserError
from domain.kernel.decider import Command, Event
from domain.kernel.process import Call

WORDS = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
"""The form of a noun or of a verb in a stored name."""
FORM_RULE = "a stored name is noun.verb, in lower case with hyphens"

_FORM = re.compile(rf"{WORDS}\.{WORDS}")


class StoredNameError(UserError):
    """The stored names of commands or calls contradict each other. The message is one line with what to do."""


def classes_by_name[T: Command | Call](
    owner: str, base: type[T], classes: Iterable[type[T]]
) -> Mapping[str, type[T]]:
    """The classes of `owner` by current stored name and by each former name. Raises `StoredNameError`."""
    kind = base.__name__.lower()
    by_name: dict[str, type[T]] = {}
    for cls in classes:
        class_name = getattr(cls, "__qualname__", cls)
        # A subclass does not inherit its stored name: each name belongs to one class.
        if not isinstance(cls, type) or not issubclass(cls, base) or "stored" not in vars(cls):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise StoredNameError(
                f'{class_name} of {owner} has no stored name: derive it from {base.__name__} and declare it with @{kind}("noun.verb")'
            )
        if not _FORM.fullmatch(cls.stored.name):
            raise StoredNameError(f"{class_name} of {owner} is stored as {cls.stored.name!r}: {FORM_RULE}")
        check_fields(owner, base, cls)
        for name in (cls.stored.name, *cls.stored.formerly):
            if by_name.setdefault(name, cls) is not cls:
                raise StoredNameError(
                    f"{by_name[name].__qualname__} and {class_name} of {owner} are both stored as {name}: a stored name is never reused"
                )
    return by_name


def check_fields(owner: str, base: type[Command | Call | Event], cls: Any) -> None:
    """Raises `StoredNameError` if a field of the class hides an attribute that its base declares."""
    for field in fields(cls):
        if field.name in base.__annotations__:
            raise StoredNameError(
                f"{cls.__qualname__} of {owner} has the field {field.name}, as {base.__name__} has: rename the field"
            )
