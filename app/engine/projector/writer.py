"""The owner's seat at one projection's table: it takes facts in, writes rows, what was parked and the checkpoint in one transaction.

The seat is an advisory lock on the connection that it writes with, so that whoever loses the one loses the other. The
checkpoint moves only from the position that the owner believes in: each fact has its effect exactly once.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.database.leases import acquire, process_name
from app.engine.logs import log_fields
from app.engine.projector.batch_statements import MOVE_CHECKPOINT, PLANNER_SETTINGS, batch_statements
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.parking.parked_keys import ParkedKeys, is_data_error
from app.engine.projector.row_history import RowChange
from app.engine.projector.slots import LIVE, lease_name
from app.engine.projector.table import bisect_failures, table_statements
from app.engine.store.reader import Fact
from projections.kernel import AnyProjection, Key

log = logging.getLogger(__name__)

MAX_CACHED_ROWS = 20_000


class LeaseLost(Exception):
    """Another process has moved the checkpoint: this one is not the owner any more."""


class TableGone(Exception):
    """The table is not there any more: somebody has dropped it, or let it change places."""


class TableWriter:
    """One table and its owner's connection. After any error it is given up: what it holds in memory is as of its claim."""

    def __init__(
        self,
        projection: AnyProjection,
        slot: str,
        connection: AsyncConnection,
        position: int = 0,
        build: int = 0,
    ) -> None:
        self.connection = connection
        self.position = position
        self.generation = build
        """Which table this is."""
        self.fingerprint: str | None = None
        """The fingerprint of the code that made it."""
        self.parked = ParkedKeys(projection, slot)
        self.rows = table_statements(projection, slot)
        self.write_lock = asyncio.Lock()
        """Held by who writes with the connection."""
        self.checkpoint_pending_since: float | None = None
        """The moment of the loop since which the checkpoint has been left behind by facts that concern no row."""
        self._projection = projection
        self._slot = slot
        self._cache: dict[Key, Any] = {}

    async def acquire(self, closed: Callable[[], bool]) -> bool:
        """Wait until the seat is ours, and read where it stands; the live table is made where it is missing. False where
        `closed` said so first. Raises `Gone`."""
        name, version = self._projection.name, self._projection.version
        # Rows and checkpoint are lost together, if ever, and folded again from the log.
        await self.connection.execute(text("SET synchronous_commit = off"))
        for plan in PLANNER_SETTINGS.split(";"):
            await self.connection.execute(text(plan))
        await self.connection.commit()
        if not await acquire(self.connection, lease_name(name, version, self._slot), closed):
            return False
        if self._slot == LIVE:
            await self.rows.create_table(self.connection)
        await self.load_checkpoint(_MAKE if self._slot == LIVE else _TAKE)
        return True

    async def load_checkpoint(self, how: TextClause | None = None) -> None:
        """Read where the table stands that is in this slot now. Raises `Gone` where there is none."""
        mine = {
            "name": self._projection.name,
            "version": self._projection.version,
            "slot": self._slot,
            "owner": process_name(),
            "print": fingerprint(self._projection),
        }
        claimed = (await self.connection.execute(_TAKE if how is None else how, mine)).one_or_none()
        if claimed is None:
            raise TableGone
        self.position, self.generation, self.fingerprint = claimed
        await self.parked.load(self.connection)
        await self.connection.commit()

    async def create_indexes(self) -> None:
        """Make those that are missing."""
        await self.rows.create_indexes(self.connection)
        await self.connection.commit()

    async def write_batch(self, facts: Sequence[Fact], position: int) -> int:
        """Take these facts in, and with them the log up to `position`. Returns how many rows they concerned: where it is
        none, the checkpoint may stay behind, to be moved with the next row or by `catch_up`."""
        try:
            concerned, wanted = self.parked.route(facts)
            if not concerned and self.parked.is_empty:
                if self.checkpoint_pending_since is None:
                    self.checkpoint_pending_since = asyncio.get_running_loop().time()
                return 0
            changed = await self._fold(concerned, wanted, position)
        except Exception as error:
            if not is_data_error(error):
                raise
            changed = None
        if changed is None:
            self.parked.discard_unsaved()
            changed = await self._isolate_failures(facts)
            await self._save_parked_and_checkpoint(position)
            await self.connection.commit()
        self._set_position(position)
        self.cache_rows(changed)
        return len(changed)

    async def flush_checkpoint(self, position: int) -> None:
        """Move a checkpoint that was left behind. Raises `Fenced`."""
        if not await batch_statements(self._projection, self._slot).move(
            self.connection, self._checkpoint(position)
        ):
            raise LeaseLost("another process moved the checkpoint")
        self._set_position(position)

    def _set_position(self, position: int) -> None:
        self.position, self.checkpoint_pending_since = position, None

    async def write_batch_isolating_failures(self, facts: Sequence[Fact], position: int) -> None:
        """Take facts in of which some key or row is refused; the caller commits, and uses the seat no more if that fails."""
        self._cache.update(await self._isolate_failures(facts))
        await self._save_parked_and_checkpoint(position)
        self._set_position(position)

    def cache_rows(self, rows: Mapping[Key, Any]) -> None:
        """These rows are what the table now holds."""
        self._cache.update(rows)
        if len(self._cache) > MAX_CACHED_ROWS:
            self._cache.clear()

    async def assert_owned(self) -> None:
        """Make sure, within the transaction, that the seat is still ours. Raises `Fenced`."""
        await self._move(self.position)

    async def _save_parked_and_checkpoint(self, position: int) -> None:
        parked = await self.parked.save(self.connection)
        await self._move(position)
        if parked:
            error = parked[0].error.partition(":")[0]
            log.error(
                "keys parked",
                extra=log_fields(
                    projection=self._projection.name,
                    keys=len(parked),
                    position=parked[0].position,
                    error=error,
                ),
            )

    async def _move(self, position: int) -> None:
        moved = await self.connection.execute(MOVE_CHECKPOINT, self._checkpoint(position))
        if moved.rowcount != 1:
            raise LeaseLost("another process moved the checkpoint")

    def _checkpoint(self, position: int) -> dict[str, Any]:
        return {
            "to": position,
            "at": self.position,
            "build": self.generation,
            "owner": process_name(),
            "name": self._projection.name,
            "version": self._projection.version,
            "slot": self._slot,
        }

    async def _fold(
        self, concerned: Sequence[tuple[Fact, Sequence[Key]]], wanted: set[Key], position: int
    ) -> dict[Key, Any] | None:
        """Fold and write, all at once, with the checkpoint. None where something was put aside on the way, or is to be counted:
        the facts have to be taken again."""
        rows = self._cached(wanted)
        unknown = [key for key in wanted if key not in rows]
        if unknown:
            found = await batch_statements(self._projection, self._slot).load(self.connection, unknown)
            rows.update({key: found.get(key) for key in unknown})
        steps = self.rows.new_history()
        if not self.parked.fold_batch(concerned, rows, steps) or self.parked.has_unsaved:
            return None
        if not await batch_statements(self._projection, self._slot).write(
            self.connection, rows, steps or (), self._checkpoint(position)
        ):
            raise LeaseLost("another process moved the checkpoint")
        return rows

    async def _isolate_failures(self, facts: Sequence[Fact]) -> dict[Key, Any]:
        """Fold and write what can be, when not all can: whose key is refused is put aside with its stream, whose row is refused with its key."""
        while True:
            concerned, wanted = self.parked.route(facts)
            rows = self._cached(wanted)

            async def load(keys: Sequence[Key], into: dict[Key, Any] = rows) -> None:
                found = await self.rows.load(self.connection, keys)
                into.update({key: found.get(key) for key in keys})

            unfit = dict(
                await bisect_failures(self.connection, [key for key in wanted if key not in rows], load)
            )
            if unfit:
                for fact, keys in concerned:
                    for key in keys:
                        if key in unfit:
                            self.parked.park_stream(fact, unfit[key])
                continue
            before = dict(rows)
            steps = self.rows.new_history()
            if not self.parked.fold_batch(concerned, rows, steps):
                continue
            async with self.connection.begin_nested() as written:
                refused = set(await self._write(rows))
                became = [step for step in steps or () if step[0] not in refused]
                if all(
                    [await self._write_fact_by_fact(key, concerned, before, rows, became) for key in refused]
                ):
                    await self.rows.write_history(self.connection, became)
                    return rows
                await written.rollback()

    async def _write(self, rows: Mapping[Key, Any]) -> Iterable[Key]:
        """Write the rows; those that are refused stay as they are, and are named."""

        async def write(keys: Sequence[Key]) -> None:
            await self.rows.write(self.connection, {key: rows[key] for key in keys})

        return [key for key, _ in await bisect_failures(self.connection, list(rows), write)]

    async def _write_fact_by_fact(
        self,
        key: Key,
        concerned: Sequence[tuple[Fact, Sequence[Key]]],
        before: Mapping[Key, Any],
        rows: dict[Key, Any],
        steps: list[RowChange],
    ) -> bool:
        """Write the row after each fact, and put the key aside from the first on whose row is refused. False where the stream was, instead."""
        rows[key] = before[key]
        own = [(fact, [key] * keys.count(key)) for fact, keys in concerned if key in keys]
        for _, parts in groupby(own, key=lambda each: each[0].position):
            taken = list(parts)
            after = {key: rows[key]}
            became: list[RowChange] = []
            if not self.parked.fold_batch(taken, after, became):
                return False
            refused = await bisect_failures(
                self.connection, [key], lambda _, row=after: self.rows.write(self.connection, row)
            )
            if refused:
                return self.parked.park(key, taken[0][0], refused[0][1])
            rows.update(after)
            steps += became
        return True

    def _cached(self, wanted: Iterable[Key]) -> dict[Key, Any]:
        return {key: self._cache[key] for key in wanted if key in self._cache}


_MAKE = text(
    "INSERT INTO es.checkpoints AS c (projection, version, slot, owner, fingerprint) VALUES (:name, :version, :slot, :owner, :print)"
    " ON CONFLICT (projection, version, slot) DO UPDATE SET owner = excluded.owner, fingerprint = coalesce(c.fingerprint, excluded.fingerprint)"
    " RETURNING position, build, fingerprint"
)
_TAKE = text(
    "UPDATE es.checkpoints SET owner = :owner WHERE projection = :name AND version = :version AND slot = :slot"
    " RETURNING position, build, fingerprint"
)
