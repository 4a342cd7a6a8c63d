"""A network link that a test can freeze, cut and move: a TCP proxy in a thread of its own."""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from threading import Thread
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

CHUNK_BYTES = 65_536
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: the close of the socket is a reset."""


class _Connection:
    """One connection of a client and the one to the target. Nothing passes while `open` is not set."""

    def __init__(self, gate_open: bool) -> None:
        self.gate = asyncio.Event()
        self.lost = False
        self.writers: list[asyncio.StreamWriter] = []
        if gate_open:
            self.gate.set()


class DeadLink:
    """Forwards a port of the loopback address to another one, until it is told not to.

    A frozen link acknowledges what the kernel acknowledges, and passes on nothing: neither data nor the end of a
    connection. New connections are accepted by the kernel and never answered. With `bytes_per_second` the link is slow
    towards the target.
    """

    def __init__(self, target_port: int, bytes_per_second: int | None = None) -> None:
        self._target_port = target_port
        self._frozen = False
        self._lost: tuple[bytes, bytes] | None = None
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: WeakSet[asyncio.WriteTransport] = WeakSet()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="dead-link", daemon=True)
        self._seconds_per_byte = 1 / bytes_per_second if bytes_per_second else 0.0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.setblocking(False)
        if bytes_per_second:
            # What waits stays with the client.
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK_BYTES)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def connections(self) -> int:
        """The number of connections that are open, silent ones too."""
        return len(self._connections)

    def freeze(self) -> None:
        """Pass on nothing any more. All connections stay open."""
        self._call(self._set_frozen(True))

    def thaw(self) -> None:
        """Pass on again, also what was held back. Connections that `redirect` left behind stay silent."""
        self._call(self._set_frozen(False))

    def lose_from(self, message: bytes, content: bytes = b"") -> None:
        """The first data of a client that begins with this message of the protocol, and has this content, is lost. So are all
        data of its connection from then on. Other connections are as before."""
        self._lost = message, content

    def sever(self) -> None:
        """Reset all connections, on both sides."""
        self._call(self._sever())

    def redirect(self, target_port: int) -> None:
        """Lead new connections to another port. The old ones stay open and are silent from now on."""
        self._call(self._redirect(target_port))

    def url(self, database: str = "postgres") -> str:
        """The URL of a database of the cluster behind the link."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def _call[T](self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(10)

    async def _set_frozen(self, frozen: bool) -> None:
        self._frozen = frozen
        for connection in self._connections:
            if frozen:
                connection.gate.clear()
            elif not connection.lost:
                connection.gate.set()

    async def _sever(self) -> None:
        for connection in list(self._connections):
            for writer in connection.writers:
                # It may have been closed a moment ago.
                with suppress(OSError):
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()
            connection.gate.set()

    async def _redirect(self, target_port: int) -> None:
        self._target_port = target_port
        for connection in self._connections:
            connection.lost = True
            connection.gate.clear()

    async def _open(self) -> None:
        # The server of asyncio leaves a connection open that it accepts while it is closed.
        self._loop.add_reader(self._listener, self._on_connection)

    def _on_connection(self) -> None:
        with suppress(BlockingIOError):
            accepted, _ = self._listener.accept()
            self._tasks.add(self._loop.create_task(self._accept(accepted)))

    async def _close(self) -> None:
        self._loop.remove_reader(self._listener)
        # A task that is cancelled before it has begun closes nothing.
        await asyncio.sleep(0)
        await self._sever()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for transport in self._closing:
            transport.abort()
        # The end of a transport is seen in the next turn of the loop.
        await asyncio.sleep(0)
        self._listener.close()

    def _see(self, connection: _Connection, data: bytes) -> None:
        if self._lost is not None and data.startswith(self._lost[0]) and self._lost[1] in data:
            self._lost = None
            connection.lost = True
            connection.gate.clear()

    async def _accept(self, accepted: socket.socket) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = _Connection(not self._frozen)
        self._connections.add(connection)
        try:
            accepted.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=accepted)
            connection.writers.append(writer)
            await connection.gate.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            connection.writers.append(far_writer)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(
                    _pump(
                        reader,
                        far_writer,
                        connection.gate,
                        partial(self._see, connection),
                        self._seconds_per_byte,
                    )
                )
                pumps.create_task(_pump(far_reader, writer, connection.gate))
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            # A side has ended, or the link is closed: the other side sees the same.
            for each in connection.writers:
                each.transport.abort()
        finally:
            self._connections.discard(connection)
            self._tasks.discard(task)
            for each in connection.writers:
                each.close()
                # What a slow link has not sent yet ends with the link.
                self._closing.add(each.transport)


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    gate: asyncio.Event,
    see: Callable[[bytes], None] = lambda _: None,
    seconds_per_byte: float = 0.0,
) -> None:
    while True:
        data = await reader.read(CHUNK_BYTES)
        see(data)
        await asyncio.sleep(len(data) * seconds_per_byte)
        await gate.wait()
        if not data:
            with suppress(OSError):
                writer.write_eof()
            return
        writer.write(data)
        await writer.drain()
