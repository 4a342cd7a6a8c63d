"""Drives believable traffic through a running API, as its clients would: over one socket, with real operations."""

import asyncio
import itertools
import json
import random
import signal
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import NAMESPACE_URL, uuid4, uuid5

from rich.console import Console
from rich.live import Live
from rich.text import Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from app.engine.errors import ConfigurationError

PRODUCTS = (
    ("TEA-ASSAM-250", "Assam tea, 250 g", "8.90"),
    ("TEA-SENCHA-100", "Sencha, 100 g", "11.50"),
    ("COFFEE-HUEHUE-1000", "Huehuetenango coffee beans, 1 kg", "24.80"),
    ("COFFEE-YIRGA-500", "Yirgacheffe coffee beans, 500 g", "15.90"),
    ("CUP-BLUE", "Cup, blue glaze", "14.00"),
    ("POT-CAST-IRON", "Cast iron teapot, 0.8 l", "64.00"),
    ("KETTLE-GOOSENECK", "Gooseneck kettle", "79.00"),
    ("FILTER-PAPER-100", "Paper filters, 100 pieces", "4.20"),
)
CUSTOMERS = [uuid5(NAMESPACE_URL, f"demo customer {number}") for number in range(40)]
REASONS = ("Changed my mind", "Ordered twice", "Found it cheaper", "Takes too long")
DELIVERY = 500
"""Pieces that come in when a product runs out."""
MAX_IN_FLIGHT = 40
"""Operations at a time: the API allows 50 on one socket."""
START_TIMEOUT_SECONDS = 30
"""How long a customer waits to hear of an order."""
PAUSE_SECONDS = 0.05
"""How long a customer thinks between two steps, on average."""
_PROTOCOLS: Any = ["graphql-transport-ws"]


class ConnectionLost(Exception):
    """The API has closed the socket."""


class GraphQLClient:
    """Asks over one graphql-transport-ws socket, many operations at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[str, asyncio.Queue[dict[str, Any] | None]] = {}
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._gone: str | None = None

    async def read(self) -> None:
        """Hand every message to whoever waits for it, until the socket closes."""
        try:
            async for text in self._socket:
                message: dict[str, Any] = json.loads(text)
                queue = self._answers.get(message.get("id", ""))
                match message["type"]:
                    case "ping":
                        await self._socket.send('{"type": "pong"}')
                    case "next" if queue is not None:
                        queue.put_nowait(message["payload"])
                    case "error" if queue is not None:
                        queue.put_nowait({"errors": message["payload"]})
                        queue.put_nowait(None)
                    case "complete" if queue is not None:
                        queue.put_nowait(None)
                    case _:
                        pass
        except ConnectionClosed as problem:
            self._gone = str(problem)
        finally:
            self._gone = self._gone or "the socket was closed"
            for queue in self._answers.values():
                queue.put_nowait(None)

    async def follow(
        self, query: str, variables: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """Each answer to one operation. Raises `Gone`."""
        identity = str(next(self._numbers))
        queue = self._answers[identity] = asyncio.Queue()
        try:
            asked = {
                "id": identity,
                "type": "subscribe",
                "payload": {"query": query, "variables": variables or {}},
            }
            await self._socket.send(json.dumps(asked))
            while (answer := await queue.get()) is not None:
                yield answer
        except ConnectionClosed as error:
            raise ConnectionLost(str(error)) from None
        finally:
            del self._answers[identity]
        if self._gone is not None:
            raise ConnectionLost(self._gone)

    async def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The one answer to a query or mutation. Raises `Gone`."""
        async with self._slots:
            answers = [answer async for answer in self.follow(query, variables)]
        return answers[0]


@asynccontextmanager
async def _connected(url: str) -> AsyncGenerator[GraphQLClient]:
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None:
        raise ConfigurationError(f"--url is not a URL like http://localhost:8000/graphql: {url}")
    try:
        socket = await connect(
            urlunsplit(parts._replace(scheme=scheme)), subprotocols=_PROTOCOLS, open_timeout=5, max_queue=None
        )
        await socket.send('{"type": "connection_init"}')
        await asyncio.wait_for(socket.recv(), 5)
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed, ValueError) as error:
        said = (str(error) or type(error).__name__).splitlines()[0]
        raise ConfigurationError(
            f"no API answers at {url} ({said}); start one with python -m app serve, or name it with --url"
        ) from None
    api = GraphQLClient(socket)
    reading = asyncio.create_task(api.read())
    try:
        yield api
    finally:
        reading.cancel()
        await socket.close()


