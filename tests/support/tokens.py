"""Tokens for tests: those of a server with `APP_TOKEN_KEY`, and keys of other algorithms."""

import time
from typing import Any

from joserfc.jwk import Key

from app.engine.access.tokens import shared_key, sign_token

ROLES = ("customer", "staff", "operator")
"""The roles of a token that names none."""
TOKEN_KEY = "a key of the tests, which is longer than 32 bytes"
SHARED = shared_key(TOKEN_KEY.encode())
AUDIENCE = "shop-api"
WITHOUT = object()
"""The value of a claim that the token does not have."""


def make_token(key: Key = SHARED, algorithm: str = "HS256", **claims: Any) -> str:
    """A token of `tester` with all roles for an hour, with these claims in addition or instead."""
    now = time.time()
    full = {
        "sub": "tester",
        "roles": [*ROLES],
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    return sign_token({name: value for name, value in full.items() if value is not WITHOUT}, key, algorithm)


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {token}".strip()}
