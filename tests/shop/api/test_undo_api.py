"""Undo and redo as a client sees them: ordinary facts with a mark, and read models that follow.

If there is nothing to undo, a code says so.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shop.support.shopper import Shopper
from tests.support.graphql_client import Api
from tests.support.server import Server


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
    assert back["events"] == [
        {"type": "order.line-added", "version": 5, "undoes": 4, "redoes": None, "place": 0, "sku": "TEA"}
    ]
    assert [line["sku"] for line in back["order"]["lines"]] == ["TEA", "JAM"]
    back = await shopper("undoOrderChange")
    assert back["events"] == [{"type": "order.line-removed", "version": 6, "undoes": 3, "redoes": None}]
    forth = await shopper("redoOrderChange")
    assert forth["events"] == [
        {"type": "order.line-added", "version": 7, "undoes": None, "redoes": 3, "place": None, "sku": "JAM"}
    ]
    assert forth["order"] == {
        "version": 7,
        "lines": [
            {"sku": "TEA", "quantity": 2, "unitPrice": {"amount": "3.50"}},
            {"sku": "JAM", "quantity": 1, "unitPrice": {"amount": "4.00"}},
        ],
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
    assert await shopper("undoOrderChange", options={"expectedVersion": 1}) == {
        "__typename": "Conflict",
        "actualVersion": 2,
    }


async def test_a_preview_of_an_undo_records_nothing(shopper: Shopper) -> None:
    await shopper.add("TEA", 2)
    preview = await shopper("undoOrderChange", options={"dryRun": True})
    assert preview == {"__typename": "Preview", "events": [{"type": "order.line-removed", "version": 3}]}
    assert (await shopper("undoOrderChange"))["version"] == 3


async def test_every_command_can_be_previewed(api: Api) -> None:
    asked = "{ __schema { mutationType { fields { name args { name type { name } } type { ofType { possibleTypes { name } } } } } } }"
    fields = (await api.data(asked))["__schema"]["mutationType"]["fields"]
    answers = {
        field["name"]: {each["name"] for each in field["type"]["ofType"]["possibleTypes"] or ()}
        for field in fields
    }
    commands = [field for field in fields if {"Rejected", "Conflict"} & answers[field["name"]]]
    assert len(commands) >= 11
    for field in commands:
        assert {"name": "options", "type": {"name": "CommandOptions"}} in field["args"], field["name"]
        assert "Preview" in answers[field["name"]], field["name"]


EDITS: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    *[
        st.tuples(
            st.just(mutation),
            st.fixed_dictionaries({"sku": st.sampled_from(["TEA", "JAM", "MUG"])} | given_with),
        )
        for mutation, given_with in (
            ("addLine", {"quantity": st.integers(1, 3)}),
            ("addLine", {"quantity": st.integers(1, 3)}),
            ("changeQuantity", {"quantity": st.integers(1, 3)}),
            ("removeLine", dict[str, Any]()),
            ("changePrice", {"price": st.sampled_from([{"amount": "1.00"}, {"amount": "2.00"}])}),
        )
    ]
)
KINDS = {
    "addLine": "OrderLineInput",
    "changeQuantity": "OrderLineInput",
    "removeLine": "OrderLineRefInput",
    "changePrice": "ChangePriceInput",
}
LINES = "{ version lines { sku quantity unitPrice { amount } } }"


def test_undo_all_goes_back_to_the_opened_order_and_redo_all_to_the_edited_one(
    serve: Callable[..., Server],
) -> None:
    server = serve().wait()

    def send(mutation: str, kind: str, given_with: dict[str, Any]) -> dict[str, Any]:
        order = f"... on OrderAccepted {{ order {LINES} }}" if kind.startswith("Order") else ""
        asked = f"mutation ($i: {kind}!) {{ {mutation}(input: $i) {{ __typename {order} ... on Rejected {{ code }} }} }}"
        return server.ask(asked, {"i": given_with})["data"][mutation]

    for sku in ("TEA", "JAM", "MUG"):
        send(
            "registerProduct", "RegisterProductInput", {"sku": sku, "name": sku, "price": {"amount": "3.50"}}
        )

    @settings(max_examples=12, derandomize=True)
    @given(st.lists(EDITS, min_size=6, max_size=20))
    def holds(edits: list[tuple[str, dict[str, Any]]]) -> None:
        order = {"orderId": str(uuid4())}
        send("openOrder", "OpenOrderInput", {"id": order["orderId"], "customerId": str(uuid4())})
        states: list[Any] = [[]]
        for mutation, given_with in edits:
            answer = send(
                mutation, KINDS[mutation], given_with | ({} if mutation == "changePrice" else order)
            )
            if (
                mutation != "changePrice"
                and answer["__typename"] == "OrderAccepted"
                and answer["order"]["lines"] != states[-1]
            ):
                states.append(answer["order"]["lines"])
        for expected in states[-2::-1]:
            assert send("undoOrderChange", "OrderRefInput", order)["order"]["lines"] == expected
        assert send("undoOrderChange", "OrderRefInput", order) == {
            "__typename": "Rejected",
            "code": "NOTHING_TO_UNDO",
        }
        for expected in states[1:]:
            assert send("redoOrderChange", "OrderRefInput", order)["order"]["lines"] == expected
        assert send("redoOrderChange", "OrderRefInput", order) == {
            "__typename": "Rejected",
            "code": "NOTHING_TO_REDO",
        }

    holds()
