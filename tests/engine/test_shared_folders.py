"""An expensive folder is made once in a run of the tests, by the worker that needs it first."""

import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.support.server import FORKS
from tests.support.shared_folders import shared_folder

CALLERS = 4


def fill(folder: Path) -> None:
    with (folder.parent / "calls").open("a") as calls:
        calls.write("x")
    (folder / "file").write_text("whole")


def fill_when_all_wait(folder: Path) -> None:
    while len([*folder.parent.glob("caller-*")]) < CALLERS:
        time.sleep(0.01)
    fill(folder)


def use(folder: Path, number: int) -> str:
    (folder.parent / f"caller-{number}").touch()
    return (shared_folder(folder, fill_when_all_wait) / "file").read_text()


def test_processes_that_need_it_at_the_same_time_get_what_one_of_them_has_made(tmp_path: Path) -> None:
    with ProcessPoolExecutor(CALLERS, mp_context=FORKS) as processes:
        read = [*processes.map(use, [tmp_path / "shared"] * CALLERS, range(CALLERS))]
    assert read == ["whole"] * CALLERS
    assert (tmp_path / "calls").read_text() == "x"


def test_what_could_not_be_filled_is_filled_from_the_start_by_the_next(tmp_path: Path) -> None:
    def break_off(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        shared_folder(tmp_path / "shared", break_off)
    assert [path.name for path in shared_folder(tmp_path / "shared", fill).iterdir()] == ["file"]
