"""What a `.env` becomes: in the shell, and in the containers of docker compose. No test needs Docker."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.engine.settings import ROOT
from app.settings import Settings
from tests.support.cli import run
from tests.support.databases import as_superuser
from tests.support.env_example import VARIABLE, defaults
from tests.support.issuer import run_issuer
from tests.support.server import Server
from tests.support.tokens import bearer
from tests.template.readmes import section

REGISTER = (
    'mutation { registerProduct(input: { sku: "A", name: "A", price: { amount: "1.00" } }) { __typename } }'
)


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def compose_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """What the server gets if `.env` has these variables. `environment` of the service wins over them."""
    app = compose()["services"]["app"]
    return dict(variables) | {name: interpolate(text, variables) for name, text in app["environment"].items()}


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """`${NAME-default}` for a variable that may be missing, `${NAME:-default}` for one that may be empty, too."""

    def value(match: re.Match[str]) -> str:
        name, operator, default = match.groups()
        is_given = name in variables and (operator != ":-" or variables[name] != "")
        return variables[name] if is_given else default

    while (done := re.sub(r"\$\{(\w+)(:?-)([^{}]*)\}", value, text)) != text:
        text = done
    return text


def database_of_compose(password: str) -> str:
    """The URL of the database in the other container."""
    made = compose()["services"]["database"]["environment"]
    return f"postgresql://{made['POSTGRES_USER']}:{password}@database:5432/{made['POSTGRES_DB']}"


def test_each_line_of_the_example_reaches_a_program_through_the_shell_as_it_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = defaults()
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines))
    show = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    shown = subprocess.run(
        ["sh", "-c", f"set -a; . ./.env; set +a; {show}"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    sourced = json.loads(shown.stdout)
    # A pair of single quotes is taken away, by the shell and by docker compose; nothing else is.
    for name, value in lines:
        assert sourced[name] == re.sub(r"^'(.*)'$", r"\1", value), name
    # Another document in its place needs the quotes, too.
    quoted = {name for name, value in lines if value.startswith("'")}
    assert quoted == {name for name, _ in lines} & {
        "APP_ALLOWED_HOSTS",
        "APP_ALLOWED_ORIGINS",
        "APP_SIMULATED_GATEWAY",
    }
    for name in quoted:
        monkeypatch.setenv(name, sourced[name])
    settings = Settings.from_environment()
    assert (list(settings.allowed_hosts), list(settings.allowed_origins)) == (
        ["shop.example"],
        ["https://shop.example"],
    )


def test_the_database_of_a_developer_is_not_the_one_of_the_containers() -> None:
    given = {"DATABASE_URL": "postgresql://localhost/mine", "POSTGRES_PASSWORD": "abc"}
    assert compose_environment(given)["DATABASE_URL"] == database_of_compose("abc")


def test_a_caller_of_the_containers_needs_the_token_of_the_readmes(serve: Callable[..., Server]) -> None:
    [link] = re.findall(
        r"`docker compose up --build`[^.]*\[need a token\]\(([^)]*)\)", section("README.md", "Run it")
    )
    assert link == "app/engine/server/README.md#docker"
    docker = section("app/engine/server/README.md", "Docker")
    [line] = re.findall(r"^docker compose exec app python -m app (token .*)$", docker, re.MULTILINE)
    given = compose_environment({}) | {"APP_HOST": "127.0.0.1", "APP_OPERATIONS_PORT": "0"}
    del given["DATABASE_URL"]
    server = serve(**given).wait()
    [denied] = server.ask(REGISTER)["errors"]
    assert denied["extensions"]["code"] == "FORBIDDEN"
    server.headers = bearer(run(*line.split(), **given).stdout.strip())
    assert server.ask(REGISTER)["data"]["registerProduct"]["__typename"] == "ProductAccepted"


@pytest.mark.parametrize("owner", [False, True])
def test_a_server_starts_with_what_the_compose_file_says_of_production(
    owner: bool, database_url: str, serve: Callable[..., Server]
) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    variables = dict(re.findall(rf"^#   ({VARIABLE})='?([^'\n]*)'?$", text, re.MULTILINE))
    assert {"POSTGRES_PASSWORD", "POSTGRES_URL", "APP_ALLOW_DATABASE_OWNER"} <= set(variables)
    # One of these two: a role that cannot change events, or the permission for one that can.
    del variables["POSTGRES_URL" if owner else "APP_ALLOW_DATABASE_OWNER"]
    given = compose_environment(variables)
    database = database_of_compose(variables["POSTGRES_PASSWORD"])
    assert given["DATABASE_URL"] == (database if owner else variables["POSTGRES_URL"])
    assert given["APP_MODE"] == "production"
    url = as_superuser(database_url) if owner else database_url
    # The image migrates at start.
    assert run("migrate", DATABASE_URL=url).returncode == 0
    with run_issuer() as issuer:
        given |= {"DATABASE_URL": url, "APP_ISSUER": issuer.url, "APP_OPERATIONS_PORT": "0"}
        server = serve(**given).wait()
        assert server.stop() == 0
