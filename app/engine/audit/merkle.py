"""A tree of hashes (Merkle, 1979; in the shape of RFC 6962): one root stands for many facts, and a path of a few hashes
proves that one fact is among them, without the others."""

from collections.abc import Sequence
from hashlib import sha256


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over one or more leaves."""
    return tree_levels(leaves)[-1][0]


def tree_levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """From the leaves up to the root; a hash without a neighbour goes up as it is."""
    levels = [leaves]
    while len(level := levels[-1]) > 1:
        above = [_joined(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
        levels.append([*above, level[-1]] if len(level) % 2 else above)
    return levels


def inclusion_proof(levels: Sequence[Sequence[bytes]], place: int) -> list[bytes]:
    """The neighbours on the way from the leaf at `place` to the root."""
    path: list[bytes] = []
    for level in levels[:-1]:
        if (neighbour := place ^ 1) < len(level):
            path.append(level[neighbour])
        place //= 2
    return path


def root_from_proof(leaf: bytes, place: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to, from a leaf at `place` among `size`; None where the path is not as long as that takes."""
    rest = iter(path)
    while size > 1:
        if place ^ 1 < size:
            neighbour = next(rest, None)
            if neighbour is None:
                return None
            leaf = _joined(neighbour, leaf) if place % 2 else _joined(leaf, neighbour)
        place, size = place // 2, (size + 1) // 2
    return leaf if next(rest, None) is None else None


def _joined(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
