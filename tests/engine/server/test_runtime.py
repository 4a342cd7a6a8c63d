"""The runtime starts all components, reports one that fails, and answers waiting commands before it stops."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers

from app.composition import application
from app.engine.access.refusals import TokenRefused
from app.engine.application import Application
from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.processes.admin import list_processes
from app.engine.processes.attempts import RetryPolicy
from app.engine.processes.counts import checkpoint_views
from app.engine.read_models.queries import Range
from app.engine.server.asgi import create_app, create_operations_app
from app.engine.server.health import PROCESSES_OFF
from app.engine.server.runtime import Runtime
from app.engine.server.serve import GracefulServer
from app.engine.server.shutdown import Shutdown
from app.engine.settings import EngineSettings
from app.settings import Settings
from tests.support.issuer import run_issuer
from tests.support.tokens import AUDIENCE, bearer
from tests.support.toy_counter import Add, request, tallies, tally
from tests.support.toy_process import Bell, Ring, away, errand, note, running, till, until

REASON = "feed: ZeroDivisionError: division by zero"


def build(database: Database, bell: Bell | None = None, /, **settings: Any) -> Runtime:
    toy = Application(
        settings=EngineSettings,
        deciders=(tally, errand.stream_decider),
        projections=(tallies,),
        processes=(errand,),
        ports=lambda settings, database: {Ring: bell or Bell()},
    )
    return Runtime(toy, EngineSettings(database_url=database.url, pool_size=4, **settings), database)


async def test_commands_that_wait_are_answered_before_the_end(database: Database) -> None:
    runtime, stream = build(database), uuid4()
    async with runtime.run():
        # The stream is cached, so that the next commands reach the appender in one turn of the loop.
        await runtime.commands.execute(tally, stream, Add(amount=1), request())
        commands = [
            asyncio.create_task(runtime.commands.execute(tally, stream, Add(amount=1), request()))
            for _ in range(20)
        ]
        await asyncio.sleep(0)
    assert all([isinstance(await command, CommandAccepted) for command in commands])
    assert runtime.failed is None


async def test_the_parts_of_a_runtime_have_the_values_of_its_settings(database: Database) -> None:
    given = {
        "max_queued_commands": 7,
        "snapshot_every": 13,
        "snapshot_check_interval_seconds": 17.5,
        "step_retry_seconds": 19.5,
        "feed_buffer_bytes": 70_001,
        "aggregate_cache_bytes": 70_003,
    }
    runtime = build(database, **given)
    [worker] = runtime.processes.workers.values()
    assert given == {
        "max_queued_commands": runtime.appender._max_pending,
        "snapshot_every": runtime.snapshots.every,
        "snapshot_check_interval_seconds": runtime.snapshotter._seconds,
        "step_retry_seconds": worker.retry_policy.retry_seconds,
        "feed_buffer_bytes": runtime.feed.buffer._max_bytes,
        "aggregate_cache_bytes": runtime.commands._aggregates.maxsize,
    }


async def test_a_server_without_processes_leaves_due_steps_to_another_one(database: Database) -> None:
    errand_id, bell, silent = uuid4(), Bell(), Bell(away)
    async with running(database, silent, steps=RetryPolicy()) as before:
        await note(before, errand_id, "ring")
        await until(lambda: _is_called(silent, errand_id))
    off = build(database, bell, processes=False)
    async with off.run():
        position = await note(off, errand_id, "ring")
        await off.projector.wait_for_position("tallies", position, 5)
        document = await off.health.document()
        assert document["warnings"] == {"processes": PROCESSES_OFF}
        assert document["errors"] == {}
        [view] = await list_processes(database, Range(10))
        assert (view.state, {step.outcome for step in view.steps}) == ("running", {"due"})
        # Events of a process that are not recorded yet count, too.
        open_steps = await database.pool.fetchval(
            "SELECT count(*) FROM es.process_steps WHERE outcome = 'due'"
        )
        await off.probe.count()
        due = f'app_process_steps{{process="errand",state="due"}} {open_steps}.0'
        assert due in off.metrics.render().decode().splitlines()
        [checkpoint] = await checkpoint_views(database.pool, ["errand"])
        assert (checkpoint.owner, checkpoint.position < position) == (None, True)
        assert not bell.keys[till(errand_id)]
        on = build(database, bell)
        async with on.run():
            await until(lambda: _is_called(bell, errand_id))
            assert await until(lambda: _owner(database)) is not None
            assert not off.processes.workers["errand"].owns
            await until(lambda: _is_called(bell, errand_id, 2))
            assert "processes" not in on.health.warnings()


async def _is_called(bell: Bell, errand_id: UUID, count: int = 1) -> bool:
    return len(bell.keys[till(errand_id)]) >= count


async def _owner(database: Database) -> str | None:
    [checkpoint] = await checkpoint_views(database.pool, ["errand"])
    return checkpoint.owner


@pytest.mark.parametrize(
    ("port", "texts"), [(0, [REASON]), (1, ["failed", REASON])], ids=["one port", "two ports"]
)
async def test_livez_says_503_on_both_ports_until_a_server_that_gave_up_has_ended(
    database: Database, port: int, texts: list[str]
) -> None:
    runtime = Runtime(
        application, Settings(database_url=database.url, pool_size=4, operations_port=port), database
    )
    apps = [create_app(runtime), create_operations_app(runtime)][: len(texts)]
    for failed, expected in (
        (None, [(200, "alive")] * len(texts)),
        (REASON, [(503, text) for text in texts]),
    ):
        runtime.supervisor.failed = failed
        assert [await livez(app) for app in apps] == expected


async def livez(app: Starlette) -> tuple[int, str]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/livez")
    return answer.status_code, answer.text


async def test_the_stop_ends_the_wait_for_a_body_also_if_that_of_another_ends_in_the_same_moment(
    database: Database,
) -> None:
    runtime = build(database)
    loop = asyncio.get_running_loop()
    ended: list[str] = []

    async def wait_for_body(name: str, timeout: asyncio.Timeout) -> None:
        runtime.pending_body_timeouts.add(timeout)
        try:
            async with timeout:
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            ended.append(name)
        finally:
            runtime.pending_body_timeouts.discard(timeout)

    expiring, waiting = asyncio.timeout(None), asyncio.timeout(None)
    tasks = [
        asyncio.create_task(wait_for_body("expiring", expiring)),
        asyncio.create_task(wait_for_body("waiting", waiting)),
    ]
    await asyncio.sleep(0)
    expiring.reschedule(loop.time())
    stopped = loop.create_future()

    def stop() -> None:
        assert expiring.expired()
        try:
            runtime.stop()
        except RuntimeError as error:
            stopped.set_exception(error)
        else:
            stopped.set_result(None)

    # It runs after the callback of the timeout, and before the task that this ends.
    loop.call_soon(stop)
    await stopped
    await asyncio.gather(*tasks)
    assert sorted(ended) == ["expiring", "waiting"]
    assert runtime.stopping.is_set()


async def test_a_key_that_the_issuer_has_withdrawn_ends_though_no_token_with_a_new_key_arrives(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.access.issuer.REFRESH_SECONDS", 0.05)
    with run_issuer() as issuer:
        runtime = build(database, issuer=issuer.url, audience=AUDIENCE)
        async with runtime.run():
            headers = Headers(bearer(issuer.token()))
            assert (await runtime.authenticator.caller(headers, "192.0.2.1", "1.1")).actor == "tester"
            issuer.rotate("es-2")
            # The documents of two readings, of which the first may have begun before; the third begins after them.
            await asyncio.to_thread(issuer.wait_until_asked, len(issuer.asked) + 5)
            with pytest.raises(TokenRefused):
                await runtime.authenticator.caller(headers, "192.0.2.1", "1.1")


class _NoLimit(Shutdown):
    def begin(self) -> None:
        """Nothing ends the process of the tests."""


def test_a_server_ends_also_if_something_does_not_begin_to_stop() -> None:
    def stopping() -> None:
        raise ZeroDivisionError

    config = uvicorn.Config(lambda: None, log_config=None)
    server = GracefulServer(config, EngineSettings(), lambda: None, stopping, _NoLimit(1))
    with pytest.raises(ZeroDivisionError):
        server.begin_stop()
    assert server.should_exit
