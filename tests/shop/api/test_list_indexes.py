"""An index serves each sort order of a list. An alphabetical order has none, since no index could serve it."""

from typing import Any

import pytest

import app.graphql.order
import app.graphql.product
from app.engine.graphql.pagination import paginate
from app.graphql.order import OrderSort
from app.graphql.product import ProductSort
from projections.kernel import AnyProjection
from tests.shop.support.shop_client import stock
from tests.support.graphql_client import Api


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> list[tuple[AnyProjection, tuple[str, ...], tuple[str, ...]]]:
    """The lists that were read: the projection, the columns that it is sorted by, and the alphabetical ones."""
    seen: list[tuple[AnyProjection, tuple[str, ...], tuple[str, ...]]] = []

    async def watched(info: Any, projection: AnyProjection, *given: Any, **options: Any) -> Any:
        seen.append((projection, options["order"], options.get("alphabetical", ())))
        return await paginate(info, projection, *given, **options)

    monkeypatch.setattr(app.graphql.order, "paginate", watched)
    monkeypatch.setattr(app.graphql.product, "paginate", watched)
    return seen


async def test_each_sort_order_has_an_index_and_an_alphabetical_one_has_none(
    api: Api, lists: list[tuple[AnyProjection, tuple[str, ...], tuple[str, ...]]]
) -> None:
    sorts = [("orders", sort.name) for sort in OrderSort] + [("products", sort.name) for sort in ProductSort]
    # The tables exist once they have reached an event.
    await stock(api, "TEA", 1)
    head = (await api.data("{ position }"))["position"]
    for name, sort in sorts:
        await api.data(f'{{ {name}(sort: {sort}, minPosition: "{head}") {{ nodes {{ __typename }} }} }}')
    assert len(lists) == len(sorts)
    for projection, columns, alphabetical in lists:
        if set(columns).isdisjoint(alphabetical):
            assert columns in {index[: len(columns)] for index in projection.indexes}
        else:
            assert {index[0] for index in projection.indexes}.isdisjoint(alphabetical)
    assert any(alphabetical for _, _, alphabetical in lists)
