"""Traffic of the sample shop: customers who order, and a warehouse that ships and restocks."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from uuid import NAMESPACE_URL, uuid4, uuid5

from app.demo.client import GraphQLClient
from app.engine.errors import UserError

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
VALIDATION_ERROR = "GRAPHQL_VALIDATION_FAILED"
"""Code of an operation that does not match the schema."""
CUSTOMERS = [uuid5(NAMESPACE_URL, f"demo customer {number}") for number in range(40)]
REASONS = ("Changed my mind", "Ordered twice", "Found it cheaper", "Takes too long")
DELIVERY = 500
"""Pieces of one delivery: one comes when a product runs out."""
CONFIRMATION_TIMEOUT_SECONDS = 30
"""How long a customer waits for the confirmation of an order."""
CATCH_UP_TIMEOUT_SECONDS = 5
PAUSE_SECONDS = 0.05
"""Average pause of a customer between two steps."""


class ShopTraffic:
    """The traffic on one connection. `counts` has the number of orders, mutations, events, rejections and errors."""

    def __init__(self, client: GraphQLClient) -> None:
        self._client = client
        self.counts = Counter[str]()
        self._received_position = self._recorded_position = 0
        self._received = asyncio.Event()
        self._outcomes: dict[str, asyncio.Future[str]] = {}
        """The orders whose customers wait for a confirmation or rejection."""

    async def open(self) -> None:
        """Register the products and receive stock. A repeat is harmless. Raises `UserError` if the API has no shop."""
        for sku, name, price in PRODUCTS:
            code = await self._mutate(
                "registerProduct",
                "RegisterProduct",
                sku=sku,
                name=name,
                price={"amount": price, "currency": "EUR"},
            )
            if code == VALIDATION_ERROR:
                raise UserError("this API has no shop: its schema lacks the mutations of the demo")
            await self._mutate("receiveStock", "ReceiveStock", sku=sku, quantity=DELIVERY)

    async def listen(self) -> None:
        """Count the events that the subscription sends, also those of other clients. Raises `UserError` if it is refused."""
        async for result in self._client.subscribe("subscription { events { position type streamId } }"):
            if "errors" in result:
                message = result["errors"][0]["message"]
                raise UserError(f"the API refuses the subscription of the demo: {message}")
            event = result["data"]["events"]
            self.counts["events"] += 1
            self._received_position = int(event["position"])
            if (
                event["type"] in ("order.confirmed", "order.rejected")
                and (waiting := self._outcomes.get(event["streamId"]))
                and not waiting.done()
            ):
                waiting.set_result(event["type"])
            self._received.set()

    async def catch_up(self) -> None:
        """Wait until the subscription has sent all events of our mutations, for a few seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_TIMEOUT_SECONDS):
                while self._received_position < self._recorded_position:
                    self._received.clear()
                    await self._received.wait()

    async def order(self) -> None:
        """One order of one customer, from its opening to its end."""
        order_id = str(uuid4())
        await self._mutate("openOrder", "OpenOrder", id=order_id, customerId=str(random.choice(CUSTOMERS)))
        skus = [sku for sku, _, _ in random.sample(PRODUCTS, random.randint(1, 4))]
        for sku in skus:
            await self._pause()
            await self._mutate(
                "addLine",
                "OrderLine",
                orderId=order_id,
                sku=sku,
                quantity=random.choices((1, 2, 3, 6), (6, 3, 2, 1))[0],
            )
        if random.random() < 0.25:
            await self._pause()
            await self._mutate(
                "changeQuantity",
                "OrderLine",
                orderId=order_id,
                sku=random.choice(skus),
                quantity=random.randint(1, 5),
            )
        if len(skus) > 1 and random.random() < 0.15:
            await self._pause()
            await self._mutate("removeLine", "OrderLineRef", orderId=order_id, sku=skus.pop())
        await self._pause()
        if random.random() < 0.08:
            await self._mutate("cancelOrder", "CancelOrder", orderId=order_id, reason=random.choice(REASONS))
        else:
            await self._place(order_id, skus)
        self.counts["orders"] += 1

    async def _place(self, order_id: str, skus: Sequence[str]) -> None:
        """Place the order, and ship it when it is confirmed. If it is rejected, stock is short: receive a delivery."""
        confirmation = self._outcomes[order_id] = asyncio.get_running_loop().create_future()
        try:
            await self._mutate("placeOrder", "OrderRef", orderId=order_id)
            if random.random() < 0.05:
                await self._pause(4)
                await self._mutate(
                    "cancelOrder", "CancelOrder", orderId=order_id, reason=random.choice(REASONS)
                )
                return
            async with asyncio.timeout(CONFIRMATION_TIMEOUT_SECONDS):
                outcome = await confirmation
        except TimeoutError:
            self.counts["orders without a confirmation"] += 1
            return
        finally:
            del self._outcomes[order_id]
        if outcome == "order.confirmed":
            await self._pause(4)
            await self._mutate("shipOrder", "OrderRef", orderId=order_id)
            return
        self.counts["orders rejected"] += 1
        for sku in skus:
            await self._mutate("receiveStock", "ReceiveStock", sku=sku, quantity=DELIVERY)

    async def _mutate(self, mutation: str, input_type: str, **input: object) -> str | None:
        """Execute one mutation. Returns the code of its rejection or error, or None."""
        kind = "Product" if mutation in ("registerProduct", "receiveStock") else "Order"
        query = f"""mutation($input: {input_type}Input!) {{ outcome: {mutation}(input: $input) {{
            __typename ... on {kind}Accepted {{ position }} ... on Rejected {{ code }} }} }}"""
        result = await self._client.execute(query, {"input": input})
        self.counts["mutations"] += 1
        if "errors" in result:
            code = str(result["errors"][0].get("extensions", {}).get("code", "UNKNOWN"))
            self.counts[f"error {code}"] += 1
            return code
        outcome = result["data"]["outcome"]
        match outcome["__typename"]:
            case "Rejected":
                self.counts[f"rejected {outcome['code']}"] += 1
                return outcome["code"]
            case "Conflict":
                self.counts["conflicts"] += 1
                return "CONFLICT"
            case _:
                self._recorded_position = max(self._recorded_position, int(outcome["position"]))
                return None

    async def _pause(self, times: float = 1) -> None:
        await asyncio.sleep(random.expovariate(1 / (PAUSE_SECONDS * times)))


async def drive(shop: ShopTraffic, rate: float, orders: int | None) -> None:
    """Drive `rate` orders a second, until `orders` have ended. Raises `ConnectionLost` and `UserError`."""
    listening = asyncio.create_task(shop.listen())
    running: set[asyncio.Task[None]] = {listening}
    try:
        await shop.open()
        due = time.monotonic()
        for _ in range(orders) if orders is not None else itertools.count():
            # Customers arrive at random, at this rate on average.
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
    """The tasks that are not done. Raises the error of a failed task."""
    for task in tasks:
        if task.done():
            task.result()
    return {task for task in tasks if not task.done()}
