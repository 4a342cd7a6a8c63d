"""What a projection puts aside: keys whose fact raised, skipped facts, and facts that it could not read."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    # The keys that wait, each since the fact at `position` raised `error`. `key` is a list of the values of the key
    # columns. If the key is not known, it is an object that names a stream. `asked_at` is set while an operator wants it
    # folded again; `tried_at` is when it last was.
    """
    CREATE TABLE es.parked (
        projection text        NOT NULL,
        version    integer     NOT NULL,
        slot       text        NOT NULL,
        key        jsonb       NOT NULL,
        position   bigint      NOT NULL,
        error      text        NOT NULL,
        traceback  text        NOT NULL,
        parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        asked_at   timestamptz,
        tried_at   timestamptz,
        tries      integer     NOT NULL DEFAULT 0,
        PRIMARY KEY (projection, version, slot, key)
    )
    """,
    # Finds the keys that are to be folded again, without a look at the others.
    "CREATE INDEX parked_asked ON es.parked (projection, version, slot) WHERE asked_at IS NOT NULL",
    # The facts that an operator skipped, each for one key. They are left out in every slot and in every rebuild of that
    # version.
    """
    CREATE TABLE es.skipped (
        projection text        NOT NULL,
        version    integer     NOT NULL,
        key        jsonb       NOT NULL,
        position   bigint      NOT NULL,
        reason     text        NOT NULL,
        actor      text        NOT NULL,
        at         timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (projection, version, key, position)
    )
    """,
    # The event types that this table's code could not read and passed over. Each name and version has the number of
    # facts, the first position and the last position.
    "ALTER TABLE es.checkpoints ADD COLUMN unread jsonb NOT NULL DEFAULT '{}'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
