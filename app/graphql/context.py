"""What every resolver can reach: the machine room, and who asks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Protocol
from uuid import UUID

import strawberry
from sqlalchemy import ARRAY, BigInteger, FromClause, RowMapping, Select, any_, bindparam, select
from strawberry.dataloader import DataLoader

from app.commands import Commands
from app.compiled import Compiled, plain
from app.database import DRIVER_ERRORS, Database, reading
from app.graphql.events import EventTypes
from app.graphql.tail import Tail
from app.history.past import Past
from app.projector.background import Operations
from app.projector.history import at
from app.projector.run import Projector, Stale
from app.projector.standing import Board
from app.settings import Settings
from app.store.feed import Feed
from app.store.read import Reader
from projections.kernel import Projection

MOST_AT_ONCE = 500
"""Keys in one batch of a loader."""


class Room(Protocol):
    """The parts of the machine room that the API stands on."""

    settings: Settings
    database: Database
    commands: Commands
    reader: Reader
    past: Past
    feed: Feed
    projector: Projector
    operations: Operations
    board: Board
    stopping: asyncio.Event
    reading: set[asyncio.Timeout]


@dataclass(frozen=True)
class Loaders:
    """Batches the reads of single rows. Lives for one operation, one mutation's answer, or one emission of a
    subscription: what it has loaded is as of then."""

    database: Database
    then: int | None = None
    """The position as of which rows are read, where their history is kept; else they are read as they are now."""
    wait: Callable[[Projection[Any], int], Awaitable[None]] | None = None
    """Waits until a projection has come to a position."""
    least: list[int] = field(default_factory=lambda: [0])
    """The newest position that the operation has named so far: what is read as it is now is at least as new, whichever
    projection it comes from."""
    _made: dict[tuple[str, str], DataLoader[Any, Any]] = field(
        default_factory=dict[tuple[str, str], "DataLoader[Any, Any]"]
    )

    async def row[R](self, projection: Projection[R], column: str, value: object) -> R | None:
        """The row whose `column`, which is unique, has this value."""
        return await self._loader(projection, column).load(value)

    async def ahead(self, projection: Projection[Any], column: str, values: Iterable[object]) -> None:
        """Read all these rows at once: `held` has them then. Where they cannot be read, that is said where each is asked for."""
        known = self._loader(projection, column).cache_map
        answers = {
            value: asyncio.get_running_loop().create_future() for value in values if known.get(value) is None
        }
        if not answers:
            return
        try:
            rows = await self._reader(projection, column)(list(answers))
        except (Stale, *DRIVER_ERRORS) as problem:
            for answer in answers.values():
                answer.set_exception(problem)
                # It may be that nobody asks.
                answer.exception()
        else:
            for answer, row in zip(answers.values(), rows, strict=True):
                answer.set_result(row)
        for value, answer in answers.items():
            known.set(value, answer)

    def held[R](self, projection: Projection[R], column: str, value: object) -> tuple[R | None] | None:
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
                load_fn=self._reader(projection, column), max_batch_size=MOST_AT_ONCE
            )
        return loader

    async def load(self, name: str, read: Callable[[list[Any]], Any], key: object) -> Any:
        """What `read` gives for this key, asked for together with the others; `name` says which keys belong together."""
        if (name, "") not in self._made:
            self._made[name, ""] = DataLoader(load_fn=read, max_batch_size=MOST_AT_ONCE)
        return await self._made[name, ""].load(key)

    def _reader(self, projection: Projection[Any], column: str) -> Callable[[list[Any]], Any]:
        async def read(values: list[Any]) -> Sequence[Any]:
            then = self.then if projection.history else None
            if self.wait is not None:
                await self.wait(projection, self.least[0] if then is None else then)
            statement = _those(projection, column, past=then is not None)
            arguments = statement.arguments({"wanted": values} | ({} if then is None else {"position": then}))
            records = await reading(partial(self.database.pool.fetch, statement.sql, *arguments))
            found = {record[column]: projection.read_text(record) for record in records}
            return [found.get(value) for value in values]

        return read


@cache
def _those(projection: Projection[Any], column: str, *, past: bool) -> Compiled:
    """The rows whose column has one of the values `wanted`, now or as of a `position`."""
    source = source_of(projection, bindparam("position", type_=BigInteger()) if past else None)
    wanted = bindparam("wanted", type_=ARRAY(source.c[column].type, dimensions=1))
    return Compiled(select(*plain(source.c)).where(source.c[column] == any_(wanted)))


def source_of(projection: Projection[Any], then: Any) -> FromClause:
    """Where the rows are read: the live table, or its history as of a position."""
    return projection.table if then is None else at(projection.history_table, then)


async def fetch[R](database: Database, projection: Projection[R], query: Select[Any]) -> list[R]:
    """The rows that the query finds in the projection's table."""

    async def read() -> Sequence[RowMapping]:
        async with database.engine.connect() as connection:
            return (await connection.execute(query)).mappings().all()

    return [projection.read(each) for each in await reading(read)]


@dataclass(frozen=True)
class Context:
    """One operation's surroundings. On a socket, each operation gets a copy of its own."""

    room: Room
    events: EventTypes
    actor: str
    correlation_id: UUID
    loaders: Loaders
    given_correlation: UUID | None = None
    """The correlation id that the client gave, if it did."""
    streams: bool = False
    """Whether the answer can have more than one part."""
    tail: Tail | None = None
    """Where it is noted that the rest of the answer may be shared with others; None where nobody shares."""

    def fresh(self) -> Loaders:
        return Loaders(self.room.database, wait=self.reached, least=[*self.loaders.least])

    def as_of(self, position: int) -> Loaders:
        """What is loaded as of a position."""
        return Loaders(self.room.database, position, self.reached)

    async def reached(self, projection: Projection[Any], position: int | None) -> None:
        """Wait, bounded, until the projection has folded up to `position`; what the operation reads from now on is at least
        as new. Raises `Stale`."""
        if position is not None:
            self.loaders.least[0] = max(self.loaders.least[0], position)
            await self.room.projector.wait(projection.name, position, self.room.settings.stale_seconds)


type Info = strawberry.Info[Context, None]
