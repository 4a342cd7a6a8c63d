"""An issuer of tokens for tests: OIDC discovery and keys over HTTP, with rotation, an outage and answers that hang."""

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast, override

from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from tests.support.tokens import AUDIENCE, make_token

ALGORITHMS = ("RS256", "ES256", "Ed25519", "EdDSA")


def new_key(algorithm: str, key_id: str) -> Key:
    """A private key for an algorithm."""
    match algorithm:
        case "RS256":
            return RSAKey.generate_key(2048, {"kid": key_id})
        case "ES256":
            return ECKey.generate_key("P-256", {"kid": key_id})
        case _:
            return OKPKey.generate_key("Ed25519", {"kid": key_id})


class Issuer:
    """A running issuer. What it answers can be changed at any moment."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys = {"ES256": new_key("ES256", "es-1")}
        self.name = url
        """What it calls itself."""
        self.jwks_uri = f"{url}/keys"
        self.is_out = False
        """Whether each answer is an error."""
        self.answering = threading.Event()
        """Requests hang while it is not set."""
        self.answering.set()
        self.asked: list[str] = []
        """The paths that were asked for."""
        self.answered = threading.Condition()
        self.token_seconds = 3600.0
        """How long a token lives that a program gets at `/token`."""
        self.extra: dict[str, object] = {}
        """What the document with the keys has besides them."""

    def rotate(self, key_id: str, algorithm: str = "ES256") -> None:
        """Sign with another key, and forget the one before."""
        self.keys[algorithm] = new_key(algorithm, key_id)

    def token(self, algorithm: str = "ES256", **claims: Any) -> str:
        """A token of this issuer for the audience of the tests."""
        return make_token(self.keys[algorithm], algorithm, **({"iss": self.name} | claims))

    def environment(self) -> dict[str, str]:
        """The settings of a server that takes its tokens."""
        return {"APP_ISSUER": self.url, "APP_AUDIENCE": AUDIENCE, "APP_TOKEN_LEEWAY_SECONDS": "0"}

    def wait_until_asked(self, times: int) -> None:
        """Return when so many documents were asked for."""
        with self.answered:
            assert self.answered.wait_for(lambda: len(self.asked) >= times, 20)

    def answer(self, path: str) -> tuple[int, bytes]:
        with self.answered:
            self.asked.append(path)
            self.answered.notify_all()
        self.answering.wait(20)
        if self.is_out:
            return 503, b"out of order"
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps({"issuer": self.name, "jwks_uri": self.jwks_uri}).encode()
        if path == "/keys":
            listed = [key.as_dict(private=False) for key in self.keys.values()]
            return 200, json.dumps({"keys": listed, **self.extra}).encode()
        if path == "/moved":
            return 302, b"moved to /keys"
        if path == "/token":
            token = self.token(exp=time.time() + self.token_seconds)
            return 200, json.dumps({"access_token": token, "token_type": "Bearer"}).encode()
        return 404, b"not here"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = cast("_Server", self.server).issuer.answer(self.path)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if status == 302:
            self.send_header("location", "/keys")
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            # The server has given up.
            self.close_connection = True

    @override
    def log_message(self, format: str, *args: Any) -> None:
        del format, args


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    issuer: Issuer

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address


@contextmanager
def run_issuer() -> Generator[Issuer]:
    """An issuer on a free port of this machine."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.issuer
        finally:
            server.issuer.answering.set()
            server.shutdown()
            thread.join()
