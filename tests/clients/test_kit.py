"""The kit behind a proxy that loses answers of a server. It repeats a command by its id alone."""

import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clients.builds import BUILT, NPM, build_all
from tests.clients.programs import Client, Program
from tests.support.server import Server

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(NPM is None, reason="no npm on this machine; Debian: apt-get install npm"),
]

FAILED: dict[str, Any] = {"recorded": 1, "answer": "failed"}
"""Executed once. The caller is told that there is no answer."""
REPEATED: dict[str, Any] = {"recorded": 1, "answer": True}
"""Executed once. The caller gets the outcome, by the command id."""
READ: dict[str, Any] = {"recorded": 0, "answer": "LOST"}
REFUSED: dict[str, Any] = {"recorded": 0, "answer": "failed"}
"""Not sent, or not sent again."""
CALLS = {
    "text": FAILED,
    "text, # in a string": FAILED,
    "text, $options": REPEATED,
    "unknown documentId": FAILED,
    "unknown documentId, $options": FAILED,
    "unknown doc_id, $options": FAILED,
    "unknown Apollo, $options": FAILED,
    "unknown documentId, command id": REPEATED,
    "unknown documentId, null": FAILED,
    "unknown query by GET": READ,
    "unknown query": REFUSED,
    "known documentId": FAILED,
    "known documentId, $options": REPEATED,
    "known doc_id, $options": REPEATED,
    "known Apollo, $options": REPEATED,
    "known documentId, command id": REPEATED,
    "known documentId, null": REPEATED,
    "known query by GET": READ,
    "known query": READ,
    "socket, mutation": REFUSED,
    "unknown socket, mutation": REFUSED,
    "known socket, mutation": REFUSED,
    "known socket, query": READ,
}


@pytest.fixture(scope="module")
def lines(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[dict[str, Any]]]:
    """What the script prints."""
    folder = tmp_path_factory.mktemp("documents")
    with run(module_database_url, folder, "lost.js") as lines:
        yield lines


@contextmanager
def run(database_url: str, folder: Path, script: str, **environment: Any) -> Generator[list[dict[str, Any]]]:
    """What a script prints at a server that has the manifest of its documents."""
    build_all()
    shutil.copy(BUILT / "typed" / "src" / "gql" / "persisted-documents.json", folder)
    server = Server(database_url, APP_DOCUMENTS_DIR=str(folder), **environment)
    client = None
    try:
        client = Client(Program(["node", f"built/typed/out/{script}"]), server.wait(), "")
        client.wait()
        yield client.lines
    finally:
        errors = client.close() if client else ""
        server.close()
    assert errors == ""


def test_a_command_whose_answer_is_lost_is_executed_once_and_repeated_by_its_id_alone(
    lines: list[dict[str, Any]],
) -> None:
    calls = {
        line["call"]: {"recorded": line["recorded"], "answer": line["answer"]}
        for line in lines
        if line["step"] == "call"
    }
    assert calls == CALLS


def test_a_query_over_a_socket_is_sent_again_and_sees_what_the_kit_has_seen(
    lines: list[dict[str, Any]],
) -> None:
    assert {"step": "reads", "times": 2, "after": True} in lines


def test_an_iterator_gets_every_event_once_over_a_lost_connection_and_ends_when_it_is_left(
    lines: list[dict[str, Any]],
) -> None:
    assert {"step": "events", "once": True, "last": True} in lines
    assert {"step": "end", "done": True} in lines


def test_a_batch_is_sent_as_it_is_and_the_server_says_why_it_refuses_it(lines: list[dict[str, Any]]) -> None:
    message = "Batches are not supported: send each operation in a request of its own"
    assert {"step": "batch", "message": message} in lines


def test_requests_need_no_web_socket(lines: list[dict[str, Any]]) -> None:
    assert {"step": "server", "position": True} in lines


def test_what_is_shown_follows_a_mutation_if_only_trusted_documents_are_executed(
    database_url: str, tmp_path: Path
) -> None:
    with run(database_url, tmp_path, "known.js", APP_DOCUMENTS="known") as lines:
        seen = lines
    assert seen == [
        {"step": "known", "client": "urql", "shown": [0, 1], "position": "1"},
        {"step": "known", "client": "apollo", "shown": [1, 2], "position": "1"},
    ]
