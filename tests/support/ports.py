"""Ports for the programs that tests start."""

import random
import socket
from contextlib import closing, suppress


def free_port() -> int:
    """A port of the loopback address that is free now.

    The kernel gives ports of this range to no connection, so that it stays free while a program starts, or starts again.
    """
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with closing(socket.socket()) as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
