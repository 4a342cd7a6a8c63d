"""What was written to a connection and has not arrived on the other side."""

import array
import asyncio
import fcntl
import termios
from contextlib import suppress


def unacknowledged_bytes(transport: asyncio.Transport) -> int:
    """How many bytes the other side has not acknowledged, of the buffers of this process and of the system.

    The buffer of the system may take megabytes before the buffer of this process gets smaller. Not every system tells
    about it, nor does a socket that is closed: it counts as empty then.
    """
    of_system = array.array("i", [0])
    # `AttributeError`: a closed transport has no socket any more.
    with suppress(OSError, ValueError, AttributeError):
        fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, of_system)
    return transport.get_write_buffer_size() + of_system[0]
