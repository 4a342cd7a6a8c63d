"""Asks the database whether it answers, what its clock says, and what the tables of the engine count.

Each question ends in time. The first two have a session of their own: a pool that is busy is no database that is away.
They go through the pool while that session is opened, or while its last question is late.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from app.engine.database.connections import Database
from app.engine.database.errors import DRIVER_ERRORS
from app.engine.database.sessions import Session, SessionKind
from app.engine.logs import error_line
from app.engine.processes.counts import COUNT_STEPS, StepCount

PROBE_INTERVAL_SECONDS = 1.0
PROBE_TIMEOUT_SECONDS = 1.2
"""How long a question may take, the wait for a connection included."""
MAX_WAIT_SECONDS = 1.6
"""How long an answer of the server waits for a question under way."""
COUNTS_INTERVAL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class DatabaseCounts:
    """What the tables of the engine count. Each mapping has the processes or projections that have some."""

    steps: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Open steps by process and outcome: due or stuck."""
    oldest_step_seconds: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    parked_instances: Mapping[str, int] = field(default_factory=dict[str, int])
    oldest_parked_key_seconds: Mapping[str, float] = field(default_factory=dict[str, float])
    seal_age_seconds: float = 0.0
    """How long the oldest event without a seal has waited; 0 if there is none."""
    has_seals: bool = False
    """Whether the log has a seal before that event: some server makes seals, or has made them."""


class DatabaseProbe:
    """The state of the database as this server sees it, a moment ago."""

    def __init__(self, database: Database) -> None:
        self.error: str | None = None
        """Why the database does not answer, in one line."""
        self.clock_skew_seconds: float | None = None
        """How far the clock of the database is ahead of that of this server; None if it is not known."""
        self.clock_uncertainty_seconds = 0.0
        """Half the time of that measurement."""
        self._pool_error: str | None = None
        """Why the pool gave no connection the last time, in one line."""
        self.counts: DatabaseCounts | None = None
        """None if the database has not answered the last time."""
        self._database = database
        self._session: Session | None = None
        self._question: asyncio.Task[_Clock] | None = None
        """The newest question on the session."""
        self._wakeup = asyncio.Event()
        self._probed_at = self._counted_at = float("-inf")
        self._probes = asyncio.Condition()

    @property
    def pool_warning(self) -> str | None:
        """Why reads wait for their turn or a connection of the pool, in one line; None if they do not.

        The pool has a free connection while reads wait: those of callers leave one.
        """
        waits = self._database.pool_waits
        if self._pool_error is None and (seconds := waits.oldest_seconds) > PROBE_TIMEOUT_SECONDS:
            return f"{waits.count} reads wait for their turn or a connection, the oldest for {seconds:.1f} s"
        return self._pool_error

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_session())
                group.create_task(self._run_probes())
                group.create_task(self._watch_pool())
        finally:
            if self._session is not None:
                self._session.terminate()

    async def _keep_session(self) -> None:
        """Open the session, and again after its end. To connect may take longer than a question, and holds up none."""
        while True:
            if self._session is None or self._session.is_closed():
                # Until it succeeds, questions go through the pool: no free place on the server is no error of its own.
                with suppress(*DRIVER_ERRORS):
                    self._session = await self._database.connect(SessionKind.READ, "probe")
            await asyncio.sleep(PROBE_INTERVAL_SECONDS)

    async def _run_probes(self) -> None:
        while True:
            await self._probe()
            try:
                async with asyncio.timeout(PROBE_INTERVAL_SECONDS):
                    await self._wakeup.wait()
            except TimeoutError:
                pass
            self._wakeup.clear()

    async def _watch_pool(self) -> None:
        """Take a connection of the pool again and again, and count while the database answers."""
        while True:
            try:
                await self._database.pool.release(await self._acquire())
            except DRIVER_ERRORS as error:
                self._pool_error = error_line(error)
            else:
                self._pool_error = None
            if self.error is None and time.monotonic() - self._counted_at >= COUNTS_INTERVAL_SECONDS:
                await self.count()
            await asyncio.sleep(PROBE_INTERVAL_SECONDS)

    async def fresh(self) -> None:
        """Wait until the state is at most a second old, but not longer than `MAX_WAIT_SECONDS`."""
        asked = time.monotonic()
        if asked - self._probed_at < PROBE_INTERVAL_SECONDS:
            return
        self._wakeup.set()
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS), self._probes:
                await self._probes.wait_for(lambda: self._probed_at > asked)
        except TimeoutError:
            self.error = f"the database has not answered for {MAX_WAIT_SECONDS} s"

    async def count(self) -> None:
        """Read the counts again."""
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                waiting, keys, seals = [await self._fetch(query) for query in _COUNTS]
        except DRIVER_ERRORS:
            # The probe reports the error.
            self.counts = None
            return
        finally:
            self._counted_at = time.monotonic()
        steps, ages = Counter[tuple[str, str]](), dict[tuple[str, str], float]()
        for count in [StepCount(**row) for row in waiting]:
            key = count.process, count.state
            steps[key] += count.count
            ages[key] = max(count.oldest_seconds, ages.get(key, 0.0))
        self.counts = DatabaseCounts(
            steps={key: number for key, number in steps.items() if key[1] != "parked"},
            oldest_step_seconds={key: age for key, age in ages.items() if key[1] != "parked"},
            parked_instances={
                process: number for (process, state), number in steps.items() if state == "parked"
            },
            oldest_parked_key_seconds={row["projection"]: row["seconds"] for row in keys},
            seal_age_seconds=seals[0]["seconds"] if seals else 0.0,
            has_seals=bool(seals) and seals[0]["position"] > 1,
        )

    async def _probe(self) -> None:
        try:
            self.clock_skew_seconds, self.clock_uncertainty_seconds = await self._ask_clock()
            self.error = None
        except DRIVER_ERRORS as error:
            self.error = error_line(error)
        finally:
            self._probed_at = time.monotonic()
        async with self._probes:
            self._probes.notify_all()

    async def _ask_clock(self) -> "_Clock":
        is_late = self._question is not None and not self._question.done()
        if self._session is None or self._session.is_closed() or is_late:
            return await _read_clock(self._fetch)
        self._question = asyncio.create_task(_read_clock(self._session.fetch))
        # Nothing waits for it any more if it is late.
        self._question.add_done_callback(lambda question: question.cancelled() or question.exception())
        # The session outlives a late question: the server may have no place for another one.
        return await _answer(asyncio.shield(self._question), PROBE_TIMEOUT_SECONDS)

    async def _acquire(self) -> PoolConnectionProxy:
        began = time.monotonic()
        try:
            return await self._database.pool.acquire(timeout=PROBE_TIMEOUT_SECONDS)
        except TimeoutError:
            raise TimeoutError(f"the pool gives no connection in {PROBE_TIMEOUT_SECONDS} s") from None
        finally:
            self._database.pool_waits.on_wait(time.monotonic() - began)

    async def _fetch(self, query: str) -> Sequence[asyncpg.Record]:
        """Raises `DRIVER_ERRORS`; `TimeoutError` says what did not answer."""
        began = time.monotonic()
        connection = await self._acquire()
        # The wait counts, but a database that answers at once has a chance after any wait.
        seconds = max(0.1, PROBE_TIMEOUT_SECONDS - (time.monotonic() - began))
        is_answered = False
        try:
            rows = await _answer(connection.fetch(query), seconds)
            is_answered = True
            return rows
        finally:
            if not is_answered:
                # Its cancellation would wait for the same server.
                connection.terminate()
            await self._database.pool.release(connection)


