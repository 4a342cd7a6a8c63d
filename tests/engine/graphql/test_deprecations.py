"""Old names that clients use still work, and name their replacement."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from app.engine.graphql.scalars import Position
from app.engine.graphql.schema import build_schema
from app.engine.graphql.slices.parked_keys import ParkedKey
from app.engine.graphql.slices.processes import Process
from app.engine.graphql.strawberry_internals import graphql_schema

TYPES: Any = graphql_schema(build_schema((), ())[0]).type_map


@pytest.mark.parametrize(
    ("type_name", "field", "replacement"),
    [
        ("Query", "lag", "projections"),
        ("Query", "skippedFacts", "skippedEvents"),
        ("ProjectionStatus", "unread", "unreadable"),
        ("ParkedKey", "tries", "failedRetries"),
        ("ParkedKey", "triedAt", "lastRetriedAt"),
        ("ParkedKey", "askedAt", "retryRequestedAt"),
        ("Process", "beganAt", "startedAt"),
        ("Process", "movedAt", "updatedAt"),
        ("Process", "parkedAt", "parkedPosition"),
        ("RebuildProjectionsInput", "stage", "promote"),
    ],
)
def test_a_deprecated_name_says_what_replaces_it(type_name: str, field: str, replacement: str) -> None:
    assert replacement in TYPES[type_name].fields[field].deprecation_reason
    root = TYPES["Query"] if type_name == "Query" else TYPES[type_name]
    assert replacement in root.fields


def moment(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


PARKED_KEY: Any = ParkedKey(
    key="[1]",
    position=Position(1),
    error="",
    traceback="",
    parked_at=moment(1),
    failed_retries=2,
    last_retried_at=moment(2),
    retry_requested_at=moment(3),
)
PROCESS: Any = Process(
    process="errand",
    instance_id=uuid4(),
    status="",
    state="running",
    stuck=False,
    deadline=None,
    started_at=moment(4),
    updated_at=moment(5),
    parked_position=Position(6),
    error=None,
    steps=[],
)


@pytest.mark.parametrize(
    ("holder", "old", "new"),
    [
        (PARKED_KEY, "tries", "failed_retries"),
        (PARKED_KEY, "tried_at", "last_retried_at"),
        (PARKED_KEY, "asked_at", "retry_requested_at"),
        (PROCESS, "began_at", "started_at"),
        (PROCESS, "moved_at", "updated_at"),
        (PROCESS, "parked_at", "parked_position"),
    ],
)
def test_a_deprecated_field_has_the_value_of_its_replacement(holder: Any, old: str, new: str) -> None:
    assert getattr(holder, old)() == getattr(holder, new)


@pytest.mark.parametrize("field", ["asOf", "blame"])
def test_a_point_is_given_by_one_argument_that_replaces_three(field: str) -> None:
    arguments = TYPES["Stream"].fields[field].args
    assert str(arguments["at"].type) == "PointInTime"
    for name in ("version", "moment", "position"):
        assert arguments[name].deprecation_reason == "Use at."
