"""`authorize` is asked about the commands of operators to processes, each with the stream that it is for."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, cast
from uuid import UUID, uuid4

import httpx2
import pytest

from app.engine.access.caller import Caller
from app.engine.access.policy import allow
from app.engine.application import Application
from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.processes.admin import ProcessView, get_processes
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings
from tests.support.toy_counter import Add, request, tallies, tally
from tests.support.toy_process import Bell, Ring, at_rest, away, errand, until
from tests.support.toy_slice import COMPLETE, ROLES, Mutation, Query

ANSWER = "{ __typename ... on Rejected { code } }"
RETRY = f"mutation($i: RetryProcessInput!) {{ result: retryProcess(input: $i) {ANSWER} }}"
SKIP = f"mutation($i: SkipProcessStepInput!) {{ result: skipProcessStep(input: $i) {ANSWER} }}"
COMPENSATE = f"mutation($i: CompensateProcessInput!) {{ result: compensateProcess(input: $i) {ANSWER} }}"
RETRY_ALL = "mutation($i: RetryProcessesInput!) { result: retryProcesses(input: $i) { retried } }"
POLICY = replace(
    COMPLETE,
    instances={errand.category: allow(boss="all")},
    events={**COMPLETE.events, "errand.*": allow(boss="all")},
)


class Asking:
    """An operator of the toy process, and what `authorize` was asked about its commands."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.denied: Callable[[str, str], bool] = lambda action, resource: True
        self.runtime: Runtime
        self.client: httpx2.AsyncClient

    def authorize(self, caller: Caller, action: str, resource: str) -> bool:
        del caller
        if not action.startswith("process."):
            return True
        self.asked.append((action, resource))
        return not self.denied(action, resource)

    async def send(self, query: str, **value: object) -> Any:
        """The result of a mutation; the code of its error if there is one."""
        self.asked.clear()
        body = {"query": query, "variables": {"i": value}}
        answer = await self.client.post("/graphql", json=body, headers={"x-actor": "ann", "x-roles": "boss"})
        if errors := answer.json().get("errors"):
            return errors[0]["extensions"]["code"]
        return answer.json()["data"]["result"]

    async def view(self, id: UUID) -> ProcessView | None:
        return (await get_processes(self.runtime.database, errand.category, [id])).get(id)

    async def stuck(self) -> UUID:
        """An errand whose call fails for good."""
        id = uuid4()
        outcome = await self.runtime.commands.execute(tally, id, Add(amount=1, note="ring"), request())
        assert isinstance(outcome, CommandAccepted)

        async def is_stuck() -> bool:
            view = await self.view(id)
            return view is not None and view.state == "stuck"

        await until(is_stuck)
        # The process writes the row once more, when it folds that its step is stuck.
        await at_rest(cast("Any", self.runtime))
        return id

    async def park(self, id: UUID, position: int = 1) -> None:
        await self.runtime.database.pool.execute(
            "UPDATE es.processes SET parked_position = $3 WHERE process = $1 AND id = $2",
            errand.category,
            id,
            position,
        )

    async def is_requested(self, id: UUID) -> bool:
        """Whether the retry of a parked errand was requested."""
        query = "SELECT retry OR parked_position IS NULL FROM es.processes WHERE process = $1 AND id = $2"
        return await self.runtime.database.pool.fetchval(query, errand.category, id)


@pytest.fixture
async def asking(database: Database) -> AsyncIterator[Asking]:
    asking = Asking()
    module = ModuleType("slice")
    vars(module).update(Query=Query, Mutation=Mutation, POLICY=POLICY)
    application = Application(
        settings=EngineSettings,
        deciders=(tally, errand.stream_decider),
        processes=(errand,),
        projections=(tallies,),
        slices=lambda: (module,),
        ports=lambda settings, database: {Ring: Bell(away)},
        roles=ROLES,
        authorize=asking.authorize,
    )
    settings = EngineSettings(database_url=database.url, step_max_attempts=1)
    asking.runtime = Runtime(application, settings, database)
    transport = httpx2.ASGITransport(app=create_app(asking.runtime))
    async with (
        asking.runtime.run(),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost") as asking.client,
    ):
        yield asking


async def test_a_command_to_a_process_that_authorize_denies_is_forbidden(asking: Asking) -> None:
    id = await asking.stuck()
    one, resource = {"process": "errand", "id": str(id)}, f"errand {id}"
    for query, value, action in (
        (RETRY, one, "process.retry-step"),
        (RETRY, {**one, "step": "ring"}, "process.retry-step"),
        (SKIP, {**one, "step": "ring", "reason": "no bell"}, "process.skip-step"),
        (COMPENSATE, {**one, "reason": "no bell"}, "process.force-compensation"),
        (RETRY_ALL, {}, "process.retry-step"),
    ):
        assert await asking.send(query, **value) == "FORBIDDEN"
        assert asking.asked == [(action, resource)]
    view = await asking.view(id)
    assert view is not None
    assert view.state == "stuck"
    asking.denied = lambda action, resource: action != "process.skip-step"
    accepted = {"__typename": "ProcessAccepted"}
    assert await asking.send(SKIP, **one, step="ring", reason="no bell") == accepted


async def test_the_retry_of_a_parked_instance_that_authorize_denies_is_forbidden(asking: Asking) -> None:
    id = await asking.stuck()
    await asking.park(id)
    for query, value in (
        (RETRY, {"process": "errand", "id": str(id)}),
        (RETRY_ALL, {"state": "parked"}),
    ):
        assert await asking.send(query, **value) == "FORBIDDEN"
        assert asking.asked == [("process.retry-step", f"errand {id}")]
        assert not await asking.is_requested(id)
    asking.denied = lambda action, resource: False
    assert await asking.send(RETRY_ALL, state="parked") == {"retried": 1}
    assert await asking.is_requested(id)


@pytest.mark.parametrize("state", ["stuck", "parked"])
async def test_a_retry_of_many_retries_none_of_them_if_authorize_denies_one(
    asking: Asking, state: str
) -> None:
    ids = [await asking.stuck() for _ in range(3)]
    if state == "parked":
        # The oldest ones come first.
        for position, id in enumerate(ids, 1):
            await asking.park(id, position)
    asking.denied = lambda action, resource: resource == f"errand {ids[-1]}"
    assert await asking.send(RETRY_ALL, state=state) == "FORBIDDEN"
    assert {resource for _, resource in asking.asked} == {f"errand {id}" for id in ids}
    for id in ids:
        facts = await asking.runtime.reader.read_stream(errand.category, id)
        assert "errand.step-retried" not in [fact.event.stored.name for fact in facts]
        assert (await asking.is_requested(id)) is False or state == "stuck"
