"""The types of the shop's page are those of the schema and its operations, and its code is checked strictly."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.composition import PAGES
from app.engine.settings import ROOT

PAGE = PAGES["/shop"]
NPM = shutil.which("npm")

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(NPM is None, reason="no npm on this machine; Debian: apt-get install npm"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the page with its locked packages, in the place that it has in the project."""
    root = tmp_path_factory.mktemp("page")
    folder = root / PAGE.relative_to(ROOT)
    shutil.copytree(PAGE, folder, ignore=shutil.ignore_patterns("node_modules", "dist*"))
    shutil.copy(ROOT / "app/web/kit.ts", folder.parent)
    shutil.copy(ROOT / "schema.graphql", root)
    npm(folder, "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts")
    return folder


def npm(folder: Path, *arguments: str) -> str:
    done = subprocess.run([str(NPM), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def generated(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((folder / "gql").iterdir())}


def test_the_generated_types_are_those_of_the_schema_and_of_the_operations(copy: Path) -> None:
    for path in (copy / "gql").iterdir():
        path.unlink()
    npm(copy, "run", "codegen")
    assert generated(copy) == generated(PAGE), "run npm run codegen in app/web/shop and commit what it writes"


def test_the_page_passes_the_strict_type_checker(copy: Path) -> None:
    assert json.loads((copy / "tsconfig.json").read_text())["compilerOptions"]["strict"] is True
    npm(copy, "run", "check")


def test_the_type_checker_sees_a_field_that_no_operation_asks_for(copy: Path) -> None:
    products = copy / "products.tsx"
    text = products.read_text()
    products.write_text(text.replace("product.available === 0 ?", "product.availble === 0 ?"))
    checked = subprocess.run(
        [str(NPM), "run", "check"], cwd=copy, capture_output=True, text=True, check=False
    )
    products.write_text(text)
    assert checked.returncode != 0
    assert re.search(r"products\.tsx.*'availble' does not exist", checked.stdout)
