"""A small file system in memory that a test can fill."""

import errno
import os
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clusters.processes import IS_ROOT

MAX_CHUNK_BYTES = 2**26
MIN_CHUNK_BYTES = 4_096


@dataclass(frozen=True)
class SmallDisk:
    """A mounted file system."""

    folder: Path

    def fill(self, leave_bytes: int = 0) -> None:
        """Take all its space, except for so many bytes."""
        chunk = MAX_CHUNK_BYTES
        with open(self.folder / "filler", "ab") as filler:
            while (free := self._free_bytes() - leave_bytes) > 0 and chunk >= MIN_CHUNK_BYTES:
                try:
                    os.posix_fallocate(filler.fileno(), filler.seek(0, os.SEEK_END), min(chunk, free))
                except OSError as error:
                    # Another process took some of it meanwhile.
                    if error.errno != errno.ENOSPC:
                        raise
                    chunk //= 2

    def free(self) -> None:
        """Give back what `fill` took."""
        (self.folder / "filler").unlink(missing_ok=True)

    def _free_bytes(self) -> int:
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_frsize


@contextmanager
def small_disk(megabytes: int = 160) -> Generator[SmallDisk]:
    """A file system of that size. Skips the test if this process may not mount one."""
    if not IS_ROOT:
        pytest.skip("only root may mount a file system")
    with tempfile.TemporaryDirectory(prefix="small-disk-") as folder:
        os.chmod(folder, 0o755)
        mount = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        if mount.returncode:
            pytest.skip(f"no file system can be mounted here: {mount.stderr.strip()}")
        try:
            yield SmallDisk(Path(folder))
        finally:
            # Lazily: a process of the test may still be about to close its files.
            subprocess.run(["umount", "--lazy", folder], check=True)
