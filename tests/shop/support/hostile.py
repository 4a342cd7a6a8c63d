"""The hostile corpus: cases as data, and how each is sent. See the files of `tests/shop/hostile`.

A text is a string, or a list of strings and of `{"repeat": text, "times": n}`. In a repeated text {n} counts from 0,
and {m} from 1.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.engine.settings import ROOT
from tests.support.server import Server
from tests.support.websocket import PATIENCE, Socket, opened

FOLDER = ROOT / "tests" / "shop" / "hostile"


@dataclass(frozen=True)
class Case:
    """One case on one transport."""

    kind: str
    transport: str
    content: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.kind}, {self.transport}: {self.content['name']}"

    @property
    def expected(self) -> frozenset[object]:
        """The codes of errors that are right; else the statuses or close codes."""
        found = next(self.content[name] for name in ("code", "close", "status") if name in self.content)
        return frozenset(found if isinstance(found, list) else [found])


def read_cases() -> Sequence[Case]:
    return [
        Case(path.stem, transport, content)
        for path in sorted(FOLDER.glob("*.json"))
        for corpus in [json.loads(path.read_text())]
        for transport in corpus["over"]
        for content in corpus["cases"]
    ]


def build(text: Any) -> str:
    """A text of its parts."""
    parts = text if isinstance(text, list) else [text]
    return "".join(part if isinstance(part, str) else _repeat(part) for part in parts)


def _repeat(part: Mapping[str, Any]) -> str:
    text: str = part["repeat"]
    return "".join(text.replace("{n}", str(n)).replace("{m}", str(n + 1)) for n in range(part["times"]))


def _payload(case: Case) -> dict[str, Any]:
    return {"query": build(case.content["query"]), "variables": _built(case.content.get("variables", {}))}


def _built(value: Any) -> Any:
    """A value with its texts built. A list without a repetition is a list."""
    if isinstance(value, dict):
        return {name: _built(item) for name, item in value.items()}
    is_text = isinstance(value, list) and any(isinstance(part, dict) and "repeat" in part for part in value)
    return build(value) if is_text else value


class Attacker:
    """Sends cases to a server: each gets a code of an error, a status, or a close code."""

    def __init__(self, server: Server, client: httpx2.AsyncClient, socket: Socket) -> None:
        self._server = server
        self._client = client
        self._socket = socket
        self._numbers = count()

    async def send(self, case: Case) -> object:
        """What the case got, if that is not among what is right; else None."""
        async with asyncio.timeout(PATIENCE):
            outcome = await getattr(self, f"_send_{case.transport}")(case)
        found = outcome if isinstance(outcome, frozenset) else {str(outcome)}
        return None if found <= set(map(str, case.expected)) else outcome

    async def _send_post(self, case: Case) -> object:
        answer = await self._client.post("/graphql", content=json.dumps(_payload(case)))
        return _code(answer.json())

    async def _send_stream(self, case: Case) -> object:
        headers = {"accept": "text/event-stream"}
        answer = await self._client.post("/graphql", content=json.dumps(_payload(case)), headers=headers)
        if "event-stream" not in answer.headers["content-type"]:
            return _code(answer.json())
        data = [line.removeprefix("data:") for line in answer.text.splitlines() if line.startswith("data: ")]
        return _code(json.loads(data[0]))

    async def _send_socket(self, case: Case) -> object:
        identity = str(next(self._numbers))
        await self._socket.say({"id": identity, "type": "subscribe", "payload": _payload(case)})
        message = await self._socket.next(identity)
        if message["type"] == "next":
            assert (await self._socket.next(identity))["type"] == "complete"
            return _code(message["payload"])
        return _code({"errors": message["payload"]})

    async def _send_bytes(self, case: Case) -> object:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        try:
            writer.write(build(case.content["send"]).encode("latin-1"))
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = [line.partition(": ") for line in head.split("\r\n")[1:]]
            headers = {name.lower(): value for name, _, value in lines}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        finally:
            writer.transport.abort()
        status = int(head.split(" ")[1])
        statuses = case.content["status"]
        assert status in (statuses if isinstance(statuses, list) else [statuses]), (str(case), head, body)
        assert "x-content-type-options" in headers, head
        return _code(json.loads(body)) if "code" in case.content else status

    async def _send_messages(self, case: Case) -> object:
        """The code that the server closes with, or that of the first error."""
        async with connect(
            self._server.socket, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None
        ) as connection:
            try:
                if case.content["init"]:
                    await connection.send('{"type": "connection_init"}')
                for message in case.content["messages"]:
                    for text in _frames(message):
                        await connection.send(text)
                async for text in connection:
                    message = json.loads(text)
                    if message["type"] == "error":
                        return _code({"errors": message["payload"]})
                    if message["type"] == "next" and "errors" in message["payload"]:
                        return _code(message["payload"])
                    if message["type"] == "complete":
                        return "complete"
            except ConnectionClosed:
                pass
            return connection.close_code


def _frames(message: Any) -> Sequence[str | bytes]:
    if isinstance(message, list | str):
        return [build(message)]
    if "binary" in message:
        return [message["binary"].encode()]
    if "times" in message:
        return [json.dumps(message["message"]).replace("{n}", str(n)) for n in range(message["times"])]
    return [json.dumps(message)]


def _code(answer: Mapping[str, Any]) -> object:
    """The codes of the errors; the answer itself if it has none."""
    codes = {error["extensions"]["code"] for error in answer.get("errors") or ()}
    return frozenset(codes) or dict(answer)


@asynccontextmanager
async def attacker(server: Server) -> AsyncGenerator[Attacker]:
    headers = {"content-type": "application/json", "accept": "application/json"}
    async with (
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=PATIENCE
        ) as client,
        opened(server) as socket,
    ):
        yield Attacker(server, client, socket)
