"""The newest facts of the log in memory, bounded by their number and by their size."""

from collections.abc import Sequence

import msgspec

from app.engine.store.log_identity import Fact

FACT_BYTES = 1_000
"""The memory of a fact without the fields of its event."""
BYTES_PER_CHARACTER = 7
"""The memory of the fields of an event for each byte of their JSON."""
KEPT_SHARE = 0.8
"""What is kept of a full buffer, so that not each fact moves all others."""


def estimated_size(fact: Fact) -> int:
    """The memory of a fact in bytes, estimated from above."""
    return FACT_BYTES + BYTES_PER_CHARACTER * len(_encode(fact.event))


_encode = msgspec.json.Encoder(enc_hook=str).encode


class FeedBuffer:
    """At least `size` facts and at most twice as many, if they fit into `max_bytes`."""

    def __init__(self, size: int, max_bytes: int) -> None:
        self._size = size
        self._max_bytes = max_bytes
        self.facts: list[Fact] = []
        self._sizes: list[int] = []
        self.bytes = 0
        """The memory of the facts, estimated."""

    def extend(self, facts: Sequence[Fact]) -> None:
        """Add facts that follow the newest one. The newest stays, however large it is: it names the log."""
        sizes = [estimated_size(fact) for fact in facts]
        self.facts += facts
        self._sizes += sizes
        self.bytes += sum(sizes)
        if len(self.facts) > 2 * self._size:
            self._drop(len(self.facts) - self._size)
        if self.bytes > self._max_bytes:
            dropped, kept = 0, self.bytes
            while kept > KEPT_SHARE * self._max_bytes and dropped < len(self.facts) - 1:
                kept -= self._sizes[dropped]
                dropped += 1
            self._drop(dropped)

    def clear(self) -> None:
        self._drop(len(self.facts))

    def _drop(self, number: int) -> None:
        """Drop the oldest facts."""
        self.bytes -= sum(self._sizes[:number])
        del self.facts[:number], self._sizes[:number]
