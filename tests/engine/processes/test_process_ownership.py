"""One of several servers owns a process. Another takes over when the owner loses its connection."""

import asyncio
from dataclasses import replace
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.database.leases import process_name
from app.engine.processes.counts import checkpoint_views
from app.engine.processes.storage import ProcessStore
from app.engine.processes.worker import CHECKPOINT_DELAY_SECONDS
from tests.support.toy_counter import Engine
from tests.support.toy_process import (
    Bell,
    at_rest,
    errand,
    kept,
    note,
    running,
    seen,
    till,
    until,
)

CUT = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND (classid::bigint << 32 | objid::bigint) = hashtextextended('process errand', 7305813094)
"""
"""Ends the connection of the owner; the number of those."""


async def test_of_two_servers_one_owns_the_process_and_the_other_takes_over_when_its_connection_is_cut(
    database: Database,
) -> None:
    one = uuid4()
    bells = (Bell(), Bell())
    async with running(database, bells[0]) as first, running(database, bells[1]) as second:
        owners: list[str] = []
        seconds: list[float] = []
        for amount in range(1, 6):
            await until(lambda: _owned(first, second))
            assert not (_owns(first) and _owns(second))
            owners.append("first" if _owns(first) else "second")
            await note(first, one, "put", amount)
            await note(second, one, "ring", amount)
            began = asyncio.get_running_loop().time()
            # The owner may not have noticed that the last cut took its lease.
            await until(lambda: database.pool.fetchval(CUT))
            await until(lambda amount=amount: _all_there(first, one, amount))
            seconds.append(asyncio.get_running_loop().time() - began)
        # The machine may be busy now and then.
        assert median(seconds) < 2
        assert sorted(await kept(first, one)) == sorted(
            [*((n, "") for n in range(1, 6)), *((n, "rung") for n in range(1, 6))]
        )
        keys = [key for bell in bells for key in bell.keys[till(one)]]
        assert len(set(keys)) == 5


async def test_a_process_has_an_owner_only_while_a_server_runs_it(database: Database) -> None:
    async def owner() -> str | None:
        [view] = await checkpoint_views(database.pool, ["errand"])
        return view.owner

    async def has_none() -> bool:
        return await owner() is None

    async with running(database):
        assert await until(owner) == process_name()
    await until(has_none)
    async with running(database):
        assert await until(owner) == process_name()


def _owns(runtime: Engine) -> bool:
    return runtime.processes.workers["errand"].owns


async def _owned(*runtimes: Engine) -> bool:
    return any(_owns(runtime) for runtime in runtimes)


async def _all_there(runtime: Engine, one: UUID, amount: int) -> bool:
    return len(await kept(runtime, one)) == 2 * amount


async def test_an_owner_whose_checkpoint_was_moved_writes_nothing_and_starts_from_there(
    database: Database,
) -> None:
    one, other = uuid4(), uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "put")
        await at_rest(runtime)
        await database.pool.execute("DELETE FROM es.processes")
        await database.pool.execute("UPDATE es.process_checkpoints SET position = 0")
        await note(runtime, other, "put", 2)
        await until(lambda: seen(runtime, one))
        await at_rest(runtime)
        assert (await kept(runtime, one), await kept(runtime, other)) == ([(1, "")], [(2, "")])


async def test_events_that_do_not_concern_the_process_leave_no_lag_to_operators(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes, write = 0, ProcessStore.write

    async def counted(self: ProcessStore, *arguments: Any) -> Any:
        nonlocal writes
        writes += 1
        return await write(self, *arguments)

    monkeypatch.setattr(ProcessStore, "write", counted)
    loop = asyncio.get_running_loop()
    async with running(database, process=replace(errand, correlate=_concerns_none)) as runtime:
        began = loop.time()
        for _ in range(2):
            position = [await note(runtime, uuid4(), "put") for _ in range(20)][-1]

            async def stored(wanted: int = position) -> bool:
                [view] = await checkpoint_views(database.pool, ["errand"])
                return view.position == wanted

            await until(stored)
        assert writes <= (loop.time() - began) / CHECKPOINT_DELAY_SECONDS
        assert await database.pool.fetchval("SELECT count(*) FROM es.processes") == 0


def _concerns_none(fact: object) -> None:
    del fact
