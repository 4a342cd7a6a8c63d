"""What `python -m app projections lag` says of each projection, of any owner."""

import asyncio
from uuid import uuid4

import asyncpg

from app.engine.database.connections import Database
from app.engine.database.leases import process_name
from app.engine.projector.status import projection_statuses
from app.engine.server.runtime import Runtime
from projections import PROJECTIONS
from tests.support.cli import CliResult, assert_user_error, invoke, run
from tests.support.databases import as_superuser, execute
from tests.support.graphql_client import Api
from tests.support.projections import wait_until_written

OPEN = "mutation($customer: UUID!) { openOrder(input: {customerId: $customer}) { ... on OrderAccepted { position } } }"


def lag(url: str) -> CliResult:
    return run("projections", "lag", DATABASE_URL=url)


def test_lag_alone_is_a_short_form(database_url: str) -> None:
    assert invoke("lag", DATABASE_URL=database_url).stdout == lag(database_url).stdout


def test_an_empty_database_lists_every_projection_as_never_moved(database_url: str) -> None:
    ran = lag(database_url)
    header, *rows = ran.stdout.splitlines()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert header.split() == [
        "projection",
        "version",
        "position",
        "lag",
        "lag",
        "(s)",
        "last",
        "change",
        "parked",
        "owner",
    ]
    assert [row.split() for row in rows] == [
        [projection.name, str(projection.version), "0", "0", "0.0", "never", "0", "none"]
        for projection in sorted(PROJECTIONS, key=lambda each: each.name)
    ]


async def test_a_database_without_migrations_is_one_line_and_exit_code_2(
    database: Database, database_url: str
) -> None:
    await execute(as_superuser(database_url), "DROP SCHEMA es CASCADE")
    assert_user_error(await asyncio.to_thread(lag, database_url), "python -m app migrate")


async def test_a_projection_that_is_current_is_owned_and_nothing_behind(
    runtime: Runtime, api: Api, database: Database
) -> None:
    data = await api.data(OPEN, {"customer": str(uuid4())})
    position = int(data["openOrder"]["position"])
    assert await wait_until_written(runtime, PROJECTIONS) == position
    assert {
        (each.position, each.lag, each.seconds, each.owner)
        for each in await projection_statuses(database, PROJECTIONS)
    } == {(position, 0, 0.0, process_name())}


async def test_a_projection_that_stands_still_says_how_much_and_how_long(database: Database) -> None:
    """The first of three facts is folded. The second was recorded an hour ago, and no process owns the projection."""
    connection: asyncpg.Connection = await database.connect()
    try:
        for position in (1, 2, 3):
            await connection.execute(
                "INSERT INTO es.events VALUES ($1, 'order', $2, 1, 'order.opened', 1, '{}', $2, $2, NULL, 'me', now(), now() - interval '1 hour')",
                position,
                uuid4(),
            )
        await connection.execute(
            "INSERT INTO es.checkpoints (projection, version, position, owner) VALUES ('older', 7, 1, 'gone:1')"
        )
        [older] = [
            each for each in await projection_statuses(database, PROJECTIONS) if each.projection == "older"
        ]
    finally:
        await connection.close()
    assert (older.version, older.position, older.lag, older.owner) == (7, 1, 2, None)
    assert 3600 <= older.seconds < 3700


async def test_what_was_passed_over_unread_and_what_is_parked_is_said(
    runtime: Runtime, database: Database
) -> None:
    """An event of an unknown type concerns no projection.

    An event that no fold takes parks its key in one projection.
    """
    for position, (stream, kind) in enumerate(
        [("elsewhere", "elsewhere.melted"), ("order", "order.shipped"), ("elsewhere", "elsewhere.melted")],
        start=1,
    ):
        await database.pool.execute(
            "INSERT INTO es.events VALUES ($1, $3, $2, 1, $4, 1, '{}', $2, $2, NULL, 'me', now(), now())",
            position,
            uuid4(),
            stream,
            kind,
        )
    await wait_until_written(runtime, PROJECTIONS)
    standings = {each.projection: each for each in await projection_statuses(database, PROJECTIONS)}
    assert {name for name, each in standings.items() if each.parked} == {"orders"}
    for each in standings.values():
        assert {name: (one.count, one.first, one.last) for name, one in each.unreadable.items()} == {
            "elsewhere.melted v1": (2, 1, 3)
        }
    shown = (await asyncio.to_thread(lag, database.url)).stdout
    assert (
        "elsewhere.melted v1: this code cannot read it; 2 events ignored, the first at position 1, the last at 3"
        in shown
    )
    assert [line.split()[-2] for line in shown.splitlines() if line.startswith("orders")] == ["1"]
