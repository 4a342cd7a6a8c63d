"""The shop's page with more orders than a live list holds."""

import json
from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.shop_page import CUP, MARKS, SECONDS, TEA, Shop, Window, is_well

pytestmark = MARKS

LIVE = 200
"""How many items a live list has at most, if its subscription does not say."""
PAGE = 20

CANCEL = 'mutation ($id: UUID!) { cancelOrder(input: {orderId: $id, reason: "no"}) { __typename } }'


def cancel_orders(shop: Shop, customer_id: str, count: int) -> None:
    """So many orders of this customer, each cancelled."""
    for first in range(0, count, PAGE // 2):
        fields = " ".join(
            f'o{number}: openOrder(input: {{id: "{order}", customerId: "{customer_id}"}}) {{ __typename }}'
            f' c{number}: cancelOrder(input: {{orderId: "{order}", reason: "no"}}) {{ __typename }}'
            for number in range(first, min(first + PAGE // 2, count))
            for order in [uuid4()]
        )
        answer = shop.server.ask(f"mutation {{ {fields} }}")
        assert {found["__typename"] for found in answer["data"].values()} == {"OrderAccepted"}


def test_a_customer_with_more_orders_than_a_live_list_holds_goes_on_shopping(
    window: Callable[[], Window], shop: Shop
) -> None:
    first = window()
    cancel_orders(shop, first.id, LIVE + 1)
    late = Window(first.page.context, shop)
    orders = late.page.locator(".orders li")
    expect(orders).to_have_count(PAGE, timeout=SECONDS)
    late.button("Show more").click()
    expect(orders).to_have_count(2 * PAGE, timeout=SECONDS)
    late.add(TEA).click()
    late.has(TEA, 1)
    late.button("Place the order").click()
    late.shows(".order .status", "Confirmed")
    # The order is under way, then it has ended. It stays in the list of this window and of the other one.
    expect(orders).to_have_count(2 * PAGE + 1, timeout=SECONDS)
    late.button("Cancel").click()
    late.shows(".order .status", "Cancelled")
    for each, shown in ((late, 2 * PAGE), (first, PAGE)):
        listed = each.page.locator(".orders li")
        expect(listed.first).to_contain_text("Cancelled", timeout=SECONDS)
        expect(listed.first).not_to_contain_text("–", timeout=SECONDS)
        expect(listed).to_have_count(shown, timeout=SECONDS)
        expect(each.page.locator(".orders .problem")).to_have_count(0)
    late.add(CUP).click()
    late.has(CUP, 1)
    query = f'{{ orders(filter: {{customerId: "{late.id}", status: [OPEN]}}) {{ nodes {{ id }} }} }}'
    [basket] = [found["id"] for found in shop.server.ask(query)["data"]["orders"]["nodes"]]
    shop.server.ask(CANCEL, {"id": basket})
    for each in (late, first):
        each.has(CUP, 0)
        expect(each.page.locator(".orders li").first).to_contain_text(basket[-6:].upper(), timeout=SECONDS)
    is_well(first, late)


def test_staff_read_and_ship_orders_of_which_too_many_are_under_way(
    window: Callable[[], Window], shop: Shop
) -> None:
    def refuse(socket: WebSocketRoute) -> None:
        """The live list of orders has too many."""
        server = socket.connect_to_server()

        def forward(text: str | bytes) -> None:
            message = json.loads(text)
            if "orders(" not in message.get("payload", {}).get("query", ""):
                server.send(text)
                return
            error = {"message": "no", "extensions": {"code": "BAD_USER_INPUT"}}
            socket.send(json.dumps({"id": message["id"], "type": "error", "payload": [error]}))

        socket.on_message(forward)

    customer = window()
    customer.add(CUP).click()
    customer.button("Place the order").click()
    customer.shows(".order .status", "Confirmed")
    number = customer.page.locator("#order").inner_text().removeprefix("Order ")
    customer.page.context.route_web_socket("**/graphql", refuse)
    staff = Window(customer.page.context, shop)
    staff.act_as("staff")
    staff.shows(".orders .problem", "Too many orders are under way")
    order = staff.page.locator(f'.orders li:has-text("{number}") button')
    order.click()
    staff.button("Ship").click()
    customer.shows(".order .status", "Shipped")
    expect(order).to_have_count(0, timeout=SECONDS)
    is_well(customer, staff)
