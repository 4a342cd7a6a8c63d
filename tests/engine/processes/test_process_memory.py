"""A process keeps the instances used last in so many bytes, by what each takes."""

from uuid import UUID, uuid4

import pytest

import app.engine.processes.worker as process_worker
from app.engine.database.connections import Database
from app.engine.sized_cache import ENTRY_BYTES, memory_size
from tests.support.toy_counter import Engine
from tests.support.toy_process import at_rest, note, running


async def has_folded(runtime: Engine, words: int) -> UUID:
    """An errand that has heard so many words."""
    errand_id = uuid4()
    for number in range(words):
        await note(runtime, errand_id, f"word {number}")
    await at_rest(runtime)
    return errand_id


async def test_an_instance_counts_with_about_what_it_takes(database: Database) -> None:
    async with running(database) as runtime:
        for words in (1, 20, 150):
            errand_id = await has_folded(runtime, words)
            cache = runtime.processes.workers["errand"]._cache
            instance = cache[errand_id]
            assert instance is not None
            taken = ENTRY_BYTES + memory_size([instance.state, instance.stored])
            assert 0.5 < (ENTRY_BYTES + process_worker._instance_size(instance)) / taken < 2, words


async def test_the_oldest_instances_leave_when_there_is_no_more_room(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_worker, "MAX_INSTANCES_BYTES", 20_000)
    async with running(database) as runtime:
        ids = [await has_folded(runtime, 20) for _ in range(12)]
        cache = runtime.processes.workers["errand"]._cache
        assert 0 < len(cache) < 12
        assert list(cache) == ids[-len(cache) :]
        # One that has left is read from the table again.
        await note(runtime, ids[0], "once more")
        await at_rest(runtime)
        instance = cache[ids[0]]
        assert instance is not None
        assert len(instance.state.seen) == 21
