"""Encodes responses as JSON text."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder()


def encode_json(response: object) -> str:
    """Compact JSON text. Bytes would become binary WebSocket frames, which clients do not read."""
    try:
        return _ENCODER.encode(response).decode()
    except (TypeError, ValueError):
        # msgspec refuses subclasses of str, such as SQLAlchemy's names, and lone surrogates.
        return json.dumps(response, separators=(",", ":"))


def encode_answer(answer: Mapping[str, Any], max_bytes: int) -> tuple[Mapping[str, Any], str]:
    """An answer and its JSON text. One of more than `max_bytes` is replaced by an error, without its data."""
    text = encode_json(answer)
    # A character has at most four bytes, and most texts are ASCII.
    size = len(text) if len(text) * 4 <= max_bytes or text.isascii() else len(text.encode())
    if size <= max_bytes:
        return answer, text
    message = (
        f"The answer has {size:,} bytes; the limit is {max_bytes:,}. Request shorter pages or fewer fields."
        " The commands of a mutation were executed."
    )
    error = {"message": message, "extensions": {"code": "OPERATION_TOO_EXPENSIVE"}}
    smaller: dict[str, Any] = {"data": None, "errors": [error]}
    if "extensions" in answer:
        smaller["extensions"] = answer["extensions"]
    return smaller, encode_json(smaller)
