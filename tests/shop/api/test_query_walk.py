"""A query enters the file of the context once: after that its reads go from room to room."""

import sys
from itertools import groupby
from pathlib import Path
from types import CodeType
from uuid import uuid4

import pytest

from app.engine.server.runtime import Runtime
from projections.order import orders
from tests.support.graphql_client import Api

ROOT = Path(__file__).parents[3]
CONTEXT = "app/engine/graphql/context.py"
TOOL = 4
"""An id of `sys.monitoring` that coverage and debuggers do not use."""

PAGE = "{ orders(first: 2) { totalCount nodes { id payment { status } fulfilment { status } lines { product { name } } } } }"
ONE = "query ($id: UUID!) { order(id: $id) { id payment { status } fulfilment { status } lines { product { name } } } }"


class Walk:
    """The files that are entered from the resolver of a field of Query to the end of the execution."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._began = False
        self._ended = False
        self.files: list[str] = []

    def on_function(self, code: CodeType, _: int) -> object:
        name = code.co_filename.removeprefix(f"{ROOT}/")
        if not name.startswith(("app/", "domain/", "projections/")):
            return sys.monitoring.DISABLE
        self._began |= code.co_qualname == f"Query.{self._field}"
        # The operation is charged, and its answer gets its extensions.
        self._ended |= self._began and code.co_qualname in ("RequestContext.share", "response_extensions")
        if self._began and not self._ended:
            self.files.append(name)
        return None


@pytest.mark.parametrize(("field", "query"), [("orders", PAGE), ("order", ONE)])
async def test_a_query_enters_the_file_of_the_context_once(
    api: Api, runtime: Runtime, field: str, query: str
) -> None:
    opened = await api.data(
        "mutation ($customer: UUID!) { openOrder(input: {customerId: $customer})"
        " { ... on OrderAccepted { position order { id } } } }",
        {"customer": str(uuid4())},
    )
    accepted = opened["openOrder"]
    await runtime.projector.wait_for_position(orders.name, int(accepted["position"]), 20)
    variables = {"id": accepted["order"]["id"]} if field == "order" else {}
    await api.data(query, variables)  # plans the statements
    walk = Walk(field)
    sys.monitoring.use_tool_id(TOOL, "walk")
    try:
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, walk.on_function)
        sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)
        data = await api.data(query, variables)
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)
    assert accepted["order"]["id"] in str(data)
    stays = [name for name, _ in groupby(walk.files)]
    assert stays.count(CONTEXT) == 1, stays
    assert "app/engine/read_models/queries.py" in stays
