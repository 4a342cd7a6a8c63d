"""Server processes for tests: a fork of this code, or `python -m app` as a user starts it."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

from app.engine.settings import ROOT
from tests.support.ports import free_port
from tests.support.tokens import TOKEN_KEY, bearer, make_token

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.support.preloaded", "tests.support.server"])
"""Processes that begin with the code imported."""

STOP_SECONDS = 20
DEAD_PROXY = {"http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1", "no_proxy": ""}
"""The environment of a user whose proxy does not answer, and reaches no server of this machine."""


def clean_environment(**environment: str) -> dict[str, str]:
    """The environment of this process without settings of the application and of PostgreSQL, and `environment`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("APP_", "DATABASE_URL", "PG"))
    }
    return kept | environment


def run_main(arguments: Sequence[str], environment: Mapping[str, str], log: str, errors: str) -> None:
    """Do what `python -m app` does, in a process that has imported it. The output goes to the file `log`, and what is
    written to standard error to `errors`."""
    from app.composition import application
    from app.engine.cli.main import main

    for descriptor, path in ((1, log), (2, errors)):
        with open(path, "ab") as output:
            os.dup2(output.fileno(), descriptor)
    # Tests that were started by nohup would hand down that it is ignored.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["app", *arguments]
    main(application)


class ForkedProcess:
    """A process of `FORKS` with the methods of `subprocess.Popen`."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], log: str, errors: str | None = None
    ) -> None:
        self._process = FORKS.Process(target=run_main, args=(arguments, environment, log, errors or log))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self._process), timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Server:
    """One server process on a free port.

    It is forked, which is fast, unless it runs the code of another folder or starts a database itself. A server that
    follows another one gets its `port`. Outside development it gets a key for tokens, unless it is given one or an issuer.
    """

    def __init__(
        self, database_url: str | None, root: Path = ROOT, port: int | None = None, **environment: str
    ) -> None:
        self.port = free_port() if port is None else port
        if database_url is not None:
            environment = {"DATABASE_URL": database_url, **environment}
        if environment.get("APP_MODE", "development") != "development" and "APP_ISSUER" not in environment:
            environment = {"APP_TOKEN_KEY": TOKEN_KEY, **environment}
        self.headers = bearer(make_token()) if environment.get("APP_TOKEN_KEY") == TOKEN_KEY else {}
        """The headers of a caller with all roles."""
        env = clean_environment(**environment)
        arguments = ["serve", "--port", str(self.port)]
        self.log = tempfile.NamedTemporaryFile("w+", prefix="server-")  # noqa: SIM115 - lives as long as the process
        self.process: ForkedProcess | subprocess.Popen[bytes]
        if database_url is not None and root == ROOT:
            self.process = ForkedProcess(arguments, env, self.log.name)
        else:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", *arguments],
                cwd=root,
                env=env,
                stdout=self.log,
                stderr=subprocess.STDOUT,
            )
        self.url = f"http://127.0.0.1:{self.port}/graphql"
        self.socket = f"ws://127.0.0.1:{self.port}/graphql"

    def wait(self, seconds: float = 30) -> Self:
        """Wait until the server is ready."""
        deadline = time.monotonic() + seconds
        state = "no answer"
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.output()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return self
            except urllib.error.HTTPError as error:
                state = error.read().decode()
            except (OSError, urllib.error.URLError):
                pass
            time.sleep(0.02)
        raise AssertionError(f"not ready after {seconds} s: {state} {self.output()}")

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one operation; the whole answer."""
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        request = urllib.request.Request(
            self.url,
            body,
            {"content-type": "application/json", "accept": "application/json", **self.headers},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask the server to stop; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def close(self) -> None:
        """Stop the server if it still runs, and remove its log. A test that fails shows it."""
        try:
            self.stop()
        finally:
            self.kill()
            if "PYTEST_CURRENT_TEST" in os.environ:
                print(f"--- the server on port {self.port}\n{self.output()}")
            self.log.close()

    def output(self) -> str:
        """What the server has printed and logged so far."""
        self.log.seek(0)
        return self.log.read()


@contextmanager
def serving(database_url: str, **environment: str) -> Generator[Server]:
    """A server that is ready. It has to end with exit code 0, and without a traceback in its log."""
    with closing(Server(database_url, ROOT, None, **environment)) as server:
        yield server.wait()
        assert server.stop() == 0, server.output()
        assert "Traceback" not in server.output(), server.output()[-3_000:]
