"""A digest of what a mutation asks for, so that its command id cannot stand for another request."""

from collections.abc import Callable
from contextvars import ContextVar
from enum import Enum
from hashlib import sha256
from typing import Any

import msgspec
from graphql import GraphQLSchema

REQUEST_DIGEST: ContextVar[bytes | None] = ContextVar("request_digest", default=None)
"""The digest of the mutation that is executed in this task."""

DIGEST_LENGTH = 16
_HOW_IT_IS_SENT = ("commandId", "command_id", "dryRun", "dry_run")


def add_request_digests(schema: GraphQLSchema) -> None:
    """Have each field of the mutation type note the digest of its arguments before it is resolved."""
    if schema.mutation_type is not None:
        for name, field in schema.mutation_type.fields.items():
            if field.resolve is not None:
                field.resolve = _noting(name, field.resolve)


def request_digest(field: str, arguments: dict[str, Any]) -> bytes:
    """The digest of a field and its arguments, without the command id."""
    options = arguments.get("options")
    if isinstance(options, dict):
        kept = {name: value for name, value in options.items() if name not in _HOW_IT_IS_SENT}
        arguments = {**arguments, "options": kept or None}
    text = msgspec.json.encode([field, arguments], order="sorted", enc_hook=_encode)
    return sha256(text).digest()[:DIGEST_LENGTH]


def _noting(name: str, resolve: Callable[..., Any]) -> Callable[..., Any]:
    def note_and_resolve(source: Any, info: Any, **arguments: Any) -> Any:
        REQUEST_DIGEST.set(request_digest(name, arguments))
        return resolve(source, info, **arguments)

    return note_and_resolve


def _encode(value: object) -> object:
    return value.value if isinstance(value, Enum) else str(value)
