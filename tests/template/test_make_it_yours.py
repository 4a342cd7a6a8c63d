"""Copies of the project follow "Make it yours" of the READMEs: an aggregate goes in, the sample comes out."""

import re
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import as_superuser, execute, run_in_thread
from tests.support.raw_http import until
from tests.support.shared_folders import shared_folder
from tests.template.clone import (
    ADDING,
    CHANGING,
    CHANGING_THE_API,
    REMOVING,
    RENAMING,
    Clone,
    clone_into,
    edited,
    fences_of,
    is_replaced,
)
from tests.template.readmes import fences, section, tracked

VOUCHER = "0b9c0a52-8e0d-4b0a-9a57-3a8b0e0f6f11"
OTHER = "0b9c0a52-8e0d-4b0a-9a57-3a8b0e0f6f12"

USES_THE_TABLE = '''"""A test with the rights of a server uses the table of the team's own migration."""

from app.engine.database.connections import Database


async def test_a_server_changes_rows_of_the_table(database: Database) -> None:
    await database.pool.execute("INSERT INTO stock.counts (amount) VALUES (1)")
    await database.pool.execute("UPDATE stock.counts SET amount = 2")
    assert await database.pool.fetchval("DELETE FROM stock.counts RETURNING amount") == 2
'''

type Step = Callable[[Clone], None]


def rename(clone: Clone) -> None:
    clone.rename("acme")


ORDERS: dict[str, tuple[Step, ...]] = {
    "added, renamed, taken out": (Clone.add_the_voucher, rename, Clone.take_the_sample_out),
    "taken out, renamed, added": (Clone.take_the_sample_out, rename, Clone.add_the_voucher),
}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return clone_into(tmp_path)


def extend(folder: Path) -> None:
    clone = clone_into(folder)
    clone.add_the_voucher()
    clone.finish()


@pytest.fixture(scope="module")
def extended_once(shared_by_workers: Path) -> Clone:
    """A copy with the voucher next to the sample, for all tests of this file."""
    return Clone(shared_folder(shared_by_workers / "extended", extend))


@pytest.fixture
def extended(extended_once: Clone, tmp_path: Path) -> Clone:
    """A copy with the voucher next to the sample."""
    return extended_once.copy(tmp_path)


@pytest.fixture(params=ORDERS.values(), ids=list(ORDERS))
def own(clone: Clone, request: pytest.FixtureRequest) -> Clone:
    """The copy with the voucher and without the sample, under another name."""
    for step in request.param:
        step(clone)
    clone.finish()
    return clone


# --- The edits --------------------------------------------------------------


def test_an_edit_finds_its_lines_after_lines_were_added_between_them() -> None:
    text = "a = (\n    one,\n    mine,\n    two,\n)\nb = [\n    1,\n]\n"
    assert edited(text, "-    one,\n-    two,\n-b = [") == "a = (\n    mine,\n)\n"
    assert edited(text, "-    two,\n-    one,") == "a = (\n    mine,\n)\nb = [\n    1,\n]\n"
    assert edited(text, " a = (\n+    zero,").startswith("a = (\n    zero,\n    one,\n")


def test_an_edit_whose_line_is_not_there_fails() -> None:
    with pytest.raises(ValueError, match="three"):
        edited("one\n", "-three")
    with pytest.raises(ValueError, match="two"):
        edited("twofold\n", "-two\n+three")


def test_no_step_edits_or_removes_a_file_of_the_engine() -> None:
    written = [
        fence.about
        for place in (*ADDING, CHANGING, CHANGING_THE_API, REMOVING)
        for fence in fences(section(*place))
    ]
    written += [line for fence in fences_of(REMOVING, "text") for line in fence.text.splitlines()]
    written += [line for fence in fences_of(RENAMING, "text") for line in fence.text.splitlines()]
    assert [path for path in written if is_replaced(path)] == []


def test_without_a_git_checkout_the_files_of_the_project_are_the_same(clone: Clone) -> None:
    for path in (
        ".git/HEAD",
        ".data/log",
        ".env",
        "app/web/shop/node_modules/a.js",
        "app/web/shop/dist/a.js",
    ):
        clone.write(path, "")
    assert tracked(clone.root) == tracked()


