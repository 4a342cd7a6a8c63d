"""Reads through the pool. Each waits for a turn of its caller and a connection, and the wait is measured."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any

import asyncpg


class PoolWaits:
    """How long the reads of all callers wait for a turn and a connection."""

    def __init__(self) -> None:
        self.on_wait: Callable[[float], None] = lambda seconds: None
        """Called with each wait that has ended, in seconds."""
        self._began: dict[object, float] = {}
        """When each read began to wait, the oldest first."""

    def begin(self) -> object:
        """A read begins to wait. It passes the result to `end`."""
        read = object()
        self._began[read] = monotonic()
        return read

    def end(self, read: object) -> None:
        """The read has its connection, or has given up. Only the first call counts."""
        if (began := self._began.pop(read, None)) is not None:
            self.on_wait(monotonic() - began)

    @property
    def count(self) -> int:
        """How many reads wait."""
        return len(self._began)

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest of them has waited; 0 if none waits."""
        return monotonic() - next(iter(self._began.values())) if self._began else 0.0


class PoolReads:
    """Stands in for a pool: each read takes one of the `slots` and then a connection. No read holds two slots."""

    def __init__(
        self, pool: asyncpg.Pool, slots: AbstractAsyncContextManager[None], waits: PoolWaits
    ) -> None:
        self._pool = pool
        self._slots = slots
        self._waits = waits

    async def fetch(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """The rows of a query."""
        read = self._waits.begin()
        try:
            async with self._slots, self._pool.acquire() as connection:
                self._waits.end(read)
                return await connection.fetch(query, *arguments)
        finally:
            self._waits.end(read)

    async def fetchval(self, query: str, *arguments: object) -> Any:
        """The first value of the first row."""
        rows = await self.fetch(query, *arguments)
        return rows[0][0] if rows else None
