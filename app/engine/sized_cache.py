"""A cache that is bounded in bytes, a bound that many caches share, and what a value takes in memory."""

import gc
import sys
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, override
from weakref import ref

from cachetools import LRUCache

ENTRY_BYTES = 500
"""What an entry takes besides its value: keys, links and the objects around it."""
VERSIONS_BYTES = 200
"""What a `VersionedCache` takes in addition for a key with one version."""
MAX_MEASURED = 100
"""How many objects of a large collection are measured, nearly."""
_SPREAD = 2_654_435_761
"""Spreads identities, which are addresses in regular distances."""
_SHARED = (type, Enum, ModuleType, FunctionType, BuiltinFunctionType, type(None), bool)
"""Instances of these exist without the value that refers to them."""


def memory_size(value: object) -> int:
    """About the bytes of a value and of all that it holds, each counted once. 10 µs for a small state, 0.3 µs an object.

    Of what refers to more than `MAX_MEASURED` objects, some are measured for all. They are chosen by their identity. So an
    object that is in two large collections is measured in both or in none, and counts once.
    """
    seen: set[int] = set()
    pending: list[tuple[object, float]] = [(value, 1.0)]
    size = 0.0
    while pending:
        found, weight = pending.pop()
        if id(found) in seen or isinstance(found, _SHARED):
            continue
        seen.add(id(found))
        size += weight * sys.getsizeof(found)
        held = gc.get_referents(found)
        if len(held) > MAX_MEASURED:
            one_in = len(held) // MAX_MEASURED
            some = [item for item in held if (id(item) * _SPREAD >> 16) % one_in == 0] or held[:MAX_MEASURED]
            weight, held = weight * len(held) / len(some), some
        pending.extend([(item, weight) for item in held])
    return round(size)


class SizedCache[K, V](LRUCache[K, V]):
    """The values used last, in `max_bytes`. `size_of` gives the bytes of a value when it is set.

    A value that is larger than all of the cache is not kept.
    """

    def __init__(self, max_bytes: int, size_of: Callable[[V], int]) -> None:
        self._size_of = size_of
        self._measured = 0
        """The size of the value that is set now: it is measured once."""
        super().__init__(max_bytes, getsizeof=lambda _: self._measured)

    @override
    def __setitem__(self, key: K, value: V) -> None:
        self._measured = ENTRY_BYTES + self._size_of(value)
        if self._measured > self.maxsize:
            self.pop(key, None)
        else:
            super().__setitem__(key, value)


class SharedMemory:
    """Bounds the bytes of the values of many caches. The oldest value of all goes first.

    A value that is larger than all of the memory is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.used = 0
        self._values: OrderedDict[tuple[int, object], tuple[ref[SharingCache[Any, Any]], int]] = OrderedDict()
        """The cache and the size of each value, by the identity of the cache and the key. The oldest is first."""

    def add(self, cache: "SharingCache[Any, Any]", key: object, size: int) -> None:
        """Count a value that the cache has got now, and its entry. May drop older values of all caches."""
        self.remove(cache, key)
        size += ENTRY_BYTES
        if size > self.max_bytes:
            cache.pop(key, None)
            return
        self._values[id(cache), key] = ref(cache), size
        self.used += size
        while self.used > self.max_bytes:
            (_, oldest), (owner, size) = self._values.popitem(last=False)
            self.used -= size
            if (found := owner()) is not None:
                found.pop(oldest, None)

    def remove(self, cache: "SharingCache[Any, Any]", key: object) -> None:
        """Count a value no longer."""
        _, size = self._values.pop((id(cache), key), (None, 0))
        self.used -= size


class SharingCache[K, V](dict[K, V]):
    """The values of one cache among those that share a memory. A look-up is that of a dict, and moves nothing."""

    def __init__(self, memory: SharedMemory) -> None:
        super().__init__()
        self._memory = memory

    def keep(self, key: K, value: V, size: int) -> None:
        """Keep a value of so many bytes, if the memory has room. The memory counts its entry."""
        self[key] = value
        self._memory.add(self, key, size)

    def drop(self, key: K) -> None:
        """Keep a value no longer, if it is there."""
        if self.pop(key, None) is not None:
            self._memory.remove(self, key)

    def drop_oldest(self) -> None:
        """Drop the value that came first."""
        self.drop(next(iter(self)))

    def __del__(self) -> None:
        for key in self:
            self._memory.remove(self, key)


class VersionedCache[K, V](SizedCache[tuple[K, int], V]):
    """Values by key and version. Each key has its versions in order: a look-up costs the same with thousands of keys."""

    def __init__(self, max_bytes: int, size_of: Callable[[V], int]) -> None:
        super().__init__(max_bytes, lambda value: VERSIONS_BYTES + size_of(value))
        self._versions: dict[K, list[int]] = {}

    def newest(self, key: K, version: int) -> V | None:
        """The value of a key at the newest version up to this one; None if there is none."""
        versions = self._versions.get(key, [])
        place = bisect_right(versions, version)
        return self[key, versions[place - 1]] if place else None

    @override
    def __setitem__(self, key: tuple[K, int], value: V) -> None:
        super().__setitem__(key, value)
        if key in self:
            versions = self._versions.setdefault(key[0], [])
            place = bisect_left(versions, key[1])
            if versions[place : place + 1] != [key[1]]:
                versions.insert(place, key[1])

    @override
    def __delitem__(self, key: tuple[K, int]) -> None:
        super().__delitem__(key)
        versions = self._versions[key[0]]
        del versions[bisect_left(versions, key[1])]
        if not versions:
            del self._versions[key[0]]
