"""The form in which facts and seals are hashed. It never changes: a hash that was made once has to come out again.

A fact is a JSON object with one member for each column of es.events that is not NULL, so that a column added later
leaves the hashes of older facts as they are. It is written as `json.dumps(fact, sort_keys=True, ensure_ascii=False,
separators=(",", ":"))` in UTF-8, each number with the digits that PostgreSQL prints; moments are in UTC with six
decimals of a second, ids as text in lower case. A seal is written likewise; bytes are hexadecimal.

Hashes are SHA-256, and begin with a byte that says of what: 0 a fact, 1 two hashes of a tree, 2 a seal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

LEAF_PREFIX_BYTES = 8
"""So many bytes of each fact's hash are kept in its seal, to say which fact it was that changed. What convicts is the root."""

GENESIS = bytes(32)
"""What the first seal follows."""


def timestamp_sql(expression: str) -> str:
    """SQL: a timestamptz as text, whatever the session's settings are. Years without four digits are seconds since 1970."""
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
"""The columns of es.events as `fact_of` takes them."""

SEALS = f"number, first_position, last_position, root, marks, {timestamp_sql('sealed_at')} AS sealed_at, hash"
"""The columns of es.seals as `seal_of` takes them."""

_ENCODER = msgspec.json.Encoder(order="sorted")


def _as_it_is(digits: str) -> msgspec.Raw:
    """A number keeps the digits it came with: neither a float nor anything else stands between."""
    return msgspec.Raw(digits.encode())


_DECODER = msgspec.json.Decoder(float_hook=_as_it_is)
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The positions `first` to `last` are those whose hashes make a tree with this `root`; `hash` covers that and the
    hash of the seal before it."""

    number: int
    first: int
    last: int
    root: bytes
    marks: bytes
    sealed_at: str
    hash: bytes

    def follows(self, previous: bytes) -> bool:
        """Whether its hash is that of what it says, after a seal with the hash `previous`."""
        return self.hash == seal_hash(previous, self.number, self.first, self.last, self.root, self.sealed_at)

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def fact_from_row(row: Any) -> dict[str, Any]:
    """The fact in a row of `COLUMNS`. Raises `msgspec.DecodeError` for JSON that no event can have."""
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
    """The value as it is hashed, and as it stands in an export."""
    return _ENCODER.encode(value)


def parse_canonical[T](text: bytes, kind: type[T]) -> T:
    """What `write` wrote of a value of this kind. Raises `msgspec.DecodeError`."""
    if kind not in _DECODERS:
        _DECODERS[kind] = msgspec.json.Decoder(kind, float_hook=_as_it_is)
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
