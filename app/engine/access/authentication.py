"""Makes the caller of a request or a socket from a token, or in development mode from local headers.

Local headers come from this machine.
"""

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from starlette.datastructures import Headers

from app.engine.access.caller import ANONYMOUS, Caller
from app.engine.access.refusals import MAX_TOKEN_BYTES, SENTENCES, TokenRefused
from app.engine.access.token_cache import TokenCache
from app.engine.errors import ConfigurationError
from app.engine.hosts import is_allowed_host, is_local_caller, is_loopback_name, is_loopback_url
from app.engine.settings import DEVELOPMENT_KEY, EngineSettings

if TYPE_CHECKING:
    # joserfc and the HTTP client take 0.7 s of CPU time. A server without tokens does not import them.
    from joserfc.jwk import Key

    from app.engine.access.issuer import Issuer
    from app.engine.access.tokens import TokenRules

MAX_WAIT_SECONDS = 60.0
"""The clock of the machine may be set: an expiry is compared with it so often at least."""
_ACTOR = re.compile(r"[\w.@+:-]{1,100}")
_ROLE = re.compile(r"[\w.:-]{1,100}")
TOKEN_KEYS = ("authorization", "token")
"""The keys of the payload of connection_init that may carry the token, in any case."""


class Authenticator:
    """Knows who calls, by the settings of this server. `all_roles` are those of the application: a caller of
    development mode that names none has them all."""

    def __init__(self, settings: EngineSettings, all_roles: Iterable[str]) -> None:
        names = tuple(all_roles)
        self._all_roles = frozenset(names)
        self._rules: TokenRules | None = None
        self._shared_key: Key | None = None
        self._cache = TokenCache()
        self.issuer: Issuer | None = None
        self.refused: dict[str, int] = dict.fromkeys(SENTENCES, 0)
        """How many tokens were refused, by reason."""
        self.trusts_headers = trusts_headers(settings)
        """Whether callers on this machine name themselves: in development mode without an issuer and without a key."""
        self.header_roles = names if self.trusts_headers else None
        """The roles that such a caller may name; None if callers do not name themselves."""
        if settings.token_key is not None or settings.issuer is not None:
            self._take_tokens(settings)

    def _take_tokens(self, settings: EngineSettings) -> None:
        from app.engine.access.tokens import ISSUER_ALGORITHMS, KEY_ALGORITHMS, TokenRules, shared_key

        if settings.token_key is not None:
            self._shared_key = shared_key(settings.token_key.get_secret_value().encode())
        elif settings.issuer is not None:
            from app.engine.access.issuer import Issuer

            self.issuer = Issuer(settings.issuer)
            self.issuer.on_changed = self._cache.clear
        self._rules = TokenRules(
            algorithms=ISSUER_ALGORITHMS if settings.token_key is None else KEY_ALGORITHMS,
            issuer=settings.issuer,
            audience=settings.audience,
            leeway_seconds=settings.token_leeway_seconds,
            actor_claim=settings.actor_claim,
            roles_claim=settings.roles_claim,
        )

    async def start(self) -> None:
        """Read the keys of the issuer, if there is one. Raises `ConfigurationError`."""
        if self.issuer is not None:
            await self.issuer.start()

    async def run(self) -> None:
        """Keep the keys of the issuer current, until cancelled."""
        if self.issuer is not None:
            await self.issuer.run()
        await asyncio.Event().wait()

    @property
    def warning(self) -> str | None:
        """Why the keys of the issuer are old, in one line; None if they are not."""
        if self.issuer is None or self.issuer.error is None:
            return None
        return f"{self.issuer.url} does not give its keys, the last ones count: {self.issuer.error}"

    async def caller(
        self, headers: Headers, client: str | None, http_version: str, init: Mapping[str, Any] | None = None
    ) -> Caller:
        """The caller of a request, or of a socket by the payload of its connection_init.

        `client` is the address of the peer. Raises `TokenRefused`.
        """
        try:
            return await self._caller(headers, client, http_version, init)
        except TokenRefused as error:
            self.refused[error.reason] += 1
            raise

    async def _caller(
        self, headers: Headers, client: str | None, http_version: str, init: Mapping[str, Any] | None
    ) -> Caller:
        named = {name.lower(): value for name, value in (init or {}).items()}
        token = _token(headers, named)
        if token is not None:
            return await self._verified(token)
        if self.trusts_headers and is_local_caller(headers, client, http_version):
            return self._caller_by_name(
                named.get("actor", named.get("x-actor", headers.get("x-actor"))),
                named.get("roles", named.get("x-roles", headers.get("x-roles"))),
            )
        return ANONYMOUS

    async def _verified(self, token: str) -> Caller:
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenRefused("oversized")
        if (known := self._cache.get(token, time.time())) is not None:
            return known
        if self._rules is None:
            raise TokenRefused("wrong_key")
        from app.engine.access.tokens import fitting_keys, parse_token, verify_token

        parsed = parse_token(token, self._rules.algorithms)
        if self._shared_key is not None:
            keys = [self._shared_key]
        else:
            assert self.issuer is not None
            keys = fitting_keys(parsed, await self.issuer.keys(parsed.key_id))
        caller = verify_token(parsed, keys, self._rules, time.time())
        self._cache.add(token, caller)
        return caller

    def _caller_by_name(self, actor: object, roles: object) -> Caller:
        """The caller of development mode, which has all roles if it names none."""
        name = actor if isinstance(actor, str) and _ACTOR.fullmatch(actor) else ANONYMOUS.actor
        if roles is None:
            return Caller(name, self._all_roles)
        listed = cast("list[object]", roles) if isinstance(roles, list) else str(roles).split(",")
        return Caller(
            name,
            frozenset(
                role.strip() for role in listed if isinstance(role, str) and _ROLE.fullmatch(role.strip())
            ),
        )


