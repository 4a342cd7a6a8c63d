"""The digest of a mutation's request is the same in every release whose schema takes it."""

from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
import strawberry

from app.engine.graphql.request_digest import REQUEST_DIGEST, add_request_digests
from app.engine.graphql.strawberry_internals import graphql_schema


@strawberry.type
class Query:
    name: str = "x"


def noted() -> str:
    """The digest of the mutation that is executed."""
    digest = REQUEST_DIGEST.get()
    assert digest is not None
    return digest.value.hex()


def first_release() -> strawberry.Schema:
    @strawberry.enum
    class Grade(Enum):
        FINE = "fine"
        COARSE = "coarse"

    @strawberry.input
    class Blend:
        grams: int
        grade: Grade = Grade.FINE
        price: Decimal | None = None

    @strawberry.input
    class Options:
        command_id: UUID | None = None

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        def mix(self, blend: Blend, more: list[Blend] | None = None, options: Options | None = None) -> str:
            return noted()

    return with_digests(strawberry.Schema(Query, Mutation))


# The next release has new arguments and fields, all optional. Its classes and values have other names and another order.
@strawberry.enum(name="Grade")
class Fineness(Enum):
    COARSE = 2
    FINE = 1


@strawberry.input
class Tin:
    colour: str = "red"


@strawberry.input(name="Blend")
class Mixture:
    tin: Tin | None = None
    parts: list["Mixture"] | None = None
    price: Decimal | None = None
    grade: Fineness = Fineness.FINE
    grams: int
    note: str | None = None


@strawberry.input(name="Options")
class MixOptions:
    dry_run: bool = False
    expected_version: int | None = None
    command_id: UUID | None = None


def next_release() -> strawberry.Schema:
    @strawberry.type
    class Mutation:
        @strawberry.mutation
        def mix(
            self,
            blend: Mixture,
            options: MixOptions | None = None,
            more: list[Mixture] | None = None,
            tin: Tin | None = None,
        ) -> str:
            return noted()

    return with_digests(strawberry.Schema(Query, Mutation))


def with_digests(schema: strawberry.Schema) -> strawberry.Schema:
    add_request_digests(graphql_schema(schema))
    return schema


FIRST, NEXT = first_release(), next_release()


def digest(schema: strawberry.Schema, arguments: str, variables: dict[str, Any] | None = None) -> str:
    declared = "" if variables is None else "($blend: Blend!)"
    result = schema.execute_sync(f"mutation {declared} {{ mix({arguments}) }}", variables)
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data["mix"]


@pytest.mark.parametrize(
    "arguments",
    [
        "blend: {grams: 5}",
        'blend: {grams: 5, grade: COARSE, price: "1.50"}',
        "blend: {grams: 5}, more: [{grams: 1}, {grams: 2, grade: COARSE}]",
        'blend: {grams: 5}, options: {commandId: "0b9c0a52-8e0d-4b0a-9a57-3a8b0e0f6f11"}',
    ],
)
def test_a_digest_stays_the_same_when_optional_input_is_added(arguments: str) -> None:
    assert digest(NEXT, arguments) == digest(FIRST, arguments)


def test_an_argument_that_equals_its_default_is_the_same_as_one_that_is_left_out() -> None:
    bare = digest(NEXT, "blend: {grams: 5}, options: {}")
    for arguments in (
        "blend: {grams: 5, grade: FINE, price: null}, options: {}",
        "blend: {grams: 5, note: null, tin: null, parts: null}, more: null, tin: null, options: {}",
        "blend: {grams: 5}, options: {dryRun: false, expectedVersion: null}",
    ):
        assert digest(NEXT, arguments) == bare
    assert digest(NEXT, "blend: $blend, options: {}", {"blend": {"grade": "FINE", "grams": 5}}) == bare


def test_any_other_value_gives_another_digest() -> None:
    given = [
        "blend: {grams: 5}",
        "blend: {grams: 6}",
        "blend: {grams: 5, grade: COARSE}",
        'blend: {grams: 5, note: ""}',
        "blend: {grams: 5, tin: {}}",
        'blend: {grams: 5, tin: {colour: "blue"}}',
        "blend: {grams: 5}, tin: {}",
        "blend: {grams: 5, parts: []}",
        "blend: {grams: 5, parts: [{grams: 5}]}",
        "blend: {grams: 5, parts: [{grams: 5}, {grams: 5}]}",
        "blend: {grams: 5, parts: [{grams: 5, parts: [{grams: 5}]}]}",
        "blend: {grams: 5}, more: []",
        "blend: {grams: 5}, options: {expectedVersion: 0}",
    ]
    assert len({digest(NEXT, arguments) for arguments in given}) == len(given)
