"""Every test of the API ends with the oracle that a rebuild equals the live table."""

from collections.abc import Iterator

import pytest

from tests.support.rebuild_oracle import database_url_with_oracle as database_url_with_oracle
from tests.support.server import Server


@pytest.fixture
def server(module_server: Server) -> Iterator[Server]:
    """The server of the file. After the test it serves, and it has recorded nothing and logged no error."""
    before = module_server.ask("{ position }")["data"]
    yield module_server
    assert module_server.ask("{ position }")["data"] == before
    assert "Traceback" not in module_server.output()
    assert "unexpected" not in module_server.output()


@pytest.fixture(scope="module")
def pair(module_database_url: str) -> Iterator[tuple[Server, Server]]:
    """The owner of the projections, and a server that owns none."""
    owner = Server(module_database_url).wait()
    other = Server(module_database_url).wait()
    try:
        yield owner, other
        assert "Traceback" not in owner.output() + other.output()
    finally:
        owner.close()
        other.close()
