"""Ports for the programs that tests start."""

import itertools
import os
import random
import re
import socket
from contextlib import closing, suppress

PORTS, PARTS = range(10_000, 32_000), 16
"""The kernel gives no connection a port of this range. So one stays free while a program starts, or starts again."""


def _own_ports() -> range:
    """Those of this worker of pytest-xdist: two of up to 15 workers never take the same one."""
    number = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", ""))
    part = 1 + int(number) % (PARTS - 1) if number else 0
    return PORTS[part::PARTS]


_ports = [*_own_ports()]
random.SystemRandom().shuffle(_ports)
_next = itertools.cycle(_ports)


def free_port() -> int:
    """A port of the loopback address that is free now. This process gets it only once, unless it takes thousands."""
    while True:
        port = next(_next)
        with closing(socket.socket()) as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
