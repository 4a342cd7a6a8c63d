"""A change of the log or the seals that gets past the guards is found; no other change is possible."""

import asyncio
import subprocess

import asyncpg
import pytest

from app.engine.audit import verify_log
from app.engine.audit.canonical import seal_hash
from app.engine.audit.export import ExportScope, Tampered, export_log
from app.engine.audit.verify_log import verify, verify_in_transaction
from app.engine.database.connections import Database
from app.engine.settings import MAX_SEAL_EVENTS
from tests.support.cli import assert_user_error, invoke, run
from tests.support.sealed_log import GUARD, UNGUARD, fill, seal, tamper


async def findings(database: Database, expect: bytes | None = None) -> list[str]:
    return (await verify(database, expect)).findings


async def found_after(database: Database, change: str, guard: str = GUARD) -> list[str]:
    """What is found after a change that goes past the guards, which is taken back."""
    connection = await database.connect()
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"{UNGUARD}; {change}; {guard}")
        return (await verify_in_transaction(connection, None, lambda done, all_: None)).findings
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.fixture
async def sealed(database: Database) -> Database:
    """34 facts under seals of 10, the last of 4, and 6 more that are not sealed."""
    await fill(database, 34)
    await seal(database)
    await fill(database, 40)
    return database


async def test_a_log_without_changes_has_nothing_to_be_found(sealed: Database) -> None:
    report = await verify(sealed)
    assert report.findings == []
    assert (report.facts, report.seals, report.newer) == (34, 4, 6)


async def test_an_empty_log_has_nothing_to_be_found(database: Database) -> None:
    assert (await verify(database)).findings == []


CHANGES = {
    "position": "position + 1000",
    "category": "'other'",
    "stream_id": "gen_random_uuid()",
    "version": "version + 1000",
    "type": "'tally.taken'",
    "type_version": "2",
    "data": "jsonb_set(data, '{amount}', '18')",
    "command_id": "gen_random_uuid()",
    "correlation_id": "gen_random_uuid()",
    "caused_by": "3",
    "actor": "'bob'",
    "occurred_at": "occurred_at + interval '1 microsecond'",
    "recorded_at": "recorded_at - interval '1 microsecond'",
}


async def test_every_column_of_the_log_is_tried_here(database: Database) -> None:
    rows = await database.pool.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'es' AND table_name = 'events'"
    )
    assert {row["column_name"] for row in rows} == set(CHANGES), (
        "a column was added: it belongs into app/engine/audit/canonical.py, and here"
    )


async def test_a_change_of_any_column_is_found(sealed: Database) -> None:
    for column, changed in CHANGES.items():
        found = await found_after(sealed, f"UPDATE es.events SET {column} = {changed} WHERE position = 17")
        assert found[0] == (
            "position 17: is missing"
            if column == "position"
            else "position 17: was changed after it was sealed"
        ), column


ANY_MOMENT = "ALTER TABLE es.events DROP CONSTRAINT IF EXISTS events_occurred_at"

SMALL = [
    ("a cause that is taken away", "UPDATE es.events SET caused_by = NULL WHERE position = 18"),
    (
        "a zero more behind the point",
        "UPDATE es.events SET data = jsonb_set(data, '{price}', '1.500') WHERE position = 18",
    ),
    (
        "a number as a text",
        """UPDATE es.events SET data = jsonb_set(data, '{price}', '"1.50"') WHERE position = 18""",
    ),
    ("null for true", "UPDATE es.events SET data = jsonb_set(data, '{parts,2}', 'null') WHERE position = 18"),
    ("a member more", "UPDATE es.events SET data = data || '{\"more\": null}' WHERE position = 18"),
    (
        "never for a moment",
        f"{ANY_MOMENT}; UPDATE es.events SET occurred_at = '-infinity' WHERE position = 18",
    ),
    (
        "before the year one",
        f"{ANY_MOMENT}; UPDATE es.events SET occurred_at = '0044-03-15 BC' WHERE position = 18",
    ),
    (
        "a number that no event can have",
        "UPDATE es.events SET data = to_jsonb(10::numeric ^ 9000) WHERE position = 18",
    ),
    (
        "no data at all",
        "ALTER TABLE es.events ALTER data DROP NOT NULL; UPDATE es.events SET data = NULL WHERE position = 18",
    ),
    ("null for data", "UPDATE es.events SET data = 'null' WHERE position = 18"),
]


