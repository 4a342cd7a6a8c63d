"""The container files say what they should. They are read here, not built: no test needs Docker."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.composition import application
from app.engine.settings import ROOT, EngineSettings
from app.settings import Settings
from tests.support import env_example
from tests.support.cli import run_cold
from tests.support.env_example import VARIABLE, defaults
from tests.support.server import DEAD_PROXY, Server
from tests.template.readmes import section, tracked

type Instruction = tuple[str, str]

DIGEST = "@sha256:[0-9a-f]{64}"


def stages() -> dict[str, list[Instruction]]:
    """The Dockerfile's instructions by stage; the last stage is named "final"."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    found: dict[str, list[Instruction]] = {}
    name = ""
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            word, rest = line.strip().split(maxsplit=1)
            if word == "FROM":
                name = rest.split(" AS ")[1] if " AS " in rest else "final"
                found[name] = []
            found[name].append((word, rest.strip()))
    return found


def told(stage: str, word: str) -> list[str]:
    return [rest for name, rest in stages()[stage] if name == word]


def copied() -> list[str]:
    """What is copied from the build context."""
    return [
        source
        for stage in stages()
        for line in told(stage, "COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    ]


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(told("final", "ENV"))))


def test_there_is_a_stage_for_the_page_one_for_the_packages_and_a_slim_last_one() -> None:
    assert list(stages()) == ["graphiql", "packages", "final"]
    assert told("graphiql", "FROM")[0].startswith("node:")
    assert re.fullmatch(rf"python:3\.\d+-slim{DIGEST}", told("final", "FROM")[0])
    assert told("packages", "FROM")[0].split()[0] == told("final", "FROM")[0], (
        "the virtual environment names its interpreter"
    )


def test_every_image_from_outside_has_a_tag_and_a_digest() -> None:
    built = {stage for stage in stages() if stage != "final"}
    named = [told(stage, "FROM")[0].split()[0] for stage in stages()]
    for line in (line for stage in stages() for line in told(stage, "COPY")):
        if source := re.match(r"--from=(\S+)", line):
            named.append(source[1])
    used = [image for image in named if image not in built]
    used += [service["image"] for service in compose()["services"].values() if "image" in service]
    assert len(set(used)) >= 5
    digests: dict[str, set[str]] = {}
    for image in used:
        assert re.fullmatch(rf"[\w/.-]+:[\w.-]+{DIGEST}", image), image
        digests.setdefault(image.split("@")[0], set()).add(image)
    assert {image: len(found) for image, found in digests.items()} == dict.fromkeys(digests, 1)


def test_the_page_is_built_from_its_lock() -> None:
    ran = told("graphiql", "RUN")
    assert any(line.startswith("npm ci") for line in ran)
    assert "node build.mjs" in ran
    # The tabs of GraphiQL are there before it is built.
    instructions = stages()["graphiql"]
    assert instructions.index(("COPY", "app/web /build/app/web")) < instructions.index(
        ("RUN", "node build.mjs")
    )
    room = told("graphiql", "WORKDIR")[0]
    assert f"--from=graphiql {room}/dist app/engine/graphiql/dist" in told("final", "COPY")


def test_every_page_of_the_application_is_built_into_the_image_and_by_make() -> None:
    folders = [folder.relative_to(ROOT).as_posix() for folder in application.pages.values()]
    assert folders
    for folder in folders:
        assert f"node build.mjs /build/{folder}" in told("graphiql", "RUN")
        assert f"--from=graphiql /build/{folder}/dist {folder}/dist" in told("final", "COPY")
    assert re.findall(r"^PAGES \+= (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE) == folders


def test_packages_are_installed_by_hash() -> None:
    (ran,) = told("packages", "RUN")
    assert "--require-hashes -r requirements.lock" in ran
    assert not any("pip install" in line for line in told("final", "RUN"))


def test_the_server_is_not_root() -> None:
    (user,) = told("final", "USER")
    assert user not in ("root", "0")
    words = [word for word, _ in stages()["final"]]
    assert max(i for i, word in enumerate(words) if word in ("RUN", "COPY")) < words.index("USER")


def test_the_image_cannot_install_anything() -> None:
    for stage in ("packages", "final"):
        assert any("pip uninstall --yes pip" in line for line in told(stage, "RUN"))


def test_the_server_writes_to_no_file_and_gains_no_right() -> None:
    app = compose()["services"]["app"]
    assert app["read_only"] is True
    assert app["tmpfs"] == ["/tmp"]
    assert app["cap_drop"] == ["ALL"]
    assert app["security_opt"] == ["no-new-privileges:true"]


def test_everything_that_is_copied_is_there_and_let_through() -> None:
    patterns = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]

    def let_through(path: str) -> bool:
        kept = True
        for pattern in patterns:
            plain = pattern.removeprefix("!").removeprefix("**/")
            parts = [path, *map(str, Path(path).parents), *Path(path).parts]
            if any(fnmatch.fnmatchcase(part, plain) for part in parts if part != "."):
                kept = pattern.startswith("!")
        return kept

    for source in copied():
        assert (ROOT / source).exists(), source
        assert let_through(source), source
    for secret in (".env", ".git", ".data", ".venv", "app/engine/graphiql/node_modules", "app/__pycache__"):
        assert not let_through(secret), secret


