"""Verifies tokens: a compact JWT becomes the caller, or is refused with one word. No input or output happens here."""

import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, Key, OctKey, OKPKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from app.engine.access.caller import ANONYMOUS, Caller
from app.engine.access.refusals import MAX_TOKEN_BYTES, TokenRefused

ISSUER_ALGORITHMS = frozenset({"RS256", "ES256", "Ed25519", "EdDSA"})
"""The algorithms of an issuer. `EdDSA` is the old name of `Ed25519`."""
KEY_ALGORITHMS = frozenset({"HS256"})
MAX_ACTOR_LENGTH = 255
MAX_KEYS_TRIED = 4
"""A token without a key id is checked with at most so many keys."""
RESERVED_ACTORS = ("process:", "operator:")
"""How the names of processes and of the terminal begin. No token may take such a name."""

_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
_KEY_TYPES: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "Ed25519": ("OKP", "Ed25519"),
    "HS256": ("oct", None),
}
"""The type and the curve of the keys of each algorithm."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must say, and which claims name the caller."""

    algorithms: frozenset[str]
    issuer: str | None = None
    """None: tokens of any issuer."""
    audience: str | None = None
    """None: tokens for any audience."""
    leeway_seconds: float = 0.0
    """How far the clocks of the issuer and of this server may differ."""
    actor_claim: str = "sub"
    roles_claim: str = "roles"


@dataclass(frozen=True, slots=True)
class ParsedToken:
    """A token whose signature is not verified yet."""

    algorithm: str
    key_id: str | None
    signed: bytes
    """The bytes that the signature is of."""
    signature: bytes
    payload: bytes


def parse_token(text: str, algorithms: frozenset[str]) -> ParsedToken:
    """The parts of a compact JWT. Raises `TokenRefused`: oversized, malformed or algorithm."""
    if len(text) > MAX_TOKEN_BYTES:
        raise TokenRefused("oversized")
    if _COMPACT.fullmatch(text) is None:
        raise TokenRefused("malformed")
    signed, _, signature = text.encode().rpartition(b".")
    head, _, payload = signed.partition(b".")
    try:
        header = msgspec.json.decode(urlsafe_b64decode(head), type=dict[str, Any])
        decoded = urlsafe_b64decode(payload)
        signature = urlsafe_b64decode(signature)
    except (ValueError, RecursionError):
        raise TokenRefused("malformed") from None
    algorithm, key_id = header.get("alg"), header.get("kid")
    # An extension in `crit` has to be understood, and none is.
    if not isinstance(algorithm, str) or not isinstance(key_id, str | None) or "crit" in header:
        raise TokenRefused("malformed")
    if algorithm not in algorithms:
        raise TokenRefused("algorithm")
    algorithm = "Ed25519" if algorithm == "EdDSA" else algorithm
    return ParsedToken(algorithm, key_id, signed, signature, decoded)


def fitting_keys(token: ParsedToken, keys: Iterable[Key]) -> Sequence[Key]:
    """The keys that may have signed the token, by its key id and its algorithm."""
    fitting: list[Key] = []
    for key in keys:
        curve = key.curve_name if isinstance(key, ECKey | OKPKey) else None
        algorithm = "Ed25519" if key.alg == "EdDSA" else key.alg
        if (
            (key.key_type, curve) == _KEY_TYPES[token.algorithm]
            and algorithm in (None, token.algorithm)
            and (token.key_id is None or key.kid in (None, token.key_id))
        ):
            fitting.append(key)
    return fitting


