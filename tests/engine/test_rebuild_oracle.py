"""One line in the conftest of a folder holds all its tests to the oracle of rebuilds."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.engine.settings import ROOT
from tests.support.rebuild_oracle import database_url_with_oracle

LINE = "from tests.support.rebuild_oracle import database_url_with_oracle as database_url_with_oracle"

TEST = """
def test_it(database_url):
    assert database_url == "the database"
"""

ABOVE = """
import pytest

import tests.support.rebuild_oracle

tests.support.rebuild_oracle.assert_rebuild_equals_live = lambda application, url: print(f"compared {url}")


@pytest.fixture
def database_url():
    return "the database"
"""


@pytest.mark.parametrize(("line", "compared"), [(LINE, 1), ("", 0)])
def test_the_line_compares_after_each_test_of_the_folder(tmp_path: Path, line: str, compared: int) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "conftest.py").write_text(ABOVE)
    (folder / "conftest.py").write_text(line)
    (folder / "test_it.py").write_text(TEST)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-c", "/dev/null", "--rootdir", tmp_path, folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("compared the database") == compared


def test_the_docstring_of_the_fixture_shows_the_line() -> None:
    """`tests/shop/api/conftest.py` is such a conftest as long as the sample is there."""
    assert LINE in str(database_url_with_oracle.__doc__)
    conftest = ROOT / "tests/shop/api/conftest.py"
    assert not conftest.exists() or LINE in conftest.read_text().splitlines()
