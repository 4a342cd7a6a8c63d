"""Requests that the API refuses, with the code of each refusal."""

import base64
import json
import ssl
from typing import Any
from uuid import UUID, uuid4

import httpx2

from tests.support.server import Server

REGISTER = "mutation Register($input: RegisterProductInput!, $options: CommandOptions) { registerProduct(input: $input, options: $options) { __typename } }"
OPEN = "mutation Open($input: OpenOrderInput!, $options: CommandOptions) { openOrder(input: $input, options: $options) { __typename } }"
ADD = (
    "mutation Add($input: OrderLineInput!) { addLine(input: $input) { __typename ... on Rejected { code } } }"
)
CANCEL = "mutation Cancel($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename } }"
POSITION = "{ position }"

LISTS = "query ($n: Int! = 100) { orders(first: FIRST) { nodes { id ...H } } products(first: $n) { nodes { sku } } } fragment H on Order { history(first: 50) { nodes { event { position type } state changes } } }"

PARSE, VALIDATION, INPUT, EXPENSIVE = (
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "OPERATION_TOO_EXPENSIVE",
)


def product(**changes: object) -> dict[str, Any]:
    return {"input": {"sku": "TEA", "name": "Tea", "price": {"amount": "3.50"}} | changes}


def line(**changes: object) -> dict[str, Any]:
    return {"input": {"orderId": str(uuid4()), "sku": "TEA", "quantity": 1} | changes}


def fragments(number: int) -> str:
    """A chain of fragments that each spread the next one twice: 2^number fields."""
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}\n" for n in range(number))
    return f"{{ ...F0 }}\n{chain}fragment F{number} on Query {{ position }}"


def cursor(*place: object) -> dict[str, Any]:
    """Variables with a cursor that no server has made."""
    return {"c": base64.urlsafe_b64encode(json.dumps(place).encode()).decode()}


PRICED = "query ($c: String) { products(sort: PRICE_ASC, after: $c) { nodes { sku } } }"
OPENED = "query ($c: String) { orders(after: $c) { nodes { id } } }"
type Case = tuple[str, dict[str, Any] | None, str]

