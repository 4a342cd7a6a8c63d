"""The READMEs are true: what they show is executed, what they name exists, what they list is complete."""

import ast
import asyncio
import contextlib
import dataclasses
import importlib
import inspect
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import httpx2
import msgspec
import pytest
from graphql import parse, validate
from starlette.applications import Starlette
from websockets.asyncio.client import connect

import app.graphql.order
from app.composition import application
from app.engine.database import url
from app.engine.database.connections import Database
from app.engine.graphql import errors
from app.engine.graphql.execution import limits
from app.engine.graphql.schema import build_schema
from app.engine.server.metrics import FORMER_NAMES
from app.engine.settings import ROOT, EngineSettings
from app.engine.store.stored_names import classes_by_name
from app.settings import Settings
from domain.kernel.decider import Command, Decider
from domain.kernel.process import Action, AnyProcess, LifecycleEvent
from domain.kernel.undo import NothingToUndo
from tests.support.cli import engine_commands
from tests.support.graphql_client import Api
from tests.support.scenarios import Scenario
from tests.support.sentences import long_sentences
from tests.support.server import Server
from tests.template.clone import ADDING, fences_of
from tests.template.readmes import (
    PATHS,
    REFUSED_WORDS,
    TEXTS,
    fences,
    named_paths,
    paragraphs,
    rows,
    section,
    tracked,
    without_fences,
)

SERVER = "app/engine/server/README.md"
MAX_ROOT_LINES = 250

# --- What is shown is executed ----------------------------------------------


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


async def test_the_first_steps_can_be_pasted(serve: Callable[..., Server]) -> None:
    server = serve().wait()
    register, products, events, receive, past = [
        fence.text for fence in fences(TEXTS["README.md"], "graphql")
    ]

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


def test_ctrl_c_stops_the_server_and_its_embedded_database_and_the_data_stays() -> None:
    assert "Ctrl-C stops it; the data stays." in section("README.md", "Run it")
    register, products, *_ = [fence.text for fence in fences(TEXTS["README.md"], "graphql")]
    with tempfile.TemporaryDirectory(prefix="shop-embedded-") as folder:
        # PostgreSQL may run as another user.
        os.chmod(folder, 0o755)
        with closing(Server(None, APP_DATA_DIR=folder)) as server:
            assert server.wait(60).ask(register)["data"]["registerProduct"]["position"] == "1"
            assert server.stop(signal.SIGINT) == 0
        with closing(Server(None, APP_DATA_DIR=folder)) as server:
            [found] = server.wait(60).ask(products)["data"]["products"]["nodes"]
            assert found["sku"] == "MUG-1"
            assert server.stop(signal.SIGINT) == 0


def test_every_answer_carries_the_position(serve: Callable[..., Server]) -> None:
    assert serve().wait().ask("{ position }")["extensions"]["position"] == "0"


def test_the_recipe_for_undo_marks_the_right_change_if_a_comment_comes_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = recipe_for_undo(tmp_path, monkeypatch)
    edited, commented = module.TextEdited(text="A"), module.TextCommented(comment="!")
    again = module.TextEdited(text="B")
    scenario = Scenario(module.text).given(commented, edited, commented, again, commented)
    scenario.when(module.UndoEdit()).then(module.TextEdited(text="A", undoes=4))
    scenario.given(commented).when(module.UndoEdit()).then_rejected(NothingToUndo)


def recipe_for_undo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    [recipe] = fences_of(("domain/README.md", "Undo and redo"), "python", "")
    (tmp_path / "recipe_for_undo.py").write_text(recipe.text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "recipe_for_undo", raising=False)
    return importlib.import_module("recipe_for_undo")


def test_the_recipe_for_undo_limits_the_undos_and_not_the_edits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = recipe_for_undo(tmp_path, monkeypatch)
    edits = [module.TextEdited(text=text) for text in "ABC"]
    undone = [module.TextEdited(text="B", undoes=3), module.TextEdited(text="A", undoes=2)]
    scenario = Scenario(module.text).given(*edits, undone[0])
    scenario.when(module.UndoEdit()).then(undone[1])
    scenario = scenario.given(*edits, *undone)
    scenario.when(module.UndoEdit()).then_rejected(module.TextUndoneTwice)
    scenario.when(module.EditText(text="D")).then(module.TextEdited(text="D"))


