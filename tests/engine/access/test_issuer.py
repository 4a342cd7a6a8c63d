"""The keys of an issuer are found by discovery, read again for an unknown key, and kept during an outage."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from starlette.datastructures import Headers

from app.engine.access.authentication import Authenticator
from app.engine.access.issuer import UNKNOWN_KEY_SECONDS
from app.engine.access.issuer import Issuer as KnownIssuer
from app.engine.access.refusals import TokenRefused
from app.engine.errors import ConfigurationError
from app.engine.settings import EngineSettings
from tests.support.cli import assert_user_error, run
from tests.support.issuer import ALGORITHMS, Issuer, new_key, run_issuer
from tests.support.tokens import AUDIENCE, bearer


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with run_issuer() as issuer:
        yield issuer


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def authenticator(issuer: Issuer, clock: Clock | None = None, *, leeway: float = 0) -> Authenticator:
    settings = EngineSettings(issuer=issuer.url, audience=AUDIENCE, token_leeway_seconds=leeway)
    made = Authenticator(settings, ())
    assert made.issuer is not None
    if clock is not None:
        made.issuer._clock = clock
    return made


async def actor(authenticator: Authenticator, token: str) -> str:
    return (await authenticator.caller(Headers(bearer(token)), "192.0.2.1", "1.1")).actor


async def reason(authenticator: Authenticator, token: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        await actor(authenticator, token)
    return refused.value.reason


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_the_issuer_alone_is_enough_to_verify_its_tokens(issuer: Issuer, algorithm: str) -> None:
    issuer.rotate("k", algorithm)
    known = authenticator(issuer)
    await known.start()
    assert await actor(known, issuer.token(algorithm)) == "tester"
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_a_rotated_key_is_found_at_its_first_token_and_others_ask_at_most_every_30_s(
    issuer: Issuer,
) -> None:
    clock = Clock()
    known = authenticator(issuer, clock)
    await known.start()
    old = issuer.token()
    assert await actor(known, old) == "tester"
    issuer.rotate("es-2")
    # All requests of the moment wait for one reading.
    assert await asyncio.gather(*(actor(known, issuer.token(sub=f"u{n}")) for n in range(5)))
    assert issuer.asked.count("/keys") == 2
    # The issuer has withdrawn the old key: what was verified with it is forgotten.
    assert await reason(known, old) == "wrong_key"
    issuer.rotate("es-3")
    for _ in range(5):
        assert await reason(known, issuer.token()) == "wrong_key"
    assert issuer.asked.count("/keys") == 2
    clock.now += UNKNOWN_KEY_SECONDS
    assert await actor(known, issuer.token()) == "tester"
    assert issuer.asked.count("/keys") == 3


async def test_a_client_that_leaves_does_not_end_the_reading_for_the_others(issuer: Issuer) -> None:
    known = authenticator(issuer)
    await known.start()
    issuer.rotate("es-2")
    issuer.answering.clear()
    leaving = asyncio.create_task(actor(known, issuer.token()))
    await asyncio.to_thread(issuer.wait_until_asked, 3)
    staying = asyncio.create_task(actor(known, issuer.token(sub="ann")))
    await asyncio.sleep(0)
    leaving.cancel()
    issuer.answering.set()
    assert await staying == "ann"


async def some_turns() -> None:
    """Let the other tasks run until they wait."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_answer_from_before_a_rotation_does_not_replace_one_from_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = {key_id: new_key("ES256", key_id).as_dict(private=False) for key_id in ("old", "new")}
    issued, arrives, fetched = "old", asyncio.Event(), list[str]()

    async def fetch(_: KnownIssuer) -> object:
        fetched.append(issued)
        document = {"keys": [keys[issued]]}
        if len(fetched) == 1:
            # The first answer is long on its way.
            await arrives.wait()
        return document

    monkeypatch.setattr(KnownIssuer, "_fetch", fetch)
    monkeypatch.setattr("app.engine.access.issuer.REFRESH_SECONDS", 0.0)
    known = KnownIssuer("https://issuer.example")
    running = asyncio.create_task(known.run())
    await some_turns()
    monkeypatch.setattr("app.engine.access.issuer.REFRESH_SECONDS", 600.0)
    issued = "new"
    asking = asyncio.create_task(known.keys("new"))
    await some_turns()
    arrives.set()
    # The reading that was under way has not got the key, so the token has them read again.
    assert [key.kid for key in await asking] == ["new"]
    await some_turns()
    assert [key.kid for key in await known.keys(None)] == ["new"]
    assert fetched == ["old", "new"]
    running.cancel()
    await asyncio.wait([running])


