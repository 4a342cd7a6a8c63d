"""What `python -m app trace` shows of one request: commands and facts, each below what led to it."""

import asyncio
from uuid import UUID, uuid4

from app.engine.commands import CommandAccepted, CommandContext
from app.engine.database.connections import Database
from tests.support.cli import assert_user_error, run
from tests.support.toy_counter import Add, Take, engine, tally


async def test_each_command_stands_below_what_led_to_it(database: Database) -> None:
    correlation, other, streams, ids = (
        uuid4(),
        uuid4(),
        [uuid4() for _ in range(3)],
        [uuid4() for _ in range(5)],
    )
    async with engine(database) as each:

        async def execute(
            stream: UUID,
            command: Add | Take,
            command_id: UUID,
            caused_by: int | None = None,
            of: UUID = correlation,
        ) -> int:
            request = CommandContext(
                actor="ann [b]", correlation_id=of, command_id=command_id, caused_by=caused_by
            )
            outcome = await each.commands.execute(tally, stream, command, request)
            assert isinstance(outcome, CommandAccepted)
            return outcome.position

        first = await execute(streams[0], Add(amount=5), ids[0])
        elsewhere = await execute(streams[2], Add(amount=5), ids[1], of=other)
        second = await execute(streams[1], Add(amount=2), ids[2], first)
        await execute(streams[0], Take(amount=1), ids[3], second)
        await execute(streams[2], Take(amount=1), ids[4], elsewhere)
    shown = await asyncio.to_thread(run, "trace", str(correlation), DATABASE_URL=database.url)
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = [line.rsplit("  +", 1)[0] for line in shown.stdout.splitlines()]
    assert lines[0].startswith(f"{correlation}  20")
    assert lines[1:] == [
        f"├── tally.add  by ann [b]  {ids[0]}",
        f"│   └── tally.added  position 1  tally {streams[0]}  version 1",
        f"│       └── tally.add  by ann [b]  {ids[2]}",
        f"│           └── tally.added  position 3  tally {streams[1]}  version 1",
        f"│               └── tally.take  by ann [b]  {ids[3]}",
        f"│                   └── tally.taken  position 4  tally {streams[0]}  version 2",
        f"└── tally.take  by ann [b]  {ids[4]}  caused by position 2 of another request",
        f"    └── tally.taken  position 5  tally {streams[2]}  version 2",
    ]
    unknown = uuid4()
    assert_user_error(
        await asyncio.to_thread(run, "trace", str(unknown), DATABASE_URL=database.url),
        f"no event has the correlation id {unknown}",
    )


def test_what_is_no_id_is_said() -> None:
    assert_user_error(run("trace", "nonsense"), "the correlation id is a UUID")
    assert_user_error(run("audit", "export", "--correlation", "nonsense"), "--correlation is a UUID")
