"""Every HTTP response has the security headers, with any status."""

import httpx2
import pytest

from app.engine.application import Application
from app.engine.database.connections import Database
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings
from tests.support.raw_http import HEAD, SOCKET, connection, read_all, read_until
from tests.support.server import Server

APPLICATION = Application(settings=EngineSettings)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/graphql", 200),
        ("POST", "/graphql", 415),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nowhere", 404),
        ("OPTIONS", "/graphql", 200),
    ],
)
async def test_every_response_has_the_security_headers(
    database: Database, method: str, path: str, status: int
) -> None:
    settings = EngineSettings(database_url=database.url, allowed_origins=("https://shop.example",))
    runtime = Runtime(APPLICATION, settings, database)
    headers = {
        "accept": "text/html",
        "origin": "https://shop.example",
        "access-control-request-method": "POST",
    }
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with runtime.run(), httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        response = await client.request(method, path, headers=headers)
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
    assert ("content-security-policy" in response.headers) == ((method, path) == ("GET", "/graphql"))


async def test_an_error_that_nothing_catches_has_them_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(APPLICATION, EngineSettings(database_url=database.url), database)

    def broken() -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(runtime.metrics, "render", broken)
    transport = httpx2.ASGITransport(app=create_app(runtime), raise_app_exceptions=False)
    async with runtime.run(), httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        response = await client.get("/metrics")
    assert response.status_code == 500
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (SOCKET + b"\r\n", 101),
        (SOCKET.replace(b"sec-websocket-key", b"x") + b"\r\n", 400),
        (SOCKET.replace(b"/graphql", b"/nowhere") + b"\r\n", 403),
        (SOCKET + b"origin: https://evil.example\r\n\r\n", 403),
        (SOCKET.replace(b"localhost", b"evil.example") + b"\r\n", 421),
        (b"nonsense\r\n\r\n", 400),
        (HEAD.replace(b"livez", b"nowhere") + b"connection: close\r\n\r\n", 404),
        (HEAD.replace(b"GET", b"DELETE") + b"connection: close\r\n\r\n", 405),
    ],
)
def test_an_answer_of_the_protocol_has_them_too(module_server: Server, data: bytes, status: int) -> None:
    with connection(module_server.port) as client:
        client.sendall(data)
        answer = read_until(client, b"\r\n\r\n") if status == 101 else read_all(client)
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 %d " % status), answer
    for line in (
        b"x-content-type-options: nosniff",
        b"referrer-policy: no-referrer",
        b"x-frame-options: deny",
        b"cross-origin-resource-policy: same-origin",
    ):
        assert head.count(line) == 1, head
