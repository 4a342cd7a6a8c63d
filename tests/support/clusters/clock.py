"""A wall clock that can be set, for the processes that are started with its environment."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

# Debian has a folder for each architecture, others have none.
FOLDERS = ("lib*/*/faketime", "lib*/faketime")
LIBRARY = next((path for folder in FOLDERS for path in Path("/usr").glob(f"{folder}/libfaketime.so.1")), None)


class Clock:
    """The wall clock of some processes. It begins right, and `set` moves it while they run.

    The monotonic clock stays the real one, so that time-outs and sleeps keep their length.
    """

    def __init__(self, folder: Path, offset: str = "+0") -> None:
        if LIBRARY is None:
            pytest.skip("libfaketime is not installed (Debian: faketime)")
        self._file = folder / "clock"
        self.set(offset)

    def set(self, offset: str) -> None:
        """Move the clock by so much from the right time: `+2d`, `-20m`, `+1.5s`, `+0`."""
        new = self._file.with_suffix(".new")
        new.write_text(offset)
        new.chmod(0o644)
        # A reader sees the old file or the new one.
        os.replace(new, self._file)

    @property
    def environment(self) -> Mapping[str, str]:
        """For the processes that shall see this clock."""
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
