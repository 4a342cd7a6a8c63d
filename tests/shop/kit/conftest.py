"""The kit and its scripts, compiled once for all files of this folder."""

from pathlib import Path

import pytest

from tests.shop.kit.scripts import build
from tests.support.shared_folders import shared_folder


@pytest.fixture(scope="module")
def built(shared_by_workers: Path) -> Path:
    """The folder in which the kit is compiled."""
    return shared_folder(shared_by_workers / "kit", build)