CASES: dict[str, Case] = {
    "a syntax error": ("{ position", None, PARSE),
    "a document of nothing but a comment": ("# position", None, PARSE),
    "an unknown field": ("{ weather }", None, VALIDATION),
    "an unknown argument": ('{ product(sku: "TEA", weight: 3) { sku } }', None, VALIDATION),
    "an unknown fragment": ("{ ...Nothing }", None, VALIDATION),
    "a fragment that spreads itself": ("{ ...F } fragment F on Query { position ...F }", None, VALIDATION),
    "a missing selection": ("{ orders }", None, VALIDATION),
    "a variable that was not declared": ("{ product(sku: $sku) { sku } }", None, VALIDATION),
    "a variable of the wrong type": (REGISTER, {"input": 5}, INPUT),
    "a missing variable": (REGISTER, {}, INPUT),
    "an id that is none": ("query ($id: UUID!) { order(id: $id) { id } }", {"id": "x"}, INPUT),
    "a cursor that is none": ('{ orders(after: "bad") { nodes { id } } }', None, INPUT),
    "a cursor that is not ASCII": (
        "query ($c: String) { orders(after: $c) { nodes { id } } }",
        {"c": "ä🫖"},
        INPUT,
    ),
    "a cursor of another list": (
        '{ products(after: "WyIrcHJpY2UsaWQiLCIxIiwiMSJd") { nodes { sku } } }',
        None,
        INPUT,
    ),
    "a cursor with a price of a million digits": (PRICED, cursor("+price,sku", "1e999999", "x"), INPUT),
    "a cursor with a price without end": (PRICED, cursor("+price,sku", "Infinity", "x"), INPUT),
    "a cursor with a moment before the first": (
        OPENED,
        cursor("-opened_at,id", "0001-01-01T00:00:00+14:00", str(UUID(int=0))),
        INPUT,
    ),
    "a cursor with a moment after the last": (
        OPENED,
        cursor("-opened_at,id", "9999-12-31T23:59:59-14:00", str(UUID(int=0))),
        INPUT,
    ),
    "a cursor with a moment of nowhere": (
        OPENED,
        cursor("-opened_at,id", "2026-01-01T00:00:00", str(UUID(int=0))),
        INPUT,
    ),
    "a document without an operation": ("fragment A on Query { position }", None, INPUT),
    "a price with underscores": (REGISTER, product(price={"amount": "1_000"}), INPUT),
    "a price in other digits": (REGISTER, product(price={"amount": "٣"}), INPUT),
    "a price with spaces": (REGISTER, product(price={"amount": " 10"}), INPUT),
    "a position that is none": (
        "query ($p: Position) { events(after: $p) { nodes { type } } }",
        {"p": "first"},
        INPUT,
    ),
    "a negative position": (
        "query ($p: Position) { events(after: $p) { nodes { type } } }",
        {"p": "-1"},
        INPUT,
    ),
    "a position above 64 bits": (
        "query ($p: Position) { events(after: $p) { nodes { type } } }",
        {"p": "9223372036854775808"},
        INPUT,
    ),
    "a page of 101": ("{ products(first: 101) { nodes { sku } } }", None, INPUT),
    "a page of less than nothing": ("{ products(first: -1) { nodes { sku } } }", None, INPUT),
    "a SKU that is none": (REGISTER, product(sku="tea & biscuits"), INPUT),
    "a quantity of 0": (ADD, line(quantity=0), INPUT),
    "a quantity of 10001": (ADD, line(quantity=10_001), INPUT),
    "a quantity that is a text": (ADD, line(quantity="1"), INPUT),
    "a negative price": (REGISTER, product(price={"amount": "-0.01"}), INPUT),
    "a price of three decimals": (REGISTER, product(price={"amount": "0.001"}), INPUT),
    "a price that is not a number": (REGISTER, product(price={"amount": "NaN"}), INPUT),
    "a price without end": (REGISTER, product(price={"amount": "Infinity"}), INPUT),
    "a price with a huge exponent": (REGISTER, product(price={"amount": "1E+999999"}), INPUT),
    "a price with a tiny exponent": (REGISTER, product(price={"amount": "1E-999999"}), INPUT),
    "a price that is a float": (REGISTER, product(price={"amount": 3.5}), INPUT),
    "a currency that is none": (REGISTER, product(price={"amount": "1.00", "currency": "euro"}), INPUT),
    "an empty name": (REGISTER, product(name=" "), INPUT),
    "NUL in a name": (REGISTER, product(name="T\0a"), INPUT),
    "NUL in a reason": (CANCEL, {"input": {"orderId": str(uuid4()), "reason": "a\0b"}}, INPUT),
    "NUL in nameContains": (
        "query ($n: String) { products(filter: {nameContains: $n}) { nodes { sku } } }",
        {"n": "a\0"},
        INPUT,
    ),
    "NUL in filter.streams": (
        "query ($s: [String!]) { events(filter: {streams: $s}) { nodes { type } } }",
        {"s": ["order\0"]},
        INPUT,
    ),
    "NUL in filter.types": (
        "query ($s: [String!]) { events(filter: {types: $s}) { nodes { type } } }",
        {"s": ["order.\0"]},
        INPUT,
    ),
    "occurredAt in the future": (
        REGISTER,
        product() | {"options": {"occurredAt": "2999-01-01T00:00:00Z"}},
        INPUT,
    ),
    "occurredAt before 1900": (
        REGISTER,
        product() | {"options": {"occurredAt": "0001-01-01T00:00:00Z"}},
        INPUT,
    ),
    "a moment that is none": (REGISTER, product() | {"options": {"occurredAt": "yesterday"}}, INPUT),
    "a day that is none": ('{ dailySales(from: "1997-02-30", to: "1997-03-01") { day } }', None, VALIDATION),
    "a version above 32 bits": (REGISTER, product() | {"options": {"expectedVersion": 2**31}}, INPUT),
    "several operations and no operationName": ("query A { position } query B { position }", None, INPUT),
    "fragments that double 80 times": (fragments(80), None, EXPENSIVE),
    "long lists within long lists": (LISTS.replace("FIRST", "100"), None, EXPENSIVE),
    "long lists within long lists, by variables": (LISTS.replace("FIRST", "$n"), {"n": 100}, EXPENSIVE),
    "a field asked for 61 times": (
        "{" + " ".join(f"a{n}: position" for n in range(61)) + "}",
        None,
        EXPENSIVE,
    ),
}
SMALL_CASES = CASES | {
    "a name of 40,000 characters": (REGISTER, product(name="x" * 40_000), INPUT),
    "a document of 5,000 tokens": ("{" + " position" * 5_000 + "}", None, EXPENSIVE),
}
"""Small enough for a socket's message."""
ALL_CASES = SMALL_CASES | {
    "a name of 100,000 characters": (REGISTER, product(name="x" * 100_000), INPUT),
    "a document of 70,000 characters": ("{ position }" + " " * 70_000, None, EXPENSIVE),
}

LONE_SURROGATES = [
    rb'{"query": "mutation ($n: String!) { registerProduct(input: {sku: \"S\", name: $n, price: {amount: \"1\"}}) { __typename } }", "variables": {"n": "\ud800"}}',
    rb'{"query": "{ products(filter: {nameContains: \"\\ud800\"}) { nodes { sku } } }"}',
    rb'{"query": "query ($s: [String!]) { events(filter: {streams: $s}) { nodes { type } } }", "variables": {"s": ["\udfff"]}}',
    rb'{"query": "{ position } # \ud800"}',
]


TLS = ssl.create_default_context()
"""Without it each client would read all certificates, which takes 50 ms."""


def post(server: Server, body: bytes, **headers: str) -> httpx2.Response:
    return httpx2.post(
        server.url,
        content=body,
        headers={"content-type": "application/json"} | headers,
        timeout=10,
        verify=TLS,
    )


def codes(answer: dict[str, Any]) -> set[str]:
    """The codes of the errors; an answer without a code for each fails."""
    assert answer["errors"], answer
    return {error["extensions"]["code"] for error in answer["errors"]}
