"""Whose a stream is, from the rows of projections: for live events, and as a condition on es.events."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from cachetools import LRUCache
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from app.engine.access.ownership import is_same_owner
from app.engine.access.policy import StreamOwner
from app.engine.database.connections import Database
from app.engine.read_models.queries import is_one_of, owner_column, owner_value, owning_projections
from app.engine.store.reader import Fact
from projections.kernel import AnyProjection

MAX_CACHED_OWNERS = 100_000
_DIALECT = postgresql.dialect()

type Wait = Callable[[AnyProjection, int], Awaitable[None]]
"""Waits until a projection has reached a position. Raises `ProjectionStale`."""


class StreamOwners:
    """The owners of streams, cached for all subscribers: once a stream has an owner, it never changes."""

    def __init__(self, database: Database, streams: Mapping[str, StreamOwner], wait: Wait) -> None:
        self._database = database
        self._streams = streams
        self._wait = wait
        self._owners: LRUCache[tuple[int, str, UUID], object] = LRUCache(MAX_CACHED_OWNERS)
        self._reading = asyncio.Lock()

    async def owned(self, owner: str, facts: Sequence[Fact], epoch: int) -> set[tuple[str, UUID]]:
        """Those streams of the facts that are this owner's, each with its category. `epoch` is that of the feed.

        Waits until the rows are as new as the facts. A stream without a row has no owner.
        """
        await self._read_missing(facts, epoch)
        known = self._owners
        return {
            (fact.category, fact.stream_id)
            for fact in facts
            if (found := known.get((epoch, fact.category, fact.stream_id))) is not None
            and is_same_owner(found, owner)
        }

    async def _read_missing(self, facts: Sequence[Fact], epoch: int) -> None:
        missing = self._missing(facts, epoch)
        if not missing:
            return
        # Before the lock: a table that is behind holds up no reader of streams of another one.
        for category, places in missing.items():
            await self.wait_for(self._streams[category].rows, max(places.values()))
        # One read for all who wait for the same events.
        async with self._reading:
            for category, places in self._missing(facts, epoch).items():
                for stream_id, owner in await self._read(self._streams[category].rows, list(places)):
                    if owner is not None:
                        self._owners[epoch, category, UUID(int=stream_id.int)] = owner

    def _missing(self, facts: Sequence[Fact], epoch: int) -> Mapping[str, Mapping[UUID, int]]:
        """The streams whose owners are to be read, by category, each with the position of its newest fact."""
        missing: dict[str, dict[UUID, int]] = {}
        for fact in facts:
            if fact.category in self._streams and (epoch, fact.category, fact.stream_id) not in self._owners:
                missing.setdefault(fact.category, {})[fact.stream_id] = fact.position
        return missing

    async def wait_for(self, rows: AnyProjection, position: int) -> None:
        """Wait until the rows, and those that say whose they are, have reached a position. Raises `ProjectionStale`."""
        for projection in (rows, *owning_projections(rows)):
            await self._wait(projection, position)

    async def _read(self, rows: AnyProjection, ids: Sequence[UUID]) -> Sequence[Any]:
        key = rows.table.c[rows.key[0]]
        query: Any = select(key, owner_column(rows)).select_from(rows.table)
        projection, column = rows, rows.owner
        while column is not None and column.of is not None:
            table = column.of.table
            query = query.join(table, table.c[column.of.key[0]] == projection.table.c[column.column])
            projection, column = column.of, column.of.owner
        return await self._database.fetch(query.where(is_one_of(key, ids)))

    def sql(self, categories: Sequence[str], owner: str) -> tuple[str, tuple[object, ...]]:
        """The streams of these categories that are this owner's, as a query, with `{}` for each of its values."""
        queries: list[str] = []
        values: list[object] = []
        for category in categories:
            stream = self._streams.get(category)
            if stream is None or (value := owner_value(stream.rows, owner)) is None:
                continue
            queries.append(f"SELECT {{}}::text, {_quoted(stream.rows.key[0])} {_owned_sql(stream.rows)}")
            values.extend((category, value))
        return " UNION ALL ".join(queries) or "SELECT NULL::text, NULL::uuid WHERE false", tuple(values)

    async def wait_for_all(self, categories: Sequence[str], position: int) -> None:
        """Wait until the rows that say whose the streams of these categories are have reached a position."""
        for category in categories:
            if (stream := self._streams.get(category)) is not None:
                await self.wait_for(stream.rows, position)


def _owned_sql(rows: AnyProjection) -> str:
    """The table of the rows and the condition on their owner, with a `{}` for its value."""
    owner = rows.owner
    if owner is None:
        return "WHERE false AND {} IS NULL"
    column = _quoted(owner.column)
    table = f"{_quoted(rows.table.schema or '')}.{_quoted(rows.table.name)}"
    if owner.of is None:
        kind = rows.table.c[owner.column].type.compile(dialect=_DIALECT)
        return f"FROM {table} WHERE {column} = {{}}::{kind}"
    return f"FROM {table} WHERE {column} IN (SELECT {_quoted(owner.of.key[0])} {_owned_sql(owner.of)})"


def _quoted(name: str) -> str:
    return _DIALECT.identifier_preparer.quote_identifier(name)
