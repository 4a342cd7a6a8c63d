"""A piece of work has one owner, and none when its owner is gone."""

from app.engine.database.connections import Database
from app.engine.database.leases import acquire, release, try_acquire


async def test_a_piece_of_work_has_one_owner_until_it_lets_go_or_is_gone(database: Database) -> None:
    async with database.unpooled.connect() as other:
        async with database.unpooled.connect() as one:
            assert await try_acquire(one, "work")
            assert not await try_acquire(other, "work")
            assert await try_acquire(other, "other work")
            await release(one, "work")
            assert await try_acquire(other, "work")
            assert not await try_acquire(one, "work")
            await release(other, "work")
            assert await try_acquire(one, "work")
        # The first connection has ended, and let go of nothing by itself.
        assert await acquire(other, "work", lambda: False)
        assert not await acquire(other, "work", lambda: True)