# --- The sample comes out ---------------------------------------------------


def test_no_file_of_the_user_is_changed_or_removed_with_the_sample(extended: Clone) -> None:
    before = extended.files()
    extended.take_the_sample_out()
    after = extended.files()
    sample = tuple(path for path in extended.sample() if path.endswith("/"))
    gone = {path for path in before if path not in after and not path.startswith(sample)}
    assert gone == {path for path in extended.sample() if not path.endswith("/")}
    edits = [fence.about for language in ("diff", "json") for fence in fences_of(REMOVING, language)]
    assert {path for path in after if after[path] != before[path]} == set(edits)
    mine = {path for path in after if re.search(r"voucher|expiry", path)}
    assert {"tests/voucher/test_voucher.py", "tests/stored/voucher.issued.1.json"} <= mine
    names = {path for path in after if path.endswith(".names.json")}
    assert names >= {"tests/stored/expiry.names.json", "tests/stored/voucher.names.json"}


def test_nothing_is_left_that_names_the_sample_or_the_old_name(own: Clone) -> None:
    gone = {
        path.removesuffix("/").removesuffix(".py").replace("/", ".")
        for path in own.sample()
        if not path.startswith("tests/stored/")
    }
    assert len(gone) > 20
    for path, content in own.files().items():
        if path.endswith(".py") or path == "pyproject.toml":
            names = {name for name in gone if re.search(rf"\b{re.escape(name)}\b", content.decode())}
            assert not names, path
    [renamed] = fences_of(RENAMING, "text", "rename")
    for path in renamed.text.splitlines():
        assert not re.search(r"\bshop\b", (own.root / path).read_text()), path


def test_the_sample_comes_out_of_a_project_without_anything_of_its_own(
    clone: Clone, database_url: str
) -> None:
    clone.take_the_sample_out()
    clone.finish()
    printed = (clone.root / "schema.graphql").read_text()
    assert "position: Position!" in printed
    assert "Order" not in printed
    # No tab of GraphiQL and no page asks for fields of the sample.
    documents = [path for path in clone.files() if path.endswith((".graphql", ".gql"))]
    assert documents == ["schema.graphql"]
    bench = clone.run("-m", "tests.bench", "no-such-section")
    assert bench.stderr.startswith("error: no section no-such-section; there are against_others, ")
    with clone.serve(database_url) as server:
        data = server.ask("{ position events { nodes { type } } projections { name } }")["data"]
        assert (data["position"], data["events"]) == ("0", {"nodes": []})
        names = {projection["name"] for projection in data["projections"]}
        assert names.isdisjoint({"products", "orders", "payments", "customers", "daily_sales"})
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}/shop", timeout=10)
    # The shop's page is not built then.
    shown = subprocess.run(
        ["make", "-n", "graphiql"], cwd=clone.root, capture_output=True, text=True, check=True, timeout=60
    )
    [built] = [line for line in shown.stdout.splitlines() if "build.py" in line]
    assert built.split()[1] == "app/engine/graphiql/build.py"
    assert "app/web/shop" not in built
    assert "shop" not in (clone.root / "Dockerfile").read_text()


@pytest.mark.soak
def test_what_is_left_passes_its_checks_and_all_its_tests(own: Clone, postgres: str) -> None:
    own.check()
    own.test(postgres)


@pytest.mark.soak
def test_without_anything_of_its_own_the_project_passes_all_its_tests(clone: Clone, postgres: str) -> None:
    clone.take_the_sample_out()
    clone.finish()
    clone.check()
    clone.test(postgres)


# --- The aggregate goes in --------------------------------------------------


@pytest.mark.soak
def test_next_to_an_added_aggregate_and_migration_the_sample_passes_its_checks_and_all_its_tests(
    extended: Clone, postgres: str
) -> None:
    extended.add_the_migration()
    extended.check()
    extended.test(postgres, "tests/engine", "tests/shop", "tests/voucher")


