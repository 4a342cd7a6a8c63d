"""`python -m app token` makes a token for development, and says why it makes none."""

import time
from typing import Any

import pytest

from app.composition import application
from app.engine.access.tokens import KEY_ALGORITHMS, TokenRules, parse_token, shared_key, verify_token
from tests.support.cli import assert_user_error, invoke
from tests.support.tokens import TOKEN_KEY

ROLES = application.roles.names
RULES = TokenRules(
    KEY_ALGORITHMS, audience="shop-api", actor_claim="email", roles_claim="https://a.example/roles"
)


def test_a_token_names_the_actor_the_roles_and_the_hours_by_the_claims_of_the_settings() -> None:
    result = invoke(
        *("token", "--as", "ann@shop.example", "--role", ROLES[0], "--role", ROLES[-1], "--hours", "2"),
        APP_TOKEN_KEY=TOKEN_KEY,
        APP_AUDIENCE="shop-api",
        APP_ACTOR_CLAIM="email",
        APP_ROLES_CLAIM="https://a.example/roles",
    )
    assert result.returncode == 0, result
    token = parse_token(result.stdout.strip(), KEY_ALGORITHMS)
    caller = verify_token(token, [shared_key(TOKEN_KEY.encode())], RULES, time.time())
    assert (caller.actor, caller.roles) == ("ann@shop.example", {ROLES[0], ROLES[-1]})
    assert caller.expires_at is not None
    assert 7_000 < caller.expires_at - time.time() <= 7_201


@pytest.mark.parametrize(
    ("environment", "error"),
    [
        ({}, "APP_TOKEN_KEY is missing: without it development needs no token, send X-Actor and X-Roles"),
        ({"APP_MODE": "production", "APP_TOKEN_KEY": TOKEN_KEY}, "in development mode only"),
        ({"APP_ISSUER": "https://login.example"}, "https://login.example issues the tokens"),
    ],
)
def test_where_no_token_is_made_one_line_says_why(environment: dict[str, Any], error: str) -> None:
    assert_user_error(invoke("token", "--as", "ann", **environment), error)


def test_a_role_that_does_not_exist_is_named_with_those_that_do() -> None:
    result = invoke("token", "--as", "ann", "--role", ROLES[0], "--role", "stafff", APP_TOKEN_KEY=TOKEN_KEY)
    assert_user_error(result, f"No such role: stafff. Roles: {', '.join(ROLES)}")
