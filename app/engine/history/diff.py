"""A state as a JSON document, the difference of two documents, and the fact that set each field (blame). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import SequenceMatcher
from typing import Any

import msgspec
from jsonpatch import JsonPatch

from domain.kernel.undo import UndoHistory

type Document = Any
"""A JSON value: an object, an array, a string, a number, true, false or null."""

EMPTY_DOCUMENT: Document = {}
"""The document of an aggregate before its first fact."""

type BlameTree[M] = M | Mapping[str, BlameTree[M]] | Sequence[BlameTree[M]]
"""The shape of a document, with a tag in index of each value. An empty object or array has one tag."""

_MAX_LENGTH = 10_000
"""Lists whose differing parts have more pairs of items are compared by index: alignment costs the product of lengths."""


def to_document(state: object) -> Document:
    """The phase and the fields of a state, without its `UndoHistory`."""
    if is_dataclass(state):
        values = {
            field.name: value
            for field in fields(state)
            if not isinstance(value := getattr(state, field.name), UndoHistory)
        }
        document = {"phase": type(state).__name__} | values
        plain = _to_json(document)
        # `_to_json` sorts the keys. The fields stay in the order of the class.
        return {name: plain[name] for name in document}
    return _to_json(state)


def _to_json(value: object) -> Document:
    """The value as JSON: the keys of a mapping become strings, and a set gets a stable order."""
    return msgspec.json.decode(
        msgspec.json.encode(msgspec.to_builtins(value, str_keys=True, order="deterministic"))
    )


def changes(before: Document, after: Document) -> Sequence[dict[str, Any]]:
    """A JSON Patch (RFC 6902) from `before` to `after`, without `move` operations.

    Equal values in two fields are mostly a coincidence.
    """
    return JsonPatch.from_diff(before, after, optimization=False).patch


def update_blame[M](before: Document, blame: BlameTree[M] | None, after: Document, tag: M) -> BlameTree[M]:
    """The blame after a change: values that stay keep their tag, new and changed values get `tag`."""
    if blame is None or type(before) is not type(after) or not (before and after):
        return blame if blame is not None and before == after else _tag_all(after, tag)
    if before == after:
        return blame
    match after:
        case dict():
            subtrees: Any = blame
            return {
                key: update_blame(before[key], subtrees[key], value, tag)
                if key in before
                else _tag_all(value, tag)
                for key, value in after.items()
            }
        case list():
            return _update_list(before, blame, after, tag)
        case _:
            return tag


def blame_entries[M](
    document: Document, blame: BlameTree[M], pointer: str = ""
) -> Iterator[tuple[str, Document, M]]:
    """Every value of the document: its JSON Pointer (RFC 6901), the value, and its tag."""
    subtrees: Any = blame
    match document:
        case dict() if document:
            for key, value in document.items():
                yield from blame_entries(
                    value, subtrees[key], f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
                )
        case list() if document:
            for index, value in enumerate(document):
                yield from blame_entries(value, subtrees[index], f"{pointer}/{index}")
        case _:
            yield pointer, document, subtrees


def _tag_all[M](document: Document, tag: M) -> BlameTree[M]:
    match document:
        case dict() if document:
            return {key: _tag_all(value, tag) for key, value in document.items()}
        case list() if document:
            return [_tag_all(value, tag) for value in document]
        case _:
            return tag


def _update_list[M](before: list[Document], blame: Any, after: list[Document], tag: M) -> BlameTree[M]:
    """Items that are in both lists keep their tags at any index. The others are paired by index."""
    start, shorter = 0, min(len(before), len(after))
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    result: list[BlameTree[M]] = list(blame[:start])
    for old, new in _pairs(before[start : len(before) - end], after[start : len(after) - end]):
        old_index = None if old is None else start + old
        result.append(
            _tag_all(after[start + new], tag)
            if old_index is None
            else update_blame(before[old_index], blame[old_index], after[start + new], tag)
        )
    return [*result, *blame[len(before) - end :]]


def _pairs(before: list[Document], after: list[Document]) -> Iterator[tuple[int | None, int]]:
    """For each index in `after`, the index in `before` that it comes from, if any."""
    runs: Sequence[tuple[str, int, int, int, int]] = [("replace", 0, len(before), 0, len(after))]
    if len(before) + len(after) > 2 and len(before) * len(after) <= _MAX_LENGTH:
        old, new = (
            [msgspec.json.encode(item) for item in before],
            [msgspec.json.encode(item) for item in after],
        )
        runs = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for _, old_from, old_to, new_from, new_to in runs:
        for index in range(new_from, new_to):
            old_index = old_from + index - new_from
            yield old_index if old_index < old_to else None, index
