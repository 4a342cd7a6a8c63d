"""A cache of states holds so many bytes, however many or large they are."""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.sized_cache import (
    ENTRY_BYTES,
    SharedMemory,
    SharingCache,
    SizedCache,
    VersionedCache,
    memory_size,
)


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    price: Decimal


@dataclass(frozen=True)
class State:
    id: UUID
    parts: tuple[Part, ...]
    by_name: dict[str, Part]


def state(parts: int) -> State:
    made = tuple(Part(f"part number {number}", Decimal(number) / 7) for number in range(parts))
    return State(uuid4(), made, {part.name: part for part in made})


def test_the_size_of_a_state_is_what_it_takes_in_memory() -> None:
    for parts in (10, 100, 5_000):
        # What the first one leaves in caches of Python does not count.
        state(parts)
        tracemalloc.start()
        made = state(parts)
        taken = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert 0.7 * taken < memory_size(made) < 1.4 * taken + 500


def test_a_large_state_is_measured_by_some_of_its_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    large = [state(1_000) for _ in range(60)]
    objects = everything_in(large)
    exact = sum(sys.getsizeof(found) for found in objects)
    asked: list[object] = []
    monkeypatch.setattr("app.engine.sized_cache.gc.get_referents", watched(asked))
    measured = memory_size(large)
    assert len(asked) < 0.25 * len(objects)
    assert 0.7 * exact < measured < 1.4 * exact


def watched(asked: list[object]) -> Callable[..., list[object]]:
    """`gc.get_referents`, which notes what it was asked for."""
    get_referents = gc.get_referents

    def note(*values: object) -> list[object]:
        asked.extend(values)
        return get_referents(*values)

    return note


def everything_in(value: object) -> list[object]:
    """What a value holds, with itself, without classes and constants."""
    found, pending = dict[int, object](), [value]
    while pending:
        item = pending.pop()
        if id(item) not in found and not isinstance(item, (type, type(None), bool)):
            found[id(item)] = item
            pending.extend(gc.get_referents(item))
    return [*found.values()]


def test_what_a_value_holds_twice_counts_once_and_its_class_does_not() -> None:
    part = Part("a", Decimal(1))
    assert memory_size([part, part]) == memory_size([part]) + sys.getsizeof([1, 2]) - sys.getsizeof([1])
    assert memory_size(Part) == 0


def test_the_values_used_last_stay_in_so_many_bytes() -> None:
    cache: SizedCache[int, bytes] = SizedCache(10 * (ENTRY_BYTES + 1_000), len)
    for key in range(20):
        cache[key] = bytes(1_000)
    assert list(cache) == list(range(10, 20))
    cache[20] = bytes(2_000 + ENTRY_BYTES)
    assert list(cache) == list(range(12, 21))


def test_a_value_that_is_larger_than_the_cache_is_not_kept_and_removes_nothing_else() -> None:
    cache: SizedCache[int, bytes] = SizedCache(10_000, len)
    cache[1], cache[2] = bytes(10), bytes(10)
    cache[1] = bytes(20_000)
    assert list(cache) == [2]


def test_caches_that_share_a_memory_drop_the_oldest_value_of_all() -> None:
    memory = SharedMemory(2 * ENTRY_BYTES + 100)
    first, second = SharingCache[str, int](memory), SharingCache[str, int](memory)
    first.keep("a", 1, 40)
    second.keep("a", 2, 40)
    first.keep("b", 3, 40)
    assert (first, second, memory.used) == ({"b": 3}, {"a": 2}, 2 * ENTRY_BYTES + 80)
    # A value that is kept again counts once, and is the newest.
    second.keep("a", 4, 50)
    second.keep("b", 5, 50)
    assert (first, second, memory.used) == ({}, {"a": 4, "b": 5}, memory.max_bytes)
    second.drop_oldest()
    second.drop("nothing")
    assert (second, memory.used) == ({"b": 5}, ENTRY_BYTES + 50)
    first.keep("a", 6, memory.max_bytes)
    # A value that is larger than all of the memory is not kept, and removes nothing else.
    assert (first, second, memory.used) == ({}, {"b": 5}, ENTRY_BYTES + 50)
    second.keep("b", 8, memory.max_bytes)
    assert (second, memory.used) == ({}, 0)
    second.keep("a", 7, 100)
    del second
    assert memory.used == 0


def test_small_values_that_share_a_memory_take_about_what_is_counted() -> None:
    memory = SharedMemory(2**22)
    caches = [SharingCache[int, str](memory) for _ in range(100)]
    tracemalloc.start()
    for number in range(10_000):
        value = f"{number:250}"
        caches[number % 100].keep(10**6 + number, value, sys.getsizeof(value))
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 0.7 * taken < memory.used < 1.4 * taken


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.integers(0, 6_000)), max_size=40))
def test_the_newest_value_up_to_a_version_is_one_that_the_cache_still_has(
    items: list[tuple[str, int, int]],
) -> None:
    cache: VersionedCache[str, bytes] = VersionedCache(5_000, len)
    for key, version, size in items:
        cache[key, version] = bytes(size)
        for found in "ab":
            kept = [number for name, number in cache if name == found]
            for end in range(11):
                newest = max((number for number in kept if number <= end), default=None)
                assert cache.newest(found, end) is (None if newest is None else cache[found, newest])
    while cache:
        cache.popitem()
    assert cache.newest("a", 9) is cache.newest("b", 9) is None
