"""Queries of one shape share their SQL text, and each has its own values."""

from sqlalchemy import select

from app.engine.database.connections import Database
from app.engine.database.statements import StatementCache
from tests.support.toy_counter import tallies

TABLE = tallies.table.c


def test_queries_of_one_shape_share_the_text_and_keep_their_values() -> None:
    cache = StatementCache()
    first, second = (
        cache.render(select(TABLE.sum).where(TABLE.sum > least, TABLE.last == note).limit(limit))
        for least, note, limit in ((1, "one", 10), (2, "two", 20))
    )
    assert first[0] is second[0]
    assert (first[1], second[1]) == ([1, "one", 10], [2, "two", 20])


def test_a_list_of_values_has_a_text_of_its_own_for_each_length() -> None:
    cache = StatementCache()
    short, long = (cache.render(select(TABLE.sum).where(TABLE.sum.in_(values))) for values in ([1], [2, 3]))
    assert (short[1], long[1]) == ([1], [2, 3])
    assert short[0] != long[0]


async def test_a_null_among_the_values_is_sent_as_one(database: Database) -> None:
    await database.pool.execute("CREATE TABLE read.tallies_v1 (sum bigint, last text)")
    await database.pool.execute("INSERT INTO read.tallies_v1 VALUES (1, NULL), (2, 'x')")
    query = select(TABLE.sum).where(TABLE.last.is_not_distinct_from(None))
    assert [tuple(record) for record in await database.fetch(query)] == [(1,)]