class ShopTraffic:
    """What goes on in the shop: customers who order, a warehouse that ships and restocks. `counted` is what came of it."""

    def __init__(self, api: GraphQLClient) -> None:
        self._api, self.counted = api, Counter[str]()
        self._heard = self._known = 0
        self._moved = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[str]] = {}
        """The orders whose customers wait for what becomes of them."""

    async def open(self) -> None:
        """Register the products, with something in stock; harmless where they are there already."""
        for sku, name, price in PRODUCTS:
            await self._do(
                "registerProduct",
                "RegisterProduct",
                sku=sku,
                name=name,
                price={"amount": price, "currency": "EUR"},
            )
            await self._do("receiveStock", "ReceiveStock", sku=sku, quantity=DELIVERY)

    async def listen(self) -> None:
        """Count the facts that the API tells its subscribers of, others' too."""
        async for answer in self._api.follow("subscription { events { position type streamId } }"):
            fact = answer["data"]["events"]
            self.counted["facts"] += 1
            self._heard = int(fact["position"])
            if (
                fact["type"] in ("order.confirmed", "order.rejected")
                and (waiting := self._waiting.get(fact["streamId"]))
                and not waiting.done()
            ):
                waiting.set_result(fact["type"])
            self._moved.set()

    async def catch_up(self) -> None:
        """Wait until the subscription has told of all that was recorded for us, for five seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                while self._heard < self._known:
                    self._moved.clear()
                    await self._moved.wait()

    async def order(self) -> None:
        """One customer's order, from opening it to its end."""
        order = str(uuid4())
        await self._do("openOrder", "OpenOrder", id=order, customerId=str(random.choice(CUSTOMERS)))
        skus = [sku for sku, _, _ in random.sample(PRODUCTS, random.randint(1, 4))]
        for sku in skus:
            await self._pause()
            await self._do(
                "addLine",
                "OrderLine",
                orderId=order,
                sku=sku,
                quantity=random.choices((1, 2, 3, 6), (6, 3, 2, 1))[0],
            )
        if random.random() < 0.25:
            await self._pause()
            await self._do(
                "changeQuantity",
                "OrderLine",
                orderId=order,
                sku=random.choice(skus),
                quantity=random.randint(1, 5),
            )
        if len(skus) > 1 and random.random() < 0.15:
            await self._pause()
            await self._do("removeLine", "OrderLineRef", orderId=order, sku=skus.pop())
        await self._pause()
        if random.random() < 0.08:
            await self._do("cancelOrder", "CancelOrder", orderId=order, reason=random.choice(REASONS))
        else:
            await self._place(order, skus)
        self.counted["orders"] += 1

    async def _place(self, order: str, skus: Sequence[str]) -> None:
        """Place it, and ship it once it is confirmed; what is rejected runs short of something, and a delivery comes in."""
        answer = self._waiting[order] = asyncio.get_running_loop().create_future()
        try:
            await self._do("placeOrder", "OrderRef", orderId=order)
            if random.random() < 0.05:
                await self._pause(4)
                await self._do("cancelOrder", "CancelOrder", orderId=order, reason=random.choice(REASONS))
                return
            async with asyncio.timeout(START_TIMEOUT_SECONDS):
                outcome = await answer
        except TimeoutError:
            self.counted["orders without an answer"] += 1
            return
        finally:
            del self._waiting[order]
        if outcome == "order.confirmed":
            await self._pause(4)
            await self._do("shipOrder", "OrderRef", orderId=order)
            return
        self.counted["orders rejected"] += 1
        for sku in skus:
            await self._do("receiveStock", "ReceiveStock", sku=sku, quantity=DELIVERY)

    async def _do(self, mutation: str, asked: str, **given: object) -> str | None:
        """One mutation, with the input type `asked`; the code of the rule that refuses it, or of the error."""
        kind = "Product" if mutation in ("registerProduct", "receiveStock") else "Order"
        query = f"""mutation($input: {asked}Input!) {{ outcome: {mutation}(input: $input) {{
            __typename ... on {kind}Accepted {{ position }} ... on Rejected {{ code }} }} }}"""
        answer = await self._api.ask(query, {"input": given})
        self.counted["mutations"] += 1
        if "errors" in answer:
            code = str(answer["errors"][0].get("extensions", {}).get("code", "UNKNOWN"))
            self.counted[f"error {code}"] += 1
            return code
        outcome = answer["data"]["outcome"]
        match outcome["__typename"]:
            case "Rejected":
                self.counted[f"refused {outcome['code']}"] += 1
                return outcome["code"]
            case "Conflict":
                self.counted["conflicts"] += 1
                return "CONFLICT"
            case _:
                self._known = max(self._known, int(outcome["position"]))
                return None

    async def _pause(self, times: float = 1) -> None:
        await asyncio.sleep(random.expovariate(1 / (PAUSE_SECONDS * times)))


