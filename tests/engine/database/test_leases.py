"""A piece of work has one owner, and none when its owner is gone."""

from app.engine.database.connections import Database
from app.engine.database.leases import Lease


async def test_a_piece_of_work_has_one_owner_until_it_releases_the_lease_or_is_gone(
    database: Database,
) -> None:
    async with database.connection() as second:
        async with database.connection() as first:
            assert await Lease(first, "work").try_acquire()
            assert not await Lease(second, "work").try_acquire()
            assert await Lease(second, "other work").try_acquire()
            await Lease(first, "work").release()
            assert await Lease(second, "work").try_acquire()
            assert not await Lease(first, "work").try_acquire()
            await Lease(second, "work").release()
            assert await Lease(first, "work").try_acquire()
        # The first connection has ended without a release.
        assert await Lease(second, "work").try_acquire()
        assert not await Lease(second, "work").acquire(lambda: True)
