"""Reads secrets from files, as orchestrators mount them."""

import os
from pathlib import Path

from app.engine.errors import ConfigurationError


def read_secret(variable: str) -> str | None:
    """The secret in the file that `variable` with `_FILE` names. None if it names none. Raises `ConfigurationError`."""
    path = os.environ.get(f"{variable}_FILE")
    if not path:
        return None
    if os.environ.get(variable):
        raise ConfigurationError(f"settings {variable} and {variable}_FILE are both set: keep one of them")
    try:
        text = Path(path).read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigurationError(f"setting {variable}_FILE: cannot read {path}: {reason}") from None
    if not text:
        raise ConfigurationError(f"setting {variable}_FILE: {path} is empty")
    return text
