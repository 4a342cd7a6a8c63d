"""The proof passes on the store as it is, fails on a broken store, and sees every loss of facts."""

import asyncio
import re
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import make_url

from app.engine.prove.journal import (
    FULL,
    Acknowledged,
    Delivered,
    Failed,
    OutOfDate,
    RolledBack,
    Sent,
    Started,
)
from app.engine.prove.verdict import Entry, Evidence, judge
from tests.support.cli import next_line, start
from tests.support.databases import execute, run_in_thread

MOMENT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
STREAM, FIRST, SECOND, THIRD, TAKEN_BACK = (UUID(int=n) for n in range(1, 6))

LOG = [
    Delivered(1, STREAM, 1, FIRST, 1),
    Delivered(2, STREAM, 2, FIRST, 2),
    Delivered(3, STREAM, 3, SECOND, 1),
]
GOOD = Evidence(
    log=LOG,
    recorded_at=[MOMENT, MOMENT, MOMENT + timedelta(microseconds=1)],
    ledger={FIRST: Entry(1, 2, None), SECOND: Entry(3, 3, None), THIRD: Entry(4, 3, FULL)},
    writers={
        "writer 1": [
            Sent(FIRST, STREAM, 2),
            Acknowledged(FIRST, 1, 2, False, None),
            Sent(THIRD, STREAM, 0),
            Sent(SECOND, STREAM, 1),
        ],
        "writer 2": [
            Sent(SECOND, STREAM, 1),
            OutOfDate(SECOND),
            Acknowledged(SECOND, 3, 3, False, None),
            RolledBack(TAKEN_BACK),
            Sent(FIRST, STREAM, 2),
            Acknowledged(FIRST, 1, 2, True, None),
            Acknowledged(THIRD, 4, 3, True, FULL),
        ],
    },
    followers={"follower 1": [Started(0), *LOG], "follower 2": [Started(1), *LOG[1:]]},
    killed="writer 1",
    crashed={},
)


def failing(evidence: Evidence) -> list[str]:
    return [claim.text for claim in judge(evidence) if not claim.holds]


def test_a_run_in_which_nothing_was_lost_is_proved() -> None:
    assert failing(GOOD) == []


@pytest.mark.parametrize(
    "given",
    [
        pytest.param([LOG[0], LOG[2]], id="lost"),
        pytest.param([LOG[0], LOG[1], LOG[1], LOG[2]], id="twice"),
        pytest.param([LOG[1], LOG[0], LOG[2]], id="out of order"),
        pytest.param([LOG[0], LOG[1], Delivered(3, STREAM, 3, FIRST, 1)], id="another's"),
        pytest.param(LOG[:2], id="cut short"),
        pytest.param([*LOG, Delivered(4, STREAM, 4, SECOND, 2)], id="too much"),
    ],
)
def test_a_follower_that_is_given_anything_but_the_log_refutes_it(given: list[Delivered]) -> None:
    assert failing(replace(GOOD, followers=dict(GOOD.followers) | {"follower 1": [Started(0), *given]})) == [
        "every follower receives every event after its start once and in order"
    ]


def test_a_follower_that_never_began_refutes_it() -> None:
    assert len(failing(replace(GOOD, followers=dict(GOOD.followers) | {"follower 1": []}))) == 1


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        (
            {"log": LOG[:2], "recorded_at": GOOD.recorded_at[:2]},
            "every acknowledged command is recorded at the positions of its acknowledgement",
        ),
        (
            {"ledger": dict(GOOD.ledger) | {FIRST: Entry(1, 1, None)}},
            "each command id has one effect, complete and at adjacent positions",
        ),
        (
            {"ledger": dict(GOOD.ledger) | {THIRD: Entry(4, 3, None)}},
            "a repeated command gets the first outcome",
        ),
        (
            {"ledger": dict(GOOD.ledger) | {TAKEN_BACK: Entry(4, 3, FULL)}},
            "a rolled back transaction leaves nothing",
        ),
        ({"log": [LOG[0], LOG[2]], "recorded_at": GOOD.recorded_at[:2]}, "positions are dense from 1"),
        (
            {"log": [LOG[0], LOG[2]], "recorded_at": GOOD.recorded_at[:2]},
            "versions of each stream are dense from 1",
        ),
        (
            {"recorded_at": list(reversed(GOOD.recorded_at))},
            "the time of recording never decreases with the position",
        ),
        ({"crashed": {"writer 2": "exit code 1"}}, "every worker succeeds, except the one that is killed"),
        (
            {"followers": {}},
            "the run had conflicts, repeats, rollbacks, a writer killed at work, and followers",
        ),
    ],
)
def test_each_claim_has_something_that_refutes_it(change: dict[str, object], claim: str) -> None:
    assert claim in failing(replace(GOOD, **change))  # pyright: ignore[reportArgumentType]


