"""Refused documents are remembered in a bounded number of bytes."""

import gc
import tracemalloc

from graphql import GraphQLError, parse

from app.engine.graphql.execution.refused_documents import MAX_BYTES, RefusedDocuments


def test_the_oldest_refused_document_makes_room() -> None:
    refused = RefusedDocuments(max_bytes=10_000)
    for number in range(20):
        refused.add(f"{{ f{number} }}", parse(f"{{ f{number} }}"), [GraphQLError(f"error {number}")])
    assert refused.get("{ f0 }") is None
    found = refused.get("{ f19 }")
    assert found is not None
    assert [error.message for error in found.errors("{ f19 }")] == ["error 19"]


def test_many_refused_documents_take_little_more_memory_than_the_limit() -> None:
    query = "query Q { " + " ".join(f"f{number}" for number in range(300)) + " } # "
    document, refused = parse(query), RefusedDocuments()
    errors = [GraphQLError("e" * 200, document.definitions[0]) for _ in range(5)]
    tracemalloc.start()
    for number in range(3_000):
        refused.add(f"{query}{number}", document, errors)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 2 * MAX_BYTES
