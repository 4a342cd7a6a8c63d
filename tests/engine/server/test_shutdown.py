"""The whole shutdown has one limit, also if the database, the event loop or a component hangs."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from app.engine.settings import ROOT
from tests.support.clusters import Cluster, cluster
from tests.support.raw_http import read_all, read_until
from tests.support.server import Server, clean_environment
from tests.support.tokens import TOKEN_KEY

LIMIT_SECONDS = 1.5
STARTED = 'print("started", flush=True)'


@pytest.fixture(scope="module")
def primary() -> Iterator[Cluster]:
    with cluster() as primary:
        yield primary


@pytest.fixture(scope="module")
def url(primary: Cluster) -> str:
    return primary.create_database()


def stop_seconds(server: Server, number: int = signal.SIGTERM) -> tuple[int, float]:
    """The exit code of a server that is asked to stop, and how long that took."""
    began = time.monotonic()
    return server.stop(number), time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_frozen_database_does_not_hold_up_the_end(primary: Cluster, url: str, number: int) -> None:
    server = Server(url, APP_SHUTDOWN_TIMEOUT_SECONDS=str(LIMIT_SECONDS))
    try:
        server.wait()
        primary.freeze()
        _, seconds = stop_seconds(server, number)
        assert seconds < LIMIT_SECONDS + 1
    finally:
        primary.thaw()
        server.close()


def test_a_second_signal_ends_the_process_at_once(primary: Cluster, url: str) -> None:
    server = Server(url, APP_SHUTDOWN_TIMEOUT_SECONDS="30")
    try:
        server.wait()
        primary.freeze()
        with keep_request_open(server.port):
            server.process.send_signal(signal.SIGTERM)
            wait_until_refused(server.port)
            code, seconds = stop_seconds(server, signal.SIGINT)
        assert (code, seconds < 2) == (1, True)
        assert "stopped at once by a second signal" in server.output()
    finally:
        primary.thaw()
        server.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_server_on_a_healthy_database_stops_with_exit_code_0(url: str, number: int) -> None:
    server = Server(url).wait()
    try:
        code, seconds = stop_seconds(server, number)
        assert (code, seconds < 4) == (0, True), server.output()
        assert "not stopped" not in server.output()
    finally:
        server.close()


@contextlib.contextmanager
def request_that_waits(port: int) -> Generator[socket.socket]:
    """A connection whose request needs the database. The server has its header."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        body = b'{"query": "{ processes { nodes { instanceId } } }"}'
        client.sendall(
            b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )
        # The server reads the body: a connection that it has not accepted yet would be reset.
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        yield client


def test_a_hang_up_answers_the_request_that_waits_first(primary: Cluster, url: str) -> None:
    server = Server(url, APP_SHUTDOWN_TIMEOUT_SECONDS="20")
    try:
        server.wait()
        primary.freeze()
        with request_that_waits(server.port) as client:
            server.process.send_signal(signal.SIGHUP)
            wait_until_refused(server.port)
            primary.thaw()
            assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        assert server.process.wait(10) == 0
    finally:
        primary.thaw()
        server.close()


def test_a_request_that_takes_longer_than_the_end_gets_a_code_and_no_traceback_is_logged(
    primary: Cluster, url: str
) -> None:
    server = Server(url, APP_SHUTDOWN_TIMEOUT_SECONDS="4")
    try:
        server.wait()
        primary.freeze()
        with request_that_waits(server.port) as client:
            server.process.send_signal(signal.SIGTERM)
            answer = read_all(client)
        primary.thaw()
        assert answer.startswith(b"HTTP/1.1 504 "), answer
        assert b'"code":"TIMEOUT"' in answer
        assert b"The server stops" in answer
        server.process.wait(10)
        assert "Traceback" not in server.output()
    finally:
        primary.thaw()
        server.close()


def test_a_hang_up_that_was_ignored_before_the_start_stays_ignored(url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with changed_server(
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)", url, log, seconds=8
    ) as process:
        wait_for_text(log, "ready: ")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        # A second signal that counts would end the process with exit code 1.
        assert process.wait(10) == 0


@pytest.mark.parametrize("mode", ["development", "production"])
@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_a_server_whose_output_has_no_reader_stops_with_exit_code_0(url: str, mode: str, kind: str) -> None:
    # As in `python -m app serve 2>&1 | tee log`: Ctrl-C ends `tee` first. Or the window is closed.
    environment = clean_environment(
        DATABASE_URL=url, APP_MODE=mode, APP_TOKEN_KEY=TOKEN_KEY, APP_ALLOW_DATABASE_OWNER="true"
    )
    reader, writer = os.pipe() if kind == "pipe" else os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--port", "0"],
        cwd=ROOT,
        env=environment,
        stdout=writer,
        stderr=writer,
    )
    os.close(writer)
    try:
        output = b""
        while b"ready: " not in output:
            read = os.read(reader, 4096)
            assert read, "the server has ended"
            output += read
        os.close(reader)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


BLOCKED_LOOP = f"""
import time
from app.engine.store.snapshots import writer

async def run(self):
    {STARTED}
    time.sleep(60)

writer.SnapshotWriter.run = run
"""

STUCK_COMPONENT = f"""
import asyncio
from app.engine.audit import sealer

async def run(self):
    {STARTED}
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

sealer.Sealer.run = run
"""

BUG = """
from app.engine.audit import sealer
from app.engine.server import supervisor

async def run(self):
    raise ZeroDivisionError("no seal")

sealer.Sealer.run = run
supervisor.Supervisor.__init__.__kwdefaults__["max_failures"] = 3
"""


@contextlib.contextmanager
def changed_server(
    change: str, url: str, log: Path, seconds: float = LIMIT_SECONDS
) -> Generator[subprocess.Popen[bytes]]:
    """A server process whose code is changed before it starts. Its output is in `log`."""
    code = f"{change}\nfrom app.composition import application\nfrom app.engine.cli.main import main\nmain(application, ['serve', '--port', '0'])"
    environment = clean_environment(
        DATABASE_URL=url, APP_SHUTDOWN_TIMEOUT_SECONDS=str(seconds), PYTHONPATH=str(ROOT)
    )
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("change", "phase"), [(BLOCKED_LOOP, "requests"), (STUCK_COMPONENT, "sealer")], ids=["loop", "component"]
)
def test_what_does_not_stop_is_named_in_one_line_and_exit_code_1_says_so(
    url: str, tmp_path: Path, change: str, phase: str
) -> None:
    log = tmp_path / "log"
    with changed_server(change, url, log) as process:
        wait_for_text(log, "started")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_SECONDS + 3) == 1
        assert time.monotonic() - began < LIMIT_SECONDS + 1
    lines = [line for line in log.read_text().splitlines() if "not stopped within" in line]
    assert any(phase in line for line in lines), lines


def test_a_bug_that_repeats_ends_the_process_with_one_line_and_exit_code_1(url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with changed_server(BUG, url, log) as process:
        assert process.wait(20) == 1
    told = log.read_text()
    assert told.count("component sealer failed 3 times in a row, the process ends") == 1
    assert told.count("Traceback") == 1


def wait_for_text(log: Path, text: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def wait_until_refused(port: int, seconds: float = 10) -> None:
    """Wait until the server accepts no more connections."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:
            # The port was closed before the server had accepted this connection.
            continue
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextlib.contextmanager
def keep_request_open(port: int) -> Generator[None]:
    """A request to a frozen database, which nothing answers."""
    body = b'{"query": "{ log { position } }"}'
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(
            b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            % (len(body) + 1)
            + body
        )
        yield
