"""The issuer of tokens: its keys, by OIDC discovery. The last good keys stay while the issuer does not answer."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import httpx2
import msgspec
from joserfc.jwk import Key

from app.engine.access.tokens import import_key
from app.engine.backoff import Backoff
from app.engine.errors import ConfigurationError
from app.engine.hosts import is_loopback_url, is_safe_url
from app.engine.logs import error_line

log = logging.getLogger(__name__)

DISCOVERY_PATH = "/.well-known/openid-configuration"
START_SECONDS = 10.0
"""How long a server waits for the issuer at its start."""
FETCH_SECONDS = 5.0
"""The time for both documents."""
REFRESH_SECONDS = 600.0
"""How often the keys are read again. A key that the issuer has withdrawn counts for so long at most."""
UNKNOWN_KEY_SECONDS = 30.0
"""Tokens with an unknown key have the keys read again at most once in this time. Anyone can send such tokens."""
MAX_DOCUMENT_BYTES = 256 * 1024
MAX_KEYS = 100

_FETCH_ERRORS = (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError, ValueError)


class IssuerError(ValueError):
    """A document of the issuer is not what OIDC discovery says."""


class OtherIssuer(IssuerError):
    """The document names another issuer. Waiting does not change that."""


class Issuer:
    """The keys of one issuer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.error: str | None = None
        """Why the keys are old, in one line; None if they are not."""
        self.on_changed: Callable[[], None] = lambda: None
        """Called when the issuer has other keys than before."""
        self._clock = time.monotonic
        self._trusts_environment = not is_loopback_url(url)
        # It is made once: that reads all certificates of the machine, in 50 ms.
        self._tls = httpx2.create_ssl_context(trust_env=self._trusts_environment)
        self._keys: Sequence[Key] = ()
        self._documents: object = None
        self._asked_at = -UNKNOWN_KEY_SECONDS
        self._refreshing: asyncio.Task[None] | None = None
        """One reading at a time: of two, the one that began first may end last, and has older keys."""
        self._is_other = False
        """Whether the documents are those of another issuer."""

    async def start(self, seconds: float = START_SECONDS) -> None:
        """Read the keys. Raises `ConfigurationError` if the issuer does not give them in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        backoff = Backoff(0.1, 1.0)
        while True:
            await self._refresh(deadline - loop.time())
            if self.error is None:
                return
            pause = backoff.next_pause()
            if self._is_other or loop.time() + pause >= deadline:
                break
            await asyncio.sleep(pause)
        if self._is_other:
            raise ConfigurationError(f"setting APP_ISSUER is {self.url}: {self.error}")
        raise ConfigurationError(
            f"setting APP_ISSUER: {self.url} gives no keys within {seconds:g} s: {self.error}"
        )

    async def run(self) -> None:
        """Read the keys again and again, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS if self.error is None else UNKNOWN_KEY_SECONDS)
            await asyncio.shield(self._refresh_alone())

    async def keys(self, key_id: str | None) -> Sequence[Key]:
        """The keys of the issuer. An unknown key id has them read again, at most every 30 s."""
        while key_id is not None and not self._has(key_id):
            if not self._is_refreshing:
                if self._clock() - self._asked_at < UNKNOWN_KEY_SECONDS:
                    break
                self._asked_at = self._clock()
            # A client that leaves does not end the reading: others wait for it, and it counts. One that was under way may be
            # from before the key, so the next turn asks again.
            await asyncio.shield(self._refresh_alone())
        return self._keys

    def _has(self, key_id: str) -> bool:
        return any(key.kid == key_id for key in self._keys)

    def _refresh_alone(self) -> asyncio.Task[None]:
        """The reading that is under way, or a new one."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())
        return self._refreshing

    @property
    def _is_refreshing(self) -> bool:
        # A task that is done is not under way, even before its callbacks run. To await it takes no turn of the loop.
        return self._refreshing is not None and not self._refreshing.done()

    async def _refresh(self, seconds: float = FETCH_SECONDS) -> None:
        try:
            async with asyncio.timeout(min(seconds, FETCH_SECONDS)):
                documents = await self._fetch()
                keys = _keys_of(documents)
        except _FETCH_ERRORS as error:
            line = "no answer in time" if isinstance(error, TimeoutError) else error_line(error)
            line = str(error) if isinstance(error, IssuerError) else line
            if self.error is None and self._keys:
                log.warning("the issuer %s does not give its keys, the last ones count: %s", self.url, line)
            self.error, self._is_other = line, isinstance(error, OtherIssuer)
            return
        if self.error is not None and self._keys:
            log.info("the issuer %s gives its keys again", self.url)
        self.error = None
        if documents != self._documents:
            self._documents, self._keys = documents, keys
            self.on_changed()

    async def _fetch(self) -> Any:
        """The document with the keys."""
        async with httpx2.AsyncClient(
            verify=self._tls,
            timeout=FETCH_SECONDS,
            follow_redirects=False,
            trust_env=self._trusts_environment,
        ) as client:
            metadata = await _get_json(client, self.url.rstrip("/") + DISCOVERY_PATH)
            if metadata.get("issuer") != self.url:
                raise OtherIssuer(f"it calls itself {metadata.get('issuer')!r}: set APP_ISSUER to that")
            address = metadata.get("jwks_uri")
            if not isinstance(address, str) or not is_safe_url(
                address, allow_loopback=is_loopback_url(self.url)
            ):
                raise IssuerError(f"its jwks_uri is no https URL: {address!r}")
            return await _get_json(client, address)


async def _get_json(client: httpx2.AsyncClient, url: str) -> dict[str, Any]:
    async with client.stream("GET", url, headers={"accept": "application/json"}) as answer:
        if answer.status_code != 200:
            raise IssuerError(f"{url} answers {answer.status_code}")
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > MAX_DOCUMENT_BYTES:
                raise IssuerError(f"{url} has more than {MAX_DOCUMENT_BYTES} bytes")
    try:
        return msgspec.json.decode(bytes(body), type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise IssuerError(f"{url} is not a JSON object") from None


def _keys_of(document: dict[str, Any]) -> Sequence[Key]:
    listed = document.get("keys")
    found = cast("list[object]", listed) if isinstance(listed, list) else []
    keys = [
        key
        for jwk in found[:MAX_KEYS]
        if isinstance(jwk, dict) and (key := import_key(cast("dict[str, Any]", jwk))) is not None
    ]
    if not keys:
        raise IssuerError("its document has no key that can verify tokens")
    return keys
