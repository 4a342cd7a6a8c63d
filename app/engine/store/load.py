"""Loads the state of an aggregate, now or at a version. All folding of streams into states happens here."""

from uuid import UUID

from app.engine.store.log_identity import identity_of
from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import MAX_VERSION, LoadedState, SnapshotReader
from domain.kernel.decider import Command, Decider, Event, UnreadableEvent

PAGE_SIZE = 1_000
"""Number of facts that are decoded and folded before other tasks get their turn."""


class UnreadableStream(Exception):
    """The stream holds an event that this code cannot read. No state can be folded, and no command decided."""

    def __init__(self, fact: Fact) -> None:
        event: UnreadableEvent = fact.event
        super().__init__(
            f"{fact.category} {fact.stream_id} cannot be read: at version {fact.version} stands {event.name} {event.version}: {event.problem}."
            " Give the code an event class or an upcast for it; python -m app events check names all there are."
        )
        self.place = f"{fact.category} {fact.stream_id} cannot be read from version {fact.version} on"
        """What a caller may know who may not read the event."""


async def load_aggregate[C: Command, S, E: Event](
    reader: EventReader,
    decider: Decider[C, S, E],
    stream_id: UUID,
    *,
    version: int | None = None,
    base: LoadedState[S] | None = None,
    snapshots: SnapshotReader | None = None,
    page_size: int = PAGE_SIZE,
) -> LoadedState[S]:
    """Fold the stream up to `version`, or to its end if that comes first.

    The fold starts at `base` (its version is not above `version`), else at a snapshot, else at the first fact. Raises
    `UnreadableStream`.
    """
    start = base or LoadedState(decider.initial, 0)
    state, at, read, newest = start.state, start.version, 0, None
    facts = None
    if snapshots is not None and at == 0:
        latest = await snapshots.load_latest(
            decider, stream_id, MAX_VERSION if version is None else version, page_size
        )
        if latest is not None:
            snapshot, facts = latest
            state, at = (state, at) if snapshot is None else (snapshot.state, snapshot.version)
    while True:
        if facts is None:
            facts = await reader.read_stream(decider.category, stream_id, at, page_size, up_to=version)
        for fact in facts:
            if isinstance(fact.event, UnreadableEvent):
                raise UnreadableStream(fact)
        state = decider.fold([fact.event for fact in facts], state, at)
        if facts:
            at, newest = facts[-1].version, identity_of(facts[-1])
        read += len(facts)
        if len(facts) < page_size:
            break
        facts = None
    loaded = LoadedState(state, at, read, newest)
    if snapshots is not None and version is None:
        # A base may hold events that were decided and are not stored.
        snapshots.on_load(decider, stream_id, loaded, is_stored=start.version == 0)
    return loaded
