"""Frames of one turn of the loop leave in one write, whole and in order; the held bytes are bounded."""

import asyncio
from typing import override

from app.engine.server.websocket_transport import MAX_BUFFERED_BYTES, WriteCombiningTransport


class Wire(asyncio.Transport):
    """Keeps what leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.writes.append(bytes(data))

    @override
    def close(self) -> None:
        self.closed = True

    @override
    def abort(self) -> None:
        self.closed = True

    @override
    def is_closing(self) -> bool:
        return self.closed


async def test_what_is_written_in_one_turn_leaves_together_and_the_rest_after_it() -> None:
    wire = Wire()
    cork = WriteCombiningTransport(wire, asyncio.get_running_loop())
    for frame in (b"one", b"two", bytearray(b"three")):
        cork.write(frame)
    assert wire.writes == []
    await asyncio.sleep(0)
    assert wire.writes == [b"onetwothree"]
    cork.write(b"four")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert wire.writes == [b"onetwothree", b"four"]


async def test_more_than_is_held_leaves_at_once() -> None:
    wire = Wire()
    cork = WriteCombiningTransport(wire, asyncio.get_running_loop())
    frame = bytes(1_000)
    for _ in range(1_000):
        cork.write(frame)
    assert sum(len(write) for write in wire.writes) >= 1_000_000 - MAX_BUFFERED_BYTES - len(frame)
    await asyncio.sleep(0)
    assert sum(len(write) for write in wire.writes) == 1_000_000


async def test_what_is_held_leaves_before_the_end_but_for_an_abort() -> None:
    wire, cut = Wire(), Wire()
    loop = asyncio.get_running_loop()
    closed, aborted = WriteCombiningTransport(wire, loop), WriteCombiningTransport(cut, loop)
    for item in (closed, aborted):
        item.write(b"the last words")
    closed.close()
    aborted.abort()
    assert (wire.writes, wire.closed) == ([b"the last words"], True)
    await asyncio.sleep(0)
    assert (cut.writes, cut.closed) == ([], True)
