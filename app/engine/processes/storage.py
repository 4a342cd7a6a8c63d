"""The tables of the processes: instances, the steps they asked for, and their deadlines.

One transaction writes all of it and moves the checkpoint of the process. So each fact has its effect exactly once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec

type StepKind = Literal["command", "effect", "note"]
"""A note is a fact for the process's own stream."""
type StepOutcome = Literal["due", "done", "refused", "stuck", "skipped", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStep:
    """One thing that an instance asked for. `id` is the id of the command, or the idempotency key of the effect.

    `attempts` counts the failed attempts, and `error` is that of the last one.
    """

    id: UUID
    instance: UUID
    step: str
    kind: StepKind
    category: str
    stream_id: UUID
    name: str
    body: str
    correlation_id: UUID
    caused_by: int
    attempts: int = 0
    outcome: StepOutcome = "due"
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The result of a step: the `position` of its last fact if it recorded one, or the `error` of its last attempt."""

    step: ProcessStep
    outcome: StepOutcome
    position: int | None = None
    error: str | None = None
    code: str | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessInstance:
    """One instance of a process. `stored` is its state as JSON text.

    `began` is the position of its first fact, `position` that of the last one it folded. `parked` is the position of a
    fact that could not be folded, with the error.
    """

    id: UUID
    state: Any
    stored: str | None = None
    status: str
    ended: bool
    began: int
    position: int
    parked: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDeadline:
    """A deadline, and the fact that set it."""

    instance: UUID
    name: str
    due_at: datetime
    correlation_id: UUID
    caused_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRows:
    """Everything that one transaction writes. A deadline that is None is deleted.

    `results` are the new outcomes of older steps; `resumed` are those of them that are to be executed again.
    """

    instances: Sequence[ProcessInstance] = ()
    steps: Sequence[ProcessStep] = ()
    results: Sequence[StepResult] = ()
    resumed: Sequence[ProcessStep] = ()
    deadlines: Mapping[tuple[UUID, str], PendingDeadline | None] = field(
        default_factory=dict[tuple[UUID, str], "PendingDeadline | None"]
    )


class ProcessStore:
    """The rows of one process, named by its category, on the connection that holds its lease."""

    def __init__(self, connection: asyncpg.Connection, process: str) -> None:
        self._connection = connection
        self._process = process

    async def take_over(self, owner: str) -> int:
        """Record the new owner; returns the checkpoint."""
        [row] = await self._connection.fetch(
            "UPDATE es.process_checkpoints SET owner = $2 WHERE process = $1 RETURNING position",
            self._process,
            owner,
        )
        return row["position"]

    async def write(self, at: int, to: int, rows: BatchRows) -> Sequence[ProcessStep] | None:
        """Move the checkpoint from `at` to `to` and write the rows, in one round trip.

        Returns the steps to execute: those that are due, and that no earlier fold of the same facts has written.
        Returns None, and writes nothing, if the checkpoint is not at `at`: another process has taken over.
        """
        written = await self._connection.fetchrow(
            _WRITE,
            self._process,
            at,
            to,
            _json(_result_row(result) for result in rows.results),
            _json(_instance_row(instance) for instance in rows.instances),
            _json(_step_row(step) for step in rows.steps),
            _json(_deadline_row(key, deadline) for key, deadline in rows.deadlines.items()),
        )
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

        A stuck note is among them: no operator can retry it, and code that cannot read its name may have left it.
        """
        rows = await self._connection.fetch(
            f"SELECT {_STEP_COLUMNS} FROM es.process_steps WHERE process = $1"
            " AND (outcome = 'due' OR (outcome = 'stuck' AND kind = 'note')) ORDER BY seq",
            self._process,
        )
        return [_step(row) for row in rows]

    async def open_steps(self, instances: Iterable[UUID]) -> Sequence[ProcessStep]:
        """The commands and effects of these instances that are due or stuck, in the order in which they were asked for."""
        rows = await self._connection.fetch(
            f"SELECT {_STEP_COLUMNS} FROM es.process_steps WHERE process = $1 AND instance = ANY($2::uuid[])"
            " AND outcome IN ('due', 'stuck') AND kind <> 'note' ORDER BY seq",
            self._process,
            list(instances),
        )
        return [_step(row) for row in rows]

    async def next_deadline(self) -> datetime | None:
        return await self._connection.fetchval(
            "SELECT min(due) FROM es.process_deadlines WHERE process = $1", self._process
        )

    async def overdue_deadlines(self, now: datetime, limit: int) -> Sequence[PendingDeadline]:
        """Up to `limit` deadlines that have passed, the oldest first."""
        rows = await self._connection.fetch(
            "SELECT instance, name, due, correlation_id, caused_by FROM es.process_deadlines"
            " WHERE process = $1 AND due <= $2 ORDER BY due LIMIT $3",
            self._process,
            now,
            limit,
        )
        return [
            PendingDeadline(
                instance=UUID(int=row["instance"].int),
                name=row["name"],
                due_at=row["due"],
                correlation_id=row["correlation_id"],
                caused_by=row["caused_by"],
            )
            for row in rows
        ]

    async def parked(self) -> Sequence[UUID]:
        rows = await self._connection.fetch(
            "SELECT id FROM es.processes WHERE process = $1 AND parked_position IS NOT NULL", self._process
        )
        return [UUID(int=row["id"].int) for row in rows]

    async def retry_requested(self) -> Sequence[UUID]:
        """The parked instances that an operator wants to retry. Writing an instance clears the request."""
        rows = await self._connection.fetch(
            "SELECT id FROM es.processes WHERE process = $1 AND parked_position IS NOT NULL AND retry",
            self._process,
        )
        return [UUID(int=row["id"].int) for row in rows]


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


type _Row = Mapping[str, object]


def _json(rows: Iterable[_Row]) -> str:
    return msgspec.json.encode(list(rows)).decode()


def _result_row(result: StepResult) -> _Row:
    return {
        "id": result.step.id,
        "outcome": result.outcome,
        "position": result.position,
        "error": result.error,
        "attempts": result.attempts,
    }


def _instance_row(instance: ProcessInstance) -> _Row:
    parked_position, parked_error = instance.parked or (None, None)
    return {
        "id": instance.id,
        "state": None if instance.stored is None else msgspec.Raw(instance.stored.encode()),
        "status": instance.status,
        "ended": instance.ended,
        "began": instance.began,
        "position": instance.position,
        "parked_position": parked_position,
        "parked_error": parked_error,
    }


def _step_row(step: ProcessStep) -> _Row:
    return {
        "id": step.id,
        "instance": step.instance,
        "step": step.step,
        "kind": step.kind,
        "category": step.category,
        "stream_id": step.stream_id,
        "name": step.name,
        "body": msgspec.Raw(step.body.encode()),
        "correlation_id": step.correlation_id,
        "caused_by": step.caused_by,
        "outcome": step.outcome,
    }


def _deadline_row(key: tuple[UUID, str], deadline: PendingDeadline | None) -> _Row:
    instance, name = key
    return {
        "instance": instance,
        "name": name,
        "due": None if deadline is None else deadline.due_at,
        "correlation_id": None if deadline is None else deadline.correlation_id,
        "caused_by": None if deadline is None else deadline.caused_by,
    }


_STEP_COLUMNS = "id, instance, step, kind, category, stream_id, name, body, correlation_id, caused_by, attempts, outcome, error"

# Every part depends on `moved`: the checkpoint moves from where its owner believes it to be, or nothing is written.
# A result that says due or stuck comes too late for a step that was withdrawn in the meantime.
_WRITE = """
    WITH moved AS (
        UPDATE es.process_checkpoints SET position = $3, moved_at = clock_timestamp() WHERE process = $1 AND position = $2 RETURNING 1
    ), results AS (
        UPDATE es.process_steps s
        SET outcome = n.outcome, position = coalesce(n.position, s.position), error = n.error, attempts = n.attempts,
            moved_at = clock_timestamp()
        FROM jsonb_to_recordset($4::jsonb) n (id uuid, outcome text, position bigint, error text, attempts integer)
        WHERE s.id = n.id AND NOT (s.outcome = 'withdrawn' AND n.outcome IN ('due', 'stuck')) AND EXISTS (SELECT FROM moved)
    ), instances AS (
        INSERT INTO es.processes (process, id, state, status, ended, began, position, parked_position, parked_error)
        SELECT $1, n.*
        FROM jsonb_to_recordset($5::jsonb) n (id uuid, state jsonb, status text, ended boolean, began bigint, position bigint,
                                              parked_position bigint, parked_error text)
        WHERE EXISTS (SELECT FROM moved)
        ON CONFLICT (process, id) DO UPDATE
        SET state = excluded.state, status = excluded.status, ended = excluded.ended, position = excluded.position,
            parked_position = excluded.parked_position, parked_error = excluded.parked_error, retry = false, moved_at = clock_timestamp()
    ), steps AS (
        INSERT INTO es.process_steps (process, id, instance, step, kind, category, stream_id, name, body, correlation_id, caused_by, outcome)
        SELECT $1, n.id, n.instance, n.step, n.kind, n.category, n.stream_id, n.name, n.body, n.correlation_id, n.caused_by, n.outcome
        FROM ROWS FROM (jsonb_to_recordset($6::jsonb) AS (id uuid, instance uuid, step text, kind text, category text, stream_id uuid,
                        name text, body jsonb, correlation_id uuid, caused_by bigint, outcome text)) WITH ORDINALITY
             n (id, instance, step, kind, category, stream_id, name, body, correlation_id, caused_by, outcome, place)
        WHERE EXISTS (SELECT FROM moved)
        ORDER BY n.place
        ON CONFLICT (id) DO NOTHING
        RETURNING id
    ), deadlines AS (
        SELECT * FROM jsonb_to_recordset($7::jsonb) n (instance uuid, name text, due timestamptz, correlation_id uuid, caused_by bigint)
        WHERE EXISTS (SELECT FROM moved)
    ), deleted AS (
        DELETE FROM es.process_deadlines d USING deadlines n
        WHERE d.process = $1 AND d.instance = n.instance AND d.name = n.name AND n.due IS NULL
    ), pending AS (
        INSERT INTO es.process_deadlines (process, instance, name, due, correlation_id, caused_by)
        SELECT $1, n.* FROM deadlines n WHERE n.due IS NOT NULL
        ON CONFLICT (process, instance, name) DO UPDATE
        SET due = excluded.due, correlation_id = excluded.correlation_id, caused_by = excluded.caused_by
    )
    SELECT EXISTS (SELECT FROM moved) AS moved, ARRAY(SELECT id FROM steps) AS inserted
"""
