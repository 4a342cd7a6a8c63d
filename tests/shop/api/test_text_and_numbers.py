"""Text is compared as people read it, numbers that add up do not overflow, and zero has no sign."""

import unicodedata
from decimal import Decimal
from uuid import uuid4

import pytest

from app.engine.commands import CommandAccepted, CommandContext
from app.engine.database.collations import BUILT_IN, ICU, Collations
from app.engine.database.connections import Database
from app.engine.graphql.errors import BadInput
from app.engine.server.runtime import Runtime
from app.graphql.money import parse_money
from domain.money import Money
from domain.product import RegisterProduct, product, product_id
from tests.support.graphql_client import Api
from tests.support.in_process_api import InProcessApi

REGISTER = """mutation ($sku: Sku!, $name: String!, $price: Decimal!) { registerProduct(input: {sku: $sku, name: $name, price: {amount: $price}}) {
    ... on ProductAccepted { position events { ... on ProductRegistered { name price { amount } } } product { name price { amount } } } } }"""
NAMED = """query ($name: String, $first: Int) { products(first: $first, sort: NAME_ASC, filter: {nameContains: $name}) { nodes { name } totalCount } }"""

NAMES = (
    "STRASSE", "Straßenbahn", "ÄPFEL", "Äpfel", "apfel", "Zebra", "zebra", "İstanbul", "ΟΔΟΣ", "Οδός", "ŒUVRE", "ﬁnal", "100 %", "a_b",
    "Ｆull", "ǅungla", "Maße", "MAẞE",
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(in_process_api: InProcessApi) -> InProcessApi:
    for number, name in enumerate(NAMES):
        in_process_api.ask(
            REGISTER.replace("product { name price { amount } }", ""),
            {"sku": f"S{number}", "name": name, "price": "1"},
        )
    in_process_api.wait_for("products")
    return in_process_api


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("strasse", {"STRASSE", "Straßenbahn"}),
        ("straße", {"STRASSE", "Straßenbahn"}),
        ("STRAẞE", {"STRASSE", "Straßenbahn"}),
        ("masse", {"Maße", "MAẞE"}),
        ("äpfel", {"ÄPFEL", "Äpfel"}),
        (unicodedata.normalize("NFD", "Äpfel"), {"ÄPFEL", "Äpfel"}),
        ("apfel", {"apfel"}),
        ("istanbul", {"İstanbul"}),
        ("ISTANBUL", {"İstanbul"}),
        ("İSTANBUL", {"İstanbul"}),
        ("i\u0307stanbul", {"İstanbul"}),
        ("οδος", {"ΟΔΟΣ"}),
        ("οδοσ", {"ΟΔΟΣ"}),
        ("ΟΔΌΣ", {"Οδός"}),
        ("œuvre", {"ŒUVRE"}),
        ("FINAL", {"ﬁnal"}),
        ("ｆULL", {"Ｆull"}),
        ("ǆ", {"ǅungla"}),
        ("%", {"100 %"}),
        ("_", {"a_b"}),
        ("zEBRA", {"Zebra", "zebra"}),
        ("nothing", set()),
    ],
)
def test_a_name_is_found_in_any_case(shop: InProcessApi, text: str, found: set[str]) -> None:
    nodes = shop.ask(NAMED, {"name": text})["products"]["nodes"]
    assert {node["name"] for node in nodes} == found


def test_names_are_sorted_as_people_sort_them(shop: InProcessApi) -> None:
    nodes = shop.ask(NAMED, {"first": 100})["products"]["nodes"]
    names = [node["name"] for node in nodes]
    wanted = ["apfel", "Äpfel", "İstanbul", "STRASSE", "Zebra", "Οδός"]
    assert [name for name in names if name in wanted] == wanted
    assert abs(names.index("Zebra") - names.index("zebra")) == 1


def test_the_sort_by_name_is_by_the_collation_if_the_server_has_it() -> None:
    sql = f'SELECT lower(name COLLATE "{ICU}")'
    assert Collations(icu=True, built_in=True).adapt(sql) == sql
    assert Collations(icu=False, built_in=True).adapt(sql) == f'SELECT lower(name COLLATE "{BUILT_IN}")'
    assert Collations(icu=False, built_in=False).adapt(sql) == "SELECT lower(name)"
    assert Collations(icu=True).problem() is None
    assert "no ICU" in (Collations(icu=False).problem() or "")


async def test_the_collations_are_those_of_the_server(database: Database) -> None:
    for name, has in ((ICU, database.collations.icu), (BUILT_IN, database.collations.built_in)):
        known = "SELECT count(*) FROM pg_collation WHERE collname = $1"
        assert (await database.pool.fetchval(known, name) == 1) is has


async def test_names_are_found_without_any_collation_for_people(api: Api, runtime: Runtime) -> None:
    runtime.database.collations = Collations(icu=False, built_in=False)
    for sku, name in (("A", "zebra"), ("B", "Ant"), ("C", "bee")):
        await api.data(REGISTER, {"sku": sku, "name": name, "price": "1"})
    found = await api.data(NAMED, {"first": 9})
    assert [node["name"] for node in found["products"]["nodes"]] == ["Ant", "bee", "zebra"]
    assert (await api.data(NAMED, {"name": "BR"}))["products"]["totalCount"] == 1


