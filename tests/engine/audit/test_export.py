"""An export proves itself without a database: after any change, its first wrong line is named."""

import asyncio
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import msgspec
import pytest

from app.engine.audit.canonical import canonical_bytes, fact_hash, parse_canonical
from app.engine.audit.export import ExportRecord, ExportScope, Tampered, export_log
from app.engine.audit.verify_export import InvalidExport, verify_export
from app.engine.audit.verify_log import verify
from app.engine.cli.audit import _Output  # pyright: ignore[reportPrivateUsage] - no command runs as another user
from app.engine.database.connections import Database
from app.engine.errors import UserError
from tests.support.cli import assert_user_error, invoke, run
from tests.support.sealed_log import correlation, fill, seal, stream, tamper

STREAM = ExportScope(stream="tally", id=str(stream(1)))
RANGE = ExportScope(first=5, last=27)
CORRELATION = ExportScope(correlation=str(correlation(5)))


@pytest.fixture
async def sealed(database: Database) -> Database:
    """34 facts under seals of 10, the last of 4, and 6 more that are not sealed."""
    await fill(database, 34)
    await seal(database)
    await fill(database, 40)
    return database


async def exported(database: Database, what: ExportScope) -> list[str]:
    out = io.BytesIO()
    await export_log(database, what, out.write)
    return out.getvalue().decode().splitlines(keepends=True)


def error(path: Path) -> str:
    """What is wrong with the file."""
    with path.open("rb") as file, pytest.raises(InvalidExport) as raised:
        verify_export(file)
    return str(raised.value)


@pytest.mark.parametrize(
    ("what", "positions", "seals", "said"),
    [
        (
            STREAM,
            range(1, 41, 3),
            4,
            "ok: 14 events (stream tally 00000000-0000-0000-0000-000000000001) under 4 seals; 2 of them not sealed yet: only this file vouches for them",
        ),
        (
            CORRELATION,
            range(20, 24),
            2,
            "ok: 4 events (correlation 00000000-0000-0000-0002-000000000005) under 2 seals\n",
        ),
        (RANGE, range(5, 28), 3, "ok: 23 events (positions 5 to 27) under 3 seals\n"),
        (
            ExportScope(first=33, last=999),
            range(33, 41),
            1,
            "ok: 8 events (positions 33 to 40) under 1 seal; 6 of them not sealed yet",
        ),
        (
            ExportScope(first=36, last=36),
            range(36, 37),
            0,
            "nothing to verify: no seal covers the 1 event (positions 36 to 36); only this file vouches for them",
        ),
    ],
)
async def test_a_part_of_the_log_proves_itself(
    sealed: Database,
    tmp_path: Path,
    what: ExportScope,
    positions: range,
    seals: int,
    said: str,
) -> None:
    lines = await exported(sealed, what)
    assert [json.loads(line)["fact"]["position"] for line in lines[1:-1]] == list(positions)
    closing = json.loads(lines[-1])
    assert (closing["facts"], len(closing["seals"])) == (len(positions), seals)
    path = tmp_path / "part.jsonl"
    path.write_text("".join(lines))
    result = await asyncio.to_thread(invoke, "audit", "verify", "--file", str(path))
    assert result.returncode == 0
    out = result.stdout
    assert out.startswith(said)
    if seals:
        assert (
            out.splitlines()[1]
            == f"newest seal: {closing['seals'][-1]['number']} {closing['seals'][-1]['hash']}"
        )
        kept = closing["seals"][0]["hash"]
        file = ("audit", "verify", "--file", str(path), "--expect-seal")
        assert (await asyncio.to_thread(invoke, *file, kept)).returncode == 0
        assert (await asyncio.to_thread(invoke, *file, "00" * 32)).returncode == 1
        assert (await verify(sealed, bytes.fromhex(kept))).findings == []


def changed(line: int, old: str, new: str) -> Callable[[list[str]], None]:
    def change(lines: list[str]) -> None:
        assert old in lines[line - 1]
        lines[line - 1] = lines[line - 1].replace(old, new, 1)

    return change


def moved(line: int, to: int) -> Callable[[list[str]], None]:
    return lambda lines: lines.insert(to - 1, lines.pop(line - 1))


