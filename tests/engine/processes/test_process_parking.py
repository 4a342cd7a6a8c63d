"""A fact that cannot be folded parks its instance alone; states of older code are folded again."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.processes import admin
from domain.kernel.decider import Recorded, Upcast, value
from domain.kernel.process import (
    AnyProcess,
    Deadline,
    Process,
    SendCommand,
    send,
)
from tests.support.toy_counter import Add, Added, Engine, engine, request, tally
from tests.support.toy_process import (
    QUICK,
    Bell,
    Errand,
    Ring,
    at_rest,
    away,
    became,
    errand,
    kept,
    names,
    note,
    own,
    remembered,
    running,
    till,
    until,
)
from tests.support.toy_process import react as reacts


def breaking(raises: Callable[[Recorded[Any]], object]) -> AnyProcess:
    """The errand, with code that returns what `raises` returns at the note poison, or raises what it raises."""

    def react(before: Errand | None, after: Errand, fact: Recorded[Any]) -> Any:
        if getattr(fact.event, "note", "") == "poison" and (actions := raises(fact)) is not None:
            return actions
        return reacts(before, after, fact)

    return replace(errand, react=react)


def poisonous(fact: Recorded[Any]) -> object:
    raise ArithmeticError(f"poison at {fact.position}")


async def test_a_poison_fact_parks_its_instance_alone_and_a_retry_after_the_fix_folds_the_waiting_facts_once(
    database: Database,
) -> None:
    bad, good = uuid4(), uuid4()
    async with running(database, process=breaking(poisonous)) as runtime:
        await note(runtime, bad, "put", 1)
        at = await note(runtime, bad, "poison")
        await note(runtime, bad, "put", 2)
        await note(runtime, bad, "ring", 3)
        await note(runtime, good, "put", 4)
        view = await became(runtime, bad, "parked")
        await at_rest(runtime)
        assert (view.parked_position, "ArithmeticError" in (view.error or "")) == (at, True)
        assert (await kept(runtime, bad), await kept(runtime, good)) == ([(1, "")], [(4, "")])
        # Nothing has been fixed: the same fact parks it again.
        assert isinstance(
            await admin.retry(database, runtime.commands, errand, bad, None, request()), CommandAccepted
        )
        await until(lambda: _tried(database, bad))
        await at_rest(runtime)
        view = await became(runtime, bad, "parked")
        assert view.parked_position == at
    async with running(database) as runtime:
        await note(runtime, bad, "put", 5)
        await at_rest(runtime)
        assert await kept(runtime, bad) == [(1, "")]
        assert isinstance(
            await admin.retry(database, runtime.commands, errand, bad, None, request()), CommandAccepted
        )
        await became(runtime, bad, "running")
        await at_rest(runtime)
        assert sorted(await kept(runtime, bad)) == [(1, ""), (2, ""), (3, "rung"), (5, "")]
        await note(runtime, bad, "put", 6)
        await at_rest(runtime)
        assert (6, "") in await kept(runtime, bad)


async def _tried(database: Database, one: UUID) -> bool:
    return not await database.pool.fetchval("SELECT retry FROM es.processes WHERE id = $1", one)


async def test_a_first_fact_that_is_poison_parks_an_instance_that_starts_after_the_fix(
    database: Database,
) -> None:
    bad = uuid4()
    async with running(database, process=breaking(poisonous)) as runtime:
        await note(runtime, bad, "poison")
        await note(runtime, bad, "put", 2)
        await became(runtime, bad, "parked")
    async with running(database) as runtime:
        await admin.retry(database, runtime.commands, errand, bad, None, request())
        await became(runtime, bad, "running")
        await at_rest(runtime)
        assert names(await own(runtime, bad)) == ["errand.started"]
        assert await kept(runtime, bad) == [(2, "")]


@pytest.mark.parametrize(
    "wrong", ["nothing", "no action", "zero byte", "surrogate", "no moment", "not encodable", "no aggregate"]
)
async def test_an_action_that_cannot_be_stored_parks_its_instance_alone(
    database: Database, wrong: str
) -> None:
    def wrong_actions(fact: Recorded[Any]) -> object:
        match wrong:
            case "nothing":
                return 7
            case "no action":
                return ["what"]
            case "zero byte":
                return [send("put", tally, fact.stream_id, Add(amount=1, note="\0"))]
            case "surrogate":
                return [send("put", tally, fact.stream_id, Add(amount=1, note="\ud800"))]
            case "no moment":
                return [Deadline(name="tea", at="soon")]  # pyright: ignore[reportArgumentType]
            case "not encodable":
                return [SendCommand(step="put", to=tally, stream_id=fact.stream_id, command=object())]  # pyright: ignore[reportArgumentType]
            case _:
                return [SendCommand(step="put", to=tally, stream_id="nobody", command=Add(amount=1))]  # pyright: ignore[reportArgumentType]

    await _parks_alone(database, breaking(wrong_actions))


@pytest.mark.parametrize("wrong", ["state", "zero byte", "status", "outcome"])
async def test_a_state_that_cannot_be_stored_parks_its_instance_alone(database: Database, wrong: str) -> None:
    def evolve(state: Errand | None, fact: Recorded[Any]) -> Any:
        after: Any = errand.evolve(state, fact)
        if getattr(fact.event, "note", "") != "poison":
            return after
        match wrong:
            case "state":
                return replace(after, seen=object())
            case "zero byte":
                return replace(after, ended="\0")
            case _:
                return replace(after, seen=((7, wrong),))

    def status(state: Errand) -> Any:
        return 7 if state.seen[-1:] == ((7, "status"),) else errand.status(state)

    def outcome(state: Errand) -> Any:
        return "\ud800" if state.seen[-1:] == ((7, "outcome"),) else errand.outcome(state)

    await _parks_alone(database, replace(errand, evolve=evolve, status=status, outcome=outcome))


async def _parks_alone(database: Database, process: AnyProcess) -> None:
    bad, good = uuid4(), uuid4()
    async with running(database, process=process) as runtime:
        await note(runtime, bad, "poison")
        await note(runtime, good, "put", 2)
        await became(runtime, bad, "parked")
        await until(lambda: kept(runtime, good))
        await at_rest(runtime)
        assert runtime.processes.workers["errand"].error is None


@pytest.mark.parametrize("wrong", ["raises", "no id", "unhashable"])
async def test_a_fact_whose_instance_cannot_be_determined_is_skipped(database: Database, wrong: str) -> None:
    def key(fact: Recorded[Any]) -> Any:
        if getattr(fact.event, "note", "") != "poison":
            return errand.correlate(fact)
        if wrong == "raises":
            raise ArithmeticError
        return "nobody" if wrong == "no id" else []

    good = uuid4()
    async with running(database, process=replace(errand, correlate=key)) as runtime:
        await note(runtime, good, "poison")
        await note(runtime, good, "put", 2)
        await until(lambda: kept(runtime, good))
        assert runtime.processes.workers["errand"].error is None


async def test_a_state_whose_shape_has_changed_is_folded_again_from_its_facts(database: Database) -> None:
    """Also if it could still be read: a field with a default today may have had another meaning."""
    ids = [uuid4() for _ in range(4)]
    async with running(database) as runtime:
        for word in ("put", "take", "ring"):
            await asyncio.gather(*(note(runtime, identity, word) for identity in ids))
        await at_rest(runtime)
    for one, stored in zip(
        ids,
        ('["Errand", "", {"seen": "another shape"}]', '["Chore", "", {}]', '["Errand", "older", {}]', "{}"),
        strict=True,
    ):
        await database.pool.execute("UPDATE es.processes SET state = $2 WHERE id = $1", one, stored)
    async with running(database) as runtime:
        await asyncio.gather(*(note(runtime, identity, "put", 9) for identity in ids))
        await at_rest(runtime)
        log = await runtime.reader.read_all(0, 1_000)
        for identity in ids:
            assert await remembered(runtime, identity) == folded(
                [fact for fact in log if errand.instance_id(fact) == identity]
            )
            assert [amount for amount, _ in await kept(runtime, identity)].count(9) == 1


@value
class Purse:
    amount: int

    check: ClassVar[Callable[[int], object]] = staticmethod(lambda amount: None)  # no part of the shape

    def __post_init__(self) -> None:
        type(self).check(self.amount)


@pytest.mark.parametrize("error", [AssertionError(), KeyError("amount"), ValueError("amount")])
async def test_a_state_that_the_code_of_today_refuses_is_folded_again_or_parks_its_instance_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def purse(fold: Callable[[int], int]) -> Process[Purse]:
        def evolve(state: Purse | None, fact: Recorded[Any]) -> Purse | None:
            return Purse(amount=fold(fact.event.amount)) if isinstance(fact.event, Added) else state

        return Process(
            category="errand",
            correlate=errand.correlate,
            evolve=evolve,
            react=lambda before, after, fact: reacts(None, Errand(), fact),
            status=str,
            outcome=lambda state: None,
            calls=(Ring,),
        )

    def check(amount: int) -> None:
        if amount < 0:
            raise error

    good, bad, other = uuid4(), uuid4(), uuid4()
    async with running(database, process=purse(lambda amount: -amount)) as runtime:
        for identity, amount in ((good, 2), (bad, 7)):
            await note(runtime, identity, "put", amount)
        await at_rest(runtime)
    monkeypatch.setattr(Purse, "check", staticmethod(check))
    async with running(database, process=purse(lambda amount: -7 if amount == 7 else amount)) as runtime:
        for identity in (bad, good, other):
            await note(runtime, identity, "put", 3)
        await became(runtime, bad, "parked")
        await at_rest(runtime)
        assert await kept(runtime, good) == [(2, ""), (3, "")]
        assert (await kept(runtime, bad), await kept(runtime, other)) == ([(7, "")], [(3, "")])
        assert runtime.processes.workers["errand"].error is None


async def test_facts_that_stop_folding_park_the_instance_and_after_the_fix_no_step_is_executed_twice(
    database: Database,
) -> None:
    one, other, bell = uuid4(), uuid4(), Bell(away)

    def evolve(state: Errand | None, fact: Recorded[Any]) -> Any:
        if getattr(fact.event, "note", "") == "put":
            raise ArithmeticError
        return errand.evolve(state, fact)

    async with running(database, bell) as runtime:
        await note(runtime, one, "put", 1)
        await note(runtime, one, "ring", 7)
        await became(runtime, one, "stuck")
        await at_rest(runtime)
        assert isinstance(
            await admin.skip(runtime.commands, errand, one, "ring", "moved away", request()), CommandAccepted
        )
        await became(runtime, one, "running")
        await at_rest(runtime)
        before = await kept(runtime, one)
    await database.pool.execute("""UPDATE es.processes SET state = '["Chore", "", {}]'""")
    async with running(database, bell, process=replace(errand, evolve=evolve)) as runtime:
        await note(runtime, one, "several", 2)
        await note(runtime, other, "several", 2)
        await became(runtime, one, "parked")
        await until(lambda: kept(runtime, other))
        await at_rest(runtime)
        assert await kept(runtime, one) == before
    async with running(database, bell) as runtime:
        await admin.retry(database, runtime.commands, errand, one, None, request())
        await until(lambda: _tried(database, one))
        await at_rest(runtime)
        assert await kept(runtime, one) == [*before, (1, ""), (2, "")]
        log = await runtime.reader.read_all(0, 1_000)
        assert await remembered(runtime, one) == folded(
            [fact for fact in log if errand.instance_id(fact) == one]
        )
    assert len(bell.keys[till(one)]) == QUICK.max_attempts


async def test_a_split_fact_is_folded_part_by_part_all_of_it_or_none(
    database: Database,
) -> None:
    one, bad = uuid4(), uuid4()
    both = Upcast(
        "tally.both",
        1,
        lambda data: ({"amount": 1, "note": "put"}, {"amount": 2, "note": data["then"]}),
        (Added.stored, Added.stored),
    )
    splitting = replace(tally, upcasts=(both,))
    async with engine(
        database, projections=(), processes=[breaking(poisonous)], ports={Ring: Bell()}, decider=splitting
    ) as runtime:
        await note(runtime, one, "put", 5)
        await note(runtime, bad, "put", 5)
        await at_rest(runtime)
        for stream, then in ((one, "several"), (bad, "poison")):
            await _split(runtime, stream, then)
        await became(runtime, bad, "parked")
        await at_rest(runtime)
        assert await kept(runtime, one) == [(5, ""), (1, ""), (1, ""), (2, "")]
        assert await kept(runtime, bad) == [(5, "")]


async def _split(runtime: Engine, stream: UUID, then: str) -> None:
    position = await runtime.reader.head_position() + 1
    await runtime.database.pool.execute(
        "INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor,"
        " occurred_at, recorded_at) VALUES ($1, 'tally', $2, 2, 'tally.both', 1, $3, gen_random_uuid(), $2, 'older', now(), now())",
        position,
        stream,
        f'{{"then": "{then}"}}',
    )
    runtime.feed.notify(position)
    await at_rest(runtime)


def folded(facts: Sequence[Recorded[Any]]) -> Errand | None:
    """The state that `evolve` of the process gives."""
    state: Errand | None = None
    for fact in facts:
        state = errand.evolve(state, fact)
    return state
