"""Documents executed the short way and graphql-core's own way have the same answer, errors included."""

import asyncio
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
import strawberry
from strawberry.extensions import FieldExtension

from app.engine.graphql.execution.fast_executor import FastExecutionContext, add_plans

SOME = UUID("00000000-0000-0000-0000-000000000001")


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Locked(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        raise PermissionError("locked")


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Leaf(Named):
    name: str
    count: int
    colour: Colour | None = None
    price: Decimal | None = None
    id: UUID = SOME


@strawberry.type
class Flower(Named):
    name: str
    petals: int


@strawberry.type
class Branch:
    leaf: Leaf
    leaves: list[Leaf]
    maybe: Leaf | None = None
    numbers: list[int | None] = strawberry.field(default_factory=lambda: [1, None, 3])
    secret: str = strawberry.field(default="none", extensions=[Locked()])
    odd: str | None = None

    @strawberry.field
    async def late(self) -> str:
        await asyncio.sleep(0)
        return "late"

    @strawberry.field
    async def later(self, times: int = 2) -> list[Leaf]:
        await asyncio.sleep(0)
        return [Leaf(name=f"late {n}", count=n) for n in range(times)]

    @strawberry.field
    async def broken(self) -> str:
        await asyncio.sleep(0)
        raise ValueError("broken")

    @strawberry.field
    def soon(self) -> str:
        return "soon"


@strawberry.type
class Twig:
    """Its leaf may be at hand; what its resolver says is the same."""

    number: int
    held: strawberry.Private[Any] = None
    fault: strawberry.Private[str] = ""
    prefetched: strawberry.Private[dict[str, Any] | None] = None

    @strawberry.field
    async def leaf(self) -> Leaf | None:
        await asyncio.sleep(0)
        return self.held

    @strawberry.field
    async def sure(self) -> Leaf:
        await asyncio.sleep(0)
        return self.held

    @strawberry.field
    async def weight(self) -> int:
        await asyncio.sleep(0)
        if self.fault == "broken":
            raise ValueError(f"twig {self.number} is broken")
        return self.number

    @strawberry.field
    def sudden(self) -> int | None:
        if self.fault == "broken":
            raise ValueError(f"twig {self.number} is suddenly broken")
        return self.number

    @strawberry.field(extensions=[Locked()])
    def kept(self) -> str | None:
        return "secret"


@strawberry.type
class Grown:
    branch: Branch
    branches: list[Branch | None]
    named: list[Named]
    twigs: list[Twig]
    loose: list[Twig | None]
    either: Annotated[Leaf | Flower, strawberry.union("Either")]


class _Later:
    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        return "awaited"


class _Bad:
    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def grown(fault: str) -> Grown:
    """A tree with one thing wrong with it."""
    leaf: Any = Leaf(name="first", count=1, colour=Colour.RED, price=Decimal("1.50"))
    maybe: Any = Leaf(name="maybe", count=2)
    odd: Any = None
    match fault:
        case "null":
            leaf.name = None
        case "type":
            leaf.count = "many"
        case "large":
            leaf.count = 2**40
        case "colour":
            leaf.colour = "green"
        case "error":
            odd = ValueError("a value that is an error")
        case "awaitable":
            odd = _Later()
        case "missing":
            del leaf.__dict__["name"]
        case "other":
            maybe = Flower(name="no leaf", petals=5)
        case "absent":
            leaf = None
        case "bad":
            maybe = _Bad()
        case _:
            pass
    branch = Branch(
        leaf=leaf, leaves=[Leaf(name="a", count=1), Leaf(name="b", count=2)], maybe=maybe, odd=odd
    )
    return Grown(
        branch=branch,
        branches=[branch, None],
        named=[Leaf(name="n", count=0), Flower(name="f", petals=3)],
        either=Flower(name="e", petals=4),
        twigs=twigs(leaf, fault),
        loose=twigs(leaf, fault),
    )


def twigs(leaf: Any, fault: str) -> list[Any]:
    """Some with a leaf at hand, one that has none at hand and is the one to be broken."""
    held = {"leaf": leaf, "sure": leaf, "kept": "secret"}
    some: list[Any] = [Twig(number=n, held=leaf, prefetched=held) for n in range(2)]
    some.append(Twig(number=2, held=leaf, fault=fault))
    if fault == "other":
        some.append(Flower(name="no twig", petals=5))
    return some


@strawberry.type
class Query:
    @strawberry.field
    def grown(self, fault: str = "") -> Grown | None:
        return grown(fault)

    @strawberry.field
    async def grown_later(self, fault: str = "") -> Grown:
        await asyncio.sleep(0)
        return grown(fault)


SHORT = strawberry.Schema(Query, types=[Flower], execution_context_class=FastExecutionContext)
LONG = strawberry.Schema(Query, types=[Flower])
add_plans(SHORT)

FAULTS = (
    "",
    "null",
    "type",
    "large",
    "colour",
    "error",
    "awaitable",
    "missing",
    "other",
    "absent",
    "bad",
    "broken",
)
SELECTIONS = (
    "{ leaf { name count colour price id } }",
    "{ leaf { __typename a: name b: name ...F } } ",
    "{ leaf { name } leaf { count } leaves { name count __typename } }",
    "{ maybe { name count colour } leaves { ...F } }",
    "{ numbers odd soon }",
    "{ late leaf { name } soon later(times: 3) { name colour } }",
    "{ late broken leaf { name } }",
    "{ secret }",
    "{ maybe @include(if: $yes) { name @skip(if: $yes) count } leaf @skip(if: $yes) { name } }",
    "{ ... on Branch { leaf { ... on Named { name } ... on Leaf { count } } } }",
)
TWIGS = (
    "{ number leaf { name count } }",
    "{ sure { name } number }",
    "{ weight number }",
    "{ sudden leaf { __typename colour } }",
    "{ weight sudden sure { count } }",
    "{ number kept }",
)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_list_of_objects_has_the_same_answer_whether_what_they_lead_to_is_at_hand_or_not(
    fault: str,
) -> None:
    for selection in TWIGS:
        for root in ("grown", "grownLater"):
            for field in ("twigs", "loose"):
                query = f"query($fault: String!) {{ {root}(fault: $fault) {{ {field} {selection} }} }}"
                short, long = [await schema.execute(query, {"fault": fault}) for schema in (SHORT, LONG)]
                assert short.data == long.data, query
                if field == "loose":
                    assert told(short) == told(long), query
                # What fails at once ends the list that it is in, and what fails later is not come to.
                assert bool(short.errors) == bool(long.errors), query
                assert all(error in told(long) for error in told(short)), query


def told(answer: Any) -> list[Any]:
    """The errors. Those of fields that are executed beside each other come in the order in which they end."""
    return sorted((error.formatted for error in answer.errors or ()), key=str)


@pytest.mark.parametrize("fault", FAULTS)
async def test_short_and_long_give_the_same_answer(fault: str) -> None:
    asked = 0
    for selection in SELECTIONS:
        for root in ("grown", "grownLater"):
            for inner in (
                f"branch {selection}",
                f"branches {selection} named {{ __typename name ...F }} either {{ ... on Flower {{ petals }} }}",
            ):
                fragment = "fragment F on Leaf { name count }" if "...F" in inner else ""
                query = f"query($fault: String!, $yes: Boolean! = true) {{ {root}(fault: $fault) {{ {inner} }} }} {fragment}"
                if "$yes" not in inner:
                    query = query.replace(", $yes: Boolean! = true", "")
                short, long = [await schema.execute(query, {"fault": fault}) for schema in (SHORT, LONG)]
                assert long.data is not None or long.errors, query
                assert [error.formatted for error in short.errors or ()] == [
                    error.formatted for error in long.errors or ()
                ], query
                assert short.data == long.data, query
                assert _order(short.data) == _order(long.data), query
                asked += 1
    assert asked == len(SELECTIONS) * 4


async def test_a_plain_field_takes_the_short_way_and_one_with_an_extension_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long: list[str] = []
    own = FastExecutionContext.execute_field

    def watched(self: FastExecutionContext, parent_type: Any, source: Any, details: Any, *rest: Any) -> Any:
        long.append(f"{parent_type.name}.{details[0].node.name.value}")
        return own(self, parent_type, source, details, *rest)

    monkeypatch.setattr(FastExecutionContext, "execute_field", watched)
    answer = await SHORT.execute(
        "{ grown { branch { secret soon leaf { name count colour __typename } leaves { name } } } }"
    )
    assert answer.errors is not None
    assert [error.message for error in answer.errors] == ["locked"]
    # The first field that fails ends the object that it is in.
    assert long == ["Query.grown", "Branch.secret"]
    long.clear()
    answer = await SHORT.execute(
        "{ grown { branch { soon leaf { name count colour __typename } leaves { name } } } }"
    )
    assert answer.errors is None
    assert long == ["Query.grown", "Branch.soon"]
    long.clear()
    answer = await SHORT.execute("{ grown { twigs { number leaf { name } kept } } }")
    assert answer.errors is not None
    assert long == ["Query.grown", *["Twig.kept"] * 2, "Twig.leaf", "Twig.kept"]


def _order(answer: Any) -> Any:
    """The names in the order in which they stand."""
    if isinstance(answer, dict):
        return [(name, _order(value)) for name, value in answer.items()]
    return [_order(each) for each in answer] if isinstance(answer, list) else None
