"""Valid documents are parsed and validated once for a schema."""

import pytest
from graphql import parse

from app.engine.graphql.execution import extension
from app.engine.graphql.execution.extension import CachedDocument, DocumentCache

DOCUMENT = parse("{ position }")


def test_a_full_cache_drops_the_document_that_was_used_least_recently(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extension, "MAX_CACHED_DOCUMENTS", 2)
    documents = DocumentCache()
    for query in ("first", "second"):
        documents[query] = CachedDocument(DOCUMENT)
    assert documents.get("first") is not None
    documents["third"] = CachedDocument(DOCUMENT)
    assert set(documents) == {"first", "third"}
