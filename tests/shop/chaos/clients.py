"""Clients of the shop that write down what they sent and what they were answered. They are as patient as real ones.

A client that gets no answer sends the command again with the same id, to either server. Some give up, and never know.
"""

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from tests.chaos.history import (
    Accepted,
    Conflict,
    Fact,
    History,
    NotRecorded,
    Outcome,
    Read,
    Rejected,
    Unknown,
    Write,
)
from tests.shop.chaos.site import Node

SKUS = ("TEA", "JAM", "HONEY", "SALT")
PATIENCE_SECONDS = 8.0
"""A client waits so long for an answer, or for a sign of life of its socket."""
ATTEMPTS = 40

LOG = "query ($after: Position) { events(first: 100, after: $after) { nodes { position stream streamId version commandId causedBy } } }"


@dataclass(frozen=True)
class Mutation:
    """A field with the type of its input and of its accepted answer."""

    field: str
    input: str
    accepted: str

    @property
    def document(self) -> str:
        return (
            f"mutation ($input: {self.input}!, $options: CommandOptions) {{"
            f" answer: {self.field}(input: $input, options: $options) {{ __typename"
            f" ... on {self.accepted} {{ position version events {{ position version streamId }} }}"
            f" ... on Rejected {{ code }} ... on Conflict {{ actualVersion }} }} }}"
        )


REGISTER = Mutation("registerProduct", "RegisterProductInput", "ProductAccepted")
PRICE = Mutation("changePrice", "ChangePriceInput", "ProductAccepted")
RECEIVE = Mutation("receiveStock", "ReceiveStockInput", "ProductAccepted")
OPEN = Mutation("openOrder", "OpenOrderInput", "OrderAccepted")
ADD = Mutation("addLine", "OrderLineInput", "OrderAccepted")
QUANTITY = Mutation("changeQuantity", "OrderLineInput", "OrderAccepted")
PLACE = Mutation("placeOrder", "OrderRefInput", "OrderAccepted")
CANCEL = Mutation("cancelOrder", "CancelOrderInput", "OrderAccepted")

READS: Mapping[str, str] = {
    "product": "query ($key: Sku!, $p: Position) { row: product(sku: $key, minPosition: $p) { version } }",
    "order": "query ($key: UUID!, $p: Position) { row: order(id: $key, minPosition: $p) { version } }",
}
NOT_RECORDED = ("OVERLOADED", "UNAVAILABLE")
"""Codes of errors that say that nothing was recorded."""
EXPECTED_ERRORS = (*NOT_RECORDED, "TIMEOUT", "STALE_READ", "LOG_REPLACED")


