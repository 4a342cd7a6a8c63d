"""How long a client may take to read what was written for it."""

import asyncio

from app.engine.outgoing import unacknowledged_bytes

MIN_READ_BYTES_PER_SECOND = 8_192
"""What a client has to read of an answer on average. A slower one would keep the answer in memory for a long time."""


def unread_bytes(transport: asyncio.Transport) -> int:
    """What the client has not acknowledged yet; 0 if everything has left this process."""
    return unacknowledged_bytes(transport) if transport.get_write_buffer_size() else 0


class ReadProgress:
    """Whether a client reads on, while nothing more is written for it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._goal = 0
        self._deadline: float | None = None

    def reset(self) -> None:
        """Forget what was left to read: more may be written from now on."""
        self._deadline = None

    def is_stalled(self, unread: int, now: float) -> bool:
        """Whether the client has read too little for so many seconds. `unread` is what is left at the time `now`."""
        if self._deadline is None or unread <= self._goal:
            self._goal = max(0, unread - int(self._seconds * MIN_READ_BYTES_PER_SECOND))
            self._deadline = now + self._seconds
        return now > self._deadline
