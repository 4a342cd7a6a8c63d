"""The oracle at the end of a run: every read model, rebuilt from the log, equals the live one row by row."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from app.composition import application
from app.engine.database.connections import open_database
from app.engine.projector.rebuild.compare import Comparison
from app.engine.projector.rebuild.rebuild import rebuild
from app.settings import Settings
from projections import PROJECTIONS


async def rebuilt(database_url: str) -> Sequence[Comparison]:
    """What a rebuild of every projection that has a live table finds, compared at the live one's position."""
    async with open_database(Settings(database_url=database_url, pool_size=2)) as database:
        live = {
            (row["projection"], row["version"])
            for row in await database.pool.fetch(
                "SELECT projection, version FROM es.checkpoints WHERE slot = 'live'"
            )
        }
        there = [projection for projection in PROJECTIONS if (projection.name, projection.version) in live]
        return (
            [each.comparison for each in await rebuild(database, application.codec, there, stage=True)]
            if there
            else ()
        )


def assert_rebuilt_equal(database_url: str) -> None:
    """In a thread of its own: a loop may be running here."""
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(asyncio.run, rebuilt(database_url)).result()
    for comparison in found:
        assert comparison.equal, (str(comparison), comparison.examples)