def test_a_repeat_taken_for_new_and_a_failed_append_refute_it() -> None:
    twice = [
        *GOOD.writers["writer 2"],
        Acknowledged(FIRST, 1, 2, False, None),
        Failed(SECOND, "UniqueViolationError"),
    ]
    assert failing(replace(GOOD, writers=dict(GOOD.writers) | {"writer 2": twice})) == [
        "a repeated command gets the first outcome",
        "no append fails, except by a conflict",
    ]


def scratches(url: str) -> list[str]:
    """The databases of the proofs of this role."""

    async def ask() -> list[str]:
        connection = await asyncpg.connect(url)
        try:
            return [
                row["datname"]
                for row in await connection.fetch(
                    "SELECT datname FROM pg_database"
                    " WHERE datname LIKE 'prove%' AND pg_get_userbyid(datdba) = current_user"
                )
            ]
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.fixture
def own_role(postgres: str) -> Iterator[str]:
    """The server, for a role of this test alone: other tests may prove something on the same server."""
    name = f"prover_{secrets.token_hex(6)}"
    run_in_thread(execute(postgres, f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD 'x'"))
    yield make_url(postgres).set(username=name, password="x").render_as_string(hide_password=False)
    run_in_thread(execute(postgres, f"DROP ROLE {name}"))


@pytest.fixture
def prove(own_role: str) -> Callable[..., subprocess.Popen[str]]:
    def prove(*options: str, url: str = own_role) -> subprocess.Popen[str]:
        return start("prove", *options, DATABASE_URL=url)

    return prove


type Prove = Callable[..., subprocess.Popen[str]]


@pytest.mark.long
def test_the_store_loses_nothing(prove: Prove, own_role: str) -> None:
    with prove("--seconds", "4") as process:
        said, problems = process.communicate(timeout=120)
    assert process.returncode == 0, said + problems
    assert said.splitlines()[-1].startswith("proved: ")
    assert problems == ""
    assert scratches(own_role) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("sabotage", "refuted"),
    [
        ("lock", "no append fails, except by a conflict"),
        pytest.param(
            "sequence",
            "every follower receives every event after its start once and in order",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_a_store_without_its_lock_is_found_out(
    prove: Prove, own_role: str, sabotage: str, refuted: str
) -> None:
    # One follower of each kind is enough to see what is broken.
    with prove("--seconds", "3", "--followers", "2", "--sabotage", sabotage) as process:
        said, problems = process.communicate(timeout=120)
    assert process.returncode == 1, said + problems
    assert re.search(r"^NOT proved: ", said, re.MULTILINE)
    assert f"false: {refuted}" in said
    assert scratches(own_role) == []


def test_stopping_the_proof_leaves_no_scratch_database_behind(prove: Prove, own_role: str) -> None:
    with prove("--seconds", "600") as process:
        assert "proving" in next_line(process)
        assert len(scratches(own_role)) == 1
        process.send_signal(signal.SIGINT)
        _, problems = process.communicate(timeout=60)
    assert process.returncode == 130, problems
    assert "Traceback" not in problems
    assert scratches(own_role) == []


async def test_a_role_that_may_not_make_databases_is_told_so(prove: Prove, postgres: str) -> None:
    connection = await asyncpg.connect(postgres)
    try:
        await connection.execute("CREATE ROLE prove_powerless LOGIN PASSWORD 'x'")
        url = (
            make_url(postgres)
            .set(drivername="postgresql", username="prove_powerless", password="x")
            .render_as_string(hide_password=False)
        )
        with prove(url=url) as process:
            said, problems = await asyncio.to_thread(process.communicate, timeout=60)
    finally:
        await connection.execute("DROP ROLE prove_powerless")
        await connection.close()
    assert (process.returncode, said) == (2, "")
    assert problems.startswith("error: ")
    assert "CREATEDB" in problems
    assert len(problems.splitlines()) == 1
