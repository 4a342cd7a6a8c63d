"""Remembers the documents that validation has refused, so that a repeat costs next to nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cachetools import FIFOCache
from graphql import (
    DocumentNode,
    GraphQLError,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from app.engine.graphql.execution.source import LineCountingSource

MAX_BYTES = 1_000_000
"""The size of all that is remembered, nearly."""
_BYTES_OF_ENTRY = 1_000
_BYTES_OF_OPERATION = 1_000


@dataclass(frozen=True, slots=True)
class RefusedDocument:
    """What is left of a refused document: its errors, and an outline with its operations and no fields."""

    outline: DocumentNode
    size: int
    _errors: Sequence[tuple[str, Sequence[int], dict[str, Any]]]

    def errors(self, query: str) -> list[GraphQLError]:
        """The errors as they were, at their places in the text."""
        source = LineCountingSource(query)
        return [
            GraphQLError(message, source=source, positions=positions, extensions=dict(extensions))
            for message, positions, extensions in self._errors
        ]


class RefusedDocuments:
    """Refused documents of one schema, by the hash of their text. The oldest make room."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._documents: FIFOCache[bytes, RefusedDocument] = FIFOCache(
            max_bytes, getsizeof=lambda document: document.size
        )

    def get(self, query: str) -> RefusedDocument | None:
        if not self._documents:
            return None
        return self._documents.get(_key(query))

    def add(self, query: str, document: DocumentNode, errors: Sequence[GraphQLError]) -> None:
        """Remember the errors of a document. Its own nodes are not kept."""
        operations = [
            definition
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode)
        ]
        told = [
            (error.message, tuple(error.positions or ()), dict(error.extensions or {})) for error in errors
        ]
        size = (
            _BYTES_OF_ENTRY
            + sum(4 * len(message) + 200 for message, _, _ in told)
            + sum(
                _BYTES_OF_OPERATION + (len(operation.name.value) if operation.name else 0)
                for operation in operations
            )
        )
        key = _key(query)
        if size > self._documents.maxsize or key in self._documents:
            return
        outline = DocumentNode(
            definitions=tuple(
                _outline(operation.operation, operation.name and operation.name.value)
                for operation in operations
            )
        )
        self._documents[key] = RefusedDocument(outline, size, told)


def _outline(operation: OperationType, name: str | None) -> OperationDefinitionNode:
    return OperationDefinitionNode(
        operation=operation,
        name=None if name is None else NameNode(value=name),
        variable_definitions=(),
        directives=(),
        selection_set=SelectionSetNode(selections=()),
    )


def _key(query: str) -> bytes:
    return sha256(query.encode(errors="surrogatepass")).digest()