@dataclass
class Shop:
    """All clients of one run. `wish` is what they shall do at the moment: everything, or only finish."""

    nodes: Sequence[Node]
    random: Random
    http: httpx2.AsyncClient
    history: History = field(default_factory=History)
    streams: dict[str, str] = field(default_factory=dict[str, str])
    """The stream of each SKU, as the answers name it."""
    closing: bool = False
    counts: Counter[str] = field(default_factory=Counter[str])
    """What happened, for the timeline."""
    unexpected: list[str] = field(default_factory=list[str])
    """Errors that no client should ever see."""
    placed: list[str] = field(default_factory=list[str])
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    """The newest log token that each client has."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    # --- One request ---

    async def ask(
        self, node: Node, document: str, *, client: str | None = None, **variables: Any
    ) -> Mapping[str, Any]:
        """The answer to one request. Raises what the transport raises, also for an answer that is no GraphQL.

        A `client` sends back the log token that it got with its last answer.
        """
        request = {"query": document, "variables": variables}
        if token := self.tokens.get(client or ""):
            request["extensions"] = {"logToken": token}
        answer = (await self.http.post(node.url, json=request)).json()
        if client is not None and (token := answer.get("extensions", {}).get("logToken")):
            self.tokens[client] = token
        return answer

    async def write(
        self,
        client: str,
        mutation: Mutation,
        stream: str,
        command_id: str,
        expected: int | None,
        **given: Any,
    ) -> Outcome:
        """Send one command until it is answered, or until this client gives up."""
        gives_up = self.random.random() < 0.1
        for _ in range(ATTEMPTS):
            outcome = await self._attempt(client, mutation, stream, command_id, expected, given)
            if not isinstance(outcome, Unknown | NotRecorded) or gives_up:
                return outcome
            await asyncio.sleep(self.random.uniform(0.05, 1))
        return outcome  # pyright: ignore[reportPossiblyUnboundVariable]

    async def _attempt(
        self,
        client: str,
        mutation: Mutation,
        stream: str,
        command_id: str,
        expected: int | None,
        given: Mapping[str, Any],
    ) -> Outcome:
        node, sent = self.random.choice(self.nodes), self.now()
        options = {"commandId": command_id, "expectedVersion": expected}
        try:
            answer = await self.ask(node, mutation.document, input=given, options=options)
            outcome = self._outcome(answer)
        except httpx2.ConnectError:
            outcome = NotRecorded("no connection")
        except (httpx2.TransportError, json.JSONDecodeError) as error:
            outcome = Unknown(type(error).__name__)
        self.counts[type(outcome).__name__] += 1
        self.history.writes.append(Write(client, stream, command_id, expected, sent, self.now(), outcome))
        return outcome

    def _outcome(self, answer: Mapping[str, Any]) -> Outcome:
        if errors := answer.get("errors"):
            code = self.error_code(errors)
            return NotRecorded(code) if code in NOT_RECORDED else Unknown(code)
        match answer["data"]["answer"]:
            case {"__typename": "Rejected", "code": code}:
                return Rejected(code)
            case {"__typename": "Conflict", "actualVersion": actual}:
                return Conflict(actual)
            case {"position": position, "version": version, "events": events}:
                told = tuple((int(event["position"]), int(event["version"])) for event in events)
                return Accepted(version, int(position), told)
            case other:
                raise AssertionError(other)

    def error_code(self, errors: Sequence[Mapping[str, Any]]) -> str:
        code = str(errors[0].get("extensions", {}).get("code"))
        self.counts[code] += 1
        if code not in EXPECTED_ERRORS:
            self.unexpected.append(f"{code}: {errors[0].get('message')}")
        return code

    async def read(self, session: str, node: Node, stream: str, key: str, min_position: int | None) -> int:
        """One read; the position that the answer is at, 0 if there was none. A log that went back is read from its start."""
        sent = self.now()
        wanted = None if min_position is None else str(min_position)
        try:
            answer = await self.ask(node, READS[stream.partition("/")[0]], client=session, key=key, p=wanted)
        except (httpx2.TransportError, json.JSONDecodeError):
            self.counts["reads without an answer"] += 1
            return 0
        if errors := answer.get("errors"):
            if self.error_code(errors) == "LOG_REPLACED":
                self.tokens.pop(session, None)
            return 0
        row = answer["data"]["row"]
        position = int(answer["extensions"]["position"])
        # With `head` the position is the answer's own, else it is where the log ended.
        own = position if "head" in answer["extensions"] else None
        self.counts["reads"] += 1
        self.history.reads.append(
            Read(
                session,
                stream,
                0 if row is None else row["version"],
                sent,
                self.now(),
                min_position,
                own,
            )
        )
        return position

    # --- What clients do ---

    async def open_shop(self) -> None:
        """Register the products. Nothing is broken yet."""
        for number, sku in enumerate(SKUS):
            command_id = str(uuid.uuid4())
            price = {"amount": f"{number + 1}.50"}
            sent = self.now()
            answer = await self.ask(
                self.nodes[0],
                REGISTER.document,
                input={"sku": sku, "name": sku, "price": price},
                options={"commandId": command_id},
            )
            stream = self.streams[sku] = f"product/{answer['data']['answer']['events'][0]['streamId']}"
            self.history.writes.append(
                Write("opening", stream, command_id, None, sent, self.now(), self._outcome(answer))
            )
            await self.write("opening", RECEIVE, stream, str(uuid.uuid4()), None, sku=sku, quantity=10_000)

    async def clerk(self, name: str, random: Random) -> None:
        """Changes the same few products as all others, with and without expected versions, and reads them."""
        known: dict[str, int] = {}
        newest = 0
        while not self.closing:
            sku = random.choice(SKUS)
            stream = self.streams[sku]
            expected = known.get(sku) if random.random() < 0.4 else None
            command = self._command(random, sku)
            command_id = str(uuid.UUID(int=random.getrandbits(128), version=4))
            times = 2 if random.random() < 0.2 else 1
            answers = await asyncio.gather(
                *(
                    self.write(name, command[0], stream, command_id, expected, **command[1])
                    for _ in range(times)
                )
            )
            match answers[0]:
                case Accepted(version, position):
                    known[sku] = version
                    newest = max(newest, position)
                case Conflict(actual):
                    known[sku] = actual
                case _:
                    pass
            for _ in range(random.randint(0, 2)):
                node = random.choice(self.nodes)
                newest = max(newest, await self.read(name, node, stream, sku, newest))
            node = random.choice(self.nodes)
            await self.read(f"{name} at {node.name}, start {node.starts}", node, stream, sku, None)
            await asyncio.sleep(random.uniform(0, 0.4))

    def _command(self, random: Random, sku: str) -> tuple[Mutation, Mapping[str, Any]]:
        if random.random() < 0.5:
            return PRICE, {"sku": sku, "price": {"amount": f"{random.randint(1, 99)}.00"}}
        return RECEIVE, {"sku": sku, "quantity": random.randint(1, 9)}

    async def customer(self, name: str, random: Random) -> None:
        """Opens an order, fills and places it, and sometimes changes its mind. Repeats commands that were answered, too."""
        while not self.closing:
            order = str(uuid.UUID(int=random.getrandbits(128), version=4))
            stream = f"order/{order}"
            sent: list[tuple[Mutation, str, int | None, Mapping[str, Any]]] = []

            async def do(mutation: Mutation, expected: int | None = None, **given: Any) -> Outcome:
                command_id = str(uuid.UUID(int=random.getrandbits(128), version=4))
                sent.append((mutation, command_id, expected, given))  # noqa: B023 - called within the turn
                return await self.write(name, mutation, stream, command_id, expected, **given)  # noqa: B023

            outcome = await do(
                OPEN, id=order, customerId=str(uuid.UUID(int=random.getrandbits(128), version=4))
            )
            version = outcome.version if isinstance(outcome, Accepted) else None
            position = outcome.position if isinstance(outcome, Accepted) else 0
            for sku in random.sample(SKUS, random.randint(1, 3)):
                expected = version if random.random() < 0.5 else None
                outcome = await do(ADD, expected, orderId=order, sku=sku, quantity=random.randint(1, 3))
                if isinstance(outcome, Accepted):
                    version, position = outcome.version, outcome.position
            if random.random() < 0.3:
                await do(QUANTITY, version, orderId=order, sku=random.choice(SKUS), quantity=2)
            outcome = await do(PLACE, orderId=order)
            if isinstance(outcome, Accepted):
                self.placed.append(order)
                position = outcome.position
            await self.read(name, random.choice(self.nodes), stream, order, position)
            if random.random() < 0.2:
                await asyncio.sleep(random.uniform(0, 0.5))
                await do(CANCEL, orderId=order, reason="changed my mind")
            if random.random() < 0.3:
                mutation, command_id, expected, given = random.choice(sent)
                await self.write(name, mutation, stream, command_id, expected, **given)
            await asyncio.sleep(random.uniform(0, 0.5))

    async def read_log(self, node: Node) -> list[Fact]:
        """The whole log, as the API gives it."""
        facts: list[Fact] = []
        while True:
            after = str(facts[-1].position if facts else 0)
            answer = await self.ask(node, LOG, after=after)
            assert "errors" not in answer, answer
            nodes = answer["data"]["events"]["nodes"]
            if not nodes:
                return facts
            facts += [
                Fact(
                    int(event["position"]),
                    f"{event['stream']}/{event['streamId']}",
                    event["version"],
                    event["commandId"],
                    None if event["causedBy"] is None else int(event["causedBy"]),
                )
                for event in nodes
            ]