async def test_a_token_that_arrives_with_the_answer_of_the_issuer_waits_for_no_reading_that_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrives, looked = asyncio.Event(), list[str]()
    has = KnownIssuer._has

    async def fetch(_: KnownIssuer) -> object:
        await arrives.wait()
        return {"keys": [new_key("ES256", "known").as_dict(private=False)]}

    def count(issuer: KnownIssuer, key_id: str) -> bool:
        looked.append(key_id)
        # A loop that never waits lets no timeout fire.
        assert len(looked) < 100
        return has(issuer, key_id)

    monkeypatch.setattr(KnownIssuer, "_fetch", fetch)
    monkeypatch.setattr(KnownIssuer, "_has", count)
    known = KnownIssuer("https://issuer.example")
    asking = [asyncio.create_task(known.keys("unknown"))]
    await some_turns()
    # The answer arrives, and one token in each of ten turns of the loop. One of the tokens falls between the end of the
    # task and its callbacks.
    arrives.set()
    for number in range(10):
        asking.append(asyncio.create_task(known.keys(f"other {number}")))
        await asyncio.sleep(0)
    answers = await asyncio.gather(*asking)
    assert {key.kid for keys in answers for key in keys} == {"known"}


async def test_the_last_good_keys_count_while_the_issuer_is_down_and_health_says_so(issuer: Issuer) -> None:
    known = authenticator(issuer)
    await known.start()
    assert known.issuer is not None
    assert known.warning is None
    issuer.is_out = True
    await known.issuer._refresh()
    assert known.warning is not None
    assert issuer.url in known.warning
    assert "503" in known.warning
    assert await actor(known, issuer.token()) == "tester"
    issuer.is_out = False
    await known.issuer._refresh()
    assert known.warning is None


async def test_a_document_that_is_wrong_leaves_the_last_good_keys(issuer: Issuer) -> None:
    known = KnownIssuer(issuer.url)
    await known.start()
    good = issuer.jwks_uri
    for change in (
        {"name": "https://evil.example"},
        {"jwks_uri": "http://192.0.2.1/keys"},
        {"jwks_uri": f"{issuer.url}/no"},
    ):
        for name, value in change.items():
            setattr(issuer, name, value)
        await known._refresh()
        assert known.error, change
        assert [key.kid for key in await known.keys(None)] == ["es-1"]
        issuer.name, issuer.jwks_uri = issuer.url, good
    issuer.extra = {"padding": "x" * 300_000}
    await known._refresh()
    assert "more than" in str(known.error)
    issuer.extra = {"keys": [{"kty": "oct", "k": "YWJj"}, 7, None, {"kty": "EC"}, {"kty": ["RSA"]}]}
    await known._refresh()
    assert "no key" in str(known.error)
    issuer.extra = {}
    await known._refresh()
    assert known.error is None


async def test_a_redirect_to_other_keys_is_not_followed(issuer: Issuer) -> None:
    issuer.jwks_uri = f"{issuer.url}/moved"
    known = KnownIssuer(issuer.url)
    await known._refresh()
    assert known.error == f"{issuer.url}/moved answers 302"
    assert "/keys" not in issuer.asked


def changed(issuer: Issuer, change: object) -> dict[str, object]:
    """The document of the issuer with a change of its key, or of itself if the change has keys."""
    [key] = issuer.keys.values()
    assert isinstance(change, dict)
    known = cast("dict[str, object]", change)
    return known if "keys" in known else {"keys": [key.as_dict(private=False) | known]}


@pytest.mark.parametrize(
    "change",
    [
        {"key_ops": None},
        {"key_ops": []},
        {"key_ops": ["verify", 7]},
        {"use": None},
        {"use": "sig", "alg": None},
        {"kid": None},
        {"x5c": 7, "ext": None, "exp": "never"},
    ],
    ids=str,
)
async def test_a_key_whose_optional_members_are_empty_counts(
    issuer: Issuer, change: dict[str, object]
) -> None:
    issuer.extra = changed(issuer, change)
    known = authenticator(issuer)
    await known.start()
    assert await actor(known, issuer.token()) == "tester"