def test_the_added_aggregate_process_and_table_follow_their_rules_next_to_the_sample(
    extended: Clone, postgres: str
) -> None:
    extended.add_the_migration()
    extended.write("tests/stock/test_counts.py", USES_THE_TABLE)
    matrix, nodes = "tests/shop/access/test_matrix.py", "tests/shop/api/test_nodes.py"
    extended.test(
        postgres,
        "tests/voucher",
        "tests/stock",
        # These compare what the sample has with what there is.
        f"{matrix}::test_every_root_field_command_and_event_type_has_a_line",
        f"{matrix}::test_every_command_may_be_sent_as_the_table_says",
        f"{nodes}::test_only_nodes_have_a_field_that_is_called_id",
        workers=0,
    )


def test_servers_use_the_table_of_a_migration_once_the_roles_are_applied(
    extended: Clone, database_url: str
) -> None:
    extended.add_the_migration()
    for command in (("migrate",), ("roles", "--apply", "--prefix", "shop")):
        done = extended.run("-m", "app", *command, DATABASE_URL=as_superuser(database_url))
        assert done.returncode == 0, done.stderr
        printed = done.stdout
    assert "shop_reader: reports. It reads schema read." in printed
    run_in_thread(execute(database_url, "INSERT INTO stock.counts (amount) VALUES (1)"))


def issue(id: str, euros: int, expires_at: str) -> str:
    return (
        f'mutation {{ issueVoucher(input: {{ id: "{id}", euros: {euros}, expiresAt: "{expires_at}" }}) {{'
        " ... on VoucherAccepted { position events { __typename ... on VoucherIssued { euros } }"
        " voucher { euros status } } } }"
    )


def redeem(id: str) -> str:
    return (
        f'mutation {{ redeemVoucher(id: "{id}") {{ ... on VoucherAccepted {{ position voucher {{ status }} }}'
        " ... on Rejected { code message } } }"
    )


def test_the_added_aggregate_is_served_with_its_pages_and_its_history(
    extended: Clone, database_url: str
) -> None:
    with extended.serve(database_url) as server:
        issued = server.ask(issue(VOUCHER, 20, "2099-01-01T00:00:00Z"))["data"]["issueVoucher"]
        assert issued == {
            "position": "1",
            "events": [{"__typename": "VoucherIssued", "euros": 20}],
            "voucher": {"euros": 20, "status": "VALID"},
        }
        assert server.ask(redeem(VOUCHER))["data"]["redeemVoucher"]["voucher"] == {"status": "REDEEMED"}
        assert server.ask(redeem(VOUCHER))["data"]["redeemVoucher"] == {
            "code": "VOUCHER_SPENT",
            "message": "A voucher is redeemed once.",
        }
        server.ask(issue(OTHER, 50, "2098-01-01T00:00:00Z"))
        position = server.ask("{ position }")["data"]["position"]

        def page(arguments: str) -> tuple[list[int], bool, str]:
            found = server.ask(
                f'{{ vouchers(minPosition: "{position}", {arguments})'
                " { nodes { euros } pageInfo { hasNextPage endCursor } } }"
            )["data"]["vouchers"]
            info = found["pageInfo"]
            return [node["euros"] for node in found["nodes"]], info["hasNextPage"], info["endCursor"]

        first, more, cursor = page("first: 1, sort: EUROS_DESC")
        assert (first, more) == ([50], True)
        assert page(f'first: 1, sort: EUROS_DESC, after: "{cursor}"')[:2] == ([20], False)
        assert page("first: 9, sort: EXPIRES_AT_ASC")[0] == [50, 20]
        assert page("first: 9, filter: { status: REDEEMED }")[0] == [20]
        assert page('first: 9, filter: { expiresBefore: "2098-06-01T00:00:00Z" }')[0] == [50]
        assert page("last: 1, sort: EUROS_DESC")[0] == [20]
        node = server.ask(f'{{ node(id: "{VOUCHER}") {{ id ... on Voucher {{ euros }} }} }}')["data"]["node"]
        assert node == {"id": VOUCHER, "euros": 20}
        points = server.ask(
            f'{{ voucher(id: "{VOUCHER}") {{ issued: asOf(at: {{ version: 1 }}) {{ version euros redeemed }}'
            f' spent: asOf(at: {{ version: 2 }}) {{ redeemed }} none: asOf(at: {{ position: "0" }}) {{ version }} }} }}'
        )
        assert points["data"]["voucher"] == {
            "issued": {"version": 1, "euros": 20, "redeemed": False},
            "spent": {"redeemed": True},
            "none": None,
        }
        past = server.ask(f'{{ voucher(id: "{VOUCHER}") {{ history {{ nodes {{ command }} }} }} }}')
        assert [entry["command"] for entry in past["data"]["voucher"]["history"]["nodes"]] == [
            "voucher.issue",
            "voucher.redeem",
        ]


