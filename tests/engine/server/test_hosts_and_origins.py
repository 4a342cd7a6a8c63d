"""A request for another host or from a page of another site is refused before anything else looks at it."""

import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from app.engine.errors import ConfigurationError
from app.engine.hosts import (
    MAX_ADDRESS_LENGTH,
    _is_loopback,  # pyright: ignore[reportPrivateUsage] - its cache has to be bounded
    is_allowed_host,
    is_allowed_origin,
    is_local_caller,
    is_loopback_address,
    network_of,
    normalize_origin,
)
from app.engine.server.serve import check_hosts
from app.engine.settings import EngineSettings
from tests.support.cli import assert_user_error, invoke, run
from tests.support.raw_http import read_until
from tests.support.server import Server

ORIGIN = "https://page.example"
QUERY = '{"query": "{ __typename }"}'
STREAM = '{"query": "subscription { events { position } }"}'


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    server = Server(
        module_database_url,
        APP_ALLOWED_ORIGINS=json.dumps([ORIGIN]),
        APP_ALLOWED_HOSTS='["shop.example", "ported.example:8443"]',
    )
    try:
        yield server.wait()
    finally:
        server.close()


def ask(
    server: Server, method: str = "POST", path: str = "/graphql", body: str = QUERY, **headers: str
) -> tuple[int, bytes, bytes]:
    """The status, the head and the first bytes of the body of one answer. Headers replace those of a usual request."""
    given = {"host": "localhost", "content-type": "application/json", "content-length": str(len(body))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as client:
        client.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode())
        head_bytes, _, rest = read_until(client, b"\r\n\r\n").partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head_bytes, re.IGNORECASE)
        while length and len(rest) < int(length[1]):
            data = client.recv(65536)
            assert data, rest
            rest += data
    return int(head_bytes.split(b" ")[1]), head_bytes.lower(), rest


KINDS: Mapping[str, dict[str, str]] = {
    "request": {},
    "get": {"method": "GET", "body": ""},
    "health": {"method": "GET", "path": "/readyz", "body": ""},
    "metrics": {"method": "GET", "path": "/metrics", "body": ""},
    "page": {"method": "GET", "accept": "text/html", "body": ""},
    "missing": {"method": "GET", "path": "/nowhere", "body": ""},
    "preflight": {"method": "OPTIONS", "access_control_request_method": "POST", "body": ""},
    "stream": {"accept": "text/event-stream", "body": STREAM},
    "stream by get": {
        "method": "GET",
        "path": "/graphql?query=subscription%7Bevents%7Bposition%7D%7D",
        "accept": "text/event-stream",
        "body": "",
    },
    "socket": {
        "method": "GET",
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec_websocket_version": "13",
        "sec_websocket_key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "sec_websocket_protocol": "graphql-transport-ws",
        "body": "",
    },
}


def assert_refused(answer: tuple[int, bytes, bytes], status: int) -> None:
    assert answer[0] == status, answer
    assert json.loads(answer[2])["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert b"content-type: application/json\r\n" in answer[1] + b"\r\n"
    assert b"x-content-type-options: nosniff" in answer[1]
    assert b"access-control-allow-origin" not in answer[1]


@pytest.mark.parametrize("kind", KINDS)
def test_another_host_is_refused_for_every_path(server: Server, kind: str) -> None:
    for host in (
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
    ):
        assert_refused(ask(server, **{**KINDS[kind], "host": host, "origin": f"http://{host}"}), 421)
        assert_refused(ask(server, **{**KINDS[kind], "host": host}), 421)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_of_another_origin_is_refused_for_every_path(server: Server, kind: str) -> None:
    for origin in (
        "https://evil.example",
        "null",
        "http://localhost:1",
        "https://page.example.evil.example",
        "x",
    ):
        assert_refused(ask(server, **{**KINDS[kind], "origin": origin}), 403)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"page"}))
def test_a_request_that_a_browser_calls_cross_site_is_refused_without_an_origin(
    server: Server, kind: str
) -> None:
    for site in ("cross-site", "same-site"):
        assert_refused(
            ask(server, **{**KINDS[kind], "sec_fetch_site": site, "sec_fetch_mode": "no-cors"}), 403
        )


def test_a_link_from_another_site_opens_the_page_and_no_stream(server: Server) -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert ask(server, **KINDS["page"], **link)[0] == 200
    for accept in ("text/event-stream", "text/html\r\naccept: text/event-stream"):
        assert_refused(ask(server, **{**KINDS["stream by get"], "accept": accept}, **link), 403)
    assert_refused(ask(server, **KINDS["page"], **{**link, "sec_fetch_dest": "iframe"}), 403)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:{port}", "http://localhost:{port}"),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}"),
        ("[::1]:{port}", None),
        ("shop.localhost", "http://shop.localhost"),
        ("LOCALHOST.", None),
        ("shop.example", "https://shop.example"),
        ("shop.example:443", "https://shop.example"),
        ("ported.example:8443", ORIGIN),
    ],
)
def test_own_names_and_listed_hosts_and_origins_are_served(
    server: Server, host: str, origin: str | None
) -> None:
    headers = {"host": host.format(port=server.port)}
    if origin is not None:
        headers |= {"origin": origin.format(port=server.port), "sec_fetch_site": "cross-site"}
    assert ask(server, **headers)[0] == 200
    assert ask(server, **KINDS["socket"], **headers)[0] == 101
    assert ask(server, **KINDS["stream"], **headers)[0] == 200


def test_a_page_of_a_listed_origin_can_read_when_to_repeat_and_why_a_token_was_refused(
    server: Server,
) -> None:
    _, head, _ = ask(server, origin=ORIGIN, sec_fetch_site="cross-site")
    assert b"\r\naccess-control-expose-headers: retry-after, www-authenticate\r\n" in head


