"""A token names its caller, or is refused with one word. No server is needed for that."""

import base64
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc.jwk import ECKey, Key, RSAKey

from app.engine.access.caller import Caller
from app.engine.access.refusals import MAX_TOKEN_BYTES, TokenRefused
from app.engine.access.token_cache import TokenCache
from app.engine.access.tokens import (
    ISSUER_ALGORITHMS,
    KEY_ALGORITHMS,
    TokenRules,
    claim_at,
    fitting_keys,
    import_key,
    parse_token,
    roles_of,
    shared_key,
    verify_token,
)
from tests.support.issuer import ALGORITHMS, new_key
from tests.support.tokens import SHARED, TOKEN_KEY, WITHOUT, make_token

NOW = 1_800_000_000.0
ISSUER = "https://login.shop.example"
RULES = TokenRules(KEY_ALGORITHMS, issuer=ISSUER, audience="shop-api", leeway_seconds=5)
GOOD: Mapping[str, Any] = {"iss": ISSUER, "aud": "shop-api", "exp": NOW + 60}
KEYS = {algorithm: new_key(algorithm, algorithm) for algorithm in ALGORITHMS}


def verify(token: str, rules: TokenRules = RULES, *keys: Key) -> Caller:
    parsed = parse_token(token, rules.algorithms)
    return verify_token(parsed, fitting_keys(parsed, keys or [SHARED]), rules, NOW)


def reason(token: str, rules: TokenRules = RULES, *keys: Key) -> str:
    with pytest.raises(TokenRefused) as refused:
        verify(token, rules, *keys)
    return refused.value.reason


def encode(part: object) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def unsigned(header: object, claims: object = GOOD, signature: str = "") -> str:
    return f"{encode(header)}.{encode(claims)}.{signature}"


def test_a_token_names_the_actor_the_roles_and_the_end() -> None:
    assert verify(make_token(**GOOD, sub="ann", roles=["customer"])) == Caller(
        "ann", frozenset({"customer"}), NOW + 65
    )
    assert verify(make_token(**GOOD, roles=WITHOUT)).roles == frozenset()
    several: dict[str, Any] = {**GOOD, "aud": ["other", "shop-api"]}
    assert verify(make_token(**several)).actor == "tester"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"exp": NOW - 6}, "expired"),
        ({"exp": NOW - 5}, "expired"),
        ({"exp": WITHOUT}, "malformed"),
        ({"exp": "tomorrow"}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"exp": [1]}, "malformed"),
        ({"nbf": NOW + 6}, "not_yet_valid"),
        ({"nbf": "now"}, "malformed"),
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"iss": ISSUER + "/"}, "wrong_issuer"),
        ({"iss": WITHOUT}, "wrong_issuer"),
        ({"aud": "shop"}, "wrong_audience"),
        ({"aud": WITHOUT}, "wrong_audience"),
        ({"aud": []}, "wrong_audience"),
        ({"aud": {"shop-api": 1}}, "wrong_audience"),
        ({"sub": WITHOUT}, "no_subject"),
        ({"sub": ""}, "no_subject"),
        ({"sub": 7}, "no_subject"),
        ({"sub": "a\nb"}, "no_subject"),
        ({"sub": " ann"}, "no_subject"),
        ({"sub": "x" * 256}, "no_subject"),
        # Names that the engine gives itself.
        ({"sub": "anonymous"}, "no_subject"),
        ({"sub": "process:fulfilment"}, "no_subject"),
        ({"sub": "operator:ann"}, "no_subject"),
    ],
)
def test_a_claim_that_does_not_hold_is_refused_with_its_word(claims: dict[str, Any], expected: str) -> None:
    assert reason(make_token(**{**GOOD, **claims})) == expected


def test_clocks_may_differ_by_the_leeway() -> None:
    changed: dict[str, Any] = {**GOOD, "exp": NOW - 4, "nbf": NOW + 4}
    verify(make_token(**changed))


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", "malformed"),
        ("a", "malformed"),
        ("a.b", "malformed"),
        ("a.b.c.d.e", "malformed"),
        ("ä.b.c", "malformed"),
        ("a b.c.d", "malformed"),
        ("%.%.%", "malformed"),
        (unsigned([]), "malformed"),
        (unsigned(b"\xff"), "malformed"),
        (unsigned({}), "malformed"),
        (unsigned({"alg": None}), "malformed"),
        (unsigned({"alg": ["HS256"]}), "malformed"),
        (unsigned({"alg": "HS256", "kid": 1}), "malformed"),
        (unsigned({"alg": "HS256", "crit": ["b64"], "b64": False}), "malformed"),
        (unsigned(b"[" * 2_000), "malformed"),
        (unsigned(b'{"alg":' + b"[" * 2_000), "malformed"),
        (unsigned({"alg": "HS256"}) + "A", "malformed"),
        (unsigned({"alg": "none"}), "algorithm"),
        (unsigned({"alg": "None"}), "algorithm"),
        (unsigned({"alg": "HS512"}), "algorithm"),
        (unsigned({"alg": "RS256"}), "algorithm"),
        (unsigned({"alg": ""}), "algorithm"),
        (unsigned({"alg": "HS256"}), "wrong_key"),
        (unsigned({"alg": "HS256"}, signature="AAAA"), "wrong_key"),
        (unsigned({"alg": "HS256"}, b"\xff", "AAAA"), "wrong_key"),
        (make_token(shared_key(b"another key of more than 32 bytes"), **GOOD), "wrong_key"),
        ("x" * (MAX_TOKEN_BYTES + 1), "oversized"),
        ("x" * 10_000_000, "oversized"),
    ],
)
def test_what_is_no_token_of_ours_is_refused_with_its_word_and_little_work(token: str, expected: str) -> None:
    began = time.process_time()
    for _ in range(10):
        assert reason(token) == expected
    assert (time.process_time() - began) / 10 < 0.005


