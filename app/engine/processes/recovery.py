"""Compares the tables of a process with the log when an owner takes over. It folds again what does not fit.

The tables may be older or newer than the log. The cause is a partial restore, or a fail-over to a standby that lacked
events. An instance is folded again by a retry from its first event. Its steps have the same ids again. So a command
that was recorded is a repeat. A call whose answer was recorded is not made a second time. A step whose event is lost is
due again, also if its instance is not folded again.
"""

import logging
from uuid import UUID

import asyncpg

from app.engine.processes.records import answer_id

log = logging.getLogger(__name__)


class ForeignLog(Exception):
    """The tables of the process belong to another log."""


async def create_missing_checkpoints(
    connection: asyncpg.Pool | asyncpg.Connection, processes: list[str]
) -> None:
    """Give each process without a checkpoint one, at the newest event that an instance has folded.

    If the process has no instance, its checkpoint is at the end of the log. All events up to the newest event that an
    instance has folded are folded. Those after it concerned no instance, or they are folded now.
    """
    await connection.execute(_CREATE_CHECKPOINTS, processes)


async def recover(connection: asyncpg.Connection, process: str, started: str) -> str | None:
    """Repair the tables of a process, whose instances record `started` as their first event. Returns what was repaired.

    The caller owns the process. Raises `ForeignLog` if nothing shows that the log and the tables belong together.
    """
    async with connection.transaction():
        # Since the start of this server, an operator may have deleted the row, or restored an older backup.
        await create_missing_checkpoints(connection, [process])
        [row] = await connection.fetch(_SELECT_LOSSES, process)
        found: list[str] = []
        if row["replaced"]:
            position = await connection.fetchval(_SELECT_NEWEST_PROVEN_STEP, process, row["position"])
            if position is None:
                raise ForeignLog(
                    f"the log has not the event at position {row['position']} that {process} has folded, and none of its"
                    " steps. Restore all tables of schema es from one moment. Or delete the rows of this process from"
                    " es.process_deadlines, es.process_steps, es.processes, and last from es.process_checkpoints"
                )
            instances = await _go_back(connection, process, position)
            steps = await _execute_again(connection, process, position)
            found.append(
                f"the log lacks events that it has folded. It goes back from position {row['position']} to {position},"
                f" folds {instances} instances again and executes {steps} steps again"
            )
        if row["instances_lost"]:
            if count := await connection.fetchval(_INSERT_LOST_INSTANCES, process, started):
                found.append(f"es.processes lacked {count} instances: they are folded again")
            position = await connection.fetchval(_UPDATE_CHECKPOINT_TO_LOST, process)
            if position is not None:
                found.append(f"es.processes lacked the newest instances: it goes back to position {position}")
        if row["steps_lost"] and (count := await connection.fetchval(_UPDATE_OPEN_INSTANCES, process)):
            found.append(f"es.process_steps lacked its steps: {count} instances are folded again")
    if not found:
        return None
    line = "; ".join(found)
    log.error("process %s: %s", process, line)
    return line


async def _go_back(connection: asyncpg.Connection, process: str, position: int) -> int:
    """Forget what followed from events after this position; the number of instances that are folded again."""
    for statement in _DELETE_AFTER:
        await connection.execute(statement, process, position)
    [row] = await connection.fetch(_UPDATE_INSTANCES_AHEAD, process, position)
    await connection.execute(
        "UPDATE es.process_checkpoints SET position = $2 WHERE process = $1", process, position
    )
    return row["count"]


async def _execute_again(connection: asyncpg.Connection, process: str, position: int) -> int:
    """Let the steps be due whose events were after this position and are lost; their number.

    Their instances may have folded no lost event: then nothing else asks for these steps again.
    """
    steps = await connection.fetch(_SELECT_STEPS_AFTER, process, position)
    command_ids = [
        answer_id(UUID(int=row["id"].int)) if row["kind"] == "effect" else row["id"] for row in steps
    ]
    recorded = {row["command_id"] for row in await connection.fetch(_SELECT_COMMANDS, command_ids)}
    lost = [
        row["id"] for row, command_id in zip(steps, command_ids, strict=True) if command_id not in recorded
    ]
    await connection.execute(_UPDATE_STEPS, lost)
    return len(lost)


_CREATE_CHECKPOINTS = """
    INSERT INTO es.process_checkpoints (process, position)
    SELECT name, coalesce(
        (SELECT max(p.position) FROM es.processes p WHERE p.process = name), (SELECT max(position) FROM es.events), 0)
    FROM unnest($1::text[]) name
    WHERE NOT EXISTS (SELECT FROM es.process_checkpoints c WHERE c.process = name)
    ON CONFLICT DO NOTHING
"""

