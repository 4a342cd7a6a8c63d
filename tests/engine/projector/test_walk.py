"""A batch goes through the files in the order of the projector's README, and enters each file once."""

import asyncio
import re
import sys
from pathlib import Path
from types import CodeType
from typing import Any
from uuid import uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.projector.worker import ProjectionWorker
from app.engine.projector.writer import TableWriter
from tests.support.toy_counter import Add, engine, request, tallies, tally

ROOT = Path(__file__).parents[3]
TOOL = 4
"""An id of `sys.monitoring` that coverage and debuggers do not use."""


def documented_walk() -> list[str]:
    """The files of the table in README."""
    readme = (ROOT / "app/engine/projector/README.md").read_text()
    [walk] = re.findall(r"^## The walk of a batch\n(.*?)^## ", readme, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\| `(\S+)` \|", walk, re.MULTILINE)


async def test_a_batch_enters_each_file_of_the_documented_walk_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk: list[str] = []
    batches: list[list[str]] = []
    traced: set[asyncio.Task[Any]] = set()
    process_batch = ProjectionWorker._process_batch  # pyright: ignore[reportPrivateUsage] - the start of the walk

    def on_function(code: CodeType, _: int) -> object:
        name = code.co_filename.removeprefix(f"{ROOT}/")
        if not name.startswith(("app/", "domain/", "projections/")):
            return sys.monitoring.DISABLE
        if asyncio.current_task() in traced and (not walk or walk[-1] != name):
            walk.append(name)
        return None

    async def watched(self: ProjectionWorker, writer: TableWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        walk.clear()
        traced.add(task)
        try:
            await process_batch(self, writer)
        finally:
            traced.discard(task)
            batches.append([*walk])

    monkeypatch.setattr(ProjectionWorker, "_process_batch", watched)
    # No batch checks the table on its way.
    monkeypatch.setattr("app.engine.projector.worker.CHECK_INTERVAL_SECONDS", 3_600)
    async with engine(database) as running:
        stream = uuid4()
        sys.monitoring.use_tool_id(TOOL, "walk")
        try:
            # A function that goes on after it has waited does not count.
            sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, on_function)
            sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)
            for _ in range(3):
                await running.commands.execute(tally, stream, Add(amount=1), request())
                head = await running.reader.head_position()
                await running.projector.wait_for_position(tallies.name, head, 10)
        finally:
            sys.monitoring.set_events(TOOL, 0)
            sys.monitoring.free_tool_id(TOOL)
    assert batches[-1] == documented_walk()
