"""The statement that writes one batch of a process and moves its checkpoint."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from app.engine.processes.records import (
    BatchRows,
    PendingDeadline,
    ProcessInstance,
    ProcessStep,
    StepResult,
    answer_id,
)


def write_arguments(rows: BatchRows) -> Sequence[object]:
    """The arguments of `WRITE` from the fourth on: the rows as JSON, and the events that are passed over."""
    return (
        _json(_result_row(result) for result in rows.results),
        _json(_instance_row(instance) for instance in rows.instances),
        _json(_step_row(step) for step in rows.steps),
        _json(_deadline_row(key, deadline) for key, deadline in rows.deadlines.items()),
        len(rows.skipped),
        max(rows.skipped, default=None),
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
        "answer": answer_id(step.id) if step.kind == "effect" else None,
    }


def _deadline_row(key: tuple[UUID, str], deadline: PendingDeadline | None) -> _Row:
    instance, name = key
    return {
        "instance": instance,
        "name": name,
        "due": None if deadline is None else deadline.due_at,
        "correlation_id": None if deadline is None else deadline.correlation_id,
        "caused_by": None if deadline is None else deadline.caused_by,
        "recorded_at": None if deadline is None else deadline.recorded_at,
    }


# Every part depends on `moved`: the checkpoint moves from where its owner believes it to be, or nothing is written. A
# result that says due or stuck comes too late for a step that was withdrawn in the meantime. A call whose answer is in
# the ledger was made. An instance that is folded again does not make it again. A fact whose `recorded_at` is in the
# future was recorded while the database's clock ran ahead. So its deadlines are due as much earlier.
WRITE = """
    WITH moved AS (
        UPDATE es.process_checkpoints SET position = $3, skipped_events = skipped_events + $8,
            last_skipped = coalesce($9, last_skipped), moved_at = clock_timestamp() WHERE process = $1 AND position = $2 RETURNING 1
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
        SELECT $1, n.id, n.instance, n.step, n.kind, n.category, n.stream_id, n.name, n.body, n.correlation_id, n.caused_by,
               CASE WHEN n.outcome = 'due' AND EXISTS (SELECT FROM es.commands c WHERE c.command_id = n.answer AND c.refusal IS NULL)
                    THEN 'done' ELSE n.outcome END
        FROM ROWS FROM (jsonb_to_recordset($6::jsonb) AS (id uuid, instance uuid, step text, kind text, category text, stream_id uuid,
                        name text, body jsonb, correlation_id uuid, caused_by bigint, outcome text, answer uuid)) WITH ORDINALITY
             n (id, instance, step, kind, category, stream_id, name, body, correlation_id, caused_by, outcome, answer, place)
        WHERE EXISTS (SELECT FROM moved)
        ORDER BY n.place
        ON CONFLICT (id) DO NOTHING
        RETURNING id, outcome
    ), deadlines AS (
        SELECT n.instance, n.name, n.due - greatest(n.recorded_at - clock_timestamp(), interval '0') AS due, n.correlation_id, n.caused_by
        FROM jsonb_to_recordset($7::jsonb) n (instance uuid, name text, due timestamptz, correlation_id uuid, caused_by bigint,
                                              recorded_at timestamptz)
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
    SELECT EXISTS (SELECT FROM moved) AS moved, ARRAY(SELECT id FROM steps WHERE outcome = 'due') AS inserted
"""
