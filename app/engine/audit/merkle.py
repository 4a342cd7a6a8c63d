"""A Merkle tree in the shape of RFC 6962.

One root covers many facts, and a few hashes prove that one fact is among them.
"""

from collections.abc import Sequence
from hashlib import sha256


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over one or more leaves."""
    return tree_levels(leaves)[-1][0]


def tree_levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """The levels from the leaves to the root. A hash without a sibling moves up unchanged."""
    levels = [leaves]
    while len(level := levels[-1]) > 1:
        above = [_hash_pair(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
        levels.append([*above, level[-1]] if len(level) % 2 else above)
    return levels


def inclusion_proof(levels: Sequence[Sequence[bytes]], place: int) -> list[bytes]:
    """The siblings on the path from the leaf at `place` to the root."""
    path: list[bytes] = []
    for level in levels[:-1]:
        if (sibling := place ^ 1) < len(level):
            path.append(level[sibling])
        place //= 2
    return path


def root_from_proof(leaf: bytes, place: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that follows from a leaf at `place` of `size` and its path. None if the path has the wrong length."""
    siblings = iter(path)
    while size > 1:
        if place ^ 1 < size:
            sibling = next(siblings, None)
            if sibling is None:
                return None
            leaf = _hash_pair(sibling, leaf) if place % 2 else _hash_pair(leaf, sibling)
        place, size = place // 2, (size + 1) // 2
    return leaf if next(siblings, None) is None else None


def _hash_pair(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
