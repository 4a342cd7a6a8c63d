"""What operators see of projections and do about them through the API: done, or refused with a code; nothing crashes."""

import asyncio
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.server.runtime import Runtime
from projections import PROJECTIONS
from projections.order import orders
from tests.support.graphql_client import Api
from tests.support.server import Server
from tests.support.websocket import opened

TABLE = orders.table.name
OPEN = "mutation($customer: UUID!) { openOrder(input: {customerId: $customer}) { ... on OrderAccepted { position order { id } } } }"
STATUS = "name version state position lag lagSeconds parked owner problem rebuild { state position target } unreadable { type count first last } unread { type }"
PARKED = """query($first: Int! = 20, $after: String) { parkedKeys(projection: "orders", first: $first, after: $after) {
  nodes { key position error traceback parkedAt failedRetries lastRetriedAt retryRequestedAt } edges { cursor } pageInfo { hasNextPage endCursor }
} }"""
OUTCOME = """__typename
  ... on ProjectionAccepted { finished dropped comparisons { projection equal position rows differing missing extra examples { key column live staging } } projections { name } }
  ... on ProjectionRefused { code message }"""
LEVEL = "__typename ... on ParkedRetried { recovered stillParked pending } ... on ProjectionRefused { code message }"


async def poison(database: Database, number: int = 1) -> list[tuple[UUID, int]]:
    """So many orders that were shipped without ever being opened: no fold of orders takes them."""
    found: list[tuple[UUID, int]] = []
    for _ in range(number):
        stream = uuid4()
        position = await database.pool.fetchval(
            "INSERT INTO es.events SELECT coalesce(max(position), 0) + 1, 'order', $1, 1, 'order.shipped', 1, '{}', $1, $1, NULL, 'me',"
            " now(), now() FROM es.events RETURNING position",
            stream,
        )
        found.append((stream, position))
    return found


async def level(runtime: Runtime) -> int:
    head = await runtime.reader.head_position()
    for projection in PROJECTIONS:
        await runtime.projector.wait_for_position(projection.name, head, 10)
    return head


async def test_a_projection_says_where_it_stands(runtime: Runtime, api: Api, database: Database) -> None:
    await api.data(OPEN, {"customer": str(uuid4())})
    await poison(database)
    head = await level(runtime)
    found = {
        each["name"]: each for each in (await api.data(f"{{ projections {{ {STATUS} }} }}"))["projections"]
    }
    assert set(found) == {projection.name for projection in PROJECTIONS}
    for name, each in found.items():
        assert (each["state"], each["position"], each["lag"], each["lagSeconds"]) == (
            "current",
            str(head),
            0,
            0.0,
        )
        assert (each["parked"], each["problem"], each["rebuild"], each["unreadable"]) == (
            int(name == "orders"),
            None,
            None,
            [],
        )
        assert each["owner"]


async def test_parked_keys_are_listed_a_page_at_a_time(
    runtime: Runtime, api: Api, database: Database
) -> None:
    put = await poison(database, 5)
    await level(runtime)
    seen: list[Any] = []
    after = None
    while after is None or seen[-1]["pageInfo"]["hasNextPage"]:
        seen.append((await api.data(PARKED, {"first": 2, "after": after}))["parkedKeys"])
        after = seen[-1]["pageInfo"]["endCursor"]
    nodes = [node for each in seen for node in each["nodes"]]
    assert [(node["key"], node["position"]) for node in nodes] == [
        (f'["{stream}"]', str(position)) for stream, position in put
    ]
    assert all(
        node["error"].startswith("AssertionError") and "projections/order.py" in node["traceback"]
        for node in nodes
    )
    retries = {(node["failedRetries"], node["lastRetriedAt"], node["retryRequestedAt"]) for node in nodes}
    assert retries == {(0, None, None)}


