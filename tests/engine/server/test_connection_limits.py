"""All that a client sends before a complete request has bounds.

A client that exceeds them does not disturb a friendly client.
"""

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.support.raw_http import (
    HEAD,
    SOCKET,
    connection,
    cpu_seconds,
    read_all,
    read_until,
    remote_ports,
    until,
)
from tests.support.server import Server, serving

HEADER_SECONDS = 1.0
IDLE_SECONDS = 1.5
HEADER_BYTES = 8_192
URL_BYTES = 2_048
MAX_HEADERS = 40


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    with serving(
        module_database_url,
        APP_HEADER_TIMEOUT_SECONDS=str(HEADER_SECONDS),
        APP_IDLE_TIMEOUT_SECONDS=str(IDLE_SECONDS),
        APP_MAX_HEADER_BYTES=str(HEADER_BYTES),
        APP_MAX_URL_BYTES=str(URL_BYTES),
        APP_MAX_HEADERS=str(MAX_HEADERS),
    ) as server:
        yield server


def answer_to(server: Server, data: bytes, *, half_close: bool = False) -> tuple[int, bytes]:
    """The status and the whole first answer."""
    with connection(server.port) as client:
        client.sendall(data)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        answer = read_until(client, b"\r\n\r\n")
        status = int(answer.split(b" ")[1])
        if status >= 400:
            answer += read_all(client)
    return status, answer


def padding(number: int) -> bytes:
    return b"".join(b"x-%d: a\r\n" % index for index in range(number))


CASES: dict[str, tuple[bytes, int]] = {
    "one long header": (HEAD + b"x: " + b"a" * HEADER_BYTES + b"\r\n\r\n", 431),
    "one long header without an end": (HEAD + b"x: " + b"a" * HEADER_BYTES, 431),
    "one long name without an end": (HEAD + b"x" * 2 * HEADER_BYTES, 431),
    "many headers": (HEAD + padding(MAX_HEADERS) + b"\r\n", 431),
    "many headers without an end": (HEAD + padding(MAX_HEADERS + 1), 431),
    "many bytes in headers": (HEAD + (b"x: " + b"a" * 1_000 + b"\r\n") * 9 + b"\r\n", 431),
    "a long url": (b"GET /" + b"a" * URL_BYTES + b" HTTP/1.1\r\nhost: localhost\r\n\r\n", 414),
    "a long url without an end": (b"GET /" + b"a" * URL_BYTES, 414),
    "a long method": (b"G" * 2 * HEADER_BYTES, 400),
    "empty lines": (b"\r\n" * HEADER_BYTES, 431),
    "no host": (b"GET /livez HTTP/1.1\r\n\r\n", 400),
    "no host in the old version": (b"GET /livez HTTP/1.0\r\n\r\n", 400),
    "two hosts": (HEAD + b"host: localhost\r\n\r\n", 400),
    "two different hosts": (HEAD + b"host: evil.example\r\n\r\n", 400),
    "another host in the target": (b"GET http://evil.example/livez HTTP/1.1\r\nhost: localhost\r\n\r\n", 400),
    "a host that is none": (b"GET /livez HTTP/1.1\r\nhost: a b\r\n\r\n", 421),
    "no request": (b"\x16\x03\x01\x00\xa5\x01\x00\x00", 400),
    "long trailers": (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx: " + b"a" * 600_000,
        431,
    ),
    "long extensions of a chunk": (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"transfer-encoding: chunked\r\n\r\n2;" + b"a" * 600_000,
        431,
    ),
    "socket: a long header": (SOCKET + b"x: " + b"a" * HEADER_BYTES + b"\r\n\r\n", 431),
    "socket: a header over the limit of sockets": (SOCKET + b"x: " + b"a" * 8_000 + b"\r\n\r\n", 431),
    "socket: many headers": (SOCKET + padding(MAX_HEADERS) + b"\r\n", 431),
    "socket: no host": (SOCKET.replace(b"host: localhost\r\n", b"") + b"\r\n", 400),
    "socket: two hosts": (SOCKET + b"host: localhost\r\n\r\n", 400),
    "socket: a body": (SOCKET + b"content-length: 5\r\n\r\nhello", 400),
    "socket: another method": (SOCKET.replace(b"GET", b"POST", 1) + b"\r\n", 400),
    "socket: no key": (SOCKET.replace(b"sec-websocket-key", b"x") + b"\r\n", 400),
    "socket: another version": (SOCKET.replace(b": 13", b": 12") + b"\r\n", 400),
}


