"""The processes' bookkeeping: where each stands, its instances, what they asked for, and what they wait for."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    # Where each process stands in the log. A new one begins where the log ends: it does not act on what is past.
    """
    CREATE TABLE es.process_checkpoints (
        process  text        PRIMARY KEY,
        position bigint      NOT NULL,
        owner    text,
        moved_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    # One row an instance, with its state as the fold of its facts. A fact that could not be folded parks the instance.
    # The position and the error stay until it is tried again (`retry`).
    """
    CREATE TABLE es.processes (
        process         text        NOT NULL,
        id              uuid        NOT NULL,
        state           jsonb,
        status          text        NOT NULL,
        ended           boolean     NOT NULL,
        began           bigint      NOT NULL,
        position        bigint      NOT NULL,
        parked_position bigint,
        parked_error    text,
        retry           boolean     NOT NULL DEFAULT false,
        began_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
        moved_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (process, id)
    )
    """,
    # Lists the instances, the newest first.
    "CREATE INDEX processes_began ON es.processes (process, began DESC, id)",
    # Finds the instances that wait for an operator.
    "CREATE INDEX processes_parked ON es.processes (process) WHERE parked_position IS NOT NULL",
    # Everything an instance asked for, in order: the outbox while it is due, and after that what became of it.
    # The id is the id of the command, or the idempotency key of the call to the outside.
    """
    CREATE TABLE es.process_steps (
        id             uuid        PRIMARY KEY,
        seq            bigint      GENERATED ALWAYS AS IDENTITY,
        process        text        NOT NULL,
        instance       uuid        NOT NULL,
        step           text        NOT NULL,
        kind           text        NOT NULL CHECK (kind IN ('command', 'effect', 'note')),
        category       text        NOT NULL,
        stream_id      uuid        NOT NULL,
        name           text        NOT NULL,
        body           jsonb       NOT NULL,
        correlation_id uuid        NOT NULL,
        caused_by      bigint      NOT NULL,
        outcome        text        NOT NULL CHECK (outcome IN ('due', 'done', 'refused', 'stuck', 'skipped', 'withdrawn')),
        attempts       integer     NOT NULL DEFAULT 0,
        position       bigint,
        error          text,
        asked_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
        moved_at       timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    # Shows the steps of an instance in order.
    "CREATE INDEX process_steps_instance ON es.process_steps (process, instance, seq)",
    # Finds what is to be carried out, and what is stuck: few rows among many that are done.
    "CREATE INDEX process_steps_open ON es.process_steps (process, outcome, seq) WHERE outcome IN ('due', 'stuck')",
    # What the instances wait for; a deadline that has passed leaves as a fact.
    """
    CREATE TABLE es.process_deadlines (
        process        text        NOT NULL,
        instance       uuid        NOT NULL,
        name           text        NOT NULL,
        due            timestamptz NOT NULL,
        correlation_id uuid        NOT NULL,
        caused_by      bigint      NOT NULL,
        PRIMARY KEY (process, instance, name)
    )
    """,
    # Finds the next deadline.
    "CREATE INDEX process_deadlines_due ON es.process_deadlines (process, due)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