async def run_traffic(url: str, rate: float, orders: int | None) -> None:
    """Drive `rate` orders a second until Ctrl-C, or until `orders` have ended. Raises `BadSetting` where no API answers."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _connected(url) as api:
        shop = ShopTraffic(api)
        work = asyncio.create_task(_traffic(shop, rate, orders))
        telling = asyncio.create_task(_tell(shop, url))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, stopping, telling):
                task.cancel()
            results = await asyncio.gather(work, stopping, telling, return_exceptions=True)
    for problem in results:
        if isinstance(problem, ConnectionLost):
            raise ConfigurationError(
                f"the API at {url} has gone away ({problem}) after {shop.counted['orders']} orders"
            )
        if isinstance(problem, Exception):
            raise problem
    print(
        ", ".join(f"{number:,} {what}" for what, number in sorted(shop.counted.items())) or "nothing was done"
    )


async def _traffic(shop: ShopTraffic, rate: float, orders: int | None) -> None:
    listening = asyncio.create_task(shop.listen())
    running: set[asyncio.Task[None]] = {listening}
    try:
        await shop.open()
        due = time.monotonic()
        for _ in range(orders) if orders is not None else itertools.count():
            # Customers come by chance, so many a second on average.
            due += random.expovariate(rate)
            await asyncio.sleep(max(0, due - time.monotonic()))
            running.add(asyncio.create_task(shop.order()))
            running = _running(running)
        running.discard(listening)
        while running:
            await asyncio.wait({*running, listening}, return_when=asyncio.FIRST_COMPLETED)
            running = _running(running)
            _running({listening})
        await shop.catch_up()
    finally:
        for task in (*running, listening):
            task.cancel()
        await asyncio.gather(*running, listening, return_exceptions=True)


def _running(tasks: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Those that are not done; what one of them raised is raised."""
    for task in tasks:
        if task.done():
            task.result()
    return {task for task in tasks if not task.done()}


async def _tell(shop: ShopTraffic, url: str) -> None:
    """Show what goes on: a line that stays up to date in a terminal, else one every three seconds."""
    console = Console(highlight=False, soft_wrap=True)
    seen: deque[tuple[float, Counter[str]]] = deque([(time.monotonic(), Counter())], maxlen=20)
    if not console.is_terminal:
        print(f"driving {url}; Ctrl-C stops", flush=True)
        while True:
            await asyncio.sleep(3)
            print(_line(shop, seen), flush=True)
    with Live(Text(f"driving {url}"), console=console, refresh_per_second=8, transient=True) as live:
        while True:
            await asyncio.sleep(0.25)
            live.update(Text(_line(shop, seen)))


def _line(shop: ShopTraffic, seen: deque[tuple[float, Counter[str]]]) -> str:
    """Totals, and the rate since the oldest look that is remembered."""
    now, counted = time.monotonic(), Counter(shop.counted)
    then, before = seen[0]
    seen.append((now, counted))
    shown = [
        f"{counted[what]:,} {what} ({(counted[what] - before[what]) / (now - then):,.1f}/s)"
        for what in ("orders", "mutations", "facts")
    ]
    refused = sum(number for what, number in counted.items() if what.startswith("refused"))
    failed = sum(number for what, number in counted.items() if what.startswith("error"))
    return "  ".join(
        [*shown, f"{refused:,} refused", f"{counted['conflicts']:,} conflicts", f"{failed:,} errors"]
    )
