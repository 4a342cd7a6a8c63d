"""The runtime starts all components, reports one that fails, and answers waiting commands before it stops."""

import asyncio
from uuid import uuid4

from app.engine.application import Application
from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings
from tests.support.toy_counter import Add, request, tallies, tally


def build(database: Database) -> Runtime:
    toy = Application(settings=EngineSettings, deciders=(tally,), projections=(tallies,))
    return Runtime(toy, EngineSettings(database_url=database.url, pool_size=4), database)


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
