"""As of, history and blame as a client sees them: of orders, of products, and of any stream."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jsonpatch
import pytest

from app.engine.database.connections import Database
from app.engine.graphql.pagination import encode_cursor
from app.engine.server.runtime import Runtime
from tests.shop.support import shop_client as fulfil
from tests.shop.support.shopper import Shopper
from tests.support.graphql_client import Api

HISTORY = """query ($id: UUID!, $first: Int!, $after: String) { order(id: $id) { history(first: $first, after: $after) {
  nodes { event { version type position recordedAt actor commandId ... on OrderLineRemoved { undoes } } command state changes undone }
  pageInfo { hasNextPage endCursor }
} } }"""
AS_OF = """query ($id: UUID!, $version: Int, $moment: DateTime, $position: Position) { order(id: $id) {
  asOf(version: $version, moment: $moment, position: $position) { version status total { amount } lines { sku quantity unitPrice { amount } product { name } } }
} }"""
BLAME = """query ($id: UUID!, $path: String, $version: Int) { order(id: $id) {
  blame(path: $path, version: $version) { path value command event { version type actor commandId } }
} }"""


@pytest.fixture
async def shopper(api: Api) -> Shopper:
    """A customer who filled an order, changed it twice, and cancelled it."""
    shopper = Shopper(api)
    await shopper.begin()
    await shopper.add("TEA", 2)
    await shopper.add("JAM", 1)
    await shopper("undoOrderChange")
    await shopper("redoOrderChange")
    await shopper("changeQuantity", "OrderLineInput", sku="TEA", quantity=5)
    await shopper("undoOrderChange")
    await shopper("cancelOrder", "CancelOrderInput", reason="late")
    return shopper


async def history(shopper: Shopper, first: int = 100, after: str | None = None) -> dict[str, Any]:
    answer = await shopper.api.data(HISTORY, {"id": shopper.order, "first": first, "after": after})
    return answer["order"]["history"]


async def as_of(shopper: Shopper, **point: Any) -> dict[str, Any]:
    return await shopper.api(AS_OF, {"id": shopper.order} | point)


async def test_a_history_says_what_happened_what_it_changed_and_what_was_undone(shopper: Shopper) -> None:
    entries = (await history(shopper))["nodes"]
    assert [entry["event"]["type"].removeprefix("order.") for entry in entries] == [
        "opened",
        "line-added",
        "line-added",
        "line-removed",
        "line-added",
        "quantity-changed",
        "quantity-changed",
        "cancelled",
    ]
    assert [entry["undone"] for entry in entries] == [False, False, False, False, False, True, False, False]
    assert [entry["command"] for entry in entries][2:6] == [
        "order.add-line",
        "order.undo-change",
        "order.redo-change",
        "order.change-quantity",
    ]
    assert entries[3]["event"]["undoes"] == 3
    assert entries[5]["changes"] == [{"op": "replace", "path": "/lines/0/quantity", "value": 5}]
    assert entries[5]["state"]["phase"] == "Open"
    assert "edits" not in entries[5]["state"]


async def test_patches_applied_one_after_the_other_give_each_state_also_across_pages(
    shopper: Shopper,
) -> None:
    state: Any = {}
    after, seen = None, 0
    while True:
        found = await history(shopper, first=3, after=after)
        for entry in found["nodes"]:
            state = jsonpatch.apply_patch(state, entry["changes"])
            assert state == entry["state"]
            seen += 1
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["pageInfo"]["endCursor"]
    assert seen == 8


async def test_an_order_as_of_a_version_a_moment_and_a_position_is_the_same(shopper: Shopper) -> None:
    entries = (await history(shopper))["nodes"]
    assert (await as_of(shopper, version=6))["data"]["order"]["asOf"] == {
        "version": 6,
        "status": "OPEN",
        "total": {"amount": "21.50"},
        "lines": [
            {"sku": "TEA", "quantity": 5, "unitPrice": {"amount": "3.50"}, "product": {"name": "TEA"}},
            {"sku": "JAM", "quantity": 1, "unitPrice": {"amount": "4.00"}, "product": {"name": "JAM"}},
        ],
    }
    by_version: dict[str, Any] = {}
    for entry in entries:
        by_version = (await as_of(shopper, version=entry["event"]["version"]))["data"]["order"]["asOf"]
        assert [line["sku"] for line in by_version["lines"]] == [
            line["sku"] for line in entry["state"]["lines"]
        ]
        assert (await as_of(shopper, position=entry["event"]["position"]))["data"]["order"][
            "asOf"
        ] == by_version
        assert (await as_of(shopper, moment=entry["event"]["recordedAt"]))["data"]["order"][
            "asOf"
        ] == by_version
    assert (by_version["status"], by_version["total"]["amount"]) == ("CANCELLED", "11.00")


async def test_before_it_was_opened_there_was_no_order(shopper: Shopper) -> None:
    [first] = (await history(shopper, first=1))["nodes"]
    before = datetime.fromisoformat(first["event"]["recordedAt"]) - timedelta(microseconds=1)
    for point in ({"version": 0}, {"position": "1"}, {"position": "0"}, {"moment": before.isoformat()}):
        assert (await as_of(shopper, **point))["data"]["order"]["asOf"] is None


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ({}, "at is required"),
        ({"version": 1, "position": "3"}, "version and position are given"),
        ({"version": 9}, "there is no version 9"),
        ({"version": -1}, "there is no version -1"),
        ({"position": "11"}, "the log ends at position 10"),
        ({"moment": "2999-01-01T00:00:00Z"}, "is in the future"),
        ({"moment": "0001-01-01T00:00:00Z"}, "not between the years"),
    ],
)
async def test_a_point_that_is_none_gets_a_code(shopper: Shopper, point: dict[str, Any], said: str) -> None:
    [error] = (await as_of(shopper, **point))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert said in error["message"]


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "-1",
        "²",
        *(encode_cursor(value) for value in (-1, 2**31, 2**70, "1", None)),
        encode_cursor(),
        encode_cursor(1, 1),
    ],
)
async def test_a_cursor_that_is_none_gets_a_code(shopper: Shopper, after: str) -> None:
    [error] = (await shopper.api(HISTORY, {"id": shopper.order, "first": 1, "after": after}))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_blame_names_who_last_set_a_field(shopper: Shopper) -> None:
    async def blame(**given: Any) -> dict[str, tuple[Any, int, str]]:
        found = (await shopper.api.data(BLAME, {"id": shopper.order} | given))["order"]["blame"]
        return {each["path"]: (each["value"], each["event"]["version"], each["command"]) for each in found}

    everything = await blame(version=7)
    assert everything["/customer_id"][1:] == (1, "order.open")
    assert everything["/lines/0/quantity"] == (2, 7, "order.undo-change")
    assert everything["/lines/0/sku"] == ("TEA", 2, "order.add-line")
    assert everything["/lines/1/sku"] == ("JAM", 5, "order.redo-change")
    assert await blame(version=7, path="/lines/0/quantity") == {
        "/lines/0/quantity": (2, 7, "order.undo-change")
    }
    assert await blame(version=7, path="/lines/0") == {
        path: set_ for path, set_ in everything.items() if path.startswith("/lines/0/")
    }
    assert await blame(version=7, path="/weather") == {}
    assert (await blame())["/phase"] == ("Cancelled", 8, "order.cancel")


async def test_an_order_its_payment_and_its_fulfilment_each_have_a_past(runtime: Runtime, api: Api) -> None:
    await fulfil.stock(api, "MUG", 5)
    order = await fulfil.placed(api, ("MUG", 2))
    [end] = await fulfil.ended(runtime, order)
    shipped = await api.data(
        """query ($id: UUID!, $min: Position) { order(id: $id, minPosition: $min) {
          version history { nodes { event { type causedBy } state } }
          payment { history { nodes { event { type } } } asOf(version: 1) { version state } blame(path: "/phase") { value } }
        } stream(category: "fulfilment", id: $id) { history { nodes { event { type } } } } }""",
        {"id": str(order), "min": str(end.position)},
    )
    life = shipped["order"]["history"]["nodes"]
    assert [(each["event"]["type"], each["state"]["phase"]) for each in life][-2:] == [
        ("order.placed", "Placed"),
        ("order.confirmed", "Confirmed"),
    ]
    assert life[-1]["event"]["causedBy"] is not None
    assert life[-1]["state"]["placement"]["lines"] == life[-2]["state"]["placement"]["lines"]
    payment = shipped["order"]["payment"]
    assert payment["asOf"]["version"] == 1
    assert payment["asOf"]["state"]["phase"] == "Requested"
    assert payment["blame"] == [{"value": "Captured"}]
    assert [each["event"]["type"] for each in payment["history"]["nodes"]] == [
        "payment.requested",
        "payment.authorised",
        "payment.captured",
    ]
    assert shipped["stream"]["history"]["nodes"][-1]["event"]["type"] == "fulfilment.ended"


async def test_a_product_has_a_past_too(api: Api) -> None:
    price = {"amount": "3.50"}
    await api.data(
        'mutation ($p: MoneyInput!) { registerProduct(input: {sku: "TEA", name: "Tea", price: $p}) { __typename } }',
        {"p": price},
    )
    await api.data('mutation { receiveStock(input: {sku: "TEA", quantity: 5}) { __typename } }')
    answer = await api.data(
        """{ product(sku: "TEA", minPosition: "2") {
          asOf(version: 1) { version sku name price { amount } onHand reserved available } before: asOf(version: 0) { sku }
          history { nodes { changes } } blame(path: "/on_hand") { value command event { version } } } }"""
    )
    assert answer["product"] == {
        "asOf": {
            "version": 1,
            "sku": "TEA",
            "name": "Tea",
            "price": {"amount": "3.50"},
            "onHand": 0,
            "reserved": 0,
            "available": 0,
        },
        "before": None,
        "history": {
            "nodes": [
                {"changes": answer["product"]["history"]["nodes"][0]["changes"]},
                {"changes": [{"op": "replace", "path": "/on_hand", "value": 5}]},
            ]
        },
        "blame": [{"value": 5, "command": "product.receive-stock", "event": {"version": 2}}],
    }


STREAM = "query ($c: String!, $id: UUID!) { stream(category: $c, id: $id) { category version asOf(version: 2) { version state } history { nodes { state } } } }"


async def test_any_stream_can_be_asked_for_by_its_category_and_id(shopper: Shopper) -> None:
    found = (await shopper.api.data(STREAM, {"c": "order", "id": shopper.order}))["stream"]
    assert (found["category"], found["version"]) == ("order", 8)
    assert found["asOf"] == {"version": 2, "state": found["history"]["nodes"][1]["state"]}
    assert (await shopper.api.data(STREAM, {"c": "order", "id": str(uuid4())}))["stream"] is None
    [error] = (await shopper.api(STREAM, {"c": "weather", "id": shopper.order}))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "order" in error["message"]


async def test_what_cannot_be_read_gets_a_code_and_hides_nothing_else(
    shopper: Shopper, database: Database
) -> None:
    await database.pool.execute(
        "INSERT INTO es.events SELECT position + 1, category, stream_id, version + 1, 'order.of-tomorrow', type_version, data, command_id,"
        " correlation_id, caused_by, actor, occurred_at, recorded_at FROM es.events ORDER BY position DESC LIMIT 1"
    )
    found = await history(shopper)
    assert (len(found["nodes"]), found["pageInfo"]["hasNextPage"]) == (8, True)
    assert (await as_of(shopper, version=8))["data"]["order"]["asOf"]["status"] == "CANCELLED"
    asked = {"id": shopper.order, "first": 5, "after": found["pageInfo"]["endCursor"]}
    for answer in (
        await as_of(shopper, version=9),
        await shopper.api(HISTORY, asked),
        await shopper.api(BLAME, asked),
    ):
        [error] = answer["errors"]
        assert error["extensions"]["code"] == "UNREADABLE_STREAM"
        assert f"{shopper.order} cannot be read from version 9 on." in error["message"]
