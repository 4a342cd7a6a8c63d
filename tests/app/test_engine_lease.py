"""A piece of work has one owner, and none when its owner is gone."""

from app.database import Database
from app.lease import attempt, claim, release


async def test_a_piece_of_work_has_one_owner_until_it_lets_go_or_is_gone(database: Database) -> None:
    async with database.direct.connect() as other:
        async with database.direct.connect() as one:
            assert await attempt(one, "work")
            assert not await attempt(other, "work")
            assert await attempt(other, "other work")
            await release(one, "work")
            assert await attempt(other, "work")
            assert not await attempt(one, "work")
            await release(other, "work")
            assert await attempt(one, "work")
        # The first connection has ended, and let go of nothing by itself.
        assert await claim(other, "work", lambda: False)
        assert not await claim(other, "work", lambda: True)