def test_the_recipe_for_undo_is_taken_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decider = recipe_for_undo(tmp_path, monkeypatch).text
    names = classes_by_name(decider.category, Command, decider.command_types)
    assert set(names) == {"text.edit", "text.undo-edit"}


async def test_the_mutation_of_the_recipe_for_undo_sends_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [recipe] = fences_of(("domain/README.md", "Undo and redo"), "python", "slice")
    command = recipe_for_undo(tmp_path, monkeypatch).UndoEdit

    async def execute(info: object, id: UUID, command: Command, options: object) -> tuple[UUID, Command]:
        return id, command

    own = {"TextOutcome": app.graphql.order.OrderOutcome, "UndoEdit": command, "_execute": execute}
    names: dict[str, Any] = vars(app.graphql.order) | own
    exec(f"class Mutation:\n{recipe.text}", names)
    field = names["Mutation"].undo_text_edit
    assert await field.base_resolver.wrapped_func(None, None, UUID(int=1)) == (UUID(int=1), command())


def register(sku: str) -> str:
    return (
        f'mutation {{ registerProduct(input: {{ sku: "{sku}", name: "A", price: {{ amount: "1.00" }} }})'
        " { __typename } }"
    )


class Proxy:
    """A TCP port that stays the same, in front of a server that is replaced."""

    def __init__(self) -> None:
        self.target = 0
        self._copies: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        for source, sink in ((reader, to_server[1]), (to_server[0], writer)):
            self._copies.add(asyncio.create_task(self._copy(source, sink)))

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
        sink.close()


async def test_a_test_acts_as_another_caller_as_the_recipe_does(api: Api) -> None:
    [recipe] = fences_of(("tests/README.md", "Fixtures"), "python", "caller")
    names: dict[str, Any] = {"Api": Api}
    exec(recipe.text, names)
    await names["test_a_customer_does_not_see_the_sales"](api)
    denied = await api(register("A"), X_Roles="customer")
    assert denied["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await api.data(register("A")))["registerProduct"]["__typename"] == "ProductAccepted"


async def test_a_client_resumes_after_the_server_has_stopped_without_a_gap_or_a_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Server]
) -> None:
    [recipe] = fences_of(("app/engine/graphql/README.md", "Subscriptions"), "python", "resume")
    (tmp_path / "recipe_for_resuming.py").write_text(recipe.text)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("recipe_for_resuming")
    positions: list[str] = []
    proxy = Proxy()
    listening = await asyncio.start_server(proxy.connected, "127.0.0.1", 0)
    async with asyncio.timeout(90), listening:
        port = listening.sockets[0].getsockname()[1]
        async with contextlib.aclosing(module.follow(f"ws://127.0.0.1:{port}/graphql")) as events:
            for skus in (("A", "B"), ("C", "D")):
                server = await asyncio.to_thread(serve().wait)
                # The first of them comes while no client is connected, or between two attempts.
                await asyncio.to_thread(server.ask, register(skus[0]))
                proxy.target = server.port
                positions.append((await anext(events))["position"])
                await asyncio.to_thread(server.ask, register(skus[1]))
                positions.append((await anext(events))["position"])
                await asyncio.to_thread(server.stop)
    assert positions == ["1", "2", "3", "4"]


def test_a_subscription_over_server_sent_events_takes_the_header_that_is_named(
    serve: Callable[..., Server],
) -> None:
    accept = "text/event-stream"
    assert f"`Accept: {accept}`" in section("app/engine/graphql/README.md", "Subscriptions")
    server = serve().wait()
    server.ask(register("A"))
    query = 'subscription { events(after: "0") { position type } }'
    with (
        httpx2.Client(timeout=15) as client,
        client.stream("POST", server.url, json={"query": query}, headers={"accept": accept}) as answer,
    ):
        assert answer.headers["content-type"].startswith(accept)
        text = next(line for line in answer.iter_lines() if line.startswith("data:") and "position" in line)
    assert msgspec.json.decode(text.removeprefix("data:").strip())["data"]["events"] == {
        "position": "1",
        "type": "product.registered",
    }


