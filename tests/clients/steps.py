"""The steps of the clients in Python. Each prints one line of JSON, which the test reads."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

URL_HTTP, URL_SOCKET, NAME, ORDER_ID = sys.argv[1:5]


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


async def follow(events: Callable[[str], AsyncIterator[str]], lost: tuple[type[Exception], ...]) -> None:
    """Print the positions. After a lost connection the subscription begins again after the last one."""
    after = "0"
    while True:
        try:
            async for position in events(after):
                after = position
                say(step="event", position=position)
        except lost as error:
            print(repr(error), file=sys.stderr)
        await asyncio.sleep(0.2)


async def answer(later: Callable[[], Awaitable[str]]) -> None:
    """Do what the test says on the standard input: one word a line."""
    say(step="ready")
    while await asyncio.to_thread(sys.stdin.readline):
        say(step="later", name=await later())
