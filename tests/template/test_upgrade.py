"""The promise of "Upgrade the engine": a later engine replaces this one, and nothing of the user is touched."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.databases import ROLES, as_role
from tests.support.shared_folders import shared_folder
from tests.template.clone import Clone, clone_into, is_replaced, replaced

COMMANDS = "app/engine/commands.py"
DEFINED = "async def open_command_handler(\n"
CALLED = re.compile(r"(?<!def )open_command_handler\((?=\w)")
MIGRATION = "migrations/versions/0999_later.py"
LATER = '''"""A later migration of the engine."""

from alembic import op

revision = "0999"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("COMMENT ON SCHEMA es IS 'the engine'")
'''


@pytest.fixture
def later(tmp_path: Path) -> Clone:
    """A later version of the template: the present one, with a changed signature, a new module and a migration."""
    later = clone_into(tmp_path / "later")
    change_a_signature(later)
    (later.root / "app/engine/later.py").write_text('"""A module that is new."""\n')
    revisions = sorted(path.name[:4] for path in (later.root / "migrations/versions").glob("0*.py"))
    (later.root / MIGRATION).write_text(LATER.format(head=revisions[-1]))
    return later


def change_a_signature(later: Clone) -> None:
    """A function takes a further argument. All callers in the files that an upgrade replaces give it."""
    for source in [later.root / path for path in later.files() if path.endswith(".py") and is_replaced(path)]:
        called = CALLED.sub("open_command_handler(True, ", source.read_text())
        source.write_text(called.replace(DEFINED, DEFINED + "    later: bool,\n"))
    formatted = later.run("-m", "ruff", "format", "--quiet", ".")
    assert formatted.returncode == 0, formatted.stderr


def make_own(folder: Path) -> None:
    own = clone_into(folder)
    own.add_the_voucher()
    own.take_the_sample_out()
    own.rename("acme")
    own.finish()


@pytest.fixture
def own(shared_by_workers: Path, tmp_path: Path) -> Clone:
    """A project of a user: with an aggregate of its own, renamed, without the sample."""
    return Clone(shared_folder(shared_by_workers / "own", make_own)).copy(tmp_path / "own")


def upgrade(own: Clone, later: Clone) -> None:
    for path in replaced():
        if path.endswith("/") and not path.startswith("migrations/"):
            shutil.rmtree(own.root / path)
        if path.endswith("/"):
            shutil.copytree(later.root / path, own.root / path, dirs_exist_ok=True)
        else:
            shutil.copy2(later.root / path, own.root / path)


def test_an_upgrade_replaces_files_that_the_user_has_not_changed(own: Clone, later: Clone) -> None:
    mine, template = own.files(), clone_into(own.root.parent / "template").files()
    edited = {path for path in template if is_replaced(path) and mine.get(path) != template[path]}
    assert edited == set()
    upgrade(own, later)
    after = own.files()
    newer = later.files()
    changed = {path for path in template if newer[path] != template[path]}
    assert changed >= {COMMANDS, "app/engine/cli/processes.py", "tests/bench/appends.py"}
    assert {path for path in mine if after.get(path) != mine[path]} == changed
    assert {path for path in after if path not in mine} == {"app/engine/later.py", MIGRATION}


def test_an_upgraded_project_starts_on_its_database_and_reads_what_was_stored(
    own: Clone, later: Clone, database_url: str
) -> None:
    with own.serve(database_url) as server:
        server.ask(
            'mutation { issueVoucher(input: { id: "0b9c0a52-8e0d-4b0a-9a57-3a8b0e0f6f11", euros: 20,'
            ' expiresAt: "2099-01-01T00:00:00Z" }) { __typename } }'
        )
    upgrade(own, later)
    migrated = own.run("-m", "app", "migrate", DATABASE_URL=as_role(database_url, ROLES.owner))
    assert migrated.returncode == 0, migrated.stderr
    with own.serve(database_url) as server:
        found = server.ask('{ vouchers(minPosition: "1") { nodes { euros status } } }')
        assert found["data"]["vouchers"]["nodes"] == [{"euros": 20, "status": "VALID"}]


def test_no_file_of_the_user_calls_a_signature_of_the_engine_that_changed(own: Clone, later: Clone) -> None:
    upgrade(own, later)
    mine = [path for path in own.files() if path.endswith(".py") and not is_replaced(path)]
    checked = own.check_types(*mine)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.soak
def test_an_upgraded_project_passes_its_checks_and_all_its_tests(
    own: Clone, later: Clone, postgres: str
) -> None:
    """It runs `make check` and the whole suite of the copy within this one test, with two workers.

    So it takes as long as `make test` does on two cores. It prints nothing meanwhile, and fails after 30 minutes.
    """
    upgrade(own, later)
    own.check()
    own.test(postgres)