def test_the_older_socket_protocol_is_refused(serve: Callable[..., Server]) -> None:
    async def attempt(url: str) -> int | None:
        async with asyncio.timeout(10), connect(url, subprotocols=["graphql-ws"]) as socket:  # type: ignore[list-item] - its type is a NewType of str
            await socket.wait_closed()
        return socket.close_code

    assert asyncio.run(attempt(serve().wait().socket)) == 4406


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
    recipe = section("domain/README.md", "The aggregate file")
    assert "`case Assign(), Open(assignment=None)` write `case Assign(), Open()`" in recipe
    assert "`case Assign(), Open(assignment=assignment)` and `match` on the field" in recipe
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


@pytest.mark.parametrize("path", PATHS)
def test_each_document_fits_the_schema(path: str) -> None:
    schema, _ = build_schema(application.slices(), application.deciders)
    for fence in fences(TEXTS[path], "graphql"):
        assert validate(schema._schema, parse(fence.text)) == [], fence.text


# --- What is named exists ---------------------------------------------------


def mapped() -> list[str]:
    """The paths of the map: what is indented lies in the folder above it."""
    [the_map] = fences_of(("README.md", "What is where"), "text", "map")
    found: list[str] = []
    above: list[str] = []
    for line in the_map.text.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        above[depth:] = [line.split()[0]]
        found.append("".join(above))
    return found


def test_the_map_has_every_folder_and_no_other() -> None:
    files = [path for path in tracked() if not path.startswith(".")]
    folders = {f"{path.split('/')[0]}/" for path in files if "/" in path}
    for room in ("app", "app/engine", "tests", "domain"):
        depth = room.count("/") + 1
        folders |= {
            "/".join(path.split("/")[: depth + 1]) + "/"
            for path in files
            if path.startswith(f"{room}/") and path.count("/") > depth
        }
    assert set(mapped()) <= folders
    # The tests of what was added have folders of their own.
    assert {path for path in folders - set(mapped()) if not path.startswith("tests/")} == set()


@pytest.mark.parametrize("path", PATHS)
def test_every_path_that_is_named_exists(path: str) -> None:
    made = {fence.about for place in ADDING for fence in fences_of(place, "python")}
    made |= {"tests/voucher", "tests/stored/voucher.issued.2.json", "__init__.py"}
    for name in named_paths(without_fences(TEXTS[path])):
        assert (ROOT / name).exists() or name in made, name
        assert not name.endswith("/") or (ROOT / name).is_dir(), name


