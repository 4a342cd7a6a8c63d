"""Pipelined requests of one client are all answered, and a broken request takes no answer from the others."""

import json
import re
import threading
from collections.abc import Iterator

import psutil
import pytest

from tests.support.raw_http import HEAD, connection, cpu_seconds, read_all, read_until, until
from tests.support.server import Server, serving

REQUEST = HEAD + b"\r\n"
LAST = HEAD + b"connection: close\r\n\r\n"
BROKEN = b"nonsense\r\n\r\n"


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    with serving(module_database_url) as server:
        yield server


def post(query: str, accept: str = "application/json") -> bytes:
    body = json.dumps({"query": query}).encode()
    return (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"accept: %s\r\ncontent-length: %d\r\n\r\n%s" % (accept.encode(), len(body), body)
    )


def statuses(server: Server, data: bytes) -> list[int]:
    """The statuses of all answers until the server closes."""
    with connection(server.port) as client:
        # The server may read on only when its answers are read.
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        answer = read_all(client)
        sender.join()
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answer)]


@pytest.mark.parametrize("number", [50, 51, 55, 3_000])
def test_all_requests_of_one_write_are_answered(server: Server, number: int) -> None:
    assert statuses(server, REQUEST * number + LAST) == [200] * (number + 1)


def test_requests_with_bodies_are_answered_in_order(server: Server) -> None:
    requests = b"".join(post(f"{{ a{index}: __typename }}") for index in range(300))
    with connection(server.port) as client:
        client.sendall(requests + LAST)
        answer = read_all(client)
    assert re.findall(rb'"a(\d+)":', answer) == [b"%d" % index for index in range(300)]


def test_a_client_that_reads_nothing_is_not_read_either(server: Server) -> None:
    """The requests come behind one that takes its time. The server neither keeps nor answers them."""
    process = psutil.Process(server.process.pid)
    with connection(server.port) as client:
        client.sendall(post("subscription { events { position } }", "text/event-stream"))
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        client.settimeout(1)
        before = process.memory_info().rss, cpu_seconds(process)
        with pytest.raises(TimeoutError):
            client.sendall(REQUEST * 1_000_000)
        assert process.memory_info().rss - before[0] < 8_000_000
        assert cpu_seconds(process) - before[1] < 0.2


def test_a_stream_with_requests_behind_it_ends_with_its_client(server: Server) -> None:
    def running() -> int:
        with connection(server.port) as client:
            client.sendall(LAST.replace(b"/livez", b"/metrics"))
            return int(re.findall(rb"\napp_feed_subscribers (\d+)", read_all(client))[0])

    before = running()
    with connection(server.port) as client:
        client.sendall(post("subscription { events { position } }", "text/event-stream") + REQUEST)
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        until(lambda: running() == before + 1, 10)
    until(lambda: running() == before, 10)


@pytest.mark.parametrize("number", [1, 2, 50, 200])
@pytest.mark.parametrize(
    "broken", [BROKEN, REQUEST.replace(b"host: localhost\r\n", b""), post("{").partition(b"\r\n\r\n")[0]],
    ids=["no request", "no host", "no end"],
)  # fmt: skip
def test_a_broken_request_takes_no_answer_from_those_before_it(
    server: Server, number: int, broken: bytes
) -> None:
    answered = statuses(server, REQUEST * number + broken + b"\n\n" + REQUEST)
    assert answered[:number] == [200] * number
    assert answered[number:] in ([], [400])


def test_a_broken_body_takes_no_answer_from_those_before_it(server: Server) -> None:
    head = post("{").partition(b"content-length")[0]
    for number in (1, 2, 100):
        assert (
            statuses(server, REQUEST * number + head + b"transfer-encoding: chunked\r\n\r\nzz\r\n")
            == [200] * number
        )
