"""What one caller may do: the tables of all slices, for the caller's roles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache

from app.engine.access.caller import Caller
from app.engine.access.ownership import StateGuard
from app.engine.access.policy import AccessDenied, Authorize, Policy, Roles, Rule, Scope, StreamOwner
from app.engine.access.readable_events import EventScopes, ReadableEvents
from app.engine.store.codec import EventCodec
from domain.kernel.decider import AnyDecider, Command
from projections.kernel import AnyProjection

MAX_CACHED_ROLE_SETS = 100
HIDDEN_ERROR = "Internal error. Operators can read it, and so can roles with the scope all for this process."
"""What stands for the error of a step if the caller may not read it."""


@dataclass(frozen=True)
class _Scopes:
    """The lines of all tables for one set of roles. A line that does not allow anything is not in it."""

    roles: frozenset[str]
    commands: Mapping[str, Scope]
    fields: Mapping[tuple[str, str], Scope]
    rows: Mapping[str, Scope]
    instances: Mapping[str, Scope]
    errors: frozenset[str]
    """The processes whose errors may be read."""
    events: ReadableEvents
    imports: bool
    owns: bool
    """Whether some line has the scope `own`, so that answers depend on the caller."""


class AccessPolicy:
    """The tables of all slices. Made once, with the schema; its answers are cached by the set of roles."""

    def __init__(
        self,
        tables: Sequence[Policy],
        roles: Roles,
        deciders: Sequence[AnyDecider],
        codec: EventCodec,
        authorize: Authorize | None = None,
        *,
        names_roles: bool = False,
    ) -> None:
        self.roles = roles
        self.names_roles = names_roles
        """Whether a refusal names the roles that may."""
        self.authorize = authorize
        self.everyone = frozenset(roles.names)
        self.streams: dict[str, StreamOwner] = {}
        self.commands: dict[str, Rule] = {}
        self.fields: dict[tuple[str, str], Rule] = {}
        self.rows: dict[str, Rule] = {}
        self.instances: dict[str, Rule] = {}
        events: dict[str, Rule] = {}
        for table in tables:
            self.commands |= table.commands
            self.instances |= table.instances
            self.streams |= table.streams
            events |= table.events
            self.rows |= {projection.name: rule for projection, rule in table.rows.items()}
            self.fields |= {("Query", name): rule for name, rule in table.queries.items()}
            self.fields |= {("Subscription", name): rule for name, rule in table.subscriptions.items()}
        for table in tables:
            for name, line in table.mutations.items():
                rule = self.commands.get(line, Rule()) if isinstance(line, str) else line
                self.fields["Mutation", name] = rule
        self.events = EventScopes(events, deciders, codec)
        self._scopes: LRUCache[frozenset[str], _Scopes] = LRUCache(MAX_CACHED_ROLE_SETS)

    def access(self, caller: Caller) -> "Access":
        """What this caller may do. Roles that the application does not have count for nothing."""
        held = caller.roles & self.everyone
        scopes = self._scopes.get(held)
        if scopes is None:
            scopes = self._scopes[held] = self._for_roles(held)
        return Access(caller, self, scopes)

    def _for_roles(self, held: frozenset[str]) -> _Scopes:
        def allowed[K](rules: Mapping[K, Rule]) -> dict[K, Scope]:
            return {
                key: scope
                for key, rule in rules.items()
                if (scope := rule.scope(held, self.roles)) is not None
            }

        commands, rows, instances = allowed(self.commands), allowed(self.rows), allowed(self.instances)
        events = self.events.readable(held, self.roles, everything=not held.isdisjoint(self.roles.operators))
        owned = {*commands.values(), *rows.values(), *instances.values()}
        return _Scopes(
            roles=held,
            commands=commands,
            fields=allowed(self.fields),
            rows=rows,
            instances=instances,
            errors=frozenset(
                process
                for process, rule in self.instances.items()
                if events.everything or (not rule.anyone and rule.scope(held, self.roles) == "all")
            ),
            events=events,
            imports=not held.isdisjoint(self.roles.importers),
            owns="own" in owned or events.has_own,
        )


@dataclass(frozen=True, slots=True)
class Access:
    """What one caller may do. Each method is a look-up in a table that was made for the caller's roles."""

    caller: Caller
    policy: AccessPolicy
    _scopes: _Scopes

    def check_field(self, parent: str, name: str) -> None:
        """Raises `AccessDenied` if the caller may not call the root field."""
        if (parent, name) not in self._scopes.fields:
            raise self._denied(f"use {parent}.{name}", self.policy.fields.get((parent, name)))
        authorize = self.policy.authorize
        if authorize is not None and not authorize(self.caller, f"{parent}.{name}", ""):
            raise self._denied(f"use {parent}.{name}")

    def check_command(self, category: str, stream_id: object, command: Command) -> StateGuard | None:
        """The guard of the command; None if the caller may send it to any aggregate. Raises `AccessDenied`."""
        name = command.stored.name
        scope = self._scopes.commands.get(name)
        if scope is None:
            raise self._denied(f"send {name}", self.policy.commands.get(name))
        authorize = self.policy.authorize
        if authorize is not None and not authorize(self.caller, name, f"{category} {stream_id}"):
            raise self._denied(f"send {name}")
        if scope == "all":
            return None
        owner = self.policy.streams.get(category)
        if owner is None or owner.of_state is None:
            raise AccessDenied(f"You may not send {name}: its policy does not say whose a {category} is.")
        return StateGuard(self.caller.actor, owner.of_state)

    def may_read(self, projection: AnyProjection) -> bool:
        """Whether the caller may read any row of the projection."""
        return projection.name in self._scopes.rows

    def is_limited(self, projection: AnyProjection) -> bool:
        """Whether the caller may read only own rows of the projection."""
        return self._scopes.rows.get(projection.name) == "own"

    def row_owner(self, projection: AnyProjection) -> str | None:
        """The owner whose rows the caller may read; None for all rows. Raises `AccessDenied`."""
        return self._owner(self._scopes.rows.get(projection.name), projection.name)

    def instance_owner(self, process: str) -> str | None:
        """The owner whose instances of a process the caller may read; None for all. Raises `AccessDenied`."""
        return self._stream_owner(self._scopes.instances.get(process), process, process)

    def visible_error(self, process: str, error: str) -> str:
        """What the caller may read of an error of a process.

        The error is of a failed step, or of an event that could not be folded. It is text of an exception, which may
        name hosts, keys and tables. Operators read it, and so do roles with a line of their own that says `all` for the
        instances. Others read `HIDDEN_ERROR`.
        """
        return error if process in self._scopes.errors else HIDDEN_ERROR

    def stream_owner(self, category: str) -> str | None:
        """The owner whose streams of a category the caller may read; None for all. Raises `AccessDenied`.

        All event types of the category count: history and states show them together.
        """
        scope = self._scopes.events.scope_of_category(category)
        return self._stream_owner(scope, category, f"the events of {category}")

    def _stream_owner(self, scope: Scope | None, category: str, what: str) -> str | None:
        if scope == "own" and category not in self.policy.streams:
            raise AccessDenied(f"You may not read {what}: its policy does not say whose a {category} is.")
        return self._owner(scope, what)

    def _owner(self, scope: Scope | None, what: str) -> str | None:
        if scope is None:
            raise self._denied(f"read {what}")
        return None if scope == "all" else self.caller.actor

    def _denied(self, action: str, rule: Rule | None = None) -> AccessDenied:
        """What the caller may not do, with the roles that the caller has.

        In development mode it also names the roles that may, and the caller's roles that the application does not have.
        """
        text = f"You may not {action}. Your roles: {', '.join(sorted(self._scopes.roles)) or 'none'}."
        if self.policy.names_roles and rule is not None:
            text += f" Roles that may: {', '.join(rule.roles(self.policy.roles)) or 'none'}."
        if self.policy.names_roles and (unknown := self.policy.roles.unknown(self.caller.roles)):
            text += f" {unknown}."
        return AccessDenied(text)

    @property
    def events(self) -> ReadableEvents:
        """The events that the caller may read."""
        return self._scopes.events

    @property
    def may_import(self) -> bool:
        """Whether the caller may bring in what happened elsewhere, with its own moments and derived ids."""
        return self._scopes.imports

    def check_import(self) -> None:
        """Raises `AccessDenied` if the caller may not say when something happened."""
        if not self.may_import:
            raise self._denied("give occurredAt")

    @property
    def share_key(self) -> tuple[Any, ...]:
        """Equal for callers who get the same answers."""
        return (self._scopes.roles, self.only_actor)

    @property
    def only_actor(self) -> str | None:
        """The actor of the caller, if other actors may get other answers."""
        alone = self._scopes.owns or self.policy.authorize is not None
        return self.caller.actor if alone else None
