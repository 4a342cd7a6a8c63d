"""The fast executor and graphql-core give the same results, errors included."""

import asyncio
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
import strawberry
from strawberry.extensions import FieldExtension

from app.engine.graphql.execution.fast_executor import FastExecutionContext
from app.engine.graphql.execution.field_plans import add_plans

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
    """Its leaf may be prefetched; the resolver returns the same."""

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
    """A tree with one fault."""
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
    """Two with a prefetched leaf, and one without, which has the fault."""
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


FAST = strawberry.Schema(Query, types=[Flower], execution_context_class=FastExecutionContext)
DEFAULT = strawberry.Schema(Query, types=[Flower])
add_plans(FAST)

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
async def test_a_list_has_the_same_result_with_and_without_prefetched_values(
    fault: str,
) -> None:
    for selection in TWIGS:
        for root in ("grown", "grownLater"):
            for field in ("twigs", "loose"):
                query = f"query($fault: String!) {{ {root}(fault: $fault) {{ {field} {selection} }} }}"
                fast, default = [await schema.execute(query, {"fault": fault}) for schema in (FAST, DEFAULT)]
                assert fast.data == default.data, query
                if field == "loose":
                    assert sorted_errors(fast) == sorted_errors(default), query
                # A synchronous error ends its list, so that errors after it are not reached.
                assert bool(fast.errors) == bool(default.errors), query
                assert all(error in sorted_errors(default) for error in sorted_errors(fast)), query


def sorted_errors(answer: Any) -> list[Any]:
    """The errors in a fixed order: fields that are executed concurrently end in any order."""
    return sorted((error.formatted for error in answer.errors or ()), key=str)


@pytest.mark.parametrize("fault", FAULTS)
async def test_both_executors_give_the_same_result(fault: str) -> None:
    compared = 0
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
                fast, default = [await schema.execute(query, {"fault": fault}) for schema in (FAST, DEFAULT)]
                assert default.data is not None or default.errors, query
                assert [error.formatted for error in fast.errors or ()] == [
                    error.formatted for error in default.errors or ()
                ], query
                assert fast.data == default.data, query
                assert _order(fast.data) == _order(default.data), query
                compared += 1
    assert compared == len(SELECTIONS) * 4


async def test_plain_fields_are_executed_fast_and_fields_with_an_extension_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    default: list[str] = []
    own = FastExecutionContext.execute_field

    def counted(self: FastExecutionContext, parent_type: Any, source: Any, details: Any, *rest: Any) -> Any:
        default.append(f"{parent_type.name}.{details[0].node.name.value}")
        return own(self, parent_type, source, details, *rest)

    monkeypatch.setattr(FastExecutionContext, "execute_field", counted)
    answer = await FAST.execute(
        "{ grown { branch { secret soon leaf { name count colour __typename } leaves { name } } } }"
    )
    assert answer.errors is not None
    assert [error.message for error in answer.errors] == ["locked"]
    # The first field that fails ends its object.
    assert default == ["Query.grown", "Branch.secret"]
    default.clear()
    answer = await FAST.execute(
        "{ grown { branch { soon leaf { name count colour __typename } leaves { name } } } }"
    )
    assert answer.errors is None
    assert default == ["Query.grown", "Branch.soon"]
    default.clear()
    answer = await FAST.execute("{ grown { twigs { number leaf { name } kept } } }")
    assert answer.errors is not None
    assert default == ["Query.grown", *["Twig.kept"] * 2, "Twig.leaf", "Twig.kept"]


def _order(answer: Any) -> Any:
    """The names in their order."""
    if isinstance(answer, dict):
        return [(name, _order(value)) for name, value in answer.items()]
    return [_order(item) for item in answer] if isinstance(answer, list) else None
