"""The page at /metrics counts commands, batches, subscribers and stuck steps."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from prometheus_client import Counter
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from app.engine.access.ownership import StateGuard
from app.engine.access.policy import AccessDenied
from app.engine.application import Application
from app.engine.command_outcomes import OUTCOMES
from app.engine.database.connections import Database
from app.engine.server.asgi import create_app
from app.engine.server.metrics import FORMER_NAMES
from app.engine.server.runtime import Runtime
from app.engine.settings import ROOT, EngineSettings
from app.engine.store.append_request import CommandIdReused
from domain.kernel.process import Call
from tests.support.toy_counter import Add, Take, request, tallies, tally
from tests.support.toy_process import Ring, errand


async def ring(call: Call, key: UUID) -> None:
    """The port of the toy process. No test reaches it."""
    raise AssertionError(call, key)


TOY = Application(
    settings=EngineSettings,
    deciders=(tally, errand.stream_decider),
    processes=(errand,),
    projections=(tallies,),
    ports=lambda settings, database: {Ring: ring},
)


@asynccontextmanager
async def run_toy(database: Database, *collectors: Collector, **settings: Any) -> AsyncGenerator[Runtime]:
    """The engine on the toy domain, with these metrics of the team."""
    toy = replace(TOY, metrics=lambda: collectors)
    runtime = Runtime(toy, EngineSettings(database_url=database.url, pool_size=4, **settings), database)
    async with runtime.run():
        yield runtime


class Broken(Collector):
    """A metric that cannot be read."""

    def collect(self) -> Iterator[Metric]:
        raise LookupError("no value")


@pytest.fixture
async def toy(database: Database) -> AsyncIterator[Runtime]:
    async with run_toy(database) as runtime:
        yield runtime


async def metrics(runtime: Runtime) -> dict[str, float]:
    """The samples of the page by name and labels."""
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        response = await client.get("/metrics")
    assert (response.status_code, response.headers["content-type"]) == (
        200,
        "text/plain; version=0.0.4; charset=utf-8",
    )
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def test_commands_are_counted_by_outcome_with_their_duration(toy: Runtime) -> None:
    stream, repeated = uuid4(), request(command_id=uuid4())
    for command, context in (
        (Add(amount=1), repeated),
        (Add(amount=1), repeated),
        (Take(amount=9), request()),
        (Add(amount=1), request(expected_version=7)),
        (Add(amount=1), request(dry_run=True)),
    ):
        await toy.commands.execute(tally, stream, command, context)
    samples = await metrics(toy)
    outcomes = ("accepted", "duplicate", "rejected", "conflict", "preview")
    assert [samples[f'app_commands_total{{outcome="{outcome}"}}'] for outcome in outcomes] == [1] * 5
    assert samples["app_command_duration_seconds_count"] == 5
    assert samples["app_command_duration_seconds_sum"] > 0


async def test_a_command_that_raises_is_counted_as_failed(
    toy: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(toy.commands, "_execute", fail)
    with pytest.raises(ZeroDivisionError):
        await toy.commands.execute(tally, uuid4(), Add(amount=1), request())
    assert (await metrics(toy))['app_commands_total{outcome="failed"}'] == 1


async def test_what_a_client_alone_is_at_fault_for_is_not_counted_as_failed(toy: Runtime) -> None:
    stream, used = uuid4(), request(command_id=uuid4())
    foreign = request(guard=StateGuard("ann", lambda state: "ben" if state else None))
    await toy.commands.execute(tally, stream, Add(amount=1), used)
    with pytest.raises(AccessDenied):
        await toy.commands.execute(tally, stream, Add(amount=1), foreign)
    with pytest.raises(CommandIdReused):
        await toy.commands.execute(tally, uuid4(), Add(amount=1), used)
    assert await outcomes(toy) == {"accepted": 1, "denied": 2}


async def test_a_command_over_its_time_is_cancelled_and_an_alert_counts_it(toy: Runtime) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await toy.commands.execute(tally, uuid4(), Add(amount=1), request())
    assert await outcomes(toy) == {"cancelled": 1}
    [alert] = re.findall(r"alert: CommandsFail\n *expr: (.*)", (ROOT / "alerts.yml").read_text())
    [counted] = re.findall(r'outcome=~"([^"]*)"', alert)
    assert set(counted.split("|")) == {"failed", "cancelled"}


async def outcomes(toy: Runtime) -> dict[str, float]:
    """The outcomes that are counted, without those of 0."""
    samples = await metrics(toy)
    counts = {word: samples[f'app_commands_total{{outcome="{word}"}}'] for word in OUTCOMES}
    return {word: count for word, count in counts.items() if count}


def test_the_table_of_the_metrics_names_every_outcome() -> None:
    [_, words] = (ROOT / "app/engine/server/README.md").read_text().split("Commands by outcome: ")
    assert re.findall(r"\w+", words.partition(".")[0].replace(" or ", " ")) == [*OUTCOMES]


async def test_the_size_of_each_batch_is_observed(toy: Runtime) -> None:
    for _ in range(3):
        await toy.commands.execute(tally, uuid4(), Add(amount=1), request())
    samples = await metrics(toy)
    assert (samples["app_append_batch_events_count"], samples["app_append_batch_events_sum"]) == (3, 3)
    assert samples["app_event_log_position"] == 3


async def test_the_waits_for_the_appender_and_for_the_pool_are_observed(toy: Runtime) -> None:
    await toy.commands.execute(tally, uuid4(), Add(amount=1), request())
    samples = await metrics(toy)
    assert samples["app_append_wait_seconds_count"] == 1
    # The page asks the database for its counts.
    assert samples["app_pool_wait_seconds_count"] >= 3


TERMINATE_OWNERS = """
    SELECT substr(application_name, 5) AS lease, pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name ~ '^app (seal|process|tallies)'
