"""The example tabs of GraphiQL work as they stand, one after the other, and twice."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.engine.server.runtime import Runtime
from app.engine.settings import ROOT
from app.engine.store.event_filter import EventFilter
from tests.support.graphql_client import Api

SAMPLE = (
    "1-register-a-product",
    "2-receive-stock",
    "3-place-an-order",
    "4-look-around",
    "5-follow-the-log",
    "6-follow-an-order",
    "7-look-back",
    "8-change-your-mind",
)
EXAMPLES = [ROOT / "app" / "web" / "graphiql" / f"{name}.graphql" for name in SAMPLE]


def variables(example: Path) -> dict[str, Any]:
    return json.loads(example.with_suffix(".json").read_text())


async def test_the_examples_work_one_after_the_other_and_a_second_run_records_nothing(
    api: Api, runtime: Runtime
) -> None:
    asked = [example for example in EXAMPLES if "subscription" not in example.read_text()]
    assert len(asked) == 6
    for example in asked:
        answer = json.dumps(await api.data(example.read_text(), variables(example)))
        assert "Rejected" not in answer
        assert "Conflict" not in answer
    # What the placed order set off comes to its end.
    async for facts in runtime.feed.follow(0, EventFilter(types=frozenset({"fulfilment.ended"}))):
        assert facts
        break
    position = await api.data("{ position }")
    for example in asked:
        await api.data(example.read_text(), variables(example))
    assert await api.data("{ position }") == position


async def test_every_event_names_its_actor(api: Api) -> None:
    example = EXAMPLES[0]
    await api(example.read_text(), variables(example), x_actor="ann")
    [event] = (await api.data("{ events { nodes { actor } } }"))["events"]["nodes"]
    assert event == {"actor": "ann"}


@pytest.mark.parametrize("actor", ["", "a b", "ann\tbob", "x" * 101])
async def test_an_actor_that_is_no_name_is_no_actor(api: Api, actor: str) -> None:
    example = EXAMPLES[0]
    await api(example.read_text(), variables(example), x_actor=actor)
    [event] = (await api.data("{ events { nodes { actor } } }"))["events"]["nodes"]
    assert event == {"actor": "anonymous"}


async def test_a_correlation_id_that_the_client_gives_is_on_every_event(api: Api) -> None:
    given = "12345678-0000-4000-8000-000000000001"
    example = EXAMPLES[0]
    answer = await api(example.read_text(), variables(example), x_correlation_id=given)
    assert answer["extensions"]["correlationId"] == given
    found = await api.data(
        "query($id: UUID!) { events(filter: {correlationId: $id}) { nodes { correlationId } } }",
        {"id": given},
    )
    assert found["events"]["nodes"] == [{"correlationId": given}]