@pytest.mark.parametrize("path", PATHS)
def test_every_link_leads_to_a_heading(path: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", without_fences(TEXTS[path])):
        file, _, anchor = target.partition("#")
        linked = ((ROOT / path).parent / file).resolve() if file else ROOT / path
        name = str(linked.relative_to(ROOT))
        assert name in PATHS, target
        headings = re.findall(r"^#+ (.*)$", without_fences(TEXTS[name]), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, target


@pytest.mark.parametrize("title", ["README.md: How a request travels", "app/engine/README.md: Walks"])
def test_each_step_of_a_walk_is_a_file_to_open(title: str) -> None:
    path, _, heading = title.partition(": ")
    walks = re.findall(r"^- \*\*(\w+)\*\*: (.*?)(?=^- |\Z)", section(path, heading), re.MULTILINE | re.DOTALL)
    names = ["mutation", "query", "subscription", "projection", "process", "history"]
    assert [name for name, _ in walks] == names[: len(walks)]
    assert len(walks) >= 5
    for name, walk in walks:
        for step in walk.split("→"):
            found = named_paths(step)
            assert found or "the table of" in step, (name, step)
            assert all((ROOT / path).is_file() for path in found), (name, step)


def test_the_names_in_where_to_change_what_are_in_the_code() -> None:
    text = section("app/engine/README.md", "Where to change what")
    named = {name for name in re.findall(r"`([A-Za-z_][\w.]*)`", text) if not (ROOT / name).exists()}
    code = {
        word
        for path in tracked()
        if path.endswith(".py") and path.startswith(("app/", "domain/", "projections/", "migrations/"))
        for word in re.findall(r"\w+", (ROOT / path).read_text())
    } | {f"APP_{name.upper()}" for name in Settings.model_fields}
    assert named
    assert {name for name in named if not code.issuperset(name.split("."))} == set()


def test_the_targets_that_are_named_are_in_the_makefile() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for text in TEXTS.values():
        shown = "".join(fence.text for fence in fences(text, "sh"))
        named = set(re.findall(r"`make (\w+)", text)) | set(re.findall(r"^make (\w+)", shown, re.MULTILINE))
        assert named <= targets


COMMANDS = {name: command for name, command in engine_commands() if not hasattr(command, "commands")} | {
    # The commands of the application are loaded when they are typed.
    f"python -m app {name}": None
    for name in application.commands
}


def command_lines(text: str) -> list[str]:
    """The lines of a README that run a command of the terminal."""
    lines = [line for fence in fences(text, "sh") for line in fence.text.splitlines()]
    return [line for line in lines if line.startswith("python -m app ")] + re.findall(
        r"`(python -m app [^`]*)`", text
    )


@pytest.mark.parametrize("path", PATHS)
def test_each_command_line_that_is_shown_is_taken(path: str) -> None:
    for line in command_lines(TEXTS[path]):
        words = shlex.split(line)
        typed = next(
            (
                " ".join(words[:size])
                for size in range(len(words), 3, -1)
                if " ".join(words[:size]) in COMMANDS
            ),
            None,
        )
        if typed is None:
            # A group, named without one of its commands.
            assert any(name.startswith(f"{line} ") for name in COMMANDS), line
            continue
        command = COMMANDS[typed]
        if command is not None:
            taken = {option for param in command.params for option in param.opts}
            assert {word for word in words if word.startswith("--")} <= taken, line


def step_names(process: AnyProcess) -> set[str]:
    """The names of steps that the file of a process has as constants."""
    tree = ast.parse(inspect.getsource(sys.modules[process.react.__module__]))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    given = [node.args[0] for node in calls if ast.unparse(node.func) == "send"]
    given += [keyword.value for node in calls for keyword in node.keywords if keyword.arg == "step"]
    return {node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_the_steps_in_command_lines_are_those_of_the_processes() -> None:
    processes = {process.category: process for process in application.processes}
    names = {call.stored.name for process in processes.values() for call in process.calls}
    names |= {command.stored.name for decider in application.deciders for command in decider.command_types}
    names = names.union(*map(step_names, processes.values()))
    shown = [shlex.split(line) for path in PATHS for line in command_lines(TEXTS[path])]
    skip = ["python", "-m", "app", "processes", "skip"]
    # The table of the commands has it without arguments.
    skipped = [words[5:] for words in shown if words[:5] == skip and len(words) > 5]
    assert skipped
    for process, _, step, *_ in skipped:
        assert step in step_names(processes[process]), step
    retried = [words[words.index("--step") + 1] for words in shown if "--step" in words]
    assert retried
    assert set(retried) <= names


# --- What is listed is complete ---------------------------------------------


def test_the_settings_are_those_that_are_read() -> None:
    fields = {
        "DATABASE_URL" if name == "database_url" else f"APP_{name.upper()}": field
        for name, field in Settings.model_fields.items()
    }
    table = rows(SERVER, "Settings")
    # A setting of the team's own may be told elsewhere.
    assert list(table) == [name for name in fields if name in table]
    assert {name for name in fields if name not in table} <= {
        f"APP_{name.upper()}" for name in Settings.model_fields if name not in EngineSettings.model_fields
    }
    for name, (default, meaning) in table.items():
        assert meaning == fields[name].description, name
        known = fields[name].default
        match known:
            case None | "":
                assert default == "none"
            case Path():
                assert ROOT / default == known
            case ():
                assert default == "[]"
            case bool():
                assert default == str(known).lower()
            case _ if name == "APP_SIMULATED_GATEWAY":
                assert default == "{}"
            case _:
                assert default == str(known), name


def test_only_the_shell_and_docker_read_the_env_file() -> None:
    line = "set -a; . ./.env; set +a"
    assert f"`{line}`" in section(SERVER, "Settings")
    assert line in (ROOT / ".env.example").read_text()
    assert Settings.model_config.get("env_file") is None
    assert ".env" not in (ROOT / "Makefile").read_text()


def test_the_commands_are_those_that_exist() -> None:
    own = {f"python -m app {name}" for name in application.commands}
    table = set(rows("app/engine/cli/README.md", "Commands"))
    # A command of the team's own may be told elsewhere.
    assert set(COMMANDS) - own <= table <= set(COMMANDS)


def test_the_options_of_serve_are_those_that_it_takes() -> None:
    [meaning] = rows("app/engine/cli/README.md", "Commands")["python -m app serve"]
    serve = COMMANDS["python -m app serve"]
    assert serve is not None
    taken = {option for param in serve.params for option in param.opts}
    assert set(re.findall(r"--\w+", meaning)) == taken


async def test_the_endpoints_the_readiness_and_the_metrics_are_those_of_a_server(app: Starlette) -> None:
    paths = {getattr(route, "path", "") for route in app.routes}
    assert set(rows(SERVER, "Endpoints")) - paths <= set(section_fields())
    assert paths <= set(rows(SERVER, "Endpoints"))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://localhost"
    ) as client:
        ready = (await client.get("/readyz")).json()
        metrics = (await client.get("/metrics")).text
    assert section_fields() == list(ready)
    # `_created` comes with each counter and histogram; the other ones are those of the operating system's process.
    standard = r"\w+_created|process_(cpu|max|open|resident|start|virtual)_\w+"
    served = set(re.findall(r"^# TYPE (\w+)", metrics, re.MULTILINE))
    former = set(FORMER_NAMES.values())
    own = {name for name in served if not re.fullmatch(standard, name)}
    assert {name.removesuffix("_total") for name in own} >= former
    assert set(rows(SERVER, "Metrics")) == {name for name in own if name.removesuffix("_total") not in former}
    assert all(f"`{name}`" in section(SERVER, "Former names") for name in former)


def section_fields() -> list[str]:
    """The fields of /readyz: the second table of the endpoints."""
    return [name for name in rows(SERVER, "Endpoints") if not name.startswith("/")]


async def test_the_tables_are_those_of_the_database(database: Database) -> None:
    found = await database.pool.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'es' AND table_type = 'BASE TABLE'"
    )
    assert set(rows("migrations/README.md", "Tables")) == {f"es.{record['table_name']}" for record in found}


async def test_the_columns_with_older_words_are_those_of_the_database(database: Database) -> None:
    columns = await database.pool.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'es'"
    )
    known = {f"es.{record['table_name']}.{record['column_name']}" for record in columns}
    named = rows("migrations/README.md", "What is never renamed")
    assert named
    assert known >= set(named)


