"""Surrounds every operation: its own context, the document cache, the limits, and the codes of errors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from app.engine.graphql.context import Context, response_extensions
from app.engine.graphql.errors import with_codes, with_validation_code, without_suggestions
from app.engine.graphql.execution.cost import CostCalculator, too_expensive
from app.engine.graphql.execution.limits import MAX_TOKENS, LimitsRule, NoIntrospectionRule
from app.engine.graphql.strawberry_internals import graphql_schema, has_operation_name
from app.engine.uuid7 import uuid7

TOKEN_BYTES = 600
"""What a token of a parsed document takes in memory, at most, with its part of the tree."""


@dataclass
class CachedDocument:
    """A valid document. `within_budget` is true if its cost is within the limit for all variables."""

    document: DocumentNode
    within_budget: bool = False


class DocumentCache(LRUCache[str, CachedDocument]):
    """Valid documents by their text, for one schema, in `max_bytes` of memory.

    Strawberry's ParserCache and ValidationCache do not fit: they also keep invalid documents, of any client; they share
    the list of errors, which each operation here changes; and the cost would need a third cache of the same documents.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=document_size)
        self.trusted: dict[str, CachedDocument] = {}
        """The trusted documents by their texts. They stay, and do not count."""

    def find(self, query: str) -> CachedDocument | None:
        """The valid document with this text, if it is known."""
        return self.trusted.get(query) or self.get(query)

    def add(self, query: str, document: CachedDocument) -> None:
        """Keep the document, and drop those that were used least recently to make room."""
        if document_size(document) <= self.maxsize:
            self[query] = document


def document_size(cached: CachedDocument) -> int:
    """The memory of a parsed document with its text, in bytes, estimated from above."""
    location = cached.document.loc
    if location is None:
        return TOKEN_BYTES
    tokens, token = 0, location.start_token
    while token is not None:
        tokens, token = tokens + 1, token.next
    # A character takes up to four bytes. The text is a key of the cache, and comments are tokens with texts of their own.
    return tokens * TOKEN_BYTES + 8 * len(location.source.body)


class OperationExtension(SchemaExtension):
    """Surrounds one operation."""

    def __init__(self, documents: DocumentCache, *, hides_schema: bool = False) -> None:
        super().__init__()
        self._documents = documents
        self._hides_schema = hides_schema
        """Whether introspection is refused and errors name nothing that the client has not named."""
        self._cached: CachedDocument | None = None

    def on_operation(self) -> Iterator[None]:
        execution = self.execution_context
        context: Context = execution.context
        # The context of a socket serves many operations: each gets loaders and a correlation id of its own.
        execution.context = context.for_operation(context.requested_correlation_id or uuid7())
        execution.parse_options["max_tokens"] = MAX_TOKENS
        execution.validation_rules = (*execution.validation_rules, LimitsRule)
        if self._hides_schema:
            execution.validation_rules = (*execution.validation_rules, NoIntrospectionRule)
        yield
        self._add_codes(execution.result)
        if execution.pre_execution_errors:
            execution.pre_execution_errors[:] = self._with_codes(execution.pre_execution_errors)

    def on_parse(self) -> Iterator[None]:
        execution = self.execution_context
        self._cached = self._documents.find(execution.query or "")
        if self._cached is not None:
            execution.graphql_document = self._cached.document
        yield

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        if (error := self._refusal()) is not None:
            execution.pre_execution_errors = [error]
        elif self._cached is not None:
            execution.pre_execution_errors = []
        yield
        if execution.pre_execution_errors:
            # The result already refers to this list.
            execution.pre_execution_errors[:] = with_validation_code(execution.pre_execution_errors)
            return
        if execution.context.handover is not None:
            execution.context.handover.execution = execution
        if self._cached is None and execution.graphql_document is not None:
            self._cached = CachedDocument(execution.graphql_document)
            self._documents.add(execution.query or "", self._cached)

    def on_execute(self) -> Iterator[None]:
        execution, cached = self.execution_context, self._cached
        if cached is not None and not cached.within_budget:
            cost = CostCalculator(
                graphql_schema(execution.schema), cached.document, execution.variables or {}
            )
            if (error := too_expensive(cost.max_cost())) is not None:
                raise error
            cached.within_budget = not cost.depends_on_variables
        yield

    def _refusal(self) -> GraphQLError | None:
        """Why a valid document cannot be executed in this request."""
        execution = self.execution_context
        document = execution.graphql_document
        operations = (
            [d for d in document.definitions if isinstance(d, OperationDefinitionNode)] if document else []
        )
        message = None
        if len(operations) > 1 and not has_operation_name(execution):
            message = "The document has several operations: name one in operationName."
        elif execution.operation_type is OperationType.SUBSCRIPTION and not execution.context.streams:
            message = "A subscription needs a stream: graphql-transport-ws, or Accept: text/event-stream."
        return None if message is None else GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})

    def on_stream_result(self, result: Any) -> Iterator[None]:
        self._add_codes(result)
        yield

    def get_results(self) -> dict[str, Any]:
        context: Context = self.execution_context.context
        return response_extensions(context) | {"correlationId": str(context.correlation_id)}

    def _add_codes(self, result: Any) -> None:
        if getattr(result, "errors", None):
            result.errors = self._with_codes(result.errors)

    def _with_codes(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        coded = with_codes(errors, self.execution_context.context.correlation_id)
        return without_suggestions(coded) if self._hides_schema else coded
