"""A state as a JSON document: what changed between two of them, and who set each of its fields. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import SequenceMatcher
from typing import Any

import msgspec
from jsonpatch import JsonPatch

from domain.kernel.undo import UndoHistory

type Document = Any
"""What JSON has: an object, an array, a string, a number, true, false or null."""

EMPTY_DOCUMENT: Document = {}
"""The document of an aggregate before its first fact."""

type BlameTree[M] = M | Mapping[str, BlameTree[M]] | Sequence[BlameTree[M]]
"""The shape of a document, with a mark in place of each value. An empty object or array has a mark, too."""

_MAX_LENGTH = 10_000
"""Lists whose differing parts have more pairs of items are compared by place: aligning takes time by the product."""


def to_document(state: object) -> Document:
    """The state as it is shown: its phase, and its fields. What it keeps to be able to undo is not shown."""
    if is_dataclass(state):
        shown = {
            field.name: value
            for field in fields(state)
            if not isinstance(value := getattr(state, field.name), UndoHistory)
        }
        named = {"phase": type(state).__name__} | shown
        sorted_ = _plain(named)
        return {name: sorted_[name] for name in named}
    return _plain(state)


def _plain(value: object) -> Document:
    """As JSON has it: whatever the keys of a mapping are, they are strings; a set in an order that is the same wherever it
    is asked for."""
    return msgspec.json.decode(
        msgspec.json.encode(msgspec.to_builtins(value, str_keys=True, order="deterministic"))
    )


def changes(before: Document, after: Document) -> Sequence[dict[str, Any]]:
    """A JSON Patch (RFC 6902) that turns the one into the other. Nothing is said to have moved: a value that went from
    one field to another is a coincidence more often than not."""
    return JsonPatch.from_diff(before, after, optimization=False).patch


def update_blame[M](before: Document, marks: BlameTree[M] | None, after: Document, mark: M) -> BlameTree[M]:
    """The marks after a step: what stayed keeps its own, what is new or changed gets `mark`."""
    if marks is None or type(before) is not type(after) or not (before and after):
        return marks if marks is not None and before == after else _fresh(after, mark)
    if before == after:
        return marks
    match after:
        case dict():
            known: Any = marks
            return {
                key: update_blame(before[key], known[key], value, mark)
                if key in before
                else _fresh(value, mark)
                for key, value in after.items()
            }
        case list():
            return _aligned(before, marks, after, mark)
        case _:
            return mark


def blame_entries[M](
    shown: Document, marks: BlameTree[M], pointer: str = ""
) -> Iterator[tuple[str, Document, M]]:
    """Every value of the document: its JSON Pointer (RFC 6901), itself, and its mark."""
    known: Any = marks
    match shown:
        case dict() if shown:
            for key, value in shown.items():
                yield from blame_entries(
                    value, known[key], f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
                )
        case list() if shown:
            for place, value in enumerate(shown):
                yield from blame_entries(value, known[place], f"{pointer}/{place}")
        case _:
            yield pointer, shown, known


def _fresh[M](shown: Document, mark: M) -> BlameTree[M]:
    match shown:
        case dict() if shown:
            return {key: _fresh(value, mark) for key, value in shown.items()}
        case list() if shown:
            return [_fresh(value, mark) for value in shown]
        case _:
            return mark


def _aligned[M](before: list[Document], marks: Any, after: list[Document], mark: M) -> BlameTree[M]:
    """Items that are there before and after keep their marks wherever they went; the others are paired by place."""
    start, shorter = 0, min(len(before), len(after))
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    result: list[BlameTree[M]] = list(marks[:start])
    for old, new in _pairs(before[start : len(before) - end], after[start : len(after) - end]):
        twin = None if old is None else start + old
        result.append(
            _fresh(after[start + new], mark)
            if twin is None
            else update_blame(before[twin], marks[twin], after[start + new], mark)
        )
    return [*result, *marks[len(before) - end :]]


def _pairs(before: list[Document], after: list[Document]) -> Iterator[tuple[int | None, int]]:
    """For each item after, the place of the one before that it was made from, if any."""
    runs: Sequence[tuple[str, int, int, int, int]] = [("replace", 0, len(before), 0, len(after))]
    if len(before) + len(after) > 2 and len(before) * len(after) <= _MAX_LENGTH:
        old, new = (
            [msgspec.json.encode(each) for each in before],
            [msgspec.json.encode(each) for each in after],
        )
        runs = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for _, old_from, old_to, new_from, new_to in runs:
        for place in range(new_from, new_to):
            twin = old_from + place - new_from
            yield twin if twin < old_to else None, place
