"""A copy of the project, and the steps of "Make it yours" as a reader of the READMEs does them."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

from app.engine.settings import ROOT
from tests.support.server import Server, clean_environment
from tests.template.readmes import Fence, fences, section, tracked

ADDING = (
    ("domain/README.md", "Add an aggregate"),
    ("projections/README.md", "Add a projection"),
    ("projections/README.md", "A projection over many streams"),
    ("app/engine/graphql/README.md", "Write a slice"),
    ("app/engine/graphql/README.md", "As of one object"),
    ("domain/README.md", "Add a process"),
    ("domain/README.md", "Call the outside"),
    ("app/engine/graphql/README.md", "Show a process"),
)
MIGRATING = ("migrations/README.md", "Add a migration")
CHANGING = ("domain/README.md", "Change an event")
CHANGING_THE_API = ("app/engine/graphql/README.md", "Change the API")
REMOVING = ("domain/README.md", "Take the sample out")
RENAMING = ("README.md", "Rename the project")
UPGRADING = ("README.md", "Upgrade the engine")

BRACKETS = {"(": ")", "[": "]", "{": "}"}


def fences_of(place: tuple[str, str], language: str, about: str | None = None) -> list[Fence]:
    found = fences(section(*place), language)
    return [fence for fence in found if about in (None, fence.about)]


def replaced() -> list[str]:
    """The folders and files that an upgrade replaces."""
    [listed] = fences_of(UPGRADING, "text", "upgrade")
    return listed.text.split()


def is_replaced(path: str) -> bool:
    return any(path == name or (name.endswith("/") and path.startswith(name)) for name in replaced())


def edited(text: str, changes: str) -> str:
    """The text after line edits, which are matched by content alone.

    `-` removes a line; one that ends with an opening bracket goes with all lines to the closing bracket. A line without
    a sign is a place to find. `+` inserts a line at the place of the edit before it.
    """
    lines = text.splitlines()
    place = 0
    for change in changes.splitlines():
        sign, line = change[:1], change[1:]
        if sign == "+":
            lines.insert(place, line)
            place += 1
            continue
        place = _find(lines, line, place)
        if sign == "-":
            end = _end_of_block(lines, place)
            del lines[place:end]
        else:
            place += 1
    return "\n".join(lines) + "\n"


def _find(lines: list[str], line: str, place: int) -> int:
    """The line at or below the place, or else the first one. Raises `ValueError`."""
    return lines.index(line, place) if line in lines[place:] else lines.index(line)


def _end_of_block(lines: list[str], place: int) -> int:
    closing = BRACKETS.get(lines[place][-1:])
    if closing is None:
        return place + 1
    indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
    return next(
        at + 1 for at in range(place + 1, len(lines)) if re.match(rf"{indent}\{closing},?$", lines[at])
    )


@dataclass(frozen=True)
class Clone:
    """A copy of the project in a folder of its own."""

    root: Path

    def run(self, *command: str, seconds: int = 300, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy; `command` is what follows `python`."""
        kept = {name: value for name, value in clean_environment().items() if not name.startswith("PYTEST_")}
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.root,
            env=kept | environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def edit(self, path: str, changes: str) -> None:
        target = self.root / path
        target.write_text(edited(target.read_text(), changes))

    def write(self, path: str, text: str) -> None:
        """Write a file; a new folder of Python files becomes a package."""
        target = self.root / path
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True)
            (target.parent / "__init__.py").touch()
        target.write_text(text)

    def add_the_voucher(self) -> None:
        """Every file and line of "Add an aggregate", its projections, its slice, its process, its call and its view."""
        self._add(*ADDING)

    def add_the_migration(self) -> None:
        self._add(MIGRATING)

    def _add(self, *places: tuple[str, str]) -> None:
        for place in places:
            for fence in fences_of(place, "python"):
                if fence.about:
                    self.write(fence.about, fence.text)
            for fence in fences_of(place, "diff"):
                self.edit(fence.about, fence.text)

    def change_the_event(self) -> None:
        for fence in fences_of(CHANGING, "diff"):
            self.edit(fence.about, fence.text)

    def change_the_api(self) -> None:
        for fence in fences_of(CHANGING_THE_API, "diff"):
            self.edit(fence.about, fence.text)

    def take_the_sample_out(self) -> None:
        for path in self.sample():
            target = self.root / path
            if path.endswith("/"):
                shutil.rmtree(target)
            else:
                target.unlink()
        for fence in fences_of(REMOVING, "diff"):
            self.edit(fence.about, fence.text)
        for fence in fences_of(REMOVING, "json"):
            target = self.root / fence.about
            left = json.loads(target.read_text())
            for key in json.loads(fence.text):
                del left[key]
            target.write_text(json.dumps(left, indent=2) + "\n")

    def sample(self) -> list[str]:
        """The files and folders that go with the sample."""
        [listed] = fences_of(REMOVING, "text", "remove")
        return listed.text.splitlines()

    def rename(self, name: str) -> None:
        [listed] = fences_of(RENAMING, "text", "rename")
        for path in listed.text.splitlines():
            target = self.root / path
            target.write_text(re.sub(r"\bshop\b", name, target.read_text()))

    def finish(self) -> None:
        """`make fmt`, `make schema` and `make samples`."""
        for target in ("fmt", "samples"):
            for command in makefile_commands(target):
                done = self.run(*command, PYTHONPATH=".")
                assert done.returncode == 0, done.stdout + done.stderr
        printed = self.run("-m", "app", "schema")
        assert printed.returncode == 0, printed.stderr
        (self.root / "schema.graphql").write_text(printed.stdout)

    def check(self) -> None:
        """`make check`."""
        self._link_environment()
        for command in makefile_commands("check"):
            done = self.run(*command, PYTHONPATH=".")
            assert done.returncode == 0, (command, done.stdout, done.stderr)

    def check_types(self, *paths: str) -> subprocess.CompletedProcess[str]:
        """The type check of `make check`, of the files at the paths alone."""
        self._link_environment()
        return self.run("-m", "basedpyright", *paths)

    def _link_environment(self) -> None:
        """The type checker finds the packages there."""
        venv = self.root / ".venv"
        if not venv.exists():
            venv.symlink_to(sys.prefix)

    def test(self, postgres: str, *paths: str, workers: int = 2, seconds: int = 1_800) -> None:
        """Run the tests of `make test` in the copy: those at the paths, or all.

        Without workers the tests run in one process, which is faster for a few.
        """
        marks = ("-m", "not soak and not clients")
        options = ("-q", "-x", "-n", str(workers), "--dist", "worksteal", "-p", "no:cacheprovider", *marks)
        done = self.run("-m", "pytest", *options, *paths, seconds=seconds, TEST_DATABASE_URL=postgres)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

    def files(self) -> dict[str, bytes]:
        """The files that would be committed: each path with what is in it."""
        ignored = {".venv", "__pycache__", ".hypothesis", ".import_linter_cache", ".ruff_cache", ".data"}
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not ignored & set(path.relative_to(self.root).parts)
        }

    def copy(self, folder: Path) -> "Clone":
        """A copy of this copy."""
        ignored = shutil.ignore_patterns(".venv", ".ruff_cache", ".import_linter_cache")
        return Clone(shutil.copytree(self.root, folder, ignore=ignored, dirs_exist_ok=True))

    @contextmanager
    def serve(self, database_url: str, **environment: str) -> Generator[Server]:
        server = Server(database_url, self.root, None, **environment)
        try:
            yield server.wait(120)
        finally:
            server.stop()
            server.log.close()


def clone_into(folder: Path) -> Clone:
    """A copy of the project as it would be committed, with the bytecode that Python has written for it.

    Without the bytecode each process in the copy compiles hundreds of modules. Python compares it with the time and
    the size of the source, so that an edit counts.
    """
    for path in tracked():
        source, target = ROOT / path, folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        if source.suffix == ".py" and (compiled := Path(cache_from_source(source))).exists():
            (target.parent / "__pycache__").mkdir(exist_ok=True)
            shutil.copy2(compiled, target.parent / "__pycache__")
    return Clone(folder)


def makefile_commands(target: str) -> list[list[str]]:
    """The commands of a target of the Makefile, each as what follows `python`."""
    text = (ROOT / "Makefile").read_text()
    [body] = re.findall(rf"^{target}:[^\n]*\n((?:\t[^\n]*\n)+)", text, re.MULTILINE)
    return [_python_arguments(line.strip().removeprefix("@")) for line in body.splitlines()]


def _python_arguments(line: str) -> list[str]:
    program, *arguments = line.removeprefix("PYTHONPATH=. ").removeprefix("$(BIN)/").split()
    match program:
        case "python":
            return arguments
        case "lint-imports":
            return ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
        case _:
            return ["-m", program, *arguments]
