"""Objects that clients fetch again by their ids. An id is unique among all types, if clients make new UUIDs."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import strawberry

from app.engine.access.policy import ANYONE, Policy
from app.engine.graphql.context import Context, Info
from app.engine.graphql.errors import BadInput
from app.engine.graphql.pagination import MAX_PAGE_SIZE
from app.engine.graphql.scalars import Position
from app.engine.graphql.strawberry_internals import resolve_info
from projections.kernel import Projection

# The rows of each type are judged by the line of their projection.
POLICY = Policy(queries={"node": ANYONE, "nodes": ANYONE})

NODE_SOURCES = "node-sources"
"""The key of the sources in the extensions of the schema."""


@strawberry.interface(
    description="An object that can be fetched again by its id. An id is unique among all types. If a client makes it, it is that UUID, which must be a new one."
)
class Node:
    id: UUID = strawberry.field(
        graphql_type=strawberry.ID, description="The id. It is unique among all types."
    )


@dataclass(frozen=True, slots=True)
class NodeSource[R]:
    """Reads the objects of one type: the rows of a projection by the UUID in their column `id`.

    A type needs a `prefix` if another type has the same UUIDs. Its ids are then those of `prefixed_id`. With
    `ids_by_clients` a client chooses the UUID, perhaps the UUID of another object. Then this source counts only for an
    id that no other source has.
    """

    projection: Projection[R]
    to_node: Callable[[R], Node]
    prefix: str | None = None
    ids_by_clients: bool = False


def prefixed_id(prefix: str, id: UUID) -> strawberry.ID:
    """The id of an object whose UUID is the id of another object too: the text `prefix:UUID`."""
    return strawberry.ID(f"{prefix}:{id}")


async def find_nodes(
    info: Info, ids: Sequence[str], min_position: Position | None = None
) -> list[Node | None]:
    """The object for each id, in the order of the ids. Each projection is read once for all ids.

    An object that the caller may not see is null, like one that does not exist.
    """
    context: Context = info.context
    all_sources: Sequence[NodeSource[Any]] = resolve_info(info).schema.extensions[NODE_SOURCES]
    readable = [source for source in all_sources if context.access.may_read(source.projection)]
    # The first source that has the id counts. A client that chooses an id hides no object of another kind with it.
    sources = sorted(readable, key=lambda source: source.ids_by_clients)
    places = [_parse_id(id) for id in ids]
    prefixes = {prefix for prefix, _ in filter(None, places)}
    for source in sources:
        if source.prefix in prefixes:
            await context.reads.wait_for_projection(source.projection, min_position)

    async def find(source: NodeSource[Any], id: UUID) -> Node | None:
        row = await context.loaders.row(source.projection, "id", id)
        return None if row is None else source.to_node(row)

    async def find_first(place: tuple[str | None, UUID] | None) -> Node | None:
        if place is None:
            return None
        prefix, id = place
        found = await asyncio.gather(*(find(source, id) for source in sources if source.prefix == prefix))
        return next((node for node in found if node is not None), None)

    return list(await asyncio.gather(*map(find_first, places)))


def _parse_id(id: str) -> tuple[str | None, UUID] | None:
    """The prefix and the UUID of an id. None if no object can have the id."""
    prefix, separator, text = id.rpartition(":")
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return (prefix if separator else None, parsed) if str(parsed) == text.lower() else None


@strawberry.type
class Query:
    @strawberry.field(description="One object by its id; null if there is none.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        # Relay's compiler refuses another argument here: every part of a page that is fetched again uses this field.
        [node] = await find_nodes(info, [id])
        return node

    @strawberry.field(
        description="The objects with these ids, each at the index of its id; null for each id that no object has."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description=f"The ids: at most {MAX_PAGE_SIZE}.")
        ],
        min_position: Position | None = None,
    ) -> list[Node | None]:
        if len(ids) > MAX_PAGE_SIZE:
            raise BadInput(f"ids has {len(ids)} ids; the limit is {MAX_PAGE_SIZE}.")
        return await find_nodes(info, ids, min_position)
