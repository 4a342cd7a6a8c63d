"""Encodes responses as JSON text."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from app.engine.graphql.errors import AnswerTooLarge

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
    try:
        return answer, encode_bounded(answer, max_bytes)
    except AnswerTooLarge as error:
        smaller = without_data(answer, error)
        return smaller, encode_json(smaller)


def encode_bounded(answer: Mapping[str, Any], max_bytes: int) -> str:
    """The JSON text of an answer. Raises `AnswerTooLarge`."""
    text = encode_json(answer)
    # A character has at most four bytes, and most texts are ASCII.
    size = len(text) if len(text) * 4 <= max_bytes or text.isascii() else len(text.encode())
    if size <= max_bytes:
        return text
    raise AnswerTooLarge(
        f"The answer has {size:,} bytes; the limit is {max_bytes:,}. Request shorter pages or fewer fields."
    )


def without_data(answer: Mapping[str, Any], error: AnswerTooLarge) -> Mapping[str, Any]:
    """The answer of a query or a mutation that stands for one that is too large."""
    message = f"{error} The commands of a mutation were executed."
    body = {"message": message, "extensions": {"code": error.code}}
    kept = {name: value for name, value in answer.items() if name == "extensions"}
    return {"data": None, "errors": [body], **kept}
