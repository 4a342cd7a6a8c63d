"""Undo and redo: further events take a change back or make it again, and say which change they concern.

An aggregate with undo needs three things. Its events that can be undone are `Undoable`; other events may come in
between. Each phase of its state that can be changed has a field of type `UndoHistory`. `evolve` passes each `Undoable`
event through `record_edit`. Two pure functions give the inverse of an event. The first returns the part of a state that
an event will change. The second returns the ordinary events that restore this part.

A change is named by its version in the stream. `evolve` does not count versions: `Decider.fold` sets that of the history.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from domain.kernel.decider import Event, Rejection, Versioned, value

CHUNK_SIZE = 100
MAX_CHUNKS = 100
"""Only the newest 10,000 changes can be undone, so that the size of a state has a bound."""


@dataclass(frozen=True, kw_only=True)
class Undoable(Event):
    """An event that can be undone.

    An event that undoes or redoes a change names the stream version at which that change was first made.
    """

    undoes: int | None = None
    redoes: int | None = None


class NothingToUndo(Rejection):
    """Every change has been undone, or none was made."""


class NothingToRedo(Rejection):
    """Nothing was undone, or there was a new change since."""


@value
class Edit[T]:
    """One change, made at `version`: the changed part of the state before and after it."""

    version: int
    before: T
    after: T


type Chunks[T] = tuple[tuple[Edit[T], ...], ...]


@value
class UndoHistory[T](Versioned):
    """The edits that can be undone and redone, the next one last. In chunks, so that one more edit copies one chunk only."""

    done: tuple[tuple[Edit[T], ...], ...] = ()
    undone: tuple[tuple[Edit[T], ...], ...] = ()

    @property
    def count(self) -> int:
        """The number of edits that can be undone, for a rule such as "at most twice"."""
        return sum(map(len, self.done))


def record_edit[T](history: UndoHistory[T], event: Undoable, before: T, after: T) -> UndoHistory[T]:
    """The history after one more event, which changed `before` into `after`.

    Raises `AssertionError` if no fold has set the version, since the edit would name another change.
    """
    if history.version is None:
        raise AssertionError(
            "the version of this UndoHistory is not known. Make it a field of a phase of the state, declared as"
            " UndoHistory[...]. Fold with Decider.fold, from the beginning or with the version of the state"
        )
    match event:
        case Undoable(undoes=None, redoes=None) if before != after:
            edit = Edit(version=history.version + 1, before=before, after=after)
            return replace(history, done=_with_edit(history.done, edit), undone=())
        case Undoable(undoes=int(undoes)) if _takes(
            undoes, history.done, history.undone, lambda edit: edit.after == before
        ):
            return replace(
                history,
                done=_popped(history.done),
                undone=_pushed(history.undone, history.done[-1][-1]),
            )
        case Undoable(redoes=int(redoes)) if _takes(
            redoes, history.undone, history.done, lambda edit: edit.before == before
        ):
            return replace(
                history,
                done=_pushed(history.done, history.undone[-1][-1]),
                undone=_popped(history.undone),
            )
        case _:
            # A further event of an undo or redo that takes several, or one that changed nothing.
            return history


def _takes[T](version: int, source: Chunks[T], target: Chunks[T], begins: Callable[[Edit[T]], bool]) -> bool:
    """Whether an event moves the last edit of `source` to `target`.

    It does not if it only goes on with the edit that was moved before. Edits of different parts of a split event have
    one version. An event for the next part begins where that part stands.
    """
    if not source or source[-1][-1].version != version:
        return False
    is_started = bool(target) and target[-1][-1].version == version
    return not is_started or begins(source[-1][-1])


def undo_events[T, E: Undoable](history: UndoHistory[T], inverse: Callable[[T], Sequence[E]]) -> Sequence[E]:
    """The events that undo the last change. The caller raises `NothingToUndo` if there is none."""
    edit = history.done[-1][-1]
    return [replace(event, undoes=edit.version) for event in inverse(edit.before)]


def redo_events[T, E: Undoable](history: UndoHistory[T], inverse: Callable[[T], Sequence[E]]) -> Sequence[E]:
    """The events that redo the change that was undone last. The caller raises `NothingToRedo` if there is none."""
    edit = history.undone[-1][-1]
    return [replace(event, redoes=edit.version) for event in inverse(edit.after)]


def _with_edit[T](chunks: Chunks[T], edit: Edit[T]) -> Chunks[T]:
    """The edits with one more. A part of a split event that goes on from the part before it belongs to the same edit."""
    if chunks and (last := chunks[-1][-1]).version == edit.version and last.after == edit.before:
        whole = replace(last, after=edit.after)
        return _popped(chunks) if whole.before == whole.after else _pushed(_popped(chunks), whole)
    return _pushed(chunks, edit)


def _pushed[E](chunks: tuple[tuple[E, ...], ...], edit: E) -> tuple[tuple[E, ...], ...]:
    if chunks and len(chunks[-1]) < CHUNK_SIZE:
        return (*chunks[:-1], (*chunks[-1], edit))
    return (*chunks, (edit,))[-MAX_CHUNKS:]


def _popped[E](chunks: tuple[tuple[E, ...], ...]) -> tuple[tuple[E, ...], ...]:
    *others, last = chunks
    return (*others, last[:-1]) if len(last) > 1 else tuple(others)