def trusts_headers(settings: EngineSettings) -> bool:
    """Whether callers on this machine name themselves."""
    return settings.mode == "development" and settings.issuer is None and settings.token_key is None


def check_access(settings: EngineSettings) -> None:
    """Raises `ConfigurationError` if this server could not know who calls, or would believe others than this machine."""
    if trusts_headers(settings):
        if not is_loopback_name(settings.host):
            raise ConfigurationError(
                f"setting APP_HOST is {settings.host}: other machines need tokens; set APP_ISSUER or APP_TOKEN_KEY, or listen on 127.0.0.1"
            )
        return
    if settings.mode == "development":
        return
    if settings.issuer is None and settings.token_key is None:
        raise ConfigurationError(
            "setting APP_ISSUER or APP_TOKEN_KEY is missing: outside development a server has to know who calls"
        )
    if settings.issuer is not None and settings.audience is None:
        raise ConfigurationError(
            "setting APP_AUDIENCE is missing: without it, tokens of the issuer for other applications would be taken"
        )
    if settings.token_key is not None and settings.token_key.get_secret_value() == DEVELOPMENT_KEY:
        raise ConfigurationError("setting APP_TOKEN_KEY is the key of docker-compose.yml, which is public")


def development_warning(settings: EngineSettings) -> str | None:
    """What to log if a server in development mode looks like a public one; None if it does not."""
    public = [
        *(f"APP_HOST is {host}" for host in [settings.host] if not is_loopback_name(host)),
        *(
            f"APP_ALLOWED_HOSTS names {host}"
            for host in settings.allowed_hosts
            if not is_allowed_host(host, ())
        ),
        *(
            f"APP_ALLOWED_ORIGINS names {origin}"
            for origin in settings.allowed_origins
            if not is_loopback_url(origin)
        ),
    ]
    if settings.mode != "development" or not public:
        return None
    opened = (
        "X-Actor and X-Roles are trusted on this machine"
        if trusts_headers(settings)
        else "introspection is on"
    )
    return f"development: {public[0]}, and {opened}; set APP_MODE=production on a public server"


async def wait_for_expiry(caller: Caller) -> None:
    """Return when the authority of a caller has ended. It does not return if it has no end."""
    while not has_expired(caller):
        if caller.expires_at is None:
            await asyncio.Event().wait()
            return
        await asyncio.sleep(min(max(0.0, caller.expires_at - time.time()), MAX_WAIT_SECONDS))


def has_expired(caller: Caller) -> bool:
    """Whether the authority of a caller has ended."""
    return caller.expires_at is not None and time.time() >= caller.expires_at


def _token(headers: Headers, named: Mapping[str, Any]) -> str | None:
    """The token of the payload or of the header; None if there is none. Raises `TokenRefused`."""
    for name in TOKEN_KEYS:
        if named.get(name) is not None:
            return _bearer(named[name], needs_scheme=False)
    found = headers.getlist("authorization")
    if len(found) > 1:
        raise TokenRefused("malformed")
    return _bearer(found[0], needs_scheme=True) if found else None


def _bearer(value: object, *, needs_scheme: bool) -> str:
    if not isinstance(value, str):
        raise TokenRefused("malformed")
    scheme, _, token = value.strip().partition(" ")
    if scheme.lower() == "bearer":
        if not token.strip():
            raise TokenRefused("missing")
        return token.strip()
    if not scheme:
        raise TokenRefused("missing")
    if needs_scheme or token:
        raise TokenRefused("malformed")
    return scheme
