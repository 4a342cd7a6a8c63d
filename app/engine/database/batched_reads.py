"""Reads that are asked for at the same time with the same SQL text are one statement."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

_PARAMETER = re.compile(r"\$(\d+)")
_TYPES: Mapping[type, str] = {str: "text", int: "bigint", datetime: "timestamptz"}


class BatchedReads:
    """Stands in for a pool, for the reads of one operation.

    A list of twenty items that each read one stream sends one statement. It executes the text of the read for each row
    of arguments.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._waiting: dict[tuple[str, tuple[str, ...]], list[_Read]] = {}
        self._tasks: dict[asyncio.Task[None], Sequence[_Read]] = {}

    async def fetch(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """The rows of a query. Its arguments are texts, numbers, UUIDs, moments, and lists of texts or UUIDs."""
        loop = asyncio.get_running_loop()
        key = (query, tuple(_type_of(argument) for argument in arguments))
        if key not in self._waiting:
            self._waiting[key] = []
            # After all tasks that are ready now have asked.
            loop.call_soon(self._start, key)
        read = _Read(arguments, loop.create_future())
        self._waiting[key].append(read)
        try:
            return await read.rows
        except asyncio.CancelledError:
            self._end_abandoned()
            raise

    def _start(self, key: tuple[str, tuple[str, ...]]) -> None:
        reads = self._waiting.pop(key)
        task = asyncio.create_task(self._run(*key, reads))
        self._tasks[task] = reads
        task.add_done_callback(self._tasks.pop)

    def _end_abandoned(self) -> None:
        """End the statements whose rows no task waits for any more: their operation was cancelled."""
        for task, reads in self._tasks.items():
            if all(read.rows.done() for read in reads):
                task.cancel()

    async def _run(self, query: str, types: Sequence[str], reads: Sequence["_Read"]) -> None:
        reads = [read for read in reads if not read.rows.done()]
        if not reads:
            return
        try:
            results = await self._fetch(query, types, [read.arguments for read in reads])
        except Exception as error:
            # Each of the reads raises it.
            for read in reads:
                if not read.rows.done():
                    read.rows.set_exception(error)
            return
        for read, rows in zip(reads, results, strict=True):
            if not read.rows.done():
                read.rows.set_result(rows)

    async def _fetch(
        self, query: str, types: Sequence[str], rows: Sequence[Sequence[object]]
    ) -> Sequence[Sequence[asyncpg.Record]]:
        """The records for each row of arguments."""
        if len(rows) == 1 or not types:
            records = await self._pool.fetch(query, *rows[0])
            return [records] * len(rows)
        columns = [
            [_array_text(value) if isinstance(value, list) else value for value in column]
            for column in zip(*rows, strict=True)
        ]
        found: list[list[asyncpg.Record]] = [[] for _ in rows]
        for record in await self._pool.fetch(_batch_sql(query, types), *columns):
            found[record["batch_index"] - 1].append(record)
        return found


class _Read:
    __slots__ = ("arguments", "rows")

    def __init__(self, arguments: Sequence[object], rows: asyncio.Future[Sequence[asyncpg.Record]]) -> None:
        self.arguments = arguments
        self.rows = rows


def _batch_sql(query: str, types: Sequence[str]) -> str:
    """The query, executed for each row of its arguments. The rows of one execution keep their order."""
    # An array of arrays cannot be unnested by rows: an array travels as text.
    arrays = ", ".join(
        f"${number}::{'text' if type_name.endswith('[]') else type_name}[]"
        for number, type_name in enumerate(types, 1)
    )
    names = ", ".join(f"p{number}" for number in range(1, len(types) + 1))

    def parameter(match: re.Match[str]) -> str:
        number = int(match[1])
        type_name = types[number - 1]
        return f"(batch.p{number}::{type_name})" if type_name.endswith("[]") else f"batch.p{number}"

    return (
        f"SELECT batch.batch_index, read.* FROM unnest({arrays}) WITH ORDINALITY AS batch ({names}, batch_index)"
        f" CROSS JOIN LATERAL (SELECT row_number() OVER () AS row_index, found.* FROM ({_PARAMETER.sub(parameter, query)}) AS found) AS read"
        " ORDER BY batch.batch_index, read.row_index"
    )


def _type_of(argument: object) -> str:
    match argument:
        case UUID():
            return "uuid"
        case []:
            return "text[]"
        case [item, *_]:
            return f"{_type_of(item)}[]"
        case _:
            return _TYPES[type(argument)]


def _array_text(values: Sequence[object]) -> str:
    """The text of an array, as PostgreSQL reads it."""
    items = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{item}"' for item in items) + "}"