def test_the_error_codes_are_those_that_a_client_can_get() -> None:
    listed = set(rows("app/engine/graphql/README.md", "Outcomes and errors"))
    known = {error.code for error in [errors.ApiError, *errors.ApiError.__subclasses__()]}
    assert listed == known | {
        "DOCUMENT_NOT_KNOWN",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_TOO_EXPENSIVE",
        "PERSISTED_QUERY_NOT_FOUND",
        "PERSISTED_QUERY_NOT_SUPPORTED",
    }


def test_the_limits_are_those_that_hold() -> None:
    """Each row names constants or a setting, and begins with their values in the same order."""
    found = re.findall(
        r"^\| (`[^|]*) \| ([^|]*) \|", section("app/engine/graphql/README.md", "Limits"), re.MULTILINE
    )
    assert len(found) == 11
    for cell, meaning in found:
        values = [int(number) for number in re.findall(r"\d+", meaning)]
        for name, value in zip(re.findall(r"`(\w+)`", cell), values, strict=False):
            setting = EngineSettings.model_fields.get(name.removeprefix("APP_").lower())
            assert value == (getattr(limits, name) if setting is None else setting.default), name


def test_the_fixtures_that_are_listed_exist(request: pytest.FixtureRequest) -> None:
    for name in rows("tests/README.md", "Fixtures"):
        assert request.session._fixturemanager.getfixturedefs(name, request.node), name


