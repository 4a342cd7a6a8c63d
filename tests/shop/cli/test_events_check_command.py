"""What `python -m app events check` says of a log, of old code or of new code."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.composition import application
from app.engine.database.connections import Database
from app.engine.store.check_log import check_log
from tests.support.cli import assert_user_error, run
from tests.support.databases import as_superuser, execute
from tests.support.log_surgery import unguarded

PLACED = {
    "customer_id": str(uuid4()),
    "lines": [{"sku": "TEA", "quantity": 2, "unit_price": "3.50"}],
    "total": "7.00",
    "placed_at": "2026-01-05T12:00:00Z",
}


async def store(database: Database, *events: tuple[str, int, Any]) -> None:
    connection: asyncpg.Connection = await database.connect()
    try:
        for position, (name, version, data) in enumerate(events, start=1):
            await connection.execute(
                "INSERT INTO es.events VALUES ($1, 'order', $2, 1, $3, $4, $5::jsonb, $2, $2, NULL, 'me', now(), now())",
                position,
                uuid4(),
                name,
                version,
                json.dumps(data),
            )
    finally:
        await connection.close()


async def check(url: str) -> Any:
    return await asyncio.to_thread(run, "events", "check", DATABASE_URL=url)


async def test_a_log_that_can_be_read_is_silent_and_exit_code_0(
    database: Database, database_url: str
) -> None:
    await store(database, ("order.opened", 1, {"customer_id": str(uuid4())}), ("order.placed", 1, PLACED))
    ran = await check(database_url)
    assert (ran.returncode, ran.stderr) == (0, "")
    [line] = ran.stdout.splitlines()
    assert line.startswith("2 events read in ")


async def test_each_shape_that_cannot_be_read_is_named_with_how_often_and_where_first(
    database: Database, database_url: str
) -> None:
    await store(
        database,
        ("order.placed", 1, PLACED),
        ("order.placed", 1, {}),
        ("order.melted", 7, {}),
        ("order.placed", 2, {"lines": 5}),
        ("order.melted", 7, {}),
        ("order.placed", 1, PLACED | {"lines": None}),
        ("order.melted", 8, {}),
        ("order.shipped", 1, {}),
    )
    ran = await check(database_url)
    assert (ran.returncode, ran.stderr) == (1, "")
    first, header, *rows, advice = ran.stdout.splitlines()
    assert first.startswith("8 events read in ")
    assert header.split() == ["type", "version", "events", "first", "problem"]
    assert [row.split()[:4] for row in rows] == [
        ["order.placed", "1", "2", "2"],
        ["order.melted", "7", "2", "3"],
        ["order.placed", "2", "1", "4"],
        ["order.melted", "8", "1", "7"],
    ]
    assert rows[0].endswith("the upcast from order.placed 1 raised KeyError: 'lines'")
    assert rows[1].endswith("no class is stored under this name and version")
    assert "upcast" in advice


async def test_an_event_at_a_moment_that_python_does_not_know_cannot_be_read(
    database: Database, database_url: str
) -> None:
    await store(database, *[("order.placed", 1, PLACED)] * 5)
    # Only rows of before the constraint have such moments.
    async with unguarded(database_url) as connection:
        await connection.execute("ALTER TABLE es.events DROP CONSTRAINT events_occurred_at")
        for position, moment in enumerate(("infinity", "0044-03-15 BC", "10000-01-01Z"), start=2):
            await connection.execute(
                "UPDATE es.events SET occurred_at = $2::text::timestamptz WHERE position = $1",
                position,
                moment,
            )
    ran = await check(database_url)
    assert (ran.returncode, ran.stderr) == (1, "")
    [row] = ran.stdout.splitlines()[2:-1]
    assert row.split()[:4] == ["order.placed", "1", "3", "2"]
    assert row.endswith("its moment lies outside the years 1 to 9999")


async def test_pages_follow_each_other_without_a_gap(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(database, *[("order.melted" if n % 3 else "order.shipped", 1, {}) for n in range(10)])
    monkeypatch.setattr("app.engine.store.check_log.PAGE_SIZE", 3)
    came: list[int] = []
    found = await check_log(database, application.codec, lambda position, head: came.append(position))
    assert came == [3, 6, 9, 10]
    assert [(trouble.events, trouble.first) for trouble in found.unreadable.values()] == [(6, 2)]


async def test_a_database_without_migrations_is_one_line_and_exit_code_2(
    database: Database, database_url: str
) -> None:
    await execute(as_superuser(database_url), "DROP SCHEMA es CASCADE")
    assert_user_error(await check(database_url), "python -m app migrate")
