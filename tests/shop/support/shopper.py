"""A customer with an open order, as the API shows it."""

from typing import Any
from uuid import uuid4

from tests.support.graphql_client import Api

ANSWER = """{ __typename
  ... on OrderAccepted {
    version duplicate
    events { type version ... on OrderLineAdded { undoes redoes place sku } ... on OrderLineRemoved { undoes redoes } ... on OrderQuantityChanged { undoes redoes quantity } }
    order { version lines { sku quantity unitPrice { amount } } }
  }
  ... on Rejected { code message }
  ... on Conflict { actualVersion }
  ... on Preview { events { type version } }
}"""


class Shopper:
    """A customer with an open order."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.order = str(uuid4())

    async def begin(self) -> None:
        for sku, amount in (("TEA", "3.50"), ("JAM", "4.00")):
            price = {"amount": amount}
            await self.api.data(
                "mutation ($i: RegisterProductInput!) { registerProduct(input: $i) { __typename } }",
                {"i": {"sku": sku, "name": sku, "price": price}},
            )
        await self.api.data(
            "mutation ($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }",
            {"i": {"id": self.order, "customerId": str(uuid4())}},
        )

    async def __call__(
        self, mutation: str, kind: str = "OrderRefInput", options: dict[str, Any] | None = None, **given: Any
    ) -> dict[str, Any]:
        query = (
            f"mutation ($i: {kind}!, $o: CommandOptions) {{ {mutation}(input: $i, options: $o) {ANSWER} }}"
        )
        return (await self.api.data(query, {"i": {"orderId": self.order} | given, "o": options}))[mutation]

    async def add(self, sku: str, quantity: int) -> dict[str, Any]:
        return await self("addLine", "OrderLineInput", sku=sku, quantity=quantity)
