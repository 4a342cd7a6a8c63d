"""Folders that are expensive to fill: the first test process that needs one fills it, and the others wait."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path


def shared_folder(folder: Path, fill: Callable[[Path], None]) -> Path:
    """The folder, which is filled once. If `fill` raises, the next caller fills an empty folder again.

    Another test may use it at the same time. One that changes what is in it takes a copy.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = folder.with_name(f"{folder.name}.done")
    # The lock goes with the process that holds it.
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            fill(folder)
            done.touch()
    return folder