async def test_a_fact_is_left_out_and_counted_again(runtime: Runtime, api: Api, database: Database) -> None:
    [(stream, position), (other, _)] = await poison(database, 2)
    await level(runtime)
    retry = (
        f'mutation($key: String) {{ retryParked(input: {{projection: "orders", key: $key}}) {{ {LEVEL} }} }}'
    )
    assert (await api.data(retry))["retryParked"] == {
        "__typename": "ParkedRetried",
        "recovered": 0,
        "stillParked": 2,
        "pending": 0,
    }
    about = {"key": f'["{stream}"]', "position": str(position)}
    skip = f'mutation($key: String!, $position: Position!) {{ skipEvent(input: {{projection: "orders", key: $key, position: $position, reason: "a test"}}) {{ {LEVEL} }} }}'
    answer = await api(skip, about, x_actor="olga")
    assert answer["data"]["skipEvent"] == {
        "__typename": "ParkedRetried",
        "recovered": 1,
        "stillParked": 0,
        "pending": 0,
    }
    listed = (
        await api.data('{ skippedEvents(projection: "orders") { nodes { key position reason actor } } }')
    )["skippedEvents"]["nodes"]
    assert listed == [
        {"key": f'["{stream}"]', "position": str(position), "reason": "a test", "actor": "olga"}
    ]
    assert [node["key"] for node in (await api.data(PARKED))["parkedKeys"]["nodes"]] == [f'["{other}"]']
    again = (await api.data(skip, about))["skipEvent"]
    assert (again["__typename"], again["code"]) == ("ProjectionRefused", "NOT_PARKED")
    unskip = f'mutation($key: String!, $position: Position!) {{ unskipEvent(input: {{projection: "orders", key: $key, position: $position}}) {{ {LEVEL} }} }}'
    assert (await api.data(unskip, about))["unskipEvent"] == {
        "__typename": "ParkedRetried",
        "recovered": 0,
        "stillParked": 1,
        "pending": 0,
    }
    assert (await api.data(unskip, about))["unskipEvent"]["code"] == "NOT_PARKED"


