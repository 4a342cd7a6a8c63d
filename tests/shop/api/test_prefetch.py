"""A page reads what all its items lead to in one statement, if the client selects it."""

from typing import Any
from uuid import uuid4

import pytest

from app.engine.graphql.loaders import Loaders
from app.engine.server.runtime import Runtime
from tests.support.graphql_client import Api

SKUS = ("TEA", "MILK", "SALT")
LINES = "nodes { id lines { sku product { sku name } } }"


async def filled(api: Api) -> None:
    """Three orders; each has one line more than the one before it."""
    customer = str(uuid4())
    for sku in SKUS:
        await api.data(
            f'mutation {{ registerProduct(input: {{sku: "{sku}", name: "{sku.title()}", price: {{amount: "1.00"}}}}) {{ __typename }} }}'
        )
    for many in (1, 2, 3):
        order = str(uuid4())
        await api.data(
            f'mutation {{ openOrder(input: {{id: "{order}", customerId: "{customer}"}}) {{ __typename }} }}'
        )
        for sku in SKUS[:many]:
            added = f'mutation {{ addLine(input: {{orderId: "{order}", sku: "{sku}", quantity: 1}}) {{ ... on OrderAccepted {{ order {{ version }} }} }} }}'
            await api.data(added)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What loaders read, as (projection, keys)."""
    seen: list[tuple[str, int]] = []
    own = Loaders._reader

    def watched(self: Loaders, projection: Any, column: str) -> Any:
        reader = own(self, projection, column)

        async def noted(values: list[Any]) -> Any:
            seen.append((projection.name, len(values)))
            return await reader(values)

        return noted

    monkeypatch.setattr(Loaders, "_reader", watched)
    return seen


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        (f"{{ orders {{ {LINES} }} }}", [("products", 3)]),
        (
            "{ orders { ...Page } } fragment Page on OrderConnection { edges { node { lines { ...Line } } } } fragment Line on OrderLine { goods: product { name } }",
            [("products", 3)],
        ),
        (
            "{ orders { nodes { lines { ... on OrderLine { sku ... { product { name } } } } } } }",
            [("products", 3)],
        ),
        (
            "{ orders(first: 1) { nodes { lines { product { name } } } } more: orders(first: 1) { nodes { lines { product { name } } } } }",
            None,
        ),
        ("{ orders { nodes { lines { sku } } } }", []),
        ("{ orders(first: 0) { nodes { lines { product { name } } } } }", []),
        (f"{{ orders(filter: {{status: [PLACED]}}) {{ {LINES} }} }}", []),
    ],
)
async def test_a_page_of_orders_reads_the_products_of_all_lines_at_once(
    api: Api, read: list[tuple[str, int]], query: str, reads: list[Any] | None
) -> None:
    await filled(api)
    read.clear()
    data = await api.data(query)
    assert "null" not in str(data)
    if reads is None:
        # The second page needs what the first has read.
        assert {name for name, _ in read} == {"products"}
        assert sum(keys for _, keys in read) in (3, 6)
    else:
        assert read == reads


async def test_what_is_at_hand_is_what_the_resolver_says(api: Api, runtime: Runtime) -> None:
    await filled(api)
    short = await api.data(f"{{ orders {{ {LINES} }} }}")
    assert [len(node["lines"]) for node in short["orders"]["nodes"]] == [3, 2, 1]
    assert all(
        line["product"] == {"sku": line["sku"], "name": line["sku"].title()}
        for node in short["orders"]["nodes"]
        for line in node["lines"]
    )
    position = (await api.data("{ position }"))["position"]
    await api.data(
        'mutation { changePrice(input: {sku: "TEA", price: {amount: "9.00"}}) { ... on ProductAccepted { product { sku } } } }'
    )
    then = await api.data(
        f'{{ orders(asOf: {{position: "{position}"}}) {{ nodes {{ lines {{ sku product {{ price {{ amount }} }} }} }} }} }}'
    )
    assert {
        line["product"]["price"]["amount"] for node in then["orders"]["nodes"] for line in node["lines"]
    } == {"1.00"}
    customer = (await api.data("{ orders(first: 1) { nodes { customerId } } }"))["orders"]["nodes"][0][
        "customerId"
    ]
    own = await api.data(f'{{ customer(id: "{customer}") {{ orders {{ {LINES} }} }} }}')
    assert own["customer"]["orders"] == short["orders"]


async def test_where_it_cannot_be_read_in_time_the_page_is_given_without_it_after_one_wait(
    api: Api, runtime: Runtime, read: list[tuple[str, int]]
) -> None:
    await filled(api)
    runtime.settings = runtime.settings.model_copy(update={"min_position_timeout_seconds": 0.2})
    await runtime.projector.wait_for_position("products", 1, 20)
    products = runtime.projector.workers["products"].writer
    assert products is not None
    async with products.lock:
        change = 'mutation { changePrice(input: {sku: "TEA", price: {amount: "9.00"}}) { ... on ProductAccepted { position } } }'
        position = (await api.data(change))["changePrice"]["position"]
        await runtime.projector.wait_for_position("orders", int(position), 5)
        read.clear()
        answer = await api(f'{{ orders(minPosition: "{position}") {{ {LINES} }} }}')
    assert read == [("products", 3)]
    nodes = answer["data"]["orders"]["nodes"]
    assert [[line["product"] for line in node["lines"]] for node in nodes] == [[None] * 3, [None] * 2, [None]]
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["STALE_READ"] * 6
    assert ["orders", "nodes", 2, "lines", 0, "product"] in [error["path"] for error in answer["errors"]]
