"""The text of a database error for health and clients has no statement, no value and no address."""

import asyncpg
import pytest

from app.engine.database.connections import Database
from app.engine.database.errors import (
    DRIVER_ERRORS,
    error_summary,
    first_line,
    is_connection_error,
    is_missing_table,
)

SECRET = "secret-of-a-row"
SETUP = """
CREATE TEMP TABLE ledger (name text PRIMARY KEY, amount int CHECK (amount > 0));
CREATE FUNCTION pg_temp.fail() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 / (SELECT count(*) - count(*) FROM ledger); END $$;
"""


@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT nothing FROM ledger WHERE name = '{SECRET}'",
        f"SELECT 1 FROM missing WHERE name = '{SECRET}'",
        f"INSERT INTO ledger VALUES ('{SECRET}', 1), ('{SECRET}', 2)",
        f"INSERT INTO ledger VALUES ('{SECRET}', -1)",
        f"SET LOCAL statement_timeout = '10ms'; SELECT pg_sleep(5), '{SECRET}'",
        f"SELECT pg_temp.fail() WHERE '{SECRET}' IS NOT NULL",
        f"UPDATE ledger SET amount = NULL WHERE name = '{SECRET}' RETURNING missing",
    ],
)
async def test_a_summary_names_the_fault_without_the_statement_and_its_values(
    database: Database, statement: str
) -> None:
    connection: asyncpg.Connection = await asyncpg.connect(database.url)
    try:
        await connection.execute(SETUP)
        with pytest.raises(DRIVER_ERRORS) as caught:
            await connection.execute(statement)
    finally:
        await connection.close()
    for text in (first_line(caught.value), error_summary(caught.value).splitlines()[0]):
        assert len(text) > 10
        assert SECRET not in text
        assert not any(word in text for word in ("SELECT", "INSERT", "UPDATE", "WHERE", "SET LOCAL"))


@pytest.mark.parametrize(
    "text",
    [
        'relation "{}" does not exist',
        "Relation »{}« existiert nicht",
        "la relation « {} » n'existe pas",
    ],
)
def test_a_missing_table_is_known_in_every_language_of_the_server(text: str) -> None:
    assert is_missing_table(asyncpg.UndefinedTableError(text.format("read.orders")), "read")
    assert not is_missing_table(asyncpg.UndefinedTableError(text.format("thread.orders")), "read")
    assert not is_missing_table(asyncpg.UndefinedTableError(text.format("orders")), "read")


@pytest.mark.parametrize("text", ["recovery is in progress", "Wiederherstellung läuft"])
def test_a_server_in_recovery_is_known_in_every_language_of_the_server(text: str) -> None:
    error = asyncpg.ObjectNotInPrerequisiteStateError(text)
    vars(error)["server_source_filename"] = "lock.c"
    assert is_connection_error(error)


async def test_an_object_that_is_not_ready_for_a_statement_is_no_lost_connection(database: Database) -> None:
    async with database.pool.acquire() as connection:
        await connection.execute("CREATE TEMP SEQUENCE unused")
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError) as raised:
            await connection.fetch("SELECT currval('unused')")
    assert not is_connection_error(raised.value)
