"""The checkpoint of a process remembers its last event, its newest instance, and the events that it skipped."""

from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = (
    # `command_id` is that of the event at `position`: it tells whether the log still has this event. `newest_began` is where
    # the newest instance began, as of the write before: it tells whether the instances are still there. Events that
    # concern no known instance are skipped; the number and the newest one of them stay.
    """
    ALTER TABLE es.process_checkpoints
        ADD COLUMN command_id uuid,
        ADD COLUMN newest_began bigint,
        ADD COLUMN skipped_events bigint NOT NULL DEFAULT 0,
        ADD COLUMN last_skipped bigint
    """,
    # Fills what the checkpoint remembers of the event and of the instances. The instances of the statement that moves the
    # checkpoint are not visible here, so `newest_began` is one write behind.
    """
    CREATE FUNCTION es.identify_process_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.command_id := (SELECT e.command_id FROM es.events e WHERE e.position = NEW.position);
        NEW.newest_began := (
            SELECT p.began FROM es.processes p WHERE p.process = NEW.process ORDER BY p.began DESC LIMIT 1
        );
        RETURN NEW;
    END
    $$
    """,
    # A trigger, because servers of older code move checkpoints, too.
    """
    CREATE TRIGGER process_checkpoints_identity BEFORE INSERT OR UPDATE OF position ON es.process_checkpoints
        FOR EACH ROW EXECUTE FUNCTION es.identify_process_checkpoint()
    """,
    # Fills the columns of the checkpoints that exist.
    "UPDATE es.process_checkpoints SET position = position",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
