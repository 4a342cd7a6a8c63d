"""An answer as JSON text."""

import json

import msgspec

_ENCODER = msgspec.json.Encoder()


def encode_json(answer: object) -> str:
    """As compact text: bytes would make binary frames on sockets, which clients cannot read."""
    try:
        return _ENCODER.encode(answer).decode()
    except (TypeError, ValueError):
        # What msgspec is too strict for: text of a class of its own, as SQLAlchemy's names are, or half a surrogate pair.
        return json.dumps(answer, separators=(",", ":"))