LIVE = """
import asyncio, json, sys
from websockets.asyncio.client import connect

async def main() -> None:
    query = 'subscription { voucher(id: "%s") { status } }' % sys.argv[2]
    async with asyncio.timeout(60), connect(sys.argv[1], subprotocols=["graphql-transport-ws"]) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        seen = ""
        while seen != sys.argv[3]:
            message = json.loads(await socket.recv())
            seen = message["payload"]["data"]["voucher"]["status"]
            print(seen, flush=True)

asyncio.run(main())
"""


def test_the_process_expires_a_voucher_and_the_live_view_shows_it(extended: Clone, database_url: str) -> None:
    with extended.serve(database_url) as server:
        # The date has passed: the deadline is due at once.
        server.ask(issue(VOUCHER, 20, "2020-01-01T00:00:00Z"))
        shown = extended.run("-c", LIVE, server.socket, VOUCHER, "EXPIRED")
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.split()[-1] == "EXPIRED"
        assert server.ask(redeem(VOUCHER))["data"]["redeemVoucher"]["code"] == "VOUCHER_OUT_OF_DATE"


STEPS = "{ processes(first: 1) { nodes { status state steps { name outcome } } } }"


def expired_with_steps(extended: Clone, database_url: str, **environment: str) -> dict[str, Any]:
    """The process of a voucher that has expired."""
    with extended.serve(database_url, **environment) as server:
        server.ask(issue(VOUCHER, 20, "2020-01-01T00:00:00Z"))
        shown = extended.run("-c", LIVE, server.socket, VOUCHER, "EXPIRED")
        assert shown.returncode == 0, shown.stderr
        last: dict[str, Any] = {}

        def has_ended() -> bool:
            [process] = server.ask(STEPS)["data"]["processes"]["nodes"]
            last.update(process)
            return process["state"] == "ended"

        until(has_ended, 30)
        return last


def test_the_answer_of_a_call_expires_the_voucher(extended: Clone, database_url: str) -> None:
    assert expired_with_steps(extended, database_url) == {
        "status": "expired",
        "state": "ended",
        "steps": [{"name": "block the card", "outcome": "done"}],
    }


def test_a_call_that_fails_for_good_leads_to_the_command_that_compensates(
    extended: Clone, database_url: str
) -> None:
    path = extended.root / "app/ports/card.py"
    answer = "return self._answers.setdefault(key, self._spent.get(voucher_id))"
    assert answer in path.read_text()
    path.write_text(path.read_text().replace(answer, 'raise ConnectionError("no answer")'))
    assert expired_with_steps(extended, database_url, APP_STEP_MAX_ATTEMPTS="2") == {
        "status": "expired",
        "state": "ended",
        "steps": [
            {"name": "block the card", "outcome": "withdrawn"},
            {"name": "expire the voucher", "outcome": "done"},
        ],
    }


