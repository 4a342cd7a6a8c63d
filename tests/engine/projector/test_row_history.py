"""The history of a row outlives its table; it leaves out only the rows that PostgreSQL refuses."""

from uuid import uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.projector.rebuild.drop import drop
from app.engine.projector.rebuild.operation import OperationRefused
from app.engine.projector.rebuild.point_in_time import rebuild_as_of
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.store.codec import EventCodec
from tests.support.row_history import history_of, same_at_every_position
from tests.support.toy_counter import (
    Add,
    Take,
    assert_table_equals_log,
    engine,
    request,
    table_rows,
    tallies,
    tally,
)

MUCH = 2**62
codec = EventCodec([tally])


@pytest.mark.parametrize("far", [1, 10_000], ids=["in bulk", "batch by batch"])
async def test_a_row_that_is_refused_on_the_way_is_left_out_of_the_history_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch, far: int
) -> None:
    monkeypatch.setattr("app.engine.projector.worker.BULK_LOAD_THRESHOLD", far)
    stream, other = uuid4(), uuid4()
    async with engine(database, projections=[]) as writing:
        for where, command in (
            (stream, Add(amount=MUCH)),
            (other, Add(amount=1)),
            (stream, Add(amount=MUCH)),
            (other, Add(amount=2)),
            (stream, Take(amount=MUCH)),
        ):
            await writing.commands.execute(tally, where, command, request())
    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", 5, 10)
        assert {key: row.sum for key, row in (await table_rows(running)).items()} == {
            (stream,): MUCH,
            (other,): 3,
        }
        assert await database.pool.fetchval("SELECT count(*) FROM es.parked_keys") == 0
        kept = {
            (row.id, valid_from): (valid_to, row.facts)
            for valid_from, valid_to, row in await history_of(database, tallies)
        }
        assert kept == {
            (stream, 1): (5, 1),
            (stream, 5): (None, 3),
            (other, 2): (4, 1),
            (other, 4): (None, 2),
        }


async def test_many_facts_of_one_key_in_one_batch_are_many_rows(database: Database) -> None:
    stream = uuid4()
    async with engine(database, projections=[]) as writing:
        for number in range(1, 30):
            await writing.commands.execute(
                tally,
                stream,
                Add(amount=number) if number % 10 else Take(amount=number * (number - 1) // 2 % 46),
                request(),
            )
    async with engine(database) as running:
        await assert_table_equals_log(running)
        facts = await running.reader.read_all(0, 100)
        await same_at_every_position(database, tallies, facts)
        assert len(await history_of(database, tallies)) > 20


async def test_the_history_goes_with_its_table(database: Database) -> None:
    async def there() -> set[str]:
        found = await database.pool.fetch(
            "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables WHERE table_schema LIKE 'read%' AND table_name <> 'table_checkpoints'"
        )
        return {row["name"] for row in found}

    async with engine(database) as running:
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
        await assert_table_equals_log(running)
    await rebuild(database, codec, [tallies], stage=True)
    assert await there() == {
        f"{schema}.tallies_v1{of}" for schema in ("read", "read_staging") for of in ("", "_history")
    }
    await rebuild(database, codec, [tallies])
    assert await there() == {
        f"{schema}.tallies_v1{of}" for schema in ("read", "read_former") for of in ("", "_history")
    }
    await drop(database, {"tallies": 1}, "tallies")
    assert await there() == {"read.tallies_v1", "read.tallies_v1_history"}
    with pytest.raises(OperationRefused, match="is a name that projections use themselves"):
        await rebuild_as_of(database, codec, tallies, 1, "tallies_v1_history")
    await rebuild_as_of(database, codec, tallies, 1, "early")
    assert await there() == {"read.tallies_v1", "read.tallies_v1_history", "read.early"}
