"""An event that older code stored is read as today's classes, or named as unreadable.

It keeps its place, and nothing else notices.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.store.codec import EventCodec
from app.engine.store.event_filter import EventFilter
from app.engine.store.load import UnreadableStream, load_aggregate
from app.engine.store.reader import EventReader
from app.engine.store.upcasts import EventSchemaError
from domain.kernel.decider import (
    AnyDecider,
    Command,
    Data,
    Decider,
    Event,
    SplitEvent,
    StoredName,
    UnreadableEvent,
    Upcast,
    command,
    event,
)
from tests.support.databases import as_superuser
from tests.support.scenarios import facts, fold_all
from tests.support.toy_counter import Add, Added, Taken, engine, request, tallies
from tests.support.toy_upcasts import (
    ADDED,
    BURNT,
    GROWN,
    LOOKED,
    MOVED,
    failing_upcast,
    insert_events,
    tally_with_upcasts,
)


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the tests change events."""
    return as_superuser(database_url)


@event("toy.made", version=3)
class Made(Event):
    steps: tuple[str, ...]


@event("toy.sold")
class Sold(Event):
    price: Decimal


def keep(state: int, event: Made | Sold) -> int:
    return state + 1


@command("toy.make")
class Make(Command):
    pass


def decide(command: Make, state: int) -> Sequence[Event]:
    return []


def toy(*upcasts: Upcast, evolve: Any = keep) -> AnyDecider:
    return Decider(category="toy", initial=0, decide=decide, evolve=evolve, upcasts=upcasts)


def stepped(name: str) -> Callable[[Data], Data]:
    return lambda data: data | {"steps": [*data["steps"], name]}


ONE = Upcast("toy.made", 1, stepped("1-2"))
TWO = Upcast("toy.made", 2, stepped("2-3"))


# --- What is checked at start -----------------------------------------------


@pytest.mark.parametrize(
    ("upcasts", "said"),
    [
        pytest.param((ONE,), "leads to toy.made 2, and nothing reads that", id="a gap behind a step"),
        pytest.param(
            (TWO,), "nothing reads toy.made 1, and there is a version 3", id="a gap before the first step"
        ),
        pytest.param((), "nothing reads toy.made 1", id="no step at all"),
        pytest.param(
            (ONE, TWO, Upcast("toy.bought", 2, into=())),
            "nothing reads toy.bought 1",
            id="a gap below a name that is gone",
        ),
        pytest.param((ONE, TWO, TWO), "two upcasts start from toy.made 2", id="two ways"),
        pytest.param(
            (ONE, TWO, Upcast("toy.made", 3)),
            "Made is stored as toy.made 3 today",
            id="a step from today's shape",
        ),
        pytest.param((ONE, TWO, Upcast("order.made", 1)), "must begin with toy.", id="another's event"),
        pytest.param(
            (
                ONE,
                TWO,
                Upcast("toy.a", 1, into=StoredName("toy.b", 1)),
                Upcast("toy.b", 1, into=StoredName("toy.a", 1)),
            ),
            "toy.a 1 → toy.b 1 → toy.a 1",
            id="a cycle",
        ),
        pytest.param(
            (ONE, TWO, Upcast("toy.a", 1, into=StoredName("toy.a", 1))),
            "toy.a 1 → toy.a 1",
            id="a step to itself",
        ),
        pytest.param(
            (ONE, TWO, Upcast("toy.a", 1, into=(StoredName("toy.sold", 1), StoredName("toy.gone", 1)))),
            "leads to toy.gone 1",
            id="a gap behind one part of a split",
        ),
    ],
)
def test_upcasts_that_do_not_fit_together_are_refused_at_start(
    upcasts: tuple[Upcast, ...], said: str
) -> None:
    with pytest.raises(EventSchemaError) as refused:
        EventCodec([toy(*upcasts)])
    assert said in str(refused.value)


@dataclass(frozen=True)
class Shapes:
    """Shapes in the order of their creation: each leads to later ones, or is one of the two of today."""

    leads_to: tuple[tuple[int, ...], ...]

    def upcasts(self) -> tuple[Upcast, ...]:
        return tuple(
            Upcast(f"toy.n{n}", 1, self._change(n), into=tuple(self.stored(target) for target in targets))
            for n, targets in enumerate(self.leads_to)
        )

    def stored(self, n: int) -> StoredName:
        last = len(self.leads_to)
        return (
            StoredName("toy.made", 3)
            if n == last
            else StoredName("toy.sold", 1)
            if n > last
            else StoredName(f"toy.n{n}", 1)
        )

    def _change(self, n: int) -> Callable[[Data], tuple[Data, ...]]:
        return lambda data: tuple(
            {"price": "1", "steps": [*data["steps"], f"{n}-{target}"]} for target in self.leads_to[n]
        )

    def expected(self, n: int, steps: tuple[str, ...] = ()) -> list[Event]:
        last = len(self.leads_to)
        if n >= last:
            return [Made(steps=steps) if n == last else Sold(price=Decimal(1))]
        return [
            end for target in self.leads_to[n] for end in self.expected(target, (*steps, f"{n}-{target}"))
        ]


