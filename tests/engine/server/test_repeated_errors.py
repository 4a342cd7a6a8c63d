"""The traceback of a cause is logged once, then its occurrences are counted; no error line is without a cause."""

import logging
import sys
import time
from collections.abc import Iterator

import pytest

from app.engine.logs import RepeatedErrorFilter, error_line


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    """What passes a filter with an interval of no time, from the logger `app.test`."""
    yield from _records(0.0)


@pytest.fixture
def held_lines() -> Iterator[list[logging.LogRecord]]:
    """What passes a filter whose interval does not end during the test."""
    yield from _records(3600.0)


def _records(interval: float) -> Iterator[list[logging.LogRecord]]:
    passed: list[logging.LogRecord] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            passed.append(record)

    handler, log = Handler(), logging.getLogger("app.test")
    handler.addFilter(RepeatedErrorFilter(interval))
    log.addHandler(handler)
    yield passed
    log.removeHandler(handler)


def fail(error: Exception, message: object = "position %d", argument: int = 1) -> None:
    arguments = (argument,) if isinstance(message, str) else ()
    try:
        raise error
    except Exception:
        logging.getLogger("app.test").exception(message, *arguments)


def test_a_cause_has_its_traceback_once(held_lines: list[logging.LogRecord]) -> None:
    for position in range(100):
        fail(ValueError("bad"), argument=position)
    assert [record.getMessage() for record in held_lines] == ["position 0"]
    assert held_lines[0].exc_info


def test_repetitions_are_counted_with_the_newest_message_and_the_cause(
    lines: list[logging.LogRecord],
) -> None:
    for position in range(3):
        fail(TimeoutError(), argument=position)
    assert [(record.getMessage(), bool(record.exc_info)) for record in lines] == [
        ("position 0", True),
        ("position 1 TimeoutError (1 times in 0 s)", False),
        ("position 2 TimeoutError (1 times in 0 s)", False),
    ]


def test_another_type_another_line_and_another_message_are_other_causes(
    held_lines: list[logging.LogRecord],
) -> None:
    fail(ValueError("bad"))
    fail(KeyError("bad"))
    fail(ValueError("bad"), message="row %d")
    try:
        raise ValueError("bad")
    except ValueError:
        logging.getLogger("app.test").exception("position %d", 1)
    assert len(held_lines) == 4


def test_lines_without_a_traceback_pass(held_lines: list[logging.LogRecord]) -> None:
    for _ in range(3):
        logging.getLogger("app.test").warning("retrying")
    assert len(held_lines) == 3


def test_the_line_of_an_error_is_never_empty() -> None:
    assert error_line(TimeoutError()) == "TimeoutError"
    assert error_line(OSError(28, "No space left on device")) == "OSError: [Errno 28] No space left on device"
    assert error_line(ValueError("first\nsecond")) == "ValueError: first"
    assert (
        error_line(ExceptionGroup("unhandled", [ExceptionGroup("inner", [KeyError("sku")])]))
        == "KeyError: 'sku'"
    )


def test_a_warning_names_its_cause_in_one_line_without_a_traceback(
    held_lines: list[logging.LogRecord],
) -> None:
    try:
        raise OSError("no route to host")
    except OSError:
        logging.getLogger("app.test").warning("the pool is not full", exc_info=True)
    [record] = held_lines
    assert record.getMessage() == "the pool is not full OSError: no route to host"
    assert record.exc_info is None


def test_a_message_that_is_no_text_is_a_cause_too(held_lines: list[logging.LogRecord]) -> None:
    for _ in range(3):
        fail(ValueError("bad"), {"what": 1})
    assert [record.getMessage() for record in held_lines] == ["{'what': 1}"]


@pytest.mark.parametrize("level", [logging.WARNING, logging.ERROR])
def test_a_record_that_cannot_be_formatted_passes_and_raises_nothing_where_it_is_logged(
    level: int, lines: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The handlers of pytest raise for such a record.
    monkeypatch.setattr(logging.getLogger("app.test"), "propagate", False)
    for _ in range(2):
        try:
            raise ValueError("bad")
        except ValueError:
            logging.getLogger("app.test").log(level, "position %d", "one", exc_info=True)
    assert [record.args for record in lines] == [("one",), ("one",)]


def test_a_record_that_cannot_be_formatted_is_counted_from_its_last_line_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    repeated = RepeatedErrorFilter(interval=60)
    passed: list[bool] = []
    for now[0] in (0.0, 61.0, 62.0):
        try:
            raise ValueError("bad")
        except ValueError:
            record = logging.LogRecord("app.test", logging.ERROR, "", 1, "at %d", ("one",), sys.exc_info())
        passed.append(bool(repeated.filter(record)))
    assert passed == [True, True, False]
