"""The tables of all slices together: who may call each root field, and what has no line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema

from app.engine.access.access import AccessPolicy
from app.engine.access.policy import Policy
from app.engine.application import AnyApplication

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
    for root in (schema.query_type, schema.mutation_type):
        for name, field in {} if root is None else root.fields.items():
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
    """What no table has a line for, and what a table has that does not exist, one text each. The start refuses both."""
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


def _name(item: Any) -> str:
    return ".".join(item) if isinstance(item, tuple) else item
