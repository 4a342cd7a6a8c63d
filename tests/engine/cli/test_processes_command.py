"""The terminal says that a command for a process is recorded, also if the servers are not notified of it."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from app.engine.application import Application
from app.engine.database.connections import Database
from app.engine.settings import EngineSettings
from tests.support.cli import CliResult, invoke
from tests.support.toy_counter import tally
from tests.support.toy_process import QUICK, Bell, Ring, away, became, errand, note, running

TOY = Application(
    settings=EngineSettings,
    deciders=(tally, errand.stream_decider),
    processes=(errand,),
    ports=lambda settings, database: {Ring: Bell()},
)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("retry", "errand", "ID"), "recorded: errand.step-retried at position"),
        (("retry", "--state", "stuck"), "1 retried"),
        (("skip", "errand", "ID", "ring", "--reason", "rung by hand"), "recorded: errand.step-skipped"),
        (("compensate", "errand", "ID", "--reason", "customer left"), "recorded: errand.compensation-forced"),
    ],
    ids=["retry", "retry all", "skip", "compensate"],
)
async def test_a_command_whose_notification_fails_is_reported_as_recorded(
    database: Database,
    arguments: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    instance = uuid4()
    async with running(database, Bell(away), steps=replace(QUICK, max_attempts=1)) as runtime:
        await note(runtime, instance, "ring")
        await became(runtime, instance, "stuck")
    execute = asyncpg.Pool.execute

    async def refuse_notifications(pool: asyncpg.Pool, query: str, *given: object, **options: object) -> str:
        if "pg_notify" in query:
            raise asyncpg.ProgramLimitExceededError("too many notifications in the NOTIFY queue")
        return await execute(pool, query, *given, **options)  # pyright: ignore[reportArgumentType] - the options of any call

    monkeypatch.setattr(asyncpg.Pool, "execute", refuse_notifications)
    words = [str(instance) if word == "ID" else word for word in arguments]
    result: CliResult = await asyncio.to_thread(
        invoke, "processes", *words, application=TOY, DATABASE_URL=database.url
    )
    assert result.returncode == 0, result
    assert said in result.stdout
    assert "servers are not notified of the new events: ProgramLimitExceededError" in caplog.text