# The checkpoint was moved with the event at its position, and after the instance that began at `newest_began` was written.
# The own streams of the instances and their steps show whether there were any.
_SELECT_LOSSES = """
    SELECT c.position,
           c.position > 0 AND (e.command_id IS NULL OR e.command_id <> c.command_id) AS replaced,
           coalesce(newest.began < c.newest_began, c.newest_began IS NOT NULL)
               OR (newest.began IS NULL AND c.position > 0 AND (
                   EXISTS (SELECT FROM es.events o WHERE o.category = c.process AND o.caused_by <= c.position)
                   OR EXISTS (SELECT FROM es.process_steps s WHERE s.process = c.process))) AS instances_lost,
           EXISTS (SELECT FROM es.processes p WHERE p.process = c.process AND p.state IS NOT NULL)
               AND NOT EXISTS (SELECT FROM es.process_steps s WHERE s.process = c.process) AS steps_lost
    FROM es.process_checkpoints c
         LEFT JOIN es.events e ON e.position = c.position
         LEFT JOIN LATERAL (
             SELECT p.began FROM es.processes p WHERE p.process = c.process ORDER BY p.began DESC LIMIT 1) newest ON true
    WHERE c.process = $1
"""

# The newest event of a step that the log still has. The log is a sequence, so it still has all events before it.
_SELECT_NEWEST_PROVEN_STEP = """
    SELECT max(s.position)
    FROM es.process_steps s JOIN es.events e ON e.position = s.position AND e.command_id = s.id
    WHERE s.process = $1 AND s.position <= $2
"""

# The first statement is about steps of lost events, and all steps of an instance that has folded one. A lost event may have
# withdrawn them.
_DELETE_AFTER = (
    """
    DELETE FROM es.process_steps s WHERE s.process = $1 AND (s.caused_by > $2 OR EXISTS (
        SELECT FROM es.processes p WHERE p.process = $1 AND p.id = s.instance AND (p.position > $2 OR p.parked_position > $2)))
    """,
    """
    DELETE FROM es.process_deadlines d WHERE d.process = $1 AND (d.caused_by > $2 OR EXISTS (
        SELECT FROM es.processes p WHERE p.process = $1 AND p.id = d.instance AND (p.position > $2 OR p.parked_position > $2)))
    """,
    "DELETE FROM es.processes WHERE process = $1 AND began > $2",
)

_SELECT_STEPS_AFTER = (
    "SELECT id, kind FROM es.process_steps WHERE process = $1 AND outcome = 'done' AND position > $2"
)
_SELECT_COMMANDS = "SELECT command_id FROM es.commands WHERE command_id = ANY($1::uuid[])"
_UPDATE_STEPS = """
    UPDATE es.process_steps SET outcome = 'due', position = NULL, moved_at = clock_timestamp() WHERE id = ANY($1::uuid[])
"""

_UPDATE_INSTANCES_AHEAD = """
    WITH again AS (
        UPDATE es.processes SET state = NULL, position = began - 1, parked_position = began, retry = true,
                                parked_error = 'the log lacks events that it has folded'
        WHERE process = $1 AND (position > $2 OR parked_position > $2) RETURNING 1
    )
    SELECT count(*) FROM again
"""

_UPDATE_OPEN_INSTANCES = """
    WITH again AS (
        UPDATE es.processes SET state = NULL, position = began - 1, parked_position = began, retry = true,
                                parked_error = 'its steps were lost'
        WHERE process = $1 AND NOT ended AND state IS NOT NULL RETURNING 1
    )
    SELECT count(*) FROM again
"""

_INSERT_LOST_INSTANCES = """
    WITH known AS (
        SELECT stream_id AS id, caused_by AS began FROM es.events WHERE category = $1 AND type = $2
        UNION ALL
        SELECT instance, caused_by FROM es.process_steps WHERE process = $1
    ), again AS (
        INSERT INTO es.processes (process, id, status, ended, began, position, parked_position, parked_error, retry)
        SELECT $1, id, 'unknown', false, min(began), min(began) - 1, min(began), 'its row was lost', true
        FROM known
        WHERE began <= (SELECT position FROM es.process_checkpoints WHERE process = $1)
          AND NOT EXISTS (SELECT FROM es.processes p WHERE p.process = $1 AND p.id = known.id)
        GROUP BY id
        RETURNING 1
    )
    SELECT count(*) FROM again
"""

# Neither the log nor a step knows the newest instance. The facts from its first one on are folded again. An instance
# that has folded one of them does not fold it twice.
_UPDATE_CHECKPOINT_TO_LOST = """
    UPDATE es.process_checkpoints c SET position = least(c.position, c.newest_began - 1)
    WHERE c.process = $1
      AND c.newest_began > coalesce((SELECT max(p.began) FROM es.processes p WHERE p.process = $1), 0)
    RETURNING c.position
"""
