"""An `id` is unique among all types if clients make new UUIDs. It names one object that can be fetched again."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType

from app.composition import application
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema
from app.engine.server.runtime import Runtime
from tests.shop.support.shop_client import ended, placed, stock
from tests.support.graphql_client import Api

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Order { status } ... on Payment { orderId } } }"
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
OPEN = "mutation ($id: UUID!, $c: UUID!) { openOrder(input: {id: $id, customerId: $c}) { ... on OrderAccepted { position } } }"
ALL = """query ($order: UUID!, $min: Position!) {
  order(id: $order, minPosition: $min) { id customerId payment { id } fulfilment { orderId } lines { product { id sku } } }
}"""


async def bought(api: Api, runtime: Runtime) -> dict[str, str]:
    """The id of one object of each type, by type. The order refers to all of them."""
    await stock(api, "TEA", 9)
    order = await placed(api, ("TEA", 1))
    [end] = await ended(runtime, order)
    await runtime.projector.wait_for_position("customers", end.position, 20)
    found = (await api.data(ALL, {"order": str(order), "min": str(end.position)}))["order"]
    return {
        "Order": found["id"],
        "Payment": found["payment"]["id"],
        "Product": found["lines"][0]["product"]["id"],
        "Customer": found["customerId"],
    }


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The statements of loaders, as (projection, number of keys)."""
    seen: list[tuple[str, int]] = []
    own = Loaders._reader

    def watched(self: Loaders, projection: Any, column: str) -> Any:
        reader = own(self, projection, column)

        async def noted(values: list[Any]) -> Sequence[Any]:
            seen.append((projection.name, len(values)))
            return await reader(values)

        return noted

    monkeypatch.setattr(Loaders, "_reader", watched)
    return seen


def test_only_nodes_have_a_field_that_is_called_id() -> None:
    schema = graphql_schema(build_schema(application.slices(), application.deciders)[0])
    with_id: dict[str, Sequence[str]] = {
        name: [interface.name for interface in graphql_type.interfaces]
        for name, graphql_type in schema.type_map.items()
        if isinstance(graphql_type, GraphQLObjectType) and "id" in graphql_type.fields
    }
    assert {"Customer", "Order", "Payment", "Product"} <= with_id.keys()
    assert set(map(tuple, with_id.values())) == {("Node",)}
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {str(schema.type_map[name].fields["id"].type) for name in with_id} == {"ID!"}  # type: ignore[attr-defined]


async def test_each_type_is_fetched_again_by_an_id_of_its_own(api: Api, runtime: Runtime) -> None:
    ids = await bought(api, runtime)
    assert len(set(ids.values())) == len(ids)
    for name, id in ids.items():
        found = (await api.data(NODE, {"id": id}))["node"]
        assert found == {"__typename": name, "id": id}
    payment = await api.data(NODES, {"ids": [ids["Payment"]]})
    assert payment["nodes"][0]["orderId"] == ids["Order"]


@pytest.mark.parametrize("taken", ["Customer", "Product"])
async def test_an_order_whose_id_a_client_took_from_another_object_does_not_hide_that_object(
    api: Api, runtime: Runtime, taken: str
) -> None:
    id, me = (await bought(api, runtime))[taken], str(uuid4())
    as_me = {"X_Actor": me, "X_Roles": "customer"}
    opened = await api(OPEN, {"id": id, "c": me}, **as_me)
    position = opened["data"]["openOrder"]["position"]
    mine = "query ($id: UUID!, $min: Position) { order(id: $id, minPosition: $min) { id } }"
    assert (await api(mine, {"id": id, "min": position}, **as_me))["data"] == {"order": {"id": id}}
    assert (await api.data(NODE, {"id": id}))["node"] == {"__typename": taken, "id": id}
    # A customer does not see another one, but every product.
    seen = {"Customer": "Order", "Product": "Product"}[taken]
    assert (await api(NODE, {"id": id}, **as_me))["data"]["node"] == {"__typename": seen, "id": id}


async def test_nodes_stand_at_the_index_of_their_ids(api: Api, runtime: Runtime) -> None:
    ids = await bought(api, runtime)
    order = ids["Order"]
    asked = [
        ids["Payment"],
        order,
        str(uuid4()),
        "",
        "no id",
        f"payment:{uuid4()}",
        f"order:{order}",
        f"{{{order}}}",
        order.replace("-", ""),
        ids["Customer"],
        order.upper(),
        ids["Product"],
        ids["Payment"],
    ]
    found = (await api.data(NODES, {"ids": asked}))["nodes"]
    names = [node and node["__typename"] for node in found]
    assert names == [
        *("Payment", "Order", None, None, None, None, None, None, None),
        *("Customer", "Order", "Product", "Payment"),
    ]
    assert found[1] == found[10] == {"__typename": "Order", "id": order, "status": "CONFIRMED"}


async def test_a_hundred_nodes_are_one_statement_for_each_projection(
    api: Api, runtime: Runtime, reads: list[tuple[str, int]]
) -> None:
    await bought(api, runtime)
    reads.clear()
    data = await api.data(NODES, {"ids": [str(uuid4()) for _ in range(99)] + [f"payment:{uuid4()}"]})
    assert data["nodes"] == [None] * 100
    assert len({name for name, _ in reads}) == len(reads)
    assert set(reads) >= {("customers", 99), ("orders", 99), ("payments", 1), ("products", 99)}
    answer = await api(NODES, {"ids": [str(uuid4()) for _ in range(101)]})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_node_is_as_new_as_the_position_that_is_asked_for(api: Api) -> None:
    for _ in range(5):
        order = str(uuid4())
        opened = await api.data(OPEN, {"id": order, "c": str(uuid4())})
        found = await api.data(
            "query ($id: ID!, $min: Position) { nodes(ids: [$id], minPosition: $min) { id } }",
            {"id": order, "min": opened["openOrder"]["position"]},
        )
        assert found["nodes"] == [{"id": order}]


async def test_the_field_node_has_no_argument_but_the_id_as_the_compiler_of_relay_demands(api: Api) -> None:
    data = await api.data('{ __type(name: "Query") { fields { name args { name } } } }')
    [node] = [field for field in data["__type"]["fields"] if field["name"] == "node"]
    assert node["args"] == [{"name": "id"}]


async def test_a_payment_is_asked_for_by_its_order(api: Api, runtime: Runtime) -> None:
    ids = await bought(api, runtime)
    query = "query ($order: UUID!) { payment(orderId: $order) { id } old: payment(id: $order) { id } }"
    assert await api.data(query, {"order": ids["Order"]}) == {
        "payment": {"id": ids["Payment"]},
        "old": {"id": ids["Payment"]},
    }
    [error] = (await api("{ payment { id } }"))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
