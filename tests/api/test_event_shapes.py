"""A start names the event classes that changed and kept their version, and serves all the same."""

import logging

import pytest

from app.asgi import MachineRoom
from app.database import Database
from app.settings import Settings
from tests.conftest import Api


async def test_a_start_warns_of_a_changed_event_class_and_is_ready(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with MachineRoom(settings, database).running():
        pass
    assert "another shape" not in caplog.text
    await database.pool.execute(
        """UPDATE es.event_shapes SET shape = '{"customer": "UUID"}' WHERE name = 'order.opened'"""
    )
    room = MachineRoom(settings, database)
    with caplog.at_level(logging.WARNING):
        async with room.running():
            await room.projector.wait("orders", 0, 10)
            state = room.ready()
    [line] = [record.getMessage() for record in caplog.records if "another shape" in record.getMessage()]
    assert line.startswith(
        "order.opened 1 has another shape than this database recorded (gone: customer; new: customer_id): give Opened version=2"
    )
    assert (state["changedEvents"], state["problems"]) == ({"order.opened 1": line}, {})


async def test_readiness_shows_no_changed_event_class_if_there_is_none(api: Api) -> None:
    assert (await api.client.get("/readyz")).json()["changedEvents"] == {}
