"""The tables of all slices together: who may call each root field, and what has no line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema

from app.engine.access.access import AccessPolicy
from app.engine.access.policy import Policy, Rule
from app.engine.application import AnyApplication
from app.engine.errors import ConfigurationError

TABLES = "policies"
"""The key of the tables in the extensions of the schema."""


def access_policy(
    schema: GraphQLSchema, application: AnyApplication, *, names_roles: bool = False
) -> AccessPolicy:
    """The tables of a schema's slices, for an application. `names_roles` lets a refusal name the roles that may."""
    tables: Sequence[Policy] = schema.extensions[TABLES]
    return AccessPolicy(
        tables,
        application.roles,
        application.deciders,
        application.codec,
        application.authorize,
        names_roles=names_roles,
    )


def add_field_checks(schema: GraphQLSchema) -> None:
    """Have each root field check its line before it does anything. A field without a line is forbidden."""
    for root in filter(None, (schema.query_type, schema.mutation_type)):
        for name, field in root.fields.items():
            if field.resolve is not None:
                field.resolve = _checking(root.name, name, field.resolve)
    if schema.subscription_type is not None:
        for name, field in schema.subscription_type.fields.items():
            if field.subscribe is not None:
                field.subscribe = _checking(schema.subscription_type.name, name, field.subscribe)


def _checking(parent: str, name: str, resolve: Callable[..., Any]) -> Callable[..., Any]:
    def check_and_resolve(source: Any, info: Any, **arguments: Any) -> Any:
        info.context.access.check_field(parent, name)
        return resolve(source, info, **arguments)

    return check_and_resolve


def missing_lines(schema: GraphQLSchema, application: AnyApplication) -> Sequence[str]:
    """What no table has a line for, one text each."""
    policy = access_policy(schema, application)
    needed, lines = _needed(schema, application), _lines(policy)
    problems = [
        f"{kind} {name}" for kind, names in needed.items() for name in sorted(names - lines[kind].keys())
    ]
    rules = [pair for types in policy.events.rules.values() for pair in types.items()]
    return [*problems, *(f"event {name}" for name, rule in rules if rule is None)]


def check_policies(schema: GraphQLSchema, application: AnyApplication) -> None:
    """Raises `ConfigurationError` if something has no line, or if a line cannot hold."""
    if missing := missing_lines(schema, application):
        raise ConfigurationError(
            f"no POLICY of a slice has a line for: {', '.join(missing)}. Is each slice in SLICES of app/graphql/schema.py?"
        )
    policy = access_policy(schema, application)
    if unknown := _unknown_lines(schema, application, policy):
        raise ConfigurationError(
            f"a POLICY has a line for what does not exist: {', '.join(unknown)}. Is it in its register:"
            " domain/__init__.py for aggregates and processes, projections/__init__.py for projections?"
        )
    rules = [rule for lines in _lines(policy).values() for rule in lines.values()]
    roles = {role for rule in (*rules, *policy.events.lines.values()) for role in rule.scopes}
    if strange := sorted(roles - policy.everyone):
        raise ConfigurationError(
            f"a POLICY names roles that the application does not have: {', '.join(strange)}"
        )
    for problem in _without_owner(application, policy):
        raise ConfigurationError(f"a POLICY says `own` of {problem}")


def _needed(schema: GraphQLSchema, application: AnyApplication) -> Mapping[str, set[str]]:
    """The names of everything that needs a line, by kind, without the events."""
    roots = filter(None, (schema.query_type, schema.mutation_type, schema.subscription_type))
    return {
        "command": {kind.stored.name for decider in application.deciders for kind in decider.command_types},
        "root field": {f"{root.name}.{name}" for root in roots for name in root.fields},
        "projection": {projection.name for projection in application.projections},
        "process": {process.category for process in application.processes},
    }


def _lines(policy: AccessPolicy) -> Mapping[str, Mapping[str, Rule]]:
    """The lines of all tables, by kind and name, without the events."""
    return {
        "command": policy.commands,
        "root field": {".".join(field): rule for field, rule in policy.fields.items()},
        "projection": policy.rows,
        "process": policy.instances,
    }


def _unknown_lines(schema: GraphQLSchema, application: AnyApplication, policy: AccessPolicy) -> Sequence[str]:
    """Lines for what does not exist. The engine's own lines for processes may have none to hold for."""
    tables: Sequence[Policy] = schema.extensions[TABLES]
    needed = _needed(schema, application)
    events = {name for types in policy.events.rules.values() for name in types}
    named = {line for table in tables for line in table.mutations.values() if isinstance(line, str)}
    own = {"process.record-event", "process.retry-step", "process.skip-step", "process.force-compensation"}
    return [
        *sorted((named | policy.commands.keys()) - needed["command"] - own),
        *(
            name
            for kind, lines in _lines(policy).items()
            if kind != "command"
            for name in sorted(lines.keys() - needed[kind])
        ),
        *sorted(policy.events.lines.keys() - events - {f"{name}.*" for name in needed["process"]}),
    ]


def _without_owner(application: AnyApplication, policy: AccessPolicy) -> Iterator[str]:
    """Each line with the scope `own` for something that does not say whose it is."""
    for projection in application.projections:
        if policy.rows[projection.name].has_own and projection.owner is None:
            yield f"{projection.name}: the projection needs an owner"
    for decider in application.deciders:
        owner = policy.streams.get(decider.category)
        commands = [policy.commands[kind.stored.name] for kind in decider.command_types]
        if any(rule.has_own for rule in commands) and (owner is None or owner.of_state is None):
            yield f"a command to {decider.category}: `streams` has to say whose its state is"
        events = policy.events.rules[decider.category].values()
        if any(rule is not None and rule.has_own for rule in events) and owner is None:
            yield f"an event of {decider.category}: `streams` has to say whose its streams are"
        if owner is not None and owner.rows.owner is None:
            yield f"a stream of {decider.category}: {owner.rows.name} needs an owner"
    for process, rule in policy.instances.items():
        if rule.has_own and process not in policy.streams:
            yield f"an instance of {process}: `streams` has to say whose it is"
