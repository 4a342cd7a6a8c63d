"""The servers of the bench start: their slices and settings fit the API as it is."""

import os
import sys
from subprocess import DEVNULL, PIPE, Popen

import pytest

from app.engine.settings import ROOT
from tests.shop.bench.load import ACCEPTED
from tests.shop.bench.requests import READ, WITH_TOKENS, load, serving
from tests.support.ports import free_port
from tests.support.server import clean_environment


@pytest.mark.parametrize("program", ["server", "stock", "stock_orders"])
def test_a_server_of_the_bench_says_that_it_is_ready(database_url: str, program: str) -> None:
    command = [sys.executable, "-m", f"tests.shop.bench.{program}", str(free_port())]
    environment = clean_environment(DATABASE_URL=database_url, PYTHONPATH=os.fspath(ROOT))
    with Popen(command, cwd=ROOT, env=environment, stdout=PIPE, stderr=DEVNULL, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        server.terminate()
        assert line.startswith("ready"), line


async def test_the_load_of_the_bench_is_answered_with_tokens(database_url: str) -> None:
    async with serving(database_url, settings=WITH_TOKENS) as port:
        for what, marker in (("receiveStock", ACCEPTED), ("receiveNothing", ACCEPTED), (READ, '"available"')):
            assert await load(port, what, 0.1, marker=marker, settings=WITH_TOKENS) > 0
