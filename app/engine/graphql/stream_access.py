"""Whether the caller may read the events of a stream, or an instance of a process."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

from app.engine.access.policy import StreamOwner
from app.engine.database.connections import Database
from app.engine.graphql.context import Context
from app.engine.graphql.loaders import Loaders
from app.engine.read_models.queries import owning_projections, rows_by_column
from app.engine.read_models.stream_owners import StreamOwners
from app.engine.store.feed import Feed
from projections.kernel import AnyProjection

type Wait = Callable[[AnyProjection], Awaitable[None]]


async def may_read_stream(context: Context, category: str, stream_id: UUID) -> bool:
    """Whether the caller may read all events of a stream. Raises `AccessDenied` if that holds for no stream of the category.

    A caller may see an object but not its events: rows may have a wider scope than events.
    """
    owner = context.access.stream_owner(category)
    owners, feed = context.stream_owners, context.services.feed
    # The row with the owner may be behind its stream. That is rare, and the owner never changes.
    waits = (partial(owners.wait_for, position=0), partial(_wait_for_newest, owners, feed))
    return owner is None or await _owns(context.loaders, category, stream_id, owner, waits)


async def may_read_instance(loaders: Loaders, process: str, instance_id: UUID) -> bool:
    """Whether the caller may read an instance of a process. Raises `AccessDenied` if that holds for none."""
    owner = loaders.access.instance_owner(process)
    waits = (partial(_wait_for_operation, loaders.wait),)
    return owner is None or await _owns(loaders, process, instance_id, owner, waits)


async def _owns(loaders: Loaders, category: str, stream_id: UUID, owner: str, waits: Sequence[Wait]) -> bool:
    """Whether a stream is this owner's. The items of a list are judged in one statement."""
    stream = loaders.access.policy.streams[category]
    return await loaders.load(
        f"owner of {category}", partial(_read_owned, loaders.database, stream, owner, waits), stream_id
    )


async def _read_owned(
    database: Database, stream: StreamOwner, owner: str, waits: Sequence[Wait], ids: list[UUID]
) -> Sequence[bool]:
    owned: Sequence[bool] = ()
    for wait in waits:
        await wait(stream.rows)
        rows = await rows_by_column(database, stream.rows, stream.rows.key[0], ids, None, owner)
        owned = [row is not None for row in rows]
        if all(owned):
            break
    return owned


async def _wait_for_newest(owners: StreamOwners, feed: Feed, rows: AnyProjection) -> None:
    await owners.wait_for(rows, feed.latest_known)


async def _wait_for_operation(
    wait: Callable[[AnyProjection, int | None], Awaitable[None]] | None, rows: AnyProjection
) -> None:
    """Wait until the rows, and those that say whose they are, are as new as the operation asks for."""
    if wait is not None:
        for projection in (rows, *owning_projections(rows)):
            await wait(projection, None)
