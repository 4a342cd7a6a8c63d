"""The projector: takes facts from the feed, folds rows, and writes rows and checkpoint in one transaction.

Each projection has one owner among all processes: it holds an advisory lock on the connection it writes with, so that
whoever loses the one loses the other. The checkpoint moves only from the position that the worker believes in: each
fact has its effect exactly once.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database import DRIVER_ERRORS, Database, is_broken
from app.lease import claim
from app.logs import told
from app.projector.bulk import Filling, Moved, fill
from app.projector.fingerprint import fingerprint
from app.projector.rows import Rows
from app.projector.slots import FORMER, LIVE, lease
from app.store.feed import Feed
from app.store.read import Fact
from projections.kernel import AnyProjection, Key

log = logging.getLogger(__name__)

BATCH = 1_000
LOOK_SECONDS = 0.01
"""How often a process looks at another's checkpoints while somebody waits for them."""
CACHED_ROWS = 20_000
FAR = 10_000
"""How many facts behind a table has to be to be filled in bulk first."""


class Fenced(Exception):
    """Another process has moved the checkpoint: this one is not the owner any more."""


class Gone(Exception):
    """The table is not there any more: somebody has dropped it, or let it change places."""


class Stale(Exception):
    """A projection did not reach the position in time."""

    def __init__(self, projection: str, wanted: int, reached: int) -> None:
        super().__init__(f"{projection} is at position {reached}, {wanted - reached} behind {wanted}; ask again in a moment")
        self.reached = reached


