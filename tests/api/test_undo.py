"""Undo and redo as a client sees them: ordinary facts with a mark, a code where there is nothing, read models that follow."""

from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Api

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
    """Somebody with an open order."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.order = str(uuid4())

    async def begin(self) -> None:
        for sku, amount in (("TEA", "3.50"), ("JAM", "4.00")):
            price = {"amount": amount}
            await self.api.data(
                "mutation ($i: RegisterProductInput!) { registerProduct(input: $i) { __typename } }", {"i": {"sku": sku, "name": sku, "price": price}}
            )
        await self.api.data("mutation ($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }", {"i": {"id": self.order, "customerId": str(uuid4())}})

    async def __call__(self, mutation: str, kind: str = "OrderRefInput", options: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
        query = f"mutation ($i: {kind}!, $o: CommandOptions) {{ {mutation}(input: $i, options: $o) {ANSWER} }}"
        return (await self.api.data(query, {"i": {"orderId": self.order} | given, "o": options}))[mutation]

    async def add(self, sku: str, quantity: int) -> dict[str, Any]:
        return await self("addLine", "OrderLineInput", sku=sku, quantity=quantity)


@pytest.fixture
async def shopper(api: Api) -> Shopper:
    shopper = Shopper(api)
    await shopper.begin()
    return shopper


async def test_undo_and_redo_are_ordinary_facts_and_the_read_model_follows(shopper: Shopper) -> None:
    await shopper.add("TEA", 2)
    await shopper.add("JAM", 1)
    await shopper("removeLine", "OrderLineRefInput", sku="TEA")
    back = await shopper("undoOrderChange")
    assert back["events"] == [{"type": "order.line-added", "version": 5, "undoes": 4, "redoes": None, "place": 0, "sku": "TEA"}]
    assert [line["sku"] for line in back["order"]["lines"]] == ["TEA", "JAM"]
    back = await shopper("undoOrderChange")
    assert back["events"] == [{"type": "order.line-removed", "version": 6, "undoes": 3, "redoes": None}]
    forth = await shopper("redoOrderChange")
    assert forth["events"] == [{"type": "order.line-added", "version": 7, "undoes": None, "redoes": 3, "place": None, "sku": "JAM"}]
    assert forth["order"] == {
        "version": 7,
        "lines": [{"sku": "TEA", "quantity": 2, "unitPrice": {"amount": "3.50"}}, {"sku": "JAM", "quantity": 1, "unitPrice": {"amount": "4.00"}}],
    }


async def test_where_there_is_nothing_to_undo_or_redo_a_code_says_so(shopper: Shopper) -> None:
    assert (await shopper("undoOrderChange"))["code"] == "NOTHING_TO_UNDO"
    await shopper.add("TEA", 2)
    assert (await shopper("redoOrderChange"))["code"] == "NOTHING_TO_REDO"
    await shopper("undoOrderChange")
    assert (await shopper("undoOrderChange"))["code"] == "NOTHING_TO_UNDO"
    await shopper.add("JAM", 2)
    assert (await shopper("redoOrderChange"))["code"] == "NOTHING_TO_REDO"


async def test_nothing_is_undone_below_a_placed_order(shopper: Shopper) -> None:
    await shopper.add("TEA", 2)
    await shopper("placeOrder")
    assert (await shopper("undoOrderChange"))["code"] == "ORDER_NOT_OPEN"
    assert (await shopper("redoOrderChange"))["code"] == "ORDER_NOT_OPEN"


async def test_an_undo_that_is_repeated_with_its_command_id_takes_back_one_change(shopper: Shopper) -> None:
    await shopper.add("TEA", 2)
    await shopper.add("JAM", 1)
    options = {"commandId": str(uuid4())}
    first = await shopper("undoOrderChange", options=options)
    again = await shopper("undoOrderChange", options=options)
    assert (first["version"], first["duplicate"]) == (4, False)
    assert (again["version"], again["duplicate"]) == (4, True)
    assert again["events"] == first["events"]


async def test_an_undo_meant_for_another_version_is_a_conflict(shopper: Shopper) -> None:
    await shopper.add("TEA", 2)
    assert await shopper("undoOrderChange", options={"expectedVersion": 1}) == {"__typename": "Conflict", "actualVersion": 2}


async def test_a_preview_of_an_undo_records_nothing(shopper: Shopper) -> None:
    await shopper.add("TEA", 2)
    preview = await shopper("undoOrderChange", options={"dryRun": True})
    assert preview == {"__typename": "Preview", "events": [{"type": "order.line-removed", "version": 3}]}
    assert (await shopper("undoOrderChange"))["version"] == 3


async def test_every_command_can_be_previewed(api: Api) -> None:
    asked = "{ __schema { mutationType { fields { name args { name type { name } } type { ofType { possibleTypes { name } } } } } } }"
    fields = (await api.data(asked))["__schema"]["mutationType"]["fields"]
    answers = {field["name"]: {each["name"] for each in field["type"]["ofType"]["possibleTypes"] or ()} for field in fields}
    commands = [field for field in fields if {"Rejected", "Conflict"} & answers[field["name"]]]
    assert len(commands) >= 11
    for field in commands:
        assert {"name": "options", "type": {"name": "CommandOptions"}} in field["args"], field["name"]
        assert "Preview" in answers[field["name"]], field["name"]
