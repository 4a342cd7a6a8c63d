"""Surrounds every operation: its own context, the document cache, the limits, and the codes of errors."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from cachetools import LRUCache
from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from app.engine.graphql.context import Context, RequestContext, response_extensions
from app.engine.graphql.costs import too_expensive
from app.engine.graphql.errors import with_codes, with_validation_code, without_suggestions
from app.engine.graphql.execution.cost import CostCalculator
from app.engine.graphql.execution.limits import MAX_TOKENS, NoIntrospectionRule
from app.engine.graphql.execution.refused_documents import RefusedDocument, RefusedDocuments
from app.engine.graphql.execution.source import LineCountingSource
from app.engine.graphql.execution.validation import validate_document
from app.engine.graphql.strawberry_internals import graphql_schema, has_operation_name
from app.engine.uuid7 import uuid7

COST_OF_CHARACTER = 1.0
"""What a character of a document costs that has to be parsed and validated: 0.5 to 2 µs (2026-11-27)."""
TOKEN_BYTES = 600
"""What a token of a parsed document takes in memory, at most, with its part of the tree."""


@dataclass
class CachedDocument:
    """A valid document. `cost` is its cost with any variables; None if it depends on them, or is not known yet."""

    document: DocumentNode
    cost: float | None = None


class DocumentCache(LRUCache[str, CachedDocument]):
    """Valid documents by their text, for one schema, in `max_bytes` of memory.

    Strawberry's ParserCache and ValidationCache do not fit. They also keep invalid documents, of any client. They share the
    list of errors, which each operation here changes. The cost would need a third cache of the same documents.
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
            _unlink_tokens(document.document)
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


def _unlink_tokens(document: DocumentNode) -> None:
    """Remove the links from each token to the one before it, which only the parser follows.

    They make cycles. A document that is dropped from the cache is old, and the collector of cycles looks at old objects
    seldom. Without this, a hundred megabytes of them came together.
    """
    token = None if document.loc is None else document.loc.start_token
    while token is not None:
        token.prev = None
        token = token.next


def _declared_variables(document: DocumentNode) -> set[str]:
    return {
        variable.variable.name.value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for variable in definition.variable_definitions or ()
    }


def _item_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Mapping[str, Any],
    operation_name: str | None,
    node: Any,
    item_type: Any,
) -> float:
    return CostCalculator(schema, document, variables).item_cost(node, item_type, operation_name)


class OperationExtension(SchemaExtension):
    """Surrounds one operation."""

    def __init__(
        self, documents: DocumentCache, refused: RefusedDocuments, *, hides_schema: bool = False
    ) -> None:
        super().__init__()
        self._documents = documents
        self._refused_documents = refused
        self._hides_schema = hides_schema
        """Whether introspection is refused and errors name nothing that the client has not named."""
        self._cached: CachedDocument | None = None
        self._refused: RefusedDocument | None = None
        self._document_cost = 0.0
        """What it costs to parse and validate the document, if that is to be charged."""

    def on_operation(self) -> Iterator[None]:
        execution = self.execution_context
        request: RequestContext = execution.context
        # The context of a socket serves many operations: each gets loaders and a correlation id of its own.
        execution.context = Context.of(request, request.requested_correlation_id or uuid7())
        execution.parse_options["max_tokens"] = MAX_TOKENS
        if self._hides_schema:
            execution.validation_rules = (*execution.validation_rules, NoIntrospectionRule)
        try:
            yield
        finally:
            # Also if the client has left: the document was parsed.
            self._charge_document()
        self._add_codes(execution.result)
        if execution.pre_execution_errors:
            execution.pre_execution_errors[:] = self._with_codes(execution.pre_execution_errors)

    def on_parse(self) -> Iterator[None]:
        execution = self.execution_context
        self._cached = self._documents.find(execution.query or "")
        if self._cached is not None:
            execution.graphql_document = self._cached.document
        elif (refused := self._refused_documents.get(execution.query or "")) is not None:
            self._refused = refused
            execution.graphql_document = refused.outline
        elif (text := execution.query) is not None:
            context: Context = execution.context
            if context.rates is not None:
                cost = COST_OF_CHARACTER * len(text)
                context.rates.check(context.share, cost)
                # Not before: a document that is refused here is not parsed.
                self._document_cost = cost
            # The parser takes either, and its nodes and errors refer to what it got.
            execution.query = cast("str", LineCountingSource(text))
            yield
            execution.query = text
            return
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        execution = self.execution_context
        if (error := self._refusal()) is not None:
            execution.pre_execution_errors = with_validation_code([error])
        elif self._cached is not None:
            execution.pre_execution_errors = []
        elif self._refused is not None:
            execution.pre_execution_errors = self._refused.errors(execution.query or "")
        elif execution.graphql_document is not None:
            execution.pre_execution_errors = await self._validate(execution.graphql_document)
        yield
        if execution.pre_execution_errors:
            return
        if execution.variables and execution.graphql_document is not None:
            # A subscription keeps its variables for as long as it lives. GraphQL ignores those that are not declared.
            declared = _declared_variables(execution.graphql_document)
            execution.variables = {
                name: value for name, value in execution.variables.items() if name in declared
            }
        if execution.context.handover is not None:
            execution.context.handover.execution = execution
        if self._cached is None and execution.graphql_document is not None:
            self._cached = CachedDocument(execution.graphql_document)
            self._documents.add(execution.query or "", self._cached)

    async def _validate(self, document: DocumentNode) -> list[GraphQLError]:
        execution = self.execution_context
        errors = with_validation_code(
            await validate_document(
                graphql_schema(execution.schema),
                document,
                execution.validation_rules,
                hide_suggestions=self._hides_schema,
            )
        )
        if errors:
            self._refused_documents.add(execution.query or "", document, errors)
        return errors

    def on_execute(self) -> Iterator[None]:
        execution, cached = self.execution_context, self._cached
        if cached is not None:
            context: Context = execution.context
            schema, variables = graphql_schema(execution.schema), execution.variables or {}
            cost = cached.cost
            if cost is None:
                calculator = CostCalculator(schema, cached.document, variables)
                cost = calculator.max_cost()
                cached.cost = None if calculator.depends_on_variables else cost
            limit = context.services.settings.max_operation_cost
            if (error := too_expensive(cost, limit)) is not None:
                raise error
            if context.rates is not None:
                context.rates.spend(context.share, cost)
                # Not before: the operation may cost all that its caller may spend at once. A subscription ends much later.
                self._charge_document()
            # The charge belongs to the context. A function that refers to the execution would make a cycle with it.
            item_cost = partial(
                _item_cost, schema, cached.document, variables, execution.operation_name or None
            )
            context.charge.begin(cost, limit, item_cost, context.rates, context.share)
            try:
                yield
            finally:
                if context.rates is not None:
                    context.rates.add(context.share, context.charge.cost - cost)
            return
        yield

    def _charge_document(self) -> None:
        """Charge the caller for parsing and validating the document, once."""
        context: Context = self.execution_context.context
        if context.rates is not None and self._document_cost:
            context.rates.add(context.share, self._document_cost)
            self._document_cost = 0.0

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
