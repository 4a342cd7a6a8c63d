"""Ownership: whether an aggregate is the caller's, by its state."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

_UUID = re.compile(r"(?:urn:uuid:)?\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")


@dataclass(frozen=True, slots=True)
class StateGuard:
    """Lets a command see only the aggregates of one owner. The state on which the command is decided is judged, so no
    other command comes in between."""

    owner: str
    of_state: Callable[[Any], object | None]

    def allows(self, state: Any) -> bool:
        """Whether the state has no owner yet, or this one."""
        owner = self.of_state(state)
        return owner is None or is_same_owner(owner, self.owner)

    def allows_change(self, after: Any) -> bool:
        """Whether a command may record events that lead to this state: it has to be this owner's then.

        A state without an owner can only be taken. An owner stays: caches of owners rely on that.
        """
        owner = self.of_state(after)
        return owner is not None and is_same_owner(owner, self.owner)


def is_same_owner(owner: object, actor: str) -> bool:
    """Whether an actor is the owner that a state or a row names. A UUID may be written in several ways: see `actor_uuid`."""
    if not isinstance(owner, UUID):
        return str(owner) == actor
    found = actor_uuid(actor)
    return found is not None and owner.int == found.int


def actor_uuid(actor: str) -> UUID | None:
    """The UUID that an actor is called: in upper or lower case, with or without hyphens, braces and `urn:uuid:`.

    None for any other name. Python reads more as a UUID: signs, underscores, and digits of other scripts.
    """
    return UUID(actor) if _UUID.fullmatch(actor) else None
