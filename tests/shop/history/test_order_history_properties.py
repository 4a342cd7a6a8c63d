"""After any commands the past is what it was: states, patches and blame are the fold of the log."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import jsonpatch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.composition import application
from app.engine.commands import CommandAccepted, CommandContext
from app.engine.database.connections import open_database
from app.engine.history.aggregate_history import AggregateHistory, HistoryEntry, PointInTime
from app.engine.history.diff import (
    EMPTY_DOCUMENT,
    Document,
    blame_entries,
    changes,
    to_document,
    update_blame,
)
from app.engine.server.runtime import Runtime
from app.settings import Settings
from domain.kernel.decider import Rejection
from domain.money import Money
from domain.order import (
    AddLine,
    CancelOrder,
    ChangeQuantity,
    OpenOrder,
    OrderEvent,
    PlaceOrder,
    RedoChange,
    RemoveLine,
    ShipOrder,
    UndoChange,
    order,
)
from domain.order_lines import Line, Undoable
from domain.product import DispatchStock, ReceiveStock, RegisterProduct, ReserveStock, product, product_id
from tests.support.graphql_client import Api

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
skus = st.sampled_from(["TEA", "JAM", "MUG", "PIE"])
quantities = st.integers(1, 4)
prices = st.sampled_from(["1.00", "2.00"]).map(lambda amount: Money(amount=Decimal(amount), currency="EUR"))
commands: st.SearchStrategy[Any] = st.one_of(
    st.builds(AddLine, line=st.builds(Line, sku=skus, quantity=quantities, unit_price=prices)),
    st.builds(AddLine, line=st.builds(Line, sku=skus, quantity=quantities, unit_price=prices)),
    st.builds(ChangeQuantity, sku=skus, quantity=quantities),
    st.builds(RemoveLine, sku=skus),
    st.just(UndoChange()),
    st.just(RedoChange()),
)
# A placed order is fulfilled in its own time. So through the engine an order ends by a cancellation, or not.
open_lives: st.SearchStrategy[list[Any]] = st.builds(
    lambda edits, ending: [OpenOrder(customer_id=UUID(int=1)), *edits, *ending],
    st.lists(commands, min_size=4, max_size=20),
    st.sampled_from([[], [CancelOrder(reason="late")]]),
)
endings: st.SearchStrategy[list[Any]] = st.sampled_from(
    [
        [],
        [CancelOrder(reason="late")],
        [PlaceOrder(at=NOON)],
        [PlaceOrder(at=NOON), ShipOrder(is_fulfilled=True)],
    ]
)
lives: st.SearchStrategy[list[Any]] = st.builds(
    lambda edits, ending: [OpenOrder(customer_id=UUID(int=1)), *edits, *ending],
    st.lists(commands, min_size=4, max_size=20),
    endings,
)


def lived(life: Sequence[Any]) -> list[OrderEvent]:
    """What the commands record, one after the other."""
    events: list[OrderEvent] = []
    for command in life:
        try:
            events += order.decide(command, order.fold(events))
        except Rejection:
            continue
    return events


def documents(events: Sequence[OrderEvent]) -> list[Document]:
    """The states after each of the events, folded from the first event each time."""
    return [to_document(order.fold(events[: number + 1])) for number in range(len(events))]


def by_name(shown: Document) -> dict[tuple[str, ...], Any]:
    """Every value of an order's document, lines by their SKU instead of their place."""
    found: dict[tuple[str, ...], Any] = {}

    def walk(value: Any, at: tuple[str, ...]) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(inner, (*at, key))
        elif isinstance(value, list) and value:
            for inner in value:
                walk(inner, (*at, inner["sku"]))
        else:
            found[at] = value

    walk(shown, ())
    return found


def naive(states: Sequence[Document]) -> dict[tuple[str, ...], int]:
    """For each value of the last state, the number of the first state from which it was there unchanged."""
    named = [by_name(state) for state in states]
    last: dict[tuple[str, ...], int] = {}
    for path, value in named[-1].items():
        number = len(named)
        while number > 1 and path in named[number - 2] and named[number - 2][path] == value:
            number -= 1
        last[path] = number
    return last


def placed(pointer: str, shown: Document) -> tuple[str, ...]:
    """A JSON Pointer into an order's document, lines by their SKU."""
    at, named = shown, list[str]()
    for part in pointer.split("/")[1:]:
        at = at[int(part)] if isinstance(at, list) else at[part]
        named.append(at["sku"] if isinstance(at, dict) and "sku" in at else part)
    return tuple(named)


def taken_back(events: Sequence[OrderEvent]) -> list[bool]:
    """For each event, whether its change was taken back: told by walking on from it."""
    flags: list[bool] = []
    for number, event in enumerate(events, start=1):
        change = (event.redoes or number) if isinstance(event, Undoable) and event.undoes is None else None
        gone = False
        for later in events[number:]:
            if change is not None and isinstance(later, Undoable) and change in (later.undoes, later.redoes):
                gone = later.undoes == change
        flags.append(gone)
    return flags


