"""Logging: one line per record, as text in development and as JSON in production. Never payloads.

It uses the standard library: with structlog and its context variables, a line took 42 µs instead of 12, which is 2 % of
a durable mutation (2026-11-26, two cores, CPU time).
"""

import logging
import traceback
from datetime import UTC, datetime
from typing import Literal, override

import msgspec

type Level = Literal["debug", "info", "warning"]


def log_fields(**fields: object) -> dict[str, object]:
    """Named values of a line, for the `extra` of a logging call. Build them only if the level is enabled."""
    return {"log_fields": fields}


def configure_logging(level: Level, *, lines: Literal["text", "json"]) -> None:
    """Log to stderr from `level` on. Libraries log from warning on, because at debug some log payloads."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        _JsonFormatter()
        if lines == "json"
        else _TextFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("app").setLevel(level.upper())


def _fields_of(record: logging.LogRecord) -> dict[str, object]:
    return getattr(record, "log_fields", {})


class _TextFormatter(logging.Formatter):
    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = (f"{name}={value}" for name, value in _fields_of(record).items())
        return " ".join([super().formatMessage(record), *fields])


class _JsonFormatter(logging.Formatter):
    _encode = msgspec.json.Encoder(enc_hook=str).encode

    @override
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        } | _fields_of(record)
        if record.exc_info:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return self._encode(line).decode()
