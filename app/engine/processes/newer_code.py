"""Finds events that newer code has recorded and this code cannot read."""

from collections.abc import Iterable, Sequence

from app.engine.processes.storage import ProcessStore
from app.engine.store.log_identity import Fact
from app.engine.store.upcasts import format_stored_name
from domain.kernel.decider import AnyDecider, StoredName, UnreadableEvent


class NewerCodeNeeded(Exception):
    """The process stands before an event of newer code."""


class NewerEvents:
    """The events that a process must leave to newer code.

    Newer code has registered the name and version of such an event in es.event_shapes. This code does not know them.
    This code knows the category of the event, or the event was registered later than all events that it knows.
    """

    def __init__(self, deciders: Iterable[AnyDecider]) -> None:
        deciders = tuple(deciders)
        self._categories = frozenset(decider.category for decider in deciders)
        self._known: Sequence[StoredName] = [
            *(event_type.stored for decider in deciders for event_type in decider.event_types),
            *(StoredName(upcast.name, upcast.version) for decider in deciders for upcast in decider.upcasts),
        ]
        self._answers: dict[StoredName, bool] = {}

    def forget(self) -> None:
        """Ask the database again: newer code may have registered more."""
        self._answers.clear()

    async def first(self, store: ProcessStore, facts: Sequence[Fact]) -> Fact | None:
        """The first of these facts that must be left to newer code."""
        for fact in facts:
            if isinstance(fact.event, UnreadableEvent) and await self._is_newer(store, fact, fact.event):
                return fact
        return None

    async def check(self, store: ProcessStore, process: str, facts: Sequence[Fact]) -> None:
        """Raises `NewerCodeNeeded` if one of the facts must be left to newer code."""
        fact = await self.first(store, facts)
        if fact is not None:
            raise NewerCodeNeeded(newer_code_message(process, fact))

    async def _is_newer(self, store: ProcessStore, fact: Fact, event: UnreadableEvent) -> bool:
        stored = StoredName(event.name, event.version)
        if stored in self._known:
            return False
        if stored not in self._answers:
            self._answers[stored] = await store.is_newer_shape(
                stored, self._known, is_category_known=fact.category in self._categories
            )
        return self._answers[stored]


def newer_code_message(process: str, fact: Fact) -> str:
    event = fact.event
    return (
        f"event {format_stored_name(StoredName(event.name, event.version))} at position {fact.position} is of newer code:"
        f" {process} waits for a server that can read it"
    )