def removed(line: int) -> Callable[[list[str]], None]:
    return lambda lines: lines.__delitem__(line - 1)


def rehashed(line: int, old: str, new: str, **more: object) -> Callable[[list[str]], None]:
    """As a forger does who knows how hashes are made."""

    def change(lines: list[str]) -> None:
        assert old in lines[line - 1]
        forged = parse_canonical(lines[line - 1].replace(old, new, 1).rstrip().encode(), ExportRecord)
        forged = msgspec.structs.replace(forged, hash=fact_hash(forged.fact).hex(), **more)
        lines[line - 1] = canonical_bytes(forged).decode() + "\n"

    return change


WRONG: list[tuple[ExportScope, Callable[[list[str]], None], str]] = [
    (
        RANGE,
        changed(4, "ann", "bob"),
        "line 4: the event at position 7 was changed: it does not have its hash",
    ),
    (
        RANGE,
        changed(4, "1.50", "1.5"),
        "line 4: the event at position 7 was changed: it does not have its hash",
    ),
    (
        RANGE,
        changed(4, '"actor":"ann"', '"actor":"ann","more":null'),
        "line 4: was changed: it is not in the canonical form",
    ),
    (
        RANGE,
        changed(4, '"actor":"ann"', '"actor":"bob","actor":"ann"'),
        "line 4: was changed: it is not in the canonical form",
    ),
    (
        RANGE,
        changed(4, '"actor":"ann"', '"actor": "ann"'),
        "line 4: was changed: it is not in the canonical form",
    ),
    (
        RANGE,
        changed(4, '"place":6', '"place":7'),
        "line 4: the event at position 7 is not one that seal 1 covers",
    ),
    (
        RANGE,
        changed(4, '"number":1', '"number":2'),
        "line 4: the event at position 7 is not one that seal 2 covers",
    ),
    (
        RANGE,
        changed(4, '"number":1', '"number":9'),
        "line 4: the event at position 7 is not one that seal 9 covers",
    ),
    (
        RANGE,
        changed(4, '"path":["', '"path":["00'),
        "line 4: the event at position 7 does not match the root of seal 1",
    ),
    (
        RANGE,
        changed(4, '"path":["', '"path":["zz'),
        "line 4: the event at position 7 does not match the root of seal 1",
    ),
    (RANGE, changed(4, "\n", ""), "line 4: it is not a line of an export"),
    (RANGE, changed(4, "{", "["), "line 4: it is not a line of an export"),
    (RANGE, changed(4, "{", "[" * 100_000), "line 4: it is not a line of an export"),
    (RANGE, changed(4, "\n", "\n\n"), "line 5: it is not a line of an export"),
    (RANGE, changed(4, "\n", "\r\n"), "line 4: was changed: it is not in the canonical form"),
    (RANGE, moved(4, 5), "line 4: position 7 is missing before it"),
    (RANGE, removed(4), "line 4: position 7 is missing before it"),
    (RANGE, removed(2), "line 2: position 5 is missing before it"),
    (RANGE, removed(24), "line 24: 23 events were exported, and the file has 22"),
    (RANGE, removed(25), "line 24: it is not the end of an export: the file is truncated"),
    (RANGE, removed(1), "line 1: it is not the beginning of an export"),
    (RANGE, lambda lines: lines.clear(), "line 1: is missing: the file is empty"),
    (RANGE, lambda lines: lines.__delitem__(slice(24)), "line 1: it is not the beginning of an export"),
    (RANGE, changed(1, '"last":27', '"last":28'), "line 25: positions 28 to 28 are missing before it"),
    (RANGE, changed(1, '"first":5,', ""), "line 1: was changed: it has no complete scope"),
    (RANGE, changed(1, '"form":1', '"form":2'), "line 1: it is not the beginning of an export"),
    (RANGE, changed(25, '"facts":23', '"facts":22'), "line 25: 22 events were exported, and the file has 23"),
    (RANGE, changed(25, '"last":20', '"last":19'), "line 25: seal 2 was changed: it does not have its hash"),
    (RANGE, changed(25, '"hash":"', '"hash":"00'), "line 25: seal 1 was changed: it does not have its hash"),
    (RANGE, rehashed(4, "ann", "bob"), "line 4: the event at position 7 does not match the root of seal 1"),
    (
        RANGE,
        rehashed(4, "ann", "bob", seal=None),
        "line 4: the event at position 7 has no proof, and later ones are sealed",
    ),
    (STREAM, removed(3), "line 3: version 2 of the stream is missing before it"),
    (STREAM, changed(1, "000001", "000002"), "line 2: the event at position 1 is of another stream"),
    (STREAM, changed(1, "tally", "order"), "line 2: the event at position 1 is of another stream"),
    (CORRELATION, removed(3), "line 5: 4 events were exported, and the file has 3"),
    (CORRELATION, moved(3, 2), "line 3: position 20 is out of order"),
    (
        CORRELATION,
        changed(1, "000005", "000006"),
        "line 2: the event at position 20 is of another correlation",
    ),
]


