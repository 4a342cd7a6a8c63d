"""What an operator gets at the terminal: the work done and said, or one clear line and exit code 2."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from app.composition import application
from app.engine.database.connections import Database
from app.engine.server.runtime import Runtime
from projections import PROJECTIONS
from projections.customer import customers
from projections.order import orders
from projections.product import products
from tests.support.cli import CliResult, assert_user_error, invoke, run
from tests.support.graphql_client import Api
from tests.support.projections import wait_until_written
from tests.support.rebuild_oracle import assert_rebuild_equals_live

REGISTER = 'mutation($sku: Sku!) { registerProduct(input: {sku: $sku, name: "Tea", price: {amount: "3.50"}}) { ... on ProductAccepted { position } } }'
ORDERS, PRODUCTS, CUSTOMERS = (
    f"{projection.name} v{projection.version}" for projection in (orders, products, customers)
)
TABLE, PRODUCT_TABLE = orders.table.name, products.table.name
OPEN = "mutation($customer: UUID!) { openOrder(input: {customerId: $customer}) { ... on OrderAccepted { position } } }"


class Terminal:
    """Runs `python -m app projections …` on a database."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url

    async def __call__(self, *arguments: str) -> CliResult:
        """In this process, which spares the start of another one."""
        return await asyncio.to_thread(invoke, "projections", *arguments, DATABASE_URL=self.database_url)

    async def run(self, *arguments: str) -> CliResult:
        """In a process of its own, as a user types it."""
        return await asyncio.to_thread(run, "projections", *arguments, DATABASE_URL=self.database_url)

    async def output(self, *arguments: str) -> list[str]:
        """The lines on standard output. An error fails the test."""
        result = await self(*arguments)
        assert result.returncode == 0, result
        return result.stdout.splitlines()

    async def user_error(self, *arguments: str) -> str:
        """The one line on standard error."""
        result = await self(*arguments)
        assert_user_error(result, "")
        assert result.stdout == "", result
        return result.stderr.strip().removeprefix("error: ")


@pytest.fixture
def terminal(database_url: str) -> Terminal:
    return Terminal(database_url)


async def sold(runtime: Runtime, api: Api, times: int = 5) -> None:
    """So many products and orders, and every table level with them."""
    for _ in range(times):
        await api.data(REGISTER, {"sku": uuid4().hex})
        await api.data(OPEN, {"customer": str(uuid4())})
    await wait_until_written(runtime, PROJECTIONS)


async def test_the_whole_way_of_an_operator(
    runtime: Runtime, api: Api, database: Database, terminal: Terminal
) -> None:
    await sold(runtime, api)
    staged = await terminal.output("rebuild", "--all", "--no-promote")
    assert set(staged) >= {
        f"{PRODUCTS}: 5 rows, equal at position 10",
        f"{ORDERS}: 5 rows, equal at position 10",
    }
    assert await terminal.output("verify", "orders") == [f"{ORDERS}: 5 rows, equal at position 10"]
    assert (await terminal.output("promote", "orders"))[0].startswith(
        f"{ORDERS}: promoted at position 10; reads waited "
    )
    await sold(runtime, api)
    [products, *_] = await terminal.output("verify", "products")
    assert products == f"{PRODUCTS}: 10 rows, equal at position 20"
    listed = await terminal.output("status")
    assert [line.split()[:2] for line in listed if "orders" in line] == [
        [f"read.{TABLE}", "live"],
        [f"read_former.{TABLE}", "former"],
    ]
    assert (await terminal.output("rollback", "orders"))[0].startswith(
        f"{ORDERS}: rolled back at position 20; reads waited "
    )
    assert await terminal.output("drop", "orders") == [f"dropped read_former.{TABLE}"]
    assert await terminal.output("drop", "products", "--slot", "staging") == [
        f"dropped read_staging.{PRODUCT_TABLE}"
    ]
    assert len((await api.data("{ orders(first: 50) { nodes { id } } }"))["orders"]["nodes"]) == 10
    assert [
        line.split(" at position 20; reads")[0]
        for line in await terminal.output("rebuild", "orders", "customers")
    ] == [
        f"{ORDERS}: 10 rows, equal at position 20",
        f"{ORDERS}: promoted",
        f"{CUSTOMERS}: 10 rows, equal at position 20",
        f"{CUSTOMERS}: promoted",
    ]


async def test_it_is_typed_and_answered_at_a_terminal(runtime: Runtime, api: Api, terminal: Terminal) -> None:
    await sold(runtime, api, 1)
    ran = await terminal.run("rebuild", "orders", "--no-promote")
    assert (ran.returncode, ran.stdout) == (0, f"{ORDERS}: 1 rows, equal at position 2\n")
    assert "staging: built, position 2 of 2" in ran.stderr
    ran = await terminal.run("rollback", "orders")
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        2,
        "",
        f"error: {ORDERS} has no former table: none was kept, or it was dropped\n",
    )


async def test_a_difference_is_shown_and_promoted_only_when_accepted(
    runtime: Runtime, api: Api, database: Database, terminal: Terminal
) -> None:
    await sold(runtime, api, 2)
    key = await database.pool.fetchval(
        f"UPDATE read.{TABLE} SET status = 'LOST' WHERE id = (SELECT id FROM read.{TABLE} LIMIT 1) RETURNING id"
    )
    with pytest.raises(AssertionError, match="1 rows differ"):
        assert_rebuild_equals_live(application, terminal.database_url)
    found = await terminal("rebuild", "orders")
    assert found.returncode == 1
    lines = found.stdout.splitlines()
    assert lines[0] == f"{ORDERS}: at position 4 1 rows differ, 0 are missing, 0 are too many"
    assert lines[1] == f"  id={key}: status is LOST live, OPEN in staging"
    assert "promote with --accept-differences" in await terminal.user_error("promote", "orders")
    assert (await terminal.output("promote", "orders", "--accept-differences"))[0].startswith(
        f"{ORDERS}: promoted at position 4; "
    )
    assert await database.pool.fetchval(f"SELECT count(*) FROM read.{TABLE} WHERE status = 'LOST'") == 0


