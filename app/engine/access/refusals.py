"""Why a token is refused: one word for programs, and one sentence for people."""

from collections.abc import Mapping
from typing import Literal

MAX_TOKEN_BYTES = 8 * 1024

type Reason = Literal[
    "missing",
    "malformed",
    "expired",
    "not_yet_valid",
    "wrong_issuer",
    "wrong_audience",
    "algorithm",
    "wrong_key",
    "oversized",
    "no_subject",
]

SENTENCES: Mapping[Reason, str] = {
    "missing": "The Authorization header has no token.",
    "malformed": "The token is not a signed JWT with an expiry: send Authorization: Bearer and the token.",
    "expired": "The token has expired: get another one.",
    "not_yet_valid": "The token is not valid yet: compare the clocks of the issuer and of the server.",
    "wrong_issuer": "The token is of another issuer.",
    "wrong_audience": "The token is for another audience.",
    "algorithm": "The algorithm of the token is not allowed.",
    "wrong_key": "The signature of the token is not by a key that this server knows.",
    "oversized": f"The token has more than {MAX_TOKEN_BYTES} bytes.",
    "no_subject": "The token has no subject, or one that is too long or reserved.",
}


class TokenRefused(Exception):
    """The token names no caller. The message is for the client; it has nothing of the token."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(SENTENCES[reason])
        self.reason: Reason = reason