async def test_a_change_is_found_and_its_line_named(sealed: Database, tmp_path: Path) -> None:
    whole = {what: await exported(sealed, what) for what in (STREAM, RANGE, CORRELATION)}
    path = tmp_path / "part.jsonl"
    for what, change, said in WRONG:
        lines = list(whole[what])
        change(lines)
        path.write_bytes("".join(lines).encode())
        assert error(path) == said


async def test_no_byte_can_be_changed_unseen(sealed: Database, tmp_path: Path) -> None:
    """An export can be written in one way only, except for unsealed facts and the number of the form."""
    whole = "".join(await exported(sealed, CORRELATION)).encode()
    path = tmp_path / "part.jsonl"
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert error(path), whole[place - 20 : place + 20]


async def test_no_export_is_made_of_what_was_changed(sealed: Database) -> None:
    await tamper(sealed, "UPDATE es.events SET actor = 'bob' WHERE position = 3")
    with pytest.raises(Tampered, match="positions 1 to 10: do not match seal 1"):
        await exported(sealed, RANGE)
    assert await exported(sealed, ExportScope(first=11, last=12))
    await tamper(sealed, "UPDATE es.seals SET sealed_at = now() WHERE number = 2")
    with pytest.raises(Tampered, match="seal 2: was changed"):
        await exported(sealed, ExportScope(first=11, last=12))


@pytest.mark.parametrize(
    "data", ["to_jsonb(10::numeric ^ 9000)", "(repeat('[', 12000) || repeat(']', 12000))::jsonb"]
)
async def test_json_that_no_event_can_have_is_not_exported(sealed: Database, data: str) -> None:
    await tamper(sealed, f"UPDATE es.events SET data = {data} WHERE position IN (18, 38)")
    with pytest.raises(Tampered, match="position 18: was changed"):
        await exported(sealed, ExportScope(first=17, last=17))
    with pytest.raises(Tampered, match="position 38: was changed"):
        await exported(sealed, ExportScope(first=37, last=38))


async def test_what_is_not_there_cannot_be_exported(sealed: Database) -> None:
    for what in (
        ExportScope(stream="tally", id=str(uuid4())),
        ExportScope(correlation=str(uuid4())),
        ExportScope(first=41, last=50),
    ):
        with pytest.raises(UserError, match=f"there are no events: {what}"):
            await exported(sealed, what)


async def test_on_the_command_line(sealed: Database, tmp_path: Path) -> None:
    def work() -> None:
        path = tmp_path / "part.jsonl"
        assert (
            run(
                "audit", "export", "--from", "1", "--to", "40", "--out", str(path), DATABASE_URL=sealed.url
            ).returncode
            == 0
        )
        printed = run("audit", "export", "--from", "1", "--to", "40", DATABASE_URL=sealed.url)
        assert (printed.returncode, printed.stdout, printed.stderr) == (0, path.read_text(), "")

        # No database is asked for it: the one that is named here is not there.
        fine = run(
            "audit", "verify", "--file", str(path), DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"
        )
        assert (fine.returncode, fine.stderr) == (0, "")
        path.write_text(path.read_text().replace('"ann"', '"bob"', 1))
        wrong = run(
            "audit", "verify", "--file", str(path), DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"
        )
        assert (wrong.returncode, wrong.stdout, wrong.stderr) == (
            1,
            f"{path}: line 2: the event at position 1 was changed: it does not have its hash\n",
            "",
        )
        assert_user_error(run("audit", "verify", "--file", str(tmp_path / "other")), "cannot read")
        assert_user_error(
            run(
                "audit",
                "export",
                "--from",
                "1",
                "--to",
                "2",
                "--out",
                str(tmp_path / "no" / "part"),
                DATABASE_URL=sealed.url,
            ),
            "cannot write",
        )

    await asyncio.to_thread(work)


