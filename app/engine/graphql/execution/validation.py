"""Validates documents: first the limits, then the rules, a few at a time if the document is large."""

import asyncio
from collections.abc import Sequence
from itertools import batched

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoFragmentCyclesRule,
    validate,
)

from app.engine.graphql.execution.limits import MAX_ERRORS, check_limits
from app.engine.graphql.strawberry_internals import STRAWBERRY_RULES

LARGE_DOCUMENT_CHARACTERS = 1_500
"""Documents of this length are validated in parts: 16 KB cost up to 100 ms (2026-11-26)."""
RULES_AT_ONCE = 5


async def validate_document(
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: Sequence[type[ASTValidationRule]],
    *,
    hide_suggestions: bool,
) -> list[GraphQLError]:
    """The errors of a document, at most `MAX_ERRORS` and a word that there are more; none if it is valid.

    Other tasks run between the rules for a large document. The errors are those of the first rules that find any.
    """
    errors: list[GraphQLError] = []
    if any(isinstance(definition, FragmentDefinitionNode) for definition in document.definitions):
        # A fragment that spreads itself has no size.
        errors = validate(schema, document, [NoFragmentCyclesRule], MAX_ERRORS)
    if errors or (errors := check_limits(document)):
        return errors
    rules = (*rules, *STRAWBERRY_RULES)
    length = 0 if document.loc is None else document.loc.end
    at_once = len(rules) if length < LARGE_DOCUMENT_CHARACTERS else RULES_AT_ONCE
    for some in batched(rules, at_once, strict=False):
        if length >= LARGE_DOCUMENT_CHARACTERS:
            await asyncio.sleep(0)
        errors = validate(schema, document, some, MAX_ERRORS, hide_suggestions)
        if errors:
            return errors
    return []
