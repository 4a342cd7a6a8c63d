"""Trusted documents: those that a client's build has written down, by their names. They are read and checked once, at the start.

The folder has manifests as clients' tools write them. A manifest is a JSON object of hash and document
(graphql-codegen, Relay), or Apollo's list of operations.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import msgspec
from graphql import GraphQLError, GraphQLSchema, parse, specified_rules, validate
from graphql.validation import ASTValidationRule, NoFragmentCyclesRule

from app.engine.errors import ConfigurationError
from app.engine.graphql.execution.limits import MAX_LENGTH, MAX_TOKENS, check_limits

SHA_256 = "sha256:"
"""The prefix that `documentId` has in GraphQL over HTTP. Manifests have none."""
MAX_MANIFEST_BYTES = 64 * 2**20


class TrustedDocuments:
    """Documents by their names. If `only_known`, no other document is executed."""

    def __init__(self, by_name: Mapping[str, str] | None = None, *, only_known: bool = False) -> None:
        self._by_name = by_name or {}
        self._texts = frozenset(self._by_name.values())
        self.only_known = only_known

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def find(self, name: str) -> str | None:
        """The text of a document. None if the name is not known."""
        return self._by_name.get(name) or self._by_name.get(name.removeprefix(SHA_256))

    def allows(self, text: str) -> bool:
        """Whether a document may be executed."""
        return not self.only_known or text in self._texts

    def check(self, schema: GraphQLSchema, rules: tuple[type[ASTValidationRule], ...]) -> Mapping[str, Any]:
        """The parsed documents by their texts. Raises `ConfigurationError` with the name of the first that is not valid."""
        parsed: dict[str, Any] = {}
        for name, text in self._by_name.items():
            try:
                if len(text) > MAX_LENGTH:
                    raise GraphQLError(f"it has {len(text)} characters; the limit is {MAX_LENGTH}")
                parsed[text] = parse(text, max_tokens=MAX_TOKENS)
                # A fragment that spreads itself has no size, which the limits are about.
                errors = (
                    validate(schema, parsed[text], [NoFragmentCyclesRule])
                    or check_limits(parsed[text])
                    or validate(schema, parsed[text], (*specified_rules, *rules))
                )
            except (GraphQLError, RecursionError) as error:
                errors = [error]
            if errors:
                reason = str(getattr(errors[0], "message", errors[0])).splitlines()[0]
                raise ConfigurationError(
                    f"setting APP_DOCUMENTS_DIR: the document {name} is not valid: {reason}"
                )
        return parsed


NO_DOCUMENTS = TrustedDocuments()


def read_documents(folder: Path | None, *, only_known: bool) -> TrustedDocuments:
    """The documents of all manifests in a folder. Raises `ConfigurationError`."""
    if folder is None:
        if only_known:
            raise ConfigurationError(
                "setting APP_DOCUMENTS is known: name the folder of the documents in APP_DOCUMENTS_DIR"
            )
        return NO_DOCUMENTS
    by_name: dict[str, str] = {}
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json")
        for path in paths:
            if path.stat().st_size > MAX_MANIFEST_BYTES:
                raise ConfigurationError(f"setting APP_DOCUMENTS_DIR: {path} is larger than 64 MiB")
            for name, text in _read_manifest(path).items():
                if by_name.setdefault(name, text) != text:
                    raise ConfigurationError(
                        f"setting APP_DOCUMENTS_DIR: two manifests have another document {name}"
                    )
    except OSError as error:
        raise ConfigurationError(
            f"setting APP_DOCUMENTS_DIR: cannot read {error.filename}: {error.strerror}"
        ) from None
    if not by_name:
        raise ConfigurationError(f"setting APP_DOCUMENTS_DIR: {folder} has no document: it needs *.json")
    return TrustedDocuments(by_name, only_known=only_known)


def _read_manifest(path: Path) -> Mapping[str, str]:
    try:
        content = msgspec.json.decode(path.read_bytes())
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ConfigurationError(f"setting APP_DOCUMENTS_DIR: {path} is not JSON: {error}") from None
    if isinstance(content, dict) and isinstance(operations := cast("Any", content).get("operations"), list):
        # Apollo's manifest.
        content = {
            operation.get("id"): operation.get("body")
            for operation in cast("list[Any]", operations)
            if isinstance(operation, dict)
        }
    try:
        return msgspec.convert(content, dict[str, str])
    except msgspec.ValidationError:
        raise ConfigurationError(
            f"setting APP_DOCUMENTS_DIR: {path} is no manifest: it needs an object of hash and document"
        ) from None
