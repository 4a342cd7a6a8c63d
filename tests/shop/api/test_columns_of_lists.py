"""A list reads and decodes a column of sequences only if the client asks for its field.

This holds now and as of a position.
"""

from typing import Any

import pytest
from sqlalchemy import Select

from app.engine.read_models import queries
from tests.shop.support.shop_client import filled, stock
from tests.support.graphql_client import Api

FRAGMENT = " fragment L on Order { lines { sku } }"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements of lists."""
    statements: list[str] = []
    fetch = queries.fetch_rows

    async def fetch_rows(database: Any, projection: Any, query: Select[Any]) -> Any:
        statements.append(str(query))
        return await fetch(database, projection, query)

    monkeypatch.setattr(queries, "fetch_rows", fetch_rows)
    return statements


async def test_lines_are_read_only_if_they_are_selected(api: Api, read: list[str]) -> None:
    await stock(api, "S", 1)
    order = str(await filled(api, ("S", 2)))
    position = (await api.data("{ position }"))["position"]
    for arguments in (f'minPosition: "{position}"', f'asOf: {{position: "{position}"}}'):
        read.clear()
        plain = (await api.data(f"{{ orders({arguments}) {{ nodes {{ id total {{ amount }} }} }} }}"))[
            "orders"
        ]
        assert plain["nodes"][0]["id"] == order
        assert "'[]'::text AS lines" in read[0]
        for fields, more in (("lines { sku }", ""), ("...L", FRAGMENT)):
            query = f"{{ orders({arguments}) {{ nodes {{ {fields} }} }} }}{more}"
            full = (await api.data(query))["orders"]
            assert full["nodes"] == [{"lines": [{"sku": "S"}]}]
            assert "'[]'::text" not in read[-1]