def test_a_redirect_names_no_scheme_and_no_host_since_a_proxy_may_end_tls(server: Server) -> None:
    asked = {"method": "GET", "body": "", "host": "shop.example"}
    for headers in ({}, {"x_forwarded_proto": "https", "x_forwarded_for": "10.0.0.1"}):
        status, head, _ = ask(server, path="/graphql/?query=%7Bposition%7D", **asked, **headers)
        assert (status, b"\r\nlocation: /graphql?query=%7bposition%7d\r\n" in head) == (307, True), head
    assert ask(server, path="/livez/", **asked)[0] == 307
    for path in ("/", "/nowhere/", "//nowhere/", "//evil.example//graphql/"):
        assert ask(server, path=path, **asked)[0] == 404


def test_a_listed_port_is_the_only_one() -> None:
    assert is_allowed_host("ported.example:8443", ("ported.example:8443",))
    assert not is_allowed_host("ported.example:80", ("ported.example:8443",))
    assert not is_allowed_host("ported.example", ("ported.example:8443",))


@pytest.mark.parametrize(
    "host",
    ["", " ", "a b", "user@localhost", "localhost/x", "localhost:99999999", "[::1", "localhost,evil", "*"],
)
def test_what_is_no_host_is_no_loopback_name(host: str) -> None:
    assert not is_allowed_host(host, ())


def test_origins_are_compared_without_case_and_default_ports() -> None:
    assert normalize_origin("HTTPS://Shop.Example:443") == "https://shop.example"
    assert normalize_origin("https://shop.example/") is None
    assert is_allowed_origin("http://shop.example", "SHOP.example:80", ())
    assert not is_allowed_origin("http://shop.example:8080", "shop.example", ())


@pytest.mark.parametrize(
    ("headers", "client", "expected"),
    [
        ({}, "127.0.0.1", True),
        ({}, "::1", True),
        ({}, "10.0.0.1", False),
        ({}, None, False),
        ({"host": "shop.example"}, "127.0.0.1", False),
        *(
            ({name: "127.0.0.1"}, "127.0.0.1", False)
            for name in (
                "forwarded",
                "via",
                "x-real-ip",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded",
                "x-envoy-expected-rq-timeout-ms",
                "x-original-to",
                "x-original-url",
                "x-varnish",
                "cf-connecting-ip",
                "cf-visitor",
                "fastly-client",
            )
        ),
    ],
)
def test_the_actor_is_taken_from_a_caller_on_this_machine_only(
    headers: dict[str, Any], client: str | None, expected: bool
) -> None:
    headers = {"host": "localhost:8000"} | headers
    assert is_local_caller(headers, client, "1.1") is expected
    assert not is_local_caller(headers, client, "1.0")


def test_a_server_in_development_with_a_public_name_logs_one_warning(server: Server) -> None:
    [warning] = [line for line in server.output().splitlines() if " WARNING " in line]
    assert "APP_ALLOWED_HOSTS names shop.example" in warning


@pytest.mark.parametrize(
    "value", ['["*"]', '["https://*.example"]', '["shop.example"]', '["https://a/b"]', '["null"]']
)
def test_an_origin_that_allows_more_than_one_site_is_refused_at_the_start(value: str) -> None:
    assert_user_error(invoke("serve", APP_ALLOWED_ORIGINS=value), "APP_ALLOWED_ORIGINS")


@pytest.mark.parametrize("value", ['["*"]', '["*.example"]', '["https://shop.example"]', '[""]'])
def test_a_pattern_of_hosts_is_refused_at_the_start(value: str) -> None:
    assert_user_error(invoke("serve", APP_ALLOWED_HOSTS=value), "APP_ALLOWED_HOSTS")


def test_a_server_in_production_that_others_can_reach_names_its_hosts() -> None:
    with pytest.raises(ConfigurationError, match=r"^setting APP_ALLOWED_HOSTS is empty"):
        check_hosts(EngineSettings(mode="production", host="0.0.0.0"))
    for host, hosts in (("127.0.0.1", ()), ("::1", ()), ("0.0.0.0", ("shop.example",))):
        check_hosts(EngineSettings(mode="production", host=host, allowed_hosts=hosts))
    check_hosts(EngineSettings(host="0.0.0.0"))


def test_a_refusal_to_start_in_production_is_one_line_of_json() -> None:
    result = run(
        "serve", APP_MODE="production", APP_HOST="0.0.0.0", DATABASE_URL="postgresql://localhost/shop"
    )
    [line] = result.stderr.splitlines()
    assert (result.returncode, json.loads(line)["level"]) == (2, "error")
    assert "APP_ALLOWED_HOSTS" in json.loads(line)["message"]


def test_a_text_that_is_too_long_for_an_address_is_not_remembered() -> None:
    known = _is_loopback.cache_info().currsize
    assert not is_loopback_address("9" * (MAX_ADDRESS_LENGTH + 1))
    assert _is_loopback.cache_info().currsize == known
    assert (is_loopback_address("127.8.9.1"), is_loopback_address("128.8.9.1")) == (True, False)


def test_one_address_is_one_of_ipv4_or_one_network_of_ipv6() -> None:
    assert network_of("192.0.2.1") == network_of("::ffff:192.0.2.1") != network_of("192.0.2.2")
    assert network_of("::ffff:192.0.2.1") != network_of("::ffff:192.0.2.2")
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1:2:3") != network_of("2001:db8:0:1::1")
    assert network_of("fe80::1%eth0") == network_of("fe80::2")
    for text in ("", "testclient", "no:address", "::1" * MAX_ADDRESS_LENGTH):
        assert network_of(text) == text
