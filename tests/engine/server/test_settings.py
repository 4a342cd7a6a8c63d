"""Old names of settings are refused with the new name, and the example describes each setting as the code does."""

import pytest

from app.engine.errors import ConfigurationError
from app.engine.settings import EngineSettings
from app.settings import Settings
from tests.support.env_example import defaults, described_variables
from tests.support.sentences import long_sentences


@pytest.mark.parametrize(("old", "new"), Settings.renamed.items())
def test_an_old_name_is_refused_with_the_new_one(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"APP_{old}", "1")
    with pytest.raises(ConfigurationError, match=rf"^setting APP_{old} is now called APP_{new}$"):
        Settings.from_environment()
    assert old.lower() not in Settings.model_fields
    assert new.partition(",")[0].lower() in Settings.model_fields


def of_service(prefix: str) -> dict[str, str]:
    """What Kubernetes sets for a Service in each pod that starts after it."""
    host, port = "10.43.7.1", "8000"
    url = f"tcp://{host}:{port}"
    return {
        f"{prefix}_SERVICE_HOST": host,
        f"{prefix}_SERVICE_PORT": port,
        f"{prefix}_SERVICE_PORT_HTTP": port,
        f"{prefix}_PORT": url,
        f"{prefix}_PORT_8000_TCP": url,
        f"{prefix}_PORT_8000_TCP_PROTO": "tcp",
        f"{prefix}_PORT_8000_TCP_PORT": port,
        f"{prefix}_PORT_8000_TCP_ADDR": host,
    }


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("prefix", ["APP", "APP_OPERATIONS", "APP_DATABASE_2"])
def test_what_kubernetes_sets_for_a_service_is_no_setting(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, of_service(prefix))
    settings = Settings.from_environment()
    assert (settings.port, settings.operations_port) == (8000, 0)
    assert Settings.from_environment(port=9001).port == 9001


def test_a_port_that_is_set_counts_and_not_that_of_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, of_service("APP") | {"APP_PORT": "9001"})
    assert Settings.from_environment().port == 9001


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_PORT", "tcp://10.43.7.1:8000"),
        ("APP_PORT_8000_TCP", "tcp://10.43.7.1:8000"),
        ("APP_SERVICE_PORT", "8000"),
    ],
)
def test_such_a_name_without_a_service_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"setting {name}[:;]"):
        Settings.from_environment()


def test_other_names_are_refused_also_with_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, of_service("APP") | {"APP_PORTS": "tcp://10.43.7.1:8000"})
    with pytest.raises(ConfigurationError, match="unknown setting APP_PORTS;"):
        Settings.from_environment()


@pytest.mark.parametrize(
    "name", [name for name, field in Settings.model_fields.items() if field.annotation is float]
)
@pytest.mark.parametrize("value", ["inf", "nan", "1e400"])
def test_a_number_that_is_not_finite_is_refused_with_the_name_of_its_setting(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"APP_{name.upper()}", value)
    with pytest.raises(ConfigurationError, match=f"^setting APP_{name.upper()}: .*, not '{value}'$"):
        Settings.from_environment()


def test_the_sentences_of_a_setting_of_the_engine_are_short() -> None:
    for name, field in EngineSettings.model_fields.items():
        assert not long_sentences(field.description or ""), name


def test_the_example_describes_each_setting_as_the_code_does() -> None:
    described = described_variables()
    for name, field in Settings.model_fields.items():
        assert field.description in described, name
        assert described[field.description].removeprefix("APP_") == name.upper()


def test_a_setting_of_the_example_may_have_digits_in_its_name() -> None:
    text = "# Where files go.\n# APP_S3_BUCKET=files\n"
    assert described_variables(text) == {"Where files go.": "APP_S3_BUCKET"}
    assert defaults(text) == [("APP_S3_BUCKET", "files")]
