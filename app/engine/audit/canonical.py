"""The canonical form in which facts and seals are hashed. It never changes: every old hash must stay reproducible.

A fact is a JSON object with one member for each column of es.events that is not NULL. So a new column does not change
the hashes of older facts. The text is `json.dumps(fact, sort_keys=True, ensure_ascii=False, separators=(",", ":"))` in
UTF-8. Numbers have the digits that PostgreSQL prints. Times are in UTC with six decimals of a second. Ids are text in
lower case. A seal has the same form; bytes are hexadecimal.

Hashes are SHA-256 over a prefix byte and the text. The prefix is 0 for a fact, 1 for two hashes of a tree, 2 for a seal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

LEAF_PREFIX_BYTES = 8
"""Bytes of each fact's hash that its seal keeps, to find the fact that was changed. The proof of a change is the root."""

GENESIS = bytes(32)
"""The hash before the first seal."""


def timestamp_sql(expression: str) -> str:
    """SQL: a timestamptz as text, independent of the session's settings. A year without four digits gives seconds since 1970."""
    return (
        f"CASE WHEN {expression} >= '0001-01-01T00:00:00Z'::timestamptz AND {expression} < '9999-12-31T00:00:00Z'::timestamptz"
        f""" THEN to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        f" ELSE extract(epoch FROM {expression})::text END"
    )


COLUMNS = f"""
    position, category, stream_id::text AS stream_id, version, type, type_version, data::text AS data,
    command_id::text AS command_id, correlation_id::text AS correlation_id, caused_by, actor,
    {timestamp_sql("occurred_at")} AS occurred_at, {timestamp_sql("recorded_at")} AS recorded_at
"""
"""The columns of es.events for `fact_from_row`."""

SEALS = f"number, first_position, last_position, root, marks, {timestamp_sql('sealed_at')} AS sealed_at, hash"
"""The columns of es.seals for `seal_of`."""

_ENCODER = msgspec.json.Encoder(order="sorted")


def _raw_number(digits: str) -> msgspec.Raw:
    """Keep the digits of a number: a float would round them."""
    return msgspec.Raw(digits.encode())


_DECODER = msgspec.json.Decoder(float_hook=_raw_number)
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Covers the facts at the positions `first` to `last`.

    `root` is the root of the tree of their hashes. `hash` covers the other fields and the hash of the previous seal.
    """

    number: int
    first: int
    last: int
    root: bytes
    marks: bytes
    sealed_at: str
    hash: bytes

    def follows(self, previous: bytes) -> bool:
        """Whether `hash` is the hash of the other fields and of `previous`, the hash of the previous seal."""
        return self.hash == seal_hash(previous, self.number, self.first, self.last, self.root, self.sealed_at)

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def fact_from_row(row: Any) -> dict[str, Any]:
    """The fact in a row with `COLUMNS`. Raises `msgspec.DecodeError` for JSON that no event can have."""
    fact = {name: value for name, value in row.items() if value is not None}
    if "data" in fact:
        fact["data"] = _DECODER.decode(fact["data"])
    return fact


def seal_of(row: Mapping[str, Any]) -> Seal:
    return Seal(
        number=row["number"],
        first=row["first_position"],
        last=row["last_position"],
        root=row["root"],
        marks=row["marks"],
        sealed_at=row["sealed_at"],
        hash=row["hash"],
    )


def canonical_bytes(value: object) -> bytes:
    """The canonical text of a value: it is hashed, and written to exports."""
    return _ENCODER.encode(value)


def parse_canonical[T](text: bytes, kind: type[T]) -> T:
    """Parse the canonical text of a value of this type. Raises `msgspec.DecodeError`."""
    if kind not in _DECODERS:
        _DECODERS[kind] = msgspec.json.Decoder(kind, float_hook=_raw_number)
    return _DECODERS[kind].decode(text)


def fact_hash(fact: Mapping[str, Any]) -> bytes:
    return sha256(b"\x00" + _ENCODER.encode(fact)).digest()


def seal_hash(previous: bytes, number: int, first: int, last: int, root: bytes, sealed_at: str) -> bytes:
    seal = {
        "previous": previous.hex(),
        "number": number,
        "first": first,
        "last": last,
        "root": root.hex(),
        "sealed_at": sealed_at,
    }
    return sha256(b"\x02" + _ENCODER.encode(seal)).digest()


def leaf_prefixes(hashes: list[bytes]) -> bytes:
    return b"".join([digest[:LEAF_PREFIX_BYTES] for digest in hashes])
