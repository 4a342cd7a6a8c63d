"""A list as of a position equals the list at that time, with its filters, its order and its pages."""

import base64
import random
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from app.engine.server.runtime import Runtime
from tests.shop.support.shop_client import ended, fact, filled, placed, product, stock
from tests.support.graphql_client import Api

ORDER = "id status version reason placedAt total { amount currency } lines { sku quantity unitPrice { amount } product { sku price { amount } onHand } } payment { status }"
LISTS = {
    "orders": f"""query ($as: AsOf, $min: Position, $after: String, $f: OrderFilter, $s: OrderSort!, $n: Int!) {{
        list: orders(first: $n, after: $after, filter: $f, sort: $s, asOf: $as, minPosition: $min) {{ nodes {{ {ORDER} }} pageInfo {{ hasNextPage endCursor }} }} }}""",
    "products": """query ($as: AsOf, $min: Position, $after: String, $f: ProductFilter, $s: ProductSort!, $n: Int!) {
        list: products(first: $n, after: $after, filter: $f, sort: $s, asOf: $as, minPosition: $min) {
            nodes { sku name price { amount } onHand reserved available version } pageInfo { hasNextPage endCursor } } }""",
}
WANTED: Sequence[tuple[str, Mapping[str, Any] | None, str]] = (
    ("orders", None, "OPENED_DESC"),
    ("orders", None, "TOTAL_ASC"),
    ("orders", {"status": ["OPEN"]}, "TOTAL_DESC"),
    ("orders", {"status": ["CANCELLED"]}, "OPENED_ASC"),
    ("orders", {"customerId": str(UUID(int=1))}, "OPENED_ASC"),
    ("products", None, "SKU_ASC"),
    ("products", {"available": True}, "PRICE_DESC"),
    ("products", {"nameContains": "tea"}, "NAME_ASC"),
)


