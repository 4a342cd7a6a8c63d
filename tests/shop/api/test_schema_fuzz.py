"""Every query and every mutation, in process, with whatever the schema allows: an answer, and a code for each error."""

import io
from string import ascii_letters, digits
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from app.composition import application
from app.engine.graphql.schema import build_schema
from tests.support.in_process_api import InProcessApi

GOOD_AND_BAD = {
    "UUID": st.sampled_from([f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)])
    | st.uuids().map(str),
    "Sku": st.sampled_from(["TEA", "JAM"])
    | st.text(ascii_letters + digits + "._-", min_size=1, max_size=64)
    | st.text(max_size=80),
    "Decimal": st.decimals(0, 10**6, places=2).map(str) | st.decimals().map(str) | st.text(max_size=10),
    "Position": st.integers(0, 50).map(str) | st.integers(0, 2**80).map(str) | st.text(max_size=5),
}
for name, texts in GOOD_AND_BAD.items():
    schemathesis.graphql.scalar(name, texts.map(nodes.String))
schemathesis.graphql.scalar("Quantity", (st.integers(1, 10_000) | st.integers()).map(nodes.Int))

schema = schemathesis.graphql.from_file(
    io.StringIO(build_schema(application.slices(), application.deciders)[0].as_str())
)


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
def test_whatever_the_schema_allows_gets_an_answer_and_each_error_a_code(
    case: schemathesis.Case[Any], in_process_api: InProcessApi
) -> None:
    response = in_process_api.post(case.as_transport_kwargs(base_url="http://inside")["json"])
    # Schemathesis itself takes every error of a resolver for the server's: here the code says whose it is.
    assert response.status_code in (200, 400)
    answer = response.json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert "INTERNAL_SERVER_ERROR" not in codes, (case.body, answer)
    assert answer.get("data") is not None or codes
