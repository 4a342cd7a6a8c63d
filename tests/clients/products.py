"""Products that the tests of clients register."""

from tests.support.server import Server


def register(server: Server, sku: str) -> int:
    """Register a product; the position of the event."""
    answer = server.ask(
        """mutation ($sku: Sku!) { registerProduct(input: {sku: $sku, name: "Tea", price: {amount: "1"}}) {
          ... on ProductAccepted { position }
        } }""",
        {"sku": sku},
    )
    return int(answer["data"]["registerProduct"]["position"])
