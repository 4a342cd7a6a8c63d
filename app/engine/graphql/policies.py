"""The tables of all slices together: who may call each root field, and what has no line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema

from app.engine.access.access import AccessPolicy
from app.engine.access.policy import Policy
from app.engine.application import AnyApplication
from app.engine.errors import ConfigurationError

TABLES = "policies"
"""The key of the tables in the extensions of the schema."""


def access_policy(schema: GraphQLSchema, application: AnyApplication) -> AccessPolicy:
    """The tables of a schema's slices, for an application."""
    tables: Sequence[Policy] = schema.extensions[TABLES]
    return AccessPolicy(
        tables, application.roles, application.deciders, application.codec, application.authorize
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
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    needed: Mapping[str, tuple[set[Any], set[Any]]] = {
        "command": (
            {command.stored.name for decider in application.deciders for command in decider.command_types},
            set(policy.commands),
        ),
        "root field": (
            {(root.name, name) for root in roots if root is not None for name in root.fields},
            set(policy.fields),
        ),
        "projection": ({projection.name for projection in application.projections}, set(policy.rows)),
        "process": ({process.category for process in application.processes}, set(policy.instances)),
    }
    problems = [
        f"{kind} {_name(item)}" for kind, (items, lines) in needed.items() for item in sorted(items - lines)
    ]
    return problems + [
        f"event {name}"
        for types in policy.events.rules.values()
        for name, rule in types.items()
        if rule is None
    ]


def check_policies(schema: GraphQLSchema, application: AnyApplication) -> None:
    """Raises `ConfigurationError` if something has no line, a line names an unknown role, or ownership is not declared."""
    if missing := missing_lines(schema, application):
        raise ConfigurationError(f"no POLICY of a slice has a line for: {', '.join(missing)}")
    tables: Sequence[Policy] = schema.extensions[TABLES]
    policy = access_policy(schema, application)
    rules = [
        *policy.rows.values(),
        *policy.instances.values(),
        *policy.fields.values(),
        *policy.commands.values(),
    ]
    roles = {role for rule in (*rules, *policy.events.lines.values()) for role in rule.scopes}
    if unknown := sorted(roles - policy.everyone):
        raise ConfigurationError(
            f"a POLICY names roles that the application does not have: {', '.join(unknown)}"
        )
    for table in tables:
        for projection, rule in table.rows.items():
            if "own" in rule.scopes.values() and projection.owner is None:
                raise ConfigurationError(
                    f"a POLICY says `own` of {projection.name}: the projection needs an owner"
                )
    for decider in application.deciders:
        owner = policy.streams.get(decider.category)
        lines = (policy.commands.get(command.stored.name) for command in decider.command_types)
        if any(line and "own" in line.scopes.values() for line in lines) and (
            owner is None or owner.of_state is None
        ):
            raise ConfigurationError(
                f"a POLICY says `own` of a command to {decider.category}: `streams` has to say whose its state is"
            )
        rules_of_events = policy.events.rules[decider.category].values()
        if any(line and "own" in line.scopes.values() for line in rules_of_events) and owner is None:
            raise ConfigurationError(
                f"a POLICY says `own` of an event of {decider.category}: `streams` has to say whose its streams are"
            )


def _name(item: Any) -> str:
    return ".".join(item) if isinstance(item, tuple) else item
