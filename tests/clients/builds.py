"""Installs the clients from their locks, and compiles those that are compiled, with the configurations of the README."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.engine.settings import ROOT
from tests.template.readmes import fences

HERE = Path(__file__).parent
BUILT = HERE / "built"
"""What the compilers wrote. Scripts of clients import it."""
PACKAGES = HERE / "node_modules"
PYTHON = HERE / ".venv" / "bin" / "python"
"""The Python of ariadne-codegen, whose dependencies are not those of the project."""
README = ROOT / "app" / "web" / "README.md"
KIT = ROOT / "app" / "web" / "kit.ts"
NPM = shutil.which("npm")


def build_all() -> None:
    """Install and compile what is missing or has changed."""
    # Several workers may begin at the same time.
    with (HERE / "package.json").open() as guard, ThreadPoolExecutor() as threads:
        fcntl.flock(guard, fcntl.LOCK_EX)
        for done in [threads.submit(build) for build in (_build_node, _build_ariadne)]:
            done.result()


def _build_node() -> None:
    lock = HERE / "package-lock.json"
    if _is_new(PACKAGES / "installed", [lock]):
        assert NPM is not None
        _run([NPM, "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"], HERE)
        _mark(PACKAGES / "installed", [lock])
    _build("typed", _build_typed, [lock])
    _build("relay", _build_relay, [lock])


def _build_typed(folder: Path) -> None:
    """The documents typed by graphql-codegen, and the caches of the README, checked strictly and compiled."""
    source = folder / "src"
    source.mkdir()
    for name in ("shop.ts", "lost.ts", "known.ts"):
        shutil.copy(HERE / "typed" / name, source)
    for name in ("tsconfig.json", "all.codegen.ts"):
        shutil.copy(HERE / "typed" / name, folder)
    for name in ("codegen.ts", "trusted.codegen.ts"):
        (folder / name).write_text(_example(name))
    for name in ("caches.ts", "place.ts", "trusted.ts"):
        (source / name).write_text(_example(name))
    shutil.copy(KIT, source)
    _run(_node("@graphql-codegen/cli/cjs/bin.js", "--silent", "--config", "all.codegen.ts"), folder)
    _run(_node("typescript/bin/tsc", "--project", "."), folder)


def _build_relay(folder: Path) -> None:
    (folder / "relay.config.json").write_text(_example("relay.config.json"))
    source = folder / "src"
    source.mkdir()
    (source / "environment.js").write_text(_example("environment.js"))
    shutil.copy(KIT, source)
    options = ["--target", "es2022", "--module", "nodenext", "--types", "node", "--skipLibCheck"]
    _run(_node("typescript/bin/tsc", *options, "src/kit.ts"), folder)
    _run(["node", str(HERE / "relay" / "build.mjs"), str(folder)], folder)


def _build_ariadne() -> None:
    lock = HERE / "requirements.lock"
    stamp = PYTHON.parent / "installed"
    if _is_new(stamp, [lock]):
        uv = str(Path(sys.executable).parent / "uv")
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(PYTHON.parent.parent)], HERE)
        _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(PYTHON), str(lock)], HERE)
        _mark(stamp, [lock])
    _build("ariadne", _compile_ariadne, [lock])


def _compile_ariadne(folder: Path) -> None:
    for file in (HERE / "ariadne" / "queries.graphql", HERE / "ariadne" / "client.py", HERE / "steps.py"):
        shutil.copy(file, folder)
    (folder / "pyproject.toml").write_text(_example("pyproject.toml"))
    _run([str(PYTHON.parent / "ariadne-codegen")], folder)


def _build(name: str, build: Callable[[Path], None], inputs: Sequence[Path]) -> None:
    """Build the folder of this name, if what it is made of has changed."""
    folder = BUILT / name
    inputs = [
        *inputs,
        ROOT / "schema.graphql",
        README,
        KIT,
        HERE / "steps.py",
        Path(__file__),
        *sorted((HERE / name).iterdir()),
    ]
    if _is_new(folder / "stamp", inputs):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(ROOT / "schema.graphql", folder)
        build(folder)
        _mark(folder / "stamp", inputs)


def _example(name: str) -> str:
    """The example with this name in the README for frontends."""
    [text] = [fence.text for fence in fences(README.read_text()) if fence.about == name]
    return text


def _digest(inputs: Sequence[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in inputs if path.is_file())).hexdigest()


def _is_new(stamp: Path, inputs: Sequence[Path]) -> bool:
    return not stamp.exists() or stamp.read_text() != _digest(inputs)


def _mark(stamp: Path, inputs: Sequence[Path]) -> None:
    stamp.write_text(_digest(inputs))


def _node(script: str, *arguments: str) -> list[str]:
    return ["node", str(PACKAGES / script), *arguments]


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