async def test_what_cannot_be_done_is_one_line(
    runtime: Runtime, api: Api, database: Database, terminal: Terminal
) -> None:
    await sold(runtime, api, 1)
    assert (
        await terminal.user_error("rebuild", "ordrs")
        == f"there is no projection ordrs; there are {', '.join(projection.name for projection in PROJECTIONS)}"
    )
    assert (await terminal.user_error("rebuild")).startswith("name a projection, or give --all")
    assert (await terminal.user_error("verify", "orders")).startswith(f"{ORDERS} has no staging table: ")
    assert (await terminal.user_error("promote", "orders")).startswith(
        f"{ORDERS} has no verified staging table: "
    )
    assert (await terminal.user_error("rollback", "orders")).startswith(f"{ORDERS} has no former table: ")
    assert await terminal.user_error("drop", "orders") == f"{ORDERS} has nothing next to its live table"
    assert (
        await terminal.user_error("drop", "orders", "--slot", "live")
        == f"{ORDERS} is what this code reads: its live table stays"
    )
    assert (
        await terminal.user_error("drop", "orders", "--version", "77")
        == f"orders has no version 77; there are {orders.version}"
    )
    assert (await terminal.user_error("drop", "nothing")).startswith(
        "there is no projection and no table nothing; there are "
    )
    async with database.connection() as holder:
        await holder.execute(f"SELECT pg_advisory_lock(hashtextextended('{TABLE}/staging', 7305813094))")
        for command in (
            ("rebuild", "orders"),
            ("rebuild", "--all"),
            ("verify", "orders"),
            ("rollback", "orders"),
        ):
            assert (
                f"{ORDERS} is being worked on by another process: wait for it, or stop it"
                in await terminal.user_error(*command)
            )
    assert len((await api.data("{ orders { nodes { id } } }"))["orders"]["nodes"]) == 1


async def test_an_older_version_is_dropped_when_no_process_keeps_it_current(
    database: Database, terminal: Terminal
) -> None:
    await database.pool.execute("CREATE TABLE read.orders_v0 (id uuid)")
    await database.pool.execute(
        "INSERT INTO es.checkpoints (projection, version, owner) VALUES ('orders', 0, 'there:7')"
    )
    assert any("projections drop orders --version 0" in line for line in await terminal.output("status"))
    holder: asyncpg.Connection = await database.connect()
    await holder.execute("SELECT pg_advisory_lock(hashtextextended('orders_v0/live', 7305813094))")
    assert (
        await terminal.user_error("drop", "orders", "--version", "0")
        == "read.orders_v0 is kept current or worked on by there:7: stop it first"
    )
    await holder.close()
    assert await terminal.output("drop", "orders", "--version", "0") == ["dropped read.orders_v0"]
    assert await database.pool.fetchval("SELECT to_regclass('read.orders_v0')") is None


async def test_a_read_model_is_given_as_it_was(
    runtime: Runtime, api: Api, database: Database, terminal: Terminal
) -> None:
    await sold(runtime, api, 3)
    moment = await database.pool.fetchval("SELECT recorded_at FROM es.events WHERE position = 4")
    assert await terminal.output("rebuild", "orders", "--as-of", "2", "--into", "early") == [
        "read.early: orders as of position 2"
    ]
    assert await terminal.output("rebuild", "orders", "--as-of", moment.isoformat(), "--into", "later") == [
        "read.later: orders as of position 4"
    ]
    await sold(runtime, api, 1)
    assert [
        await database.pool.fetchval(f"SELECT count(*) FROM read.{name}")
        for name in ("early", "later", TABLE)
    ] == [1, 2, 4]
    assert [
        line.split()[1]
        for line in await terminal.output("status")
        if line.startswith(("read.early", "read.later"))
    ] == ["separate", "separate"]

    # It is in no slot, so no slot of it can be meant.
    assert "drop it by its name alone" in await terminal.user_error("drop", "early", "--slot", "staging")

    async def refused(as_of: str, into: str) -> str:
        return await terminal.user_error("rebuild", "orders", "--as-of", as_of, "--into", into)

    assert (
        await refused("1", "early")
        == "read.early is there already: give another name, or projections drop early"
    )
    assert await refused("99", "x") == "position 99 is not in the log, which ends at 8"
    assert (await refused("2026-01-05T12:00", "x")).endswith(
        "has no time zone: give one, as in 2026-01-05T12:00:00Z"
    )
    assert (await refused((datetime.now(UTC) + timedelta(days=1)).isoformat(), "x")).endswith(
        "has yet to come"
    )
    assert "neither a position nor a time" in await refused("yesterday", "x")
    for name in ("Early", "1st", "a b", 'x"; DROP', "x" * 41, "ä"):
        assert "cannot name a table" in await refused("1", name)
    for name in ("live", "staging", f"{TABLE}", "orders"):
        assert "give another" in await refused("1", name)
    assert "must be given together" in await terminal.user_error("rebuild", "orders", "--as-of", "1")
    assert "takes one projection" in await terminal.user_error(
        "rebuild", "--all", "--as-of", "1", "--into", "x"
    )
    assert await terminal.output("drop", "early") == ["dropped read.early"]
    assert await database.pool.fetchval("SELECT to_regclass('read.early')") is None