def test_the_fields_of_actions_and_of_events_of_a_process_are_those_of_their_classes() -> None:
    told = rows("domain/README.md", "Add a process")
    for_people = {"Started", "Ended", "StepRetried", "StepWithdrawn"}
    classes = [*get_args(Action.__value__), *get_args(LifecycleEvent.__value__)]
    assert {name: fields for name, (fields, _) in told.items()} == {
        cls.__name__: "`, `".join(field.name for field in dataclasses.fields(cls)) or "none"
        for cls in classes
        if cls.__name__ not in for_people
    }


def test_the_fields_of_a_decider_are_those_of_its_class() -> None:
    text = section("domain/README.md", "The aggregate file")
    [cell] = re.findall(r"^\| Decider \| One `Decider` value: ([^|]*) \|", text, re.MULTILINE)
    assert re.findall(r"`(\w+)`", cell) == [field.name for field in dataclasses.fields(Decider)]


def test_the_glossary_has_twenty_one_words() -> None:
    assert len(rows("app/engine/README.md", "Glossary")) == 21


# --- Decisions --------------------------------------------------------------


def decisions() -> list[tuple[str, str, str]]:
    """Each decision record: its file, its title and its text."""
    found: list[tuple[str, str, str]] = []
    for path in PATHS:
        if path != "README.md" and "\n## Decisions\n" in TEXTS[path]:
            parts = re.split(r"^### ", section(path, "Decisions"), flags=re.MULTILINE)[1:]
            found += [(path, *part.split("\n", 1)) for part in parts]  # type: ignore[misc]
    return found


@pytest.mark.parametrize(("path", "title", "text"), decisions(), ids=[title for _, title, _ in decisions()])
def test_a_decision_has_eight_lines_at_most_and_names_what_enforces_it(
    path: str, title: str, text: str
) -> None:
    parts = re.findall(r"^- \*\*([\w ]+)\*\*: ", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "Rejected", "Enforced by"]
    assert len(text.strip().splitlines()) <= 8
    enforced = named_paths(text.partition("**Enforced by**:")[2])
    assert any(name.startswith("tests/") for name in enforced), enforced
    assert f"[{title}]({path}#decisions)" in TEXTS["README.md"]


def test_the_list_of_decisions_is_complete() -> None:
    listed = re.findall(r"^- \[(.*)\]\((.*)#decisions\)$", section("README.md", "Decisions"), re.MULTILINE)
    assert sorted(listed) == sorted((title, path) for path, title, _ in decisions())


# --- How it is written ------------------------------------------------------


def test_the_first_readme_is_short() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= MAX_ROOT_LINES


@pytest.mark.parametrize("path", PATHS)
def test_the_prose_is_plain_english(path: str) -> None:
    text = TEXTS[path]
    if path == "app/engine/README.md":
        # The walks are lists of files.
        text = text.replace(section(path, "Walks"), "")
    for paragraph in paragraphs(text):
        assert not REFUSED_WORDS.search(paragraph), paragraph
        assert long_sentences(paragraph) == []


@pytest.mark.parametrize("path", PATHS)
def test_the_name_stands_where_it_is_said_to_stand(path: str) -> None:
    if path == "README.md":
        # A project that was renamed has its own name there.
        name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"]
        [listed] = fences_of((path, "Rename the project"), "text", "rename")
        for file in listed.text.splitlines():
            assert re.search(rf"\b{re.escape(name)}\b", (ROOT / file).read_text()), file


def test_the_parameters_of_the_url_are_those_that_the_code_takes_and_refuses() -> None:
    listed = rows("app/engine/database/README.md", "Parameters of the URL")
    assert listed.keys() == url.TAKEN | url.REFUSED.keys() | url.IGNORED.keys()
    for name, reason in url.REFUSED.items():
        assert listed[name][0].lower().startswith(reason.lower()), name