"""


async def test_each_worker_that_loses_its_connection_is_counted_under_its_lease(
    toy: Runtime, database: Database
) -> None:
    ended: set[str] = set()
    async with asyncio.timeout(20):
        while len(ended) < 3:
            ended |= {row["lease"] for row in await database.pool.fetch(TERMINATE_OWNERS)}
            await asyncio.sleep(0)
        assert {name.split()[0] for name in ended} == {"seal", "process", "tallies_v1/live"}
        names = {f'app_reconnects_total{{component="{name}"}}' for name in ended}
        while not names <= (await metrics(toy)).keys():
            # A worker without work does not use its connection.
            await toy.commands.execute(tally, uuid4(), Add(amount=1), request())


async def test_subscribers_that_wait_are_counted(toy: Runtime) -> None:
    assert (await metrics(toy))["app_feed_subscribers"] == 0
    waiting = [asyncio.create_task(toy.feed.wait_past(0, low_priority=True)) for _ in range(3)]
    await asyncio.sleep(0)
    assert (await metrics(toy))["app_feed_subscribers"] == 3
    for task in waiting:
        task.cancel()


async def test_stuck_steps_are_counted_by_process(toy: Runtime, database: Database) -> None:
    name = f'app_process_stuck_steps{{process="{errand.category}"}}'
    assert (await metrics(toy))[name] == 0
    await database.pool.execute(
        "INSERT INTO es.process_steps (id, process, instance, step, kind, category, stream_id, name, body, correlation_id, caused_by, outcome)"
        " VALUES ($1, $2, $1, 'ring', 'effect', 'tally', $1, 'errand.ring', '{}', $1, 1, 'stuck')",
        uuid4(),
        errand.category,
    )
    assert (await metrics(toy))[name] == 1


@pytest.mark.parametrize("max_events", [1_000, 0])
async def test_the_age_of_an_event_without_a_seal_is_shown_only_if_seals_are_made(
    max_events: int, database: Database
) -> None:
    async with run_toy(database, seal_max_events=max_events, seal_interval_seconds=3_600) as runtime:
        await runtime.commands.execute(tally, uuid4(), Add(amount=1), request())
        await runtime.probe.count()
        age = (await metrics(runtime)).get("app_seal_age_seconds")
    assert age is None if max_events == 0 else age is not None and age > 0


async def test_the_age_is_also_shown_by_a_server_that_makes_no_seals_if_the_log_has_some(
    database: Database,
) -> None:
    async with run_toy(database, seal_max_events=1) as runtime:
        await runtime.commands.execute(tally, uuid4(), Add(amount=1), request())
        async with asyncio.timeout(10):
            while not await database.pool.fetchval("SELECT EXISTS (SELECT FROM es.seals)"):  # noqa: ASYNC110 - a row of a table
                await asyncio.sleep(0.01)
    async with run_toy(database, seal_max_events=0) as runtime:
        await runtime.commands.execute(tally, uuid4(), Add(amount=1), request())
        await runtime.probe.count()
        assert (await metrics(runtime))["app_seal_age_seconds"] > 0


async def test_two_runtimes_in_one_process_have_metrics_of_their_own(
    toy: Runtime, database: Database
) -> None:
    await toy.commands.execute(tally, uuid4(), Add(amount=1), request())
    other = Runtime(TOY, EngineSettings(database_url=database.url), database)
    name = 'app_commands_total{outcome="accepted"}'
    assert [(await metrics(one))[name] for one in (toy, other)] == [1, 0]


async def test_every_metric_has_the_prefix_and_keeps_its_former_name(toy: Runtime) -> None:
    await toy.commands.execute(tally, uuid4(), Add(amount=1), request())
    samples = await metrics(toy)
    former = {
        "append_batch_size_sum",
        "command_duration_seconds_count",
        "event_log_position",
        "feed_subscribers",
    }
    former |= {
        f'process_steps_stuck{{process="{errand.category}"}}',
        'projection_position{projection="tallies"}',
    }
    assert former <= set(samples)
    assert samples['commands_total{outcome="accepted"}'] == 1
    named = {name.partition("{")[0] for name in samples if name.startswith("app_")}
    other = {name.partition("{")[0] for name in samples if not name.startswith("app_")}
    standard = {name for name in other if name.startswith("process_") and name != "process_steps_stuck"}
    assert not {name for name in other - standard if not name.startswith(tuple(FORMER_NAMES.values()))}
    assert len(named) > 25


async def test_the_page_has_the_metrics_of_the_team(database: Database) -> None:
    redeemed = Counter("vouchers_redeemed", "Vouchers that were redeemed.", registry=None)
    async with run_toy(database, redeemed) as runtime:
        redeemed.inc(3)
        page = await metrics(runtime)
    assert page["vouchers_redeemed_total"] == 3
    assert "app_ready" in page


async def test_a_metric_of_the_team_that_fails_hides_no_other_of_the_engine(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with run_toy(database, Broken()) as runtime:
        await metrics(runtime)
        page = await metrics(runtime)
    assert "app_ready" in page
    assert caplog.messages.count("metrics of the application are left out") == 1
