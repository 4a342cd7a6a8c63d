"""What Schemathesis puts in place of the scalars of the API: good values and bad ones. Its register is one for all tests."""

from string import ascii_letters, digits

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from domain.payment import payment_id
from tests.shop.access.two_customers import ANN, BEN

FEW = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(4)]
"""So few ids that what one mutation makes is used by another."""
PAST = [
    str(id)
    for who in (ANN, BEN)
    for id in (who.open, who.id, who.shipped, who.rejected, who.cancelled, payment_id(who.shipped))
]
"""The ids of two customers with a past. The first document of a field has the first one: an order that can be changed."""

IDS = st.sampled_from(PAST) | st.sampled_from(PAST) | st.sampled_from(FEW)

GOOD_AND_BAD = {
    "UUID": IDS | st.uuids().map(str),
    "ID": IDS | IDS.map("payment:{}".format) | st.text(max_size=10),
    # A currency is a String of three capital letters, and a reason is not empty.
    "String": st.just("EUR") | st.text(max_size=20),
    "Sku": st.sampled_from(["TEA", "JAM", ANN.sku, BEN.sku])
    | st.text(ascii_letters + digits + "._-", min_size=1, max_size=64)
    | st.text(max_size=80),
    "Decimal": st.decimals(0, 10**6, places=2).map(str) | st.decimals().map(str) | st.text(max_size=10),
    "Position": st.integers(0, 90).map(str) | st.integers(0, 2**80).map(str) | st.text(max_size=5),
}


def register_scalars() -> None:
    """Tell Schemathesis what to put in place of them."""
    for name, texts in GOOD_AND_BAD.items():
        schemathesis.graphql.scalar(name, texts.map(nodes.String))
    schemathesis.graphql.scalar(
        "Int", (st.sampled_from([5, 20, 0]) | st.integers(-(2**31), 2**31 - 1)).map(nodes.Int)
    )
    schemathesis.graphql.scalar("Quantity", (st.integers(1, 10_000) | st.integers()).map(nodes.Int))
