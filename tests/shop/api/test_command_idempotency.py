"""A command that is repeated has one effect, and the answer of the first time."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.support.graphql_client import Api
from tests.support.log_surgery import unguarded

OUTCOME = """{
  __typename
  ... on ProductAccepted { position version duplicate events { position type version } product { name onHand version } }
  ... on Rejected { code message duplicate }
  ... on Conflict { expectedVersion actualVersion message }
  ... on Preview { events { position type version ... on ProductStockReceived { quantity } } }
}"""
REGISTER = f"mutation Register($input: RegisterProductInput!, $options: CommandOptions) {{ outcome: registerProduct(input: $input, options: $options) {OUTCOME} }}"
RECEIVE = f"mutation Receive($input: ReceiveStockInput!, $options: CommandOptions) {{ outcome: receiveStock(input: $input, options: $options) {OUTCOME} }}"
ADD = """mutation Add($input: OrderLineInput!, $options: CommandOptions) { outcome: addLine(input: $input, options: $options) {
  __typename
  ... on OrderAccepted { version duplicate }
  ... on Rejected { code message duplicate }
  ... on Conflict { expectedVersion actualVersion }
} }"""
OPEN = """mutation Open($input: OpenOrderInput!, $options: CommandOptions) { openOrder(input: $input, options: $options) {
  ... on OrderAccepted { duplicate position order { id } events { streamId } }
} }"""


async def register(api: Api, sku: str = "TEA", **options: Any) -> dict[str, Any]:
    given = {"input": {"sku": sku, "name": "Tea", "price": {"amount": "3.50"}}, "options": options or None}
    return (await api.data(REGISTER, given))["outcome"]


async def receive(api: Api, quantity: int = 1, sku: str = "TEA", **options: Any) -> dict[str, Any]:
    return (
        await api.data(RECEIVE, {"input": {"sku": sku, "quantity": quantity}, "options": options or None})
    )["outcome"]


async def opened_order(api: Api) -> str:
    opened = await api.data(OPEN, {"input": {"customerId": str(uuid4())}})
    return opened["openOrder"]["order"]["id"]


async def add_tea(api: Api, order_id: str, **options: Any) -> dict[str, Any]:
    line = {"orderId": order_id, "sku": "TEA", "quantity": 1}
    return (await api.data(ADD, {"input": line, "options": options or None}))["outcome"]


async def position(api: Api) -> int:
    return int((await api.data("{ position }"))["position"])


async def test_a_repeated_command_has_one_effect_and_the_first_answer(api: Api) -> None:
    await register(api)
    first = await receive(api, 5, commandId="6ad1c9a6-0000-4000-8000-000000000001")
    await receive(api, 7)
    again = await receive(api, 5, commandId="6ad1c9a6-0000-4000-8000-000000000001")
    assert first["duplicate"] is False
    assert again["duplicate"] is True
    assert [again[field] for field in ("position", "version", "events")] == [
        first[field] for field in ("position", "version", "events")
    ]
    assert again["product"] == {"name": "Tea", "onHand": 12, "version": 3}
    assert await position(api) == 3


async def test_twenty_repeats_at_once_have_one_effect(api: Api) -> None:
    await register(api)
    once = str(uuid4())
    outcomes = await asyncio.gather(*(receive(api, 5, commandId=once) for _ in range(20)))
    assert sorted(outcome["duplicate"] for outcome in outcomes) == [False] + [True] * 19
    assert {outcome["position"] for outcome in outcomes} == {"2"}
    assert await position(api) == 2


async def test_a_repeated_opening_without_an_id_opens_the_same_order(api: Api) -> None:
    given = {"input": {"customerId": str(uuid4())}, "options": {"commandId": str(uuid4())}}
    first, again = [(await api.data(OPEN, given))["openOrder"] for _ in range(2)]
    assert again == first | {"duplicate": True}


async def test_the_repeat_of_a_refused_command_gets_the_first_refusal_though_it_could_succeed_now(
    api: Api,
) -> None:
    once = str(uuid4())
    refused = await receive(api, commandId=once)
    await register(api)
    assert refused == {
        "__typename": "Rejected",
        "code": "PRODUCT_UNKNOWN",
        "message": "No product is registered under this SKU.",
        "duplicate": False,
    }
    assert await receive(api, commandId=once) == refused | {"duplicate": True}
    assert (await receive(api))["__typename"] == "ProductAccepted"
    assert await position(api) == 2


async def test_the_repeat_of_a_line_that_was_refused_gets_the_first_refusal_though_its_product_is_there_now(
    api: Api,
) -> None:
    order_id, once = await opened_order(api), str(uuid4())
    refused = await add_tea(api, order_id, commandId=once)
    await register(api)
    assert refused == {
        "__typename": "Rejected",
        "code": "PRODUCT_UNKNOWN",
        "message": "No product is registered under this SKU.",
        "duplicate": False,
    }
    assert await add_tea(api, order_id, commandId=once) == refused | {"duplicate": True}
    assert (await add_tea(api, order_id))["__typename"] == "OrderAccepted"


async def test_a_line_for_another_version_is_a_conflict_also_if_its_product_is_unknown(api: Api) -> None:
    order_id = await opened_order(api)
    conflict = {"__typename": "Conflict", "expectedVersion": 7, "actualVersion": 1}
    assert await add_tea(api, order_id, expectedVersion=7) == conflict
    assert await add_tea(api, order_id, expectedVersion=7, dryRun=True) == conflict


async def test_another_version_than_the_expected_one_is_a_conflict_that_names_both(api: Api) -> None:
    await register(api)
    await receive(api)
    for expected in (0, 1, 3):
        outcome = await receive(api, expectedVersion=expected)
        assert [outcome[field] for field in ("__typename", "expectedVersion", "actualVersion")] == [
            "Conflict",
            expected,
            2,
        ]
    assert await position(api) == 2
    assert (await receive(api, expectedVersion=2))["version"] == 3


async def test_a_late_copy_of_a_command_that_met_a_conflict_is_a_conflict_although_its_version_fits_now(
    api: Api,
) -> None:
    await register(api)
    options: dict[str, Any] = {"commandId": str(uuid4()), "expectedVersion": 2}
    first = await receive(api, **options)
    await receive(api)
    late = await receive(api, **options)
    assert first["__typename"] == late["__typename"] == "Conflict"
    assert first["actualVersion"] == late["actualVersion"] == 1


async def test_another_request_under_a_used_id_is_refused(api: Api) -> None:
    await register(api)
    once = str(uuid4())
    assert (await receive(api, 3, commandId=once))["__typename"] == "ProductAccepted"
    for quantity, options in ((4, {}), (3, {"expectedVersion": 2})):
        answer = await api(
            RECEIVE,
            {"input": {"sku": "TEA", "quantity": quantity}, "options": {"commandId": once, **options}},
        )
        assert answer["errors"][0]["extensions"]["code"] == "COMMAND_ID_REUSED"
    # The same request with a preview is the same request.
    assert (await receive(api, 3, commandId=once))["duplicate"] is True


async def test_the_digest_of_an_older_release_is_that_of_the_same_request(
    api: Api, database_url: str
) -> None:
    """Releases before 2026-11-28 made it of all arguments, also of those that equal their defaults."""
    await register(api)
    once = str(uuid4())
    first = await receive(api, 5, commandId=once)
    older = bytes.fromhex("efd319ad92c0cfdf64734245b8022dfd")
    async with unguarded(database_url) as connection:
        await connection.execute("UPDATE es.commands SET digest = $1 WHERE command_id = $2", older, once)
    assert await receive(api, 5, commandId=once) == first | {"duplicate": True}
    answer = await api(RECEIVE, {"input": {"sku": "TEA", "quantity": 6}, "options": {"commandId": once}})
    assert answer["errors"][0]["extensions"]["code"] == "COMMAND_ID_REUSED"


async def test_the_repeat_of_a_command_with_an_expected_version_is_a_duplicate_not_a_conflict(
    api: Api,
) -> None:
    await register(api)
    options: dict[str, Any] = {"commandId": str(uuid4()), "expectedVersion": 1}
    first = await receive(api, **options)
    await receive(api)
    again = await receive(api, **options)
    assert (first["duplicate"], again["duplicate"], again["version"], again["position"]) == (
        False,
        True,
        2,
        first["position"],
    )


async def test_of_many_commands_for_one_version_one_is_taken(api: Api) -> None:
    await register(api)
    outcomes = await asyncio.gather(*(receive(api, n, expectedVersion=1) for n in range(1, 21)))
    assert sorted(outcome["__typename"] for outcome in outcomes) == ["Conflict"] * 19 + ["ProductAccepted"]
    assert {outcome["actualVersion"] for outcome in outcomes if outcome["__typename"] == "Conflict"} == {2}


async def test_a_dry_run_shows_what_would_be_recorded_and_records_nothing(api: Api) -> None:
    await register(api)
    once = str(uuid4())
    preview = await receive(api, 5, commandId=once, dryRun=True)
    assert preview == {
        "__typename": "Preview",
        "events": [{"position": "2", "type": "product.stock-received", "version": 2, "quantity": 5}],
    }
    assert (await receive(api, sku="JAM", dryRun=True))["code"] == "PRODUCT_UNKNOWN"
    assert (await receive(api, dryRun=True, expectedVersion=7))["actualVersion"] == 1
    assert await position(api) == 1
    assert (await receive(api, 5, commandId=once))["duplicate"] is False


async def test_a_command_that_changes_nothing_is_accepted_without_events_where_the_log_stands(
    api: Api,
) -> None:
    await register(api)
    again = await register(api)
    assert (again["events"], again["version"], again["position"], again["duplicate"]) == ([], 1, "1", False)


async def test_every_answer_says_where_the_log_stands_and_whose_request_it_was(api: Api) -> None:
    correlation = str(uuid4())
    await register(api)
    answer = await api('{ products(minPosition: "1") { nodes { sku } } }', x_correlation_id=correlation)
    assert answer["extensions"] == {
        "position": "1",
        "head": "1",
        "logToken": answer["extensions"]["logToken"],
        "correlationId": correlation,
        "lag": answer["extensions"]["lag"],
        "lagSeconds": answer["extensions"]["lagSeconds"],
    }
    assert (answer["extensions"]["lag"]["products"], answer["extensions"]["lagSeconds"]["products"]) == (
        0,
        0.0,
    )


async def test_a_query_with_min_position_sees_what_was_written_before_it(api: Api) -> None:
    await register(api)
    for number in range(1, 21):
        reached = (await receive(api))["position"]
        found = await api.data(
            'query ($p: Position!) { product(sku: "TEA", minPosition: $p) { onHand } }', {"p": reached}
        )
        assert found == {"product": {"onHand": number}}


async def test_a_query_waits_for_a_position_that_is_yet_to_come(api: Api) -> None:
    waiting = asyncio.create_task(api.data('{ product(sku: "TEA", minPosition: "2") { onHand } }'))
    await register(api)
    assert not waiting.done()
    await receive(api, 3)
    assert await waiting == {"product": {"onHand": 3}}


async def test_a_position_that_is_not_reached_in_time_is_a_stale_read(serve: Any) -> None:
    answer = (
        serve(APP_MIN_POSITION_TIMEOUT_SECONDS="0.1")
        .wait()
        .ask('{ a: products(minPosition: "1") { nodes { sku } } position }')
    )
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["STALE_READ"]


async def test_each_mutation_of_one_document_sees_its_own_effect(api: Api) -> None:
    await register(api)
    one = 'receiveStock(input: {sku: "TEA", quantity: 1}) { ... on ProductAccepted { product { onHand version } } }'
    found = await api.data(f"mutation {{ a: {one} b: {one} c: {one} }}")
    assert [outcome["product"] for outcome in found.values()] == [
        {"onHand": n, "version": n + 1} for n in (1, 2, 3)
    ]
