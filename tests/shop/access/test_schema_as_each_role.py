"""Every query and mutation as each role, with tokens: no byte of an answer is another customer's.

They run in process and over HTTP. Schemathesis makes the documents. When the tests of this file end, a rebuild of each
read model equals the live one. `ROLE_EXAMPLES` is how many documents the long test makes of each field (100).
"""

import asyncio
import base64
import io
import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import asyncpg
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import SecretStr

from app.settings import Settings
from tests.shop.access.two_customers import ANN, BEN, Customer, write_past
from tests.shop.access.wide_documents import SDL, widen
from tests.shop.support import schema_scalars
from tests.support.in_process_api import InProcessApi, run_in_process_api
from tests.support.server import Server
from tests.support.tokens import TOKEN_KEY, bearer, make_token

SHORT_EXAMPLES = 2
LONG_EXAMPLES = int(os.environ.get("ROLE_EXAMPLES", "100"))

CALLERS: Mapping[str, Mapping[str, str]] = {
    "anonymous": {},
    "ann": bearer(make_token(sub=str(ANN.id), roles=["customer"])),
    "ben": bearer(make_token(sub=str(BEN.id), roles=["customer"])),
    "staff": bearer(make_token(sub="sue", roles=["staff"])),
    "operator": bearer(make_token(sub="oz", roles=["operator"])),
}
WAYS = ("in_process", "over_http")
STRANGERS: Mapping[str, Sequence[Customer]] = {"anonymous": (ANN, BEN), "ann": (BEN,), "ben": (ANN,)}
"""The callers who may not see everything, each with the customers of whom it may see nothing."""
NAMES_OF_ONES_OWN = re.compile(r'(commandId: |openOrder\(\s*input: \{[^}]*\bid: )"([^"]*)"')
"""Ids that a caller chooses for its own things, and sees again."""

schema_scalars.register_scalars()
OPERATIONS = {
    found.ok().label: found.ok()  # pyright: ignore[reportAttributeAccessIssue] - Schemathesis types a result as its error
    for found in schemathesis.graphql.from_file(io.StringIO(SDL)).get_all_operations()
}


@cache
def forms(canary: str) -> Sequence[bytes]:
    """The bytes of a canary as they are, and as they are inside base64, which cursors are made of."""
    found: list[bytes] = []
    values = [canary.encode()]
    if re.fullmatch("[0-9a-f]{32}", canary):
        values.append(UUID(canary).bytes)
    for value in values:
        found.append(value)
        for shift in range(3):
            code = base64.urlsafe_b64encode(bytes(shift) + value)
            # The characters at both ends depend on the neighbours.
            found.append(code[-(-shift * 8 // 6) : (shift + len(value)) * 8 // 6])
    return found


def leaks(sent: bytes, document: str, customers: Sequence[Customer]) -> Sequence[str]:
    """The canaries of customers in the bytes of an answer. What the caller itself has named may come back."""
    return [
        canary
        for customer in customers
        for canary in customer.canaries
        if canary not in document and any(form in sent for form in forms(canary))
    ]


@dataclass
class Deployment:
    """One database with the API in this process and in a server process, both outside of development mode."""

    database_url: str
    api: InProcessApi
    server: Server
    session: requests.Session
    documents: Iterator[int] = field(default_factory=itertools.count)
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Which callers have seen what is a customer's, by which way."""

    def over_http(self, case: schemathesis.Case[Any], headers: Mapping[str, str]) -> tuple[int, bytes, Any]:
        answer = case.call(base_url=self.server.url, headers=dict(headers), session=self.session)
        return answer.status_code, repr(answer.headers).encode() + answer.content, answer.json()

    def in_process(self, case: schemathesis.Case[Any], headers: Mapping[str, str]) -> tuple[int, bytes, Any]:
        answer = self.api.post(case.as_transport_kwargs(base_url="http://inside")["json"], headers)
        return answer.status_code, repr(answer.headers).encode() + answer.content, answer.json()

    def ask(self, case: schemathesis.Case[Any]) -> None:
        """Send a document as each caller. The callers take turns with the two ways."""
        number = next(self.documents)
        document = NAMES_OF_ONES_OWN.sub(partial(_with_another_id, case.operation.label), str(case.body))
        is_tame = number % 2 == 0
        document = case.body = widen(document, depth=int(is_tame), is_tame=is_tame)
        for place, (caller, headers) in enumerate(CALLERS.items()):
            way = WAYS[(number + number // 2 + place) % 2]
            status, sent, answer = getattr(self, way)(case, headers)
            told = (way, caller, document, sent)
            assert status in (200, 400), told
            codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
            assert "INTERNAL_SERVER_ERROR" not in codes, told
            assert answer.get("data") is not None or codes, told
            assert not leaks(sent, document, STRANGERS.get(caller, ())), told
            if leaks(sent, document, (ANN, BEN)):
                self.seen.add((caller, way))


def _with_another_id(label: str, match: re.Match[str]) -> str:
    """The same, with an id that is no canary."""
    name, text = match.groups()
    if "commandId" in name or text in schema_scalars.PAST:
        # Of version 4: customers may not send derived ids as those of commands.
        return f'{name}"{UUID(bytes=uuid5(NAMESPACE_OID, label + text).bytes, version=4)}"'
    return match[0]


@pytest.fixture(scope="module")
def deployment(module_database_url: str) -> Iterator[Deployment]:
    asyncio.run(write_past(module_database_url))
    settings = Settings(
        database_url=module_database_url,
        mode="production",
        token_key=SecretStr(TOKEN_KEY),
        min_position_timeout_seconds=0.05,
    )
    server = Server(module_database_url, APP_MODE="production", APP_MIN_POSITION_TIMEOUT_SECONDS="0.05")
    try:
        with run_in_process_api(settings) as api, requests.Session() as session:
            yield Deployment(module_database_url, api, server.wait(), session)
        customers = {str(ANN.id), str(BEN.id)}
        written = asyncio.run(owners_and_writers(module_database_url))
        assert not [pair for pair in written if pair[1] in customers and pair[0] != pair[1]]
        assert "Traceback" not in server.output()
    finally:
        server.close()


def ask_as_each_role(deployment: Deployment, label: str, examples: int, *, random: bool) -> None:
    """Send documents of one query or mutation as each caller."""

    @settings(
        max_examples=examples,
        database=None,
        derandomize=not random,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=OPERATIONS[label].as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        deployment.ask(case)

    ask()


async def owners_and_writers(database_url: str) -> set[tuple[str, str]]:
    """Whose order, and who has recorded an event of it, for each event of an order."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT DISTINCT opened.data ->> 'customer_id', event.actor FROM es.events event"
            " JOIN es.events opened USING (category, stream_id) WHERE opened.type = 'order.opened'"
        )
    finally:
        await connection.close()
    return {(owner, writer) for owner, writer in rows}


def test_no_document_shows_a_caller_anything_of_another_customer(deployment: Deployment) -> None:
    for label in OPERATIONS:
        ask_as_each_role(deployment, label, SHORT_EXAMPLES, random=False)
    # The search finds what may be seen, and commands were accepted: the answers above were no empty ones.
    assert {
        (caller, way) for caller in ("ann", "staff", "operator") for way in WAYS
    } - deployment.seen == set()
    written = asyncio.run(owners_and_writers(deployment.database_url))
    assert {(str(ANN.id), str(ANN.id)), (str(ANN.id), "sue")} <= written


@pytest.mark.soak
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_document_of_very_many_shows_a_caller_anything_of_another_customer(
    label: str, deployment: Deployment
) -> None:
    ask_as_each_role(deployment, label, LONG_EXAMPLES, random=True)