async def test_an_export_that_fails_leaves_the_earlier_file_as_it_was(
    sealed: Database, tmp_path: Path
) -> None:
    await tamper(sealed, "UPDATE es.events SET actor = 'bob' WHERE position = 3")

    def export(position: int, path: Path) -> int:
        scope = ("--from", str(position), "--to", str(position))
        return run("audit", "export", *scope, "--out", str(path), DATABASE_URL=sealed.url).returncode

    def work() -> None:
        path = tmp_path / "part.jsonl"
        path.write_text("earlier")
        assert export(999, path) == 2
        assert export(3, path) == 1
        assert path.read_text() == "earlier"
        assert list(tmp_path.iterdir()) == [path]

    await asyncio.to_thread(work)


async def test_an_export_keeps_the_mode_of_a_file_a_link_and_a_pipe(sealed: Database, tmp_path: Path) -> None:
    def work() -> None:
        path, link, pipe = tmp_path / "part.jsonl", tmp_path / "link", tmp_path / "pipe"
        export = ("audit", "export", "--from", "12", "--to", "12", "--out")
        path.write_text("earlier")
        path.chmod(0o604)
        link.symlink_to(path)
        os.mkfifo(pipe)
        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        for target in (link, pipe):
            assert run(*export, str(target), DATABASE_URL=sealed.url).returncode == 0
        exported = path.read_text()
        assert exported.startswith('{"asked":{"first":12,"last":12}')
        assert os.read(reading, 100_000).decode() == exported
        os.close(reading)
        assert path.stat().st_mode & 0o777 == 0o604
        assert link.is_symlink()
        assert sorted(tmp_path.iterdir()) == [link, path, pipe]

    await asyncio.to_thread(work)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of a user to whom rights apply; the tests may run as root."""
    with TemporaryDirectory() as name:
        user = os.geteuid() or 65_534
        os.chown(name, user, -1)
        root = os.geteuid()
        os.seteuid(user)
        try:
            yield Path(name)
        finally:
            os.seteuid(root)


def write_export(path: Path) -> None:
    with _Output(path) as output:
        output.write(b"newer")


def test_an_export_does_not_replace_a_file_that_is_protected_against_writing(folder: Path) -> None:
    path = folder / "part.jsonl"
    path.write_text("earlier")
    path.chmod(0o400)
    with pytest.raises(UserError, match="cannot write"):
        write_export(path)
    assert path.read_text() == "earlier"
    assert list(folder.iterdir()) == [path]


def test_an_export_writes_a_file_in_a_folder_that_takes_no_other(folder: Path) -> None:
    path = folder / "part.jsonl"
    path.write_text("earlier")
    folder.chmod(0o500)
    write_export(path)
    assert path.read_text() == "newer"
    folder.chmod(0o700)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None, None, None, None, None), "give exactly one scope"),
        (("tally", stream(1), stream(1), None, None), "exactly one scope"),
        (("tally", None, None, None, None), "--id ID must be given together"),
        ((None, stream(1), None, None, None), "--id ID must be given together"),
        ((None, None, None, 1, None), "--from and --to must be given together"),
        ((None, None, None, 2, 1), "--from comes first"),
        ((None, None, None, 0, 1), "positions begin at 1"),
        ((None, None, None, 1, 2**63), "--from comes first"),
    ],
)
def test_what_cannot_be_asked_for_is_said(
    given: tuple[str | None, UUID | None, UUID | None, int | None, int | None], said: str
) -> None:
    from app.engine.audit.export import parse_scope

    with pytest.raises(UserError, match=said):
        parse_scope(*given)