def test_a_signed_payload_that_is_no_object_is_malformed() -> None:
    from joserfc.jws import JWSRegistry

    for payload in (b"[]", b"\xff", b"[" * 3_000, b'{"exp":1e400}', b'{"exp":' + b"9" * 400 + b"}"):
        signed = f"{encode({'alg': 'HS256'})}.{encode(payload)}"
        signature = JWSRegistry.algorithms["HS256"].sign(signed.encode(), SHARED)
        assert reason(f"{signed}.{encode(signature)}", TokenRules(KEY_ALGORITHMS)) == "malformed", payload[:9]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_each_algorithm_of_an_issuer_is_verified_and_a_changed_one_is_not(algorithm: str) -> None:
    rules = TokenRules(ISSUER_ALGORITHMS)
    key = KEYS[algorithm]
    public = [import_key(other.as_dict(private=False)) for other in KEYS.values()]
    keys = [found for found in public if found is not None]
    token = make_token(key, algorithm, **GOOD)
    assert verify(token, rules, *keys).actor == "tester"
    head, payload, signature = token.split(".")
    changed = encode({**json.loads(base64.urlsafe_b64decode(payload + "==")), "sub": "eve"})
    assert reason(f"{head}.{changed}.{signature}", rules, *keys) == "wrong_key"
    other = make_token(new_key(algorithm, algorithm), algorithm, **GOOD)
    assert reason(other, rules, *keys) == "wrong_key"


def test_a_public_key_is_no_secret_of_hs256() -> None:
    public = RSAKey.import_key(KEYS["RS256"].as_dict(private=False))
    signed = unsigned({"alg": "HS256"}).rpartition(".")[0]
    signature = hmac.digest(public.as_pem(private=False), signed.encode(), "sha256")
    assert reason(f"{signed}.{encode(signature)}", TokenRules(ISSUER_ALGORITHMS), public) == "algorithm"


def test_a_key_verifies_only_what_it_is_for() -> None:
    p384 = ECKey.generate_key("P-384", {"kid": "a"})
    assert (
        reason(make_token(KEYS["ES256"], "ES256", **GOOD), TokenRules(ISSUER_ALGORITHMS), p384) == "wrong_key"
    )
    public = KEYS["RS256"].as_dict(private=False)
    assert import_key(public) is not None
    for change in (
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"kty": "oct", "k": "YWE"},
        {"n": "AQAB"},
        {"n": 7},
    ):
        assert import_key({**public, **change}) is None, change
    limited = import_key({**public, "alg": "RS512"})
    assert limited is not None
    assert (
        reason(make_token(KEYS["RS256"], "RS256", **GOOD), TokenRules(ISSUER_ALGORITHMS), limited)
        == "wrong_key"
    )


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        # Keycloak, Auth0, ZITADEL, Entra, and the words of a scope.
        ("realm_access.roles", {"realm_access": {"roles": ["customer", "staff"]}}),
        ("https://shop.example/roles", {"https://shop.example/roles": ["customer", "staff"]}),
        (
            "urn:zitadel:iam:org:project:roles",
            {"urn:zitadel:iam:org:project:roles": {"customer": {"1": "a.b"}, "staff": {"1": "a.b"}}},
        ),
        ("roles", {"roles": ["customer", "staff", 7, None]}),
        (
            "resource_access.shop.api.roles",
            {"resource_access": {"shop.api": {"roles": ["customer", "staff"]}}},
        ),
        ("scope", {"scope": "customer staff"}),
    ],
)
def test_the_roles_of_each_issuer_are_found(path: str, claims: dict[str, Any]) -> None:
    assert roles_of(claim_at(claims, path)) == {"customer", "staff"}


@pytest.mark.parametrize(
    "claims", [{}, {"a": None}, {"a": 1}, {"a": {"b": None}}, {"a": ["b"]}, {"a": {"b": True}}]
)
def test_claims_of_other_shapes_give_no_roles(claims: dict[str, Any]) -> None:
    assert roles_of(claim_at(claims, "a.b")) == frozenset()


def test_verified_tokens_are_remembered_until_they_expire_and_only_so_many() -> None:
    cache = TokenCache(2)
    ann = Caller("ann", expires_at=10)
    cache.add("a", ann)
    assert cache.get("a", 9.9) is ann
    with pytest.raises(TokenRefused) as refused:
        cache.get("a", 10)
    assert (refused.value.reason, len(cache)) == ("expired", 0)
    for token in "bcd":
        cache.add(token, ann)
    assert [cache.get(token, 0) for token in "bcd"] == [None, ann, ann]
    cache.clear()
    assert cache.get("d", 0) is None
    assert TOKEN_KEY not in repr(vars(cache))
