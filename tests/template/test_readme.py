"""README says what is so: what it shows to paste is pasted, what it names is there, what it lists is complete."""

import asyncio
import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from websockets.asyncio.client import connect

from app.composition import application
from app.engine.cli.main import cli
from app.engine.settings import ROOT
from app.settings import Settings
from domain.kernel.undo import NothingToUndo
from tests.support.scenarios import Scenario
from tests.support.server import Server
from tests.template.readme import README, fences, tracked


def section(title: str) -> str:
    """What stands below a heading, up to the next of its rank."""
    [found] = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    return found


def rows(title: str) -> dict[str, Sequence[str]]:
    """The table of a section: what stands in backticks in the first column, and the other columns."""
    lines = re.findall(r"^\| `([^`]+)` \|(.*)\|$", section(title), re.MULTILINE)
    return {name: [cell.strip().strip("`") for cell in rest.split("|")] for name, rest in lines}


def named(text: str) -> list[str]:
    """What stands in backticks and looks like a path."""
    return re.findall(
        r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|toml|lock|yml)|Makefile|Dockerfile|LICENSE|\.env\.example)`",
        text,
    )


def mapped() -> list[str]:
    """The paths of the map: what is indented lies in the folder above it."""
    found: list[str] = []
    above: list[str] = []
    for line in fences("text")[0].text.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        path = "".join(above[:depth]) + line.split()[0]
        above[depth:] = [line.split()[0]]
        found.append(path)
    return found


async def follow(server: Server, query: str) -> tuple[Any, Callable[[], Any]]:
    """Subscribe as a browser does; gives the socket, and what reads the next message's data."""
    socket = await connect(server.socket, subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]
    await socket.send('{"type": "connection_init"}')

    async def received() -> dict[str, Any]:
        async with asyncio.timeout(15):
            return msgspec.json.decode(await socket.recv())

    assert (await received())["type"] == "connection_ack"
    await socket.send(
        msgspec.json.encode({"type": "subscribe", "id": "1", "payload": {"query": query}}).decode()
    )

    async def following() -> dict[str, Any]:
        message = await received()
        assert message["type"] == "next", message
        return message["payload"]["data"]

    return socket, following


def test_the_recipe_for_undo_marks_the_right_change_if_a_comment_comes_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [recipe] = [fence.text for fence in fences("python") if not fence.about]
    (tmp_path / "recipe_for_undo.py").write_text(recipe)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("recipe_for_undo")
    edited, commented = module.TextEdited(text="A"), module.TextCommented(comment="!")
    again = module.TextEdited(text="B")
    scenario = Scenario(module.text).given(commented, edited, commented, again, commented)
    scenario.when(module.UndoEdit()).then(module.TextEdited(text="A", undoes=4))
    scenario.given(commented).when(module.UndoEdit()).then_rejected(NothingToUndo)


CELLS = """
from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True)
class Assignment: ...


@dataclass(frozen=True)
class Open:
    assignment: Assignment | None


@dataclass(frozen=True)
class Closed: ...


@dataclass(frozen=True)
class Assign: ...


def decide(command: Assign, state: Open | Closed) -> int:
    match command, state:
        ARMS
        case Assign(), Closed():
            return 3
        case _ as missing:
            assert_never(missing)
"""


@pytest.mark.parametrize(
    ("arms", "error"),
    [
        (
            "case Assign(), Open(assignment=None): return 1\n"
            "        case Assign(), Open(assignment=Assignment()): return 2",
            '"tuple[Assign, Open]" cannot be assigned',
        ),
        (
            "case Assign(), Open(assignment=None): return 1\n        case Assign(), Open(): return 2",
            None,
        ),
        (
            "case Assign(), Open(assignment=assignment):\n"
            "            match assignment:\n"
            "                case None: return 1\n"
            "                case Assignment(): return 2",
            None,
        ),
        (
            "case Assign(), Open(assignment=assignment):\n"
            "            match assignment:\n"
            "                case None: return 1",
            'Unhandled type: "Assignment"',
        ),
    ],
    ids=["by values of a field", "the phase last", "a match inside", "a match inside with a case forgotten"],
)
def test_the_type_checker_follows_a_match_on_a_field_as_the_recipe_says(
    tmp_path: Path, arms: str, error: str | None
) -> None:
    recipe = section("Make it yours")
    assert "`case Assign(), Open(assignment=None)` write `case Assign(), Open()`" in recipe
    assert "`case Assign(), Open(assignment=assignment)` and `match` on it" in recipe
    (tmp_path / "cells.py").write_text(CELLS.replace("ARMS", arms))
    (tmp_path / "pyproject.toml").write_text(
        '[tool.basedpyright]\ntypeCheckingMode = "strict"\nreportUnnecessaryComparison = false\n'
    )
    checked = subprocess.run(
        [sys.executable, "-m", "basedpyright"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert checked.returncode == (0 if error is None else 1), checked.stdout
    assert error is None or error in checked.stdout


async def test_the_first_steps_can_be_pasted(serve: Callable[..., Server]) -> None:
    server = serve().wait()
    register, products, events, receive, past = [fence.text for fence in fences("graphql")]

    registered = server.ask(register)["data"]["registerProduct"]
    assert registered["__typename"] == "ProductAccepted"
    assert registered["product"]["price"] == {"amount": "9.50", "currency": "EUR"}
    assert server.ask(register)["data"]["registerProduct"]["events"] == []

    [listed] = server.ask(products)["data"]["products"]["nodes"]
    assert listed == {"sku": "MUG-1", "name": "Mug, blue", "onHand": 0, "available": 0}

    socket, following = await follow(server, events)
    async with socket:
        first = (await following())["events"]
        assert (first["position"], first["type"], first["sku"]) == ("1", "product.registered", "MUG-1")
        for duplicate in (False, True):
            received = server.ask(receive)["data"]["receiveStock"]
            assert (received["position"], received["duplicate"], received["product"]) == (
                "2",
                duplicate,
                {"onHand": 12},
            )
        second = (await following())["events"]
        assert (second["position"], second["quantity"]) == ("2", 12)

    was = server.ask(past)["data"]["product"]
    assert was["asOf"] == {"version": 1, "onHand": 0, "price": {"amount": "9.50"}}
    assert [entry["command"] for entry in was["history"]["nodes"]] == [
        "product.register",
        "product.receive-stock",
    ]
    assert [(entry["value"], entry["event"]["version"]) for entry in was["blame"]] == [(12, 2)]


def test_every_answer_carries_the_position(serve: Callable[..., Server]) -> None:
    assert serve().wait().ask("{ position }")["extensions"]["position"] == "0"


def test_the_map_names_what_is_there() -> None:
    for path in mapped():
        assert (ROOT / path).exists(), path
        assert path.endswith("/") == (ROOT / path).is_dir(), path


def test_the_map_leaves_no_folder_and_no_register_out() -> None:
    files = tracked()
    folders = {f"{path.split('/')[0]}/" for path in files if "/" in path and not path.startswith(".")}
    rooms = {
        f"app/{path.split('/')[1]}/" for path in files if path.startswith("app/") and path.count("/") > 1
    }
    assert folders | rooms <= set(mapped())
    assert {"domain/__init__.py", "projections/__init__.py", "app/graphql/schema.py"} <= set(mapped())
    in_process_api = re.search(r"^tests/ +(.*?) and the test language$", fences("text")[0].text, re.MULTILINE)
    assert in_process_api
    assert {
        path.split("/")[1] + "/" for path in files if path.startswith("tests/") and path.count("/") > 1
    } - {"data/"} == set(in_process_api[1].split())


def test_each_step_of_a_walk_is_a_file_to_open() -> None:
    walks = re.findall(r"^- \*\*(\w+)\*\*: (.*?)(?=^- |\Z)", section("Walks"), re.MULTILINE | re.DOTALL)
    assert [name for name, _ in walks] == [
        "mutation",
        "query",
        "subscription",
        "projection",
        "process",
        "history",
    ]
    for name, walk in walks:
        for step in walk.split("→"):
            assert named(step), (name, step)
            assert all((ROOT / path).is_file() for path in named(step)), (name, step)


def test_every_path_that_is_named_is_there() -> None:
    shown = {fence.about for fence in fences("python")}
    made = {"uv.lock"}
    for path in named(re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)):
        assert (ROOT / path).exists() or path in shown | made, path


def test_the_settings_are_those_that_are_read() -> None:
    fields = {
        "DATABASE_URL" if name == "database_url" else f"APP_{name.upper()}": field
        for name, field in Settings.model_fields.items()
    }
    table = rows("Settings")
    assert list(table) == list(fields)
    for name, (default, meaning) in table.items():
        assert meaning == fields[name].description, name
        known = fields[name].default
        match known:
            case None:
                assert default == "none"
            case Path():
                assert ROOT / default == known
            case ():
                assert default == "[]"
            case bool():
                assert default == str(known).lower()
            case _:
                assert default == str(known), name


def test_the_commands_are_those_that_there_are() -> None:
    there = set(spelled("python -m app", typer.main.get_group(cli)))
    assert set(rows("Command line")) == there


def spelled(before: str, group: Any) -> Iterator[str]:
    """Each command as it is typed, those of groups within groups too."""
    context = typer.Context(group, obj=application)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "commands"):
            yield from spelled(f"{before} {name}", command)
        else:
            yield f"{before} {name}"


def test_the_options_that_are_named_are_taken() -> None:
    [serving] = rows("Command line")["python -m app serve"]
    taken = {option for param in typer.main.get_group(cli).commands["serve"].params for option in param.opts}
    assert set(re.findall(r"--\w+", serving)) == taken


def test_the_targets_that_are_named_are_in_the_makefile() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert (
        set(re.findall(r"`make (\w+)", README))
        | {line.split()[1] for line in fences("")[0].text.splitlines()}
        <= targets
    )


def test_the_name_stands_where_it_is_said_to_stand() -> None:
    renaming = README.partition("### Rename\n")[2].partition("###")[0]
    files = [path for path in named(renaming) if path != "README.md"]
    assert len(files) == 4
    for path in files:
        assert re.search(r"\bshop\b", (ROOT / path).read_text()), path


@pytest.mark.parametrize(
    "decision",
    re.findall(r"^### (.*?)(?=^##)", section("Decisions") + "\n## ", re.MULTILINE | re.DOTALL),
    ids=lambda d: d.splitlines()[0],
)
def test_a_decision_says_what_enforces_it(decision: str) -> None:
    parts = re.findall(r"^- \*\*([\w ]+)\*\*: ", decision, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "Rejected", "Enforced by"]
    enforced = decision.partition("**Enforced by**:")[2]
    assert named(enforced)
    assert all((ROOT / path).is_file() for path in named(enforced)), enforced
