"""A caller that may read a row, but not its stream's events, sees nothing of them through the row either."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import strawberry

from app.engine.access.access import AccessPolicy
from app.engine.access.caller import Caller
from app.engine.access.policy import ANYONE, AccessDenied, Policy, Roles, StreamOwner, allow
from app.engine.application import Application
from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.database.pool_reads import PoolReads
from app.engine.graphql.context import Info
from app.engine.graphql.event_types import HIDDEN_PROBLEM
from app.engine.graphql.slices.history import HistoryFields
from app.engine.graphql.slices.processes import Process, process_of
from app.engine.processes.admin import get_processes
from app.engine.read_models.stream_owners import StreamOwners
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings
from app.engine.store.codec import EventCodec
from domain.kernel.decider import AnyDecider
from projections.kernel import AnyProjection, Owner, Projection
from tests.support.toy_counter import Add, engine, request, tallies, tally
from tests.support.toy_process import Bell, Ring, errand, until
from tests.support.websocket import RawSocket

OWNED: Projection[Any] = replace(tallies, owner=Owner("id"))
"""A tally is of the actor who is called as its id."""
THROUGH: Projection[Any] = replace(tallies, name="accounts", owner=Owner("id", of=OWNED))
"""The same, by the row of another projection."""


@strawberry.type(description="A tally.")
class Tally(HistoryFields):
    id: UUID = strawberry.field(description="The id.")

    def stream(self) -> tuple[AnyDecider, UUID]:
        return tally, self.id

    @strawberry.field(description="Its errand.")
    async def errand(self, info: Info) -> Process | None:
        view = await process_of(info.context.loaders, errand.category, self.id)
        return None if view is None else Process.of(view)


@strawberry.type
class Query:
    @strawberry.field(description="The tallies with these ids.")
    async def tallies(self, info: Info, ids: list[UUID]) -> list[Tally]:
        rows = [await info.context.loaders.row(OWNED, "id", id) for id in ids]
        return [Tally(id=row.id) for row in rows if row is not None]


ROLES = Roles(
    names=("seller", "auditor", "staff", "operator"),
    operators=frozenset({"operator"}),
    importers=frozenset(),
)
OWN = allow(seller="own", staff="all")
POLICY = Policy(
    commands={kind.stored.name: ANYONE for kind in tally.command_types},
    queries={"tallies": ANYONE},
    rows={OWNED: allow(seller="own", auditor="all", staff="all"), THROUGH: ANYONE},
    instances={errand.category: OWN},
    events={**{kind.stored.name: OWN for kind in tally.event_types}, "errand.*": OWN},
    streams={tally.category: StreamOwner(OWNED), errand.category: StreamOwner(THROUGH)},
)
POLICIES = {
    "rows for anyone": (replace(POLICY, rows={OWNED: ANYONE, THROUGH: ANYONE}), "seller"),
    "rows by another role": (POLICY, "seller,auditor"),
    "owned by another row": (
        replace(
            POLICY,
            rows={OWNED: ANYONE, THROUGH: ANYONE},
            streams={tally.category: StreamOwner(THROUGH), errand.category: StreamOwner(OWNED)},
        ),
        "seller",
    ),
}
FIELDS = """history { totalCount nodes { command state } pageInfo { hasNextPage } } last: history(last: 1) { totalCount nodes { state } }
    blame { path } errand { status }"""
NOTHING = {
    "history": {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False}},
    "last": {"totalCount": 0, "nodes": []},
    "blame": [],
    "errand": None,
}


@pytest.fixture(params=POLICIES)
async def asking(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[tuple[Runtime, Any]]:
    """The toy with one of the policies, and a function that asks for the fields of tallies."""
    policy, roles = POLICIES[request.param]
    module = ModuleType("slice")
    vars(module).update(Query=Query, POLICY=policy)
    application = Application(
        settings=EngineSettings,
        deciders=(tally, errand.stream_decider),
        processes=(errand,),
        projections=(OWNED, THROUGH),
        slices=lambda: (module,),
        ports=lambda settings, database: {Ring: Bell()},
        roles=ROLES,
    )
    runtime = Runtime(application, EngineSettings(database_url=database.url), database)
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with runtime.run(), httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:

        async def ask(ids: Sequence[UUID], actor: object, held: str = roles) -> Sequence[Mapping[str, Any]]:
            query = f"query($i: [UUID!]!) {{ tallies(ids: $i) {{ {FIELDS} }} }}"
            body = {"query": query, "variables": {"i": [str(id) for id in ids]}}
            headers = {"x-actor": str(actor), "x-roles": held}
            answer = (await client.post("/graphql", json=body, headers=headers)).json()
            assert "errors" not in answer, answer
            return answer["data"]["tallies"]

        yield runtime, ask


async def noted(runtime: Runtime, *ids: UUID) -> None:
    """Tallies with an event and an errand each."""
    position = 0
    for id in ids:
        outcome = await runtime.commands.execute(tally, id, Add(amount=1, note="hello"), request())
        assert isinstance(outcome, CommandAccepted)
        position = outcome.position
    for projection in (OWNED, THROUGH):
        await runtime.projector.wait_for_position(projection.name, position, 20)

    async def are_folded() -> bool:
        return len(await get_processes(runtime.database, errand.category, ids)) == len(ids)

    await until(are_folded)


async def test_history_blame_and_process_of_a_visible_row_are_those_of_the_streams_owner(
    asking: tuple[Runtime, Any],
) -> None:
    runtime, ask = asking
    mine, other = uuid4(), uuid4()
    await noted(runtime, mine, other)
    seen, unseen = await ask([mine, other], mine)
    assert unseen == NOTHING
    assert (seen["history"]["totalCount"], seen["errand"]) == (1, {"status": "hello"})
    assert len(seen["history"]["nodes"]) == len(seen["last"]["nodes"]) == len(seen["blame"]) == 1
    assert await ask([mine, other], "boss", "staff") == [seen, seen]


async def test_the_owners_of_a_list_are_read_together_and_not_at_all_if_everything_may_be_read(
    asking: tuple[Runtime, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, ask = asking
    ids = [uuid4() for _ in range(10)]
    await noted(runtime, *ids)
    queries: list[str] = []
    own = PoolReads.fetch

    async def fetch(self: PoolReads, query: str, *arguments: Any) -> Sequence[Any]:
        queries.append(query)
        return await own(self, query, *arguments)

    monkeypatch.setattr(PoolReads, "fetch", fetch)
    counts: list[int] = []
    for actor, held in (("boss", "staff"), (ids[0], "seller,auditor")):
        queries.clear()
        await ask(ids, actor, held)
        counts.append(len([query for query in queries if "es." not in query]))
    # The rows themselves are read one by one. Then the owners of both categories are read, each again when the rows are
    # as new as the log.
    assert (counts[0], counts[1] <= counts[0] + 4) == (len(ids), True), counts


EVENT = """__typename position type version actor causedBy onBehalfOf
    ... on UnreadableEvent { storedVersion data problem }"""
PAGE = f"query($f: EventFilter) {{ events(filter: $f) {{ nodes {{ {EVENT} }} }} }}"
TAIL = f"subscription($f: EventFilter) {{ events(after: 0, filter: $f) {{ {EVENT} }} }}"
BLAME = "query($i: [UUID!]!) { tallies(ids: $i) { history { nodes { state } } blame { path } } }"
NEWER = "tally.fraud-flagged"
SECRETS = (NEWER, "fraud-team", "high", "no class is stored")
HIDDEN = {
    "__typename": "UnreadableEvent",
    "type": "unreadable",
    "version": 2,
    "actor": "",
    "causedBy": None,
    "onBehalfOf": None,
    "storedVersion": 3,
    "data": "{}",
    "problem": HIDDEN_PROBLEM,
}


async def test_only_operators_read_what_an_event_of_newer_code_has_and_others_see_its_place(
    asking: tuple[Runtime, Any],
) -> None:
    runtime, _ = asking
    id = uuid4()
    await noted(runtime, id)
    app = create_app(runtime)
    callers = {"seller": str(id), "staff": "sue", "operator": "oz"}
    sockets = {role: RawSocket(app) for role in callers}
    of_stream = {"streamId": str(id), "streams": [tally.category]}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:

        async def ask(role: str, query: str, **variables: Any) -> dict[str, Any]:
            headers = {"x-actor": callers[role], "x-roles": role}
            body = {"query": query, "variables": variables}
            return (await client.post("/graphql", json=body, headers=headers)).json()

        for role, socket in sockets.items():
            payload = {"actor": callers[role], "roles": role}
            await socket.send({"type": "connection_init", "payload": payload})
            assert (await socket.next())["type"] == "connection_ack"
            subscribe = {"query": TAIL, "variables": {"f": of_stream}}
            await socket.send({"type": "subscribe", "id": "1", "payload": subscribe})
            # The next event is live, and its payload is shared.
            assert (await socket.next())["payload"]["data"]["events"]["type"] == "tally.added"
        await runtime.database.pool.execute(
            "INSERT INTO es.events SELECT (SELECT max(position) + 1 FROM es.events), category, stream_id, version + 1, $2, 3,"
            " '{\"risk\": \"high\"}', gen_random_uuid(), correlation_id, position, 'fraud-team', occurred_at, recorded_at"
            " FROM es.events WHERE category = 'tally' AND stream_id = $1",
            id,
            NEWER,
        )
        for role, socket in sockets.items():
            live = (await socket.next())["payload"]["data"]["events"]
            [_, stored] = (await ask(role, PAGE, f=of_stream))["data"]["events"]["nodes"]
            found = (await ask(role, PAGE, f={"types": [NEWER]}))["data"]["events"]["nodes"]
            if role == "operator":
                assert live == stored == found[0]
                assert all(secret in str(live) for secret in SECRETS), live
            else:
                assert live == stored == {"position": live["position"]} | HIDDEN
                assert found == []
                failed = await ask(role, BLAME, i=[str(id)])
                assert [error["extensions"]["code"] for error in failed["errors"]] == ["UNREADABLE_STREAM"]
                assert not [secret for secret in SECRETS if secret in str(failed)], failed
            await socket.close()


def test_a_process_with_own_instances_that_no_line_of_streams_names_is_refused() -> None:
    policy = AccessPolicy(
        (replace(POLICY, streams={}),),
        ROLES,
        (tally, errand.stream_decider),
        EventCodec((tally, errand.stream_decider)),
    )
    access = policy.access(Caller("ann", frozenset({"seller"})))
    for read in (access.instance_owner, access.stream_owner):
        with pytest.raises(AccessDenied, match="does not say whose"):
            read(errand.category)


async def test_a_table_that_is_behind_holds_up_no_stream_of_another_category(database: Database) -> None:
    behind = replace(OWNED, name="behind")
    is_awaited = asyncio.Event()
    async with engine(database, projections=(OWNED,)) as running:

        async def wait(rows: AnyProjection, position: int) -> None:
            if rows is behind:
                is_awaited.set()
                await asyncio.Event().wait()
            await running.projector.wait_for_position(rows.name, position, 20)

        streams = {tally.category: StreamOwner(OWNED), errand.category: StreamOwner(behind)}
        owners = StreamOwners(database, streams, wait)
        id = uuid4()
        outcome = await running.commands.execute(tally, id, Add(amount=1), request())
        assert isinstance(outcome, CommandAccepted)
        of_the_other = [replace(fact, category=errand.category) for fact in outcome.facts]
        waiting = asyncio.create_task(owners.owned(str(id), of_the_other, 0))
        await is_awaited.wait()
        async with asyncio.timeout(20):
            assert await owners.owned(str(id), outcome.facts, 0) == {(tally.category, id)}
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])


async def test_the_owner_of_a_stream_is_read_once_for_all_who_wait_for_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[object] = []
    read = Database.fetch

    async def fetch(self: Database, query: Any) -> Any:
        if OWNED.name in str(query):
            reads.append(query)
        return await read(self, query)

    monkeypatch.setattr(Database, "fetch", fetch)
    async with engine(database, projections=(OWNED,)) as running:

        async def wait(rows: AnyProjection, position: int) -> None:
            await running.projector.wait_for_position(rows.name, position, 20)

        owners = StreamOwners(database, {tally.category: StreamOwner(OWNED)}, wait)
        id = uuid4()
        outcome = await running.commands.execute(tally, id, Add(amount=1), request())
        assert isinstance(outcome, CommandAccepted)
        found = await asyncio.gather(*(owners.owned(str(id), outcome.facts, 0) for _ in range(10)))
        assert found == [{(tally.category, id)}] * 10
        assert len(reads) == 1
