"""Rebuilds every read model, and prints its memory peak in MB before and after, and the rate.

`python -m tests.shop.bench.peak`
"""

import asyncio
import logging
import re
import resource
import time
from pathlib import Path

from app.composition import application
from app.engine.database.connections import open_database
from app.engine.projector.rebuild.rebuild import rebuild
from app.settings import Settings
from projections import PROJECTIONS


def peak() -> int:
    """Of this program alone if Linux says so: what `getrusage` says was that of the parent at first."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) // 1024  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def main() -> None:
    async with open_database(Settings.from_environment()) as database:
        before, began = peak(), time.perf_counter()
        rebuilt = await rebuild(database, application.codec, PROJECTIONS, stage=True)
        print(before, peak(), rebuilt[0].comparison.position / (time.perf_counter() - began))


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(main())
