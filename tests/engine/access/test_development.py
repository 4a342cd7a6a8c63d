"""In development mode without a key, callers on this machine name themselves. All other modes need an issuer or a key."""

from typing import Any

import pytest
from pydantic import SecretStr
from starlette.datastructures import Headers

from app.engine.access.authentication import Authenticator, check_access, development_warning
from app.engine.access.caller import ANONYMOUS, Caller
from app.engine.access.refusals import TokenRefused
from app.engine.errors import ConfigurationError
from app.engine.graphql.transport.graphiql import PAGE, built_page
from app.engine.settings import DEVELOPMENT_KEY, EngineSettings
from tests.support.cli import assert_user_error, invoke
from tests.support.tokens import AUDIENCE, ROLES, TOKEN_KEY, bearer, make_token

ALL = frozenset(ROLES)
LOCAL = {"host": "localhost:8000"}
TRUSTING = Authenticator(EngineSettings(), ROLES)
KEYED = Authenticator(EngineSettings(token_key=SecretStr(TOKEN_KEY)), ROLES)


async def caller(
    headers: dict[str, str], client: str | None = "127.0.0.1", init: Any = None, version: str = "1.1"
) -> Caller:
    return await TRUSTING.caller(Headers(LOCAL | headers), client, version, init)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Caller("anonymous", ALL)),
        ({"x-actor": "ann"}, Caller("ann", ALL)),
        ({"x-actor": "a b"}, Caller("anonymous", ALL)),
        ({"x-roles": "customer"}, Caller("anonymous", frozenset({"customer"}))),
        (
            {"x-actor": "ann", "x-roles": " customer, staff,,"},
            Caller("ann", frozenset({"customer", "staff"})),
        ),
        ({"x-roles": ""}, Caller("anonymous")),
        ({"x-roles": "a b,c"}, Caller("anonymous", frozenset({"c"}))),
    ],
)
async def test_headers_name_the_caller_and_without_roles_it_has_all(
    headers: dict[str, str], expected: Caller
) -> None:
    assert await caller(headers) == expected


@pytest.mark.parametrize(
    "init",
    [
        {"actor": "ann", "roles": ["customer"]},
        {"actor": "ann", "roles": "customer"},
        # The headers editor of GraphiQL fills the payload.
        {"X-Actor": "ann", "X-Roles": "customer"},
    ],
)
async def test_the_payload_of_a_socket_names_the_caller_like_headers(init: dict[str, Any]) -> None:
    assert await caller({"x-actor": "bob"}, init=init) == Caller("ann", frozenset({"customer"}))
    assert await caller({"x-actor": "bob", "x-roles": "staff"}, init={}) == Caller(
        "bob", frozenset({"staff"})
    )


@pytest.mark.parametrize(
    ("headers", "client", "version"),
    [
        ({}, "192.0.2.1", "1.1"),
        ({}, None, "1.1"),
        ({"x-forwarded-for": "127.0.0.1"}, "127.0.0.1", "1.1"),
        ({"via": "1.1 proxy"}, "127.0.0.1", "1.1"),
        ({"host": "shop.example"}, "127.0.0.1", "1.1"),
        # nginx speaks it to servers unless it is configured otherwise, and then adds no header.
        ({}, "127.0.0.1", "1.0"),
    ],
)
async def test_a_caller_that_is_not_of_this_machine_is_anonymous_without_roles(
    headers: dict[str, str], client: str | None, version: str
) -> None:
    named = {"x-actor": "ann", "x-roles": "operator"}
    assert await caller(named | headers, client, version=version) == ANONYMOUS
    assert await caller(headers, client, {"actor": "ann", "roles": ["operator"]}, version) == ANONYMOUS


async def test_a_token_that_cannot_be_verified_is_refused_and_not_ignored() -> None:
    with pytest.raises(TokenRefused) as refused:
        await caller(bearer(make_token()))
    assert refused.value.reason == "wrong_key"


async def test_with_a_key_tokens_count_in_development_and_headers_do_not() -> None:
    headers = Headers(LOCAL | {"x-actor": "ann", "x-roles": "operator"})
    assert await KEYED.caller(headers, "127.0.0.1", "1.1") == ANONYMOUS
    named = await KEYED.caller(Headers(LOCAL | bearer(make_token(roles=["staff"]))), "127.0.0.1", "1.1")
    assert (named.actor, named.roles) == ("tester", {"staff"})
    with pytest.raises(TokenRefused):
        await KEYED.caller(Headers(LOCAL | bearer("x")), "127.0.0.1", "1.1")


