"""What an operator sees of processes and does about them, through the API and at the terminal."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.commands import CommandHandler
from app.engine.server.runtime import Runtime
from app.ports.simulated_gateway import GatewayUnavailable, SimulatedGateway
from app.settings import Settings
from domain.fulfilment import fulfilment
from tests.shop.support.shop_client import ended, fact, placed, product, shown, stock
from tests.support.cli import CliResult, assert_user_error, invoke
from tests.support.graphql_client import Api

STUCK = "authorise the payment"
ANSWER = (
    "{ __typename ... on ProcessAccepted { events { type } process { state } } ... on Rejected { code } }"
)
RETRY = f"mutation($i: RetryProcessInput!) {{ retryProcess(input: $i) {ANSWER} }}"
SKIP = f"mutation($i: SkipProcessStepInput!) {{ skipProcessStep(input: $i) {ANSWER} }}"
SHIP = "mutation($o: UUID!) { shipOrder(input: {orderId: $o}) { __typename ... on Rejected { code } } }"
COMPENSATE = f"mutation($i: CompensateProcessInput!) {{ compensateProcess(input: $i) {ANSWER} }}"


@pytest.fixture
def settings(database_url: str) -> Settings:
    """A step that fails once is stuck."""
    return Settings(database_url=database_url, pool_size=4, step_max_attempts=1)


async def stuck(api: Api, runtime: Runtime) -> UUID:
    """An order whose payment fails for good."""
    await stock(api, "TEA", 5, "1515.15")
    order = await placed(api, ("TEA", 1))
    await fact(runtime, order, "fulfilment.step-stuck")
    return order


async def listed(api: Api, state: str) -> list[dict[str, Any]]:
    answer = await api.data(
        "query($s: String) { processes(state: $s) { nodes { instanceId process state status stuck } } }",
        {"s": state},
    )
    return answer["processes"]["nodes"]


async def run_processes(runtime: Runtime, *arguments: str) -> CliResult:
    """`python -m app processes …` on the database of the test."""
    return await asyncio.to_thread(
        invoke, "processes", *arguments, DATABASE_URL=str(runtime.settings.database_url)
    )


async def test_a_stuck_process_is_listed_with_the_error_of_its_step(api: Api, runtime: Runtime) -> None:
    order = await stuck(api, runtime)
    assert await listed(api, "stuck") == [
        {
            "instanceId": str(order),
            "process": "fulfilment",
            "state": "stuck",
            "status": "paying",
            "stuck": True,
        }
    ]
    assert await listed(api, "ended") == []
    seen = (await shown(api, order, await fact(runtime, order, "payment.requested")))["fulfilment"]
    assert seen["stuck"]
    assert seen["deadline"] is not None
    [step] = [step for step in seen["steps"] if step["name"] == STUCK]
    assert step["outcome"] == "stuck"
    assert step["error"].endswith("GatewayUnavailable: the connection was refused")


async def test_a_retry_tries_the_step_again_and_a_compensation_undoes_everything(
    api: Api, runtime: Runtime
) -> None:
    order = await stuck(api, runtime)
    first = await fact(runtime, order, "fulfilment.step-stuck")
    answer = await api.data(RETRY, {"i": {"process": "fulfilment", "id": str(order)}})
    assert answer["retryProcess"]["events"] == [{"type": "fulfilment.step-retried"}]
    await fact(runtime, order, "fulfilment.step-stuck", after=first.position)
    answer = await api.data(
        COMPENSATE, {"i": {"process": "fulfilment", "id": str(order), "reason": "the gateway is broken"}}
    )
    assert answer["compensateProcess"]["__typename"] == "ProcessAccepted"
    (end,) = await ended(runtime, order)
    seen = await shown(api, order, end)
    assert (seen["status"], seen["reason"], seen["payment"]["status"]) == (
        "REJECTED",
        "the gateway is broken",
        "VOIDED",
    )
    assert await product(api, "TEA") == (5, 0, 5)


async def test_a_step_is_skipped_for_a_reason_that_is_recorded(api: Api, runtime: Runtime) -> None:
    order = await stuck(api, runtime)
    asked = {"process": "fulfilment", "id": str(order), "step": STUCK, "reason": "paid in cash"}
    assert (await api.data(SKIP, {"i": asked}))["skipProcessStep"]["__typename"] == "ProcessAccepted"
    skipped = await fact(runtime, order, "fulfilment.step-skipped")
    assert (skipped.event.step, skipped.event.reason) == (STUCK, "paid in cash")
    await fact(runtime, order, "order.confirmed")


async def test_a_capture_that_the_gateway_declines_is_an_answer_that_rejects_the_order(
    api: Api, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    order = await stuck(api, runtime)
    asked = {"process": "fulfilment", "id": str(order), "step": STUCK, "reason": "it was authorised by hand"}
    await api.data(SKIP, {"i": asked})
    (end,) = await ended(runtime, order)
    seen = await shown(api, order, end)
    reason = "The payment was declined: that much was not authorised"
    assert (seen["status"], seen["reason"], seen["payment"]["status"]) == ("REJECTED", reason, "DECLINED")
    assert await product(api, "TEA") == (5, 0, 5)
    calls = "SELECT attempts FROM simulated_gateway.calls WHERE kind = 'capture'"
    assert await runtime.database.pool.fetchval(f"SELECT array_agg(attempts) FROM ({calls})") == [1]
    assert not [line for line in caplog.messages if "the port is down" in line]


async def test_a_confirmed_order_is_not_shipped_before_it_is_paid_so_its_compensation_is_whole(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise GatewayUnavailable

    monkeypatch.setattr(SimulatedGateway, "capture", fail)
    await stock(api, "TEA", 5)
    order = await placed(api, ("TEA", 1))
    await fact(runtime, order, "order.confirmed")
    await fact(runtime, order, "fulfilment.step-stuck")
    answer = await api.data(SHIP, {"o": str(order)})
    assert answer["shipOrder"] == {"__typename": "Rejected", "code": "ORDER_NOT_CONFIRMED"}
    asked = {"process": "fulfilment", "id": str(order), "reason": "the gateway is broken"}
    await api.data(COMPENSATE, {"i": asked})
    (end,) = await ended(runtime, order)
    seen = await shown(api, order, end)
    assert (seen["status"], seen["payment"]["status"]) == ("REJECTED", "VOIDED")
    assert await product(api, "TEA") == (5, 0, 5)


async def test_the_shipment_of_an_order_that_is_confirmed_waits_for_the_end_of_its_fulfilment(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture, current_state, asked = SimulatedGateway.capture, CommandHandler.current_state, asyncio.Event()

    async def late_capture(*call: Any) -> Any:
        await asked.wait()
        return await capture(*call)

    async def noted_state(*aggregate: Any) -> Any:
        state = await current_state(*aggregate)
        if aggregate[1] is fulfilment.stream_decider:
            asked.set()
        return state

    monkeypatch.setattr("app.graphql.fulfilment.MAX_FULFILMENT_WAIT_SECONDS", 14)
    monkeypatch.setattr(SimulatedGateway, "capture", late_capture)
    await stock(api, "TEA", 5)
    order = await placed(api, ("TEA", 1))
    await fact(runtime, order, "order.confirmed")
    monkeypatch.setattr(CommandHandler, "current_state", noted_state)
    assert (await api.data(SHIP, {"o": str(order)}))["shipOrder"]["__typename"] == "OrderAccepted"
    (end,) = await ended(runtime, order)
    assert (await fact(runtime, order, "order.shipped")).position > end.position


async def test_what_cannot_be_done_is_refused_by_name_and_changes_nothing(api: Api, runtime: Runtime) -> None:
    await stock(api, "TEA", 5)
    order = await placed(api, ("TEA", 1))
    await ended(runtime, order)
    before = await runtime.reader.head_position()
    of = {"process": "fulfilment", "id": str(order)}
    nobody = {"process": "fulfilment", "id": str(uuid4())}
    asked: list[tuple[str, dict[str, str], str]] = [
        (RETRY, nobody, "PROCESS_UNKNOWN"),
        (RETRY, {"process": "laundry", "id": str(order)}, "PROCESS_UNKNOWN"),
        (COMPENSATE, {**nobody, "reason": "why not"}, "PROCESS_UNKNOWN"),
        (RETRY, of, "PROCESS_ENDED"),
        (SKIP, {**of, "step": STUCK, "reason": "why not"}, "PROCESS_ENDED"),
        (COMPENSATE, {**of, "reason": "why not"}, "PROCESS_ENDED"),
    ]
    for query, given, code in asked:
        [answer] = (await api.data(query, {"i": given})).values()
        assert answer == {"__typename": "Rejected", "code": code}, (query, given)
    waiting = await stuck_elsewhere(api, runtime)
    [answer] = (
        await api.data(RETRY, {"i": {"process": "fulfilment", "id": str(waiting), "step": "no such step"}})
    ).values()
    assert answer == {"__typename": "Rejected", "code": "STEP_NOT_STUCK"}
    assert not [
        f
        for f in await runtime.reader.read_all(before, 1_000)
        if f.actor == "anonymous" and f.category == "fulfilment"
    ]


async def stuck_elsewhere(api: Api, runtime: Runtime) -> UUID:
    await stock(api, "POT", 5, "1515.15")
    order = await placed(api, ("POT", 1))
    await fact(runtime, order, "fulfilment.step-stuck")
    return order


async def test_processes_are_paged_and_bad_input_is_named(api: Api, runtime: Runtime) -> None:
    await stock(api, "TEA", 5)
    orders = [await placed(api, ("TEA", 1)) for _ in range(3)]
    await ended(runtime, *orders)
    query = "query($a: String) { processes(first: 2, after: $a) { nodes { instanceId } pageInfo { endCursor hasNextPage } } }"
    page = (await api.data(query))["processes"]
    assert [node["instanceId"] for node in page["nodes"]] == [str(orders[2]), str(orders[1])]
    rest = (await api.data(query, {"a": page["pageInfo"]["endCursor"]}))["processes"]
    assert ([node["instanceId"] for node in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (
        [str(orders[0])],
        False,
    )
    last = (
        await api.data(
            "query ($b: String) { processes(last: 1, before: $b) { nodes { instanceId } totalCount pageInfo { hasPreviousPage hasNextPage } } }",
            {"b": page["pageInfo"]["endCursor"]},
        )
    )["processes"]
    assert last == {
        "nodes": [{"instanceId": str(orders[2])}],
        "totalCount": 3,
        "pageInfo": {"hasPreviousPage": False, "hasNextPage": True},
    }
    for bad in ('state: "asleep"', 'process: "laundry"', 'after: "x"', "first: -1", "first: 1, last: 1"):
        answer = await api(f"{{ processes({bad}) {{ nodes {{ instanceId }} }} }}")
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", bad


async def test_the_terminal_lists_shows_retries_and_compensates(api: Api, runtime: Runtime) -> None:
    order = await stuck(api, runtime)
    first = await fact(runtime, order, "fulfilment.step-stuck")
    listed = await run_processes(runtime, "list", "--state", "stuck")
    assert (listed.returncode, str(order) in listed.stdout, STUCK in listed.stdout) == (0, True, True)
    seen = await run_processes(runtime, "show", "fulfilment", str(order))
    assert seen.returncode == 0
    assert "reserve TEA" in seen.stdout
    assert "the connection was refused" in seen.stdout
    retried = await run_processes(runtime, "retry", "fulfilment", str(order))
    assert retried.returncode == 0
    assert retried.stdout.startswith("recorded: fulfilment.step-retried")
    await fact(runtime, order, "fulfilment.step-stuck", after=first.position)
    compensated = await run_processes(runtime, "compensate", "fulfilment", str(order), "--reason", "enough")
    assert compensated.returncode == 0
    await ended(runtime, order)


async def several_stuck(api: Api, runtime: Runtime) -> list[UUID]:
    await stock(api, "TEA", 5, "1515.15")
    orders: list[UUID] = []
    for _ in range(3):
        orders.append(await placed(api, ("TEA", 1)))
        # One after the other: processes do not wait for each other, and the oldest step is retried first.
        await fact(runtime, orders[-1], "fulfilment.step-stuck")
    return orders


async def test_all_stuck_steps_are_retried_by_one_mutation(api: Api, runtime: Runtime) -> None:
    orders = await several_stuck(api, runtime)
    first = [await fact(runtime, order, "fulfilment.step-stuck") for order in orders]
    query = "mutation($i: RetryProcessesInput!) { retryProcesses(input: $i) { retried unchanged more } }"
    none = {"retried": 0, "unchanged": 0, "more": False}
    assert (await api.data(query, {"i": {"step": "capture the payment"}}))["retryProcesses"] == none
    assert (await api.data(query, {"i": {"state": "parked"}}))["retryProcesses"] == none
    some = await api.data(query, {"i": {"process": "fulfilment", "step": STUCK, "limit": 2}})
    assert some["retryProcesses"] == {"retried": 2, "unchanged": 0, "more": True}
    for order, before in zip(orders[:2], first[:2], strict=True):
        await fact(runtime, order, "fulfilment.step-stuck", after=before.position)
    for bad in (
        {"state": "ended"},
        {"process": "laundry"},
        {"limit": 0},
        {"state": "parked", "step": STUCK},
        {"step": "a\0b"},
    ):
        answer = await api(query, {"i": bad})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", bad


async def test_the_terminal_retries_all_and_shows_the_status(api: Api, runtime: Runtime) -> None:
    orders = await several_stuck(api, runtime)
    first = [await fact(runtime, order, "fulfilment.step-stuck") for order in orders]
    status = await run_processes(runtime, "status")
    assert (status.returncode, "3 (" in status.stdout, "fulfilment" in status.stdout) == (0, True, True)
    retried = await run_processes(runtime, "retry", "--state", "stuck", "--step", "payment.authorise")
    assert (retried.returncode, retried.stdout) == (0, "3 retried\n")
    for order, before in zip(orders, first, strict=True):
        await fact(runtime, order, "fulfilment.step-stuck", after=before.position)
    parked = await run_processes(runtime, "retry", "fulfilment", "--state", "parked")
    assert (parked.returncode, parked.stdout) == (0, "0 retried\n")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("retry", "--state", "ended"), "--state must be one of stuck, parked"),
        (("retry", "fulfilment"), "name a process and an instance"),
        (("retry", "laundry", "--state", "stuck"), "there is no process laundry"),
        (("retry", "--state", "parked", "--step", "x"), "--step goes with --state stuck"),
        (("list", "--state", "asleep"), "there is no state asleep"),
        (("show", "laundry", str(UUID(int=1))), "there is no process laundry"),
        (("show", "fulfilment", "1"), "1 is not an id"),
        (("show", "fulfilment", str(UUID(int=1))), "there is no fulfilment with the id"),
        (("retry", "fulfilment", str(UUID(int=1))), "No such process is known"),
        (("skip", "fulfilment", str(UUID(int=1)), "x", "--reason", "y"), "No such process is known"),
    ],
)
async def test_a_mistake_at_the_terminal_is_one_line_and_exit_code_2(
    runtime: Runtime, command: tuple[str, ...], said: str
) -> None:
    assert_user_error(await run_processes(runtime, *command), said)


async def test_the_terminal_records_nothing_without_a_reason(api: Api, runtime: Runtime) -> None:
    order = str(await stuck(api, runtime))
    before = runtime.feed.head
    for reason, said in (
        ("", "--reason is empty"),
        ("  ", "--reason is empty"),
        ("x" * 501, "--reason has 501 characters; the limit is 500"),
    ):
        for command in (("skip", "fulfilment", order, STUCK), ("compensate", "fulfilment", order)):
            result = await run_processes(runtime, *command, "--reason", reason)
            assert_user_error(result, said)
    assert await runtime.reader.head_position() == before
