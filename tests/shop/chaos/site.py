"""Two servers, a primary with a standby, and an orchestrator that does what one does: it starts what has ended."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM, Signals

import httpx2
import pytest

from app.engine.settings import ROOT
from tests.chaos.history import Fact
from tests.support.clusters import Clock, Cluster, DeadLink, SmallDisk, cluster, small_disk, standby_of
from tests.support.clusters.processes import IS_ROOT
from tests.support.databases import MEMORY_FOLDER
from tests.support.ports import free_port
from tests.support.server import clean_environment

RESTART_SECONDS = 1.0
"""How long after its end a server is started again."""
DISK_MEGABYTES = 3_000
SERVER_SETTINGS: Mapping[str, str] = {
    "APP_LOG_LEVEL": "warning",
    "APP_SIMULATED_GATEWAY": '{"latency":0.02,"fail":0.05,"lose":0.05,"repeat":0.05,"decline":0.1}',
}


class Node:
    """One server: its process, its link to the database, its clock."""

    def __init__(self, number: int, link: DeadLink, database: str, folder: Path) -> None:
        self.name = f"server {number}"
        self.link = link
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.clock = Clock(folder)
        self.lock = asyncio.Lock()
        """Held by the fault that the server has at the moment."""
        self.starts = 0
        self.endings: list[str] = []
        """How it ended when the run had not ended it."""
        self._log = folder / "log"
        self._down = False
        self._environment = clean_environment(
            DATABASE_URL=link.url(database), **SERVER_SETTINGS, **self.clock.environment
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.address}/graphql"

    def start(self) -> None:
        self._down = False
        self.starts += 1
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: Signals) -> None:
        if self._process is not None and self.is_running:
            self._process.send_signal(number)

    def freeze(self) -> None:
        self.signal(SIGSTOP)

    def thaw(self) -> None:
        self.signal(SIGCONT)

    def kill(self) -> None:
        """SIGKILL. It stays down until `start`."""
        self._down = True
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def stop(self, seconds: float = 30) -> int:
        """SIGTERM; the exit code. It stays down until `start`."""
        self._down = True
        assert self._process is not None
        self.signal(SIGTERM)
        return await asyncio.to_thread(self._process.wait, seconds)

    async def keep(self) -> None:
        """Start it again when it has ended by itself, as an orchestrator does."""
        while True:
            if not self._down and not self.is_running:
                assert self._process is not None
                self.endings.append(f"exit code {self._process.poll()}: {self.tail(1)[:300]}")
                await asyncio.sleep(RESTART_SECONDS)
                if not self._down:
                    self.start()
            await asyncio.sleep(0.1)

    async def answers(self, path: str) -> str | None:
        """None if the path answers 200, else why not."""
        try:
            async with httpx2.AsyncClient(timeout=5) as client:
                answer = await client.get(self.address + path)
        except httpx2.TransportError as error:
            return type(error).__name__
        return None if answer.status_code == 200 else f"{answer.status_code} {answer.text}"

    async def wait_ready(self, seconds: float) -> None:
        """Until it is ready. Raises `AssertionError` with what it said last."""
        deadline = time.monotonic() + seconds
        while (why := await self.answers("/readyz")) is not None:
            assert time.monotonic() < deadline, (
                f"{self.name} is not ready after {seconds} s: {why}\n{self.tail()}"
            )
            await asyncio.sleep(0.1)

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.output().splitlines()[-lines:])


@dataclass
class Site:
    """All of it. `say` prints a line with the time of the run."""

    primary: Cluster
    standby: Cluster
    nodes: list[Node]
    disks: Mapping[int, SmallDisk]
    """By the port of their cluster; empty if none can be mounted."""
    database: str
    synchronous: bool
    say: Callable[[str], None]
    lost: set[Fact] = field(default_factory=set[Fact])
    """What a fail-over to an asynchronous standby has lost."""

    @property
    def url(self) -> str:
        """The database, without a link."""
        return self.primary.url(self.database)

    def move_links(self) -> None:
        """The address of the database moves. The old connections stay open and are silent."""
        for node in self.nodes:
            node.link.redirect(self.primary.port)

    def switch_roles(self) -> Cluster:
        """The standby is the primary now; the old primary, which is neither yet."""
        old, self.primary = self.primary, self.standby
        self.standby = old
        return old

    def follow_again(self) -> None:
        """Make the old primary a standby of the new one, and wait until it streams."""
        self.standby.demote(self.primary)
        if self.synchronous:
            self.primary.require_standby(self.standby)
        self.standby.wait_replayed(self.primary)

    def facts(self, cluster: Cluster, after: int = 0) -> list[Fact]:
        """The log of a cluster by SQL, for what no client can see: what a fail-over has lost."""
        rows = cluster.execute(
            "SELECT position, category || '/' || stream_id, version, command_id::text, caused_by FROM es.events"
            " WHERE position > %s ORDER BY position",
            after,
            database=self.database,
        )
        return [Fact(*row) for row in rows]


@asynccontextmanager
async def open_site(*, synchronous: bool, say: Callable[[str], None]) -> AsyncGenerator[Site]:
    """Everything started and ready. Everything is ended afterwards, in any state."""
    with ExitStack() as stack:
        site = await asyncio.to_thread(_build, stack, synchronous, say)
        keepers: list[asyncio.Task[None]] = []
        try:
            for node in site.nodes:
                node.start()
                await node.wait_ready(60)
                keepers.append(asyncio.create_task(node.keep()))
            yield site
        finally:
            for keeper in keepers:
                keeper.cancel()
            for node in site.nodes:
                node.kill()


def _build(stack: ExitStack, synchronous: bool, say: Callable[[str], None]) -> Site:
    disks: list[SmallDisk | None] = [None, None]
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-", dir=MEMORY_FOLDER)))
    folder.chmod(0o755)
    if IS_ROOT:
        with suppress(pytest.skip.Exception):
            disks = [stack.enter_context(small_disk(DISK_MEGABYTES)) for _ in disks]
    folders = [None if disk is None else disk.folder for disk in disks]
    primary = stack.enter_context(cluster(folder=folders[0], wal_folder=folder, clock_offset="+0"))
    database = primary.create_database().rpartition("/")[2]
    standby = stack.enter_context(
        standby_of(primary, synchronous=synchronous, folder=folders[1], wal_folder=folder, clock_offset="+0")
    )
    nodes: list[Node] = []
    for number in (1, 2):
        own = folder / f"server-{number}"
        own.mkdir()
        nodes.append(Node(number, stack.enter_context(DeadLink(primary.port)), database, own))
    by_port = {
        each.port: disk for each, disk in zip((primary, standby), disks, strict=True) if disk is not None
    }
    return Site(primary, standby, nodes, by_port, database, synchronous, say)
