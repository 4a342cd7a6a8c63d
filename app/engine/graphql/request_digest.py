"""A digest of what a mutation asks for, so that its command id cannot stand for another request.

It leaves out what equals its default in the schema. So a new optional argument or input field changes no digest.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from enum import Enum
from functools import cached_property, partial
from hashlib import sha256
from typing import Any

import msgspec
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLType,
)

from app.engine.graphql.strawberry_internals import coerce_default_value
from app.engine.store.append_request import RequestDigest

REQUEST_DIGEST: ContextVar[RequestDigest | None] = ContextVar("request_digest", default=None)
"""The digest of the mutation that is executed in this task."""

DIGEST_LENGTH = 16
_HOW_IT_IS_SENT = ("commandId", "command_id", "dryRun", "dry_run")

type _Write = Callable[[Any], Any]
"""Writes a value of an input type, or None."""


def add_request_digests(schema: GraphQLSchema) -> None:
    """Have each field of the mutation type note the digest of its arguments before it is resolved."""
    if schema.mutation_type is not None:
        types: dict[str, _InputValues] = {}
        for name, field in schema.mutation_type.fields.items():
            if field.resolve is not None:
                field.resolve = _noting(name, _InputValues(field.args, types), field.resolve)


def _noting(name: str, values: "_InputValues", resolve: Callable[..., Any]) -> Callable[..., Any]:
    def note_and_resolve(source: Any, info: Any, **arguments: Any) -> Any:
        digest = _digest(name, values.write(arguments))
        REQUEST_DIGEST.set(RequestDigest(digest, partial(_digest, name, arguments)))
        return resolve(source, info, **arguments)

    return note_and_resolve


def _digest(field: str, arguments: dict[str, Any]) -> bytes:
    """The digest of a field and its arguments, without the command id."""
    options = arguments.get("options")
    if isinstance(options, dict):
        kept = {name: value for name, value in options.items() if name not in _HOW_IT_IS_SENT}
        arguments = {**arguments, "options": kept or None}
    return sha256(_ENCODER.encode([field, arguments])).digest()[:DIGEST_LENGTH]


def _encode(value: object) -> object:
    return value.value if isinstance(value, Enum) else str(value)


_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=_encode)


class _InputValues:
    """Arguments, or the fields of an input type: writes their values by the names of the schema, without defaults."""

    def __init__(
        self,
        definitions: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
        types: "dict[str, _InputValues]",
    ) -> None:
        self._definitions = definitions
        self._types = types
        """The input types of the schema. They may refer to themselves."""

    @cached_property
    def _parts(self) -> list[tuple[str, str, _Write | None, Any]]:
        return [
            (
                definition.out_name or name,
                name,
                self._writer(definition.type),
                coerce_default_value(definition),
            )
            for name, definition in self._definitions.items()
        ]

    def write(self, values: Mapping[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, name, write, default in self._parts:
            value = values.get(key, default)
            if value is default:
                continue
            if write is not None:
                value, default = write(value), write(default)
            if value != default:
                kept[name] = value
        return kept

    def _writer(self, input_type: GraphQLType) -> _Write | None:
        """None for values that are written as they are: the scalars."""
        match input_type:
            case GraphQLNonNull(of_type=inner):
                return self._writer(inner)
            case GraphQLList(of_type=item):
                write = self._writer(item)
                return write and (lambda items: items and [write(item) for item in items])
            case GraphQLInputObjectType(name=name):
                values = self._types.setdefault(name, _InputValues(input_type.fields, self._types))
                return lambda fields: fields and values.write(fields)
            case GraphQLEnumType():
                names = {input_type.parse_value(name): name for name in input_type.values}
                return lambda member: names.get(member, member)
            case _:
                return None