@pytest.mark.parametrize(
    "change",
    [
        {"key_ops": 5},
        {"key_ops": {"verify": 1}},
        {"key_ops": ["sign"]},
        {"use": 5},
        {"use": "enc"},
        {"kid": 7},
        {"kid": ["es-1"]},
        {"alg": 7},
        {"kty": {}},
        {"kty": "RSA"},
        {"crv": []},
        {"crv": "P-9"},
        {"x": "%"},
        {"x": 7},
        {"x": None},
        {"x": ""},
        {"x": "ä"},
        {"keys": {}},
        {"keys": None},
        {"keys": "es-1"},
        {"keys": [[]]},
    ],
    ids=str,
)
async def test_a_document_of_a_wrong_shape_has_no_key_at_the_start_and_leaves_the_last_ones_later(
    issuer: Issuer, change: dict[str, object]
) -> None:
    known = authenticator(issuer)
    await known.start()
    issuer.extra = changed(issuer, change)
    starting = KnownIssuer(issuer.url)
    await starting._refresh()
    assert starting.error == "its document has no key that can verify tokens"
    good = issuer.token()
    issuer.rotate("es-2")
    # The unknown key id has the keys read again.
    assert await reason(known, issuer.token()) == "wrong_key"
    assert "no key" in str(known.warning)
    assert await actor(known, good) == "tester"


async def test_an_issuer_that_does_not_answer_at_the_start_is_named(issuer: Issuer) -> None:
    issuer.is_out = True
    with pytest.raises(ConfigurationError, match=f"APP_ISSUER: {issuer.url} gives no keys within 2 s: .*503"):
        await KnownIssuer(issuer.url).start(2)
    issuer.is_out = False
    issuer.answering.clear()
    with pytest.raises(ConfigurationError, match=f"{issuer.url} gives no keys .*no answer in time"):
        await KnownIssuer(issuer.url).start(0.3)


async def test_an_issuer_with_another_name_is_told_with_that_name(issuer: Issuer) -> None:
    issuer.name = issuer.url + "/"
    with pytest.raises(ConfigurationError, match=f"calls itself '{issuer.url}/': set APP_ISSUER to that"):
        await KnownIssuer(issuer.url).start()


async def test_a_server_that_starts_with_its_issuer_waits_for_it(issuer: Issuer) -> None:
    issuer.is_out = True
    known = KnownIssuer(issuer.url)
    starting = asyncio.create_task(known.start())
    await asyncio.to_thread(issuer.wait_until_asked, 2)
    assert known.error is not None
    issuer.is_out = False
    await starting
    assert known.error is None


async def test_a_token_without_a_key_id_is_verified_with_the_keys_that_fit(issuer: Issuer) -> None:
    known = authenticator(issuer)
    key = new_key("ES256", "es-1")
    nameless = type(key).import_key(
        {name: value for name, value in key.as_dict(private=True).items() if name != "kid"}
    )
    issuer.keys = {"RS256": new_key("RS256", "rs"), "ES256": nameless}
    await known.start()
    assert await actor(known, issuer.token("ES256")) == "tester"


async def test_a_token_of_another_issuer_or_another_time_is_refused(issuer: Issuer) -> None:
    known = authenticator(issuer)
    await known.start()
    assert await reason(known, issuer.token(iss="https://evil.example")) == "wrong_issuer"
    assert await reason(known, issuer.token(aud="other")) == "wrong_audience"
    assert await reason(known, issuer.token(exp=1)) == "expired"
    assert await reason(known, issuer.token(nbf=4_000_000_000)) == "not_yet_valid"


@pytest.mark.parametrize(
    ("skew", "expected"), [(0, None), (250, None), (-250, None), (350, "not_yet_valid"), (-350, "expired")]
)
async def test_the_clock_of_the_issuer_may_differ_by_the_leeway(
    issuer: Issuer, skew: int, expected: str | None
) -> None:
    """`skew` is how far the clock of the issuer is ahead, in seconds. Its tokens live for a second."""
    known = authenticator(issuer, leeway=300)
    await known.start()
    now = time.time() + skew
    token = issuer.token(iat=now, nbf=now, exp=now + 1)
    if expected is None:
        assert await actor(known, token) == "tester"
    else:
        assert await reason(known, token) == expected


@pytest.mark.soak
def test_serve_ends_after_10_s_with_one_line_that_names_an_issuer_that_does_not_answer(
    database_url: str, issuer: Issuer
) -> None:
    issuer.answering.clear()
    environment: dict[str, Any] = {"DATABASE_URL": database_url, **issuer.environment()}
    result = run("serve", "--port", "0", **environment)
    assert_user_error(
        result, f"setting APP_ISSUER: {issuer.url} gives no keys within 10 s: no answer in time"
    )