async def test_a_small_change_is_found(sealed: Database) -> None:
    for what, change in SMALL:
        assert await found_after(sealed, change) == ["position 18: was changed after it was sealed"], what


INSERT = "INSERT INTO es.events SELECT {}, category, gen_random_uuid(), 1, type, 1, data, gen_random_uuid(), correlation_id, NULL, actor, occurred_at, recorded_at FROM es.events WHERE position = 9"
SHIFT = "UPDATE es.events SET position = -position WHERE position >= {0}; UPDATE es.events SET position = {1} - position WHERE position < 0;"

MOVES = [
    ("one removed", "DELETE FROM es.events WHERE position = 17", ["position 17: is missing"]),
    ("the first removed", "DELETE FROM es.events WHERE position = 1", ["position 1: is missing"]),
    (
        "some removed, over the border of a seal",
        "DELETE FROM es.events WHERE position BETWEEN 18 AND 22",
        ["positions 18 to 20: are missing", "positions 21 to 22: are missing"],
    ),
    (
        "removed, and those behind moved up",
        f"DELETE FROM es.events WHERE position = 17; {SHIFT.format(17, -1)}",
        ["position 17: was changed after it was sealed"],
    ),
    (
        "put in, and those behind moved on",
        f"{SHIFT.format(17, 1)} {INSERT.format(17)}",
        ["position 17: was changed after it was sealed"],
    ),
    ("put in before the first", INSERT.format(0), ["position 0: was inserted"]),
    (
        "put in next to another",
        f"ALTER TABLE es.events DROP CONSTRAINT events_pkey; {INSERT.format(17)}",
        ["position 17: was inserted, a duplicate"],
    ),
    (
        "two swapped",
        "UPDATE es.events SET position = -position WHERE position IN (17, 18); UPDATE es.events SET position = 35 + position WHERE position < 0",
        ["position 17: was changed after it was sealed", "position 18: was changed after it was sealed"],
    ),
    (
        "two swapped between seals",
        "UPDATE es.events SET position = -position WHERE position IN (3, 33); UPDATE es.events SET position = 36 + position WHERE position < 0",
        ["position 3: was changed after it was sealed", "position 33: was changed after it was sealed"],
    ),
    ("the tail cut off", "DELETE FROM es.events WHERE position >= 32", ["positions 32 to 34: are missing"]),
    ("everything removed", "DELETE FROM es.events", ["positions 1 to 10: are missing"]),
    (
        "a hole in what is not sealed",
        "DELETE FROM es.events WHERE position = 37",
        ["position 37: is missing"],
    ),
]


async def test_what_is_removed_put_in_or_moved_is_found(sealed: Database) -> None:
    for what, change, found in MOVES:
        assert (await found_after(sealed, change))[: len(found)] == found, what


SEALS = [
    (
        "UPDATE es.seals SET hash = sha256(hash) WHERE number = 2",
        "seal 2: was changed, or seal 1 was: it does not follow from it",
    ),
    (
        "UPDATE es.seals SET root = sha256(root) WHERE number = 2",
        "seal 2: was changed, or seal 1 was: it does not follow from it",
    ),
    ("UPDATE es.seals SET root = sha256(root) WHERE number = 1", "seal 1: was changed"),
    (
        "UPDATE es.seals SET sealed_at = sealed_at - interval '1 microsecond' WHERE number = 4",
        "seal 4: was changed, or seal 3 was: it does not follow from it",
    ),
    (
        "UPDATE es.seals SET marks = set_byte(marks, 3, 255 - get_byte(marks, 3)) WHERE number = 2",
        "seal 2: was changed: its leaf prefixes are not those of its events",
    ),
    (
        "UPDATE es.seals SET marks = '' WHERE number = 2",
        "seal 2: was changed: its leaf prefixes are not those of its events",
    ),
    (
        "UPDATE es.seals SET last_position = 9000000000000000000 WHERE number = 4",
        "seal 4: was changed, or seal 3 was: it does not follow from it",
    ),
    (
        "UPDATE es.seals SET first_position = 12 WHERE number = 2",
        "seal 2: was changed, or seal 1 was: it does not follow from it",
    ),
    ("UPDATE es.seals SET number = 9 WHERE number = 4", "seal 4: is missing"),
    ("UPDATE es.seals SET number = 0 WHERE number = 1", "seal 0: has no place in the chain"),
    ("DELETE FROM es.seals WHERE number = 1", "seal 1: is missing"),
    ("DELETE FROM es.seals WHERE number IN (2, 3)", "seal 2: is missing"),
]


