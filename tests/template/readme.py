"""The README in its parts, and the files of the project."""

import re
import subprocess
from dataclasses import dataclass

from app.engine.settings import ROOT

README = (ROOT / "README.md").read_text()


@dataclass(frozen=True)
class Fence:
    """A block of code: its language, what stands behind the language (a path, or a word), and its text."""

    language: str
    about: str
    text: str


def fences(language: str) -> list[Fence]:
    found = re.findall(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [Fence(*each) for each in found if each[0] == language]


def tracked() -> list[str]:
    """The files of the project, new ones included, and nothing that git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return sorted({path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file()})
