"""What README says under "Make it yours" is done here, to a copy: the sample comes out, an aggregate goes in, and it runs."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.engine.settings import ROOT
from tests.support.server import Server
from tests.template.readme import README, Fence, fences, tracked

REMOVING = README.partition("### Take the sample out\n")[2].partition("\n### ")[0]
ADDING = README.partition("### Add an aggregate\n")[2].partition("\n## ")[0]
CHANGING = README.partition("## Change an event\n")[2].partition("\n## ")[0]
VOUCHER = "0b9c0a52-8e0d-4b0a-9a57-3a8b0e0f6f11"


def of(part: str, language: str) -> list[Fence]:
    return [
        fence for fence in fences(language) if fence.text in part and f"```{language} {fence.about}\n" in part
    ]


def patched(text: str, diff: str) -> str:
    """The text after a diff whose lines follow each other, with anything in between: each is found below the one before."""
    lines = text.splitlines()
    place = 0
    for change in diff.splitlines():
        sign, line = change[0], change[1:]
        if sign == "+":
            lines.insert(place, line)
            place += 1
            continue
        found = lines.index(line, place)
        if sign == "-":
            del lines[found]
            place = found
        else:
            place = found + 1
    return "\n".join(lines) + "\n"


def patch(tree: Path, part: str) -> None:
    for fence in of(part, "diff"):
        path = tree / fence.about
        path.write_text(patched(path.read_text(), fence.text))


def ran(
    tree: Path, *command: str, seconds: int = 300, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("APP_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project as it would be committed."""
    for path in tracked():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, tmp_path / path)
    return tmp_path


@pytest.fixture
def emptied(tree: Path) -> Path:
    """The copy without the sample."""
    [listed] = of(REMOVING, "text")
    for pattern in listed.text.splitlines():
        found = list(tree.glob(pattern))
        assert found or "*" in pattern, pattern
        for path in found:
            path.unlink()
    patch(tree, REMOVING)
    return tree


@pytest.fixture
def extended(tree: Path) -> Path:
    """The copy with the voucher in it."""
    for fence in of(ADDING, "python"):
        (tree / fence.about).write_text(fence.text)
    patch(tree, ADDING)
    return tree


@pytest.fixture
def changed(extended: Path) -> Path:
    """The copy in which the voucher was released, and then changed."""
    released = ran(extended, "-m", "tests.support.event_samples", "--write")
    assert released.returncode == 0, released.stderr
    patch(extended, CHANGING)
    return extended


@contextmanager
def serving(tree: Path, database_url: str) -> Generator[Server]:
    server = Server(database_url, tree)
    try:
        yield server.wait()
    finally:
        server.close()


