"""What happens around every operation: its own context, its document from the cache, its errors with their codes."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from app.engine.graphql.context import Context, response_extensions
from app.engine.graphql.errors import with_codes, with_validation_code
from app.engine.graphql.execution.cost import CostCalculator, too_expensive
from app.engine.graphql.execution.limits import MAX_TOKENS, LimitsRule
from app.engine.uuid7 import uuid7

MAX_CACHED_DOCUMENTS = 1_000
_document_cache: OrderedDict[str, DocumentNode] = OrderedDict()
"""Documents that were parsed and found valid, by their text. There is one schema a process."""
_within_budget: set[str] = set()
"""Those of them that are not too expensive, whatever their variables are."""


class OperationExtension(SchemaExtension):
    """Surrounds one operation."""

    def on_operation(self) -> Iterator[None]:
        execution = self.execution_context
        context: Context = execution.context
        # A socket's context outlives its operations: each gets loaders of its own, and after the first a correlation
        # id of its own.
        execution.context = replace(
            context, loaders=context.new_loaders(), correlation_id=context.requested_correlation_id or uuid7()
        )
        execution.parse_options["max_tokens"] = MAX_TOKENS
        execution.validation_rules = (*execution.validation_rules, LimitsRule)
        yield
        self._label(execution.result)
        if execution.pre_execution_errors:
            execution.pre_execution_errors[:] = self._labelled(execution.pre_execution_errors)

    def on_parse(self) -> Iterator[None]:
        execution = self.execution_context
        query = execution.query or ""
        known = _document_cache.get(query)
        if known is not None:
            _document_cache.move_to_end(query)
            execution.graphql_document = known
        yield

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        query = execution.query or ""
        known = query in _document_cache
        if (problem := self._unanswerable()) is not None:
            execution.pre_execution_errors = [problem]
        elif known:
            execution.pre_execution_errors = []
        yield
        if execution.pre_execution_errors:
            # The answer holds this very list already.
            execution.pre_execution_errors[:] = with_validation_code(execution.pre_execution_errors)
            return
        if execution.context.handover is not None:
            execution.context.handover.execution = execution
        if not known and execution.graphql_document is not None:
            _document_cache[query] = execution.graphql_document
            if len(_document_cache) > MAX_CACHED_DOCUMENTS:
                _within_budget.discard(_document_cache.popitem(last=False)[0])

    def on_execute(self) -> Iterator[None]:
        execution = self.execution_context
        query, document = execution.query or "", execution.graphql_document
        if document is not None and query not in _within_budget:
            cost = CostCalculator(execution.schema._schema, document, execution.variables or {})  # pyright: ignore[reportPrivateUsage]
            if (problem := too_expensive(cost.max_cost())) is not None:
                raise problem
            if not cost.depends_on_variables and query in _document_cache:
                _within_budget.add(query)
        yield

    def _unanswerable(self) -> GraphQLError | None:
        """Why a valid document still has no answer here."""
        execution = self.execution_context
        document = execution.graphql_document
        operations = (
            [d for d in document.definitions if isinstance(d, OperationDefinitionNode)] if document else []
        )
        said = None
        if len(operations) > 1 and not execution._provided_operation_name:  # pyright: ignore[reportPrivateUsage] - the public one guesses the first
            said = "The document has several operations: name one in operationName."
        elif execution.operation_type is OperationType.SUBSCRIPTION and not execution.context.streams:
            said = (
                "A subscription needs a stream: graphql-transport-ws, or POST with Accept: text/event-stream."
            )
        return None if said is None else GraphQLError(said, extensions={"code": "BAD_USER_INPUT"})

    def on_stream_result(self, result: Any) -> Iterator[None]:
        self._label(result)
        yield

    def get_results(self) -> dict[str, Any]:
        context: Context = self.execution_context.context
        return response_extensions(context) | {"correlationId": str(context.correlation_id)}

    def _label(self, result: Any) -> None:
        if getattr(result, "errors", None):
            result.errors = self._labelled(result.errors)

    def _labelled(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        return with_codes(errors, self.execution_context.context.correlation_id)
