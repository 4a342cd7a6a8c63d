"""Which migration is the newest is found without Alembic, and is what Alembic says."""

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.engine.database.migrations import FOLDER, head_revision
from app.engine.errors import UserError


def alembics(folder: Path) -> str | None:
    config = Config()
    config.set_main_option("script_location", str(folder))
    return ScriptDirectory.from_config(config).get_current_head()


def folder(tmp_path: Path, *migrations: str) -> Path:
    (tmp_path / "versions").mkdir()
    for number, words in enumerate(migrations):
        (tmp_path / "versions" / f"{number}.py").write_text(f'"""A migration."""\n\n{words}\n')
    return tmp_path


def test_the_newest_is_the_one_that_alembic_names() -> None:
    assert head_revision() == alembics(FOLDER)


def test_names_may_be_written_as_alembic_writes_them_and_lines_may_join(tmp_path: Path) -> None:
    made = folder(
        tmp_path,
        "revision = 'a'\ndown_revision = None",
        "revision: str = 'b'\ndown_revision: str | None = 'a'",
        'revision = "c"\ndown_revision = "a"',
        "revision = 'd'\ndown_revision = ('b', 'c')",
    )
    assert head_revision(made) == alembics(made) == "d"


@pytest.mark.parametrize(
    ("migrations", "ends"),
    [
        (
            (
                "revision = 'a'\ndown_revision = None",
                "revision = 'b'\ndown_revision = 'a'",
                "revision = 'c'\ndown_revision = 'a'",
            ),
            "b, c",
        ),
        ((), "none"),
    ],
)
def test_lines_that_do_not_join_are_said(tmp_path: Path, migrations: tuple[str, ...], ends: str) -> None:
    with pytest.raises(UserError, match=f"have to end in one: they end in {ends}$"):
        head_revision(folder(tmp_path, *migrations))
