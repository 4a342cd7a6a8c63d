"""A start names the event classes that changed and kept their version, and serves all the same."""

import asyncio
import logging

import pytest

from app.composition import application
from app.engine.database.connections import Database
from app.engine.server.runtime import Runtime
from app.settings import Settings
from tests.support.graphql_client import Api


async def test_a_start_warns_of_a_changed_event_class_and_is_ready(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with Runtime(application, settings, database).run():
        pass
    assert "another shape" not in caplog.text
    await database.pool.execute(
        """UPDATE es.event_shapes SET shape = '{"customer": "UUID"}' WHERE name = 'order.opened'"""
    )
    runtime = Runtime(application, settings, database)
    with caplog.at_level(logging.WARNING):
        async with runtime.run():
            async with asyncio.timeout(20):
                while not (state := await runtime.health.document())["ready"]:  # noqa: ASYNC110 - health sends no notification
                    await asyncio.sleep(0.02)
    [line] = [record.getMessage() for record in caplog.records if "another shape" in record.getMessage()]
    assert line.startswith(
        "order.opened 1 has another shape than this database recorded (removed: customer; new: customer_id). Give OrderOpened version=2"
    )
    assert (state["changedEvents"], state["errors"]) == ({"order.opened 1": line}, {})


async def test_readiness_shows_no_changed_event_class_if_there_is_none(api: Api) -> None:
    assert (await api.client.get("/readyz")).json()["changedEvents"] == {}
