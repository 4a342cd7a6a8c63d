"""The stored names of commands and calls: checked at start, and looked up when a stored step is read."""

import re
from collections.abc import Iterable, Mapping

from app.engine.errors import UserError
from domain.kernel.decider import Command
from domain.kernel.process import Call

_FORM = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9]*(-[a-z0-9]+)*")


class BadCommands(UserError):
    """The stored names of commands or calls do not fit together; the message is one line that says which, and what to do."""


def by_name[T: Command | Call](
    owner: str, base: type[T], classes: Iterable[type[T]]
) -> Mapping[str, type[T]]:
    """The classes of `owner` by stored name and by each older name. Raises `BadCommands`."""
    kind = base.__name__.lower()
    found: dict[str, type[T]] = {}
    for each in classes:
        shown = getattr(each, "__qualname__", each)
        # A subclass does not inherit the name of its base class: each name belongs to one class.
        if not isinstance(each, type) or not issubclass(each, base) or "stored" not in vars(each):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise BadCommands(
                f'{shown} of {owner} has no stored name: derive it from {base.__name__} and declare it with @{kind}("noun.verb")'
            )
        if not _FORM.fullmatch(each.stored.name):
            raise BadCommands(
                f"{shown} of {owner} is stored as {each.stored.name!r}: a stored name is noun.verb, in lower case with hyphens"
            )
        for name in (each.stored.name, *each.stored.formerly):
            if found.setdefault(name, each) is not each:
                raise BadCommands(
                    f"{found[name].__qualname__} and {shown} of {owner} are both stored as {name}: a stored name is never reused"
                )
    return found
