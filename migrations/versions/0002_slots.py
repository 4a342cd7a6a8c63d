"""A projection can have several tables at once: the live one, the one being built, and the replaced one."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    # The place of a table: 'live', 'staging', 'former', or the name of a point-in-time table. Such a table shows a
    # moment of the past.
    "ALTER TABLE es.checkpoints ADD COLUMN slot text NOT NULL DEFAULT 'live'",
    # One checkpoint for each table, wherever it stands.
    "ALTER TABLE es.checkpoints DROP CONSTRAINT checkpoints_pkey, ADD PRIMARY KEY (projection, version, slot)",
    # Which table this is. It goes with the table from slot to slot. So a worker that folded into a table that has been
    # replaced no longer finds its checkpoint.
    "ALTER TABLE es.checkpoints ADD COLUMN build bigint GENERATED ALWAYS AS IDENTITY",
    # What the code that made the table was like: its fold and its columns, as a digest.
    "ALTER TABLE es.checkpoints ADD COLUMN fingerprint text",
    # How far each rebuild is, and what came of it: 'building', 'built', 'verified', 'different', 'promoted' or 'failed'.
    # `position` and `events_per_second` are as of `updated_at`; `error` is one line.
    """
    CREATE TABLE es.rebuilds (
        projection        text             NOT NULL,
        version           integer          NOT NULL,
        slot              text             NOT NULL,
        state             text             NOT NULL,
        position          bigint           NOT NULL DEFAULT 0,
        target            bigint           NOT NULL,
        events_per_second double precision NOT NULL DEFAULT 0,
        owner             text             NOT NULL,
        started_at        timestamptz      NOT NULL DEFAULT clock_timestamp(),
        updated_at        timestamptz      NOT NULL DEFAULT clock_timestamp(),
        error             text,
        PRIMARY KEY (projection, version, slot)
    )
    """,
    # Holds the tables that are built beside the live ones, under the same names.
    "CREATE SCHEMA read_staging",
    # Holds the tables that were replaced, for the way back.
    "CREATE SCHEMA read_former",
    # Holds the live table for the moment in which two tables change places.
    "CREATE SCHEMA read_leaving",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
