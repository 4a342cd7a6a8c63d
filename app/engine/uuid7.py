"""The ids that the server makes: newer ones sort behind older ones.

So an index of millions grows at its end, not everywhere.
"""

import os
import time
from uuid import UUID

_LAYOUT = 0x7 << 76 | 0b10 << 62
_FIXED = 0xF << 76 | 0b11 << 62


def uuid7() -> UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 74 of chance. Those of one millisecond are in no order."""
    number = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10))
    return UUID(int=number & ~_FIXED | _LAYOUT)
