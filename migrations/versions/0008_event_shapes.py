"""The shapes of events: what the fields of each event class were when this database first met it."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    # One row for each stored name and version that a server of this database has known. A server that starts writes the
    # missing rows, changes none, and compares the rest with its code. A class that changed and kept its version does
    # not read the stored events. The shape is json and not jsonb, since its fields have an order.
    """
    CREATE TABLE es.event_shapes (
        name          text        NOT NULL,
        version       integer     NOT NULL,
        shape         json        NOT NULL,
        first_seen_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (name, version)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
