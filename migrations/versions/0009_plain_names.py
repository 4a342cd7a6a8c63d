"""Parked keys, skipped events and the triggers of the log have plain names; older code still finds the old ones."""

from alembic import op

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    # The number of failed retries, the moment of the request for a retry, and the moment of the last retry.
    "ALTER TABLE es.parked RENAME TO parked_keys",
    "ALTER TABLE es.parked_keys RENAME COLUMN tries TO failed_retries",
    "ALTER TABLE es.parked_keys RENAME COLUMN asked_at TO retry_requested_at",
    "ALTER TABLE es.parked_keys RENAME COLUMN tried_at TO last_retried_at",
    "ALTER INDEX es.parked_pkey RENAME TO parked_keys_pkey",
    "ALTER INDEX es.parked_asked RENAME TO parked_keys_requested",
    "ALTER TABLE es.skipped RENAME TO skipped_events",
    "ALTER INDEX es.skipped_pkey RENAME TO skipped_events_pkey",
    # A server of older code runs beside a newer one for the time of a rollout. It reads and writes through these views,
    # which PostgreSQL updates by itself. A later migration drops them.
    """
    CREATE VIEW es.parked AS
    SELECT projection, version, slot, key, position, error, traceback, parked_at,
           retry_requested_at AS asked_at, last_retried_at AS tried_at, failed_retries AS tries
    FROM es.parked_keys
    """,
    "CREATE VIEW es.skipped AS SELECT projection, version, key, position, reason, actor, at FROM es.skipped_events",
    # Each refuses a change of what is recorded.
    "ALTER TRIGGER events_stay ON es.events RENAME TO events_immutable",
    "ALTER TRIGGER commands_stay ON es.commands RENAME TO commands_immutable",
    "ALTER TRIGGER seals_stay ON es.seals RENAME TO seals_immutable",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