async def test_the_settings_name_the_claims_of_the_actor_and_of_the_roles() -> None:
    settings = EngineSettings(
        token_key=SecretStr(TOKEN_KEY), actor_claim="email", roles_claim="realm_access.roles"
    )
    token = make_token(email="ann@shop.example", realm_access={"roles": ["staff"]}, roles=["operator"])
    named = await Authenticator(settings, ROLES).caller(Headers(LOCAL | bearer(token)), "127.0.0.1", "1.1")
    assert (named.actor, named.roles) == ("ann@shop.example", {"staff"})


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({}, None),
        ({"host": "::1"}, None),
        ({"host": "localhost"}, None),
        (
            {"host": "0.0.0.0"},
            "APP_HOST is 0.0.0.0: .* set APP_ISSUER or APP_TOKEN_KEY, or listen on 127.0.0.1",
        ),
        ({"host": "192.0.2.1"}, "APP_HOST"),
        ({"host": "0.0.0.0", "token_key": DEVELOPMENT_KEY}, None),
        ({"mode": "production"}, "APP_ISSUER or APP_TOKEN_KEY is missing"),
        ({"mode": "production", "token_key": TOKEN_KEY}, None),
        ({"mode": "production", "token_key": DEVELOPMENT_KEY}, "which is public"),
        ({"mode": "production", "issuer": "https://a.example"}, "APP_AUDIENCE is missing"),
        ({"mode": "production", "issuer": "https://a.example", "audience": AUDIENCE}, None),
        ({"host": "0.0.0.0", "issuer": "https://a.example"}, None),
        # An empty text is no setting: compose files pass those.
        ({"mode": "production", "token_key": "", "issuer": ""}, "APP_ISSUER or APP_TOKEN_KEY is missing"),
    ],
)
def test_a_server_starts_only_if_it_can_know_who_calls(settings: dict[str, Any], error: str | None) -> None:
    if error is None:
        check_access(EngineSettings(**settings))
        return
    with pytest.raises(ConfigurationError, match=error):
        check_access(EngineSettings(**settings))


KEY = {"token_key": TOKEN_KEY}
TRUSTED, OPEN = "X-Actor and X-Roles are trusted on this machine", "introspection is on"


@pytest.mark.parametrize(
    ("settings", "found", "opened"),
    [
        ({"allowed_hosts": ("shop.example",)}, "APP_ALLOWED_HOSTS names shop.example", TRUSTED),
        (
            {"allowed_hosts": ("localhost:80", "[::1]", "shop.example:80")},
            "APP_ALLOWED_HOSTS names shop.example:80",
            TRUSTED,
        ),
        (
            {"allowed_origins": ("http://localhost:5173", "https://shop.example")},
            "APP_ALLOWED_ORIGINS names https://shop.example",
            TRUSTED,
        ),
        (KEY | {"host": "0.0.0.0", "allowed_hosts": ("app",)}, "APP_HOST is 0.0.0.0", OPEN),
        ({"issuer": "https://a.example", "host": "::"}, "APP_HOST is ::", OPEN),
        (KEY | {"allowed_hosts": ("shop.example",)}, "APP_ALLOWED_HOSTS names shop.example", OPEN),
    ],
)
def test_a_server_in_development_that_looks_public_warns_at_the_start(
    settings: dict[str, Any], found: str, opened: str
) -> None:
    line = f"development: {found}, and {opened}; set APP_MODE=production on a public server"
    assert development_warning(EngineSettings(**settings)) == line
    assert development_warning(EngineSettings(**settings, mode="production")) is None


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "::1", "allowed_hosts": ("localhost", "shop.localhost:8000", "127.0.0.1")},
        KEY | {"allowed_origins": ("http://localhost:5173", "http://127.0.0.1:3000")},
    ],
)
def test_a_server_in_development_for_this_machine_warns_of_nothing(settings: dict[str, Any]) -> None:
    assert development_warning(EngineSettings(**settings)) is None


@pytest.mark.parametrize(
    ("environment", "error"),
    [
        ({"APP_HOST": "0.0.0.0"}, "listen on 127.0.0.1"),
        ({"APP_TOKEN_KEY": "too-short-secret"}, "setting APP_TOKEN_KEY: give 32 random bytes or more"),
        (
            {"APP_TOKEN_KEY": "-----BEGIN PUBLIC KEY----- and so on"},
            "setting APP_TOKEN_KEY: give random bytes",
        ),
        (
            {"APP_TOKEN_KEY": TOKEN_KEY, "APP_ISSUER": "https://a.example"},
            "setting APP_TOKEN_KEY: APP_ISSUER is set",
        ),
        ({"APP_ISSUER": "http://login.example"}, "setting APP_ISSUER: give a URL"),
        ({"APP_ISSUER": "login.example"}, "setting APP_ISSUER: give a URL"),
        ({"APP_ISSUER": "https://"}, "setting APP_ISSUER: give a URL"),
        ({"APP_ISSUER": "https://a.example/?realm=1"}, "setting APP_ISSUER: give a URL"),
        ({"APP_TOKEN_LEEWAY_SECONDS": "-1"}, "setting APP_TOKEN_LEEWAY_SECONDS"),
        ({"APP_ROLES_CLAIM": ""}, "setting APP_ROLES_CLAIM"),
    ],
)
def test_a_setting_that_lets_no_server_start_is_one_line_without_the_secret(
    environment: dict[str, Any], error: str
) -> None:
    result = invoke("serve", **environment)
    assert_user_error(result, error)
    assert "too-short-secret" not in result.stderr
    assert TOKEN_KEY not in result.stderr


def test_graphiql_has_a_switch_for_the_roles_if_headers_name_the_caller() -> None:
    told = Authenticator(EngineSettings(), ["auditor", "clerk"]).header_roles
    assert b'data-callers="headers" data-roles="auditor clerk"' in built_page(PAGE, told).body
    assert KEYED.header_roles is None
    assert b"data-callers" not in built_page(PAGE, KEYED.header_roles).body
