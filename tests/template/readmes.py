"""Reads the READMEs: their fences, sections, tables, paths and prose."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.engine.settings import ROOT

PATHS: Sequence[str] = (
    "README.md",
    "domain/README.md",
    "projections/README.md",
    "app/engine/README.md",
    "app/engine/database/README.md",
    "app/engine/store/README.md",
    "app/engine/projector/README.md",
    "app/engine/processes/README.md",
    "app/engine/graphql/README.md",
    "app/engine/access/README.md",
    "app/engine/audit/README.md",
    "app/engine/cli/README.md",
    "app/engine/server/README.md",
    "app/web/README.md",
    "migrations/README.md",
    "tests/README.md",
)
TEXTS = {path: (ROOT / path).read_text() for path in PATHS}

REFUSED_WORDS = re.compile(
    r"\b(whoever|whatever|whichever|anew|beside|nobody|somebody|likewise|meanwhile of|mend(ed|s|ing)?|cork(ed|s)?|fact in the log)\b",
    re.IGNORECASE,
)
"""Words with a plainer one, in prose and in what a user reads."""

HIDDEN = (".ci",)
"""Hidden folders of the project."""
INSTALLED_OR_BUILT = ("__pycache__", "node_modules", "dist", "dist.part", "built")

_FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """A block of code: its language, what follows the language (a path, or a word), and its text."""

    language: str
    about: str
    text: str


def fences(text: str, language: str | None = None) -> list[Fence]:
    """The fences of a text, or those of one language."""
    found = [Fence(*parts) for parts in _FENCE.findall(text)]
    return [fence for fence in found if language in (None, fence.language)]


def section(path: str, title: str) -> str:
    """The text below a heading of a README, up to the next heading of the same or a higher rank."""
    found: list[str] = []
    rank, fenced = 0, False
    for line in TEXTS[path].splitlines(keepends=True):
        fenced ^= line.startswith("```")
        heading = None if fenced else re.match(r"(#+) (.*)", line)
        if rank and heading and len(heading[1]) <= rank:
            break
        if rank:
            found.append(line)
        elif heading and heading[2] == title:
            rank = len(heading[1])
    if not rank:
        raise LookupError(f"{path} has no heading {title}")
    return "".join(found)


def rows(path: str, title: str) -> dict[str, Sequence[str]]:
    """The table of a section: the text in backticks in the first column, and the other columns."""
    lines = re.findall(r"^\| `([^`]+)` \|(.*)\|$", section(path, title), re.MULTILINE)
    return {name: [cell.strip().strip("`") for cell in rest.split("|")] for name, rest in lines}


def without_fences(text: str) -> str:
    return _FENCE.sub("", text)


def named_paths(text: str) -> list[str]:
    """The texts in backticks that look like a path from the root of the project."""
    return re.findall(
        r"`((?:\.?[\w-][\w.-]*/)+[\w.-]*|[\w-]+\.(?:py|toml|lock|yml|md|graphql)|Makefile|Dockerfile|LICENSE|\.env\.example)`",
        text,
    )


def paragraphs(text: str) -> list[str]:
    """The prose: no fences, tables and headings; a list item is a paragraph of its own."""
    blocks: list[str] = [""]
    for line in without_fences(text).splitlines():
        if not line.strip() or line.startswith(("#", "|")):
            blocks.append("")
        elif re.match(r"\s*(?:[-*]|\d+\.) ", line):
            blocks.append(re.sub(r"^\s*(?:[-*]|\d+\.) ", "", line))
        else:
            blocks[-1] += f" {line.strip()}"
    return [block.strip() for block in blocks if block.strip()]


def tracked(root: Path = ROOT) -> list[str]:
    """The files of the project, new ones included, and nothing that git ignores.

    Without a checkout that git reads: all but hidden folders, and folders with what is installed or built.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(
            command, cwd=root, capture_output=True, text=True, check=True, timeout=60
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = list(_walked(root))
    return sorted({path for path in listed if path and (root / path).is_file()})


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, files in root.walk():
        folders[:] = [
            name
            for name in folders
            if name not in INSTALLED_OR_BUILT and (name in HIDDEN or not name.startswith("."))
        ]
        yield from (str((folder / name).relative_to(root)) for name in files if name != ".env")