async def test_what_is_not_sealed_is_read_page_by_page_and_its_gaps_are_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log without seals may be larger than the memory."""
    await fill(database, 8)
    await tamper(database, "DELETE FROM es.events WHERE position IN (4, 5)")
    monkeypatch.setattr(verify_log, "PAGE_SIZE", 3)
    progress: list[tuple[int, int]] = []
    report = await verify(database, on_progress=lambda done, last: progress.append((done, last)))
    assert report.findings == ["positions 4 to 5: are missing"]
    assert (report.facts, report.newer) == (0, 6)
    assert progress == [(3, 8), (8, 8)]


async def test_a_seal_that_was_changed_or_removed_is_found(sealed: Database) -> None:
    for change, found in SEALS:
        assert found in await found_after(sealed, change), change


@pytest.mark.parametrize("last", [34 + MAX_SEAL_EVENTS + 1, 2**62])
async def test_a_seal_over_more_events_than_a_seal_covers_is_found_and_takes_no_memory(
    sealed: Database, last: int
) -> None:
    previous = (await verify(sealed)).head
    assert previous is not None
    forged = seal_hash(previous.hash, 5, 35, last, previous.root, "2026-01-01T12:00:00.000000Z")
    await sealed.pool.execute(
        "INSERT INTO es.seals (number, first_position, last_position, root, marks, sealed_at, hash)"
        " VALUES (5, 35, $1, $2, '', '2026-01-01T12:00:00Z', $3)",
        last,
        previous.root,
        forged,
    )
    report = await verify(sealed)
    assert report.findings == [
        f"seal 5: covers positions 35 to {last}, more than the {MAX_SEAL_EVENTS:,} events of the largest seal"
    ]
    assert (report.facts, report.newer) == (34, 6)
    with pytest.raises(Tampered, match="seal 5: was changed"):
        await export_log(sealed, ExportScope(first=35, last=35), lambda data: None)


async def test_what_lies_before_a_forged_seal_is_read_page_by_page(
    sealed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tamper(
        sealed,
        "UPDATE es.seals SET first_position = 9000, last_position = 9000, marks = substring(marks FOR 8) WHERE number = 4",
    )
    monkeypatch.setattr(verify_log, "PAGE_SIZE", 5)
    progress: list[int] = []
    report = await verify(sealed, on_progress=lambda done, last: progress.append(done))
    assert report.findings == [
        "seal 4: was changed, or seal 3 was: it does not follow from it",
        "positions 41 to 8999: are missing",
        "position 9000: is missing",
    ]
    assert progress == [10, 20, 30, 35, 40, 9000]


async def test_a_changed_fact_whose_mark_was_changed_with_it_is_found_by_the_root(sealed: Database) -> None:
    from app.engine.audit.canonical import COLUMNS, fact_from_row, fact_hash

    await tamper(sealed, "UPDATE es.events SET actor = 'bob' WHERE position = 17")
    row = await sealed.pool.fetchrow(f"SELECT {COLUMNS} FROM es.events WHERE position = 17")
    await tamper(
        sealed,
        f"UPDATE es.seals SET marks = overlay(marks PLACING '\\x{fact_hash(fact_from_row(row))[:8].hex()}'::bytea FROM 49 FOR 8) WHERE number = 2",
    )
    assert await findings(sealed) == ["positions 11 to 20: do not match seal 2"]


async def test_seals_made_again_fit_the_changed_log_and_are_found_by_a_hash_that_was_kept(
    sealed: Database,
) -> None:
    kept = (await verify(sealed)).head
    assert kept is not None
    assert await findings(sealed, kept.hash) == []
    await tamper(
        sealed,
        "UPDATE es.events SET actor = 'bob' WHERE position = 17; DELETE FROM es.seals WHERE number >= 2",
    )
    await seal(sealed)
    assert await findings(sealed) == []
    assert await findings(sealed, kept.hash) == [
        f"no seal has the hash {kept.hash.hex()}: seals were removed or recomputed since it was kept"
    ]


async def test_a_kept_hash_holds_however_many_seals_have_followed(sealed: Database) -> None:
    kept = (await verify(sealed)).head
    assert kept is not None
    await seal(sealed, facts=2)
    assert await findings(sealed, kept.hash) == []


async def test_the_database_refuses_changes_by_itself(sealed: Database) -> None:
    for table, column in {"es.events": "actor", "es.seals": "sealed_at", "es.commands": "name"}.items():
        for change in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
        ):
            with pytest.raises(
                asyncpg.IntegrityConstraintViolationError, match="what was recorded stays as it is"
            ):
                await sealed.pool.execute(change)
    assert await findings(sealed) == []


GUARDS = [
    ("es.events", "ALTER TABLE es.events DISABLE TRIGGER events_immutable"),
    ("es.seals", "DROP TRIGGER seals_immutable ON es.seals"),
    ("es.commands", "ALTER TABLE es.commands ENABLE REPLICA TRIGGER commands_immutable"),
    (
        "es.events",
        "DROP TRIGGER events_immutable ON es.events; CREATE TRIGGER events_immutable BEFORE UPDATE ON es.events EXECUTE FUNCTION es.refuse_change()",
    ),
]


async def test_a_guard_that_is_gone_is_found(sealed: Database) -> None:
    for table, change in GUARDS:
        assert await found_after(sealed, f"{GUARD}; {change}", guard="") == [
            f"{table}: is not protected: the trigger that refuses changes is missing or disabled"
        ]


async def test_a_change_behind_the_guards_of_a_session_is_found(sealed: Database) -> None:
    await sealed.pool.execute(
        "SET session_replication_role = replica; UPDATE es.events SET actor = 'bob' WHERE position = 5; RESET session_replication_role"
    )
    assert await findings(sealed) == ["position 5: was changed after it was sealed"]


async def test_the_command_says_ok_with_the_newest_seal_or_names_what_is_wrong(sealed: Database) -> None:
    async def audit(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(run, "audit", "verify", *arguments, DATABASE_URL=sealed.url)

    fine = await audit()
    head = (await verify(sealed)).head
    assert head is not None
    assert (fine.returncode, fine.stderr) == (0, "")
    assert fine.stdout.splitlines() == [
        "ok: 34 events as recorded, under 4 seals; 6 newer events not sealed yet",
        f"newest seal: 4 {head.hash.hex()}",
    ]
    assert (await audit("--expect-seal", head.hash.hex())).returncode == 0

    await tamper(sealed, "UPDATE es.events SET actor = 'bob' WHERE position >= 5")
    wrong = await audit()
    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert wrong.stdout.splitlines()[0] == "position 5: was changed after it was sealed"
    assert wrong.stdout.splitlines()[-1] == "and 10 more"
    assert_user_error(await audit("--expect-seal", "x" * 64), "--expect-seal is the hash of a seal")


async def test_a_log_without_a_seal_is_not_ok(database: Database) -> None:
    await fill(database, 3)
    result = await asyncio.to_thread(invoke, "audit", "verify", DATABASE_URL=database.url)
    assert (result.returncode, result.stdout) == (
        0,
        "nothing to verify: the log has no seal yet, and 3 events\n",
    )
