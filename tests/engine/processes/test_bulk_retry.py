"""All stuck steps or parked instances are retried at once, and a repeat retries nothing twice."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.processes import bulk_retry
from app.engine.processes.bulk_retry import RetryCounts, RetrySelection, count_selected, retry_selected
from app.engine.processes.counts import StepCount, checkpoint_views, step_counts
from app.engine.store.codec import EventCodec
from domain.kernel.decider import Recorded
from tests.support.toy_counter import Engine, request, tally
from tests.support.toy_process import (
    QUICK,
    Bell,
    Errand,
    at_rest,
    away,
    errand,
    kept,
    note,
    react,
    running,
    until,
)

CODEC = EventCodec([tally, errand.stream_decider])


async def counted(runtime: Engine, state: str) -> list[StepCount]:
    return [count for count in await step_counts(runtime.database.pool) if count.state == state]


async def found(runtime: Engine, state: str, number: int) -> StepCount:
    async def look() -> StepCount | None:
        counts = await counted(runtime, state)
        return counts[0] if counts and counts[0].count == number else None

    await until(look)
    await at_rest(runtime)
    [count] = await counted(runtime, state)
    return count


async def test_all_stuck_steps_are_retried_and_two_operators_retry_each_of_them_once(
    database: Database,
) -> None:
    bell, ids = Bell(away), [uuid4() for _ in range(40)]
    selection = RetrySelection(processes=[errand], codec=CODEC)
    async with running(database, bell, steps=replace(QUICK, max_attempts=1)) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring", 7) for identity in ids))
        count = await found(runtime, "stuck", 40)
        assert (count.process, count.step) == ("errand", "errand.ring")
        assert 0 < count.oldest_seconds < 60
        bell.answers = None
        assert await count_selected(database, selection) == 40
        for step in ("put", "errand.knock"):
            assert (
                await retry_selected(database, runtime.commands, replace(selection, step=step), request())
                == RetryCounts()
            )
        progress: list[int] = []
        some = await retry_selected(
            database,
            runtime.commands,
            replace(selection, step="errand.ring"),
            request(),
            limit=15,
            on_progress=progress.append,
        )
        assert (some, progress[-1]) == (RetryCounts(found=15, retried=15, more=True), 15)
        both = await asyncio.gather(
            *(retry_selected(database, runtime.commands, selection, request()) for _ in range(2))
        )
        assert sum(counts.retried for counts in both) == 25
        assert not any(counts.more for counts in both)
        await at_rest(runtime)
        for identity in ids:
            await until(lambda identity=identity: _rung(runtime, identity))
        assert await retry_selected(database, runtime.commands, selection, request()) == RetryCounts()
        assert len({key for keys in bell.keys.values() for key in keys}) == 40


@pytest.mark.parametrize("step", ["errand.ring", "Ring"])
async def test_a_step_is_selected_by_each_name_of_its_call_also_if_another_one_is_stored(
    database: Database, step: str
) -> None:
    ids = [uuid4() for _ in range(2)]
    async with running(database, Bell(away), steps=replace(QUICK, max_attempts=1)) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring", 7) for identity in ids))
        await found(runtime, "stuck", 2)
    await _rename_steps(database, ids[0], "Ring")
    async with running(database) as runtime:
        selection = RetrySelection(processes=[errand], codec=CODEC, step=step)
        assert await count_selected(database, selection) == 2
        counts = await retry_selected(database, runtime.commands, selection, request())
        assert counts == RetryCounts(found=2, retried=2)


async def test_a_former_name_selects_no_command_of_another_category(database: Database) -> None:
    """The stored names of commands are unique in a category. Former names had no noun."""
    one, other = uuid4(), uuid4()
    async with running(database, Bell(away), steps=replace(QUICK, max_attempts=1)) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring", 7) for identity in (one, other)))
        await found(runtime, "stuck", 2)
    for identity, category in ((one, "tally"), (other, "other")):
        await _rename_steps(database, identity, "Add", kind="command", category=category)
    selection = RetrySelection(processes=[errand], codec=CODEC)
    assert await count_selected(database, replace(selection, step="tally.add")) == 1
    assert await count_selected(database, replace(selection, step="Add")) == 2


async def _rename_steps(
    database: Database, instance: UUID, name: str, kind: str = "effect", category: str = ""
) -> None:
    """As if older code had stored the steps."""
    await database.pool.execute(
        "UPDATE es.process_steps SET name = $2, kind = $3, category = $4 WHERE instance = $1 AND kind <> 'note'",
        instance,
        name,
        kind,
        category,
    )


async def _rung(runtime: Engine, one: Any) -> bool:
    return (7, "rung") in await kept(runtime, one)


async def test_all_parked_instances_are_folded_again_in_one_pass(database: Database) -> None:
    def poisonous(before: Errand | None, after: Errand, fact: Recorded[Any]) -> Any:
        if getattr(fact.event, "note", "") == "poison":
            raise ArithmeticError
        return react(before, after, fact)

    ids, selection = (
        [uuid4() for _ in range(40)],
        RetrySelection(processes=[errand], codec=CODEC, state="parked"),
    )
    async with running(database, process=replace(errand, react=poisonous)) as runtime:
        for word in ("put", "poison", "several"):
            await asyncio.gather(*(note(runtime, identity, word, 2) for identity in ids))
        count = await found(runtime, "parked", 40)
        assert (count.process, count.step) == ("errand", "")
    async with running(database) as runtime:
        some = await retry_selected(database, runtime.commands, selection, request(), limit=30)
        assert (some.retried, some.more) == (30, True)
        rest = await retry_selected(database, runtime.commands, selection, request())
        assert (rest.retried, rest.more) == (10, False)

        async def folded() -> bool:
            return not await counted(runtime, "parked")

        await until(folded)
        await at_rest(runtime)
        for identity in ids:
            assert await kept(runtime, identity) == [(2, ""), (1, ""), (2, "")]
        [view] = await checkpoint_views(database.pool, ["errand"])
        assert (view.position, view.skipped_events) == (runtime.processes.workers["errand"].position, 0)


async def test_instances_of_two_processes_that_one_event_parked_are_all_retried(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_retry, "PAGE_SIZE", 1)
    processes = [replace(errand, category=category) for category in ("packing", "returns")]
    await database.pool.executemany(
        "INSERT INTO es.processes (process, id, status, ended, began, position, parked_position)"
        " VALUES ($1, $2, 'new', false, 1, 1, 1)",
        [(process.category, UUID(int=7)) for process in processes],
    )
    selection = RetrySelection(processes=processes, codec=CODEC, state="parked")
    async with running(database) as runtime:
        counts = await retry_selected(database, runtime.commands, selection, request())
    assert counts == RetryCounts(found=2, retried=2)
