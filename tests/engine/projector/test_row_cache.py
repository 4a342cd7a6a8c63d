"""The rows in memory take so many bytes, however many or large they are."""

from typing import Any

from app.engine.projector.row_cache import RowCache
from app.engine.sized_cache import memory_size
from projections.kernel import Key

MAX_BYTES = 200_000


def rows(first: int, number: int, size: int) -> dict[Key, Any]:
    return {(key,): ["x" * size, key] for key in range(first, first + number)}


def test_rows_of_any_size_take_no_more_than_the_limit_and_some_batches() -> None:
    for size in (10, 1_000, 20_000):
        cache = RowCache(MAX_BYTES)
        largest = 0
        for first in range(0, 1_000, 4):
            cache.remember(rows(first, 4, size))
            largest = max(largest, memory_size(list(cache.values())))
        assert 0.25 * MAX_BYTES < largest + 500 * len(cache) < 1.1 * MAX_BYTES + (64 + 4) * (size + 600)


def test_rows_that_grow_count_with_what_they_take_now() -> None:
    cache, largest = RowCache(MAX_BYTES), 0
    for size in range(0, 2_000, 100):
        for key in range(200):
            cache.remember(rows(key, 1, size))
            largest = max(largest, memory_size(list(cache.values())) + 500 * len(cache))
    assert largest < 1.1 * MAX_BYTES + 64 * (2_000 + 600)


def test_a_row_that_is_written_again_and_again_counts_once() -> None:
    cache = RowCache(MAX_BYTES)
    cache.remember(rows(0, 10, 1_000))
    for _ in range(1_000):
        cache.remember(rows(10, 1, 1_000))
    assert len(cache) == 11
