"""The tests of the audit damage the log, which no server can. So their database is that of a superuser."""

import pytest

from tests.support.databases import as_superuser


@pytest.fixture
def database_url(database_url: str) -> str:
    return as_superuser(database_url)
