"""A page, its neighbours and its count are separate reads. A read after the page waits for lost rows."""

from typing import Any

import pytest

import app.engine.graphql.pagination as module
from app.engine.server.runtime import Runtime
from tests.support.graphql_client import Api

REGISTER = 'mutation { registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: "2.00"}}) { ... on ProductAccepted { position } } }'


@pytest.mark.parametrize("more", ["totalCount", "pageInfo { hasPreviousPage }"])
async def test_what_is_read_after_the_page_waits_for_rows_that_were_lost(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    position = (await api.data(REGISTER))["registerProduct"]["position"]
    page = await api.data(
        "query ($at: Position) { products(first: 1, minPosition: $at) { pageInfo { endCursor } } }",
        {"at": position},
    )
    cursor = page["products"]["pageInfo"]["endCursor"]
    worker = runtime.projector.workers["products"]
    monkeypatch.setattr(worker, "_next_check", float("inf"))
    read_page = module.keyset_page

    async def read_and_lose(*arguments: Any, **options: Any) -> Any:
        found = await read_page(*arguments, **options)
        worker.state.update(is_uncertain=True)
        return found

    monkeypatch.setattr(module, "keyset_page", read_and_lose)
    answer = await api(f'{{ products(first: 1, after: "{cursor}") {{ nodes {{ sku }} {more} }} }}')
    assert answer["errors"][0]["extensions"]["code"] == "STALE_READ"
    worker.state.update(is_uncertain=False)
