"""Runs the proof: a scratch database, writers of which one is killed, followers, and the verdict."""

import asyncio
import re
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import asyncpg
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import make_url

from app.engine.database.connections import Database, open_database
from app.engine.database.errors import DatabaseUnavailable
from app.engine.prove.journal import Acknowledged, Delivered, Job, read_journal
from app.engine.prove.verdict import Claim, Entry, Evidence, counts, judge
from app.engine.settings import ROOT, EngineSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to try. `sabotage` breaks the store first, to see the proof fail: without the lock, or with positions
    from a sequence as well."""

    seconds: float = 8
    writers: int = 4
    followers: int = 4
    seed: int | None = None
    sabotage: str | None = None


POLL_INTERVAL_SECONDS = 0.1
"""Seconds between two looks at how far the log has come."""
START_TIMEOUT_SECONDS = 30
"""Seconds after which the run goes on without a first fact, to say what is wrong."""
MAX_EXAMPLES = 4


async def prove(settings: EngineSettings, plan: Plan) -> bool:
    """Whether every claim holds; says so on stdout. Raises `DatabaseProblem`."""
    # Whoever stops us with a SIGTERM leaves no scratch database behind either.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    console = Console(highlight=False, soft_wrap=True)
    seed = secrets.randbelow(1_000_000) if plan.seed is None else plan.seed
    async with (
        open_database(settings) as server,
        _scratch(server) as url,
        open_database(settings.model_copy(update={"database_url": url, "pool_size": 2})) as database,
    ):
        await database.migrate()
        if plan.sabotage is not None:
            await _break(database, plan.sabotage)
        console.print(
            f"proving with {plan.writers} writers, one of them killed, and {plan.followers} followers; seed {seed}"
        )
        with tempfile.TemporaryDirectory(prefix="prove-") as folder:
            evidence = await _Run(database, plan, seed, Path(folder), console).run()
    return _say(console, evidence, judge(evidence), plan, seed)


# --- The scratch database ---------------------------------------------------------


@asynccontextmanager
async def _scratch(server: Database) -> AsyncGenerator[str]:
    """The URL of a new database on the server, dropped at the end whatever happens."""
    name = f"prove_{secrets.token_hex(6)}"
    try:
        # template1 cannot be copied while anybody is connected to it; nobody ever is to template0.
        await _execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    except asyncpg.InsufficientPrivilegeError as error:
        said = f"the proof makes a database of its own, and this role may not ({error}): give it CREATEDB, or name another role"
        raise DatabaseUnavailable(said) from error
    try:
        yield make_url(server.url).set(database=name).render_as_string(hide_password=False)
    finally:
        await _execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _execute(server: Database, statement: str) -> None:
    connection = await server.connect()
    try:
        await connection.execute(statement)
    finally:
        connection.terminate()


async def _break(database: Database, sabotage: str) -> None:
    """Make es.append anew with the mistake in it. Raises `LookupError` where the function does not read as expected."""
    source: str = await database.pool.fetchval("SELECT pg_get_functiondef('es.append'::regproc)")
    source = _replace_once(r"PERFORM pg_advisory_xact_lock\(\d+\);", "", source)
    if sabotage == "sequence":
        # What a sequence does: numbers are taken at once and for good, and become visible when their transaction commits.
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
        raise LookupError(f"es.append has {times} times {pattern!r}: the sabotage does not fit it any more")
    return changed


# --- The run ------------------------------------------------------------------------


class _Run:
    """Starts the workers in time, kills one, stops the others, and gathers what they leave in `folder`."""

    def __init__(self, database: Database, plan: Plan, seed: int, folder: Path, console: Console) -> None:
        self._database = database
        self._plan = plan
        self._seed = seed
        self._folder = folder
        self._console = console
        self._chance = Random(seed)
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._killed = "writer 1"

    async def run(self) -> Evidence:
        try:
            with _progress(self._console, self._plan.seconds) as tell:
                await self._drive(tell)
            head = await self._head()
            await self._end("follower", f"{head}\n", patience=20)
            return await self._gather()
        finally:
            for process in self._processes.values():
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    async def _drive(self, tell: Callable[[float, int], None]) -> None:
        """Writers at once, followers one after another, the kill in between; then the writers are stopped."""
        seconds, loop = self._plan.seconds, asyncio.get_running_loop()
        for number in range(1, self._plan.writers + 1):
            await self._start(f"writer {number}", number)
        waiting = [(seconds * 0.5 * n / self._plan.followers, n + 1) for n in range(self._plan.followers)]
        kill_at: float | None = self._chance.uniform(0.4, 0.6) * seconds
        started, began = loop.time(), None
        while began is None or loop.time() - began < seconds + (
            0 if kill_at is None else START_TIMEOUT_SECONDS
        ):
            head = await self._head()
            if began is None and (head or loop.time() - started > START_TIMEOUT_SECONDS):
                # Time counts from the first fact on: processes take a while to start.
                began = loop.time()
            passed = 0.0 if began is None else loop.time() - began
            tell(passed, head)
            while waiting and waiting[0][0] <= passed:
                _, number = waiting.pop(0)
                await self._start(f"{'feed' if number % 2 else 'table'} follower {number}", number)
            if kill_at is not None and passed >= kill_at and self._is_at_work(self._killed):
                kill_at = None
                await self._kill()
            self._check_alive()
            await asyncio.sleep(POLL_INTERVAL_SECONDS)
        await self._end("writer", "stop\n", patience=60)
        tell(seconds, await self._head())

    def _is_at_work(self, writer: str) -> bool:
        """Whether it has been answered. On a busy machine one of them may begin long after the others."""
        return any(isinstance(line, Acknowledged) for line in read_journal(self._journal(writer)))

    async def _kill(self) -> None:
        """Kill a writer in the midst of its work; another comes and repeats what was never answered."""
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
            seed=self._seed,
            journal=str(self._journal(name)),
            resume=None if resume is None else str(resume),
        )
        with self._stderr(name).open("wb") as stderr:
            # A session of its own, so that Ctrl-C reaches this process alone, which then ends the others.
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
        await _tell(process, msgspec.json.encode(job).decode() + "\n")

    async def _end(self, kind: str, order: str, *, patience: float) -> None:
        """Tell all workers of a kind to end, and wait until they have; who does not in time is killed, and counted as crashed."""
        ending = [process for name, process in self._processes.items() if kind in name]
        for process in ending:
            await _tell(process, order)
        await asyncio.wait([asyncio.create_task(process.wait()) for process in ending], timeout=patience)
        for process in ending:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _check_alive(self) -> None:
        """Where no writer is left there is nothing to wait for."""
        if all(
            process.returncode is not None for name, process in self._processes.items() if "writer" in name
        ):
            raise DatabaseUnavailable(f"all writers have ended: {self._last_words('writer 1')}")

    async def _head(self) -> int:
        return await self._database.pool.fetchval("SELECT coalesce(max(position), 0) FROM es.events")

    async def _gather(self) -> Evidence:
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
            moments=[row["recorded_at"] for row in log],
            ledger={
                row["command_id"]: Entry(row["first_position"], row["last_position"], row["refusal"])
                for row in ledger
            },
            writers={name: lines for name, lines in journals.items() if "writer" in name},
            followers={name: lines for name, lines in journals.items() if "follower" in name},
            killed=self._killed,
            crashed={
                name: f"exit code {process.returncode}, {self._last_words(name)}"
                for name, process in self._processes.items()
                if process.returncode != (-signal.SIGKILL if name == self._killed else 0)
            },
        )

    def _journal(self, name: str) -> Path:
        return self._folder / f"{name}.journal"

    def _stderr(self, name: str) -> Path:
        return self._folder / f"{name}.stderr"

    def _last_words(self, name: str) -> str:
        said = [line.strip(" |") for line in self._stderr(name).read_text(errors="replace").splitlines()]
        return next(
            (line for line in reversed(said) if line and not line.startswith(("+-", "File", "^", "~"))),
            "without a word",
        )


async def _tell(process: asyncio.subprocess.Process, line: str) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(line.encode())
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        # It has ended already; its exit code says the rest.
        return


# --- What is shown ------------------------------------------------------------------


@contextmanager
def _progress(console: Console, seconds: float) -> Generator[Callable[[float, int], None]]:
    """A bar with the rate in a terminal, else a line every two seconds. Give it the seconds passed and the newest position."""
    if not console.is_terminal:
        shown = 0.0

        def line(passed: float, head: int) -> None:
            nonlocal shown
            if passed - shown >= 2 or passed >= seconds > shown:
                shown = passed
                console.print(f"{passed:5.1f} s  {head:>9,} facts  {head / max(passed, 0.1):>7,.0f}/s")

        yield line
        return
    columns = (TextColumn("proving"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=seconds, said="starting")

        def draw(passed: float, head: int) -> None:
            bar.update(task, completed=passed, said=f"{head:,} facts, {head / max(passed, 0.1):,.0f}/s")

        yield draw


def _say(console: Console, evidence: Evidence, claims: Sequence[Claim], plan: Plan, seed: int) -> bool:
    """Print counts, claims and the verdict."""
    for what, number in counts(evidence).items():
        console.print(f"{number:>11,} {what}")
    against = [claim for claim in claims if not claim.holds]
    if not against:
        console.print(
            f"proved: {len(evidence.log):,} facts of {plan.writers} writers, one of them killed, reached each of"
            f" {plan.followers} followers once and in order; all {len(claims)} claims hold"
        )
        return True
    console.print(f"NOT proved: {len(against)} of {len(claims)} claims fail; again with --seed {seed}")
    for claim in against:
        console.print(f"  not so: {claim.text}")
        more = (
            [f"and {len(claim.against) - MAX_EXAMPLES:,} more"] if len(claim.against) > MAX_EXAMPLES else []
        )
        for example in (*claim.against[:MAX_EXAMPLES], *more):
            console.print(f"    {example}", markup=False)
    return False