async def test_a_table_is_rebuilt_compared_promoted_rolled_back_and_dropped(
    runtime: Runtime, api: Api, database: Database
) -> None:
    for _ in range(3):
        await api.data(OPEN, {"customer": str(uuid4())})
    await level(runtime)

    async def do(call: str) -> Any:
        [outcome] = (await api.data(f"mutation {{ {call} {{ {OUTCOME} }} }}")).values()
        return outcome

    staged = await do('rebuildProjections(input: {names: ["orders", "customers"], promote: false})')
    assert (staged["__typename"], staged["finished"]) == ("ProjectionAccepted", True)
    assert [(each["projection"], each["equal"], each["rows"]) for each in staged["comparisons"]] == [
        ("orders", True, 3),
        ("customers", True, 3),
    ]
    [shown] = [
        each
        for each in (await api.data(f"{{ projections {{ {STATUS} }} }}"))["projections"]
        if each["name"] == "orders"
    ]
    assert shown["rebuild"]["state"] == "verified"
    await database.pool.execute(
        f"UPDATE read_staging.{TABLE} SET reason = 'wrong' WHERE id = (SELECT min(id::text)::uuid FROM read_staging.{TABLE})"
    )
    compared = (await do('verifyProjection(input: {name: "orders"})'))["comparisons"][0]
    assert (compared["equal"], compared["differing"]) == (False, 1)
    [example] = compared["examples"]
    assert (example["column"], example["live"]["reason"], example["staging"]["reason"]) == (
        "reason",
        None,
        "wrong",
    )
    refused = await do('promoteProjection(input: {name: "orders"})')
    assert (refused["__typename"], refused["code"]) == ("ProjectionRefused", "DIFFERENT")
    assert (await do('promoteProjection(input: {name: "orders", acceptDifferences: true})'))["finished"]
    assert await database.pool.fetchval(f"SELECT count(*) FROM read.{TABLE} WHERE reason = 'wrong'") == 1
    assert (await do('rollbackProjection(input: {name: "orders"})'))["finished"]
    assert await database.pool.fetchval(f"SELECT count(*) FROM read.{TABLE} WHERE reason = 'wrong'") == 0
    promoted = await do('promoteProjection(input: {name: "customers"})')
    assert promoted["finished"]
    assert (await do('dropProjection(input: {name: "orders", slot: FORMER})'))["__typename"] in (
        "ProjectionAccepted",
        "ProjectionRefused",
    )


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ('rebuildProjections(input: {names: ["nonsense"]})', "UNKNOWN"),
        ('verifyProjection(input: {name: "nonsense"})', "UNKNOWN"),
        ('verifyProjection(input: {name: "orders"})', "MISSING"),
        ('promoteProjection(input: {name: ""})', "UNKNOWN"),
        ('promoteProjection(input: {name: "orders"})', "NOT_VERIFIED"),
        ('rollbackProjection(input: {name: "orders"})', "MISSING"),
        ('rollbackProjection(input: {name: "\\u0000"})', "UNKNOWN"),
        ('dropProjection(input: {name: "nonsense"})', "UNKNOWN"),
        ('dropProjection(input: {name: "orders", version: 77})', "UNKNOWN"),
        ('dropProjection(input: {name: "orders", version: -2147483648, slot: STAGING})', "UNKNOWN"),
        ('dropProjection(input: {name: "orders", slot: STAGING})', "MISSING"),
    ],
)
async def test_what_cannot_be_done_to_a_projection_is_refused_with_a_code(
    runtime: Runtime, api: Api, call: str, code: str
) -> None:
    await level(runtime)
    [outcome] = (await api.data(f"mutation {{ {call} {{ {OUTCOME} }} }}")).values()
    assert (outcome["__typename"], outcome["code"]) == ("ProjectionRefused", code)
    assert outcome["message"]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ('retryParked(input: {projection: "nonsense"})', "UNKNOWN"),
        ('retryParked(input: {projection: "orders", key: "nonsense"})', "BAD_KEY"),
        (
            'retryParked(input: {projection: "orders", key: "00000000-0000-4000-8000-000000000000"})',
            "NOT_PARKED",
        ),
        (
            'retryParked(input: {projection: "daily_sales", key: "[\\"2026-01-05\\", \\"\\\\u0000\\"]"})',
            "BAD_KEY",
        ),
        (
            'retryParked(input: {projection: "orders", key: "{\\"category\\": \\"\\\\u0000\\", \\"stream\\": \\"6b1f3c52-8e0d-4b0a-9a57-3a8b0e0f6f10\\"}"})',
            "BAD_KEY",
        ),
        ('skipEvent(input: {projection: "nonsense", key: "", position: 1, reason: "x"})', "UNKNOWN"),
        (
            'skipEvent(input: {projection: "orders", key: "00000000-0000-4000-8000-000000000000", position: 1, reason: " "})',
            "BAD_REASON",
        ),
        (
            'skipEvent(input: {projection: "orders", key: "00000000-0000-4000-8000-000000000000", position: 1, reason: "\\uD800"})',
            "BAD_REASON",
        ),
        (
            'skipEvent(input: {projection: "orders", key: "00000000-0000-4000-8000-000000000000", position: "9223372036854775807", reason: "x"})',
            "NOT_PARKED",
        ),
        (
            'unskipEvent(input: {projection: "orders", key: "00000000-0000-4000-8000-000000000000", position: 1})',
            "NOT_PARKED",
        ),
    ],
)
async def test_what_cannot_be_done_to_a_parked_key_is_refused_with_a_code(
    api: Api, call: str, code: str
) -> None:
    answer = await api(f"mutation {{ {call} {{ {LEVEL} }} }}")
    if "errors" in answer:
        assert [error["extensions"]["code"] for error in answer["errors"]] in (
            ["BAD_USER_INPUT"],
            ["GRAPHQL_PARSE_FAILED"],
        ), answer
        assert "\\uD800" in call
        return
    [outcome] = answer["data"].values()
    assert (outcome["__typename"], outcome["code"]) == ("ProjectionRefused", code)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ parkedKeys(projection: "nonsense") { nodes { key } } }', "NOT_FOUND"),
        ('{ skippedFacts(projection: "") { nodes { key } } }', "NOT_FOUND"),
        ('{ parkedKeys(projection: "orders", first: 101) { nodes { key } } }', "BAD_USER_INPUT"),
        ('{ parkedKeys(projection: "orders", after: "x") { nodes { key } } }', "BAD_USER_INPUT"),
        (
            '{ parkedKeys(projection: "orders", after: "WzEsICJcdTAwMDAiXQ==") { nodes { key } } }',
            "BAD_USER_INPUT",
        ),
        ('{ skippedEvents(projection: "orders", after: "ünï") { nodes { key } } }', "BAD_USER_INPUT"),
        ("mutation { rebuildProjections(input: {names: []}) { __typename } }", "BAD_USER_INPUT"),
        (
            f"mutation {{ rebuildProjections(input: {{names: [{', '.join(['"orders"'] * 101)}]}}) {{ __typename }} }}",
            "BAD_USER_INPUT",
        ),
    ],
)
async def test_bad_input_has_a_code(api: Api, query: str, code: str) -> None:
    answer = await api(query)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code], answer


async def test_who_is_no_operator_sees_and_changes_no_projection(api: Api) -> None:
    for query in (
        "{ projections { name } }",
        '{ parkedKeys(projection: "orders") { nodes { key } } }',
        'mutation { retryParked(input: {projection: "orders"}) { __typename } }',
    ):
        for roles in ("customer", "staff", "customer,staff"):
            answer = await api(query, x_roles=roles)
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"], answer


async def test_two_operators_do_not_work_on_one_projection(runtime: Runtime, api: Api) -> None:
    await level(runtime)
    rebuild = f'mutation {{ rebuildProjections(input: {{names: ["orders"], stage: true}}) {{ {OUTCOME} }} }}'
    outcomes = [
        each["rebuildProjections"] for each in await asyncio.gather(*(api.data(rebuild) for _ in range(3)))
    ]
    assert {outcome.get("code", outcome["__typename"]) for outcome in outcomes} <= {
        "ProjectionAccepted",
        "BUSY",
    }
    assert any(outcome["__typename"] == "ProjectionAccepted" for outcome in outcomes)


