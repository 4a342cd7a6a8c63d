"""The words of a policy: who may send a command, call a root field, and read rows and events.

Everything without a line is forbidden. `missing_lines` in `app/engine/graphql/policies.py` names what has none.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.engine.access.caller import Caller
from projections.kernel import AnyProjection

type Scope = Literal["own", "all"]
"""`own`: what the caller owns. `all`: what anybody owns."""

type Authorize = Callable[[Caller, str, str], bool]
"""`authorize(caller, action, resource)`: whether the caller may, after the tables have said yes. A policy engine goes here.

The action is a command, such as `order.place`, or a root field, such as `Query.orders`. The resource is the stream of a
command, such as `order 0197…`, and empty for a root field. It is called in the event loop, so it must not block.
"""


class AccessDenied(Exception):
    """The caller may not do this. The message names the action and the caller's roles, and nothing of what is forbidden."""

    code = "FORBIDDEN"


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The roles of an application, by name, and those with a meaning for the engine."""

    names: tuple[str, ...] = ("operator",)
    operators: frozenset[str] = frozenset({"operator"})
    """Roles that repair projections and processes, and read the whole log."""
    importers: frozenset[str] = frozenset({"operator"})
    """Roles that may say in `occurredAt` when something happened."""

    def unknown(self, held: Iterable[str]) -> str:
        """The roles that the application does not have, and those that it has, as text. Empty if it has them all."""
        others = sorted({*held}.difference(self.names))
        return f"No such role: {', '.join(others)}. Roles: {', '.join(self.names)}" if others else ""


@dataclass(frozen=True)
class Rule:
    """One line of a policy: the scope of each role that may."""

    scopes: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    anyone: bool = False
    operators: bool = False
    """Whether the roles in `Roles.operators` may."""

    @property
    def has_own(self) -> bool:
        """Whether some role has the scope `own`."""
        return "own" in self.scopes.values()

    def scope(self, held: frozenset[str], roles: Roles) -> Scope | None:
        """The widest scope of these roles; None if they may not."""
        if self.anyone or (self.operators and not held.isdisjoint(roles.operators)):
            return "all"
        found = {scope for role, scope in self.scopes.items() if role in held}
        return "all" if "all" in found else "own" if found else None

    def roles(self, roles: Roles) -> Sequence[str]:
        """The roles that may, in the order of their names."""
        return sorted(self.scopes.keys() | (roles.operators if self.operators else ()))


ANYONE = Rule(anyone=True)
"""Every caller may, also one without a token."""
NOBODY = Rule()
"""No caller may. The engine's processes and ports still may."""
OPERATORS = Rule(operators=True)


def allow(**scopes: Scope) -> Rule:
    """These roles may, each with its scope: `allow(customer="own", staff="all")`. No other role may."""
    return Rule(scopes)


@dataclass(frozen=True)
class StreamOwner:
    """Whose a stream is: the owner of the row of `rows` whose key is the id of the stream.

    `of_state` gives the owner of the aggregate's state, or None while it has none. Commands with the scope `own` need it.
    An owner never changes, and never goes: the engine remembers it.
    """

    rows: AnyProjection
    of_state: Callable[[Any], object | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The table of one slice. Each entry is a line: what, and who may.

    `commands` and `events` have stored names; the line `fulfilment.*` is for the events of the process `fulfilment`.
    A mutation has a rule, or the name of the command whose rule it takes. `rows` has projections, and so every type that is
    made of their rows. `instances` has processes by category. `streams` says whose the streams of a category are.
    """

    commands: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    queries: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    mutations: Mapping[str, Rule | str] = field(default_factory=dict[str, Rule | str])
    subscriptions: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    rows: Mapping[AnyProjection, Rule] = field(default_factory=dict[AnyProjection, Rule])
    instances: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    events: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    streams: Mapping[str, StreamOwner] = field(default_factory=dict[str, StreamOwner])
