"""The states of the past that are kept in memory: found at once, and only those that the log has."""

from typing import Any, override
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.history.aggregate_history import AggregateHistory, PointInTime
from app.engine.store.snapshots.reader import LoadedState
from tests.support.log_surgery import rewind
from tests.support.scenarios import STREAM
from tests.support.toy_counter import Add, engine, request, tally


class CountedId(UUID):
    """An id that counts how often it is compared."""

    comparisons = 0

    @override
    def __eq__(self, other: object) -> bool:
        CountedId.comparisons += 1
        return super().__eq__(other)

    __hash__ = UUID.__hash__


async def test_a_state_is_found_without_a_look_at_the_states_of_other_streams(database: Database) -> None:
    async with engine(database) as running:
        streams = [CountedId(int=number) for number in range(1, 101)]
        past = AggregateHistory(running.reader)
        for stream in streams:
            await running.commands.execute(tally, stream, Add(amount=1), request())
            await past.as_of(tally, stream)
        before = CountedId.comparisons
        for stream in streams[:10]:
            assert await past.as_of(tally, CountedId(int=stream.int)) == LoadedState(1, 1)
        assert CountedId.comparisons - before < 10 * 20


async def test_a_state_that_the_cache_has_dropped_is_folded_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.history.aggregate_history.MAX_STATES_BYTES", 2_500)
    async with engine(database) as running:
        other = uuid4()
        for stream in (STREAM, other):
            for _ in range(9):
                await running.commands.execute(tally, stream, Add(amount=1), request())
        past = AggregateHistory(running.reader)

        async def read_at(stream: UUID, version: int) -> int:
            loaded = await past.as_of(tally, stream, PointInTime(version=version))
            assert loaded is not None
            assert (loaded.state, loaded.version) == (version, version)
            return loaded.read

        # The nearest state before the version, in any order.
        assert [await read_at(STREAM, version) for version in (6, 2, 9, 5)] == [6, 2, 3, 3]
        # Three states fit: that of version 6 was dropped for 5, and that of 9 for 7.
        assert [await read_at(STREAM, version) for version in (7, 9)] == [2, 2]
        assert [await read_at(other, version) for version in (1, 2, 3)] == [1, 1, 1]
        assert await read_at(STREAM, 9) == 9


async def test_there_is_no_state_of_a_stream_that_disappears_while_its_state_is_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database) as running:
        await running.commands.execute(tally, STREAM, Add(amount=1), request())
        past = AggregateHistory(running.reader)
        stream_version = running.reader.stream_version

        async def version_before(*arguments: Any) -> int:
            found = await stream_version(*arguments)
            await rewind(database.url, 0)
            return found

        monkeypatch.setattr(running.reader, "stream_version", version_before)
        for _ in range(2):
            assert await past.as_of(tally, STREAM) is None