class Worker:
    """One projection's table in one slot, kept current by this process whenever it owns it."""

    def __init__(self, projection: AnyProjection, database: Database, feed: Feed, slot: str = LIVE) -> None:
        self.projection = projection
        self.slot = slot
        self.position = 0
        self.owns = False
        self.found = False
        """Whether the table is known to be there: made by this process, or by the one that owns it."""
        self.problem: str | None = None
        self.made_by: str | None = None
        """The fingerprint of the code that made the table, where it is not that of this code."""
        self._database = database
        self._feed = feed
        self._rows = Rows(projection, slot)
        self._build = 0
        self._cache: dict[Key, Any] = {}
        self._moved: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Own, fold, write; after a failure again, from the checkpoint, until the feed closes."""
        pause = 0.05
        while not self._feed.closed:
            try:
                async with self._database.direct.connect() as connection:
                    await connection.execute(text("SET synchronous_commit = off"))
                    await connection.commit()
                    await self._claim(connection)
                    while await self._feed.beyond(self.position):
                        await self._step(connection)
                        pause, self.problem = 0.05, None
            except Gone:
                return
            except Exception as problem:
                # Whatever it is, this projection stops at its checkpoint, says so in health, and tries again.
                if isinstance(problem, Fenced) or is_broken(problem) or self.slot != LIVE:
                    said = (str(problem) or type(problem).__name__).splitlines()[0]
                    log.warning("projection %s, %s table: %s; trying again", self.projection.name, self.slot, said)
                else:
                    self.problem = f"{type(problem).__name__}: {problem}".splitlines()[0]
                    log.exception("projection %s stands at position %d", self.projection.name, self.position)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            finally:
                self.owns = False
                self._cache.clear()

    async def _claim(self, connection: AsyncConnection) -> None:
        name, version = self.projection.name, self.projection.version
        if not await claim(connection, lease(name, version, self.slot), lambda: self._feed.closed):
            return
        mine = {"name": name, "version": version, "slot": self.slot, "owner": OWNER, "print": fingerprint(self.projection)}
        if self.slot == LIVE:
            await self._rows.create_bare(connection)
        claimed = (await connection.execute(_MAKE if self.slot == LIVE else _TAKE, mine)).one_or_none()
        await connection.commit()
        if claimed is None:
            raise Gone
        self.position, self._build, _ = claimed
        self.compare(claimed.fingerprint)
        self._tell()
        await self._hurry(connection)
        await self._rows.create_indexes(connection)
        await connection.commit()
        self.owns = self.found = True
        self._tell()
        log.info("projection %s: owned from position %d", name, self.position)

    async def _hurry(self, connection: AsyncConnection) -> None:
        """Fold in bulk what lies far behind, as for the first table of its version."""
        table = Filling(self.projection, self.slot, self.position, self._build)
        table.up_to = self._feed.head
        if table.up_to - table.position < FAR:
            return

        async def moved() -> None:
            if table.written > self.position:
                self.position = table.written
                self._tell()
                log.info("projection %s: at position %d of %d", self.projection.name, self.position, table.up_to)

        try:
            await fill(connection, self._feed.reader, [table], page=BATCH, moved=moved)
        except Moved as problem:
            raise Fenced(str(problem)) from problem
        self.position = table.written

    async def _step(self, connection: AsyncConnection) -> None:
        facts, position = await self._feed.take(self.position, most=BATCH)
        if position == self.position:
            return
        began = perf_counter()
        changed = await self._fold(connection, facts)
        if changed:
            await self._rows.write(connection, changed)
        moved = await connection.execute(
            _MOVE,
            {
                "to": position, "at": self.position, "build": self._build, "owner": OWNER,
                "name": self.projection.name, "version": self.projection.version, "slot": self.slot,
            },
        )
        if moved.rowcount != 1:
            raise Fenced("another process moved the checkpoint")
        await connection.commit()
        self._cache.update(changed)
        if len(self._cache) > CACHED_ROWS:
            self._cache.clear()
        self.position = position
        self._tell()
        if log.isEnabledFor(logging.DEBUG):
            ms = round((perf_counter() - began) * 1000, 1)
            log.debug("batch", extra=told(projection=self.projection.name, facts=len(facts), rows=len(changed), position=position, ms=ms))

    async def _fold(self, connection: AsyncConnection, facts: Sequence[Fact]) -> dict[Key, Any]:
        concerned = [(part, self.projection.keys(part)) for fact in facts for part in fact.parts]
        wanted = {key for _, keys in concerned for key in keys}
        rows: dict[Key, Any] = {key: self._cache[key] for key in wanted if key in self._cache}
        unknown = [key for key in wanted if key not in rows]
        if unknown:
            found = await self._rows.load(connection, unknown)
            rows.update({key: found.get(key) for key in unknown})
        for fact, keys in concerned:
            for key in keys:
                rows[key] = self.projection.fold(key, rows[key], fact)
        return rows

    async def changed(self) -> None:
        """Wait until this process has moved the projection."""
        if self._moved is None:
            self._moved = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._moved)

    def compare(self, made_by: str | None) -> None:
        """Say so, once, where the table was made by other code under the same version."""
        known, self.made_by = self.made_by, made_by if made_by not in (None, fingerprint(self.projection)) else None
        if self.made_by is not None and known is None:
            log.warning(
                "projection %s v%d: its fold or its columns have changed since its %s table was made: give it a new version, or rebuild it",
                self.projection.name, self.projection.version, self.slot,
            )

    def saw(self, position: int) -> None:
        """The checkpoint, as another process left it."""
        self.found = True
        if not self.owns and position > self.position:
            self.position = position
            self._tell()

    def _tell(self) -> None:
        if self._moved is not None:
            self._moved.set_result(None)
            self._moved = None


OWNER = f"{socket.gethostname()}:{os.getpid()}"

_MAKE = text(
    "INSERT INTO es.checkpoints AS c (projection, version, slot, owner, fingerprint) VALUES (:name, :version, :slot, :owner, :print)"
    " ON CONFLICT (projection, version, slot) DO UPDATE SET owner = excluded.owner, fingerprint = coalesce(c.fingerprint, excluded.fingerprint)"
    " RETURNING position, build, fingerprint"
)
_TAKE = text(
    "UPDATE es.checkpoints SET owner = :owner WHERE projection = :name AND version = :version AND slot = :slot"
    " RETURNING position, build, fingerprint"
)
_MOVE = text(
    "UPDATE es.checkpoints SET position = :to, owner = :owner, moved_at = clock_timestamp()"
    " WHERE projection = :name AND version = :version AND slot = :slot AND build = :build AND position = :at"
)


class Projector:
    """All projections of this process, and where they stand."""

    def __init__(self, projections: Sequence[AnyProjection], database: Database, feed: Feed) -> None:
        self.workers = {projection.name: Worker(projection, database, feed) for projection in projections}
        self._database = database
        self._feed = feed
        self._keepers: dict[str, asyncio.Task[None]] = {}
        """Keep former tables current, for the way back."""
        self._group: asyncio.TaskGroup | None = None
        self._looking = asyncio.Event()
        self._waiters = 0
        self._looked = 0.0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            for worker in self.workers.values():
                group.create_task(worker.run())

    async def watch(self) -> None:
        """Look at the checkpoints: once a second, and often while somebody waits for a projection that another process owns."""
        while not self._feed.closed:
            try:
                await self._look()
            except DRIVER_ERRORS as problem:
                log.warning("checkpoints cannot be read: %s", problem)
            try:
                async with asyncio.timeout(LOOK_SECONDS if self._waiters else 1.0):
                    await (asyncio.sleep(60) if self._waiters else self._looking.wait())
            except TimeoutError:
                pass
            self._looking.clear()

    async def wait(self, name: str, position: int, seconds: float) -> None:
        """Return when the projection has folded everything up to `position`; raise `Stale` after `seconds`."""
        worker = self.workers[name]
        if worker.position >= position:
            return
        self._waiters += 1
        self._looking.set()
        try:
            async with asyncio.timeout(seconds):
                while worker.position < position:
                    await worker.changed()
        except TimeoutError:
            raise Stale(name, position, worker.position) from None
        finally:
            self._waiters -= 1

    def behind(self) -> dict[str, int]:
        """How many facts each projection has yet to fold."""
        return {name: max(0, self._feed.newest - worker.position) for name, worker in self.workers.items()}

    async def _look(self) -> None:
        everything = perf_counter() - self._looked >= 1
        if not everything and all(worker.owns for worker in self.workers.values()):
            return
        rows = await self._database.pool.fetch("SELECT projection, version, slot, position, fingerprint FROM es.checkpoints")
        for row in rows:
            worker = self.workers.get(row["projection"])
            if worker is None or worker.projection.version != row["version"]:
                continue
            if row["slot"] == LIVE:
                worker.saw(row["position"])
                worker.compare(row["fingerprint"])
            elif row["slot"] == FORMER:
                self._keep(worker.projection)
        if everything:
            self._looked = perf_counter()

    def _keep(self, projection: AnyProjection) -> None:
        keeper = self._keepers.get(projection.name)
        if self._group is not None and (keeper is None or keeper.done()):
            self._keepers[projection.name] = self._group.create_task(Worker(projection, self._database, self._feed, FORMER).run())
