"""The operations of the shop's page fit the schema, its types are written for them, and the kit finds what it fills."""

import json
import re

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, OperationType, parse, validate

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
MUTATIONS = [name for name, found in OPERATIONS.items() if found.operation is OperationType.MUTATION]


def test_the_operations_fit_the_schema() -> None:
    schema, _ = build_schema(application.slices(), application.deciders)
    fragments = [one for one in DOCUMENT.definitions if isinstance(one, FragmentDefinitionNode)]
    assert validate(schema._schema, DOCUMENT) == []
    assert len(OPERATIONS) > 10
    assert fragments


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_has_its_types(name: str) -> None:
    generated = (PAGE / "gql" / "graphql.ts").read_text()
    assert f"export const {name}Document = new TypedDocumentString(" in generated


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