def test_what_is_copied_is_enough_to_run(tmp_path: Path) -> None:
    for source in copied():
        if (ROOT / source).is_dir() and source != "app/engine/graphiql":
            shutil.copytree(
                ROOT / source,
                tmp_path / source,
                ignore=shutil.ignore_patterns("node_modules", "dist", "__pycache__"),
                # A folder and one inside it are both copied, by different stages.
                dirs_exist_ok=True,
            )
    ran = run_cold("schema", root=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "type Query" in ran.stdout


def test_the_image_serves_and_migrates_on_all_its_addresses() -> None:
    assert json.loads(told("final", "CMD")[0]) == ["python", "-m", "app", "serve", "--migrate"]
    assert told("final", "EXPOSE") == ["8000"]
    assert environment()["APP_HOST"] == "0.0.0.0"
    assert environment()["APP_MODE"] == "production"
    known = {f"APP_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in environment() if name.startswith("APP_")} <= known


def test_the_health_check_of_the_image_tells_a_ready_server_from_none_without_a_proxy(
    serve: Callable[..., Server],
) -> None:
    (line,) = told("final", "HEALTHCHECK")
    command = json.loads(line.split(" CMD ")[1].strip())
    assert command[0] == "python"

    def health_exit_code(port: int) -> int:
        done = subprocess.run(
            [sys.executable, *command[1:]],
            env={**os.environ, **DEAD_PROXY, "APP_PORT": str(port)},
            capture_output=True,
            check=False,
            timeout=30,
        )
        return done.returncode

    server = serve().wait()
    assert health_exit_code(server.port) == 0
    server.stop()
    assert health_exit_code(server.port) != 0


def test_the_application_waits_for_a_healthy_database() -> None:
    services = compose()["services"]
    assert services["app"]["build"] == "."
    assert services["app"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "pg_isready" in services["database"]["healthcheck"]["test"][1]
    assert "test" not in services["app"].get("healthcheck", {}), "the image brings its own"
    assert all(service["restart"] for service in services.values())


def test_the_database_keeps_its_data_where_postgresql_18_puts_it() -> None:
    database = compose()["services"]["database"]
    assert database["image"].startswith("postgres:18@")
    assert database["volumes"] == ["database:/var/lib/postgresql"]
    assert "database" in compose()["volumes"]
    assert "ports" not in database


def test_only_this_machine_can_call() -> None:
    (port,) = compose()["services"]["app"]["ports"]
    assert re.fullmatch(r"127\.0\.0\.1:\$\{PORT:-8000\}:8000", port)
    for service in compose()["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_the_containers_that_observe_start_only_when_they_are_asked_for() -> None:
    services = compose()["services"]
    observing = {name: service for name, service in services.items() if "profiles" in service}
    assert {name: service["profiles"] for name, service in observing.items()} == {
        "prometheus": ["observe"],
        "grafana": ["observe"],
    }
    for service in observing.values():
        # One version for all: a tag like `latest` would be another one on each day.
        assert re.fullmatch(rf"[\w/]+:v?\d+\.\d+\.\d+{DIGEST}", service["image"])
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in compose()["volumes"]
        assert {config["source"] for config in service["configs"]} <= set(compose()["configs"])


def test_prometheus_reads_the_page_of_the_application_and_the_alerts() -> None:
    config = yaml.safe_load(compose()["configs"]["prometheus"]["content"])
    [job] = config["scrape_configs"]
    assert (job["job_name"], job["static_configs"]) == ("app", [{"targets": ["app:9100"]}])
    mounted = [volume.split(":")[1] for volume in compose()["services"]["prometheus"]["volumes"]]
    assert config["rule_files"][0] in mounted


def test_a_container_has_more_time_to_stop_than_the_server_needs() -> None:
    seconds = int(compose()["services"]["app"]["stop_grace_period"].removesuffix("s"))
    assert seconds > 2 * Settings.model_fields["shutdown_timeout_seconds"].default


def test_both_sides_have_the_same_password_from_the_environment() -> None:
    services = compose()["services"]
    password = services["database"]["environment"]["POSTGRES_PASSWORD"]
    assert re.fullmatch(r"\$\{POSTGRES_PASSWORD:-\w+\}", password)
    assert f":{password}@database:5432/" in services["app"]["environment"]["DATABASE_URL"]
    known = {f"APP_{name.upper()}" for name in Settings.model_fields} | {"DATABASE_URL"}
    assert set(services["app"]["environment"]) <= known


@pytest.mark.parametrize(
    ("arguments", "environment", "options"),
    [
        ([], {}, []),
        ([], {"APP_PORT": "9001"}, []),
        ([], {"PORT": "9002"}, ["--port", "9002"]),
        (["PORT=9003"], {"APP_PORT": "9001"}, ["--port", "9003"]),
    ],
)
def test_make_run_names_a_port_only_if_it_is_given_one_and_leaves_the_rest_to_the_settings(
    arguments: list[str], environment: dict[str, str], options: list[str]
) -> None:
    left_out = ("PORT", "APP_PORT", "MAKEFLAGS", "MAKEOVERRIDES")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    shown = subprocess.run(
        ["make", "-n", "run", *arguments],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    [served] = [line for line in shown.stdout.splitlines() if " -m app serve " in line]
    assert served.partition(" serve ")[2].split() == ["--migrate", *options]


def test_make_schema_writes_the_text_as_it_is_also_with_a_shell_whose_echo_reads_backslashes(
    tmp_path: Path,
) -> None:
    text = r"one \n two \\ three \b"
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\nprint({text!r})\n")
    python.chmod(0o755)
    shown = subprocess.run(
        ["make", "-n", "schema", f"BIN={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    [recipe] = [line for line in shown.stdout.splitlines() if " -m app schema" in line]
    shell = shutil.which("dash") or "sh"
    subprocess.run([shell, "-c", recipe], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "schema.graphql").read_text() == f"{text}\n"


@pytest.mark.parametrize("target", ["test", "soak"])
def test_the_tests_run_without_pages_that_cannot_be_built_and_the_check_of_a_change_does_not(
    target: str,
) -> None:
    shown = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    [built, tested] = [
        line for line in shown.stdout.splitlines() if "build.py" in line or "-m pytest" in line
    ]
    assert " || echo " in built
    assert "-m pytest" in tested
    checked = [line for line in (ROOT / ".ci/run").read_text().splitlines() if line.startswith("make ")]
    assert checked == ["make check", "make graphiql", "make test", "make clients"]


def test_what_only_the_compose_file_is_said_to_read_is_read_by_nothing_else() -> None:
    docker = section("app/engine/server/README.md", "Docker")
    [said] = re.findall(r"(`[^.]*) are read by `docker-compose.yml` only\.", docker)
    [listed] = re.findall(
        rf"^# Read by docker-compose.yml only: .*\n((?:# {VARIABLE}=.*\n)+)", env_example.TEXT, re.MULTILINE
    )
    names = {*re.findall(rf"`({VARIABLE})`", said), *dict(defaults(listed))}
    assert "POSTGRES_URL" in names
    readers = [path for path in tracked() if path.endswith((".py", "Makefile", "Dockerfile"))]
    for path in (path for path in readers if not path.startswith("tests/")):
        assert not names & set(re.findall(r"\w+", (ROOT / path).read_text())), path


def test_the_example_names_every_setting_with_its_default() -> None:
    named = {
        name: value
        for name, value in defaults()
        if name not in ("POSTGRES_PASSWORD", "POSTGRES_URL", "PORT", "PROMETHEUS_PORT", "GRAFANA_PORT")
    }
    fields = {
        "DATABASE_URL" if name == "database_url" else f"APP_{name.upper()}": field
        for name, field in Settings.model_fields.items()
    }
    engine = {name for name in fields if name.removeprefix("APP_").lower() in EngineSettings.model_fields}
    assert engine | {"DATABASE_URL"} <= set(named) <= set(fields)
    for name, field in fields.items():
        if name in named and name not in (
            "DATABASE_URL",
            "APP_DATA_DIR",
            "APP_ISSUER",
            "APP_AUDIENCE",
            "APP_TOKEN_KEY",
            "APP_ALLOWED_HOSTS",
            "APP_ALLOWED_ORIGINS",
            "APP_SIMULATED_GATEWAY",
        ):
            if isinstance(field.default, bool):
                assert named[name] == str(field.default).lower(), name
            else:
                assert type(field.default)(named[name]) == field.default, name
