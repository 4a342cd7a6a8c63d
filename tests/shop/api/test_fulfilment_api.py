"""An order is fulfilled whole or undone whole, through the API, on a real database."""

import asyncio

from app.engine.server.runtime import Runtime
from tests.shop.support.shop_client import ended, fact, filled, placed, product, shown, stock
from tests.support.graphql_client import Api

PLACE_LONG_AGO = 'mutation($o: UUID!) { placeOrder(input: {orderId: $o}, options: {occurredAt: "1997-03-01T00:00:00Z"}) { __typename } }'


async def test_a_placed_order_is_reserved_paid_confirmed_captured_and_dispatched(
    api: Api, runtime: Runtime
) -> None:
    await stock(api, "TEA", 5)
    await stock(api, "CUP", 5, "2.50")
    order = await placed(api, ("TEA", 2), ("CUP", 1))
    (end,) = await ended(runtime, order)
    assert end.event.outcome == "confirmed"
    seen = await shown(api, order, end)
    assert seen["status"] == "CONFIRMED"
    assert seen["payment"] == {"status": "CAPTURED", "amount": {"amount": "22.50", "currency": "EUR"}}
    assert seen["fulfilment"]["status"] == "dispatched"
    assert [(step["name"], step["outcome"]) for step in seen["fulfilment"]["steps"]] == [
        ("reserve TEA", "done"),
        ("reserve CUP", "done"),
        ("request the payment", "done"),
        ("authorise the payment", "done"),
        ("confirm the order", "done"),
        ("capture the payment", "done"),
        ("dispatch TEA", "done"),
        ("dispatch CUP", "done"),
    ]
    assert seen["fulfilment"]["deadline"] is None
    assert await product(api, "TEA") == (3, 0, 3)


async def test_out_of_stock_on_any_line_gives_every_line_back_and_rejects_with_the_reason(
    api: Api, runtime: Runtime
) -> None:
    await stock(api, "TEA", 5)
    await stock(api, "CUP", 1)
    order = await placed(api, ("TEA", 2), ("CUP", 2))
    (end,) = await ended(runtime, order)
    seen = await shown(api, order, end)
    assert (seen["status"], seen["reason"], seen["payment"]) == (
        "REJECTED",
        "Could not reserve CUP: There is not enough in stock.",
        None,
    )
    assert await product(api, "TEA") == (5, 0, 5)
    assert await product(api, "CUP") == (1, 0, 1)


async def test_a_declined_payment_gives_the_goods_back_and_rejects_the_order(
    api: Api, runtime: Runtime
) -> None:
    await stock(api, "TEA", 5, "1313.13")
    order = await placed(api, ("TEA", 1))
    (end,) = await ended(runtime, order)
    seen = await shown(api, order, end)
    assert (seen["status"], seen["reason"]) == ("REJECTED", "The payment was declined: insufficient funds")
    assert seen["payment"]["status"] == "DECLINED"
    assert await product(api, "TEA") == (5, 0, 5)


async def test_an_order_that_costs_nothing_needs_no_payment(api: Api, runtime: Runtime) -> None:
    await stock(api, "LEAFLET", 5, "0.00")
    order = await placed(api, ("LEAFLET", 2))
    (end,) = await ended(runtime, order)
    seen = await shown(api, order, end)
    assert (seen["status"], seen["payment"]) == ("CONFIRMED", None)
    assert await product(api, "LEAFLET") == (3, 0, 3)


async def test_a_confirmed_order_that_is_cancelled_is_refunded_and_its_goods_come_back(
    api: Api, runtime: Runtime
) -> None:
    await stock(api, "TEA", 5)
    order = await placed(api, ("TEA", 2))
    (end,) = await ended(runtime, order)
    await api.data(
        'mutation($o: UUID!) { cancelOrder(input: {orderId: $o, reason: "changed my mind"}) { __typename } }',
        {"o": str(order)},
    )
    (end,) = await ended(runtime, order, after=end.position)
    seen = await shown(api, order, end)
    assert (seen["status"], seen["payment"]["status"], seen["fulfilment"]["status"]) == (
        "CANCELLED",
        "REFUNDED",
        "cancelled",
    )
    assert await product(api, "TEA") == (5, 0, 5)


