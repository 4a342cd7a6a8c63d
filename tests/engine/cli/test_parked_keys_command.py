"""The terminal shows parked keys, and a killed retry leaves everything as it was or everything done."""

import asyncio
import signal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from app.engine.application import Application
from app.engine.database.connections import Database
from app.engine.projector.parking.admin import list_parked_keys, request_retry
from app.engine.read_models.queries import Range
from app.engine.settings import EngineSettings
from projections.kernel import Projection
from tests.support.cli import invoke, run_python
from tests.support.databases import as_superuser, execute
from tests.support.scenarios import fold_all
from tests.support.toy_counter import engine, table_rows, tallies, tally
from tests.support.toy_parking import (
    BROKEN,
    BROKEN_FOLD_NAME,
    POISON,
    add,
    assert_nothing_parked,
    key_text,
    wait_until_folded,
    with_fold,
)


class Terminal:
    """Runs `python -m app projections …` with the toy as the only projection."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self, *arguments: str, code: Projection[Any] = BROKEN) -> tuple[int, list[str]]:
        """The exit code and the lines on standard output, or those on standard error if there are none."""
        toy = Application(settings=EngineSettings, deciders=(tally,), projections=(code,))
        result = await asyncio.to_thread(
            invoke, "projections", *arguments, application=toy, DATABASE_URL=self._url
        )
        return result.returncode, result.stdout.splitlines() or result.stderr.splitlines()


@pytest.fixture
def terminal(database_url: str) -> Terminal:
    return Terminal(database_url)


async def test_the_whole_way_of_an_operator(database: Database, terminal: Terminal) -> None:
    assert await terminal("parked") == (0, ["no parked keys"])
    assert await terminal("retry", "tallies") == (0, ["tallies: no parked keys"])
    one, two = uuid4(), uuid4()
    async with engine(database, projections=[BROKEN]) as running:
        first, second = await add(running, one, note=POISON), await add(running, two, note=POISON)
        await add(running, one, 5)
        await wait_until_folded(running, BROKEN)
        # A process owns the projection, and does what is asked.
        code, lines = await terminal("parked", "tallies")
        assert (code, len(lines)) == (0, 3)
        assert lines[1].split()[:2] == ["tallies", str(first)]
        assert lines[1].endswith(f"{BROKEN_FOLD_NAME}: {first}")
        code, lines = await terminal("parked", "tallies", str(one))
        assert (code, lines[0], lines[-1]) == (
            0,
            "Traceback (most recent call last):",
            f"{BROKEN_FOLD_NAME}: {first}",
        )
        assert await terminal("retry", "tallies", str(one)) == (1, ["tallies: 1 still parked"])
        assert await terminal(
            "skip", "tallies", key_text(two), "--position", str(second), "--reason", "a test"
        ) == (0, ["tallies: 1 recovered"])
        assert (await list_parked_keys(database, BROKEN, Range(10)))[0].key == key_text(one)
    # No process does: the command does it itself.
    assert await terminal("retry", "tallies", code=tallies) == (0, ["tallies: 1 recovered"])
    assert await terminal("unskip", "tallies", str(two), "--position", str(second), code=tallies) == (
        0,
        ["tallies: 1 recovered"],
    )
    async with engine(database) as running:
        await assert_nothing_parked(running, tallies)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("parked", "nonsense"), "there is no projection nonsense; there are tallies"),
        (("retry", "nonsense"), "there is no projection nonsense; there are tallies"),
        (("skip", "nonsense", "x", "--position", "1"), "there is no projection nonsense; there are tallies"),
        (("parked", "tallies", "x"), "'x' is no key of tallies: give it as it is listed, a JSON list of id"),
        (
            ("retry", "tallies", "[1]"),
            "'[1]' is no key of tallies: give it as it is listed, a JSON list of id",
        ),
        (("retry", "tallies", "0" * 32), 'tallies: ["00000000-0000-0000-0000-000000000000"] is not parked'),
        (("parked", "tallies", "0" * 32), 'tallies: ["00000000-0000-0000-0000-000000000000"] is not parked'),
        (
            ("skip", "tallies", "0" * 32, "--position", "1"),
            "a reason of 1 to 1,000 characters is required",
        ),
    ],
)
async def test_a_user_error_is_one_line(terminal: Terminal, arguments: tuple[str, ...], message: str) -> None:
    assert await terminal(*arguments) == (2, [f"error: {message}"])


async def test_a_database_that_takes_no_writes_is_one_line(database_url: str, terminal: Terminal) -> None:
    name = make_url(database_url).database
    await execute(as_superuser(database_url), f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    for arguments in (
        ("retry", "tallies"),
        ("skip", "tallies", "0" * 32, "--position", "1", "--reason", "a test"),
        ("unskip", "tallies", "0" * 32, "--position", "1"),
    ):
        code, [line] = await terminal(*arguments)
        assert code == 2
        assert "in a read-only transaction" in line


async def test_an_owner_that_does_not_answer_is_waited_for_no_longer_than_asked(
    database: Database, terminal: Terminal
) -> None:
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, uuid4(), note=POISON)
        await wait_until_folded(running, BROKEN)
        async with running.projector.workers["tallies"].writer.lock:  # type: ignore[union-attr]
            code, [line] = await terminal("retry", "tallies", "--wait", "0.3")
            assert (code, line) == (1, "tallies: 1 pending: the owning process retries them")


async def test_what_clients_sent_cannot_speak_to_the_terminal(database: Database, terminal: Terminal) -> None:
    def speaks(*_: object) -> None:
        raise ValueError("\x1b[2J\nsecond line")

    async with engine(database, projections=[with_fold(speaks)]) as running:
        await add(running, uuid4())
        await wait_until_folded(running, running.projector.workers["tallies"].projection)
    _, lines = await terminal("parked")
    assert lines[1].endswith("ValueError: \\u001b[2J\\u000asecond line")


RETRY_AND_DIE = """
import asyncio
import sys

from tests.support.toy_parking import retry_and_die

asyncio.run(retry_and_die(sys.argv[1]))
"""


async def test_a_retry_that_is_killed_leaves_all_as_it_was_or_all_done(
    database: Database, database_url: str
) -> None:
    """At four points, one after the other; each command goes on where the last one left off."""
    bad = [uuid4() for _ in range(5)]
    async with engine(database, projections=[BROKEN]) as running:
        for stream in bad:
            await add(running, stream)
            await add(running, stream, note=POISON)
            await add(running, stream, 7)
        history = await wait_until_folded(running, BROKEN)
        before = await table_rows(running, BROKEN)
        after = fold_all(tallies, history)
    for point, left in (
        ("reading", 5),
        ("before writing", 5),
        ("before the commit", 5),
        ("after the commit", 0),
    ):
        result = await asyncio.to_thread(run_python, RETRY_AND_DIE, point, DATABASE_URL=database_url)
        assert result.returncode == -signal.SIGKILL, result
        parked = await list_parked_keys(database, tallies, Range(10))
        assert len(parked) == left
        assert all(each.retry_requested_at for each in parked)
        assert await table_rows(running, tallies) == (before if left else after)
    async with engine(database) as running:
        await assert_nothing_parked(running, tallies)


async def test_the_next_owner_does_what_the_last_one_was_asked_and_did_not_do(database: Database) -> None:
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, uuid4(), note=POISON)
        await wait_until_folded(running, BROKEN)
    await request_retry(database, tallies)
    async with engine(database) as running:
        while await list_parked_keys(database, tallies, Range(1)):
            await running.projector.workers["tallies"].retry_parked()
            await asyncio.sleep(0)
        await assert_nothing_parked(running, tallies)
