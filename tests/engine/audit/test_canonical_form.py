"""What is hashed today is hashed so for ever, wherever it runs; one hash stands for many facts."""

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.audit.canonical import (
    COLUMNS,
    canonical_bytes,
    fact_from_row,
    fact_hash,
    parse_canonical,
    seal_hash,
)
from app.engine.audit.merkle import inclusion_proof, root_from_proof, root_of, tree_levels
from app.engine.database.connections import Database
from tests.support.sealed_log import fill

# --- The form ---------------------------------------------------------------

text = st.text(st.characters(exclude_categories=["Cs"]))
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=20,
)


@given(values)
def test_it_is_what_the_standard_library_writes(value: Any) -> None:
    assert (
        canonical_bytes(value)
        == json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    )
    assert canonical_bytes(parse_canonical(canonical_bytes(value), object)) == canonical_bytes(value)


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?", fullmatch=True))
def test_a_number_keeps_its_digits(digits: str) -> None:
    assert canonical_bytes(parse_canonical(digits.encode(), object)) == (
        b"0" if digits == "-0" else digits.encode()
    )


FIRST = (
    '{"actor":"ann","category":"tally","command_id":"00000000-0000-0000-0001-000000000003","correlation_id":"00000000-0000-0000-0002-000000000000","data":'
    '{"amount":3,"note":"née \\"3\\"","parts":[3,null,true],"price":1.50},"occurred_at":"2026-01-01T10:00:03.000003Z","position":3,'
    '"recorded_at":"2026-01-01T11:00:03.000000Z","stream_id":"00000000-0000-0000-0000-000000000000","type":"tally.added","type_version":1,"version":1}'
)


async def test_a_fact_has_the_hash_that_it_has_always_had_with_any_settings_of_the_session(
    database: Database,
) -> None:
    await fill(database, 3)
    await database.pool.execute(
        "ALTER TABLE es.events DISABLE TRIGGER ALL; UPDATE es.events SET caused_by = NULL"
    )
    for settings in (
        "SELECT 1",
        "SET DateStyle = 'German, DMY'; SET TimeZone = 'Asia/Kathmandu'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -10; SET bytea_output = 'escape'",
    ):
        connection = await database.connect()
        await connection.execute(settings)
        fact = fact_from_row(await connection.fetchrow(f"SELECT {COLUMNS} FROM es.events WHERE position = 3"))
        await connection.close()
        assert canonical_bytes(fact).decode() == FIRST
        assert fact_hash(fact) == sha256(b"\x00" + FIRST.encode()).digest()


async def test_a_column_that_is_added_later_leaves_older_facts_as_they_are(database: Database) -> None:
    row = {"position": 3, "actor": "ann", "caused_by": None, "data": '{"a": null}'}
    assert (
        fact_from_row(row)
        == fact_from_row(row | {"tenant": None})
        == {"position": 3, "actor": "ann", "data": {"a": None}}
    )
    assert fact_hash(fact_from_row(row)) != fact_hash(fact_from_row(row | {"tenant": "north"}))


def test_a_seal_has_the_hash_that_it_has_always_had() -> None:
    expected = f'{{"first":1,"last":9,"number":1,"previous":"{"00" * 32}","root":"{"11" * 32}","sealed_at":"2026-01-01T00:00:00.000000Z"}}'
    made = seal_hash(bytes(32), 1, 1, 9, b"\x11" * 32, "2026-01-01T00:00:00.000000Z")
    assert made == sha256(b"\x02" + expected.encode()).digest()


# --- The tree ---------------------------------------------------------------


def leaves(size: int) -> list[bytes]:
    return [sha256(str(number).encode()).digest() for number in range(size)]


def test_a_tree_has_the_root_that_it_has_always_had() -> None:
    one, two, three = leaves(3)
    pair = sha256(b"\x01" + one + two).digest()
    assert root_of([one]) == one
    assert root_of([one, two, three]) == sha256(b"\x01" + pair + three).digest()


@pytest.mark.parametrize("size", [*range(1, 20), 1_000])
def test_the_path_of_every_leaf_leads_to_the_root_and_from_nothing_else(size: int) -> None:
    below = leaves(size)
    levels = tree_levels(below)
    for place in range(0, size, 1 + size // 50):
        path = inclusion_proof(levels, place)
        assert len(path) <= (size - 1).bit_length()
        assert root_from_proof(below[place], place, size, path) == root_of(below)
        assert root_from_proof(below[place - 1], place, size, path) != root_of(below) or size == 1
        assert root_from_proof(below[place], place, size, [*path, below[0]]) is None
        assert not path or root_from_proof(below[place], place, size, path[:-1]) is None
        assert not path or root_from_proof(below[place], (place + 1) % size, size, path) != root_of(below)
