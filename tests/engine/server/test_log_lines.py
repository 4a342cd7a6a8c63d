"""Each command and each batch of a projector has one log line, which never shows its content."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from app.engine.access.ownership import StateGuard
from app.engine.access.policy import AccessDenied
from app.engine.database.connections import Database
from app.engine.logs import configure_logging, log_fields
from domain.kernel.decider import Decider
from tests.support.cli import run_python
from tests.support.toy_counter import Add, Take, engine, request, tally

type Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Said]:
    """What was written to stderr since it was last asked for; in the end the loggers are as they were."""
    root, app = logging.getLogger(), logging.getLogger("app")
    handlers, level, own = root.handlers[:], root.level, app.level
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(level)
    app.setLevel(own)


def told(written: str, message: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, written.splitlines()) if line["message"] == message]


async def test_each_command_has_one_line_with_its_outcome_and_nothing_of_what_was_in_it(
    database: Database, said: Said
) -> None:
    configure_logging("info", lines="json")
    stream, asked = uuid4(), request(command_id=uuid4())
    async with engine(database) as running:
        for command, options in (
            (Add(amount=424242, note="confidential"), asked),
            (Add(amount=424242, note="confidential"), asked),
            (Take(amount=919191), request()),
            (Add(amount=1), request(expected_version=7)),
            (Add(amount=1), request(dry_run=True)),
        ):
            await running.commands.execute(tally, stream, command, options)
        await running.projector.wait_for_position("tallies", 1, 10)
    written = said()
    commands = told(written, "command")
    assert [(line["command"], line["outcome"]) for line in commands] == [
        ("tally.add", "accepted"),
        ("tally.add", "duplicate"),
        ("tally.take", "TOO_LITTLE"),
        ("tally.add", "conflict"),
        ("tally.add", "preview"),
    ]
    assert {line["stream"] for line in commands} == {f"tally {stream}"}
    assert commands[0]["correlation"] == str(asked.correlation_id)
    assert all(line["ms"] >= 0 and line["level"] == "info" for line in commands)
    assert not [secret for secret in ("424242", "confidential", "919191") if secret in written]
    assert told(written, "batch") == []


async def test_a_command_that_fails_says_so_in_its_line(database: Database, said: Said) -> None:
    configure_logging("info", lines="json")

    def decide(command: Add, state: int) -> Any:
        raise ZeroDivisionError

    broken = Decider(category="tally", initial=0, decide=decide, evolve=tally.evolve)
    async with engine(database) as running:
        with pytest.raises(ZeroDivisionError):
            await running.commands.execute(broken, uuid4(), Add(amount=1), request())
    assert [line["outcome"] for line in told(said(), "command")] == ["ZeroDivisionError"]


async def test_a_command_that_is_forbidden_has_the_code_that_its_sender_gets_in_its_line(
    database: Database, said: Said
) -> None:
    configure_logging("info", lines="json")
    guard = StateGuard("ann", lambda state: "ben" if state else None)
    async with engine(database) as running:
        with pytest.raises(AccessDenied):
            await running.commands.execute(tally, uuid4(), Add(amount=1), request(guard=guard))
    assert [line["outcome"] for line in told(said(), "command")] == ["FORBIDDEN"]


async def test_each_batch_of_a_projector_has_a_line_when_asked_for(database: Database, said: Said) -> None:
    configure_logging("debug", lines="json")
    async with engine(database) as running:
        await running.commands.execute(tally, uuid4(), Add(amount=424242), request())
        await running.projector.wait_for_position("tallies", 1, 10)
    written = said()
    [batch] = told(written, "batch")
    assert (batch["projection"], batch["facts"], batch["rows"], batch["position"]) == ("tallies", 1, 1, 1)
    assert batch["ms"] > 0
    assert "424242" not in written


def test_a_line_of_json_is_one_line_with_any_content(said: Said) -> None:
    log = logging.getLogger("uvicorn.error")
    configure_logging("info", lines="json")
    hostile = "a\nb\rc\u2028d\x85e\ud800f\x1bg"
    log.warning(hostile)
    log.warning("%s", "named", extra=log_fields(**{hostile: hostile}))
    log.warning("%d pieces", "many")
    log.warning("%s", Unprintable())
    first, second, third, fourth = map(json.loads, said().splitlines())
    assert (first["message"], second[hostile]) == (hostile, hostile)
    assert third["message"].startswith("'%d pieces' cannot be formatted: TypeError")
    assert fourth["message"].startswith("'%s' cannot be formatted: ZeroDivisionError")


class Unprintable:
    def __str__(self) -> str:
        raise ZeroDivisionError


def test_what_python_prints_of_errors_is_logged_instead() -> None:
    code = """
import gc, sys, threading, warnings
from app.engine.logs import configure_logging, log_python_output
configure_logging("info", lines="json")
log_python_output()
class Broken:
    def __del__(self):
        raise KeyError("finalizer")
warnings.warn("old")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
Broken()
gc.collect()
raise LookupError("last")
"""
    result = run_python(code)
    assert result.returncode == 1
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["py.warnings", *["app.engine.logs"] * 3]
    for line, error in zip(lines[1:], ("ZeroDivisionError", "finalizer", "LookupError"), strict=True):
        assert error in line["exception"]


def test_text_is_for_people_and_an_exception_stays_one_line_of_json(said: Said) -> None:
    log = logging.getLogger("app.somewhere")
    configure_logging("warning", lines="text")
    log.info("unheard")
    log.warning("heard", extra=log_fields(position=7))
    [line] = said().splitlines()
    assert line.endswith(" WARNING app.somewhere heard position=7")
    configure_logging("warning", lines="json")
    try:
        raise KeyError("missing")
    except KeyError:
        log.exception("what %s", "now")
    [line] = map(json.loads, said().splitlines())
    assert (line["message"], line["level"]) == ("what now", "error")
    assert line["exception"].endswith("KeyError: 'missing'\n")