async def test_what_takes_long_goes_on_after_the_answer(
    runtime: Runtime, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await level(runtime)
    going, let = asyncio.Event(), asyncio.Event()

    async def slow(*_: Any, **__: Any) -> list[Any]:
        going.set()
        await let.wait()
        return []

    monkeypatch.setattr("app.engine.graphql.slices.projection_operations.rebuild.rebuild", slow)
    monkeypatch.setattr("app.engine.graphql.slices.projection_operations.MAX_WAIT_SECONDS", 0.05)
    rebuild = f'mutation {{ rebuildProjections(input: {{names: ["orders"]}}) {{ {OUTCOME} }} }}'
    first = (await api.data(rebuild))["rebuildProjections"]
    assert (first["finished"], going.is_set()) == (False, True)
    for _ in range(7):
        await api.data(rebuild)
    assert (await api.data(rebuild))["rebuildProjections"]["code"] == "BUSY"
    let.set()
    # Those under way end within a few turns of the loop.
    for _ in range(100):
        await asyncio.sleep(0)
    assert (await api.data(rebuild))["rebuildProjections"]["finished"]


async def test_who_follows_the_projections_sees_each_change(module_server: Server) -> None:
    async with opened(module_server) as socket:
        await socket.subscribe("all", "subscription { projections { name position parked } }")
        first = await socket.data("all")
        assert {each["name"] for each in first["projections"]} == {
            projection.name for projection in PROJECTIONS
        }
        answer = await asyncio.to_thread(module_server.ask, OPEN, {"customer": str(uuid4())})
        position = answer["data"]["openOrder"]["position"]
        while {each["position"] for each in (await socket.data("all"))["projections"]} != {position}:
            pass


async def test_a_stale_read_says_how_far_behind_it_is(
    runtime: Runtime, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await level(runtime)
    runtime.settings = runtime.settings.model_copy(update={"min_position_timeout_seconds": 0.1})
    async with asyncio.timeout(10):
        while not runtime.projector.workers["orders"].state.is_owner:
            await runtime.projector.workers["orders"].state.wait_for_progress()
    async with runtime.projector.workers["orders"].writer.lock:  # type: ignore[union-attr]
        opened_order = asyncio.create_task(api(OPEN, {"customer": str(uuid4())}))
        await runtime.feed.wait_past(0)
        answer = await api("{ orders(minPosition: 1) { nodes { id } } }")
        [error] = answer["errors"]
        said = error["extensions"]
        assert (said["code"], said["projection"], said["position"], said["wanted"], said["behind"]) == (
            "STALE_READ",
            "orders",
            "0",
            "1",
            1,
        )
        assert said["behindSeconds"] > 0.05
        assert re.match(
            r"Projection orders is at position 0, 1 behind 1, the oldest event has waited \d+\.\d s",
            error["message"],
        )
        assert answer["extensions"]["lag"]["orders"] == 1
        assert answer["extensions"]["lagSeconds"]["orders"] > 0.05
        [lag] = [
            each
            for each in (await api.data("{ lag { projection behind seconds } }"))["lag"]
            if each["projection"] == "orders"
        ]
        assert lag["behind"] == 1
        assert lag["seconds"] > 0.05
    await opened_order


async def test_readiness_and_metrics_show_what_is_parked_and_unread(
    runtime: Runtime, api: Api, database: Database
) -> None:
    await poison(database, 3)
    await database.pool.execute(
        "INSERT INTO es.events VALUES (4, 'elsewhere', $1, 1, 'elsewhere.melted', 2, '{}', $1, $1, NULL, 'me', now(), now())",
        uuid4(),
    )
    await level(runtime)
    async with asyncio.timeout(10):
        while runtime.projector.parked_keys() != {"orders": 3} or not runtime.projector.unreadable_events():  # noqa: ASYNC110 - both are looked up every now and then
            await asyncio.sleep(0.05)
    answer = await api.client.get("/readyz")
    state = answer.json()
    assert (answer.status_code, state["ready"], state["parked"], state["unreadable"]) == (
        200,
        True,
        {"orders": 3},
        {"elsewhere.melted v2": 1},
    )
    assert (await api.client.get("/livez")).status_code == 200
    page = (await api.client.get("/metrics")).text.splitlines()
    assert {
        'projection_parked_keys{projection="orders"} 3.0',
        'projection_lag_events{projection="orders"} 0.0',
        'unreadable_events{type="elsewhere.melted v2"} 1.0',
        "event_log_position 4.0",
    } <= set(page)
