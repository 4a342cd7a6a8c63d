"""At the terminal a user error is one line and exit code 2, and a stop is clean."""

import asyncio
import errno
import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from app.engine.cli.session import async_command, user_name
from app.engine.database.leases import LeaseLost
from app.engine.database.migrations import head_revisions, revision_names
from app.engine.database.sessions import NotWritable
from app.engine.errors import UserError
from app.engine.server.serve import bind_socket
from app.engine.settings import ROOT, EngineSettings
from app.engine.store.append import Overloaded
from app.engine.store.append_session import StoreTimeout, StoreUnavailable
from tests.support.cli import assert_user_error, run, run_cold, run_python
from tests.support.databases import as_role, as_superuser, execute, new_database
from tests.support.ports import free_port
from tests.support.server import Server


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the tests change roles and migrations."""
    return as_superuser(database_url)


def test_an_unknown_setting_is_named() -> None:
    assert_user_error(run("serve", APP_PROT="1"), "unknown setting APP_PROT")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_PORT", "many"),
        ("APP_MODE", "fast"),
        ("APP_FEED_BUFFER_SIZE", "-1"),
        ("APP_ALLOWED_ORIGINS", "nope"),
        ("APP_HOST", ""),
        ("APP_DATA_DIR", ""),
    ],
)
def test_a_malformed_setting_is_named(name: str, value: str) -> None:
    environment: dict[str, Any] = {name: value}
    assert_user_error(run("serve", **environment), name)


def test_a_database_that_does_not_answer_is_said_without_the_password() -> None:
    result = run("serve", "--port", "0", DATABASE_URL="postgresql://ann:secret@127.0.0.1:1/shop")
    assert_user_error(result, "does not answer")
    assert "secret" not in result.stderr


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/shop", "postgresql://localhost:port/shop"])
def test_a_url_that_names_no_postgresql_is_said(url: str) -> None:
    assert_user_error(run("serve", "--port", "0", DATABASE_URL=url), "DATABASE_URL")


def test_a_port_that_is_taken_is_said(database_url: str) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_user_error(run("serve", "--port", str(port), DATABASE_URL=database_url), f"127.0.0.1:{port}")


SERVE_WHILE_ANOTHER_PROGRAM_BEGINS_TO_LISTEN = """
import socket, sys
from app.composition import application
from app.engine.cli.main import main
from app.engine.server import serve

