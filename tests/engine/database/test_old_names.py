"""A server of older code goes on while newer code has migrated: its statements still work under the old names."""

from uuid import uuid4

from app.engine.database.connections import Database
from app.engine.projector.parking.admin import list_parked_keys, list_skipped_events
from app.engine.read_models.queries import Range
from tests.support.toy_counter import tallies

PARK = """
    INSERT INTO es.parked (projection, version, slot, key, position, error, traceback)
    SELECT 'tallies', 1, 'live', CAST(key AS jsonb), position, error, traceback
    FROM unnest(CAST($1 AS text[]), CAST($2 AS bigint[]), CAST($3 AS text[]), CAST($4 AS text[]))
        AS given (key, position, error, traceback)
    ON CONFLICT (projection, version, slot, key) DO UPDATE
    SET position = excluded.position, error = excluded.error, traceback = excluded.traceback
"""
ASK = "UPDATE es.parked SET asked_at = clock_timestamp() WHERE projection = 'tallies' AND slot IN ('live', 'former') RETURNING slot"
FAILED = """
    UPDATE es.parked p SET position = given.position, asked_at = NULL, tried_at = clock_timestamp(), tries = tries + 1
    FROM unnest(CAST($1 AS text[]), CAST($2 AS bigint[])) AS given (key, position) WHERE p.key = CAST(given.key AS jsonb)
    RETURNING p.key::text
"""
LEVEL = "DELETE FROM es.parked p USING unnest(CAST($1 AS text[])) AS given (key) WHERE p.key = CAST(given.key AS jsonb) RETURNING 1"
SKIP = """
    INSERT INTO es.skipped (projection, version, key, position, reason, actor)
    VALUES ('tallies', 1, $1::text::jsonb, 7, 'why', 'olga') ON CONFLICT DO NOTHING
"""


async def test_the_statements_of_older_code_work_under_the_old_names(database: Database) -> None:
    key, pool = f'["{uuid4()}"]', database.pool
    for position in (8, 7):
        await pool.execute(PARK, [key], [position], ["error"], ["traceback"])
    assert await pool.fetchval(ASK) == "live"
    [parked] = await list_parked_keys(database, tallies, Range(10))
    assert (parked.key, parked.position, parked.failed_retries) == (key, 7, 0)
    assert parked.retry_requested_at is not None
    assert await pool.fetchval(FAILED, [key], [9]) == key
    [parked] = await list_parked_keys(database, tallies, Range(10))
    assert (parked.position, parked.failed_retries, parked.retry_requested_at) == (9, 1, None)
    assert await pool.fetchval("SELECT position FROM es.parked WHERE slot = 'live' FOR UPDATE") == 9
    await pool.execute("UPDATE es.parked SET slot = 'former'")
    assert await pool.fetchval(LEVEL, [key]) == 1
    assert await pool.fetchval("SELECT count(*) FROM es.parked_keys") == 0
    await pool.execute(SKIP, key)
    [skipped] = await list_skipped_events(database, tallies, Range(10))
    assert (skipped.key, skipped.position) == (key, 7)
    assert await pool.fetchval("DELETE FROM es.skipped WHERE position = 7 RETURNING 1") == 1