def test_a_slice_shows_a_process_to_those_whom_its_line_names(extended: Clone, database_url: str) -> None:
    shown = f'{{ voucher(id: "{VOUCHER}") {{ expiry {{ status stuck deadline steps {{ name }} }} }} }}'
    with extended.serve(database_url) as server:
        server.ask(issue(VOUCHER, 20, "2099-01-01T00:00:00Z"))
        server.headers["X-Roles"] = "staff"
        last: dict[str, Any] = {}

        def is_shown() -> bool:
            last.update(server.ask(shown)["data"]["voucher"])
            return last["expiry"] is not None

        until(is_shown, 30)
        deadline = "2099-01-01T00:00:00+00:00"
        assert last["expiry"] == {"status": "waiting", "stuck": False, "deadline": deadline, "steps": []}
        [refused] = server.ask(STEPS)["errors"]
        assert refused["extensions"]["code"] == "FORBIDDEN"
        server.headers["X-Roles"] = "customer"
        answer = server.ask(shown)
        assert answer["data"]["voucher"] == {"expiry": None}
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_command_without_a_stored_name_is_refused_at_start(extended: Clone, database_url: str) -> None:
    path = extended.root / "domain/voucher.py"
    path.write_text(path.read_text().replace('@command("voucher.issue")', "@value"))
    started = extended.run("-m", "app", "events", "check", DATABASE_URL=database_url)
    assert (started.returncode, started.stderr) == (
        2,
        "error: IssueVoucher of voucher has no stored name: derive it from Command and declare it with"
        ' @command("noun.verb")\n',
    )


# --- The API changes --------------------------------------------------------


def test_a_new_name_in_the_api_leaves_the_old_one_to_its_clients(extended: Clone, database_url: str) -> None:
    before = (extended.root / "schema.graphql").read_text().splitlines()
    extended.change_the_api()
    extended.finish()
    after = (extended.root / "schema.graphql").read_text().splitlines()
    assert {"  worth: Int!", '  euros: Int! @deprecated(reason: "Use worth.")'} <= set(after)
    deprecated = [line for line in after if line not in before and "@deprecated" in line]
    assert len(deprecated) == 2
    kept = [line.partition(" @deprecated")[0] if line in deprecated else line for line in after]
    assert not Counter(before) - Counter(kept)
    assert extended.run("-m", "tests.support.schema_file").returncode == 0
    spend = redeem(VOUCHER).replace("redeemVoucher", "spendVoucher")
    with extended.serve(database_url) as server:
        server.ask(issue(VOUCHER, 20, "2099-01-01T00:00:00Z"))
        assert server.ask(spend)["data"]["spendVoucher"]["voucher"] == {"status": "REDEEMED"}
        assert server.ask(redeem(VOUCHER))["data"]["redeemVoucher"]["code"] == "VOUCHER_SPENT"


# --- An event changes -------------------------------------------------------


@pytest.fixture
def changed(extended: Clone) -> Clone:
    """The copy in which the voucher was released, and then changed."""
    extended.change_the_event()
    return extended


def test_the_changed_event_needs_its_sample_and_reads_what_was_stored_before(changed: Clone) -> None:
    lacking = changed.run("-m", "tests.support.event_samples")
    assert (lacking.returncode, lacking.stderr) == (
        2,
        "error: voucher.issued 2 has no sample: run make samples and commit what that writes\n",
    )
    written = changed.run("-m", "tests.support.event_samples", "--write")
    assert written.stdout == "written: tests/stored/voucher.issued.2.json\n"
    read = changed.run(
        "-c",
        "from app.composition import application; print(application.codec.decode('voucher.issued', 1,"
        ' \'{"euros": 20, "expires_at": "2027-01-01T00:00:00Z"}\').issued_by)',
    )
    assert read.stdout == "the desk\n", read.stderr


@pytest.mark.long
@pytest.mark.soak
def test_the_changed_event_passes_the_checks_and_the_tests_of_the_user(changed: Clone, postgres: str) -> None:
    changed.finish()
    changed.check()
    changed.test(postgres, "tests/voucher")


def test_the_changed_event_without_its_upcast_is_refused_at_start(changed: Clone, database_url: str) -> None:
    path = changed.root / "domain/voucher.py"
    [line] = [line for line in path.read_text().splitlines(keepends=True) if "upcasts=(" in line]
    path.write_text(path.read_text().replace(line, ""))
    started = changed.run("-m", "app", "events", "check", DATABASE_URL=database_url)
    assert (started.returncode, started.stderr) == (
        2,
        "error: nothing reads voucher.issued 1, and there is a version 2: add an upcast from voucher.issued 1\n",
    )
