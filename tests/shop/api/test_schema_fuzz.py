"""In process, every query and mutation with any allowed values gets an answer, and each error has a code."""

import io
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings

from app.composition import application
from app.engine.graphql.schema import build_schema
from tests.shop.support.schema_scalars import register_scalars
from tests.support.in_process_api import InProcessApi

register_scalars()
schema = schemathesis.graphql.from_file(
    io.StringIO(build_schema(application.slices(), application.deciders)[0].as_str())
)


@schema.parametrize()
@settings(
    # Each caller with a role of its own asks as many again (tests/shop/access).
    max_examples=10,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
def test_all_that_the_schema_allows_gets_an_answer_and_each_error_a_code(
    case: schemathesis.Case[Any], in_process_api: InProcessApi
) -> None:
    response = in_process_api.post(case.as_transport_kwargs(base_url="http://inside")["json"])
    # Schemathesis itself takes every error of a resolver for the server's: here the code says whose it is.
    assert response.status_code in (200, 400)
    answer = response.json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert "INTERNAL_SERVER_ERROR" not in codes, (case.body, answer)
    assert answer.get("data") is not None or codes
