"""The operations of the shop's page fit the schema.

Its types are written for them, and the kit finds the variables that it fills.
"""

import json
import re

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLScalarType,
    OperationDefinitionNode,
    OperationType,
    is_specified_scalar_type,
    parse,
    print_ast,
    validate,
)

from app.composition import PAGES, application
from app.engine.graphql.schema import build_schema

PAGE = PAGES["/shop"]
TEXT = (PAGE / "operations.graphql").read_text()
DOCUMENT = parse(TEXT)
OPERATIONS = {
    definition.name.value: definition
    for definition in DOCUMENT.definitions
    if isinstance(definition, OperationDefinitionNode) and definition.name
}
GENERATED = (PAGE / "gql" / "graphql.ts").read_text()
MUTATIONS = [name for name, found in OPERATIONS.items() if found.operation is OperationType.MUTATION]


def test_the_operations_fit_the_schema() -> None:
    schema, _ = build_schema(application.slices(), application.deciders)
    fragments = [one for one in DOCUMENT.definitions if isinstance(one, FragmentDefinitionNode)]
    assert validate(schema._schema, DOCUMENT) == []
    assert len(OPERATIONS) > 10
    assert fragments


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_has_types_that_were_written_for_it_as_it_is_now(name: str) -> None:
    [text] = re.findall(
        rf"export const {name}Document = new TypedDocumentString\(`(.*?)`\)", GENERATED, re.DOTALL
    )
    fragments = {
        definition.name.value: definition
        for definition in DOCUMENT.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    for definition in parse(text).definitions:
        assert isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
        assert definition.name is not None
        source = fragments | OPERATIONS
        assert print_ast(definition) == print_ast(source[definition.name.value]), "run npm run codegen"


def test_each_scalar_of_the_schema_has_a_type_of_its_own() -> None:
    schema, _ = build_schema(application.slices(), application.deciders)
    scalars = {
        name
        for name, found in schema._schema.type_map.items()
        if isinstance(found, GraphQLScalarType) and not is_specified_scalar_type(found)
    }
    [listed] = re.findall(r"scalars: \{(.*?)\}", (PAGE / "codegen.ts").read_text(), re.DOTALL)
    types = dict(re.findall(r'(\w+): "(\w+)"', listed))
    assert types.keys() == scalars
    # JavaScript's numbers are not exact for these.
    assert {types[name] for name in ("Position", "Decimal", "UUID", "DateTime")} == {"string"}
    # Only JSON has no type that is known.
    assert set(re.findall(r"\b(\w+): unknown\b", GENERATED)) == {"changes", "state", "value"}


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_command_is_safe_to_repeat_and_can_expect_a_version(name: str) -> None:
    declared = {variable.variable.name.value for variable in OPERATIONS[name].variable_definitions or ()}
    assert declared == {"input", "options"}


def test_every_operation_is_used() -> None:
    code = "".join(path.read_text() for pattern in ("*.ts", "*.tsx") for path in PAGE.glob(pattern))
    for name in OPERATIONS:
        assert re.search(rf"\b{name}Document\b", code), name


def test_no_file_of_the_page_is_too_long_to_read() -> None:
    files = [path for pattern in ("*.ts", "*.tsx", "*.css", "*.graphql") for path in PAGE.glob(pattern)]
    assert files
    assert {path.name: lines for path in files if (lines := len(path.read_text().splitlines())) > 350} == {}


def test_the_lock_names_each_package_by_its_hash_and_no_registry() -> None:
    packages = json.loads((PAGE / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