@st.composite
def shapes(draw: st.DrawFn) -> Shapes:
    size = draw(st.integers(1, 6))
    return Shapes(tuple(tuple(draw(st.lists(st.integers(n + 1, size + 1), max_size=3))) for n in range(size)))


def chain(codec: EventCodec, stored: StoredName) -> Event:
    return codec.decode(stored.name, stored.version, json.dumps({"steps": [], "price": "1"}))


OLD = (ONE, TWO)


@given(shapes())
def test_any_shape_becomes_what_its_steps_make_of_it_in_order(drawn: Shapes) -> None:
    codec = EventCodec([toy(*OLD, *drawn.upcasts())])
    for n in range(len(drawn.leads_to)):
        found = chain(codec, drawn.stored(n))
        parts = found.events if isinstance(found, SplitEvent) else (found,)
        assert list(parts) == drawn.expected(n)
        assert isinstance(found, SplitEvent) == (len(parts) != 1)
        names = {part.stored.name for part in parts}
        assert set(codec.searchable_names(*_pair(drawn.stored(n)))) == (
            names if len(parts) == 1 else names | {drawn.stored(n).name}
        )


@given(shapes(), st.data())
def test_without_any_one_of_its_steps_or_with_one_back_it_is_refused_at_start(
    drawn: Shapes, data: st.DataObject
) -> None:
    steps = drawn.upcasts()
    n = data.draw(st.integers(0, len(steps) - 1))
    reached = {target for targets in drawn.leads_to for target in targets}
    if n in reached:
        with pytest.raises(EventSchemaError, match=f"leads to toy.n{n} 1, and nothing reads that"):
            EventCodec([toy(*OLD, *steps[:n], *steps[n + 1 :])])
    back = replace(steps[-1], into=(drawn.stored(n),))
    if n == len(steps) - 1 or _leads(drawn, n, len(steps) - 1):
        with pytest.raises(EventSchemaError, match="cycle"):
            EventCodec([toy(*OLD, *steps[:-1], back)])


def _leads(drawn: Shapes, start: int, end: int) -> bool:
    return start == end or (
        start < len(drawn.leads_to) and any(_leads(drawn, target, end) for target in drawn.leads_to[start])
    )


def _pair(stored: StoredName) -> tuple[str, int]:
    return stored.name, stored.version


def test_every_version_takes_all_the_steps_from_there() -> None:
    codec = EventCodec([toy(ONE, TWO)])
    data = '{"steps": ["stored"]}'
    assert codec.decode("toy.made", 1, data) == Made(steps=("stored", "1-2", "2-3"))
    assert codec.decode("toy.made", 2, data) == Made(steps=("stored", "2-3"))
    assert codec.decode("toy.made", 3, data) == Made(steps=("stored",))
    assert set(codec.known_shapes) == {
        StoredName("toy.made", 1),
        StoredName("toy.made", 2),
        StoredName("toy.made", 3),
        StoredName("toy.sold", 1),
    }


def test_a_number_passes_through_an_upcast_to_the_last_digit() -> None:
    codec = EventCodec(
        [
            toy(
                ONE,
                TWO,
                Upcast("toy.bought", 1, lambda data: {"price": data["cost"]}, into=StoredName("toy.sold", 1)),
            )
        ]
    )
    assert codec.decode("toy.bought", 1, '{"cost": 12345678901234567890.10}') == Sold(
        price=Decimal("12345678901234567890.10")
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (failing_upcast, "the upcast from toy.bought 1 raised RuntimeError: no such thing"),
        (lambda data: {"price": data["cost"]}, "the upcast from toy.bought 1 raised KeyError: 'cost'"),
        (lambda data: None, "did not give the fields of toy.sold 1"),
        (lambda data: (data, data), "did not give the fields of toy.sold 1"),
        (lambda data: {}, "missing required field `price`"),
        (lambda data: {"price": object()}, "TypeError"),
    ],
)
def test_an_upcast_that_fails_makes_one_event_unreadable_and_says_so(change: Any, problem: str) -> None:
    codec = EventCodec([toy(ONE, TWO, Upcast("toy.bought", 1, change, into=StoredName("toy.sold", 1)))])
    found = codec.decode("toy.bought", 1, '{"amount": 1}')
    assert isinstance(found, UnreadableEvent)
    assert problem in found.problem
    assert (found.name, found.version, found.data) == ("toy.bought", 1, '{"amount": 1}')
    assert codec.decode("toy.sold", 1, '{"price": "1"}') == Sold(price=Decimal(1))


def test_the_wrong_number_of_parts_is_named_and_what_is_no_record_too() -> None:
    parts = (StoredName("toy.sold", 1), StoredName("toy.sold", 1))
    codec = EventCodec([toy(ONE, TWO, Upcast("toy.bought", 1, lambda data: (data,), into=parts))])
    found = codec.decode("toy.bought", 1, '{"price": "1"}')
    assert isinstance(found, UnreadableEvent)
    assert "did not give the fields of toy.sold 1, toy.sold 1" in found.problem
    for stored in ("[]", "null", "3", '"text"'):
        assert isinstance(codec.decode("toy.made", 1, stored), UnreadableEvent)


