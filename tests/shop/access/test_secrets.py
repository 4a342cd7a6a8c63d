"""Secrets may be in files, and are in no text that a server writes."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from app.engine.errors import ConfigurationError
from app.settings import Settings
from tests.support.cli import assert_user_error, invoke
from tests.support.server import Server
from tests.support.tokens import TOKEN_KEY, bearer, make_token

PASSWORD = "canary-of-the-database-password"
OPEN = "mutation($id: UUID!) { openOrder(input: {customerId: $id}) { __typename } }"


def test_settings_show_no_secret() -> None:
    settings = Settings(database_url=f"postgresql://a:{PASSWORD}@h/shop", token_key=SecretStr(TOKEN_KEY))
    for text in (repr(settings), str(settings), f"{settings}", repr(settings.token_key)):
        assert PASSWORD not in text
        assert TOKEN_KEY not in text
    assert settings.database_url is not None
    assert PASSWORD in settings.database_url


def test_secrets_are_read_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, url = tmp_path / "key", tmp_path / "url"
    key.write_text(TOKEN_KEY + "\n")
    url.write_text("postgresql://a@h/shop\r\n")
    monkeypatch.setenv("APP_TOKEN_KEY_FILE", str(key))
    monkeypatch.setenv("DATABASE_URL_FILE", str(url))
    settings = Settings.from_environment()
    assert settings.token_key is not None
    assert settings.token_key.get_secret_value() == TOKEN_KEY
    assert settings.database_url == "postgresql://a@h/shop"


@pytest.mark.parametrize("variable", ["APP_TOKEN_KEY", "DATABASE_URL"])
def test_a_file_that_gives_no_secret_is_named(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> str:
        monkeypatch.setenv(f"{variable}_FILE", str(path))
        with pytest.raises(ConfigurationError) as error:
            Settings.from_environment()
        return str(error.value)

    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe")
    assert refused(tmp_path / "none").startswith(f"setting {variable}_FILE: cannot read {tmp_path / 'none'}")
    assert refused(tmp_path).startswith(f"setting {variable}_FILE: cannot read {tmp_path}")
    assert refused(empty) == f"setting {variable}_FILE: {empty} is empty"
    assert "no text" in refused(binary)
    monkeypatch.setenv(variable, TOKEN_KEY)
    assert "are both set" in refused(empty)


def test_only_secrets_have_files() -> None:
    assert_user_error(invoke("serve", APP_PORT_FILE="/port"), "unknown setting APP_PORT_FILE")


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    # The server of the tests trusts each connection, so that any password does.
    url = make_url(module_database_url).set(password=PASSWORD)
    server = Server(url.render_as_string(hide_password=False), APP_MODE="production", APP_LOG_LEVEL="debug")
    try:
        yield server.wait()
    finally:
        server.close()


def test_no_secret_is_in_what_a_loaded_server_answers_or_logs(server: Server) -> None:
    token = make_token(sub="ann")
    refused = make_token(exp=1)
    wrong = token[:-6] + "AAAAAA"
    answers: list[str] = []
    with httpx2.Client(timeout=20) as client:
        for number in range(6):
            for sent in (token, refused, wrong):
                for body in (
                    {"query": OPEN, "variables": {"id": str(uuid4())}},
                    {"query": "{ position nope }"},
                    {"query": "{" * number},
                    {"query": f'{{ node(id: "{number}") {{ id }} }}'},
                ):
                    answer = client.post(server.url, json=body, headers=bearer(sent))
                    answers.append(f"{answer.headers} {answer.text}")
        for path in ("readyz", "metrics", "livez", "graphql", "nothing"):
            answers.append(client.get(f"http://127.0.0.1:{server.port}/{path}", headers=bearer(token)).text)
    written = server.output()
    assert "command" in written
    for secret in (PASSWORD, TOKEN_KEY, token, refused, wrong, token.rpartition(".")[2]):
        assert secret not in written
        assert not [text for text in answers if secret in text]
