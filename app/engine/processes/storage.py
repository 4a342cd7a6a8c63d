"""The tables of the processes: instances, the steps they asked for, and their deadlines.

One transaction writes all of it and moves the checkpoint of the process. So each fact has its effect exactly once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg

from app.engine.processes.batch_write import WRITE, write_arguments
from app.engine.processes.records import (
    BatchRows,
    Checkpoint,
    PendingDeadline,
    ProcessInstance,
    ProcessStep,
)
from domain.kernel.decider import StoredName

LEASE_PREFIX = "process "
"""The name of the lease of a process is this and its category."""


class ProcessStore:
    """The rows of one process, named by its category, on the connection that holds its lease."""

    def __init__(self, connection: asyncpg.Connection, process: str) -> None:
        self._connection = connection
        self._process = process

    async def take_over(self, owner: str) -> Checkpoint:
        """Record the new owner; returns the checkpoint."""
        [row] = await self._connection.fetch(
            "UPDATE es.process_checkpoints SET owner = $2 WHERE process = $1 RETURNING position, skipped_events, last_skipped",
            self._process,
            owner,
        )
        return Checkpoint(**row)

    async def write(self, at: int, to: int, rows: BatchRows) -> Sequence[ProcessStep] | None:
        """Move the checkpoint from `at` to `to` and write the rows, in one round trip.

        Returns the steps to execute: those that are due, and that no earlier fold of the same facts has written.
        Returns None, and writes nothing, if the checkpoint is not at `at`: another process has taken over.
        """
        written = await self._connection.fetchrow(WRITE, self._process, at, to, *write_arguments(rows))
        if written is None or not written["moved"]:
            return None
        inserted = set(written["inserted"])
        return [
            *(step for step in rows.steps if step.outcome == "due" and step.id in inserted),
            *rows.resumed,
        ]

    async def load(self, instances: Sequence[UUID]) -> Sequence[ProcessInstance]:
        """The instances that exist, with `stored` and without `state`."""
        rows = await self._connection.fetch(
            "SELECT id, state, status, ended, began, position, parked_position, parked_error FROM es.processes"
            " WHERE process = $1 AND id = ANY($2::uuid[])",
            self._process,
            instances,
        )
        return [
            ProcessInstance(
                id=UUID(int=row["id"].int),
                state=None,
                stored=row["state"],
                status=row["status"],
                ended=row["ended"],
                began=row["began"],
                position=row["position"],
                parked=None
                if row["parked_position"] is None
                else (row["parked_position"], row["parked_error"]),
            )
            for row in rows
        ]

    async def due_steps(self) -> Sequence[ProcessStep]:
        """Every step that is to be executed, in the order in which they were asked for.

        Stuck notes are among them: no operator can retry them. Code that cannot read the name of a note may have left
        it stuck.
        """
        rows = await self._connection.fetch(
            f"SELECT {_STEP_COLUMNS} FROM es.process_steps WHERE process = $1"
            " AND (outcome = 'due' OR (outcome = 'stuck' AND kind = 'note')) ORDER BY seq",
            self._process,
        )
        return [_step(row) for row in rows]

    async def open_steps(self, instances: Iterable[UUID]) -> Sequence[ProcessStep]:
        """The due and stuck commands and effects of these instances, in the order in which they were asked for."""
        rows = await self._connection.fetch(
            f"SELECT {_STEP_COLUMNS} FROM es.process_steps WHERE process = $1 AND instance = ANY($2::uuid[])"
            " AND outcome IN ('due', 'stuck') AND kind <> 'note' ORDER BY seq",
            self._process,
            list(instances),
        )
        return [_step(row) for row in rows]

    async def read_clock(self) -> tuple[float, float | None]:
        """The database's clock in seconds since 1970, and the seconds until the next deadline; None without deadlines.

        Those of parked instances do not count: they wait for a retry.
        """
        [row] = await self._connection.fetch(
            f"""
            SELECT extract(epoch FROM now)::float8 AS now, extract(epoch FROM (
                SELECT due FROM es.process_deadlines d WHERE process = $1 AND {_IS_NOT_PARKED} ORDER BY due LIMIT 1
            ) - now)::float8 AS seconds FROM (SELECT clock_timestamp() AS now OFFSET 0) clock
            """,
            self._process,
        )
        return row["now"], row["seconds"]

    async def overdue_deadlines(self, position: int, limit: int) -> Sequence[PendingDeadline]:
        """Up to `limit` deadlines that have passed, the oldest first. The process has folded the log up to `position`.

        The clock of the database decides: it also made the moments that they were computed from. An event after
        `position` that was recorded before the deadline may have set it again. So may an event that waits because its
        instance is parked. The deadline waits until such an event is folded.
        """
        rows = await self._connection.fetch(
            f"""
            SELECT instance, name, due, correlation_id, caused_by FROM es.process_deadlines d
            WHERE process = $1 AND due <= least(
                clock_timestamp(), (SELECT recorded_at FROM es.events WHERE position > $2 ORDER BY position LIMIT 1))
              AND {_IS_NOT_PARKED}
            ORDER BY due LIMIT $3
            """,
            self._process,
            position,
            limit,
        )
        deadlines = {
            deadline.note_id(self._process): deadline
            for deadline in (
                PendingDeadline(
                    instance=UUID(int=row["instance"].int),
                    name=row["name"],
                    due_at=row["due"],
                    correlation_id=row["correlation_id"],
                    caused_by=row["caused_by"],
                )
                for row in rows
            )
        }
        notes = await self._connection.fetch(
            "SELECT id, caused_by FROM es.process_steps WHERE id = ANY($1::uuid[])", list(deadlines)
        )
        passed = {UUID(int=note["id"].int): note["caused_by"] for note in notes}
        return [
            replace(deadline, passed_before=passed.get(id, deadline.caused_by) < deadline.caused_by)
            for id, deadline in deadlines.items()
        ]

    async def is_newer_shape(
        self, stored: StoredName, known: Sequence[StoredName], *, is_category_known: bool
    ) -> bool:
        """Whether other code has registered this event: in a category that this code knows, or later than all it knows."""
        [row] = await self._connection.fetch(
            """
            SELECT EXISTS (SELECT FROM es.event_shapes WHERE name = $1 AND version = $2 AND ($3 OR first_seen_at > coalesce((
                SELECT max(s.first_seen_at) FROM es.event_shapes s
                JOIN unnest($4::text[], $5::integer[]) known (name, version) ON s.name = known.name AND s.version = known.version
            ), '-infinity'))) AS newer
            """,
            stored.name,
            stored.version,
            is_category_known,
            [shape.name for shape in known],
            [shape.version for shape in known],
        )
        return row["newer"]

    async def parked(self) -> Sequence[UUID]:
        rows = await self._connection.fetch(
            "SELECT id FROM es.processes WHERE process = $1 AND parked_position IS NOT NULL", self._process
        )
        return [UUID(int=row["id"].int) for row in rows]

    async def retry_requested(self, limit: int) -> Sequence[UUID]:
        """Up to `limit` parked instances that an operator wants to retry. Writing an instance clears the request."""
        rows = await self._connection.fetch(
            "SELECT id FROM es.processes WHERE process = $1 AND parked_position IS NOT NULL AND retry"
            " ORDER BY parked_position LIMIT $2",
            self._process,
            limit,
        )
        return [UUID(int=row["id"].int) for row in rows]


async def seconds_to_deadline(pool: asyncpg.Pool, process: str, instance: UUID) -> float | None:
    """The seconds until the next deadline of an instance, by the clock of the database; None if it has none."""
    return await pool.fetchval(
        "SELECT extract(epoch FROM min(due) - clock_timestamp())::float8 FROM es.process_deadlines"
        " WHERE process = $1 AND instance = $2",
        process,
        instance,
    )


async def describe_command(pool: asyncpg.Pool, command_id: UUID) -> str | None:
    """The name and the stream of the command that was recorded under this id; None if there is none."""
    return await pool.fetchval(
        "SELECT name || ' of ' || category || ' ' || stream_id FROM es.commands WHERE command_id = $1 LIMIT 1",
        command_id,
    )


def _step(row: asyncpg.Record) -> ProcessStep:
    return ProcessStep(
        id=UUID(int=row["id"].int),
        instance=UUID(int=row["instance"].int),
        step=row["step"],
        kind=row["kind"],
        category=row["category"],
        stream_id=UUID(int=row["stream_id"].int),
        name=row["name"],
        body=row["body"],
        correlation_id=UUID(int=row["correlation_id"].int),
        caused_by=row["caused_by"],
        attempts=row["attempts"],
        outcome=row["outcome"],
        error=row["error"],
    )


_IS_NOT_PARKED = """
    NOT EXISTS (SELECT FROM es.processes p WHERE p.process = d.process AND p.id = d.instance AND p.parked_position IS NOT NULL)
"""
"""Of a deadline `d`."""
_STEP_COLUMNS = "id, instance, step, kind, category, stream_id, name, body, correlation_id, caused_by, attempts, outcome, error"
