"""Batches the reads of single rows, of whole process instances, and of the histories of aggregates."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, Final, Literal, Protocol

from strawberry.dataloader import DataLoader

from app.engine.access.access import Access
from app.engine.access.policy import AccessDenied
from app.engine.database.connections import Database
from app.engine.database.errors import DRIVER_ERRORS
from app.engine.history.aggregate_history import AggregateHistory
from app.engine.projector.projector import ProjectionStale
from app.engine.read_models.queries import rows_by_column
from projections.kernel import Projection

MAX_BATCH_SIZE = 500
"""Keys in one batch of a loader."""


class _NotPrefetched(Enum):
    NOT_PREFETCHED = "not prefetched"


NOT_PREFETCHED: Final = _NotPrefetched.NOT_PREFETCHED
"""Stands for a row that was not read ahead. None stands for a row that does not exist."""

type Prefetched[T] = T | Literal[_NotPrefetched.NOT_PREFETCHED]


class HasPrefetched(Protocol):
    """A GraphQL object that has values of fields with resolvers, by the Python names of the fields.

    The fast executor uses these values instead of the resolvers, so each must be what the resolver returns.
    """

    prefetched: Mapping[str, Any] | None


@dataclass(eq=False, slots=True, weakref_slot=True)
class Loaders:
    """Batches and caches reads for one operation, one mutation's answer or one message of a subscription."""

    database: Database
    access: Access
    """What the caller may read: other rows are as if they did not exist."""
    wait: Callable[[Projection[Any], int | None], Awaitable[None]]
    """Waits until a projection has reached a position, or what the operation has asked for."""
    as_of_position: int | None = None
    """The position as of which rows are read, for projections that keep row history. The others are read as of now."""
    _loaders: dict[tuple[str, str], DataLoader[Any, Any]] = field(
        default_factory=dict[tuple[str, str], "DataLoader[Any, Any]"]
    )

    _waiting: dict[asyncio.Future[Any], int] = field(default_factory=dict["asyncio.Future[Any]", int])
    """How many tasks wait for each read. The tasks of several fields may wait for one."""
    _history: AggregateHistory | None = None

    def history(self, shared: AggregateHistory) -> AggregateHistory:
        """The history of aggregates, with the reads of this operation in batches. It caches no reads."""
        if self._history is None:
            self._history = shared.batched(self.database.reads)
        return self._history

    async def row[R](self, projection: Projection[R], column: str, value: object) -> R | None:
        """The row with this value in a unique column. None if the caller may not see it. Raises `AccessDenied`."""
        return await self._wait_for(self._loader(projection, column).load(value))

    async def prefetch(self, projection: Projection[Any], column: str, values: Iterable[object]) -> None:
        """Read these rows in one statement, for `prefetched`. If the read fails, each later `row` raises its error."""
        cache = self._loader(projection, column).cache_map
        futures = {
            value: asyncio.get_running_loop().create_future() for value in values if cache.get(value) is None
        }
        if not futures:
            return
        try:
            rows = await self._reader(projection, column)(list(futures))
        except (AccessDenied, ProjectionStale, *DRIVER_ERRORS) as error:
            for future in futures.values():
                future.set_exception(error)
                # Marks the error as seen: perhaps no resolver asks for this row.
                future.exception()
        else:
            for future, row in zip(futures.values(), rows, strict=True):
                future.set_result(row)
        for value, future in futures.items():
            cache.set(value, future)

    def prefetched[R](self, projection: Projection[R], column: str, value: object) -> Prefetched[R | None]:
        """The row that `prefetch` has read. None if it does not exist."""
        loader = self._loaders.get((projection.name, column))
        future: asyncio.Future[R | None] | None = None if loader is None else loader.cache_map.get(value)
        if future is None or not future.done() or future.cancelled() or future.exception() is not None:
            return NOT_PREFETCHED
        return future.result()

    async def load[K, V](self, name: str, read: Callable[[list[K]], Awaitable[Sequence[V]]], key: K) -> V:
        """The value that `read` gives for a key. Keys under the same name are read in one batch."""
        loader = self._loaders.get((name, ""))
        if loader is None:
            loader = self._loaders[name, ""] = DataLoader[Any, Any](
                load_fn=read, max_batch_size=MAX_BATCH_SIZE
            )
        return await self._wait_for(loader.load(key))

    async def _wait_for[V](self, reading: Awaitable[V]) -> V:
        """The result of a read, which is cancelled with the last task that waits for it. An error in one field cancels the
        tasks of its siblings, and fields elsewhere may wait for the same row."""
        future = asyncio.ensure_future(reading)
        if future.done():
            return future.result()
        self._waiting[future] = self._waiting.get(future, 0) + 1
        try:
            return await asyncio.shield(future)
        finally:
            self._waiting[future] -= 1
            if not self._waiting[future]:
                del self._waiting[future]
                future.cancel()

    def _loader(self, projection: Projection[Any], column: str) -> DataLoader[Any, Any]:
        name = (projection.name, column)
        loader = self._loaders.get(name)
        if loader is None:
            loader = self._loaders[name] = DataLoader(
                load_fn=self._reader(projection, column), max_batch_size=MAX_BATCH_SIZE
            )
        return loader

    def _reader(
        self, projection: Projection[Any], column: str
    ) -> Callable[[list[Any]], Awaitable[Sequence[Any]]]:
        position = self.as_of_position if projection.history else None
        # A function that refers to the loaders would make a cycle: they would live until the collector finds them.
        return partial(_read_rows, self.database, self.access, self.wait, projection, column, position)


async def _read_rows(
    database: Database,
    access: Access,
    wait: Callable[[Projection[Any], int | None], Awaitable[None]],
    projection: Projection[Any],
    column: str,
    position: int | None,
    values: list[Any],
) -> Sequence[Any]:
    owner = access.row_owner(projection)
    await wait(projection, position)
    return await rows_by_column(database, projection, column, values, position, owner)
