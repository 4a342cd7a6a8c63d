"""What the engine keeps of each process: its instances, the steps they asked for, and their deadlines.

All of it is written in the transaction that moves the process's checkpoint, so that a fact has its effect exactly once.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStep:
    """One thing that an instance asked for. `id` is the command's id, or the effect's idempotency key.

    `kind` is command, effect, or note: a fact for the process's own stream. `outcome` is due, done, refused, stuck,
    skipped or withdrawn. `attempts` counts the failed ones.
    """

    id: UUID
    instance: UUID
    step: str
    kind: str
    category: str
    stream_id: UUID
    name: str
    body: str
    correlation_id: UUID
    caused_by: int
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What became of a step: `position` of its last fact, where it has one, or the `error` of its last attempt."""

    step: ProcessStep
    outcome: str
    position: int | None = None
    error: str | None = None
    code: str | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessInstance:
    """One instance of a process. `stored` is its state as JSON. `began` is the position of its first fact, `position`
    that of its last one folded; `parked` is the fact that could not be, with the error."""

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
    due_steps: datetime
    correlation_id: UUID
    caused_by: int


class ProcessStore:
    """The rows of one process, named by its category, over the connection that owns it."""

    def __init__(self, connection: asyncpg.Connection, process: str) -> None:
        self._connection = connection
        self._process = process

    def transaction(self) -> Any:
        return self._connection.transaction()

    async def take_over(self, owner: str) -> int:
        """Take the process over; returns its checkpoint."""
        [row] = await self._connection.fetch(
            "UPDATE es.process_checkpoints SET owner = $2 WHERE process = $1 RETURNING position",
            self._process,
            owner,
        )
        return row["position"]

    async def write(
        self,
        at: int,
        to: int,
        *,
        settled: Sequence[StepResult],
        instances: Sequence[ProcessInstance],
        steps: Sequence[ProcessStep],
        withdrawn: Set[UUID],
        deadlines: Mapping[tuple[UUID, str], PendingDeadline | None],
    ) -> Sequence[ProcessStep] | None:
        """Move the checkpoint from `at`, and all that goes with it, in one round trip. None where it is not there any
        more, and nothing was written: another process has taken over.

        Returns which of the new `steps` are to be carried out: not what is `withdrawn` already, and only there to be
        seen, nor what was asked for before, when the same fact was folded.
        """
        wanted = [deadline for deadline in deadlines.values() if deadline is not None]
        off = [key for key, each in deadlines.items() if each is None]
        [row] = await self._connection.fetch(
            _WRITE,
            self._process,
            at,
            to,
            *_settled(settled),
            [instance.id for instance in instances],
            [instance.stored for instance in instances],
            [instance.status for instance in instances],
            [instance.ended for instance in instances],
            [instance.began for instance in instances],
            [instance.position for instance in instances],
            [None if instance.parked is None else instance.parked[0] for instance in instances],
            [None if instance.parked is None else instance.parked[1] for instance in instances],
            [step.id for step in steps],
            [step.instance for step in steps],
            [step.step for step in steps],
            [step.kind for step in steps],
            [step.category for step in steps],
            [step.stream_id for step in steps],
            [step.name for step in steps],
            [step.body for step in steps],
            [step.correlation_id for step in steps],
            [step.caused_by for step in steps],
            ["withdrawn" if step.id in withdrawn else "due" for step in steps],
            [instance for instance, _ in off],
            [name for _, name in off],
            [each.instance for each in wanted],
            [each.name for each in wanted],
            [each.due_steps for each in wanted],
            [each.correlation_id for each in wanted],
            [each.caused_by for each in wanted],
        )
        if not row["moved"]:
            return None
        new = set(row["asked"])
        return [step for step in steps if step.id in new and step.id not in withdrawn]

    async def load(self, instances: Sequence[UUID]) -> Sequence[ProcessInstance]:
        """The instances that exist, with their states as they are stored."""
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

    async def due(self) -> Sequence[ProcessStep]:
        """Every step that is to be carried out, in the order in which they were asked for.

        A stuck note is among them: no operator can retry it, and code that cannot read its name may have left it.
        """
        rows = await self._connection.fetch(
            f"SELECT {_STEP} FROM es.process_steps WHERE process = $1"
            " AND (outcome = 'due' OR (outcome = 'stuck' AND kind = 'note')) ORDER BY seq",
            self._process,
        )
        return [_step(row) for row in rows]

    async def save_results(self, settled: Sequence[StepResult]) -> frozenset[UUID]:
        """Keep what became of steps; returns the ids of those that it became of. A step that was withdrawn in the
        meantime is not stuck, and not due again."""
        rows = await self._connection.fetch(f"{_settling(1)} RETURNING s.id", *_settled(settled))
        return frozenset(row["id"] for row in rows)

    async def withdraw(self, instances: Sequence[UUID]) -> Sequence[ProcessStep]:
        """Nothing of what these instances asked for and is not done is wanted any more; returns what had been stuck."""
        rows = await self._connection.fetch(_WITHDRAW, self._process, instances)
        return [_step(row) for row in rows if row["before"] == "stuck"]

    async def set_outcome(self, steps: Sequence[tuple[UUID, str]], outcome: str) -> Sequence[ProcessStep]:
        """Set stuck steps, by instance and name, to `outcome`; returns them."""
        rows = await self._connection.fetch(
            _RESUME, self._process, [instance for instance, _ in steps], [step for _, step in steps], outcome
        )
        return [_step(row) for row in rows]

    async def next_deadline(self) -> datetime | None:
        return await self._connection.fetchval(
            "SELECT min(due) FROM es.process_deadlines WHERE process = $1", self._process
        )

    async def overdue_deadlines(self, now: datetime, limit: int) -> Sequence[PendingDeadline]:
        """Deadlines that have passed, the oldest first."""
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
                due_steps=row["due"],
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
        """The parked instances that an operator wants tried again. Saving one forgets the wish."""
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
    )