def verify_token(token: ParsedToken, keys: Sequence[Key], rules: TokenRules, now: float) -> Caller:
    """The caller that a token names, at a time in seconds since 1970. Raises `TokenRefused`."""
    verify = JWSRegistry.algorithms[token.algorithm].verify
    if not any(verify(token.signed, token.signature, key) for key in keys[:MAX_KEYS_TRIED]):
        raise TokenRefused("wrong_key")
    try:
        claims = msgspec.json.decode(token.payload, type=dict[str, Any])
    except (ValueError, RecursionError):
        raise TokenRefused("malformed") from None
    if rules.issuer is not None and claims.get("iss") != rules.issuer:
        raise TokenRefused("wrong_issuer")
    if rules.audience is not None and not _is_for(claims.get("aud"), rules.audience):
        raise TokenRefused("wrong_audience")
    expires_at = _moment(claims, "exp")
    if expires_at is None:
        raise TokenRefused("malformed")
    expires_at += rules.leeway_seconds
    if now >= expires_at:
        raise TokenRefused("expired")
    not_before = _moment(claims, "nbf")
    if not_before is not None and now < not_before - rules.leeway_seconds:
        raise TokenRefused("not_yet_valid")
    return Caller(
        _actor(claim_at(claims, rules.actor_claim)),
        roles_of(claim_at(claims, rules.roles_claim)),
        expires_at,
    )


def _is_for(audience: object, wanted: str) -> bool:
    return audience == wanted or (isinstance(audience, list) and wanted in audience)


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    except OverflowError:
        pass
    raise TokenRefused("malformed")


def _actor(value: object) -> str:
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MAX_ACTOR_LENGTH
        or not value.isprintable()
        or value.strip() != value
        or value == ANONYMOUS.actor
        or value.startswith(RESERVED_ACTORS)
    ):
        raise TokenRefused("no_subject")
    return value


def claim_at(claims: object, path: str) -> object:
    """The claim at a path such as `realm_access.roles`; None if there is none.

    A name may have dots itself, such as a URL: the longest name that exists is taken at each step.
    """
    if not isinstance(claims, dict):
        return None
    known = cast("dict[str, object]", claims)
    if path in known:
        return known[path]
    end = len(path)
    while (end := path.rfind(".", 0, end)) > 0:
        if path[:end] in known:
            return claim_at(known[path[:end]], path[end + 1 :])
    return None


def roles_of(value: object) -> frozenset[str]:
    """The roles in a claim: items of a list, keys of an object, or words of a text."""
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list | dict):
        return frozenset(item for item in cast("Iterable[object]", value) if isinstance(item, str))
    return frozenset()


# --- Keys -------------------------------------------------------------------


def import_key(jwk: Mapping[str, Any]) -> Key | None:
    """A key of an issuer's document. None if it cannot verify tokens: of another use, type or shape, or weak.

    A member that is null or empty counts as one that is not there.
    """
    if jwk.get("kty") not in ("RSA", "EC", "OKP") or (jwk.get("use") or "sig") != "sig":
        return None
    operations = jwk.get("key_ops") or ["verify"]
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SecurityWarning)
            key = JWKRegistry.import_key(
                {name: jwk[name] for name in _PUBLIC_PARTS if jwk.get(name) is not None}
            )
            # The driver reads the numbers of a key at its first use.
            key.get_op_key("verify")
    except Exception:
        # Another program has made the key, and each library that reads it has errors of its own.
        return None
    return key


_PUBLIC_PARTS = ("kty", "kid", "alg", "n", "e", "crv", "x", "y")


def shared_key(secret: bytes) -> OctKey:
    """The key of HS256."""
    return OctKey.import_key(secret)


def sign_token(claims: Mapping[str, object], key: Key, algorithm: str = "HS256") -> str:
    """A compact JWT with these claims."""
    header = {"alg": algorithm, "typ": "JWT"} | ({} if key.kid is None else {"kid": key.kid})
    parts = [urlsafe_b64encode(msgspec.json.encode(part)) for part in (header, dict(claims))]
    signed = b".".join(parts)
    model = JWSRegistry.algorithms["Ed25519" if algorithm == "EdDSA" else algorithm]
    return b".".join((signed, urlsafe_b64encode(model.sign(signed, key)))).decode()
