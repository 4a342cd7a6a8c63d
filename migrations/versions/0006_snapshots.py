"""Snapshots: states of long streams, so that not all of their facts have to be folded."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    # What the facts of a stream up to one version were folded to, by the code that `mark` stands for. Nothing rests on
    # it: it may be emptied at any time. A row with any error counts as a missing row. The state is text, since its keys
    # have an order, which jsonb would not keep. The stream comes first in the key: a random stream finds a random row
    # to check.
    """
    CREATE TABLE es.snapshots (
        stream_id  uuid        NOT NULL,
        category   text        NOT NULL,
        mark       text        NOT NULL,
        version    integer     NOT NULL,
        position   bigint      NOT NULL,
        state      text        NOT NULL,
        digest     bytea       NOT NULL,
        taken_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (stream_id, category, mark, version)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
