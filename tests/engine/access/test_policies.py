"""What has no line is forbidden, and the start names it. Scopes of events are the same in memory and in SQL."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from app.engine.access.access import HIDDEN_ERROR, AccessPolicy
from app.engine.access.caller import Caller
from app.engine.access.ownership import is_same_owner
from app.engine.access.policy import (
    ANYONE,
    NOBODY,
    OPERATORS,
    AccessDenied,
    Policy,
    Rule,
    Scope,
    StreamOwner,
    allow,
)
from app.engine.application import Application
from app.engine.commands import CommandAccepted, CommandConflict, CommandRejected
from app.engine.database.connections import Database
from app.engine.errors import ConfigurationError
from app.engine.graphql.event_access import event_condition
from app.engine.graphql.policies import access_policy, check_policies, missing_lines
from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema
from app.engine.read_models.queries import count_rows, owner_value, rows_by_column
from app.engine.read_models.stream_owners import StreamOwners
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings
from app.engine.store.codec import EventCodec
from app.engine.store.event_filter import EventFilter
from app.engine.store.reader import EventReader
from projections.kernel import AnyProjection, Owner
from tests.support.toy_counter import Add, Take, TooLittle, engine, request, tallies, tally
from tests.support.toy_slice import COMPLETE, ROLES, application_with, without
from tests.support.toy_upcasts import ADDED, BURNT, GROWN, LOOKED, MOVED, insert_events, tally_with_upcasts


def schema_of(application: Application[EngineSettings]) -> Any:
    return graphql_schema(build_schema(application.slices(), application.deciders)[0])


MISSING = [
    ("commands", "tally.add", "command tally.add"),
    ("queries", "tallied", "root field Query.tallied"),
    ("mutations", "add", "root field Mutation.add"),
    ("rows", tallies, "projection tallies"),
    ("events", "tally.added", "event tally.added"),
]


@pytest.mark.parametrize(("part", "key", "name"), MISSING)
def test_the_start_names_what_has_no_line(part: str, key: object, name: str) -> None:
    complete = application_with(COMPLETE)
    assert missing_lines(schema_of(complete), complete) == []
    check_policies(schema_of(complete), complete)
    application = application_with(without(COMPLETE, part, key))
    assert missing_lines(schema_of(application), application) == [name]
    with pytest.raises(ConfigurationError, match=rf"has a line for: {name}\. Is each slice in SLICES"):
        check_policies(schema_of(application), application)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            replace(COMPLETE, queries={"tallied": allow(chief="all")}),
            "roles that the application does not have: chief",
        ),
        (replace(COMPLETE, rows={tallies: allow(clerk="own")}), "tallies: the projection needs an owner"),
        (
            replace(COMPLETE, commands={**COMPLETE.commands, "tally.add": allow(clerk="own")}),
            "`streams` has to say whose its state is",
        ),
        (
            replace(COMPLETE, events={**COMPLETE.events, "tally.added": allow(clerk="own")}),
            "`streams` has to say whose its streams are",
        ),
        (replace(COMPLETE, mutations={"add": "tally.ad"}), "tally.ad"),
        (replace(COMPLETE, queries={**COMPLETE.queries, "talied": ANYONE}), "Query.talied"),
    ],
)
def test_the_start_refuses_a_table_that_cannot_hold(policy: Policy, message: str) -> None:
    application = application_with(policy)
    with pytest.raises(ConfigurationError, match=message):
        check_policies(schema_of(application), application)


async def codes_of(
    database: Database, application: Application[EngineSettings], **headers: str
) -> dict[str, str]:
    """What the query and the mutation of the toy answer: a code, or nothing if there is no error."""
    runtime = Runtime(application, EngineSettings(database_url=database.url), database)
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with runtime.run(), httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        # The table of the read model is made by then.
        outcome = await runtime.commands.execute(tally, uuid4(), Add(amount=1), request())
        assert isinstance(outcome, CommandAccepted)
        await runtime.projector.wait_for_position("tallies", outcome.position, 20)
        found: dict[str, str] = {}
        for document in ("query($i: UUID!) { tallied(id: $i) }", "mutation($i: UUID!) { add(id: $i) }"):
            body = {"query": document, "variables": {"i": str(uuid4())}}
            answer = (await client.post("/graphql", json=body, headers=headers)).json()
            [name] = [word for word in ("tallied", "add") if word in document]
            found[name] = "".join(error["extensions"]["code"] for error in answer.get("errors", ()))
    return found


async def test_what_has_no_line_is_forbidden_at_run_time(database: Database) -> None:
    expected = {
        "commands": ("", "FORBIDDEN"),
        "queries": ("FORBIDDEN", ""),
        "mutations": ("", "FORBIDDEN"),
        "rows": ("FORBIDDEN", ""),
    }
    assert await codes_of(database, application_with(COMPLETE)) == {"tallied": "", "add": ""}
    for part, key, _ in MISSING[:4]:
        codes = await codes_of(database, application_with(without(COMPLETE, part, key)))
        assert (codes["tallied"], codes["add"]) == expected[part], part


async def test_a_role_that_the_application_does_not_have_counts_for_nothing(database: Database) -> None:
    headers = {"x-roles": "admin, root,,boss ,CLERK"}
    codes = await codes_of(database, application_with(COMPLETE), **headers)
    assert codes == {"tallied": "FORBIDDEN", "add": "FORBIDDEN"}


async def test_authorize_may_deny_what_the_tables_allow_and_allow_nothing_more(database: Database) -> None:
    asked: list[tuple[str, str, str]] = []

    def authorize(caller: Caller, action: str, resource: str) -> bool:
        asked.append((caller.actor, action, resource.partition(" ")[0]))
        return action != "tally.add"

    application = application_with(COMPLETE, authorize=authorize)
    headers = {"x-actor": "ann", "x-roles": "clerk"}
    assert await codes_of(database, application, **headers) == {"tallied": "", "add": "FORBIDDEN"}
    assert asked == [("ann", "Query.tallied", ""), ("ann", "Mutation.add", ""), ("ann", "tally.add", "tally")]
    asked.clear()
    codes = await codes_of(database, application_with(COMPLETE, authorize=lambda *_: True), **{"x-roles": ""})
    assert codes == {"tallied": "FORBIDDEN", "add": "FORBIDDEN"}


@pytest.mark.parametrize(
    ("held", "said", "unknown"),
    [
        (frozenset[str](), "You may not use Mutation.add. Your roles: none.", ""),
        (
            frozenset({"clerk", "admin", "Boss"}),
            "You may not use Mutation.add. Your roles: clerk.",
            " No such role: Boss, admin. Roles: clerk, boss.",
        ),
    ],
)
def test_a_refusal_names_the_roles_that_may_and_those_that_do_not_exist_in_development_mode_alone(
    held: frozenset[str], said: str, unknown: str
) -> None:
    application = application_with(replace(COMPLETE, mutations={"add": OPERATORS}))
    for names_roles, more in ((False, ""), (True, f" Roles that may: boss.{unknown}")):
        policy = access_policy(schema_of(application), application, names_roles=names_roles)
        with pytest.raises(AccessDenied) as refused:
            policy.access(Caller("ann", held)).check_field("Mutation", "add")
        assert str(refused.value) == said + more


def test_roles_that_do_not_exist_take_no_place_in_the_cache() -> None:
    application = application_with(COMPLETE)
    policy = access_policy(schema_of(application), application)
    known = policy.access(Caller("ann", frozenset({"clerk"})))
    others = [policy.access(Caller("ann", frozenset({"clerk", f"team-{n}"}))) for n in range(300)]
    assert all(other._scopes is known._scopes for other in others)


# --- Scopes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "scopes"),
    [
        (NOBODY, {"": None, "clerk": None, "boss": None}),
        (ANYONE, {"": "all", "clerk": "all", "boss": "all"}),
        (OPERATORS, {"": None, "clerk": None, "boss": "all"}),
        (allow(clerk="own"), {"": None, "clerk": "own", "boss": None, "clerk boss": "own"}),
        (allow(clerk="own", boss="all"), {"clerk": "own", "boss": "all", "clerk boss": "all"}),
    ],
)
def test_a_caller_has_the_widest_scope_of_its_roles(rule: Rule, scopes: dict[str, str | None]) -> None:
    assert {held: rule.scope(frozenset(held.split()), ROLES) for held in scopes} == scopes


@pytest.mark.parametrize(
    ("added", "taken"),
    [("all", "all"), ("all", "own"), ("own", "all"), ("all", None), ("own", None), (None, None)],
)
async def test_the_readable_events_are_the_same_in_memory_and_in_sql(
    database: Database, added: Scope | None, taken: Scope | None
) -> None:
    await insert_events(database, uuid4(), GROWN, MOVED, LOOKED, BURNT, ADDED, ("tally.newer", 7, {}), ADDED)
    scopes_of_types: dict[str, Scope | None] = {"tally.added": added, "tally.taken": taken}
    rules = {name: NOBODY if scope is None else allow(clerk=scope) for name, scope in scopes_of_types.items()}
    codec = EventCodec((tally_with_upcasts,))
    policy = AccessPolicy((Policy(events=rules),), ROLES, (tally_with_upcasts,), codec)
    readable = policy.access(Caller("ann", frozenset({"clerk"}))).events
    reader = EventReader(database.pool, codec)
    everything = await reader.read_all(0, 100)
    condition = event_condition(readable)
    found = await reader.read_all(0, 100, where=EventFilter(condition=condition))
    assert found == [fact for fact in everything if condition.matches(fact)]
    assert await reader.count(EventFilter(condition=condition)) == len(found)
    scopes = {fact.version: readable.scope(fact) for fact in everything}
    if added == taken:
        # Also what nothing reads, and what was dropped.
        assert set(scopes.values()) == {added}
    else:
        # Renamed, split, dropped, failing, today's, newer.
        narrow = None if None in (added, taken) else "own"
        assert scopes == {1: added, 2: narrow, 3: None, 4: taken, 5: added, 6: None, 7: added}
    assert readable.scope_of_category("tally") == (
        None if None in (added, taken) else "own" if "own" in (added, taken) else "all"
    )
    operator = policy.access(Caller("ben", frozenset({"boss"}))).events
    assert {operator.scope(fact) for fact in everything} == {"all"}


@pytest.mark.parametrize(
    ("rule", "readers"),
    [
        (allow(clerk="own"), {"boss"}),
        (allow(clerk="all"), {"clerk", "boss"}),
        (ANYONE, {"boss"}),
        (NOBODY, {"boss"}),
    ],
)
def test_errors_of_a_process_are_for_operators_and_roles_with_the_scope_all(
    rule: Rule, readers: set[str]
) -> None:
    policy = AccessPolicy((Policy(instances={"errand": rule}),), ROLES, (), EventCodec(()))
    shown = {
        held: policy.access(Caller("ann", frozenset(held.split()))).visible_error("errand", "at 10.0.0.1")
        for held in ("", "clerk", "boss")
    }
    assert shown == {held: "at 10.0.0.1" if held in readers else HIDDEN_ERROR for held in shown}


# --- Ownership --------------------------------------------------------------


async def test_a_row_is_its_owners_alone_also_by_the_row_of_another_projection(database: Database) -> None:
    by_id = replace(tallies, owner=Owner("id"))
    through = replace(tallies, owner=Owner("id", of=by_id))
    async with engine(database, projections=(by_id,)) as running:
        ids = [uuid4(), uuid4()]
        for id in ids:
            await running.commands.execute(tally, id, Add(amount=1), request())
        await running.projector.wait_for_position("tallies", 2, 20)
        for projection in (by_id, through):
            for owner, expected in (
                (None, ids),
                (str(ids[0]), ids[:1]),
                (f"{{{str(ids[0]).upper()}}}", ids[:1]),
                (str(uuid4()), []),
                ("ann", []),
                ("' OR true --", []),
                ("", []),
            ):
                for position in (None, 2):
                    rows = await rows_by_column(database, projection, "id", ids, position, owner)
                    assert [row.id for row in rows if row is not None] == expected, owner
                    count = await count_rows(database, projection, position=position, owner=owner)
                    assert count == len(expected), owner


ANN = UUID("0197f000-0000-7000-8000-0000000000ab")
SPELLINGS = {
    str(ANN): True,
    ANN.hex: True,
    str(ANN).upper(): True,
    f"{{{ANN}}}": True,
    ANN.urn: True,
    # What Python's `UUID` reads as the same number.
    f"+{ANN.hex[1:]}": False,
    f"1_{ANN.hex[2:]}": False,
    f" {ANN.hex[1:]}": False,
    f"{ANN.hex[1:]}\n": False,
    str(ANN).replace("7", "٧"): False,
    str(ANN).replace("0", "０"): False,
    ANN.hex[1:]: False,
    "0": False,
    "": False,
}


@pytest.mark.parametrize(("actor", "is_ann"), SPELLINGS.items())
def test_rows_and_commands_take_the_same_spellings_of_a_uuid_for_its_owner(actor: str, is_ann: bool) -> None:
    held = replace(tallies, owner=Owner("id"))
    assert owner_value(held, actor) == (ANN if is_ann else None)
    assert is_same_owner(ANN, actor) is is_ann


@pytest.mark.parametrize("actor", ["12", "012", "+12", "1_2", "١٢", " 12", "12\0"])
def test_rows_and_commands_take_the_same_text_for_an_owner(actor: str) -> None:
    held = replace(tallies, owner=Owner("last"))
    assert (owner_value(held, actor) == "12") is is_same_owner("12", actor) is (actor == "12")


def test_a_projection_without_an_owner_has_no_own_rows() -> None:
    with pytest.raises(AccessDenied, match="it does not say whose its rows are"):
        owner_value(tallies, "ann")


async def test_a_command_with_the_scope_own_sees_no_other_owners_aggregate(database: Database) -> None:
    policy = AccessPolicy(
        (
            Policy(
                commands={"tally.add": allow(clerk="own"), "tally.take": allow(clerk="own")},
                # Every tally is Ann's as soon as it is not empty.
                streams={"tally": StreamOwner(tallies, lambda state: "ann" if state else None)},
            ),
        ),
        ROLES,
        (tally,),
        EventCodec((tally,)),
    )
    async with engine(database) as running:

        async def outcome(actor: str, command: Add | Take, **options: Any) -> object:
            guard = policy.access(Caller(actor, frozenset({"clerk"}))).check_command("tally", id, command)
            context = replace(request(**options), guard=guard)
            try:
                return await running.commands.execute(tally, id, command, context)
            except AccessDenied:
                return "denied"

        id = uuid4()
        # Ben cannot make what would be Ann's, and nothing of it is recorded, also not in memory.
        assert await outcome("ben", Add(amount=1)) == "denied"
        assert await outcome("ben", Add(amount=1), dry_run=True) == "denied"
        assert await running.commands.current_state(tally, id) == 0
        assert isinstance(await outcome("ann", Add(amount=5)), CommandAccepted)
        missing = CommandRejected(code="TOO_LITTLE", message=TooLittle.__doc__ or "")
        for dry_run in (False, True):
            assert await outcome("ben", Take(amount=1), dry_run=dry_run) == missing
            conflict = await outcome("ben", Take(amount=1), expected_version=1, dry_run=dry_run)
            assert conflict == CommandConflict(expected=1, actual=0)
            assert await outcome("ben", Add(amount=1), dry_run=dry_run) == "denied"
        assert isinstance(await outcome("ann", Take(amount=1)), CommandAccepted)
        # Both at once on a new aggregate: one is first, and the other one does not see it.
        id = uuid4()
        outcomes = await asyncio.gather(
            *(outcome(actor, Add(amount=1)) for actor in ("ann", "ben", "ann", "ben"))
        )
        assert [isinstance(found, CommandAccepted) for found in outcomes] == [True, False, True, False]
        assert await running.commands.current_state(tally, id) == 2


ANNS_IF_LARGE = Policy(
    commands={"tally.add": allow(clerk="own"), "tally.take": allow(clerk="own")},
    streams={"tally": StreamOwner(tallies, lambda state: "ann" if state >= 10 else None)},
)
"""A small tally has no owner."""


async def test_a_command_with_the_scope_own_changes_what_has_no_owner_only_by_taking_it(
    database: Database,
) -> None:
    policy = AccessPolicy((ANNS_IF_LARGE,), ROLES, (tally,), EventCodec((tally,)))
    async with engine(database) as running:
        id = uuid4()

        async def outcomes(actor: str, command: Add | Take) -> list[str]:
            """The names of the outcomes of a dry run, and of the command itself."""
            guard = policy.access(Caller(actor, frozenset({"clerk"}))).check_command("tally", id, command)
            names: list[str] = []
            for dry_run in (True, False):
                context = replace(request(dry_run=dry_run), guard=guard)
                try:
                    found = await running.commands.execute(tally, id, command, context)
                    names.append(type(found).__name__)
                except AccessDenied:
                    names.append("denied")
            return names

        denied, accepted = ["denied", "denied"], ["CommandPreview", "CommandAccepted"]
        assert await outcomes("ann", Add(amount=1)) == denied
        await running.commands.execute(tally, id, Add(amount=5), request())
        for actor in ("ann", "ben"):
            assert await outcomes(actor, Add(amount=1)) == denied
            assert await outcomes(actor, Take(amount=1)) == denied
        assert await outcomes("ben", Add(amount=10)) == denied
        assert await outcomes("ann", Add(amount=10)) == accepted
        assert await outcomes("ann", Take(amount=1)) == accepted
        # An owner stays.
        assert await outcomes("ann", Take(amount=12)) == denied
        assert await running.commands.current_state(tally, id) == 14


async def test_a_command_to_what_became_the_callers_through_another_server_is_decided_on_that(
    database: Database,
) -> None:
    policy = AccessPolicy((ANNS_IF_LARGE,), ROLES, (tally,), EventCodec((tally,)))
    id, ann = uuid4(), policy.access(Caller("ann", frozenset({"clerk"})))
    guard = ann.check_command("tally", id, Add(amount=1))
    async with engine(database) as one, engine(database) as other:
        await other.commands.execute(tally, id, Add(amount=5), request())
        await one.commands.execute(tally, id, Add(amount=10), replace(request(), guard=guard))
        outcome = await other.commands.execute(tally, id, Add(amount=1), replace(request(), guard=guard))
        assert isinstance(outcome, CommandAccepted)
        assert await one.commands.current_state(tally, id) == 16


async def test_an_owner_that_comes_with_a_later_event_is_known_then(database: Database) -> None:
    # The last note of a tally names its owner.
    held = replace(tallies, owner=Owner("last"))
    id = uuid4()
    async with engine(database, projections=(held,)) as running:

        async def wait(rows: AnyProjection, position: int) -> None:
            await running.projector.wait_for_position(rows.name, position, 10)

        owners = StreamOwners(database, {"tally": StreamOwner(held)}, wait)
        for note, owned in (("", set[object]()), ("ann", {("tally", id)})):
            outcome = await running.commands.execute(tally, id, Add(amount=1, note=note), request())
            assert isinstance(outcome, CommandAccepted)
            assert await owners.owned("ann", outcome.facts, 0) == owned


@pytest.mark.parametrize(
    ("rule", "is_asked", "shares"),
    [
        (allow(clerk="all"), False, True),
        (allow(clerk="own"), False, False),
        (allow(clerk="all"), True, False),
    ],
)
def test_two_callers_share_an_execution_only_if_they_may_see_the_same(
    rule: Rule, is_asked: bool, shares: bool
) -> None:
    tables = (Policy(events=dict.fromkeys(("tally.added", "tally.taken"), rule)),)
    authorize = (lambda *_: True) if is_asked else None
    policy = AccessPolicy(tables, ROLES, (tally,), EventCodec((tally,)), authorize)

    def key(actor: str, *roles: str) -> object:
        return policy.access(Caller(actor, frozenset(roles))).share_key

    assert (key("ann", "clerk") == key("ben", "clerk")) is shares
    assert key("ann", "clerk") == key("ann", "clerk", "a role of nothing")
    assert key("ann", "clerk") != key("ann", "boss")
    assert key("ann", "clerk") != key("ann")
