"""Runs the proof: a scratch database, writers of which one is killed, followers, and the verdict."""

import asyncio
import re
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import asyncpg
import msgspec

from app.engine.database.connections import Database, open_database
from app.engine.database.errors import DatabaseUnavailable
from app.engine.database.url import DatabaseUrl
from app.engine.prove.journal import Acknowledged, Delivered, Job, read_journal
from app.engine.prove.verdict import Claim, Entry, Evidence, judge
from app.engine.settings import ROOT, EngineSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The size of a run. `sabotage` breaks the store first, so that the proof fails.

    "lock" removes the lock of `es.append_batch`. "sequence" also takes positions from a sequence.
    """

    seed: int
    seconds: float = 8
    writers: int = 4
    followers: int = 4
    sabotage: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """The evidence of a run, and the claims with their counterexamples."""

    evidence: Evidence
    claims: Sequence[Claim]

    @property
    def holds(self) -> bool:
        return all(claim.holds for claim in self.claims)


type ProgressCallback = Callable[[float, int], None]
"""Takes the seconds since the first fact, and the newest position."""


POLL_INTERVAL_SECONDS = 0.1
"""Seconds between two reads of the newest position."""
START_TIMEOUT_SECONDS = 30
"""Seconds to wait for the first fact. Then the run continues, and the verdict shows the errors."""


def choose_seed(seed: int | None) -> int:
    return secrets.randbelow(1_000_000) if seed is None else seed


async def run_proof(
    settings: EngineSettings, plan: Plan, on_start: Callable[[], None], on_progress: ProgressCallback
) -> Proof:
    """Run the plan in a scratch database, and judge the evidence. Raises `DatabaseUnavailable`.

    `on_start` is called when the scratch database is ready.
    """
    # A SIGTERM must drop the scratch database, too: it becomes a KeyboardInterrupt.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    async with (
        open_database(settings) as server,
        _scratch_database(server) as url,
        open_database(settings.model_copy(update={"database_url": url, "pool_size": 2})) as database,
    ):
        await database.migrate()
        if plan.sabotage is not None:
            await _sabotage(database, plan.sabotage)
        on_start()
        with tempfile.TemporaryDirectory(prefix="prove-") as folder:
            evidence = await _Run(database, plan, Path(folder), on_progress).run()
    return Proof(evidence, judge(evidence))


# --- The scratch database ---------------------------------------------------------


@asynccontextmanager
async def _scratch_database(server: Database) -> AsyncGenerator[str]:
    """The URL of a new database on the server. It is dropped at the end, also after an error."""
    name = f"prove_{secrets.token_hex(6)}"
    try:
        # template1 cannot be copied while a client is connected to it. No client connects to template0.
        await _execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnavailable(
            f"the proof creates a scratch database, and this role must not ({error}): grant it CREATEDB, or use another role"
        ) from error
    try:
        yield DatabaseUrl.parse(server.url).of_database(name)
    finally:
        await _execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _execute(server: Database, statement: str) -> None:
    connection = await server.connect()
    try:
        await connection.execute(statement)
    finally:
        connection.terminate()


async def _sabotage(database: Database, sabotage: str) -> None:
    """Replace es.append_batch by a broken version. Raises `LookupError` if its source is not as expected."""
    source: str = await database.pool.fetchval("SELECT pg_get_functiondef('es.append_batch'::regproc)")
    source = _replace_once(r"PERFORM pg_advisory_xact_lock\(\d+\);", "", source)
    if sabotage == "sequence":
        # As with a sequence: numbers are taken at once and for good, and become visible when their transaction commits.
        await database.pool.execute("CREATE SEQUENCE es.position")
        drawn = (
            "PERFORM pg_advisory_lock(1);"
            " head := nextval('es.position') - 1;"
            " PERFORM setval('es.position', head + 1 + cardinality(e_type), false);"
            " PERFORM pg_advisory_unlock(1);"
        )
        source = _replace_once(r"head := coalesce\(head, 0\);", drawn, source)
    await database.pool.execute(source)


def _replace_once(pattern: str, replacement: str, source: str) -> str:
    changed, times = re.subn(pattern, replacement, source)
    if times != 1:
        raise LookupError(f"es.append_batch has {pattern!r} {times} times: the sabotage no longer matches it")
    return changed


# --- The run ------------------------------------------------------------------------


class _Run:
    """Starts the workers, kills one, stops the others, and collects their journals from `folder`."""

    def __init__(self, database: Database, plan: Plan, folder: Path, on_progress: ProgressCallback) -> None:
        self._database = database
        self._plan = plan
        self._folder = folder
        self._on_progress = on_progress
        self._random = Random(plan.seed)
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._killed = "writer 1"

    async def run(self) -> Evidence:
        try:
            await self._drive()
            head = await self._head()
            await self._stop("follower", f"{head}\n", timeout=20)
            return await self._collect()
        finally:
            for process in self._processes.values():
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    async def _drive(self) -> None:
        """Start all writers at once and the followers one by one, kill a writer in between, then stop the writers."""
        seconds, loop = self._plan.seconds, asyncio.get_running_loop()
        for number in range(1, self._plan.writers + 1):
            await self._start(f"writer {number}", number)
        waiting = [(seconds * 0.5 * n / self._plan.followers, n + 1) for n in range(self._plan.followers)]
        kill_at: float | None = self._random.uniform(0.4, 0.6) * seconds
        started_at, first_fact_at = loop.time(), None
        while first_fact_at is None or loop.time() - first_fact_at < seconds + (
            0 if kill_at is None else START_TIMEOUT_SECONDS
        ):
            head = await self._head()
            if first_fact_at is None and (head or loop.time() - started_at > START_TIMEOUT_SECONDS):
                # Time counts from the first fact, because processes take a while to start.
                first_fact_at = loop.time()
            elapsed = 0.0 if first_fact_at is None else loop.time() - first_fact_at
            self._on_progress(elapsed, head)
            while waiting and waiting[0][0] <= elapsed:
                _, number = waiting.pop(0)
                await self._start(f"{'feed' if number % 2 else 'table'} follower {number}", number)
            if kill_at is not None and elapsed >= kill_at and self._has_written(self._killed):
                kill_at = None
                await self._kill()
            self._check_alive()
            await asyncio.sleep(POLL_INTERVAL_SECONDS)
        await self._stop("writer", "stop\n", timeout=60)
        self._on_progress(seconds, await self._head())

    def _has_written(self, writer: str) -> bool:
        """Whether the writer has a command acknowledged. On a busy machine it may start long after the others."""
        return any(isinstance(line, Acknowledged) for line in read_journal(self._journal(writer)))

    async def _kill(self) -> None:
        """Kill a writer at work. A new one repeats the commands that were not acknowledged."""
        process = self._processes[self._killed]
        process.kill()
        await process.wait()
        await self._start(
            f"writer {self._plan.writers + 1}", self._plan.writers + 1, resume=self._journal(self._killed)
        )

    async def _start(self, name: str, number: int, *, resume: Path | None = None) -> None:
        role = "feed" if name.startswith("feed") else "table" if name.startswith("table") else "write"
        job = Job(
            role=role,
            number=number,
            url=self._database.url,
            seed=self._plan.seed,
            journal=str(self._journal(name)),
            resume=None if resume is None else str(resume),
        )
        with self._stderr(name).open("wb") as stderr:
            # In its own session: Ctrl-C must reach this process only, which then ends the others.
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app.engine.prove.worker",
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=stderr,
                stderr=stderr,
                start_new_session=True,
            )
        self._processes[name] = process
        await _send_line(process, msgspec.json.encode(job).decode() + "\n")

    async def _stop(self, kind: str, message: str, *, timeout: float) -> None:
        """Stop all workers of a kind. One that does not stop in time is killed, and counts as crashed."""
        stopping = [process for name, process in self._processes.items() if kind in name]
        for process in stopping:
            await _send_line(process, message)
        await asyncio.wait([asyncio.create_task(process.wait()) for process in stopping], timeout=timeout)
        for process in stopping:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _check_alive(self) -> None:
        """Raise `DatabaseUnavailable` if all writers have ended."""
        if all(
            process.returncode is not None for name, process in self._processes.items() if "writer" in name
        ):
            raise DatabaseUnavailable(f"all writers have ended: {self._last_error('writer 1')}")

    async def _head(self) -> int:
        return await self._database.pool.fetchval("SELECT coalesce(max(position), 0) FROM es.events")

    async def _collect(self) -> Evidence:
        log = await self._database.pool.fetch(
            "SELECT position, stream_id, version, command_id, (data->>'place')::int AS place, recorded_at FROM es.events ORDER BY position"
        )
        ledger = await self._database.pool.fetch(
            "SELECT command_id, first_position, last_position, refusal FROM es.commands"
        )
        journals = {name: read_journal(self._journal(name)) for name in self._processes}
        return Evidence(
            log=[
                Delivered(row["position"], row["stream_id"], row["version"], row["command_id"], row["place"])
                for row in log
            ],
            recorded_at=[row["recorded_at"] for row in log],
            ledger={
                row["command_id"]: Entry(row["first_position"], row["last_position"], row["refusal"])
                for row in ledger
            },
            writers={name: lines for name, lines in journals.items() if "writer" in name},
            followers={name: lines for name, lines in journals.items() if "follower" in name},
            killed=self._killed,
            crashed={
                name: f"exit code {process.returncode}, {self._last_error(name)}"
                for name, process in self._processes.items()
                if process.returncode != (-signal.SIGKILL if name == self._killed else 0)
            },
        )

    def _journal(self, name: str) -> Path:
        return self._folder / f"{name}.journal"

    def _stderr(self, name: str) -> Path:
        return self._folder / f"{name}.stderr"

    def _last_error(self, name: str) -> str:
        lines = [line.strip(" |") for line in self._stderr(name).read_text(errors="replace").splitlines()]
        return next(
            (line for line in reversed(lines) if line and not line.startswith(("+-", "File", "^", "~"))),
            "no output",
        )


async def _send_line(process: asyncio.subprocess.Process, line: str) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(line.encode())
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        # The process has ended; its exit code shows why.
        return