async def test_the_whole_chain_shares_the_correlation_id_of_the_click_and_names_what_caused_it(
    api: Api, runtime: Runtime
) -> None:
    await stock(api, "TEA", 5)
    order = await filled(api, ("TEA", 1))
    answer = await api(
        "mutation($o: UUID!) { placeOrder(input: {orderId: $o}) { __typename ... on OrderAccepted { position events { correlationId } } } }",
        {"o": str(order)},
    )
    correlation = answer["data"]["placeOrder"]["events"][0]["correlationId"]
    await ended(runtime, order)
    story = await api.data(
        "query($c: UUID!) { events(filter: {correlationId: $c}) { nodes { position type actor causedBy } } }",
        {"c": correlation},
    )
    nodes = story["events"]["nodes"]
    types = [node["type"] for node in nodes]
    expected = [
        "order.placed",
        "product.stock-reserved",
        "payment.requested",
        "payment.authorised",
        "order.confirmed",
        "payment.captured",
        "product.stock-dispatched",
        "fulfilment.ended",
    ]
    assert [type for type in types if type != "fulfilment.started"] == expected
    positions = {node["position"] for node in nodes}
    assert nodes[0]["causedBy"] is None
    assert all(node["causedBy"] in positions and node["actor"] == "process:fulfilment" for node in nodes[1:])


async def test_two_hundred_orders_for_goods_that_suffice_for_half_end_with_exactly_half_confirmed(
    api: Api, runtime: Runtime
) -> None:
    await stock(api, "TEA", 100)
    orders = await asyncio.gather(*(filled(api, ("TEA", 1)) for _ in range(200)))
    placing = "mutation($o: UUID!) { placeOrder(input: {orderId: $o}) { __typename } }"
    await asyncio.gather(*(api.data(placing, {"o": str(order)}) for order in orders))
    ends = await ended(runtime, *orders)
    outcomes = [end.event.outcome for end in ends]
    assert (outcomes.count("confirmed"), outcomes.count("rejected")) == (100, 100)
    assert await product(api, "TEA") == (0, 0, 0)


async def test_an_order_of_long_ago_is_history_and_is_left_alone(api: Api, runtime: Runtime) -> None:
    await stock(api, "TEA", 5)
    order = await filled(api, ("TEA", 1))
    await api.data(PLACE_LONG_AGO, {"o": str(order)})
    other = await placed(api, ("TEA", 1))
    (end,) = await ended(runtime, other)
    seen = await shown(api, order, end)
    assert (seen["status"], seen["fulfilment"]) == ("PLACED", None)


async def test_an_order_of_long_ago_is_never_shipped_and_can_be_cancelled(api: Api, runtime: Runtime) -> None:
    await stock(api, "TEA", 5)
    order = await filled(api, ("TEA", 1))
    await api.data(PLACE_LONG_AGO, {"o": str(order)})
    await ended(runtime, await placed(api, ("TEA", 1)))
    shipped = await api.data(
        "mutation($o: UUID!) { shipOrder(input: {orderId: $o}) { __typename ... on Rejected { code message } } }",
        {"o": str(order)},
    )
    assert shipped["shipOrder"] == {
        "__typename": "Rejected",
        "code": "ORDER_NOT_CONFIRMED",
        "message": "Only a confirmed order can be shipped, when it is paid and picked. An imported order is never confirmed.",
    }
    cancelled = await api.data(
        'mutation($o: UUID!) { cancelOrder(input: {orderId: $o, reason: "returned"}) { __typename } }',
        {"o": str(order)},
    )
    assert cancelled["cancelOrder"]["__typename"] == "OrderAccepted"


async def test_a_payment_that_hangs_is_stuck_until_the_customer_cancels(api: Api, runtime: Runtime) -> None:
    await stock(api, "TEA", 5, "1515.15")
    order = await placed(api, ("TEA", 1))
    await fact(runtime, order, "payment.requested")
    await api.data(
        'mutation($o: UUID!) { cancelOrder(input: {orderId: $o, reason: "too slow"}) { __typename } }',
        {"o": str(order)},
    )
    (end,) = await ended(runtime, order)
    seen = await shown(api, order, end)
    assert (seen["status"], seen["payment"]["status"]) == ("CANCELLED", "VOIDED")
    assert await product(api, "TEA") == (5, 0, 5)
