"""The README shows how an application adds a command of its own."""

import asyncio
import sys
from types import ModuleType
from uuid import uuid4

import pytest

from app.engine.application import Application
from app.engine.commands import CommandContext
from app.engine.database.connections import Database
from app.engine.settings import EngineSettings
from tests.support.cli import assert_user_error, invoke
from tests.support.toy_counter import Add, engine, tally
from tests.template.readmes import fences, section


async def test_the_command_of_the_recipe_prints_each_event(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    [recipe] = fences(section("app/engine/cli/README.md", "A command of yours"), "python")
    module = ModuleType("events_of")
    monkeypatch.setitem(sys.modules, "events_of", module)
    exec(recipe.text, module.__dict__)
    stream = uuid4()
    async with engine(database) as each:
        for amount in (5, 7):
            await each.commands.execute(
                tally,
                stream,
                Add(amount=amount),
                CommandContext(actor="ann", correlation_id=uuid4(), command_id=uuid4()),
            )
    application = Application(
        settings=EngineSettings,
        deciders=(tally,),
        processes=(),
        projections=(),
        commands={"events-of": "events_of:events_of"},
    )

    shown = await asyncio.to_thread(
        invoke, "events-of", "tally", str(stream), application=application, DATABASE_URL=database.url
    )
    assert shown.returncode == 0
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["1", "2"]
    assert "amount=7" in shown.stdout

    refused = await asyncio.to_thread(
        invoke, "events-of", "tally", "x", application=application, DATABASE_URL=database.url
    )
    assert_user_error(refused, "the stream")