async def _answer[T](question: Awaitable[T], seconds: float) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await question
    except TimeoutError:
        raise TimeoutError(f"the database does not answer in {PROBE_TIMEOUT_SECONDS} s") from None


type _Clock = tuple[float, float]
"""How far the clock of the database is ahead of that of this server, and the uncertainty, in seconds."""


async def _read_clock(fetch: Callable[[str], Awaitable[Sequence[asyncpg.Record]]]) -> _Clock:
    began, wall = time.monotonic(), time.time()
    [row] = await fetch(_SELECT_CLOCK)
    # The clock was read somewhere in that time.
    half = (time.monotonic() - began) / 2
    return row["now"] - (wall + half), half


_SELECT_CLOCK = "SELECT extract(epoch FROM clock_timestamp())::float8 AS now"

_COUNTS = (
    COUNT_STEPS,
    # How long the oldest parked key of each live table has waited.
    """
    SELECT projection, extract(epoch FROM clock_timestamp() - min(parked_at))::float8 AS seconds
    FROM es.parked_keys WHERE slot = 'live' GROUP BY projection
    """,
    # The first event without a seal. Both look-ups use a primary key.
    """
    SELECT position, extract(epoch FROM clock_timestamp() - recorded_at)::float8 AS seconds FROM es.events
    WHERE position = coalesce((SELECT last_position FROM es.seals ORDER BY number DESC LIMIT 1), 0) + 1
    """,
)
