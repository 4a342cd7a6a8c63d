"""Loads an aggregate as it is, or as it was at a version: the one place where facts of a stream become state."""

from dataclasses import dataclass
from uuid import UUID

from app.store.read import Fact, Reader
from domain.kernel import Decider, Event, Unreadable

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Loaded[S]:
    """The state after the stream's fact at `version`; 0 where there is none. `read` is how many facts that took."""

    state: S
    version: int
    read: int = 0


class UnreadableStream(Exception):
    """The stream holds an event that this code cannot read, so that nothing can be said or decided of it."""

    def __init__(self, fact: Fact) -> None:
        event: Unreadable = fact.event
        super().__init__(
            f"{fact.category} {fact.stream_id} cannot be read: at version {fact.version} stands {event.name} {event.version}: {event.problem}."
            " Give the code an event class or an upcast for it; python -m app events check names all there are."
        )


async def load[C, S, E: Event](
    reader: Reader, decider: Decider[C, S, E], stream_id: UUID, *, version: int | None = None, base: Loaded[S] | None = None
) -> Loaded[S]:
    """Fold the stream, up to `version` or its end, from `base` (not above it) or the beginning. A stream that ends
    earlier is loaded to its end. Raises `UnreadableStream`."""
    state, at = (decider.initial, 0) if base is None else (base.state, base.version)
    read = 0
    while True:
        facts = await reader.stream(decider.category, stream_id, at, PAGE, up_to=version)
        for fact in facts:
            if isinstance(fact.event, Unreadable):
                raise UnreadableStream(fact)
        state = decider.fold([fact.event for fact in facts], state)
        at, read = facts[-1].version if facts else at, read + len(facts)
        if len(facts) < PAGE:
            return Loaded(state, at, read)