def mutations(schema: str) -> set[str]:
    [fields] = re.findall(r"^type Mutation \{$(.*?)^\}$", schema, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^  (\w+)[(:]", fields, re.MULTILINE))


def test_without_the_sample_nothing_names_it(emptied: Path) -> None:
    [listed] = of(REMOVING, "text")
    gone = {
        line.removesuffix(".py").replace("/", ".")
        for line in listed.text.splitlines()
        if not line.startswith("tests/")
    }
    assert len(gone) == 21
    # The mutations are words of the sample, too; what README leaves to the reader still says them.
    gone |= mutations((ROOT / "schema.graphql").read_text()) - mutations(
        ran(emptied, "-m", "app", "schema").stdout
    )
    left = {"app/demo/traffic.py"}
    for path in [
        *(
            path
            for folder in ("app", "domain", "projections", "tests")
            for path in emptied.glob(f"{folder}/**/*.py")
        ),
        emptied / "pyproject.toml",
    ]:
        if str(path.relative_to(emptied)) not in left:
            text = path.read_text()
            assert not [name for name in gone if re.search(rf"\b{re.escape(name)}\b", text)], path


def test_without_the_sample_there_is_a_schema(emptied: Path) -> None:
    printed = ran(emptied, "-m", "app", "schema")
    assert printed.returncode == 0, printed.stderr
    assert "position: Position!" in printed.stdout
    assert "Order" not in printed.stdout


def test_without_the_sample_the_bench_can_be_run(emptied: Path) -> None:
    bench = ran(emptied, "-m", "tests.bench", "no-such-section")
    assert (
        bench.stderr
        == "error: no section no-such-section; there are against_others, one_hot_stream, beside_appends, verifying, growth\n"
    )


def test_without_the_sample_a_server_answers(emptied: Path, database_url: str) -> None:
    with serving(emptied, database_url) as server:
        assert server.ask("{ position events { nodes { type } } lag { projection } }")["data"] == {
            "position": "0",
            "events": {"nodes": []},
            "lag": [],
        }


@pytest.mark.long
def test_without_the_sample_the_style_the_types_and_the_directions_hold(emptied: Path) -> None:
    (emptied / ".venv").symlink_to(sys.prefix)
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    for command in (
        ("-m", "ruff", "check", "--no-cache", "."),
        ("-m", "basedpyright"),
        ("-c", lint),
        ("-m", "tests.support.event_samples"),
    ):
        checked = ran(emptied, *command, PYTHONPATH=".")
        assert checked.returncode == 0, checked.stdout


@pytest.mark.soak
def test_without_the_sample_the_engine_passes_its_own_tests(emptied: Path, postgres: str) -> None:
    own = sorted(str(path.relative_to(emptied)) for path in emptied.glob("tests/app/test_engine*.py"))
    assert own
    tested = ran(
        emptied,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not soak",
        *own,
        TEST_DATABASE_URL=postgres,
    )
    assert tested.returncode == 0, tested.stdout[-3000:]


@pytest.mark.soak
def test_without_the_sample_all_tests_that_are_left_pass(emptied: Path, postgres: str) -> None:
    (emptied / "schema.graphql").write_text(ran(emptied, "-m", "app", "schema").stdout)
    tested = ran(
        emptied,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not soak",
        seconds=1_800,
        TEST_DATABASE_URL=postgres,
    )
    assert tested.returncode == 0, tested.stdout[-3000:]


def test_the_added_aggregate_follows_its_rules_and_the_style(extended: Path) -> None:
    tested = ran(
        extended,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/domain/test_voucher.py",
        "tests/domain/test_thanks.py",
    )
    assert tested.returncode == 0, tested.stdout
    written = [fence.about for fence in [*of(ADDING, "python"), *of(ADDING, "diff")]]
    checked = ran(extended, "-m", "ruff", "check", "--no-cache", *written)
    assert checked.returncode == 0, checked.stdout


def test_the_added_aggregate_is_served(extended: Path, database_url: str) -> None:
    redeem = f'mutation {{ redeemVoucher(id: "{VOUCHER}") {{ ... on VoucherAccepted {{ voucher {{ spent }} }} ... on Rejected {{ code message }} }} }}'
    with serving(extended, database_url) as server:
        issued = server.ask(
            f'mutation {{ issueVoucher(id: "{VOUCHER}", euros: 20) {{ ... on VoucherAccepted {{'
            " position events { __typename ... on VoucherIssued { euros } } voucher { euros spent } } } }"
        )
        assert issued["data"]["issueVoucher"] == {
            "position": "1",
            "events": [{"__typename": "VoucherIssued", "euros": 20}],
            "voucher": {"euros": 20, "spent": False},
        }
        assert server.ask(redeem)["data"]["redeemVoucher"] == {"voucher": {"spent": True}}
        assert server.ask(redeem)["data"]["redeemVoucher"] == {
            "code": "VOUCHER_SPENT",
            "message": "A voucher is redeemed once.",
        }
        assert server.ask(f'{{ voucher(id: "{VOUCHER}") {{ euros spent }} }}')["data"]["voucher"] == {
            "euros": 20,
            "spent": True,
        }


def test_the_changed_event_needs_its_sample_and_reads_what_was_stored_before(changed: Path) -> None:
    lacking = ran(changed, "-m", "tests.support.event_samples")
    assert (lacking.returncode, lacking.stderr) == (
        2,
        "error: voucher.issued 2 has no sample: run make samples and commit what that writes\n",
    )
    assert (
        ran(changed, "-m", "tests.support.event_samples", "--write").stdout
        == "written: tests/stored/voucher.issued.2.json\n"
    )
    checked = ran(changed, "-m", "ruff", "check", "--no-cache", "domain/voucher.py")
    assert checked.returncode == 0, checked.stdout
    read = ran(
        changed,
        "-c",
        "from app.engine.store.codec import registered; print(registered().decode('voucher.issued', 1, '{\"euros\": 20}'))",
    )
    assert read.stdout == "Issued(euros=20, by='the desk')\n", read.stderr


def test_a_command_without_a_stored_name_is_refused_at_start(extended: Path) -> None:
    path = extended / "domain/voucher.py"
    path.write_text(path.read_text().replace('@command("voucher.issue")', "@value"))
    started = ran(extended, "-m", "app", "events", "check")
    assert (started.returncode, started.stderr) == (
        2,
        'error: Issue of voucher has no stored name: derive it from Command and declare it with @command("noun.verb")\n',
    )


def test_the_changed_event_without_its_upcast_is_refused_at_start(changed: Path) -> None:
    path = changed / "domain/voucher.py"
    path.write_text(path.read_text().replace(', upcasts=(Upcast("voucher.issued", 1, _by_the_desk),)', ""))
    started = ran(changed, "-m", "app", "events", "check")
    assert (started.returncode, started.stderr) == (
        2,
        "error: nothing reads voucher.issued 1, and there is a version 2: add an upcast from voucher.issued 1\n",
    )
