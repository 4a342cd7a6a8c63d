"""Commands, calls and notes have stored names: a renamed class reads the names that older code stored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.processes.attempts import RetryPolicy
from app.engine.processes.codec import ProcessCodec as ProcessCodec
from app.engine.processes.records import BatchRows, ProcessStep
from app.engine.processes.storage import ProcessStore
from app.engine.store.append_request import AppendRequest, AppendResult, CommandIdReused
from app.engine.store.codec import EventCodec
from app.engine.store.load import load_aggregate
from app.engine.store.snapshots.reader import LoadedState
from app.engine.store.stored_names import StoredNameError
from domain.kernel.decider import AnyDecider, Command, CommandName, Recorded, command, value
from domain.kernel.process import Call, Effect, Ended, Started, StepRefused, call, send
from tests.support.toy_counter import (
    Add,
    Added,
    Engine,
    Take,
    Taken,
    TallyCommand,
    TallyEvent,
    engine,
    request,
    tally,
)
from tests.support.toy_process import Bell, Errand, Ring, at_rest, errand, kept, note, own, till, until

QUICK = RetryPolicy(max_attempts=3, initial_delay=0.005, max_delay=0.02, call_timeout=0.1)

# --- Checked at start ---------------------------------------------------------


class Bare(Command):
    pass


@value
class Loose:
    pass


@command("tally.add-more")
class AddMore(Add):
    pass


@value
class AddMost(AddMore):
    pass


@command("tally.add")
class AddAgain(Command):
    pass


@command("tally.put", formerly=("Take",))
class Put(Command):
    pass


@command("Tally.Add")
class Loud(Command):
    pass


@command("add")
class Short(Command):
    pass


def decider_of(*classes: Any, category: str = "tally") -> AnyDecider:
    """A decider of these commands."""

    def decide(command: Any, state: int) -> Sequence[TallyEvent]:
        return []

    union = classes[0]
    for command_type in classes[1:]:
        union = union | command_type
    decide.__annotations__["command"] = union
    if category == "tally":
        return replace(tally, decide=decide)
    return replace(errand.stream_decider, category=category, decide=decide)


UNNAMED = 'has no stored name: derive it from Command and declare it with @command("noun.verb")'


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ((Add, Bare), f"Bare of tally {UNNAMED}"),
        ((Add, Loose), f"Loose of tally {UNNAMED}"),
        ((Add, AddMost), f"AddMost of tally {UNNAMED}"),
        ((Loud,), "Loud of tally is stored as 'Tally.Add': a stored name is noun.verb, in lower case with hyphens"),
        ((Short,), "Short of tally is stored as 'add': a stored name is noun.verb, in lower case with hyphens"),
        ((Add, AddAgain), "Add and AddAgain of tally are both stored as tally.add: a stored name is never reused"),
        ((Take, Put), "Take and Put of tally are both stored as Take: a stored name is never reused"),
    ],
)  # fmt: skip
def test_commands_whose_names_contradict_each_other_are_refused_at_start_in_one_line(
    classes: tuple[type, ...], message: str
) -> None:
    with pytest.raises(StoredNameError) as refused:
        EventCodec([decider_of(*classes)])
    assert str(refused.value) == message
    with pytest.raises(StoredNameError):
        ProcessCodec(errand, [decider_of(*classes)])


def test_two_aggregates_do_not_store_two_classes_under_one_name() -> None:
    with pytest.raises(StoredNameError) as refused:
        EventCodec([tally, decider_of(AddAgain, category="errand")])
    assert str(refused.value) == (
        "Add and AddAgain of errand are both stored as tally.add: a stored name is never reused"
    )


def test_processes_share_the_commands_of_their_own_streams() -> None:
    codec = EventCodec([errand.stream_decider, replace(errand, category="chore").stream_decider])
    assert codec.commands["errand"] == codec.commands["chore"]


@call("errand.ring")
class RingAgain(Call):
    pass


@value
class Knock(Call):
    pass


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        ((Ring, Knock), 'Knock of errand has no stored name: derive it from Call and declare it with @call("noun.verb")'),
        ((Ring, RingAgain), "Ring and RingAgain of errand are both stored as errand.ring: a stored name is never reused"),
    ],
)  # fmt: skip
async def test_calls_whose_names_contradict_each_other_are_refused_at_start_in_one_line(
    database: Database, calls: tuple[type[Call], ...], message: str
) -> None:
    with pytest.raises(StoredNameError) as refused:
        async with engine(
            database, processes=[replace(errand, calls=calls)], ports=dict.fromkeys(calls, Bell())
        ):
            pass
    assert str(refused.value) == message


# --- What older code stored ---------------------------------------------------


async def test_a_repeat_of_what_older_code_recorded_under_the_name_of_the_class_is_a_duplicate(
    database: Database,
) -> None:
    stream, again = uuid4(), request(command_id=uuid4())
    assert again.command_id is not None
    async with engine(database) as running:
        before = await running.appender.append(_older("Add", again.command_id, stream))
        assert isinstance(before, AppendResult)
        outcome = await running.commands.execute(tally, stream, Add(amount=5), again)
        assert isinstance(outcome, CommandAccepted)
        assert (outcome.duplicate, outcome.position, outcome.version) == (True, 1, 1)
        with pytest.raises(CommandIdReused):
            await running.commands.execute(tally, stream, Take(amount=5), again)
        with pytest.raises(CommandIdReused):
            await running.commands.execute(tally, uuid4(), Add(amount=5), again)
        assert await running.reader.head_position() == 1


async def test_a_command_is_shown_under_its_name_of_today_for_any_code_that_recorded_it(
    database: Database,
) -> None:
    stream, older, unknown, newer = uuid4(), uuid4(), uuid4(), uuid4()
    async with engine(database) as running:
        await running.appender.append(_older("Add", older, stream))
        await running.appender.append(_older("Multiply", unknown, stream, expected=1))
        await running.commands.execute(tally, stream, Add(amount=1), request(command_id=newer))
        assert await running.reader.command_names([older, unknown, newer]) == {
            older: "tally.add",
            unknown: "Multiply",
            newer: "tally.add",
        }
    assert await database.pool.fetchval("SELECT name FROM es.commands WHERE command_id = $1", newer) == "tally.add"  # fmt: skip


def _older(name: str, command_id: UUID, stream: UUID, expected: int = 0) -> AppendRequest:
    return AppendRequest(
        command_id=command_id,
        command=CommandName(name),
        category="tally",
        stream_id=stream,
        expected=expected,
        events=[Added(amount=5)],
        correlation_id=uuid4(),
        actor="tester",
        persist_outcome=True,
    )


codec = ProcessCodec(errand, [tally, errand.stream_decider])


def _steps(one: UUID) -> Sequence[ProcessStep]:
    """A command, a call and two notes of an errand, as this code stores them."""
    into = till(one)
    return [
        codec.step(send("put", tally, into, Add(amount=3)), uuid4(), one, uuid4(), 1),
        codec.step(Effect(step="ring", call=Ring(till=into, amount=4)), uuid4(), one, uuid4(), 1),
        codec.note(Started(), uuid4(), one, uuid4(), 1),
        codec.note(Ended(outcome="done"), uuid4(), one, uuid4(), 1),
    ]


OLDER = ("Add", "Ring", "Started", "Ended")


def test_steps_are_stored_under_stored_names() -> None:
    assert [step.name for step in _steps(uuid4())] == [
        "tally.add",
        "errand.ring",
        "errand.started",
        "errand.ended",
    ]


@pytest.mark.parametrize("named", [OLDER, None], ids=["older", "today's"])
async def test_a_due_step_is_carried_out_once_under_an_older_name_as_under_its_own(
    database: Database, named: Sequence[str] | None
) -> None:
    one, bell = uuid4(), Bell()
    steps = _steps(one)
    steps = [replace(step, name=name) for step, name in zip(steps, named or [step.name for step in steps], strict=True)]  # fmt: skip
    async with _running(database, bell):
        pass
    await _store(database, steps)
    for _ in range(2):
        async with _running(database, bell) as running:
            await at_rest(running)
            assert sorted(await kept(running, one)) == [(3, ""), (4, "rung")]
            assert await _recorded(running, one, steps) == {steps[2].id: "errand.started", steps[3].id: "errand.ended"}  # fmt: skip
    assert bell.keys[till(one)] == [steps[1].id]
    assert await database.pool.fetch("SELECT DISTINCT outcome FROM es.process_steps") == [("done",)]


def test_the_end_is_told_from_other_notes_under_both_names() -> None:
    *others, end = _steps(uuid4())
    others.append(codec.note(StepRefused(step="s", code="C", message="m"), uuid4(), uuid4(), uuid4(), 1))
    assert codec.is_end(end)
    assert codec.is_end(replace(end, name="Ended"))
    assert not [step for step in others if codec.is_end(step)]


async def test_a_note_that_older_code_could_not_read_is_recorded_by_the_next_owner(
    database: Database,
) -> None:
    """Its server owned the process for a moment, and set what it could not read to stuck."""
    one = uuid4()
    async with _running(database):
        pass
    put, _, *notes = _steps(one)
    await _store(database, [put, *notes])
    await database.pool.execute("UPDATE es.process_steps SET outcome = 'stuck', attempts = 3")
    async with _running(database) as running:

        async def recorded() -> Sequence[Any] | None:
            names = await _recorded(running, one, notes)
            return list(names.values()) if len(names) == 2 else None

        assert sorted(await until(recorded)) == ["errand.ended", "errand.started"]
        # What an operator can retry waits for the operator.
        assert await kept(running, one) == []


async def _recorded(running: Engine, one: UUID, steps: Sequence[ProcessStep]) -> dict[UUID, str]:
    """What these steps recorded in the errand's own stream, each once."""
    ids = {step.id for step in steps}
    facts = [fact for fact in await own(running, one) if fact.command_id in ids]
    names = {fact.command_id: fact.event.stored.name for fact in facts}
    assert len(facts) == len(names)
    return names


