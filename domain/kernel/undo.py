"""Undo and redo: changes that can be taken back and made again, by further facts that say which change they concern.

An aggregate that has undo needs three things. Its events that can be taken back are `Undoable`; other events may come in
between. Each phase of its state that can be changed has a field of type `UndoHistory`, and `evolve` passes each `Undoable`
event through `record_edit`. And two pure functions give the inverse of every event: what an event is about to change, as
it is in a state; and the ordinary events that bring a state back to that.

A mark is a version of the stream. `evolve` neither sees nor counts versions: `Decider.fold` sets that of the history.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from domain.kernel.decider import Event, Rejection, Versioned, value

CHUNK_SIZE = 100
MAX_CHUNKS = 100
"""Only the newest changes, at most 100 times 100, can be undone: a state in memory has a bound."""


@dataclass(frozen=True, kw_only=True)
class Undoable(Event):
    """An event that can be taken back. If it takes back another change, or makes one again, it says which: by the version
    in the stream at which that change was first made."""

    undoes: int | None = None
    redoes: int | None = None


class NothingToUndo(Rejection):
    """Every change has been undone, or none was made."""


class NothingToRedo(Rejection):
    """Nothing was undone, or there was a new change since."""


@value
class Edit[T]:
    """One change, made at `version`: what it concerns, before it and after it."""

    version: int
    before: T
    after: T


@value
class UndoHistory[T](Versioned):
    """What can be undone and what can be redone, the next one last. In chunks: one more edit copies its chunk only."""

    done: tuple[tuple[Edit[T], ...], ...] = ()
    undone: tuple[tuple[Edit[T], ...], ...] = ()


def record_edit[T](history: UndoHistory[T], event: Undoable, before: T, after: T) -> UndoHistory[T]:
    """The history after one more event, which turned `before` into `after`. Raises `AssertionError` if no fold has set
    the version: a mark would name another change."""
    if history.version is None:
        raise AssertionError(
            "the version of this UndoHistory is not known: make it a field of a phase of the state, declared as"
            " UndoHistory[...], and fold with Decider.fold, from the beginning or with the version of the state"
        )
    match event:
        case Undoable(undoes=None, redoes=None) if before != after:
            edit = Edit(version=history.version + 1, before=before, after=after)
            return replace(history, done=_pushed(history.done, edit), undone=())
        case Undoable(undoes=int(undoes)) if history.done and history.done[-1][-1].version == undoes:
            return replace(
                history,
                done=_popped(history.done),
                undone=_pushed(history.undone, history.done[-1][-1]),
            )
        case Undoable(redoes=int(redoes)) if history.undone and history.undone[-1][-1].version == redoes:
            return replace(
                history,
                done=_pushed(history.done, history.undone[-1][-1]),
                undone=_popped(history.undone),
            )
        case _:
            # A further event of an undo or redo that takes several, or one that changed nothing.
            return history


def undo_events[T, E: Undoable](history: UndoHistory[T], inverse: Callable[[T], Sequence[E]]) -> Sequence[E]:
    """The events that take the last change back. There is one: the caller raises `NothingToUndo` otherwise."""
    edit = history.done[-1][-1]
    return [replace(event, undoes=edit.version) for event in inverse(edit.before)]


def redo_events[T, E: Undoable](history: UndoHistory[T], inverse: Callable[[T], Sequence[E]]) -> Sequence[E]:
    """The events that make the change again that was undone last, likewise."""
    edit = history.undone[-1][-1]
    return [replace(event, redoes=edit.version) for event in inverse(edit.after)]


def _pushed[E](chunks: tuple[tuple[E, ...], ...], edit: E) -> tuple[tuple[E, ...], ...]:
    if chunks and len(chunks[-1]) < CHUNK_SIZE:
        return (*chunks[:-1], (*chunks[-1], edit))
    return (*chunks, (edit,))[-MAX_CHUNKS:]


def _popped[E](chunks: tuple[tuple[E, ...], ...]) -> tuple[tuple[E, ...], ...]:
    *others, last = chunks
    return (*others, last[:-1]) if len(last) > 1 else tuple(others)
