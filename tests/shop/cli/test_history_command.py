"""What `python -m app history` shows of an aggregate's past, and says if there is none."""

import asyncio
import json
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from app.engine.commands import CommandContext
from app.engine.server.runtime import Runtime
from domain.money import Money
from domain.order import AddLine, OpenOrder, UndoChange, order
from domain.order_lines import Line
from domain.product import RegisterProduct, product, product_id
from tests.support.cli import CliResult, assert_user_error, invoke, run

PRICE = Money(amount=Decimal("3.50"), currency="EUR")
ORDER = UUID(int=7)


async def history(runtime: Runtime, *arguments: str) -> CliResult:
    """`python -m app history …` on the database of the test."""
    return await asyncio.to_thread(
        invoke, "history", *arguments, DATABASE_URL=str(runtime.settings.database_url)
    )


@pytest.fixture
async def filled(runtime: Runtime) -> Runtime:
    """A product, and an order with a line that was undone."""
    by = CommandContext(actor="ann", correlation_id=uuid4())
    await runtime.commands.execute(
        product, product_id("TEA"), RegisterProduct(sku="TEA", name="Tea [fine]", price=PRICE), by
    )
    for command in (
        OpenOrder(customer_id=UUID(int=1)),
        AddLine(line=Line(sku="TEA", quantity=2, unit_price=PRICE)),
        UndoChange(),
    ):
        await runtime.commands.execute(order, ORDER, command, by)
    return runtime


async def test_each_fact_is_shown_with_who_when_why_and_what_it_changed(filled: Runtime) -> None:
    ran = await history(filled, "order", str(ORDER))
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    heads = [line.split("  ") for line in lines if not line.startswith(" ")]
    assert [head[:2] for head in heads] == [
        ["1", "order.opened"],
        ["2", "order.line-added"],
        ["3", "order.line-removed"],
    ]
    assert [head[2] == "(undone)" for head in heads] == [False, True, False]
    assert heads[0][-1].startswith("position 2, 20")
    assert heads[0][-1].endswith("Z, by ann")
    assert '   + /phase "Open"' in lines
    assert '   + /lines/0 {"sku":"TEA","quantity":2,"unit_price":{"amount":"3.50","currency":"EUR"}}' in lines
    assert "   - /lines/0" in lines
    assert any(line.startswith("   order.undo-change ") for line in lines)


async def test_what_people_call_it_will_do_for_an_id(filled: Runtime) -> None:
    for identity in ("TEA", str(product_id("TEA"))):
        ran = await history(filled, "product", identity)
        assert '"Tea [fine]"' in ran.stdout, ran.stderr


async def test_the_state_at_a_point_is_json(filled: Runtime) -> None:
    for option in (["--version", "2"], ["--position", "3"]):
        version, _, state = (await history(filled, "order", str(ORDER), *option)).stdout.partition("\n")
        assert version == "2"
        assert [line["sku"] for line in json.loads(state)["lines"]] == ["TEA"]
    moment = await history(filled, "order", str(ORDER), "--at", "2100-01-01")
    assert (moment.returncode, moment.stderr) == (2, "error: 2100-01-01T00:00:00+00:00 is in the future\n")


async def test_blame_names_the_fact_and_the_command_for_each_field(filled: Runtime) -> None:
    header, *rows = (
        await history(filled, "order", str(ORDER), "--blame", "--version", "2")
    ).stdout.splitlines()
    assert header.split() == ["version", "type", "command", "actor", "recorded", "field"]
    [quantity] = [row.split() for row in rows if row.endswith("/lines/0/quantity 2")]
    assert quantity[:4] == ["2", "order.line-added", "order.add-line", "ann"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["weather", str(ORDER)], "there is no stream category weather; there are "),
        (["order", "seven"], "seven is not the id of a stream"),
        (["order", str(UUID(int=8))], "there are no events of order"),
        (["product", "JAM"], "there are no events of product JAM"),
        (["order", str(ORDER), "--version", "9"], "there is no version 9"),
        (["order", str(ORDER), "--position", "9"], "the log ends at position 4"),
        (["order", str(ORDER), "--at", "2001-01-01"], "did not exist at this point"),
        (["order", str(ORDER), "--at", "noon"], "noon is not a time like"),
        (["order", str(ORDER), "--version", "1", "--position", "1"], "version and position are given"),
    ],
)
async def test_what_is_not_there_is_said_in_one_line(
    filled: Runtime, arguments: list[str], said: str
) -> None:
    assert_user_error(await history(filled, *arguments), said)


async def test_a_user_error_at_the_terminal_is_one_line_and_exit_code_2(filled: Runtime) -> None:
    result = await asyncio.to_thread(
        run, "history", "order", str(ORDER), "--version", "9", DATABASE_URL=filled.database.url
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"error: order {ORDER} is at version 3: there is no version 9\n"


async def test_what_cannot_be_read_is_said_after_what_can(filled: Runtime) -> None:
    await filled.database.pool.execute(
        "INSERT INTO es.events SELECT position + 1, category, stream_id, version + 1, 'order.of-tomorrow', type_version, data, command_id,"
        " correlation_id, caused_by, actor, occurred_at, recorded_at FROM es.events WHERE position = 4"
    )
    ran = await history(filled, "order", str(ORDER))
    assert ran.returncode == 2
    assert "3  order.line-removed" in ran.stdout
    [line] = ran.stderr.splitlines()
    assert "order.of-tomorrow" in line
