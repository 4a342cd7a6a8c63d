"""The first release was killed with work of every kind under way. This code takes over its database."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import pytest

from app.engine.database.connections import open_database
from app.engine.settings import ROOT, EngineSettings
from app.engine.store.codec import EventCodec
from app.engine.store.load import load_aggregate
from app.engine.store.reader import EventReader
from app.engine.store.snapshots.reader import SnapshotReader
from domain import DECIDERS
from tests.support.cli import invoke
from tests.support.databases import execute, migrate, new_database, run_in_thread
from tests.support.server import Server

DUMP = (ROOT / "tests/shop/data/first_release.sql").read_text()
OLD: dict[str, Any] = json.loads((ROOT / "tests/shop/data/first_release.json").read_text())
"""What was known of the database when it was dumped, and what the old code answered."""
SLOW = OLD["deadline"]["order"]
"""The order whose payment the gateway never answers."""
WAIT_SECONDS = 20


@dataclass(frozen=True)
class Shop:
    """The old database, migrated, and a server of this code on it."""

    url: str
    server: Server

    def run(self, *command: str) -> str:
        """The output of a command. An error fails the test."""
        result = invoke(*command, DATABASE_URL=self.url)
        assert result.returncode == 0, result
        return result.stdout

    def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        answer = self.server.ask(query, variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def fetch(self, statement: str, *params: object) -> list[asyncpg.Record]:
        return asyncio.run(fetch(self.url, statement, *params))

    def wait_until(self, goal: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not in time: {goal} {self.server.output()}"
            time.sleep(0.05)

    def order(self, order_id: str) -> dict[str, Any]:
        query = """query($id: UUID!) { order(id: $id) {
            status reason total { amount } payment { status } fulfilment { status stuck } } }"""
        return self.ask(query, {"id": order_id})["order"]

    def checkpoints(self, slot: str) -> dict[str, tuple[int, str]]:
        """Which table each projection has in this slot: its identity, and the fingerprint of the code that made it."""
        rows = self.fetch("SELECT to_jsonb(c)::text AS row FROM es.checkpoints c WHERE slot = $1", slot)
        found = [json.loads(row["row"]) for row in rows]
        # The column got a clearer name later.
        return {
            row["projection"]: (row.get("generation", row.get("build")), row["fingerprint"]) for row in found
        }


async def fetch(url: str, statement: str, *params: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement, *params)
    finally:
        await connection.close()


@contextmanager
def upgraded(postgres: str) -> Generator[Shop]:
    """A server on the database as the first release left it, but with its deadlines in the future again.

    The first release left them minutes away.
    """
    renewed = f"""
        UPDATE es.process_deadlines
        SET due = clock_timestamp() + CASE instance WHEN '{SLOW}' THEN interval '8 s' ELSE interval '1 h' END
    """
    with new_database(postgres, template="template0") as url:
        run_in_thread(execute(url, DUMP, renewed))
        migrated = invoke("migrate", DATABASE_URL=url)
        assert migrated.returncode == 0, migrated
        server = Server(url, APP_PORT_TIMEOUT_SECONDS="2", APP_SEAL_INTERVAL_SECONDS="3600")
        try:
            yield Shop(url, server.wait())
            assert server.stop() == 0
            assert "Traceback" not in server.output()
        finally:
            server.close()


@pytest.fixture(scope="module")
def shop(postgres: str) -> Iterator[Shop]:
    """A shop for the tests that leave it as an upgrade does: they may run in any order."""
    with upgraded(postgres) as made:
        yield made


@pytest.fixture
def own_shop(postgres: str) -> Iterator[Shop]:
    """A shop for a test that changes it."""
    with upgraded(postgres) as made:
        yield made


def test_the_log_is_as_the_old_code_sealed_it(shop: Shop) -> None:
    shop.run("audit", "verify")
    sealed = shop.fetch(
        "SELECT count(*) AS seals, max(last_position) AS last FROM es.seals WHERE last_position <= $1",
        OLD["head"],
    )
    assert tuple(sealed[0]) == (OLD["seals"], OLD["sealed_to"])


NEW_VERSIONS = ("daily_sales",)
"""Projections that fold otherwise since then: their new versions have tables of their own."""


def test_no_live_table_is_made_again(shop: Shop) -> None:
    live = shop.checkpoints("live")
    for row in OLD["live"]:
        if row["projection"] not in NEW_VERSIONS:
            assert live[row["projection"]] == (row["build"], row["fingerprint"]), row["projection"]
    assert live.keys() >= {row["projection"] for row in OLD["live"]}


def test_reads_answer_what_the_old_code_answered(shop: Shop) -> None:
    for recorded in OLD["queries"]:
        assert shop.ask(recorded["query"], recorded["variables"]) == recorded["data"], recorded


OLD_SNAPSHOTS = "SELECT stream_id, category, mark, version, state::text AS state FROM es.snapshots"


async def test_a_snapshot_of_the_old_code_is_ignored_and_all_events_are_folded(postgres: str) -> None:
    deciders = {decider.category: decider for decider in DECIDERS}
    with new_database(postgres, template="template0") as url:
        await execute(url, DUMP)
        await migrate(url)
        async with open_database(EngineSettings(database_url=url)) as database:
            rows = await database.pool.fetch(OLD_SNAPSHOTS)
            assert len(rows) == OLD["snapshots"]
            reader = EventReader(database.pool, EventCodec(DECIDERS))
            snapshots = SnapshotReader(database.pool, reader, DECIDERS)
            assert {row["mark"] for row in rows}.isdisjoint(snapshots.fingerprints)
            for row in rows:
                decider, stream_id = deciders[row["category"]], row["stream_id"]
                for version in (row["version"], row["version"] + 1, None):
                    folded = await load_aggregate(reader, decider, stream_id, version=version)
                    loaded = await load_aggregate(
                        reader, decider, stream_id, version=version, snapshots=snapshots
                    )
                    assert folded.read == folded.version >= (version or row["version"])
                    assert loaded == folded
            assert not snapshots.corrupt


def test_as_of_the_version_of_an_old_snapshot_the_state_is_what_the_old_code_folded(shop: Shop) -> None:
    product = """query($sku: Sku!, $version: Int!) {
        product(sku: $sku) { asOf(at: { version: $version }) { onHand price { amount currency } } } }"""
    order = """query($id: UUID!, $version: Int!) {
        order(id: $id) { asOf(at: { version: $version }) { lines { sku quantity } } } }"""
    rows = shop.fetch(OLD_SNAPSHOTS)
    assert {row["category"] for row in rows} == {"product", "order"}
    for row in rows:
        [_, state] = json.loads(row["state"])
        if row["category"] == "product":
            sku = state["registered"]["sku"]
            answer = shop.ask(product, {"sku": sku, "version": row["version"]})["product"]
            folded = {"onHand": state["on_hand"], "price": state["price"]}
        else:
            answer = shop.ask(order, {"id": str(row["stream_id"]), "version": row["version"]})["order"]
            lines = [{"sku": line["sku"], "quantity": line["quantity"]} for line in state["lines"]]
            folded = {"lines": lines}
        assert answer["asOf"] == folded


def test_a_repeated_command_has_its_first_outcome_and_records_nothing(shop: Shop) -> None:
    for request in OLD["requests"]:
        first = request["outcome"]
        again = shop.ask(OLD["mutations"][request["mutation"]], request["variables"])["outcome"]
        assert again == (first | {"duplicate": True} if "duplicate" in first else first), request
    command_ids = [UUID(request["variables"]["options"]["commandId"]) for request in OLD["requests"]]
    rows = shop.fetch(
        "SELECT max(position) AS last FROM es.events WHERE command_id = ANY($1::uuid[])", command_ids
    )
    assert rows[0]["last"] <= OLD["head"]
    assert {request["came"] for request in OLD["requests"]} >= {"accepted", "unchanged", "ORDER_EMPTY"}


def test_every_due_step_is_carried_out_once(shop: Shop) -> None:
    steps = [step for step in OLD["due_steps"] if step["instance"] != SLOW]
    ids = [UUID(step["id"]) for step in steps]
    outcomes = "SELECT id, outcome, error FROM es.process_steps WHERE id = ANY($1::uuid[])"
    assert len(shop.fetch(outcomes, ids)) == len(ids) > 25
    shop.wait_until(
        "none of them is due", lambda: all(row["outcome"] != "due" for row in shop.fetch(outcomes, ids))
    )
    assert Counter(row["outcome"] for row in shop.fetch(outcomes, ids)) == {"done": len(ids)}

    # The commands have had their effect under the ids of the steps.
    commands = {row["command_id"] for row in shop.fetch("SELECT command_id FROM es.commands")}
    for step in steps:
        command_id = uuid5(UUID(step["id"]), "answer") if step["kind"] == "effect" else UUID(step["id"])
        assert command_id in commands, step

    # Nothing happened twice to an order, a payment or a process, or to a product for the same order.
    effects = Counter(
        tuple(row)
        for row in shop.fetch("""
            SELECT category, stream_id, type, data ->> 'order_id', data ->> 'outcome' FROM es.events
            WHERE category = 'payment' OR type IN ('fulfilment.started', 'fulfilment.ended', 'product.stock-reserved', 'product.reservation-released', 'product.stock-dispatched')
               OR type IN ('order.placed', 'order.confirmed', 'order.rejected', 'order.cancelled')
        """)
    )
    assert [effect for effect, count in effects.items() if count > 1] == []
    [restock] = [step for step in steps if step["name"] == "ReceiveStock"]
    assert len(shop.fetch("SELECT position FROM es.events WHERE command_id = $1", UUID(restock["id"]))) == 1

    # The gateway was asked under the old keys, so that it knows one call of each kind for a payment.
    calls = shop.fetch("SELECT key, kind, payment_id, answer FROM simulated_gateway.calls")
    assert max(Counter((row["kind"], row["payment_id"]) for row in calls).values()) == 1
    answered = {row["key"] for row in calls if row["answer"] is not None}
    assert {UUID(step["id"]) for step in steps if step["kind"] == "effect"} <= answered


def test_every_order_comes_to_the_end_that_was_due(shop: Shop) -> None:
    for order_id, status in OLD["ends"].items():
        shop.wait_until(
            f"{order_id} {status}",
            lambda order_id=order_id, status=status: shop.order(order_id)["status"] == status,
        )
    ended = "SELECT stream_id FROM es.events WHERE type = 'fulfilment.ended'"
    shop.wait_until(
        "every process ends", lambda: set(OLD["ends"]) <= {str(row["stream_id"]) for row in shop.fetch(ended)}
    )
    books = {
        row["payment_id"]: row
        for row in shop.fetch(
            "SELECT payment_id, captured::text, refunded::text FROM simulated_gateway.payments"
        )
    }
    for order_id, status in OLD["ends"].items():
        book, order = books.get(UUID(order_id)), shop.order(order_id)
        if status == "CONFIRMED":
            assert book is not None
            assert (book["captured"], book["refunded"]) == (order["total"]["amount"], "0"), order_id
        elif book is not None:
            assert book["captured"] == book["refunded"], order_id


def test_a_pending_deadline_passes_when_it_is_due(shop: Shop) -> None:
    passed = "SELECT data ->> 'due' AS due, recorded_at >= (data ->> 'due')::timestamptz AS late FROM es.events WHERE type = 'fulfilment.deadline-passed'"
    shop.wait_until("the order is rejected", lambda: shop.order(SLOW)["status"] == "REJECTED")
    assert shop.order(SLOW)["reason"] == OLD["deadline"]["reason"]
    [row] = shop.fetch(passed)
    assert row["late"]


def test_a_stuck_process_is_stuck_until_it_is_retried(own_shop: Shop) -> None:
    stuck, step_id = OLD["stuck"]["instance"], UUID(OLD["stuck"]["id"])
    step = "SELECT outcome, attempts FROM es.process_steps WHERE id = $1"
    assert tuple(own_shop.fetch(step, step_id)[0]) == ("stuck", OLD["stuck"]["attempts"])
    order = own_shop.order(stuck)
    assert (order["status"], order["fulfilment"]) == ("PLACED", {"status": "paying", "stuck": True})
    own_shop.run("processes", "retry", "fulfilment", stuck)
    own_shop.wait_until(
        "the order is fulfilled",
        lambda: own_shop.order(stuck)["fulfilment"] == {"status": "dispatched", "stuck": False},
    )
    # Each read model has a position of its own.
    own_shop.wait_until("it is paid", lambda: own_shop.order(stuck)["payment"] == {"status": "CAPTURED"})
    assert own_shop.order(stuck)["status"] == "CONFIRMED"
    own_shop.wait_until("the step is done", lambda: own_shop.fetch(step, step_id)[0]["outcome"] == "done")


def test_a_parked_key_is_parked_until_it_is_retried(own_shop: Shop) -> None:
    [parked] = OLD["parked"]
    order_id = json.loads(parked["key"])[0]
    assert order_id in own_shop.run("projections", "parked", parked["projection"])
    assert own_shop.order(order_id)["payment"] == {"status": "AUTHORISED"}
    own_shop.run("projections", "retry", parked["projection"], parked["key"])
    own_shop.wait_until(
        "the row is made", lambda: own_shop.order(order_id)["payment"] == {"status": "CAPTURED"}
    )
    assert order_id not in own_shop.run("projections", "parked", parked["projection"])


def test_an_interrupted_rebuild_goes_on_where_it_was(own_shop: Shop) -> None:
    began = OLD["rebuild"]
    assert 0 < began["position"] < began["target"]
    assert own_shop.checkpoints("staging")[began["projection"]] == (began["build"], began["fingerprint"])
    own_shop.run("projections", "rebuild", began["projection"])
    generation, fingerprint = own_shop.checkpoints("live")[began["projection"]]
    # A table that other code has begun is begun again.
    assert (generation == began["build"]) == (fingerprint == began["fingerprint"])
    skipped = json.loads(OLD["skipped"]["key"])[0]
    assert own_shop.order(skipped)["status"] == "CONFIRMED"


def test_a_replaced_table_can_come_back(own_shop: Shop) -> None:
    [former] = OLD["former"]
    [live] = [row for row in OLD["live"] if row["projection"] == former["projection"]]
    own_shop.run("projections", "rollback", former["projection"])
    assert own_shop.checkpoints("former")[former["projection"]] == (live["build"], live["fingerprint"])


def test_at_the_end_every_read_model_is_what_a_rebuild_gives_and_the_log_is_whole(own_shop: Shop) -> None:
    due = "SELECT FROM es.process_steps WHERE outcome = 'due'"
    own_shop.wait_until("no step is due", lambda: not own_shop.fetch(due))
    for parked in OLD["parked"]:
        own_shop.run("projections", "retry", parked["projection"])
    own_shop.run("projections", "rebuild", "--all", "--no-promote")
    own_shop.run("audit", "verify")
