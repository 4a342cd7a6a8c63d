"""What is logged, and how: a line each, as text to read in development, as JSON to collect in production. Never payloads."""

import logging
import traceback
from datetime import UTC, datetime
from typing import Literal, override

import msgspec

type Level = Literal["debug", "info", "warning"]


def log_fields(**fields: object) -> dict[str, object]:
    """Named values that go with a line, for the `extra` of a logging call. Build them where the level is enabled."""
    return {"told": fields}


def configure_logging(level: Level, *, lines: Literal["text", "json"]) -> None:
    """Log to stderr from `level` on, and from libraries what is at least a warning: at `debug` some show what was sent."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        _JsonFormatter()
        if lines == "json"
        else _TextFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("app").setLevel(level.upper())


def _told(record: logging.LogRecord) -> dict[str, object]:
    return getattr(record, "told", {})


class _TextFormatter(logging.Formatter):
    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        return " ".join(
            [super().formatMessage(record), *(f"{name}={value}" for name, value in _told(record).items())]
        )


class _JsonFormatter(logging.Formatter):
    _encode = msgspec.json.Encoder(enc_hook=str).encode

    @override
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        } | _told(record)
        if record.exc_info:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return self._encode(line).decode()
