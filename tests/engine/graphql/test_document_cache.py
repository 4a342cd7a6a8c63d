"""Valid documents are parsed and validated once for a schema, in a bounded memory."""

import gc
import tracemalloc

from graphql import parse

from app.engine.graphql.execution.extension import CachedDocument, DocumentCache, document_size

DOCUMENT = parse("{ position }")


def test_a_full_cache_drops_the_document_that_was_used_least_recently() -> None:
    size = document_size(CachedDocument(DOCUMENT))
    documents = DocumentCache(2 * size)
    for query in ("first", "second"):
        documents.add(query, CachedDocument(DOCUMENT))
    assert documents.get("first") is not None
    documents.add("third", CachedDocument(DOCUMENT))
    assert set(documents) == {"first", "third"}


def test_a_document_that_is_larger_than_the_cache_is_not_kept() -> None:
    documents = DocumentCache(document_size(CachedDocument(DOCUMENT)) - 1)
    documents.add("first", CachedDocument(DOCUMENT))
    assert not documents


def test_the_memory_of_large_documents_is_bounded() -> None:
    shapes = (
        lambda n: "{" + " ".join(f"a{n}x{i}:position" for i in range(600)) + "}",
        lambda n: "{" + f"order{n} a(b: 1) " * 300 + "}",
        lambda n: f"query Q{n}(" + "".join(f"$v{i}: I " for i in range(400)) + ") {a}",
        lambda n: f"{{ position }} #{n}" + "\u6f22" * 20_000,
        lambda n: "{a(x: [" + "1 " * 1_900 + f"{n}])}}",
    )
    limit = 2 * 2**20
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        documents = DocumentCache(limit)
        for number in range(8):
            for shape in shapes:
                query = shape(number)
                documents.add(query, CachedDocument(parse(query, max_tokens=4_000)))
        # What was dropped is gone at once: nothing waits for the collector of cycles.
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert len(documents) < 8 * len(shapes)
    assert used < 1.1 * limit
    assert used > limit / 5, "the estimate is far too high"
