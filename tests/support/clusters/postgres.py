"""A PostgreSQL cluster with a data folder, a port and processes of its own, and its standby."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, LiteralString, cast
from uuid import uuid4

import psycopg

from tests.support.clusters.clock import Clock
from tests.support.clusters.processes import (
    PROGRAMS,
    kill_family,
    own_folder,
    prepare_user,
    run_program,
    signal_family,
    start_program,
    wait_until,
)
from tests.support.databases import memory_folder, migrate, run_in_thread
from tests.support.ports import free_port

type StopMode = Literal["smart", "fast", "immediate"]

STOP_SIGNALS: Mapping[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
CONFIGURATION = """
listen_addresses = '127.0.0.1'
shared_buffers = '32MB'
max_connections = 200
max_wal_size = '256MB'
wal_keep_size = '256MB'
hot_standby_feedback = on
wal_retrieve_retry_interval = '100ms'
wal_receiver_status_interval = 1
log_line_prefix = '%m [%p] %b '
"""


class Cluster:
    """One cluster. `start` and `stop` may follow each other; the port stays the same."""

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self.port = free_port()
        self.data = folder / "data"
        self.clock = clock
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    # --- URLs and statements ---

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, sql: str, *parameters: object, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Execute one statement outside of a transaction; its rows. It has ten seconds."""
        with psycopg.connect(
            self.url(database), autocommit=True, connect_timeout=10, options="-c statement_timeout=10s"
        ) as connection:
            cursor = connection.execute(cast("LiteralString", sql), parameters or None)
            return [] if cursor.description is None else cursor.fetchall()

    def value(self, sql: str, *parameters: object, database: str = "postgres") -> Any:
        """The first column of the first row of one statement."""
        return self.execute(sql, *parameters, database=database)[0][0]

    def create_database(self, *, migrated: bool = True) -> str:
        """The URL of a new database. It lives as long as the cluster."""
        name = f"test_{uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name}")
        if migrated:
            run_in_thread(migrate(self.url(name)))
        return self.url(name)

    def configure(self, **settings: str) -> None:
        """Change settings that need no restart, and wait until they hold."""
        loaded = self.value("SELECT pg_conf_load_time()")
        for name, value in settings.items():
            self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.execute("SELECT pg_reload_conf()")
        wait_until(lambda: self.value("SELECT pg_conf_load_time()") > loaded, "the settings are loaded")

    # --- Life ---

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        assert not self.is_running, "the cluster runs"
        self._process = start_program(
            PROGRAMS / "postgres",
            *("-D", self.data, "-p", str(self.port), "-k", self._folder),
            log=self._folder / "log",
            environment=None if self.clock is None else self.clock.environment,
        )
        wait_until(self._is_ready, "the cluster takes connections")

    def stop(self, mode: StopMode = "fast") -> None:
        """Shut down as `pg_ctl stop -m MODE` does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(STOP_SIGNALS[mode])
            self._process.wait(30)

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop and start."""
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """SIGKILL to all its processes, also to frozen ones. It can be started again."""
        if self._process is not None:
            kill_family(self._process)

    def freeze(self) -> None:
        """SIGSTOP to all its processes: the kernel takes connections, nothing answers."""
        signal_family(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT to all its processes."""
        signal_family(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it in any state."""
        if self._process is None:
            return
        if self.is_running:
            self.thaw()
            self._process.send_signal(STOP_SIGNALS["immediate"])
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self._remove_shared_memory()

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        assert self._process is not None, "the cluster does not run"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def output(self) -> str:
        """What the server has logged so far."""
        return (self._folder / "log").read_text(errors="replace")

    def wait_until_answers(self, seconds: float = 60) -> None:
        """Wait until it takes connections: after a crash of one of its processes it recovers by itself."""
        wait_until(self._answers, "the cluster answers", seconds)

    def crashes(self) -> list[str]:
        """What it has logged of processes that did not end by themselves."""
        return [
            line
            for line in self.output().splitlines()
            if "was terminated by signal" in line or "PANIC:" in line
        ]

    # --- Replication ---

    @property
    def is_primary(self) -> bool:
        return not self.value("SELECT pg_is_in_recovery()")

    def require_standby(self, standby: "Cluster | None") -> None:
        """Let each commit wait for this standby; with None for none."""
        self.configure(synchronous_standby_names="" if standby is None else standby.name)

    @property
    def name(self) -> str:
        """Under which it streams from a primary."""
        return f"standby_{self.port}"

    def promote(self) -> None:
        """Make the standby a primary, which waits for no standby, and return when it takes writes."""
        self.configure(synchronous_standby_names="")
        assert self.value("SELECT pg_promote(true, 60)")

    def demote(self, primary: "Cluster") -> None:
        """Start again as a standby of `primary`. What only this cluster holds is dropped."""
        self.stop()
        run_program(
            PROGRAMS / "pg_rewind",
            *("--target-pgdata", self.data, "--source-server", primary.url(), "--no-sync"),
        )
        self._follow(primary)
        self.start()

    def stop_receiving(self) -> None:
        """Let the standby receive nothing any more, so that it lacks what is committed from now on."""
        self.configure(primary_conninfo="")
        wait_until(
            lambda: not self.execute("SELECT 1 FROM pg_stat_wal_receiver"), "the standby receives nothing"
        )

    def start_receiving(self, primary: "Cluster") -> None:
        """Let the standby receive again."""
        self.configure(primary_conninfo=self._connection_to(primary))

    def pause_replay(self) -> None:
        """Let the standby receive and flush, and show nothing of it. A promotion replays it."""
        self.execute("SELECT pg_wal_replay_pause()")
        wait_until(
            lambda: self.value("SELECT pg_get_wal_replay_pause_state()") == "paused", "replay is paused"
        )

    def resume_replay(self) -> None:
        self.execute("SELECT pg_wal_replay_resume()")

    def wait_replayed(self, primary: "Cluster", seconds: float = 30) -> None:
        """Wait until the standby shows all that the primary has committed until now."""
        target = primary.value("SELECT pg_current_wal_lsn()")
        wait_until(
            lambda: bool(self.value("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", target)),
            "the standby has replayed",
            seconds,
        )

    def _follow(self, primary: "Cluster") -> None:
        with open(self.data / "postgresql.auto.conf", "a") as settings:
            settings.write(f"primary_conninfo = '{self._connection_to(primary)}'\n")
            settings.write("synchronous_standby_names = ''\n")
        (self.data / "standby.signal").touch()

    def _connection_to(self, primary: "Cluster") -> str:
        return f"host=127.0.0.1 port={primary.port} user=postgres application_name={self.name}"

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            return self.value("SELECT 1") == 1
        return False

    def _is_ready(self) -> bool:
        assert self.is_running, self.output()
        file = self.data / "postmaster.pid"
        lines = file.read_text().splitlines() if file.exists() else []
        return len(lines) == 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _remove_shared_memory(self) -> None:
        """A killed server leaves a segment in the kernel, which only its own next start removes."""
        file = self.data / "postmaster.pid"
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) > 6 and lines[6].split():
            subprocess.run(["ipcrm", "-m", lines[6].split()[-1]], capture_output=True, check=False)