@given(lives)
def test_the_patches_of_a_life_applied_one_after_the_other_give_each_state(life: Sequence[Any]) -> None:
    at: Document = EMPTY_DOCUMENT
    before: Document = EMPTY_DOCUMENT
    for state in documents(lived(life)):
        at = jsonpatch.apply_patch(at, list(changes(before, state)))
        assert at == state
        before = state


@given(lives)
def test_blame_is_what_a_naive_search_finds(life: Sequence[Any]) -> None:
    states = documents(lived(life))
    marks, before = None, EMPTY_DOCUMENT
    for number, state in enumerate(states, start=1):
        marks, before = update_blame(before, marks, state, number), state
    assert marks is not None
    assert {
        placed(pointer, states[-1]): mark for pointer, _, mark in blame_entries(states[-1], marks)
    } == naive(states)


def test_the_history_of_any_life_of_an_order_is_the_fold_of_each_prefix(database_url: str) -> None:
    seen: list[int] = []
    line = Line(sku="TEA", quantity=2, unit_price=Money(amount=Decimal("1.00"), currency="EUR"))
    began = [OpenOrder(customer_id=UUID(int=1)), AddLine(line=line)]

    async def lives_through(runtime: Runtime, life: Sequence[Any], size: int) -> None:
        stream = uuid4()
        for command in life:
            await runtime.commands.execute(
                order, stream, command, CommandContext(actor="tester", correlation_id=stream)
            )
        facts = await runtime.reader.read_stream("order", stream)
        events = [fact.event for fact in facts]
        states = documents(events)
        past = AggregateHistory(runtime.reader)
        entries: list[HistoryEntry] = []
        more = True
        while more:
            part, more = await past.history(order, stream, len(entries), size)
            entries += part
        assert [entry.state for entry in entries] == states
        assert [entry.fact for entry in entries] == list(facts)
        assert [entry.undone for entry in entries] == taken_back(events)
        assert [entry.changes() for entry in entries] == [
            changes(a, b) for a, b in zip([EMPTY_DOCUMENT, *states], states, strict=False)
        ]
        for version in range(1, len(events) + 1):
            was = await past.as_of(order, stream, PointInTime(version=version))
            assert was is not None
            assert (was.state, was.version) == (order.fold(events[:version]), version)
            settings = await past.blame(order, stream, PointInTime(version=version))
            assert {
                placed(setting.pointer, states[version - 1]): setting.fact.version for setting in settings
            } == naive(states[:version])
        seen.append(len(events))

    async def all_of_it() -> None:
        given_settings = Settings(database_url=database_url, pool_size=4)
        async with open_database(given_settings) as database:
            runtime = Runtime(application, given_settings, database)
            async with runtime.run():
                loop = asyncio.get_running_loop()

                @settings(max_examples=30, derandomize=True)
                @given(open_lives, st.integers(1, 7))
                @example([*began, UndoChange(), RedoChange()], 2)
                @example([*began, UndoChange(), RedoChange(), UndoChange()], 2)
                @example([*began, UndoChange(), began[1], UndoChange(), RedoChange()], 3)
                def holds(life: Sequence[Any], size: int) -> None:
                    asyncio.run_coroutine_threadsafe(lives_through(runtime, life, size), loop).result()

                await asyncio.to_thread(holds)

    asyncio.run(all_of_it())
    assert sum(seen) > 100


async def test_a_stream_of_a_product_has_a_past(runtime: Runtime) -> None:
    assert await runtime.history.as_of(product, product_id("NONE")) is None
    assert await runtime.history.blame(product, product_id("NONE")) == ()
    assert await runtime.history.history(product, product_id("NONE"), 0, 10) == ((), False)


async def test_a_product_that_was_reserved_has_a_past_like_any_other(runtime: Runtime, api: Api) -> None:
    """What is reserved is kept by order: JSON has no keys that are ids."""
    reserved = UUID(int=7)
    by = CommandContext(actor="ann", correlation_id=uuid4())
    price = Money(amount=Decimal("3.50"), currency="EUR")
    for command in (
        RegisterProduct(sku="TEA", name="Tea", price=price),
        ReceiveStock(quantity=10),
        ReserveStock(order_id=reserved, quantity=2),
        ReserveStock(order_id=UUID(int=3), quantity=1),
        DispatchStock(order_id=reserved),
    ):
        assert isinstance(
            await runtime.commands.execute(product, product_id("TEA"), command, by), CommandAccepted
        )
    asked = '{ product(sku: "TEA", minPosition: "5") { history { nodes { state changes } } blame { path value } } }'
    shown = (await api.data(asked))["product"]
    states = [each["state"]["reservations"] for each in shown["history"]["nodes"]]
    assert states == [
        {},
        {},
        {str(reserved): 2},
        {str(reserved): 2, str(UUID(int=3)): 1},
        {str(UUID(int=3)): 1},
    ]
    assert shown["history"]["nodes"][2]["changes"] == [
        {"op": "add", "path": f"/reservations/{reserved}", "value": 2}
    ]
    assert {"path": f"/reservations/{UUID(int=3)}", "value": 1} in shown["blame"]