# --- In the log -------------------------------------------------------------


async def test_renamed_split_and_dropped_events_keep_their_places_and_everything_folds_them(
    database: Database,
) -> None:
    stream = uuid4()
    await insert_events(database, stream, GROWN, MOVED, LOOKED, ADDED, LOOKED)
    async with engine(database, decider=tally_with_upcasts) as running:
        read = await running.reader.read_all(0, 10)
        assert [(fact.position, fact.version) for fact in read] == [(n, n) for n in range(1, 6)]
        assert [type(fact.event) for fact in read] == [Added, SplitEvent, SplitEvent, Added, SplitEvent]
        assert [(part.position, part.version, part.event) for part in read[1].parts] == [
            (2, 2, Added(amount=5)),
            (2, 2, Taken(amount=2)),
        ]
        assert list(read[2].parts) == []

        # The stream goes on behind the event that was dropped.
        accepted = await running.commands.execute(tally_with_upcasts, stream, Add(amount=100), request())
        assert isinstance(accepted, CommandAccepted)
        assert (accepted.position, accepted.version) == (6, 6)
        assert await running.commands.current_state(tally_with_upcasts, stream) == 10 + 5 - 2 + 1 + 100

        assert (await load_aggregate(running.reader, tally_with_upcasts, stream, version=2)).state == 13
        await running.projector.wait_for_position("tallies", 6, 10)
        [row] = await database.pool.fetch("SELECT sum, facts FROM read.tallies_v1")
        assert (row["sum"], row["facts"]) == (114, 5)


async def test_a_page_that_ends_with_a_dropped_event_goes_on_behind_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = uuid4()
    await insert_events(database, stream, ADDED, LOOKED, LOOKED, LOOKED, ADDED)
    reader = EventReader(database.pool, EventCodec([tally_with_upcasts]))
    monkeypatch.setattr("app.engine.store.load.PAGE_SIZE", 2)
    loaded = await load_aggregate(reader, tally_with_upcasts, stream)
    assert (loaded.state, loaded.version) == (2, 5)


@pytest.mark.parametrize(
    "names",
    [
        {"tally.added"},
        {"tally.taken"},
        {"tally.grown"},
        {"tally.moved"},
        {"tally.looked-at"},
        {"tally.burnt"},
        {"tally.added", "tally.moved"},
        {"tally.unknown"},
        {"x.never"},
    ],
)
async def test_a_filter_finds_facts_by_the_names_of_today_in_the_table_as_in_memory(
    database: Database, names: set[str]
) -> None:
    await insert_events(
        database,
        uuid4(),
        GROWN,
        MOVED,
        LOOKED,
        BURNT,
        ADDED,
        ("tally.unknown", 1, {}),
        ("tally.added", 2, {}),
        ("tally.added", 1, {"amount": "x"}),
    )
    reader = EventReader(database.pool, EventCodec([tally_with_upcasts]))
    where = EventFilter(types=frozenset(names))
    everything = await reader.read_all(0, 100)
    found = {fact.position for fact in await reader.read_all(0, 100, where=where)}
    assert found == {fact.position for fact in everything if where.matches(fact)}
    expected = {
        "tally.added": {1, 2, 5, 7, 8},
        "tally.taken": {2, 4},
        "tally.moved": {2},
        "tally.looked-at": {3},
        "tally.unknown": {6},
    }
    assert found == set[int]().union(*(expected.get(name, set()) for name in names))


async def test_a_stream_with_an_event_that_cannot_be_read_takes_no_commands_and_disturbs_no_other(
    database: Database,
) -> None:
    bad, good = uuid4(), uuid4()
    await insert_events(database, bad, GROWN, BURNT)
    async with engine(database, decider=tally_with_upcasts) as running:
        with pytest.raises(
            UnreadableStream,
            match=rf"tally {bad} cannot be read: at version 2 stands tally.burnt 1: the upcast from tally.burnt 1 raised RuntimeError: no such thing",
        ):
            await running.commands.execute(tally_with_upcasts, bad, Add(amount=1), request())
        assert (await load_aggregate(running.reader, tally_with_upcasts, bad, version=1)).state == 10
        accepted = await running.commands.execute(tally_with_upcasts, good, Add(amount=1), request())
        assert isinstance(accepted, CommandAccepted)


def test_a_projection_folds_a_split_event_part_by_part() -> None:
    split = SplitEvent(name="tally.moved", version=1, data="{}", events=(Added(amount=5), Taken(amount=2)))
    [row] = fold_all(
        tallies,
        [
            replace(fact, category="tally")
            for fact in facts(split, SplitEvent(name="tally.looked-at", version=1, data="{}", events=()))
        ],
    ).values()
    assert (row.sum, row.facts) == (3, 2)