async def _store(database: Database, steps: Sequence[ProcessStep]) -> None:
    connection = await database.connect()
    try:
        store = ProcessStore(connection, "errand")
        at = (await store.take_over("tester")).position
        await store.write(at, at, BatchRows(steps=steps))
    finally:
        connection.terminate()


def _running(database: Database, bell: Bell | None = None, process: Any = errand) -> Any:
    return engine(database, projections=(), processes=[process], ports={Ring: bell or Bell()}, steps=QUICK)


# --- States: stored by the name of the class, and folded again after a rename --


@value
class Chore(Errand):
    """`Errand`, renamed."""


def evolve_chore(state: Chore | None, fact: Recorded[Any]) -> Any:
    return errand.evolve(state or Chore(), fact)


async def test_a_process_state_whose_class_was_renamed_is_folded_again_and_no_step_is_made_twice(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    one, bell = uuid4(), Bell()
    async with _running(database, bell) as running:
        await note(running, one, "put", 1)
        # The two steps are independent of each other.
        await at_rest(running)
        await note(running, one, "ring", 2)
        await at_rest(running)
    assert await _phase(database) == "Errand"
    steps = await database.pool.fetchval("SELECT count(*) FROM es.process_steps")
    async with _running(database, bell, replace(errand, evolve=evolve_chore)) as running:
        await note(running, one, "put", 4)
        await at_rest(running)
        assert await kept(running, one) == [(1, ""), (2, "rung"), (4, "")]
    assert "again (ValueError: no state is called Errand)" in caplog.text
    assert await _phase(database) == "Chore"
    assert await database.pool.fetchval("SELECT jsonb_array_length(state -> 2 -> 'seen') FROM es.processes") == 3  # fmt: skip
    assert await database.pool.fetchval("SELECT count(*) FROM es.process_steps") == steps + 1


async def _phase(database: Database) -> str:
    return await database.pool.fetchval("SELECT state ->> 0 FROM es.processes")


@value
class Heap:
    sum: int = 0


@value
class Pile:
    """`Heap`, renamed."""

    sum: int = 0


def evolve_heap(state: Heap, event: TallyEvent) -> Heap:
    return Heap(sum=state.sum + (-event.amount if isinstance(event, Taken) else event.amount))


def evolve_pile(state: Pile, event: TallyEvent) -> Pile:
    return Pile(sum=state.sum + (-event.amount if isinstance(event, Taken) else event.amount))


def decide(command: TallyCommand, state: Heap | Pile) -> Sequence[TallyEvent]:
    return tally.decide(command, state.sum)


heap: AnyDecider = replace(tally, initial=Heap(), decide=decide, evolve=evolve_heap)
pile: AnyDecider = replace(tally, initial=Pile(), decide=decide, evolve=evolve_pile)


async def test_a_snapshot_whose_state_class_was_renamed_is_not_read_and_the_state_is_folded_again(
    database: Database,
) -> None:
    stream = uuid4()

    async def loaded(running: Engine, decider: AnyDecider) -> LoadedState[Any]:
        return await load_aggregate(
            running.reader, decider, stream, version=None, snapshots=running.snapshots
        )

    async with engine(database, decider=heap, every=10) as running:
        for _ in range(12):
            await running.commands.execute(heap, stream, Add(amount=1), request())
            await running.snapshotter.flush()
        before = await loaded(running, heap)
        assert (before.state, before.version, before.read) == (Heap(sum=12), 12, 2)
    async with engine(database, decider=pile, every=10) as running:
        after = await loaded(running, pile)
        assert (after.state, after.version, after.read) == (Pile(sum=12), 12, 12)
        outcome = await running.commands.execute(pile, stream, Take(amount=12), request())
        assert isinstance(outcome, CommandAccepted)
        assert outcome.version == 13