async def all_pages(
    api: Api,
    name: str,
    wanted: Mapping[str, Any] | None,
    sort: str,
    *,
    size: int = 3,
    variables: Mapping[str, Any] | None = None,
) -> list[Any]:
    nodes: list[Any] = []
    after = None
    while True:
        page = (
            await api.data(
                LISTS[name], {"f": wanted, "s": sort, "n": size, "after": after, **(variables or {})}
            )
        )["list"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        after = page["pageInfo"]["endCursor"]


async def everything(api: Api, variables: Mapping[str, Any]) -> list[Any]:
    return [await all_pages(api, *query, variables=variables) for query in WANTED]


async def head(api: Api) -> str:
    return (await api.data("{ position }"))["position"]


async def happen(api: Api, chance: random.Random, orders: list[str]) -> None:
    """One thing or another happens in the shop; nothing that goes on by itself."""
    sku, quantity = f"S{chance.randrange(5)}", chance.randint(1, 9)
    order = {"orderId": chance.choice(orders)} if orders else None
    does: Sequence[tuple[str, str, Mapping[str, Any] | bool | None]] = (
        (
            "registerProduct",
            "RegisterProductInput",
            {"sku": sku, "name": chance.choice(["Green tea", "Jam"]), "price": {"amount": str(quantity)}},
        ),
        ("changePrice", "ChangePriceInput", {"sku": sku, "price": {"amount": str(quantity)}}),
        ("receiveStock", "ReceiveStockInput", {"sku": sku, "quantity": quantity}),
        (
            "openOrder",
            "OpenOrderInput",
            {
                "id": str(UUID(int=chance.getrandbits(128), version=4)),
                "customerId": str(UUID(int=chance.randint(1, 2))),
            },
        ),
        ("addLine", "OrderLineInput", order and order | {"sku": sku, "quantity": quantity}),
        ("addLine", "OrderLineInput", order and order | {"sku": sku, "quantity": quantity}),
        ("removeLine", "OrderLineRefInput", order and order | {"sku": sku}),
        ("undoOrderChange", "OrderRefInput", order),
        ("cancelOrder", "CancelOrderInput", order and chance.random() < 0.3 and order | {"reason": "why"}),
    )
    mutation, kind, given = chance.choice([action for action in does if action[2]])
    done = await api.data(
        f"mutation ($i: {kind}!) {{ {mutation}(input: $i) {{ __typename }} }}", {"i": given}
    )
    if mutation == "openOrder" and done[mutation]["__typename"] == "OrderAccepted":
        orders.append(given["id"])  # type: ignore[index]


async def test_the_list_as_of_a_position_is_the_list_of_that_time(api: Api) -> None:
    """After any commands, the answer as of each position is the one that was given when the log ended there."""
    chance = random.Random(2)
    orders: list[str] = []
    answers: dict[str, list[Any]] = {"0": [[] for _ in WANTED]}
    for number in range(4):
        await stock(api, f"S{number}", 0)
    for _ in range(50):
        await happen(api, chance, orders)
        position = await head(api)
        if position not in answers:
            answers[position] = await everything(api, variables={"min": position})
    assert len(answers) > 20
    assert len(answers[await head(api)][0]) > 3
    for position, answer in answers.items():
        assert await everything(api, variables={"as": {"position": position}}) == answer, position


async def test_a_placed_order_is_shown_with_what_it_stood_on_then(api: Api, runtime: Runtime) -> None:
    await stock(api, "TEA", 5)
    order = await placed(api, ("TEA", 2))
    at = await fact(runtime, order, "order.placed")
    await ended(runtime, order)
    assert await product(api, "TEA") == (3, 0, 3)
    [now] = await all_pages(api, "orders", None, "OPENED_ASC", variables={"min": await head(api)})
    assert (now["status"], now["payment"], now["lines"][0]["product"]["onHand"]) == (
        "CONFIRMED",
        {"status": "CAPTURED"},
        3,
    )
    [then] = await all_pages(
        api, "orders", None, "OPENED_ASC", variables={"as": {"position": str(at.position)}}
    )
    assert (then["status"], then["payment"], then["lines"][0]["product"]["onHand"]) == ("PLACED", None, 5)
    assert (
        await all_pages(
            api,
            "orders",
            {"status": ["CONFIRMED"]},
            "OPENED_ASC",
            variables={"as": {"position": str(at.position)}},
        )
        == []
    )
    [reserved] = await all_pages(
        api,
        "products",
        None,
        "SKU_ASC",
        variables={"as": {"position": str((await fact(runtime, order, "order.confirmed")).position)}},
    )
    assert reserved["reserved"] in (0, 2)


async def test_a_moment_is_the_position_of_what_was_recorded_up_to_it(api: Api, runtime: Runtime) -> None:
    for sku in ("A", "B", "C"):
        await stock(api, sku, 0)
    facts = await runtime.reader.read_all(0, 10)
    for number, each in enumerate(facts, 1):
        moment = each.recorded_at.isoformat()
        assert [
            node["sku"]
            for node in await all_pages(
                api, "products", None, "SKU_ASC", variables={"as": {"moment": moment}}
            )
        ] == ["A", "B", "C"][:number]
        assert await runtime.reader.position_at(each.recorded_at) == number
    assert (
        await all_pages(
            api, "products", None, "SKU_ASC", variables={"as": {"moment": "2001-01-01T00:00:00Z"}}
        )
        == []
    )


async def test_pages_as_of_keep_to_their_point_while_things_go_on(api: Api, runtime: Runtime) -> None:
    for sku in ("A", "C", "E", "G"):
        await stock(api, sku, 0)
    [*_, last] = await runtime.reader.read_all(0, 10)
    for point in ({"position": "4"}, {"moment": last.recorded_at.isoformat()}):
        first = (await api.data(LISTS["products"], {"as": point, "s": "SKU_ASC", "n": 2}))["list"]
        await stock(api, f"F{len(point)}-{uuid4()}", 0)
        rest = (
            await api.data(
                LISTS["products"],
                {"as": point, "s": "SKU_ASC", "n": 5, "after": first["pageInfo"]["endCursor"]},
            )
        )["list"]
        assert [node["sku"] for node in [*first["nodes"], *rest["nodes"]]] == ["A", "C", "E", "G"]


async def test_what_is_no_point_of_the_log_is_said(api: Api) -> None:
    await stock(api, "A", 0)
    await stock(api, "B", 0)
    of_then = (await api.data(LISTS["products"], {"as": {"position": "2"}, "s": "SKU_ASC", "n": 1}))["list"][
        "pageInfo"
    ]["endCursor"]
    of_now = (await api.data(LISTS["products"], {"s": "SKU_ASC", "n": 1}))["list"]["pageInfo"]["endCursor"]
    deep = base64.urlsafe_b64encode(b"[" * 50_000).decode()
    for given, said in (
        ({"as": {}}, "must specify exactly one key"),
        ({"as": {"position": None, "moment": None}}, "must specify exactly one key"),
        ({"as": {"position": None}}, "must be non-null"),
        ({"as": {"position": "1", "moment": None}}, "must specify exactly one key"),
        ({"as": {"position": "1", "moment": "2020-01-01T00:00:00Z"}}, "must specify exactly one key"),
        ({"as": {"position": "3"}}, "asOf.position is 3; the log ends at 2."),
        ({"as": {"position": str(2**63 - 1)}}, f"asOf.position is {2**63 - 1}; the log ends at 2."),
        ({"as": {"moment": "2999-01-01T00:00:00Z"}}, "which is in the future."),
        ({"as": {"moment": "0001-01-01T00:00:00Z"}}, "asOf.moment is not between"),
        ({"as": {"position": "1"}, "after": of_then}, "after is not a cursor of this list"),
        ({"as": {"position": "2"}, "after": of_now}, "after is not a cursor of this list"),
        ({"as": {"moment": "2020-01-01T00:00:00Z"}, "after": of_then}, "after is not a cursor of this list"),
        ({"after": of_then}, "after is not a cursor of this list"),
        ({"as": {"position": "2"}, "after": deep}, "after is not a cursor of this list"),
        ({"after": deep}, "after is not a cursor of this list"),
    ):
        for name, sort in (("products", "SKU_ASC"), ("orders", "OPENED_ASC")):
            answer = await api(LISTS[name], {"s": sort, "n": 1} | given)
            [error] = answer["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT", answer
            assert said in error["message"], answer


async def test_an_order_is_in_the_list_of_the_position_it_was_opened_at_and_not_before(api: Api) -> None:
    await stock(api, "TEA", 1)
    before = await head(api)
    order = await filled(api, ("TEA", 1))
    opened = str(int(before) + 1)
    assert await all_pages(api, "orders", None, "OPENED_ASC", variables={"as": {"position": before}}) == []
    [shown] = await all_pages(api, "orders", None, "OPENED_ASC", variables={"as": {"position": opened}})
    assert (shown["id"], shown["lines"], shown["version"]) == (str(order), [], 1)
