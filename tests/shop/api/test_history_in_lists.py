"""The past of the items of a list is read in a few statements, however long the list is."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from app.engine.commands import CommandContext
from app.engine.database.pool_reads import PoolReads
from app.engine.server.runtime import Runtime
from domain.product import ReceiveStock, product, product_id
from tests.shop.support.shop_client import filled, stock
from tests.support.graphql_client import Api

ITEMS = 20
FIELDS = {
    "history": "history(first: 3) { nodes { event { type version } command state changes undone } pageInfo { hasNextPage } }",
    "the end of the history": "history(last: 2) { totalCount nodes { event { type version } state } pageInfo { hasPreviousPage } }",
    "as of a version": "asOf(at: {version: 1}) { version }",
    "as of a position": "asOf(at: {position: POSITION}) { version }",
    "as of a moment": "asOf(at: {moment: MOMENT}) { version }",
    "blame": "blame { path value command event { version } }",
}
ONE = {"orders": "order(id: $id) { id FIELD }", "products": "product(sku: $sku) { id FIELD }"}


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that read streams, from now on."""
    seen: list[str] = []
    own = PoolReads.fetch

    async def fetch(self: PoolReads, query: str, *arguments: Any) -> Sequence[Any]:
        if "stream_id = " in query or "es.commands" in query or "es.snapshots" in query:
            seen.append(query)
        return await own(self, query, *arguments)

    monkeypatch.setattr(PoolReads, "fetch", fetch)
    return seen


@pytest.fixture
async def shop(api: Api, runtime: Runtime) -> Api:
    """Twenty orders of different lengths, some with changes undone, and twenty products with long streams."""
    context = CommandContext(actor="shop", correlation_id=uuid4())
    for number in range(ITEMS):
        await stock(api, f"S{number}", 0)
        for _ in range(120 if number % 10 == 0 else 2):
            await runtime.commands.execute(
                product, product_id(f"S{number}"), ReceiveStock(quantity=1), context
            )
    for number in range(ITEMS):
        order = await filled(api, *((f"S{line}", 1) for line in range(number % 4)))
        if number % 2 and number % 4:
            undo = "mutation ($i: OrderRefInput!) { undoOrderChange(input: $i) { __typename } }"
            await api.data(undo, {"i": {"orderId": str(order)}})
    await runtime.snapshotter.flush()
    return api


async def text_of(api: Api, name: str) -> str:
    """The field, with a point of now."""
    last = await api.data("query { position events(first: 100) { nodes { recordedAt } } }")
    moment = last["events"]["nodes"][-1]["recordedAt"]
    return FIELDS[name].replace("POSITION", f'"{last["position"]}"').replace("MOMENT", f'"{moment}"')


@pytest.mark.parametrize("list_name", ONE)
async def test_a_list_reads_the_past_of_all_items_together(
    shop: Api, statements: list[str], list_name: str
) -> None:
    position = (await shop.data("{ position }"))["position"]
    for name in FIELDS:
        field = await text_of(shop, name)
        query = f'query ($n: Int!) {{ {list_name}(first: $n, minPosition: "{position}") {{ nodes {{ id KEY {field} }} }} }}'
        query = query.replace("KEY", "sku" if list_name == "products" else "customerId")
        statements.clear()
        nodes = (await shop.data(query, {"n": ITEMS}))[list_name]["nodes"]
        assert len(nodes) == ITEMS
        assert len(statements) <= 6, (name, "\n".join(statements))
        # Each item is what a query for it alone gives.
        for node in nodes[::3]:
            one = f"query ($id: UUID, $sku: Sku) {{ {ONE[list_name].replace('FIELD', field)} }}"
            one = one.replace(
                "$id: UUID, $sku: Sku", "$sku: Sku!" if list_name == "products" else "$id: UUID!"
            )
            variables = {"sku": node["sku"]} if list_name == "products" else {"id": node["id"]}
            [alone] = (await shop.data(one, variables)).values()
            assert alone == {key: value for key, value in node.items() if key not in ("sku", "customerId")}, (
                name
            )


async def test_one_item_that_cannot_be_read_does_not_hide_the_others(shop: Api, runtime: Runtime) -> None:
    head = await runtime.database.pool.fetchval(
        "INSERT INTO es.events SELECT head.position + 1, category, stream_id, version + 1, 'order.of-tomorrow', type_version, data, command_id,"
        " correlation_id, caused_by, actor, occurred_at, recorded_at FROM es.events, (SELECT max(position) AS position FROM es.events) AS head"
        " WHERE category = 'order' ORDER BY es.events.position DESC LIMIT 1 RETURNING position - 1"
    )
    answer = await shop(
        f"{{ orders(first: 20, sort: OPENED_ASC, minPosition: {head}) {{ nodes {{ id blame {{ path }} }} }} }}"
    )
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNREADABLE_STREAM"]
