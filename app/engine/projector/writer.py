"""The one writer of a projection's table: rows, their history, what is parked and the checkpoint, in one transaction.

Its lease is an advisory lock on the connection that it writes with. So a process that loses one of them loses both. The
checkpoint moves only from the position that the writer knows, so each fact has its effect exactly once.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import asyncpg

from app.engine.database.errors import is_data_error
from app.engine.database.leases import Lease
from app.engine.database.sessions import PLANNER_SETTINGS
from app.engine.logs import log_fields
from app.engine.projector.checkpoint import Checkpoint, claim_checkpoint
from app.engine.projector.parking.folding import Folded, fold, route
from app.engine.projector.parking.isolation import write_history, write_rows, write_what_fits
from app.engine.projector.parking.parked_keys import ParkedItem, ParkedKeys
from app.engine.projector.parking.store import ParkedKeyStore, RetryRequest
from app.engine.projector.row_cache import RowCache
from app.engine.projector.slots import LIVE, lease_name
from app.engine.projector.table import CHUNK_SIZE, RowChange, projection_table
from app.engine.projector.table_integrity import (
    claim_live_table,
    drop_table,
    finish_rebuild,
    table_problem,
    unfinished_rebuild,
)
from app.engine.store.reader import Fact
from projections.kernel import AnyProjection, Key

log = logging.getLogger(__name__)

_SESSION_SETTINGS = f"{PLANNER_SETTINGS}; SET synchronous_commit = off"
"""A crash can lose rows and checkpoint only together, and they are folded again from the log."""


class TableGone(Exception):
    """The table does not exist any more: it was dropped, or it has changed its slot."""


class TableUnusable(Exception):
    """The checkpoint of the table is worth nothing. The message is one line with the reason."""


class _RowsRefused(Exception):
    """PostgreSQL refuses these rows."""

    def __init__(self, errors: Mapping[Key, Exception]) -> None:
        super().__init__()
        self.errors = errors


class TableWriter:
    """One table and its owner's connection. After an error it is given up: its memory is as of its checkpoint."""

    def __init__(
        self,
        projection: AnyProjection,
        slot: str,
        connection: asyncpg.Connection,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.projection = projection
        self.slot = slot
        self.connection = connection
        self.checkpoint = checkpoint or Checkpoint(projection, slot)
        self.committed_position = self.checkpoint.position
        """The last position that is committed. `position` is higher in a transaction, and after one that failed."""
        self.table = projection_table(projection, slot)
        self.store = ParkedKeyStore(projection, slot)
        self.parked = ParkedKeys(projection=projection)
        self.lock = asyncio.Lock()
        """Held by the task that uses the connection."""
        self.checkpoint_pending_since: float | None = None
        """The time of the loop since which the stored checkpoint is behind, because facts concerned no row."""
        self.remade_because: str | None = None
        """Why the last claim made the table again."""
        self.rebuild: tuple[str, int] | None = None
        """Why the table is made again, and the position from which on it may be read."""
        self.cache = RowCache()

    @property
    def position(self) -> int:
        return self.checkpoint.position

    async def acquire(self, closed: Callable[[], bool]) -> bool:
        """Wait for the lease, and load the checkpoint; a missing live table is made. False if `closed` returns true first.
        Raises `TableGone`."""
        await self.connection.execute(_SESSION_SETTINGS)
        name = lease_name(self.projection.name, self.projection.version, self.slot)
        if not await Lease(self.connection, name).acquire(closed):
            return False
        await self.claim()
        return True

    async def claim(self) -> None:
        """Load the checkpoint and the parked keys of the table that is in this slot now.

        A live table whose checkpoint counts for nothing is made again. It may be read from the present end of the log on.
        A former one is dropped. Raises `TableGone`.
        """
        if self.slot == LIVE:
            self.checkpoint, self.remade_because = await claim_live_table(self.connection, self.projection)
            self.rebuild = await unfinished_rebuild(self.connection, self.projection)
        else:
            self.checkpoint = await self._claim_former()
        self.note_commit()
        await self.load_parked()

    async def _claim_former(self) -> Checkpoint:
        async with self.connection.transaction():
            checkpoint = await claim_checkpoint(self.connection, self.projection, self.slot)
            if checkpoint is None:
                raise TableGone
            problem = await table_problem(self.connection, self.projection, self.slot)
            if problem is None:
                return checkpoint
            await drop_table(self.connection, self.projection.name, self.projection.version, self.slot)
        log.warning("projection %s: %s; the %s table is dropped", self.projection.name, problem, self.slot)
        raise TableGone

    async def check_table(self) -> None:
        """Raises `TableUnusable` if the checkpoint is worth nothing. The caller verifies that: a swap can look like it."""
        if (problem := await table_problem(self.connection, self.projection, self.slot)) is not None:
            raise TableUnusable(problem)

    async def finish_rebuild(self) -> None:
        """The table that was made again may be read from now on."""
        await finish_rebuild(self.connection, self.projection)
        self.rebuild = None

    async def load_parked(self) -> None:
        self.parked = await self.store.load(self.connection)

    async def write(self, facts: Sequence[Fact], position: int) -> int:
        """Fold these facts, and write rows, history and checkpoint in one statement.

        The facts are all that follow in the log up to `position`. Returns the number of rows that they concern. If it
        is 0, the stored checkpoint may stay behind until the next row, or until `flush_checkpoint`.
        """
        routed = route(facts, self.parked)
        if routed.changes_nothing:
            if self.checkpoint_pending_since is None:
                self.checkpoint_pending_since = asyncio.get_running_loop().time()
            return 0
        try:
            rows = {key: self.cache[key] for key in routed.keys if key in self.cache}
            if len(rows) < len(routed.keys):
                rows |= await self.table.load(self.connection, routed.keys - rows.keys())
            folded = fold(routed, rows)
            if folded.parked is self.parked:
                statement, params = self.table.batch(folded.rows, folded.changes, self.checkpoint, position)
                [[moved]] = await self.connection.fetch(statement, *params)
                if not moved:
                    raise self.checkpoint.lost()
                self.checkpoint.position = self.committed_position = position
                self.checkpoint_pending_since = None
                self.cache.remember(folded.rows)
                return len(folded.rows)
        except Exception as error:
            # The code of the projection may raise any error, and so may the encoding of its rows.
            if not is_data_error(error):
                raise
        rows = await self.write_isolating(facts, position)
        self.note_commit()
        self.cache.remember(rows)
        return len(rows)

    async def flush_checkpoint(self, position: int) -> None:
        """Store a checkpoint that was left behind. Raises `LeaseLost`."""
        await self.checkpoint.move(self.connection, position)
        self.checkpoint_pending_since = None
        self.note_commit()

    def note_commit(self) -> None:
        """The transaction that moved the checkpoint to `position` is committed."""
        self.committed_position = self.position

    async def assert_owned(self) -> None:
        """Check, within a transaction, that the table is still ours. Raises `LeaseLost`."""
        await self.checkpoint.move(self.connection, self.position)

    async def write_isolating(self, facts: Sequence[Fact], position: int) -> dict[Key, Any]:
        """Fold and write what is possible, in one transaction: an unusable key parks its stream, a refused row its key.
        Returns the rows."""
        async with self.connection.transaction():
            folded = await write_what_fits(self.connection, self.table, facts, self.parked)
            await self._save_parked(folded.parked)
            await self.checkpoint.move(self.connection, position)
        self.checkpoint_pending_since = None
        return folded.rows

    async def write_bulk(self, folded: Folded, stored: Set[Key], position: int) -> None:
        """Write many rows at once, by COPY except for the keys in `stored`, which the table has already. The caller
        has a transaction, and rolls it back after the error of a row that PostgreSQL refuses."""
        # First, so that a writer that has lost the table does not copy rows in vain.
        await self.checkpoint.move(self.connection, position)
        if folded.changes:
            await self.table.copy_history(self.connection, folded.changes, stored)
        new = {key: row for key, row in folded.rows.items() if row is not None and key not in stored}
        old = [key for key in folded.rows if key in stored]
        if new:
            await self.table.copy(self.connection, new)
        for first in range(0, len(old), CHUNK_SIZE):
            chunk = {key: folded.rows[key] for key in old[first : first + CHUNK_SIZE]}
            await self.table.write(self.connection, chunk)
        await self._save_parked(folded.parked)

    async def write_retry(
        self,
        rows: Mapping[Key, Any],
        changes: Sequence[RowChange],
        since: int,
        requests: Mapping[ParkedItem, RetryRequest],
        retried: ParkedKeys,
    ) -> Mapping[Key, Exception]:
        """Write, in one transaction, rows, their history from `since` on, and the keys and streams that are parked now.

        The rows were folded from the beginning. If rows are refused, write nothing and return their errors. Raises
        `LeaseLost`.
        """
        others = [entry for item, entry in retried.unsaved.items() if item not in requests]
        try:
            async with self.connection.transaction():
                if refused := await write_rows(self.connection, self.table, rows):
                    raise _RowsRefused(refused)
                if self.table.history is not None:
                    await self.table.delete_history(self.connection, rows, since)
                    await write_history(self.connection, self.table, changes)
                settled = await self.store.settle(self.connection, requests, retried.unsaved)
                await self.store.park(self.connection, others)
                await self.assert_owned()
        except _RowsRefused as error:
            return error.errors
        parked = self.parked.copy()
        parked.positions = {
            item: position for item, position in parked.positions.items() if item not in settled
        } | {
            item: entry.position
            for item, entry in retried.unsaved.items()
            if item in settled or item not in requests
        }
        parked.skipped = retried.skipped
        self.parked = parked
        self.cache.remember(rows)
        return {}

    async def _save_parked(self, parked: ParkedKeys) -> None:
        await self.store.save(self.connection, parked)
        self.parked = parked.saved()
        if parked.unsaved:
            entry = next(iter(parked.unsaved.values()))
            log.error(
                "keys parked",
                extra=log_fields(
                    projection=self.projection.name,
                    keys=len(parked.unsaved),
                    position=entry.position,
                    error=entry.error.partition(":")[0],
                ),
            )
