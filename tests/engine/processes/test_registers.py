"""A register that forgets an entry is named at the start, or before anything is recorded."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from app.engine.commands import UnregisteredDecider
from app.engine.database.connections import Database
from app.engine.errors import ConfigurationError
from domain.kernel.process import Call, call
from tests.support.toy_counter import Add, engine, request, tally
from tests.support.toy_process import Bell, Ring, errand


@call("test.unlisted")
class Unlisted(Call):
    pass


async def unlisted(port_call: Unlisted, key: UUID) -> None:
    del port_call, key


async def test_a_call_without_a_port_is_one_line_at_the_start(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="register a port for it"):
        async with engine(database, processes=[errand], ports={}):
            pass


async def test_a_port_whose_call_no_process_lists_is_one_line_at_the_start(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="no process lists it"):
        async with engine(database, processes=[errand], ports={Ring: Bell(), Unlisted: unlisted}):
            pass


async def test_a_decider_that_is_not_registered_records_nothing(database: Database) -> None:
    other = replace(tally, category="other")
    async with engine(database, projections=()) as running:
        for context in (request(), request(dry_run=True)):
            with pytest.raises(UnregisteredDecider, match="add its line to domain"):
                await running.commands.execute(other, uuid4(), Add(amount=1), context)
        assert await running.reader.head_position() == 0