def _wal_option(wal_folder: Path | None, cluster: Cluster) -> tuple[str, ...]:
    return () if wal_folder is None else ("--waldir", str(own_folder(wal_folder / f"wal-{cluster.port}")))


@contextmanager
def _folder(parent: Path | None) -> Generator[Path]:
    name = tempfile.mkdtemp(prefix="cluster-", dir=parent or memory_folder())
    try:
        yield own_folder(Path(name))
    finally:
        shutil.rmtree(name)


@contextmanager
def cluster(
    *, folder: Path | None = None, wal_folder: Path | None = None, clock_offset: str | None = None
) -> Generator[Cluster]:
    """A new cluster, started. It is ended and deleted afterwards, in any state.

    `folder` takes its data, else the memory does; `wal_folder` the write-ahead log alone. With a `clock_offset`
    its clock can be set: `+0`, `+2d`, `-20m`.
    """
    prepare_user()
    with _folder(folder) as own:
        clock = None if clock_offset is None else Clock(own, clock_offset)
        new = Cluster(own, clock=clock)
        run_program(
            PROGRAMS / "initdb",
            *("-D", new.data, "-U", "postgres", "-A", "trust", "--encoding=utf8", "--locale=C.UTF-8"),
            *("--no-sync", "--no-instructions"),
            *_wal_option(wal_folder, new),
        )
        with open(new.data / "postgresql.conf", "a") as settings:
            settings.write(CONFIGURATION)
        try:
            new.start()
            yield new
        finally:
            new.close()


@contextmanager
def standby_of(
    primary: Cluster,
    *,
    synchronous: bool = False,
    folder: Path | None = None,
    wal_folder: Path | None = None,
    clock_offset: str | None = None,
) -> Generator[Cluster]:
    """A new standby that streams from `primary`. If it is synchronous, each commit of the primary waits for it."""
    with _folder(folder) as own:
        clock = None if clock_offset is None else Clock(own, clock_offset)
        new = Cluster(own, clock=clock)
        run_program(
            PROGRAMS / "pg_basebackup",
            *("-D", new.data, "-d", primary.url(), "-X", "stream", "-c", "fast", "--no-sync"),
            *_wal_option(wal_folder, new),
        )
        new._follow(primary)
        try:
            new.start()
            wait_until(
                lambda: bool(
                    primary.execute("SELECT 1 FROM pg_stat_replication WHERE application_name = %s", new.name)
                ),
                "the standby streams",
            )
            if synchronous:
                primary.require_standby(new)
            yield new
        finally:
            new.close()
