"""What every resolver can reach: the engine, and who asks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Protocol
from uuid import UUID

import strawberry
from sqlalchemy import ARRAY, BigInteger, FromClause, Select, any_, bindparam, select
from strawberry.dataloader import DataLoader

from app.engine.application import AnyApplication
from app.engine.commands import CommandHandler
from app.engine.database.connections import Database, retry_read
from app.engine.database.errors import DRIVER_ERRORS
from app.engine.database.statements import CompiledStatement, jsonb_as_text
from app.engine.graphql.event_types import EventTypes
from app.engine.graphql.execution.shared_subscriptions import LiveHandover
from app.engine.history.aggregate_history import AggregateHistory
from app.engine.projector.projector import ProjectionStale, Projector
from app.engine.projector.rebuild.background import BackgroundOperations
from app.engine.projector.status import StatusCache
from app.engine.settings import EngineSettings
from app.engine.store.feed import Feed
from app.engine.store.reader import EventReader
from projections.kernel import Projection, rows_as_of

MAX_BATCH_SIZE = 500
"""Keys in one batch of a loader."""


class Services(Protocol):
    """The parts of the engine that the API stands on."""

    application: AnyApplication
    settings: EngineSettings
    database: Database
    commands: CommandHandler
    reader: EventReader
    history: AggregateHistory
    feed: Feed
    projector: Projector
    operations: BackgroundOperations
    statuses: StatusCache
    stopping: asyncio.Event
    pending_body_timeouts: set[asyncio.Timeout]


@dataclass(frozen=True)
class Loaders:
    """Batches the reads of single rows. Lives for one operation, one mutation's answer, or one emission of a
    subscription: what it has loaded is as of then."""

    database: Database
    as_of_position: int | None = None
    """The position as of which rows are read, where their history is kept; else they are read as they are now."""
    wait: Callable[[Projection[Any], int], Awaitable[None]] | None = None
    """Waits until a projection has come to a position."""
    min_position: list[int] = field(default_factory=lambda: [0])
    """The newest position that the operation has named so far: what is read as it is now is at least as new, whichever
    projection it comes from."""
    _made: dict[tuple[str, str], DataLoader[Any, Any]] = field(
        default_factory=dict[tuple[str, str], "DataLoader[Any, Any]"]
    )

    async def row[R](self, projection: Projection[R], column: str, value: object) -> R | None:
        """The row whose `column`, which is unique, has this value."""
        return await self._loader(projection, column).load(value)

    async def prefetch(self, projection: Projection[Any], column: str, values: Iterable[object]) -> None:
        """Read all these rows at once: `held` has them then. Where they cannot be read, that is said where each is asked for."""
        known = self._loader(projection, column).cache_map
        answers = {
            value: asyncio.get_running_loop().create_future() for value in values if known.get(value) is None
        }
        if not answers:
            return
        try:
            rows = await self._reader(projection, column)(list(answers))
        except (ProjectionStale, *DRIVER_ERRORS) as error:
            for answer in answers.values():
                answer.set_exception(error)
                # It may be that nobody asks.
                answer.exception()
        else:
            for answer, row in zip(answers.values(), rows, strict=True):
                answer.set_result(row)
        for value, answer in answers.items():
            known.set(value, answer)

    def prefetched[R](self, projection: Projection[R], column: str, value: object) -> tuple[R | None] | None:
        """The row that `ahead` has read, or that there is none; None where it was not read."""
        loader = self._made.get((projection.name, column))
        row: asyncio.Future[R | None] | None = None if loader is None else loader.cache_map.get(value)
        return (
            None
            if row is None or not row.done() or row.cancelled() or row.exception() is not None
            else (row.result(),)
        )

    def _loader(self, projection: Projection[Any], column: str) -> DataLoader[Any, Any]:
        loader = self._made.get(name := (projection.name, column))
        if loader is None:
            loader = self._made[name] = DataLoader(
                load_fn=self._reader(projection, column), max_batch_size=MAX_BATCH_SIZE
            )
        return loader

    async def load(self, name: str, read: Callable[[list[Any]], Any], key: object) -> Any:
        """What `read` gives for this key, asked for together with the others; `name` says which keys belong together."""
        if (name, "") not in self._made:
            self._made[name, ""] = DataLoader(load_fn=read, max_batch_size=MAX_BATCH_SIZE)
        return await self._made[name, ""].load(key)

    def _reader(self, projection: Projection[Any], column: str) -> Callable[[list[Any]], Any]:
        async def read(values: list[Any]) -> Sequence[Any]:
            then = self.as_of_position if projection.history else None
            if self.wait is not None:
                await self.wait(projection, self.min_position[0] if then is None else then)
            statement = _select_by_column(projection, column, past=then is not None)
            arguments = statement.params(wanted=values, **({} if then is None else {"position": then}))
            records = await retry_read(partial(self.database.pool.fetch, statement.sql, *arguments))
            found = {record[column]: projection.row_from_record(record) for record in records}
            return [found.get(value) for value in values]

        return read


@cache
def _select_by_column(projection: Projection[Any], column: str, *, past: bool) -> CompiledStatement:
    """The rows whose column has one of the values `wanted`, now or as of a `position`."""
    source = table_or_history(projection, bindparam("position", type_=BigInteger()) if past else None)
    wanted = bindparam("wanted", type_=ARRAY(source.c[column].type, dimensions=1))
    return CompiledStatement(select(*jsonb_as_text(source.c)).where(source.c[column] == any_(wanted)))


def table_or_history(projection: Projection[Any], then: Any) -> FromClause:
    """Where the rows are read: the live table, or its history as of a position."""
    return projection.table if then is None else rows_as_of(projection.history_table, then)


async def fetch_rows[R](database: Database, projection: Projection[R], query: Select[Any]) -> list[R]:
    """The rows that the query finds in the projection's table."""

    return [projection.row_from_record(record) for record in await database.fetch(query)]


@dataclass(frozen=True)
class Context:
    """One operation's surroundings. On a socket, each operation gets a copy of its own."""

    services: Services
    events: EventTypes
    actor: str
    correlation_id: UUID
    loaders: Loaders
    given_correlation: UUID | None = None
    """The correlation id that the client gave, if it did."""
    streams: bool = False
    """Whether the answer can have more than one part."""
    tail: LiveHandover | None = None
    """Where it is noted that the rest of the answer may be shared with others; None where nobody shares."""

    def new_loaders(self) -> Loaders:
        return Loaders(
            self.services.database, wait=self.wait_for_projection, min_position=[*self.loaders.min_position]
        )

    def as_of(self, position: int) -> Loaders:
        """What is loaded as of a position."""
        return Loaders(self.services.database, position, self.wait_for_projection)

    async def wait_for_projection(self, projection: Projection[Any], position: int | None) -> None:
        """Wait, bounded, until the projection has folded up to `position`; what the operation reads from now on is at least
        as new. Raises `Stale`."""
        if position is not None:
            self.loaders.min_position[0] = max(self.loaders.min_position[0], position)
            await self.services.projector.wait_for_position(
                projection.name, position, self.services.settings.min_position_timeout_seconds
            )


type Info = strawberry.Info[Context, None]
