"""Undo and redo: changes that can be taken back and made again, by further facts that say which change they concern.

An aggregate that wants it says three things. Its events that can be taken back are `Undoable`. Its state holds `Edits`,
and `evolve` passes each fact through `followed`. And two pure functions give the inverse of every event: `touched` is
what an event is about to change, as it is in a state; `restored` gives the ordinary facts that bring it back to that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from domain.kernel import Event, Rejected, value

PIECE = 100
MOST_PIECES = 100
"""What is further back than so many changes, 100 times 100, stays as it is: a state in memory has a bound."""


@dataclass(frozen=True, kw_only=True)
class Undoable(Event):
    """An event that can be taken back. Where it takes back another itself, or makes it again, it says which: by the
    version in the stream at which that change was first made."""

    undoes: int | None = None
    redoes: int | None = None


class NothingToUndo(Rejected):
    """Every change has been undone, or none was made."""


class NothingToRedo(Rejected):
    """Nothing was undone, or there was a new change since."""


@value
class Step[T]:
    """One change, made at `version`: what it touched, before it and after it."""

    version: int
    before: T
    after: T


@value
class Edits[T]:
    """What can be undone and what can be redone, the next one last. In pieces: one more step copies its piece only.
    `version` counts the facts of the stream."""

    version: int = 1
    done: tuple[tuple[Step[T], ...], ...] = ()
    undone: tuple[tuple[Step[T], ...], ...] = ()


def followed[T](edits: Edits[T], event: Undoable, before: T, after: T) -> Edits[T]:
    """The edits after one more fact, which turned `before` into `after`."""
    version = edits.version + 1
    match event:
        case Undoable(undoes=None, redoes=None) if before != after:
            step = Step(version=version, before=before, after=after)
            return Edits(version=version, done=_pushed(edits.done, step))
        case Undoable(undoes=int(undoes)) if edits.done and edits.done[-1][-1].version == undoes:
            return Edits(
                version=version, done=_popped(edits.done), undone=_pushed(edits.undone, edits.done[-1][-1])
            )
        case Undoable(redoes=int(redoes)) if edits.undone and edits.undone[-1][-1].version == redoes:
            return Edits(
                version=version, done=_pushed(edits.done, edits.undone[-1][-1]), undone=_popped(edits.undone)
            )
        case _:
            # A further fact of an undo or redo that takes several, or one that changed nothing.
            return replace(edits, version=version)


def undone[T, E: Undoable](edits: Edits[T], restored: Callable[[T], Sequence[E]]) -> Sequence[E]:
    """The facts that take the last change back. There is one: the caller raises `NothingToUndo` otherwise."""
    step = edits.done[-1][-1]
    return [replace(fact, undoes=step.version) for fact in restored(step.before)]


def redone[T, E: Undoable](edits: Edits[T], restored: Callable[[T], Sequence[E]]) -> Sequence[E]:
    """The facts that make the change again that was undone last, likewise."""
    step = edits.undone[-1][-1]
    return [replace(fact, redoes=step.version) for fact in restored(step.after)]


def _pushed[S](pieces: tuple[tuple[S, ...], ...], step: S) -> tuple[tuple[S, ...], ...]:
    if pieces and len(pieces[-1]) < PIECE:
        return (*pieces[:-1], (*pieces[-1], step))
    return (*pieces, (step,))[-MOST_PIECES:]


def _popped[S](pieces: tuple[tuple[S, ...], ...]) -> tuple[tuple[S, ...], ...]:
    *others, last = pieces
    return (*others, last[:-1]) if len(last) > 1 else tuple(others)
