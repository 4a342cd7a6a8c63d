"""Ids that the server makes are UUIDs of version 7."""

import time
from uuid import RFC_4122

from app.engine.uuid7 import uuid7


def test_an_id_has_the_layout_of_version_7_and_the_moment_it_was_made_at() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_ids_of_one_millisecond_differ_and_the_newer_millisecond_sorts_behind() -> None:
    made = [uuid7() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert [each.int >> 80 for each in made] == sorted(each.int >> 80 for each in made)
    # All 74 bits of chance are in use.
    either = everywhere = made[0].int
    for each in made:
        either |= each.int
        everywhere &= each.int
    assert (either ^ everywhere) & (2**80 - 1) == (2**80 - 1) & ~(0xF << 76 | 0b11 << 62)
