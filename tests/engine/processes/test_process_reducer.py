"""The rows of a batch are a pure function of its facts, step results, overdue deadlines and open steps."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from app.engine.processes.codec import ProcessCodec
from app.engine.processes.records import PendingDeadline, ProcessStep, StepOutcome, StepResult
from app.engine.processes.reducer import Batch, ProcessReducer
from domain.kernel.decider import Recorded
from domain.kernel.process import CompensationForced, LifecycleEvent, Process, StepRetried, StepSkipped
from tests.support.scenarios import NOW, STREAM, ProcessScenario, fact
from tests.support.toy_counter import Added, tally
from tests.support.toy_process import Errand, errand

codec = ProcessCodec(errand, [tally, errand.stream_decider])
reducer = ProcessReducer(errand, codec)
scenario = ProcessScenario(errand)


def batch_of(*events: Added | LifecycleEvent, first: int = 10, process: Process[Errand] = errand) -> Batch:
    """A batch that has folded these facts of one instance. The position of the first one is `first`."""
    batch, reducer = Batch(), ProcessReducer(process, codec)
    for position, event in enumerate(events, start=first):
        recorded = fact(event) if isinstance(event, Added) else scenario.own_fact(event)
        reducer.apply(batch, batch.instances.get(STREAM), STREAM, [replace(recorded, position=position)])
    return batch


def asked_for(*events: Added | LifecycleEvent, first: int = 5) -> ProcessStep:
    """The one command or effect that these facts ask for."""
    [step] = [step for step in batch_of(*events, first=first).steps if step.kind != "note"]
    return step


def test_a_call_that_the_process_does_not_list_parks_the_instance_and_the_error_names_the_list() -> None:
    forgetful, batch = replace(errand, calls=()), Batch()
    recorded = fact(Added(amount=7, note="ring"))
    ProcessReducer(forgetful, ProcessCodec(forgetful, [tally, forgetful.stream_decider])).apply(
        batch, None, STREAM, [recorded]
    )
    parked = batch.instances[STREAM].parked
    assert parked is not None
    assert "its call is not in `calls` of the process" in parked[1]
    assert batch.steps == []


def note_names(rows: Any) -> list[str]:
    return [step.name for step in rows.steps if step.kind == "note" and step.name != "errand.started"]


def outcomes(rows: Any) -> list[tuple[UUID, StepOutcome, str | None, int]]:
    return [(result.step.id, result.outcome, result.error, result.attempts) for result in rows.results]


ring = asked_for(Added(amount=7, note="ring"))
stuck = StepResult(step=ring, outcome="stuck", error="no answer", attempts=3)
stuck_ring = replace(ring, outcome="stuck", error="no answer", attempts=3)
compensation = CompensationForced(reason="enough")


def test_a_step_that_gets_stuck_is_reported_to_the_process() -> None:
    rows = reducer.close(Batch(), [stuck], open_steps=[ring])
    assert note_names(rows) == ["errand.step-stuck"]
    assert outcomes(rows) == [(ring.id, "stuck", "no answer", 3)]


def test_a_step_that_was_withdrawn_before_it_got_stuck_is_not_reported() -> None:
    assert note_names(reducer.close(Batch(), [stuck], open_steps=[])) == []


def test_a_due_step_that_is_withdrawn_leaves_no_note() -> None:
    rows = reducer.close(batch_of(compensation), open_steps=[ring])
    assert note_names(rows) == ["errand.ended"]
    assert outcomes(rows) == [(ring.id, "withdrawn", None, 0)]


def test_a_step_that_gets_stuck_and_is_withdrawn_in_one_batch_is_recorded_as_both() -> None:
    rows = reducer.close(batch_of(compensation), [stuck], open_steps=[ring])
    assert note_names(rows) == ["errand.ended", "errand.step-stuck", "errand.step-withdrawn"]
    assert outcomes(rows) == [(ring.id, "withdrawn", "no answer", 3)]


def test_a_step_that_is_done_in_the_batch_that_withdraws_it_is_done() -> None:
    done = StepResult(step=ring, outcome="done", position=9)
    rows = reducer.close(batch_of(compensation), [done], open_steps=[ring])
    assert outcomes(rows) == [(ring.id, "done", None, 0)]


def test_a_step_that_is_asked_for_and_withdrawn_in_one_batch_is_stored_as_withdrawn() -> None:
    rows = reducer.close(batch_of(Added(amount=7, note="ring"), Added(amount=1, note="stop")))
    assert [step.outcome for step in rows.steps if step.kind != "note"] == ["withdrawn"]


def test_a_retried_step_is_due_again_and_keeps_its_attempts() -> None:
    rows = reducer.close(batch_of(StepRetried(step="ring")), open_steps=[stuck_ring])
    assert outcomes(rows) == [(ring.id, "due", "no answer", 3)]
    assert rows.resumed == [replace(stuck_ring, outcome="due")]


def test_a_skipped_step_is_not_executed() -> None:
    rows = reducer.close(batch_of(StepSkipped(step="ring", reason="moved")), open_steps=[stuck_ring])
    assert outcomes(rows) == [(ring.id, "skipped", "no answer", 3)]
    assert rows.resumed == []


@pytest.mark.parametrize(
    "event", [StepSkipped(step="ring", reason="moved"), StepRetried(step="ring")], ids=["skip", "retry"]
)
def test_an_operation_on_a_step_concerns_no_step_of_this_name_that_was_asked_for_after_it(
    event: LifecycleEvent,
) -> None:
    """An instance that is folded again folds its old operations again."""
    rows = reducer.close(batch_of(event, first=1), open_steps=[stuck_ring])
    assert outcomes(rows) == []
    assert rows.resumed == []


def test_a_withdrawal_that_is_folded_again_concerns_no_step_that_was_asked_for_after_it() -> None:
    """The fold parks before it asks for that step again, so this batch does not show it."""

    def evolve(state: Errand | None, recorded: Recorded[Any]) -> Errand | None:
        if recorded.position == 5:
            raise ArithmeticError
        return errand.evolve(state, recorded)

    batch = batch_of(
        Added(amount=7, note="stop"),
        Added(amount=7, note="ring"),
        first=4,
        process=replace(errand, evolve=evolve),
    )
    assert batch.instances[STREAM].parked is not None
    for open_step in (ring, stuck_ring):
        assert outcomes(reducer.close(batch, open_steps=[open_step])) == []


def test_a_step_that_was_asked_for_after_a_withdrawal_is_skipped_if_both_are_folded_again() -> None:
    rows = reducer.close(
        batch_of(compensation, StepSkipped(step="undo", reason="moved")),
        open_steps=[replace(asked_for(compensation, first=10), outcome="stuck")],
    )
    assert [outcome for _, outcome, _, _ in outcomes(rows)] == ["skipped"]


def test_only_batches_that_change_older_steps_need_to_know_them() -> None:
    done = StepResult(step=ring, outcome="done")
    assert batch_of(Added(amount=7, note="ring")).instances_with_changed_steps([done]) == set()
    assert batch_of(compensation).instances_with_changed_steps([]) == {STREAM}
    assert batch_of(StepRetried(step="ring")).instances_with_changed_steps([]) == {STREAM}
    assert Batch().instances_with_changed_steps([stuck]) == {STREAM}


def overdue(name: str, instance: UUID = STREAM) -> PendingDeadline:
    return PendingDeadline(
        instance=instance, name=name, due_at=NOW - timedelta(1), correlation_id=uuid4(), caused_by=1
    )


def test_an_overdue_deadline_is_deleted_and_recorded() -> None:
    rows = reducer.close(Batch(), overdue=[overdue("tea")])
    assert rows.deadlines == {(STREAM, "tea"): None}
    assert note_names(rows) == ["errand.deadline-passed"]


def test_an_overdue_deadline_that_the_batch_cancels_does_not_pass() -> None:
    rows = reducer.close(batch_of(Added(amount=1, note="off")), overdue=[overdue("tea")])
    assert rows.deadlines == {(STREAM, "tea"): None}
    assert note_names(rows) == []


def test_an_overdue_deadline_that_the_batch_sets_again_does_not_pass() -> None:
    rows = reducer.close(batch_of(Added(amount=60_000, note="wait")), overdue=[overdue("tea")])
    [deadline] = rows.deadlines.values()
    assert deadline is not None
    assert deadline.due_at == NOW + timedelta(minutes=1)
    assert note_names(rows) == []


def test_an_overdue_deadline_of_an_instance_that_the_batch_parks_does_not_pass() -> None:
    batch = Batch()
    batch.park(STREAM, None, 2, ArithmeticError())
    rows = reducer.close(batch, overdue=[overdue("tea")])
    assert rows.deadlines == {}
    assert note_names(rows) == []


def test_only_a_deadline_that_passes_again_for_the_same_moment_has_an_id_that_older_code_did_not_make() -> (
    None
):
    first = overdue("tea")
    ids = [
        step.id
        for deadline in (
            first,
            replace(first, passed_before=True),
            replace(first, passed_before=True, caused_by=2),
        )
        for step in reducer.close(Batch(), overdue=[deadline]).steps
    ]
    assert ids[0] == uuid5(STREAM, f"errand tea {first.due_at}")
    assert len(set(ids)) == 3
