"""What the alerts and the dashboard ask for is served, and each alert says what to do."""

import json
import re
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml

from app.engine.settings import ROOT
from tests.support.server import Server
from tests.template.readmes import section

README = "app/engine/server/README.md"
AGGREGATIONS = {"max", "min", "sum"}
FUNCTIONS = {"abs", "histogram_quantile", "increase", "rate"} | AGGREGATIONS
WORDS = {"and", "on", "without"}
OF_ONE_SERVER = {"instance", "pod"}
"""Labels that tell servers of one environment apart. All others may be those of an environment."""
OF_PROMETHEUS = {"up"}
"""Series that Prometheus makes itself."""


def alerts() -> Sequence[Mapping[str, Any]]:
    groups = yaml.safe_load((ROOT / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> Sequence[Mapping[str, Any]]:
    return json.loads((ROOT / "grafana.json").read_text())["panels"]


EXPRESSIONS = [
    *(rule["expr"] for rule in alerts()),
    *(target["expr"] for panel in panels() for target in panel["targets"]),
]


def series_of(expression: str) -> Mapping[str, set[str]]:
    """The series that an expression names, each with the labels that it selects by."""
    found: dict[str, set[str]] = {}
    plain = re.sub(r"\b(by|on|without|ignoring) ?\([^)]*\)", "", expression)
    for name, labels in re.findall(r"\b([a-z_]\w*)(\{[^}]*\})?", re.sub(r"\[\w+\]", "", plain)):
        inside = re.search(rf"\{{[^}}]*\b{name}\s*(=|!=)", plain) or f'"{name}"' in plain
        if name not in FUNCTIONS | WORDS and not inside:
            found.setdefault(name, set()).update(re.findall(r"(\w+)(?:=|!=)", labels or ""))
    return found


@pytest.fixture(scope="module")
def served(module_server: Server) -> Mapping[str, set[str]]:
    """The series on the page of a real server, each with its labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{module_server.port}/metrics", timeout=10) as answer:
        page: str = answer.read().decode()
    found: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^([a-z_]\w*)(\{.*\})? ", page, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    # A family without a sample has no labels yet: no event is unreadable on a healthy server.
    for name in re.findall(r"^# TYPE (\w+) gauge", page, re.MULTILINE):
        found.setdefault(name, set())
    return found


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_series_that_is_named_is_on_the_page_of_a_real_server(
    expression: str, served: Mapping[str, set[str]]
) -> None:
    named = series_of(expression)
    assert named, expression
    for name, labels in named.items():
        if name not in OF_PROMETHEUS:
            assert name in served, (expression, name)
            assert labels - {"job", "instance"} <= served[name], (expression, name)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_two_environments_in_one_prometheus_are_not_taken_together(
    expression: str, served: Mapping[str, set[str]]
) -> None:
    own = {label for name in series_of(expression) for label in served.get(name, ())} - {"le"}
    aggregations = rf"\b(?:{'|'.join(AGGREGATIONS)})(?: (by|without) \(([^)]*)\))? ?\("
    for clause, labels in re.findall(aggregations, expression):
        assert clause == "without", expression
        assert set(labels.split(", ")) <= OF_ONE_SERVER | own, expression


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_restart_which_begins_at_zero_again_is_no_change(expression: str) -> None:
    # `increase` and `rate` take a lower value for a restart, and these do not.
    assert not re.findall(r"\b(?:changes|i?delta|deriv)\(", expression)


def test_the_search_for_names_finds_them_all() -> None:
    expression = (
        'max by (process) (app_steps{state="due"}) > 0 and on(instance) rate(app_x_sum[5m]) / foo > 1'
    )
    assert series_of(expression) == {"app_steps": {"state"}, "app_x_sum": set(), "foo": set()}


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_has_a_section_that_says_what_it_means_and_what_to_do(rule: Mapping[str, Any]) -> None:
    name = rule["alert"]
    told = section(README, name)
    assert "- **Means**: " in told
    assert "- **Do**: " in told
    assert rule["annotations"]["runbook"] == f"{README}#{name.lower()}"
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in ("page", "ticket")


def test_no_section_is_about_an_alert_that_does_not_exist() -> None:
    sections = re.findall(r"^### (\w+)$", section(README, "Alerts"), re.MULTILINE)
    assert sections == [rule["alert"] for rule in alerts()]


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads((ROOT / "grafana.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places)
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    source = yaml.safe_load(compose["configs"]["grafana_datasource"]["content"])["datasources"][0]
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}
