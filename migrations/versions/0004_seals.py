"""The seals: a chain of hashes over the log."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    # A seal covers a range of positions. `root` is the root of the tree of their hashes. `marks` has a few bytes of
    # each hash, to tell which fact changed. `hash` covers the other fields and the hash of the previous seal.
    """
    CREATE TABLE es.seals (
        number         bigint      PRIMARY KEY,
        first_position bigint      NOT NULL UNIQUE,
        last_position  bigint      NOT NULL CHECK (last_position >= first_position),
        root           bytea       NOT NULL,
        marks          bytea       NOT NULL,
        sealed_at      timestamptz NOT NULL,
        hash           bytea       NOT NULL UNIQUE
    )
    """,
    # Hashes do not shrink: no time is spent on trying.
    "ALTER TABLE es.seals ALTER COLUMN marks SET STORAGE EXTERNAL",
    # Guards the seals as the log is guarded.
    """
    CREATE TRIGGER seals_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON es.seals
        FOR EACH STATEMENT EXECUTE FUNCTION es.refuse_change()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
