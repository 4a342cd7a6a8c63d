"""Encodes responses as JSON text."""

import json

import msgspec

_ENCODER = msgspec.json.Encoder()


def encode_json(response: object) -> str:
    """Compact JSON text. Bytes would become binary WebSocket frames, which clients do not read."""
    try:
        return _ENCODER.encode(response).decode()
    except (TypeError, ValueError):
        # msgspec refuses subclasses of str, such as SQLAlchemy's names, and lone surrogates.
        return json.dumps(response, separators=(",", ":"))