_STEP = "id, instance, step, kind, category, stream_id, name, body, correlation_id, caused_by, attempts"


def _settled(settled: Sequence[StepResult]) -> Sequence[Sequence[object]]:
    return (
        [result.step.id for result in settled],
        [result.outcome for result in settled],
        [result.position for result in settled],
        [result.error for result in settled],
        [result.attempts for result in settled],
    )


def _settling(first: int) -> str:
    """Keeps what became of steps; its arguments are numbered from `first`."""
    ids, outcomes, positions, errors, attempts = (f"${first + place}" for place in range(5))
    return f"""
        UPDATE es.process_steps s
        SET outcome = n.outcome, position = coalesce(n.position, s.position), error = n.error, attempts = n.attempts,
            moved_at = clock_timestamp()
        FROM unnest({ids}::uuid[], {outcomes}::text[], {positions}::bigint[], {errors}::text[], {attempts}::integer[])
             n (id, outcome, position, error, attempts)
        WHERE s.id = n.id AND NOT (s.outcome = 'withdrawn' AND n.outcome IN ('due', 'stuck'))
    """


# All of it hangs on the checkpoint, which moves from where its owner believes it to be, or nothing happens.
_WRITE = f"""
    WITH moved AS (
        UPDATE es.process_checkpoints SET position = $3, moved_at = clock_timestamp() WHERE process = $1 AND position = $2 RETURNING 1
    ), settled AS (
        {_settling(4)} AND EXISTS (SELECT FROM moved)
    ), saved AS (
        INSERT INTO es.processes (process, id, state, status, ended, began, position, parked_position, parked_error)
        SELECT $1, n.* FROM unnest($9::uuid[], $10::jsonb[], $11::text[], $12::boolean[], $13::bigint[], $14::bigint[], $15::bigint[], $16::text[]) n
        WHERE EXISTS (SELECT FROM moved)
        ON CONFLICT (process, id) DO UPDATE
        SET state = excluded.state, status = excluded.status, ended = excluded.ended, position = excluded.position,
            parked_position = excluded.parked_position, parked_error = excluded.parked_error, retry = false, moved_at = clock_timestamp()
    ), asked AS (
        INSERT INTO es.process_steps (process, id, instance, step, kind, category, stream_id, name, body, correlation_id, caused_by, outcome)
        SELECT $1, n.id, n.instance, n.step, n.kind, n.category, n.stream_id, n.name, n.body, n.correlation_id, n.caused_by, n.outcome
        FROM unnest($17::uuid[], $18::uuid[], $19::text[], $20::text[], $21::text[], $22::uuid[], $23::text[], $24::jsonb[], $25::uuid[],
                    $26::bigint[], $27::text[])
             WITH ORDINALITY n (id, instance, step, kind, category, stream_id, name, body, correlation_id, caused_by, outcome, place)
        WHERE EXISTS (SELECT FROM moved)
        ORDER BY n.place
        ON CONFLICT (id) DO NOTHING
        RETURNING id
    ), off AS (
        DELETE FROM es.process_deadlines d USING unnest($28::uuid[], $29::text[]) o (instance, name)
        WHERE d.process = $1 AND d.instance = o.instance AND d.name = o.name AND EXISTS (SELECT FROM moved)
    ), waiting AS (
        INSERT INTO es.process_deadlines (process, instance, name, due, correlation_id, caused_by)
        SELECT $1, n.* FROM unnest($30::uuid[], $31::text[], $32::timestamptz[], $33::uuid[], $34::bigint[]) n
        WHERE EXISTS (SELECT FROM moved)
        ON CONFLICT (process, instance, name) DO UPDATE
        SET due = excluded.due, correlation_id = excluded.correlation_id, caused_by = excluded.caused_by
    )
    SELECT EXISTS (SELECT FROM moved) AS moved, ARRAY(SELECT id FROM asked) AS asked
"""

_WITHDRAW = """
    WITH old AS (
        SELECT id, outcome FROM es.process_steps
        WHERE process = $1 AND instance = ANY($2::uuid[]) AND outcome IN ('due', 'stuck') AND kind <> 'note' FOR UPDATE
    )
    UPDATE es.process_steps s SET outcome = 'withdrawn', moved_at = clock_timestamp() FROM old WHERE s.id = old.id
    RETURNING s.id, s.instance, s.step, s.kind, s.category, s.stream_id, s.name, s.body, s.correlation_id, s.caused_by, s.attempts,
              old.outcome AS before
"""

_RESUME = """
    UPDATE es.process_steps s SET outcome = $4, moved_at = clock_timestamp()
    FROM unnest($2::uuid[], $3::text[]) n (instance, step)
    WHERE s.process = $1 AND s.instance = n.instance AND s.step = n.step AND s.outcome = 'stuck'
    RETURNING s.id, s.instance, s.step, s.kind, s.category, s.stream_id, s.name, s.body, s.correlation_id, s.caused_by, s.attempts
"""
