"""The limit of open files bounds the connections, and no busy connection is closed to make room."""

import contextlib
import json
import resource
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Iterator
from pathlib import Path

import psutil
import pytest

from app.engine.errors import ConfigurationError
from app.engine.server.connections import max_connections
from app.engine.settings import ROOT, EngineSettings
from tests.support.ports import free_port
from tests.support.raw_http import (
    HEAD,
    SOCKET,
    connection,
    cpu_seconds,
    events_stream,
    read_all,
    read_until,
    remote_ports,
    until,
)
from tests.support.server import Server, clean_environment
from tests.support.tokens import TOKEN_KEY, bearer, make_token


@contextlib.contextmanager
def limited_server(url: str, log: Path, descriptors: int) -> Generator[tuple[psutil.Process, int]]:
    """A server process with this limit of open files, and its port. Its output is in `log`."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", "-c", f'ulimit -n {descriptors}; exec "$0" -m app serve --port {port}', sys.executable],
            env=clean_environment(
                DATABASE_URL=url, APP_POOL_SIZE="2", APP_MODE="production", APP_TOKEN_KEY=TOKEN_KEY
            ),
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: '"ready: ' in log.read_text(), 30)
        yield psutil.Process(process.pid), port
    finally:
        process.kill()
        process.wait()


DESCRIPTORS = 300
CAP = DESCRIPTORS - 100 - 4 * 2


@pytest.fixture(scope="module")
def small(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[psutil.Process, int, Path]]:
    log = tmp_path_factory.mktemp("small") / "log"
    with limited_server(module_database_url, log, DESCRIPTORS) as (process, port):
        yield process, port, log


def friendly_request(port: int) -> float:
    """Ask once on a new connection; how many seconds that took."""
    began = time.monotonic()
    body = b'{"query": "{ __typename }"}'
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["data"] == {"__typename": "Query"}
    return time.monotonic() - began


@pytest.mark.parametrize("first", [b"", HEAD, SOCKET + b"x: "], ids=["silent", "half-headed", "socket"])
def test_more_connections_than_descriptors_stop_no_friendly_client(
    small: tuple[psutil.Process, int, Path], first: bytes
) -> None:
    process, port, log = small
    before, logged = cpu_seconds(process), len(log.read_text())
    with contextlib.ExitStack() as clients:
        for index in range(2 * DESCRIPTORS):
            clients.enter_context(connection(port)).sendall(first)
            if index % 50 == 0:
                friendly_request(port)
        times = sorted(friendly_request(port) for _ in range(20))
        assert len(remote_ports(process)) <= CAP + 10
    # A request costs 2 ms and a connection a fraction of that; the busy loop took a second each second.
    assert cpu_seconds(process) - before < 1.5
    assert times[10] < 0.5
    lines = [json.loads(line) for line in log.read_text()[logged:].splitlines()]
    assert [line for line in lines if line["level"] != "info"] == []


def test_the_oldest_waiting_connection_makes_room_and_one_with_a_request_does_not(
    small: tuple[psutil.Process, int, Path],
) -> None:
    _, port, _ = small
    with contextlib.ExitStack() as clients:
        busy = clients.enter_context(connection(port))
        busy.sendall(events_stream(b"authorization: %s\r\n" % bearer(make_token())["authorization"].encode()))
        assert read_until(busy, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        oldest = clients.enter_context(connection(port))
        newer = [clients.enter_context(connection(port)) for _ in range(CAP)]
        assert read_all(oldest) == b""
        newer[-1].sendall(HEAD + b"\r\n")
        assert read_until(newer[-1], b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        busy.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                assert busy.recv(65536), "the stream was closed"


def test_without_room_a_new_client_is_told_to_wait(module_database_url: str) -> None:
    server = Server(module_database_url, APP_MAX_CONNECTIONS="3")
    try:
        server.wait()
        with contextlib.ExitStack() as clients:
            streams = [clients.enter_context(connection(server.port)) for _ in range(3)]
            for client in streams:
                client.sendall(events_stream())
                assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
            with connection(server.port) as client:
                answer = read_all(client)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 1" in head
            assert b"x-content-type-options: nosniff" in head
            assert json.loads(body)["errors"][0]["extensions"]["code"] == "OVERLOADED"
            streams[0].close()
            until(lambda: b" 404 " in ask_once(server.port), 5)
    finally:
        server.close()


def ask_once(port: int) -> bytes:
    with connection(port) as client:
        with contextlib.suppress(OSError):
            # Not health, which is told without room.
            client.sendall(HEAD.replace(b"livez", b"none") + b"connection: close\r\n\r\n")
        return read_all(client)


def test_without_descriptors_the_server_says_so_once_a_second_and_goes_on_later(
    small: tuple[psutil.Process, int, Path],
) -> None:
    process, port, log = small
    used = process.num_fds()
    limits = process.rlimit(psutil.RLIMIT_NOFILE)
    before, began = cpu_seconds(process), time.monotonic()
    with contextlib.ExitStack() as clients:
        process.rlimit(psutil.RLIMIT_NOFILE, (used, limits[1]))
        try:
            for _ in range(100):
                clients.enter_context(connection(port))
            until(lambda: "cannot accept connections" in log.read_text(), 10)
            # The time over which CPU and lines are counted.
            time.sleep(2)
        finally:
            process.rlimit(psutil.RLIMIT_NOFILE, limits)
        seconds = time.monotonic() - began
        assert cpu_seconds(process) - before < 0.5
        assert friendly_request(port) < 5
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert 1 <= sum("cannot accept" in line["message"] for line in lines) <= seconds + 1


def test_the_cap_follows_from_the_limit_of_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, 1_024))
    assert max_connections(EngineSettings()) == 1_024 - 100 - 32
    assert max_connections(EngineSettings(max_connections=5)) == 5
    with pytest.raises(ConfigurationError, match="leaves room for 892 connections"):
        max_connections(EngineSettings(max_connections=893))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    with pytest.raises(ConfigurationError, match="leaves room for 0 connections"):
        max_connections(EngineSettings())
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, soft))
    assert max_connections(EngineSettings()) == 10_000
