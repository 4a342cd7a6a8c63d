"""The server of the bench starts: its slices fit the API as it is."""

import os
import sys
from subprocess import DEVNULL, PIPE, Popen

from app.engine.settings import ROOT
from tests.support.server import clean_environment, free_port


def test_the_server_of_the_bench_says_that_it_is_ready(database_url: str) -> None:
    command = [sys.executable, "-m", "tests.shop.bench.server", str(free_port())]
    environment = clean_environment(DATABASE_URL=database_url, PYTHONPATH=os.fspath(ROOT))
    with Popen(command, cwd=ROOT, env=environment, stdout=PIPE, stderr=DEVNULL, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        server.terminate()
        assert line.startswith("ready"), line
