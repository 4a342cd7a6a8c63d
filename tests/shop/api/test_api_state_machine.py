"""After any API operations of a customer and a clerk, in any order, every read model equals its rebuild."""

from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from app.composition import application
from tests.support.in_process_api import InProcessApi
from tests.support.rebuild_oracle import assert_rebuild_equals_live

ANSWERS = {"ProductAccepted", "OrderAccepted", "Rejected", "Conflict"}


def test_any_run_of_the_api_leaves_read_models_that_equal_their_rebuild(
    in_process_api: InProcessApi, module_database_url: str
) -> None:
    runs = 0

    class Shop(RuleBasedStateMachine):
        """Sends what the rules of the shop allow, and what they do not."""

        products = Bundle("products")
        orders = Bundle("orders")

        def mutate(self, field: str, **given: Any) -> None:
            shape = f"{field[0].upper()}{field[1:]}Input"
            shape = {
                "addLine": "OrderLineInput",
                "changeQuantity": "OrderLineInput",
                "removeLine": "OrderLineRefInput",
            }.get(field, shape)
            if field in ("placeOrder", "shipOrder", "undoOrderChange", "redoOrderChange"):
                shape = "OrderRefInput"
            answer = in_process_api.post(
                {
                    "query": f"mutation($input: {shape}!) {{ {field}(input: $input) {{ __typename }} }}",
                    "variables": {"input": given},
                }
            ).json()
            codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
            assert codes <= {"NOT_FOUND", "BAD_USER_INPUT"}, answer
            assert codes or answer["data"][field]["__typename"] in ANSWERS

        @rule(
            target=products,
            price=st.sampled_from(["0.00", "3.50", "120"]),
            currency=st.sampled_from(["EUR", "EUR", "USD"]),
        )
        def register(self, price: str, currency: str) -> str:
            sku = f"S-{uuid4().hex}"
            self.mutate(
                "registerProduct", sku=sku, name="Thing", price={"amount": price, "currency": currency}
            )
            return sku

        @rule(sku=products, price=st.sampled_from(["0.01", "7"]))
        def price(self, sku: str, price: str) -> None:
            self.mutate("changePrice", sku=sku, price={"amount": price})

        @rule(sku=products, quantity=st.integers(1, 9))
        def receive(self, sku: str, quantity: int) -> None:
            self.mutate("receiveStock", sku=sku, quantity=quantity)

        @rule(target=orders, customer=st.integers(1, 3))
        def open(self, customer: int) -> str:
            identity = str(uuid4())
            self.mutate("openOrder", id=identity, customerId=f"00000000-0000-4000-8000-00000000000{customer}")
            return identity

        @rule(
            order=orders,
            sku=products,
            quantity=st.integers(1, 4),
            field=st.sampled_from(["addLine", "addLine", "addLine", "changeQuantity"]),
        )
        def line(self, order: str, sku: str, quantity: int, field: str) -> None:
            self.mutate(field, orderId=order, sku=sku, quantity=quantity)

        @rule(order=orders, sku=products)
        def remove(self, order: str, sku: str) -> None:
            self.mutate("removeLine", orderId=order, sku=sku)

        @rule(
            order=orders,
            field=st.sampled_from(
                ["placeOrder", "placeOrder", "shipOrder", "undoOrderChange", "redoOrderChange"]
            ),
        )
        def move(self, order: str, field: str) -> None:
            self.mutate(field, orderId=order)

        @rule(order=orders)
        def cancel(self, order: str) -> None:
            self.mutate("cancelOrder", orderId=order, reason="changed my mind")

        def teardown(self) -> None:
            nonlocal runs
            runs += 1
            if runs % 5 == 0:
                assert_rebuild_equals_live(application, module_database_url)

    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=10,
            stateful_step_count=30,
            derandomize=True,
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.filter_too_much,
                HealthCheck.function_scoped_fixture,
            ],
        ),
    )
    position = int(in_process_api.post({"query": "{ position }"}).json()["data"]["position"])
    assert runs >= 10
    assert position > 100
