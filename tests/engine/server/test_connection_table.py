"""Which connection makes room, and that each place is given back. Without a server."""

import asyncio
import random
import socket
import struct
from collections import Counter
from typing import Any, override

import uvicorn
from uvicorn.server import ServerState

from app.engine.server.connections import SPARES_PER_ADDRESS, ConnectionTable, Listener
from app.engine.server.http_protocol import BoundedHttpProtocol, RequestLimits

ONE, OTHER = "127.0.0.1", "127.0.0.2"


class Busy:
    """A connection that has a request."""

    def __init__(self, address: str, places: "Places") -> None:
        self.address = address
        self._places = places

    def make_way(self) -> None:
        self._places.closed.append(self)
        self._places.lose(self)


class Places:
    """A table with such connections."""

    def __init__(self, limit: int) -> None:
        self.connections: dict[Any, None] = {}
        self.closed: list[Busy] = []
        self.table = ConnectionTable(self.connections.keys(), limit)

    def accept(self, address: str) -> bool:
        """Whether there is room. The connection is then opening."""
        has_room = self.table.make_room(address)
        if has_room:
            self.table.count_opening(address, 1, is_spare=False)
        return has_room

    def open(self, address: str) -> Busy:
        connection: Any = Busy(address, self)
        self.connections[connection] = None
        self.table.opened(connection, address, is_spare=False)
        return connection

    def lose(self, connection: Any) -> None:
        self.connections.pop(connection, None)
        self.table.lost(connection)

    def sizes(self) -> Counter[str]:
        return Counter(connection.address for connection in self.connections)


def test_newcomers_of_one_turn_get_no_more_than_their_share() -> None:
    places = Places(12)
    for _ in range(12):
        assert places.accept(ONE)
        places.open(ONE)
    accepted = [places.accept(OTHER) for _ in range(12)]
    assert accepted == [True] * 6 + [False] * 6
    assert not any(places.accept(ONE) for _ in range(12))
    for _ in range(6):
        places.open(OTHER)
    assert places.sizes() == {ONE: 6, OTHER: 6}


def test_a_newcomer_takes_from_the_largest_network_if_that_has_two_more_and_from_no_other() -> None:
    choose = random.Random(7)
    places = Places(30)
    addresses = [f"127.0.0.{number}" for number in range(1, 9)]
    refused = 0
    for _ in range(5_000):
        if places.connections and choose.random() < 0.3:
            places.lose(choose.choice(list(places.connections)))
        # Some come often, some seldom.
        address = addresses[min(choose.randrange(8), choose.randrange(8))]
        sizes, closed = places.sizes(), len(places.closed)
        largest = max(sizes.values(), default=0)
        has_room = places.accept(address)
        takes = sizes.total() == 30 and largest - sizes[address] >= 2
        assert has_room is (sizes.total() < 30 or takes)
        assert [sizes[gone.address] for gone in places.closed[closed:]] == [largest] * takes
        if has_room:
            places.open(address)
        refused += not has_room
    assert refused > 100
    assert len(places.closed) > 100


async def test_a_client_that_resets_its_connection_at_once_keeps_no_place() -> None:
    lost: asyncio.Queue[object] = asyncio.Queue()

    class Protocol(BoundedHttpProtocol):
        @override
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.put_nowait(self)

    async def no_request(scope: object, receive: object, send: object) -> None:
        raise AssertionError

    config = uvicorn.Config(no_request, lifespan="off", log_config=None)
    config.load()
    limits = RequestLimits(8_192, 40, 2_048, header_seconds=10, idle_seconds=10)
    for limit in (SPARES_PER_ADDRESS, 0):
        state = ServerState()
        table = ConnectionTable(state.connections, limit)

        def create(state: Any = state, table: Any = table, **options: Any) -> Protocol:
            return Protocol(
                config=config, server_state=state, app_state={}, table=table, limits=limits, **options
            )

        with socket.create_server((ONE, 0)) as listening:
            for _ in range(SPARES_PER_ADDRESS):
                with socket.create_connection(listening.getsockname()) as client:
                    # Its end is a reset.
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            listener = Listener(listening, create, table, b"")
            listener.start()
            async with asyncio.timeout(20):
                for _ in range(SPARES_PER_ADDRESS):
                    await lost.get()
            listener.close()
        assert table.has_spare(ONE)
        assert table.make_room(ONE) is (limit > 0)
