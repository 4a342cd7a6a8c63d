"""Metrics and the reasons of health are for operators.

They have a port of their own, and are never on the public port in production.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from app.engine.errors import ConfigurationError
from app.engine.server.serve import check_ports
from app.engine.settings import EngineSettings
from tests.support.cli import run
from tests.support.ports import free_port
from tests.support.raw_http import HEAD, connection, events_stream, until
from tests.support.server import Server, serving


@pytest.fixture(scope="module")
def ports(module_database_url: str) -> Iterator[tuple[int, int]]:
    """The public port and the operations port of a server in production."""
    operations = free_port()
    with serving(module_database_url, APP_MODE="production", APP_OPERATIONS_PORT=str(operations)) as server:
        yield server.port, operations


def get(port: int, path: str, host: str = "localhost", address: str = "127.0.0.1") -> tuple[int, str]:
    request = urllib.request.Request(f"http://{address}:{port}{path}", headers={"host": host})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_public_port_answers_with_one_word(ports: tuple[int, int]) -> None:
    public, _ = ports
    assert get(public, "/livez") == (200, "alive")
    assert get(public, "/readyz") == (200, "ready")
    assert get(public, "/metrics")[0] == 404


def test_the_operations_port_has_the_detail_and_no_api(ports: tuple[int, int]) -> None:
    _, operations = ports
    status, body = get(operations, "/readyz")
    assert (status, json.loads(body)["errors"]) == (200, {})
    assert "app_ready 1.0" in get(operations, "/metrics")[1]
    assert get(operations, "/livez") == (200, "alive")
    assert get(operations, "/graphql")[0] == 404
    assert get(operations, "/readyz", host="evil.example")[0] == 421


def test_clients_cannot_take_the_room_of_an_operator(ports: tuple[int, int]) -> None:
    _, operations = ports
    waiting = [connection(operations) for _ in range(60)]
    opened = [client.__enter__() for client in waiting]
    for client in opened:
        client.sendall(HEAD)
    # The oldest that waits gives way, as soon as all of them are accepted. The limit of a header would end it after 10 s.
    # The page is not that of health, which has places of its own.
    until(lambda: get(operations, "/metrics")[0] == 200, 5)
    for client in waiting:
        client.__exit__(None, None, None)


def test_streams_that_take_all_connections_of_the_public_port_leave_the_operations_port_its_own(
    database_url: str,
) -> None:
    operations = free_port()
    with (
        serving(
            database_url,
            APP_MAX_CONNECTIONS="2",
            APP_OPERATIONS_PORT=str(operations),
            APP_OPERATIONS_HOST="127.0.0.2",
        ) as server,
        connection(server.port) as first,
        connection(server.port) as second,
    ):
        for client in (first, second):
            client.sendall(events_stream())
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert get(server.port, "/graphql")[0] == 503
        assert get(operations, "/metrics", address="127.0.0.2")[0] == 200
        with pytest.raises(ConnectionRefusedError), connection(operations):
            pass


@pytest.mark.parametrize(
    "hosts", [("10.0.0.1", "10.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0.0.0.0"), ("::", "::1")]
)
def test_the_operations_port_on_an_address_of_the_api_is_another_port(hosts: tuple[str, str]) -> None:
    host, operations_host = hosts
    with pytest.raises(ConfigurationError, match="APP_OPERATIONS_PORT is 9100"):
        check_ports(
            EngineSettings(host=host, port=9100, operations_host=operations_host, operations_port=9100)
        )
    check_ports(EngineSettings(host=host, port=8000, operations_host=operations_host, operations_port=9100))


def test_the_operations_port_on_another_address_may_be_the_port_of_the_api() -> None:
    check_ports(
        EngineSettings(host="127.0.0.1", port=9100, operations_host="127.0.0.2", operations_port=9100)
    )
    # 0 is no port.
    check_ports(EngineSettings(port=0, operations_port=0))


def test_in_development_one_port_has_all_and_an_operations_port_takes_it_away(database_url: str) -> None:
    operations = free_port()
    server = Server(database_url, APP_OPERATIONS_PORT=str(operations))
    try:
        server.wait()
        assert get(server.port, "/readyz") == (200, "ready")
        assert get(server.port, "/metrics")[0] == 404
        assert json.loads(get(operations, "/readyz")[1])["ready"] is True
        result = run("serve", "--port", "0", DATABASE_URL=database_url, APP_OPERATIONS_PORT=str(operations))
        assert result.returncode == 2
        assert f"cannot listen on 127.0.0.1:{operations}" in result.stderr
        assert "APP_OPERATIONS_PORT" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    finally:
        server.close()
