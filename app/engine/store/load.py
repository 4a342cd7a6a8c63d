"""Loads an aggregate as it is, or as it was at a version: the one place where facts of a stream become state."""

from uuid import UUID

from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import NEWEST, LoadedState, SnapshotReader
from domain.kernel.decider import Command, Decider, Event, UnreadableEvent

PAGE_SIZE = 1_000
"""Facts that are decoded and folded before others get their turn."""


class UnreadableStream(Exception):
    """The stream holds an event that this code cannot read, so that nothing can be said or decided of it."""

    def __init__(self, fact: Fact) -> None:
        event: UnreadableEvent = fact.event
        super().__init__(
            f"{fact.category} {fact.stream_id} cannot be read: at version {fact.version} stands {event.name} {event.version}: {event.problem}."
            " Give the code an event class or an upcast for it; python -m app events check names all there are."
        )


async def load_aggregate[C: Command, S, E: Event](
    reader: EventReader,
    decider: Decider[C, S, E],
    stream_id: UUID,
    *,
    version: int | None = None,
    base: LoadedState[S] | None = None,
    snapshots: SnapshotReader | None = None,
    page: int = PAGE_SIZE,
) -> LoadedState[S]:
    """Fold the stream up to `version` or its end: from `base` (not above it), else from a snapshot, else from the
    beginning. A stream that ends earlier is loaded to its end. Raises `UnreadableStream`."""
    began = base or LoadedState(decider.initial, 0)
    state, at, read = began.state, began.version, 0
    facts = None
    if snapshots is not None and at == 0:
        found = await snapshots.load_latest(decider, stream_id, NEWEST if version is None else version, page)
        if found is not None:
            kept, facts = found
            state, at = (state, at) if kept is None else (kept.state, kept.version)
    while True:
        if facts is None:
            facts = await reader.read_stream(decider.category, stream_id, at, page, up_to=version)
        for fact in facts:
            if isinstance(fact.event, UnreadableEvent):
                raise UnreadableStream(fact)
        state = decider.fold([fact.event for fact in facts], state, at)
        at, read = facts[-1].version if facts else at, read + len(facts)
        if len(facts) < page:
            break
        facts = None
    loaded = LoadedState(state, at, read)
    if snapshots is not None and version is None and snapshots.every and read > snapshots.every:
        # A base may have been folded from what was decided, not from what was read.
        snapshots.request(decider, stream_id, loaded if began.version == 0 else None)
    return loaded
