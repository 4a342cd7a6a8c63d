"""The oracle after a test: every read model, rebuilt from the log, equals the live one row by row."""

from collections.abc import Iterator, Sequence

import pytest

from app.composition import application as registered_application
from app.engine.application import AnyApplication
from app.engine.database.connections import open_database
from app.engine.projector.rebuild.compare import Comparison
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.settings import EngineSettings
from tests.support.databases import run_in_thread


async def compare_with_rebuild(application: AnyApplication, database_url: str) -> Sequence[Comparison]:
    """Rebuild every projection that has a live table, and compare at the position of the live table."""
    async with open_database(EngineSettings(database_url=database_url, pool_size=2)) as database:
        rows = await database.pool.fetch("SELECT projection, version FROM es.checkpoints WHERE slot = 'live'")
        live = {(row["projection"], row["version"]) for row in rows}
        projections = [
            projection
            for projection in application.projections
            if (projection.name, projection.version) in live
        ]
        if not projections:
            return ()
        rebuilds = await rebuild(database, application.codec, projections, stage=True)
        return [item.comparison for item in rebuilds]


def assert_rebuild_equals_live(application: AnyApplication, database_url: str) -> None:
    """Fails if a live table differs from its rebuild."""
    for comparison in run_in_thread(compare_with_rebuild(application, database_url)):
        assert comparison.equal, (str(comparison), comparison.examples)


@pytest.fixture(name="database_url")
def database_url_with_oracle(database_url: str) -> Iterator[str]:
    """The database of a test. After the test every rebuild equals the live table.

    One line in the conftest of a folder holds all tests of the folder to it. It overrides the fixture of all tests:
    `from tests.support.rebuild_oracle import database_url_with_oracle as database_url_with_oracle`
    """
    yield database_url
    assert_rebuild_equals_live(registered_application, database_url)