async def test_text_is_stored_in_its_composed_form(api: Api) -> None:
    decomposed = unicodedata.normalize("NFD", "Crème brûlée")
    [event] = (await api.data(REGISTER, {"sku": "A", "name": decomposed, "price": "1"}))["registerProduct"][
        "events"
    ]
    assert event["name"] == unicodedata.normalize("NFC", decomposed) != decomposed
    order = str(uuid4())
    open_order = "mutation ($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }"
    await api.data(open_order, {"i": {"id": order, "customerId": str(uuid4())}})
    cancel = "mutation ($i: CancelOrderInput!) { cancelOrder(input: $i) { ... on OrderAccepted { events { ... on OrderCancelled { reason } } } } }"
    cancelled = await api.data(cancel, {"i": {"orderId": order, "reason": decomposed}})
    assert cancelled["cancelOrder"]["events"] == [{"reason": unicodedata.normalize("NFC", decomposed)}]


async def test_a_name_that_was_stored_decomposed_is_found(api: Api, runtime: Runtime) -> None:
    """The log of a server that did not normalise input."""
    name = unicodedata.normalize("NFD", "Crème")
    price = Money(amount=Decimal(1), currency="EUR")
    accepted = await runtime.commands.execute(
        product,
        product_id("A"),
        RegisterProduct(sku="A", name=name, price=price),
        CommandContext(actor="old", correlation_id=uuid4()),
    )
    assert isinstance(accepted, CommandAccepted)
    query = "query ($name: String, $min: Position) { products(filter: {nameContains: $name}, minPosition: $min) { totalCount } }"
    for text, count in (("CRÈME", 1), (name, 1), ("CREME", 0)):
        found = await api.data(query, {"name": text, "min": str(accepted.position)})
        assert found["products"]["totalCount"] == count


async def test_zero_has_no_sign(api: Api) -> None:
    accepted = (await api.data(REGISTER, {"sku": "A", "name": "free", "price": "-0.00"}))["registerProduct"]
    assert accepted["events"][0]["price"] == accepted["product"]["price"] == {"amount": "0.00"}
    literal = REGISTER.replace(", $price: Decimal!", "").replace("amount: $price", 'amount: "-0"')
    accepted = (await api.data(literal, {"sku": "B", "name": "free"}))["registerProduct"]
    assert accepted["events"][0]["price"] == {"amount": "0.00"}


def test_a_currency_has_three_capital_letters_and_no_list_is_asked() -> None:
    assert parse_money(Decimal(1), "XYZ") == Money(amount=Decimal("1.00"), currency="XYZ")
    for currency in ("", "EU", "EURO", "eur", "E1R", "ÉUR", "EUR\n"):
        with pytest.raises(BadInput, match="three capital letters"):
            parse_money(Decimal(1), currency)


async def test_what_adds_up_may_pass_the_int_of_graphql(api: Api, runtime: Runtime) -> None:
    many = 2**33
    await api.data(REGISTER, {"sku": "A", "name": "a", "price": "1"})
    # Their tables exist once they have reached an event.
    for projection in ("daily_sales", "customers"):
        await runtime.projector.wait_for_position(projection, 1, 20)
    await runtime.database.pool.execute(
        "INSERT INTO read.daily_sales_v2 (day, currency, orders, items, revenue) VALUES ('2026-01-05', 'EUR', $1, $1, $2)",
        many,
        Decimal(many),
    )
    customer = uuid4()
    await runtime.database.pool.execute(
        "INSERT INTO read.customers_v1 (id, spent, placed_orders) VALUES ($1, '[]', $2)", customer, many
    )
    query = """query ($c: UUID!) { customer(id: $c) { placedOrders }
        dailySales(from: "2026-01-05", to: "2026-01-05") { orders items revenue { amount } } }"""
    assert await api.data(query, {"c": str(customer)}) == {
        "customer": {"placedOrders": many},
        "dailySales": [{"orders": many, "items": many, "revenue": {"amount": str(many)}}],
    }
    # The test ends with the check that a rebuild gives the same rows.
    for table in ("daily_sales_v2", "customers_v1"):
        await runtime.database.pool.execute(f"DELETE FROM read.{table}")


TEXT_INPUTS = {
    "name": 'mutation ($text: String!) { registerProduct(input: {sku: "B", name: $text, price: {amount: "1"}}) { __typename } }',
    "reason": f'mutation ($text: String!) {{ cancelOrder(input: {{orderId: "{uuid4()}", reason: $text}}) {{ __typename }} }}',
    "nameContains": "query ($text: String!) { products(filter: {nameContains: $text}) { nodes { name } } }",
    "process reason": f'mutation ($text: String!) {{ skipProcessStep(input: {{process: "fulfilment", id: "{uuid4()}", step: "x", reason: $text}}) {{ __typename }} }}',
    "types": "query ($text: String!) { events(filter: {types: [$text]}) { nodes { position } } }",
}


@pytest.mark.parametrize("document", TEXT_INPUTS.values(), ids=TEXT_INPUTS)
@pytest.mark.parametrize(
    "text", ["Tea\nX", "Tea\x9b", "\u202eaeT", "\u2066Tea", "\u200b\u200d", "a" + "\u0301\u0316" * 20_000]
)
def test_text_that_lies_is_refused_by_every_input(
    in_process_api: InProcessApi, document: str, text: str
) -> None:
    answer = in_process_api.post({"query": document, "variables": {"text": text}}).json()
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", answer
