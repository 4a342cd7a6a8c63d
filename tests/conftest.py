"""A real PostgreSQL for the session, a database for each test, and the engine and API on it."""

import gc
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from types import ModuleType

import httpx2
import hypothesis
import pytest
from sqlalchemy import make_url
from starlette.applications import Starlette

from app.composition import application
from app.engine.database.connections import Database, open_database
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.settings import ROOT
from app.settings import Settings
from tests.support.databases import make_roles, memory_folder, new_database, postgres_server, run_in_thread
from tests.support.graphql_client import Api
from tests.support.in_process_api import InProcessApi, run_in_process_api
from tests.support.rebuild_oracle import assert_rebuild_equals_live
from tests.support.server import Server, clean_environment, serving

# The settings of the shell that starts the tests are not theirs. Its database is not, either.
for name in os.environ.keys() - clean_environment().keys():
    del os.environ[name]

# A test may have no CPU for a while: the time of one example says nothing.
hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")
# Servers of the tests are on this machine, which a proxy of the environment does not reach.
os.environ["no_proxy"] = ",".join(
    filter(None, ("localhost,127.0.0.1,127.0.0.2,::1", os.environ.get("no_proxy")))
)
TEMPLATE_TESTS = ROOT / "tests" / "template"
CLUSTERS = "tests.support.clusters"


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A test that configures logging leaves no handler on a closed output, and silences no logger.

    The same holds for a test that runs a command that configures logging.
    """
    root = logging.getLogger()
    handlers, levels = [*root.handlers], {logger: logger.level for logger in _loggers()}
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
    for logger in _loggers():
        logger.setLevel(levels.get(logger, logging.NOTSET))
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


def _loggers() -> list[logging.Logger]:
    named = logging.root.manager.loggerDict.values()
    return [logging.root, *(logger for logger in named if isinstance(logger, logging.Logger))]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with postgres_server(folder=memory_folder(), max_wal_size="1GB") as url:
        yield url


@pytest.fixture(scope="session")
def template(postgres: str) -> Iterator[str]:
    """The name of a migrated, empty database. The database of each test is a copy of it."""
    with new_database(postgres) as url:
        run_in_thread(make_roles(url, application.schemas))
        yield make_url(url).database or ""


@pytest.fixture(scope="session")
def shared_by_workers(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder of this test run, the same for all workers: where `shared_folder` makes others."""
    base = tmp_path_factory.getbasetemp()
    # Each worker has a folder of its own in that of the run.
    return (base.parent if hasattr(request.config, "workerinput") else base) / "shared"


@pytest.fixture
def database_url(postgres: str, template: str) -> Iterator[str]:
    """A fresh, migrated database, for the role of a server.

    A file whose tests change what a server cannot change gives its tests `as_superuser` of it under the same name.
    """
    with new_database(postgres, template) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(postgres: str, template: str) -> Iterator[str]:
    """A fresh, migrated database for all tests of a file. At its end every rebuild equals the live table."""
    with new_database(postgres, template) as url:
        yield url
        assert_rebuild_equals_live(application, url)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, pool_size=4)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with open_database(settings) as database:
        yield database


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    """The engine, running."""
    runtime = Runtime(application, settings, database)
    async with runtime.run():
        yield runtime


@pytest.fixture
def app(runtime: Runtime) -> Starlette:
    return create_app(runtime)


@pytest.fixture
async def api(app: Starlette) -> AsyncIterator[Api]:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://localhost"
    ) as client:
        yield Api(client)


@pytest.fixture
def serve(database_url: str) -> Iterator[Callable[..., Server]]:
    """Starts server processes on the test's database, and stops all of them after the test."""
    with ExitStack() as servers:

        def start(root: Path = ROOT, **environment: str) -> Server:
            server = Server(database_url, root, None, **environment)
            servers.callback(server.close)
            return server

        yield start


@pytest.fixture(scope="module")
def module_server(module_database_url: str) -> Iterator[Server]:
    """A server process for all tests of a file."""
    with serving(module_database_url, APP_MIN_POSITION_TIMEOUT_SECONDS="1.0") as server:
        yield server


@pytest.fixture(scope="module")
def in_process_api(module_database_url: str) -> Iterator[InProcessApi]:
    """The API in this process for all tests of a file."""
    with run_in_process_api(
        Settings(database_url=module_database_url, min_position_timeout_seconds=0.1)
    ) as api:
        yield api


def uses_cluster(module: ModuleType | None) -> bool:
    """Whether a file has imported a part of `tests.support.clusters`: then its tests start a PostgreSQL of their own."""
    return any(str(getattr(value, "__module__", "")).startswith(CLUSTERS) for value in vars(module).values())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reversed-files",
        action="store_true",
        help="Run the tests of each file from the last to the first. A worker may take over the end of a file from another.",
    )


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector of cycles does not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that need a database or hold the template as shipped get their marker.

    Tests that are long begin first and are spread over all workers, so that none runs alone at the end.
    """
    if config.getoption("reversed_files"):
        files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
        items[:] = [item for tests in files for item in reversed(tests)]
    for item in items:
        if "postgres" in getattr(item, "fixturenames", ()) or uses_cluster(getattr(item, "module", None)):
            item.add_marker(pytest.mark.database)
        if item.path.is_relative_to(TEMPLATE_TESTS):
            item.add_marker(pytest.mark.template)
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    long = [item for item in items if item.get_closest_marker("long") is not None]
    # The tests of the template take seconds each: the last tests of a run are short ones.
    rest = sorted(
        (item for item in items if item.get_closest_marker("long") is None),
        key=lambda item: not item.path.is_relative_to(TEMPLATE_TESTS),
    )
    share = -(-len(rest) // workers)
    items[:] = [
        item
        for worker in range(workers)
        for item in (*long[worker::workers], *rest[worker * share : (worker + 1) * share])
    ]
