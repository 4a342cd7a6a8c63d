"""The worker processes of the proof: writers that count on shared tallies, and followers that tail the log.

A worker reads its job from the first line of stdin. It ends at the next line, or when stdin closes. It writes each
result to its journal before it continues. So the journal is complete even if the worker is killed.
"""

import asyncio
import sys

import msgspec

from app.engine.database.connections import Database
from app.engine.prove.follower import Follower
from app.engine.prove.journal import Job, tally
from app.engine.prove.writer import Writer
from app.engine.store.append import open_appender
from app.engine.store.codec import EventCodec
from app.engine.store.notifier import LogNotifier


async def _write(job: Job, database: Database, messages: asyncio.StreamReader) -> None:
    wake = LogNotifier(database.connect, lambda position: None)
    waking, stop = asyncio.create_task(wake.run()), asyncio.create_task(messages.readline())
    try:
        async with open_appender(
            database.connect, EventCodec([tally]), lambda head, _facts, _before: wake.notify(head)
        ) as appender:
            writer = Writer(job, database, appender)
            work = asyncio.create_task(writer.run())
            await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
            writer.stopped = True
            await work
    finally:
        waking.cancel()
        stop.cancel()


async def _follow(job: Job, database: Database, messages: asyncio.StreamReader) -> None:
    """Tail until the last position is known, then up to it, or until no more facts come."""
    follower = Follower(job, database)
    work = asyncio.create_task(follower.tail_feed() if job.role == "feed" else follower.tail_table())
    stop = asyncio.create_task(messages.readline())
    try:
        await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
        end, last_reached, seconds_left = (
            int(stop.result() or 0) if stop.done() else 0,
            -1,
            STOP_TIMEOUT_SECONDS,
        )
        while not work.done() and follower.reached < end and seconds_left > 0:
            if follower.reached != last_reached:
                seconds_left = STOP_TIMEOUT_SECONDS
            else:
                seconds_left -= 0.05
            last_reached = follower.reached
            await asyncio.wait([work], timeout=0.05)
        if work.done():
            work.result()
    finally:
        stop.cancel()
        work.cancel()
        await asyncio.wait([work])


STOP_TIMEOUT_SECONDS = 5.0
"""Seconds without a new fact after which a follower stops."""


async def _work() -> None:
    loop = asyncio.get_running_loop()
    messages = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(messages), sys.stdin)
    job = msgspec.json.decode(await messages.readline(), type=Job)
    database = Database(job.url, pool=2)
    await database.open()
    try:
        await (_write if job.role == "write" else _follow)(job, database, messages)
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(_work())
