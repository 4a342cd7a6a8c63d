"""The client kit in Node.js, with answers, sockets and timers of the test: each rule is one case of `fakes.ts`."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.shop.kit.scripts import MARKS, PATIENCE
from tests.template.readmes import section

pytestmark = MARKS

OPERATIONS = "mutation A($options: CommandOptions) { a(options: $options) } mutation B { b }"
SENT_ONCE = {"times": 1, "id": False}
REPEATED = {"times": 2, "id": False}
REPEATED_BY_ITS_ID = {"times": 2, "id": True}


def run(built: Path, case: str, argument: str = "") -> dict[str, Any]:
    """What a case has seen."""
    done = subprocess.run(
        ["node", "built/fakes.js", case, argument],
        cwd=built,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_iterator_gives_the_messages_before_an_error_and_can_be_left_after_it(built: Path) -> None:
    assert run(built, "iterate") == {"seen": ["1", "2", "3"], "errors": 1, "left": True}


def test_a_connection_that_answers_no_ping_is_given_up_and_the_subscription_goes_on(built: Path) -> None:
    assert run(built, "silent", "pong") == {"asked": ["0", "1"], "seen": ["1", "2"], "sockets": 2}


def test_a_connection_that_is_not_acknowledged_is_given_up(built: Path) -> None:
    assert run(built, "silent", "acknowledgement") == {"asked": ["0"], "seen": ["1"], "sockets": 2}


def test_an_attempt_without_an_answer_is_ended_and_repeated_with_the_same_command_id(built: Path) -> None:
    assert run(built, "unanswered") == {"attempts": 2, "ids": 1}


def test_what_the_caller_aborts_is_not_repeated(built: Path) -> None:
    assert run(built, "aborted") == {"attempts": 1, "error": "Error: by the caller"}


def test_an_answer_that_is_a_stream_lasts(built: Path) -> None:
    assert run(built, "stream") == {"aborted": False}


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"query": OPERATIONS, "operationName": "A"}, REPEATED_BY_ITS_ID),
        ({"query": OPERATIONS, "operationName": "B"}, SENT_ONCE),
        ({"query": OPERATIONS, "operationName": "C"}, SENT_ONCE),
        ({"query": OPERATIONS}, SENT_ONCE),
        ({"query": "query Q { q } mutation B { b }", "operationName": "Q"}, REPEATED),
        ({"query": "query ($l: [I] = [{a: 1}, mutation]) { a }"}, REPEATED),
        ({"query": "fragment mutation on A { a } { a { ...mutation } }"}, REPEATED),
        ({"query": "mutation ($options: JSON!) { a(options: $options) }"}, SENT_ONCE),
        ({"query": "mutation ($commandId: String) { a(commandId: $commandId) }"}, SENT_ONCE),
    ],
)
def test_an_operation_is_repeated_by_what_it_declares_itself(
    built: Path, body: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert run(built, "operation", json.dumps(body)) == sent


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"query": OPERATIONS, "operationName": "A"}, REPEATED_BY_ITS_ID),
        ({"query": "mutation B { b }"}, SENT_ONCE),
    ],
)
def test_command_ids_are_made_on_pages_without_tls(
    built: Path, body: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert run(built, "insecure", json.dumps(body)) == sent


def test_a_request_object_keeps_its_method_headers_and_body(built: Path) -> None:
    body = {"query": "{ a }", "variables": {}, "extensions": {}}
    assert run(built, "request") == {"seen": ["POST", "application/json", "caller", body]}


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("subscription($after: Position) { events(after: $after) { position } }", ["cursor", "57"]),
        ("subscription($after: String) { order { history(after: $after) { totalCount } } }", ["cursor"] * 2),
        ("query($after: Position) { events(after: $after) { nodes { position } } }", ["cursor"] * 2),
    ],
)
def test_only_the_position_of_a_subscription_moves(built: Path, query: str, asked: list[str]) -> None:
    assert run(built, "kept", query) == {"asked": asked}


def test_a_log_that_was_replaced_is_forgotten_once(built: Path) -> None:
    # A late answer does not make the kit forget the newest log.
    seen = {"first": 1, "times": 2, "reads": ["1000", "1000", "12"], "position": "12"}
    assert run(built, "once") == seen


@pytest.mark.parametrize(
    ("after", "again"),
    [
        pytest.param("7", "3", id="after a read: from a position before the next read"),
        pytest.param("0", "0", id="all events: all events of the new log"),
        pytest.param("none", None, id="no position: without one"),
    ],
)
def test_a_subscription_to_a_log_that_was_replaced_has_no_gap_after_what_is_read_again(
    built: Path, after: str, again: str | None
) -> None:
    first = None if after == "none" else after
    assert run(built, "replaced", after) == {"order": [first, "position", "replaced", again]}


def test_a_subscription_ends_with_the_error_if_the_position_of_the_new_log_is_refused(built: Path) -> None:
    error = {"message": "LOG_REPLACED", "extensions": {"code": "LOG_REPLACED"}}
    assert run(built, "replaced", "refused") == {"order": ["7", "position", "replaced", [error]]}


def test_dispose_ends_what_follows_and_what_waits(built: Path) -> None:
    assert run(built, "dispose") == {"ends": ["follows", "waits"], "closed": [True, True]}


def test_the_readme_names_the_codes_of_a_close_that_end_a_subscription(built: Path) -> None:
    sentences = re.split(r"\.\s", section("app/web/README.md", "Errors"))
    ending = [sentence for sentence in sentences if "the subscription ends with an error" in sentence]
    codes = re.findall(r"\b\d{4}\b", " ".join(ending))
    going_on = "1000 1001 1005 1006 1011 1012 1013 1014 4403 4408 4499 4504"
    assert run(built, "closed", f"{going_on} {' '.join(codes)}") == {"errors": [int(code) for code in codes]}
    assert codes == [
        "1002",
        "1003",
        "1007",
        "1008",
        "1009",
        "1015",
        "4004",
        "4400",
        "4401",
        "4406",
        "4409",
        "4429",
        "4500",
    ]