@pytest.mark.parametrize("half_close", [False, True], ids=["open", "half-closed"])
@pytest.mark.parametrize("name", CASES)
def test_each_bound_has_its_status_and_the_connection_ends(
    server: Server, name: str, half_close: bool
) -> None:
    data, expected = CASES[name]
    status, answer = answer_to(server, data, half_close=half_close)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status == expected, answer
    for header in (b"x-content-type-options: nosniff", b"x-frame-options: deny", b"connection: close"):
        assert header in head.lower() or (header, expected) == (b"connection: close", 421), answer
    if not name.startswith(("socket: no key", "socket: another version")):
        assert json.loads(body)["errors"][0]["extensions"]["code"] in ("BAD_USER_INPUT", "FORBIDDEN")


def test_what_is_within_the_bounds_is_answered(server: Server) -> None:
    for data in (
        HEAD + padding(MAX_HEADERS - 2) + b"\r\n",
        HEAD + b"x: " + b"a" * (HEADER_BYTES - 200) + b"\r\n\r\n",
        b"GET http://localhost/livez HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"\r\n\r\n" + HEAD + b"\r\n",
        HEAD + b"upgrade: h2c\r\nconnection: upgrade\r\n\r\n",
    ):
        assert answer_to(server, data)[0] == 200, data
    assert answer_to(server, SOCKET + b"x: " + b"a" * 6_000 + b"\r\n\r\n")[0] == 101
    url = b"/graphql?" + b"a" * (URL_BYTES - 10)
    assert answer_to(server, b"OPTIONS " + url + b" HTTP/1.1\r\nhost: localhost\r\n\r\n")[0] != 414


def test_a_request_before_a_broken_one_is_answered_and_the_broken_one_ends_the_connection(
    server: Server,
) -> None:
    with connection(server.port) as client:
        client.sendall(HEAD.replace(b"livez", b"readyz") + b"\r\nnonsense\r\n\r\n")
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "part", [HEAD, SOCKET, b"GET /", b"GET /livez HTTP/1.1\r\nx: "], ids=["plain", "socket", "url", "value"]
)
def test_a_header_that_drips_ends_at_its_limit(server: Server, part: bytes) -> None:
    began = time.monotonic()
    with connection(server.port) as client:
        client.sendall(part)
        client.settimeout(0.1)
        answer = b""
        while time.monotonic() - began < HEADER_SECONDS + 5:
            try:
                if not (data := client.recv(65536)):
                    break
                answer += data
            except TimeoutError:
                with contextlib.suppress(OSError):
                    client.sendall(b"a")
    assert answer.startswith(b"HTTP/1.1 408 "), answer
    assert time.monotonic() - began < HEADER_SECONDS + 4


@pytest.mark.parametrize(
    "first", [b"", b"\r\n", HEAD + b"\r\n"], ids=["silent", "empty line", "after a request"]
)
def test_an_idle_connection_is_closed_at_its_limit(server: Server, first: bytes) -> None:
    with connection(server.port) as client:
        client.sendall(first)
        began = time.monotonic()
        answer = read_all(client)
        assert IDLE_SECONDS - 0.5 < time.monotonic() - began < IDLE_SECONDS + 4
    assert answer.startswith(b"HTTP/1.1 200 ") == bool(first.strip())


def test_a_client_that_reads_no_answer_is_cut_off(server: Server) -> None:
    """Its answers fill the buffers; the connection goes although it never becomes writable."""
    process = psutil.Process(server.process.pid)
    with connection(server.port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(0.5)
        request = HEAD.replace(b"livez", b"metrics") + b"\r\n"
        with contextlib.suppress(OSError):
            while True:
                client.send(request * 20)
        local = client.getsockname()[1]
        until(lambda: local not in remote_ports(process), IDLE_SECONDS + 6)


def test_an_endless_header_costs_next_to_nothing(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    before = cpu_seconds(process)
    with connection(server.port) as client, contextlib.suppress(ConnectionError):
        client.sendall(HEAD + b"x: ")
        for _ in range(2_000):
            client.sendall(b"a" * 65_536)
    assert cpu_seconds(process) - before < 0.25