taken = socket.socket()
taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
taken.bind(("127.0.0.1", int(sys.argv.pop())))
# It is called after the server has bound its ports, and before it listens.
serve.tune_gc = taken.listen
main(application)
"""


@pytest.mark.parametrize("option", ["APP_PORT", "APP_OPERATIONS_PORT"])
def test_a_port_that_is_taken_while_the_server_starts_is_said(option: str, database_url: str) -> None:
    port = str(free_port())
    ports = {"APP_PORT": "0", option: port, "APP_LOG_LEVEL": "warning"}
    result = run_python(
        SERVE_WHILE_ANOTHER_PROGRAM_BEGINS_TO_LISTEN, "serve", port, DATABASE_URL=database_url, **ports
    )
    assert_user_error(result, f"cannot listen on 127.0.0.1:{port}: Address already in use")
    assert option in result.stderr
    assert "ready" not in result.stdout


def test_an_operations_port_that_is_the_port_of_the_api_is_said_before_the_database_is_opened() -> None:
    port = str(free_port())
    no_database = "postgresql://ann@127.0.0.1:1/shop"
    result = run("serve", "--port", port, APP_OPERATIONS_PORT=port, DATABASE_URL=no_database)
    assert_user_error(result, f"setting APP_OPERATIONS_PORT is {port}, as is the port of the API")


def test_a_database_without_migrations_is_said_and_migrate_makes_them(postgres: str) -> None:
    with new_database(postgres, "template0") as empty:
        assert_user_error(run("serve", "--port", "0", DATABASE_URL=empty), "python -m app migrate")
        assert run("migrate", DATABASE_URL=empty).returncode == 0
        again = run("migrate", DATABASE_URL=empty)
    newest = revision_names(head_revisions())
    assert (again.returncode, again.stdout.strip()) == (0, f"database at migration {newest}")


def test_an_empty_address_is_not_every_address() -> None:
    assert_user_error(run("serve", "--host", ""), "APP_HOST")


def test_a_database_that_newer_code_has_migrated_is_said(database_url: str) -> None:
    newer = "DELETE FROM es.alembic_version; INSERT INTO es.alembic_version VALUES ('9999')"
    asyncio.run(execute(database_url, newer))
    for arguments in (
        ("migrate",),
        ("serve", "--port", "0"),
        ("serve", "--migrate", "--port", "0"),
        ("lag",),
    ):
        assert_user_error(run(*arguments, DATABASE_URL=database_url), "Newer code migrated it: run that")


def test_a_role_that_may_not_and_a_database_that_takes_no_writes_are_said(database_url: str) -> None:
    from sqlalchemy import make_url

    async def low(*statements: str) -> None:
        connection = await asyncpg.connect(database_url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(low("DROP ROLE IF EXISTS low", "CREATE ROLE low LOGIN PASSWORD 'low'"))
    try:
        url = make_url(database_url).set(username="low", password="low").render_as_string(hide_password=False)
        for arguments in (("migrate",), ("lag",), ("serve", "--port", "0")):
            assert_user_error(run(*arguments, DATABASE_URL=url), "permission denied")
    finally:
        asyncio.run(low("DROP ROLE low"))


@pytest.mark.parametrize("arguments", [(), ("--migrate",)])
def test_a_database_that_refuses_a_connection_during_the_start_is_said(
    database_url: str, arguments: tuple[str, ...]
) -> None:
    asyncio.run(execute(database_url, "CREATE ROLE low LOGIN CONNECTION LIMIT 1"))
    try:
        # The only connection is that of the pool.
        result = run("serve", "--port", "0", *arguments, DATABASE_URL=as_role(database_url, "low"))
        assert_user_error(result, "too many connections for role")
    finally:
        asyncio.run(execute(database_url, "DROP ROLE low"))


@pytest.mark.parametrize("host", ["::1", "ä..b"])
def test_an_address_that_the_machine_does_not_have_is_said(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_ipv6(family: int, *_: object) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(family)

    real = socket.socket
    monkeypatch.setattr(socket, "socket", without_ipv6)
    with pytest.raises(UserError, match=f"^cannot listen on {host}:0: .*;"):
        bind_socket(EngineSettings(host=host, port=0))


def fail_in_command(error: Exception) -> None:
    """Run a command that raises the error."""

    @async_command
    async def command() -> None:
        raise error

    command()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (StoreTimeout(StoreTimeout.__doc__), "The command may have been recorded"),
        (StoreUnavailable("It was not recorded: the disk is full"), "It was not recorded"),
        (Overloaded(), "Try again in a moment"),
        (LeaseLost(), "Another process owns the work now"),
        (NotWritable("no host takes writes: a:1 is a standby"), "a:1 is a standby"),
        (ConnectionResetError(104, "Connection reset by peer"), "Connection reset by peer"),
        (TimeoutError(), "TimeoutError"),
        (asyncpg.ConnectionDoesNotExistError("connection was closed"), "connection was closed"),
        (asyncpg.InterfaceError("connection is closed"), "connection is closed"),
        (asyncpg.ReadOnlySQLTransactionError("cannot execute UPDATE"), "cannot execute UPDATE"),
        (asyncpg.QueryCanceledError("canceling statement\ndue to its time"), "canceling statement$"),
        (asyncpg.DiskFullError("no space left"), "no space left"),
        (asyncpg.InsufficientPrivilegeError("permission denied"), "permission denied"),
    ],
)
def test_what_the_database_does_not_do_at_this_moment_is_one_line(error: Exception, text: str) -> None:
    with pytest.raises(UserError, match=text) as raised:
        fail_in_command(error)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UndefinedColumnError("column x does not exist"),
        asyncpg.UniqueViolationError("duplicate key"),
        BrokenPipeError(32, "Broken pipe"),
        OSError(28, "No space left on device"),
        FileNotFoundError(2, "No such file or directory", "a file"),
        ValueError("a defect"),
    ],
)
def test_an_error_of_the_code_or_of_a_file_passes_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        fail_in_command(error)
    assert raised.value is error


def test_a_user_without_a_name_is_known_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)

    def has_no_entry(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", has_no_entry)
    assert user_name() == f"uid {os.getuid()}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_stop_exits_with_0_and_no_traceback(
    serve: Callable[..., Server], number: int
) -> None:
    server = serve().wait()
    assert server.ask("{ position }")["data"] == {"position": "0"}
    assert server.stop(number) == 0
    assert "Traceback" not in server.output()
    assert f"ready: http://localhost:{server.port}/graphql" in server.output()


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert run_cold("schema").stdout == (ROOT / "schema.graphql").read_text(), (
        "the schema has changed: look at it, then run make schema"
    )


def test_the_embedded_database_stops_with_its_last_user_also_after_one_was_killed() -> None:
    with tempfile.TemporaryDirectory(prefix="shop-embedded-") as folder:
        os.chmod(folder, 0o755)
        killed = Server(None, APP_DATA_DIR=folder).wait(60)
        killed.kill()
        again = Server(None, APP_DATA_DIR=folder).wait(60)
        assert again.stop() == 0
        left = [p.pid for p in psutil.process_iter() if folder in " ".join(_command_line(p))]
        assert left == []
        for server in (killed, again):
            server.log.close()


def test_the_embedded_database_starts_in_a_folder_whose_path_a_shell_or_a_url_would_change() -> None:
    with tempfile.TemporaryDirectory(prefix="shop-embedded-") as base:
        os.chmod(base, 0o755)
        folder = Path(base, 'a b\'s $x, "ü" & 100%')
        for _ in range(2):
            server = Server(None, APP_DATA_DIR=str(folder)).wait(60)
            assert server.stop() == 0
            server.log.close()
        assert (folder / "postgres" / "PG_VERSION").exists()
        assert "random_page_cost" in (folder / "postgres" / "postgresql.auto.conf").read_text()


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_postgresql_that_is_too_old_is_said() -> None:
    binaries = Path("/usr/lib/postgresql/15/bin")
    if not binaries.exists():
        pytest.skip("needs a PostgreSQL 15 next to the embedded one; Debian's package has it")
    with tempfile.TemporaryDirectory(prefix="shop-old-") as folder:
        user: dict[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}
        os.chmod(folder, 0o777)
        data = f"{folder}/data"
        subprocess.run(
            [binaries / "initdb", "-D", data, "-A", "trust", "-U", "old"],
            check=True,
            capture_output=True,
            timeout=60,
            **user,
        )
        options = f"-c listen_addresses='' -k {folder}"
        subprocess.run(
            [binaries / "pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start"],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
            **user,
        )
        try:
            assert_user_error(
                run("serve", "--port", "0", DATABASE_URL=f"postgresql://old@/postgres?host={folder}"),
                "is PostgreSQL 15; 16 or newer is needed",
            )
        finally:
            subprocess.run(
                [binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"],
                check=True,
                capture_output=True,
                timeout=60,
                **user,
            )


def test_in_production_every_line_of_the_log_is_json(serve: Callable[..., Server]) -> None:
    server = serve(APP_MODE="production", APP_ALLOW_DATABASE_OWNER="true").wait()
    assert server.ask("{ position }")["data"] == {"position": "0"}
    assert server.stop() == 0
    assert {json.loads(line)["level"] for line in server.output().splitlines()} == {"info"}
