"""Ownership: whether an aggregate is the caller's, by its state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID


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

    def allows_change(self, before: Any, after: Any) -> bool:
        """Whether a command may lead from one state to another: it is this owner's before or after, and never another's.

        So an aggregate that nobody owns, or nobody any more, can be taken and given back, and not changed otherwise.
        """
        owners = [owner for state in (before, after) if (owner := self.of_state(state)) is not None]
        return bool(owners) and all(is_same_owner(owner, self.owner) for owner in owners)


def is_same_owner(owner: object, actor: str) -> bool:
    """Whether an actor is the owner that a state or a row names. A UUID may be written in several ways."""
    if not isinstance(owner, UUID):
        return str(owner) == actor
    try:
        return owner.int == UUID(actor).int
    except ValueError:
        return False
