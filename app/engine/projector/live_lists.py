"""Finds the live list of a filter: all subscribers of the same filter share one evaluation."""

from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import Select, select

from app.engine.database.connections import Database
from app.engine.projector.live_rows import MAX_KEPT_BYTES, LiveRows
from app.engine.projector.live_table import LiveTable
from app.engine.projector.projector import Projector
from app.engine.read_models.queries import Filter, owned_filter, owning_projections
from app.engine.sized_cache import SharedMemory
from app.engine.store.feed import Feed
from projections.kernel import AnyProjection, Projection


class LiveLists:
    """The live lists of this process. A list ends with its last subscriber."""

    def __init__(self, database: Database, feed: Feed, projector: Projector, timeout: float) -> None:
        self._database, self._feed, self._projector = database, feed, projector
        self._timeout = timeout
        self.memory = SharedMemory(MAX_KEPT_BYTES)
        self._lists: WeakValueDictionary[tuple[Any, ...], LiveRows[Any]] = WeakValueDictionary()
        self._tables: WeakValueDictionary[tuple[AnyProjection, int], LiveTable] = WeakValueDictionary()

    def find[R](
        self, projection: Projection[R], where: Filter, most: int, owner: str | None, database: Database
    ) -> LiveRows[R]:
        """The rows that match, up to `most` of them; only those of `owner`, unless it is None.

        A list of one caller reads with the turns of `database`. Lists of several callers have turns of their own.
        """
        where = owned_filter(projection, where, owner)
        query: Select[Any] = select(projection.table).where(*where(projection.table.c))
        sql, values = self._database.render(query)
        # Another epoch of the log has other events at the same positions.
        key = (projection, sql, repr(values), most, self._feed.epoch)
        rows = self._lists.get(key)
        if rows is not None and rows.database.caller not in (database.caller, self._database.caller):
            # Slow reads of the first caller must not hold up the others.
            database = self._database
            if rows.database.waits_for_turn:
                # The list may wait for that turn, so the first caller keeps it for itself.
                rows = None
            else:
                rows.database = database
        if rows is None or rows.failed is not None:
            rows = self._lists[key] = LiveRows(
                database,
                self._projector,
                self._table(projection),
                projection,
                where,
                most,
                () if owner is None else owning_projections(projection),
                self.memory,
            )
        return rows

    def _table(self, projection: AnyProjection) -> LiveTable:
        # Another epoch of the log has other events at the same positions.
        key = (projection, self._feed.epoch)
        table = self._tables.get(key)
        if table is None:
            table = self._tables[key] = LiveTable(
                self._database, self._feed, self._projector, projection, self._timeout
            )
        return table
