"""An upgrade that the server does not know is ignored: the body of its request is no second request."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.support.raw_http import HEAD, SOCKET, connection, read_all, read_until
from tests.support.server import Server, serving

SMUGGLED = HEAD + b"x-actor: someone-else\r\n\r\n"
QUERY = b'{"query": "{ __typename }"}'
UPGRADES = {
    "h2c, as Java asks": (
        b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n"
    ),
    "of an unknown kind": b"connection: upgrade\r\nupgrade: foo\r\n",
    "one of several": b"connection: upgrade\r\nupgrade: websocket, h2c\r\n",
    "in several headers": b"upgrade: websocket\r\nconnection: keep-alive\r\nupgrade: foo\r\nconnection: UPGRADE\r\n",
}
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    with serving(module_database_url, APP_MAX_HEADERS="20") as server:
        yield server


def post(upgrade: bytes, version: bytes = b"1.1") -> bytes:
    """A request up to the header that says how long its body is."""
    return (
        b"POST /graphql HTTP/%s\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"accept: application/json\r\n" % version
    ) + upgrade


def with_length(body: bytes) -> bytes:
    return b"content-length: %d\r\n\r\n%s" % (len(body), body)


def chunked(body: bytes) -> bytes:
    return CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answer)]


def exchange(server: Server, *parts: bytes) -> list[int]:
    """The statuses of all answers. Each part but the first is sent after the server has asked for it."""
    with connection(server.port) as client:
        answer = b""
        for part in parts[:-1]:
            client.sendall(part)
            answer += read_until(client, b"100 Continue\r\n\r\n")
        client.sendall(parts[-1])
        return statuses(answer + read_all(client))


LAST = HEAD + b"connection: close\r\n\r\n"


@pytest.mark.parametrize("form", [with_length, chunked])
@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)
def test_a_body_that_comes_after_an_ignored_upgrade_is_no_request(
    server: Server, upgrade: bytes, form: type[bytes]
) -> None:
    head, _, body = form(SMUGGLED).partition(b"\r\n\r\n")
    request = post(upgrade) + b"expect: 100-continue\r\n" + head + b"\r\n\r\n"
    assert exchange(server, request, body + LAST) == [100, 400, 200]


@pytest.mark.parametrize("form", [with_length, chunked])
@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)
def test_a_request_with_an_ignored_upgrade_is_answered_and_so_are_those_behind_it(
    server: Server, upgrade: bytes, form: type[bytes]
) -> None:
    request = post(upgrade) + form(QUERY)
    assert exchange(server, request * 3 + LAST) == [200, 200, 200, 200]


def test_a_large_body_after_an_ignored_upgrade_is_read_in_full(server: Server) -> None:
    body = json.dumps({"query": "{ __typename }", "variables": {"x": "a" * 200_000}}).encode()
    assert exchange(server, post(UPGRADES["h2c, as Java asks"]) + with_length(body) + LAST) == [200, 200]


@pytest.mark.parametrize("name", ["upgrade: websocket", "upgrade: foo"])
def test_the_old_version_has_no_upgrade(server: Server, name: str) -> None:
    upgrade = b"connection: upgrade\r\n%s\r\n" % name.encode()
    assert exchange(server, post(upgrade, b"1.0") + with_length(SMUGGLED) + SMUGGLED) == [400]
    assert exchange(server, post(upgrade, b"1.0") + with_length(QUERY) + SMUGGLED) == [200]


@pytest.mark.parametrize(
    "request_", [
        SOCKET + with_length(SMUGGLED),
        SOCKET + chunked(SMUGGLED),
        SOCKET.replace(b"GET", b"POST", 1) + with_length(SMUGGLED),
        SOCKET.replace(b"GET", b"POST", 1) + b"\r\n" + SMUGGLED,
        b"CONNECT localhost:80 HTTP/1.1\r\nhost: localhost:80\r\n" + with_length(SMUGGLED),
        b"CONNECT /graphql HTTP/1.1\r\nhost: localhost\r\n" + with_length(SMUGGLED),
        post(UPGRADES["of an unknown kind"]) + b"transfer-encoding: gzip\r\n\r\n" + SMUGGLED,
        post(UPGRADES["of an unknown kind"]) + b"content-length: 1\r\n" + CHUNKED + SMUGGLED,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED,
    ],
    ids=["length", "chunks", "post", "post without a body", "connect", "connect to a path", "coding", "two lengths", "h2"],
)  # fmt: skip
def test_what_cannot_be_ignored_safely_is_refused_and_ends_the_connection(
    server: Server, request_: bytes
) -> None:
    assert exchange(server, request_ + SMUGGLED) == [400]


def test_the_bounds_and_the_guard_hold_for_a_request_with_an_ignored_upgrade(server: Server) -> None:
    for upgrade in UPGRADES.values():
        request = post(upgrade)
        assert exchange(
            server, request.replace(b"localhost", b"evil.example") + with_length(QUERY) + LAST
        ) == [
            421,
            200,
        ]
        assert exchange(server, request + b"origin: http://evil.example\r\n" + with_length(QUERY) + LAST) == [
            403,
            200,
        ]
        assert exchange(server, request + b"host: localhost\r\n" + with_length(QUERY) + LAST) == [400]
        assert exchange(server, request + b"x: a\r\n" * 20 + with_length(QUERY) + LAST) == [431]
        assert exchange(server, request + with_length(b"a" * 500_000) + LAST) == [413, 200]


def test_frames_that_arrive_with_the_request_for_a_socket_are_read(server: Server) -> None:
    init = b'{"type": "connection_init"}'
    frame = bytes([0x81, 0x80 | len(init)]) + bytes(4) + init
    with connection(server.port) as client:
        client.sendall(SOCKET + b"\r\n" + frame)
        answer = read_until(client, b"connection_ack")
    assert answer.startswith(b"HTTP/1.1 101 ")
