"""No error of the API searches the whole text for its line, in any phase."""

from typing import Any

import pytest
from graphql import Source

from app.engine.graphql.errors import MAX_MESSAGE_LENGTH
from app.engine.graphql.execution.limits import MAX_ERRORS
from tests.support.graphql_client import Api

LINES = "\n" * 9_000
CASES = {
    "GRAPHQL_PARSE_FAILED": "{ a(",
    "GRAPHQL_VALIDATION_FAILED": "{ nothing }",
    "BAD_USER_INPUT": "{ orders(first: -1) { nodes { id } } }",
}


@pytest.mark.parametrize("code", CASES)
async def test_errors_after_many_lines_cost_no_search_each(
    api: Api, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def search(self: Source, position: int) -> Any:
        raise AssertionError(position)

    monkeypatch.setattr(Source, "get_location", search)
    # A repeat is answered from what was remembered of the first.
    for _ in range(2):
        answer = await api(LINES + CASES[code])
        [error] = answer["errors"]
        assert error["extensions"]["code"] == code
        assert error["locations"][0]["line"] == 9_001


async def test_errors_of_variables_are_few_and_short(api: Api) -> None:
    query = "query ($f: EventFilter) { events(filter: $f) { nodes { position } } }"
    unknown = await api(query, {"f": {f"k{number}": "x" * 200 for number in range(900)}})
    assert len(unknown["errors"]) == MAX_ERRORS + 1
    long = await api(
        "query ($s: [OrderStatus!]) { orders(filter: {status: $s}) { nodes { id } } }", {"s": ["X" * 100_000]}
    )
    for error in (*unknown["errors"], *long["errors"]):
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert len(error["message"]) <= MAX_MESSAGE_LENGTH + 1
