"""Events that the caller may read: a condition for pages, and a filter for live events."""

from collections.abc import Sequence
from dataclasses import replace

from app.engine.access.access import Access
from app.engine.access.policy import AccessDenied, Scope
from app.engine.access.readable_events import ReadableEvents
from app.engine.graphql.context import Context
from app.engine.store.event_filter import OF_SHAPES, EventCondition, EventFilter, shape_columns
from app.engine.store.reader import Fact


async def readable_page(context: Context, where: EventFilter) -> EventFilter:
    """The filter for the stored events that the caller may read. Raises `AccessDenied` if there are none.

    It notes the read of the log: the owners of streams are known up to that position. Ownership is a condition of the
    statement, so pages and counts have what the caller may read, and nothing else.
    """
    access = context.access
    _check_any(access)
    # Before the wait: a stream that begins in the meantime may have no owner yet. Then its events are not read.
    context.reads.note_log_read()
    position = context.services.feed.latest_known
    if access.events.everything:
        return where
    where = _by_known_names(context, where)
    if not access.events.has_own:
        return replace(where, condition=event_condition(access.events))
    categories = list(context.access_policy.streams)
    await context.stream_owners.wait_for_all(categories, position)
    query, values = context.stream_owners.sql(categories, context.caller.actor)
    condition = event_condition(access.events, f" AND (category, stream_id) IN ({query})", values)
    # A page has no event after this position, also none of a stream whose owner is known. Else a cursor would pass
    # events of a stream whose owner is not known yet.
    bounded = EventCondition(
        f"(position <= {{}} AND {condition.text})", (position, *condition.values), condition.matches
    )
    return replace(where, condition=bounded)


def readable_feed(context: Context, where: EventFilter) -> EventFilter:
    """The filter for the events of the feed that the caller may read, if it owns them. See `owned_facts`.

    Raises `AccessDenied` if the caller may read no events.
    """
    _check_any(context.access)
    if context.access.events.everything:
        return where
    return replace(_by_known_names(context, where), condition=event_condition(context.access.events))


async def owned_facts(context: Context, facts: Sequence[Fact]) -> Sequence[Fact]:
    """Those of these facts that the caller may read. Raises `ProjectionStale` if the rows with the owners are behind."""
    events = context.access.events
    if not events.has_own or not facts:
        return facts
    judged = [fact for fact in facts if events.scope(fact) == "own"]
    owned = await context.stream_owners.owned(context.caller.actor, judged, context.services.feed.epoch)
    return [
        fact
        for fact in facts
        if (scope := events.scope(fact)) == "all"
        or (scope == "own" and (fact.category, fact.stream_id) in owned)
    ]


def _by_known_names(context: Context, where: EventFilter) -> EventFilter:
    """The filter without names that this code does not have: only operators see the type of an unreadable event."""
    return (
        where
        if where.types is None
        else replace(where, types=where.types & context.access_policy.events.names)
    )


def _check_any(access: Access) -> None:
    if not access.events.has_any:
        raise AccessDenied("You may not read events.")


def event_condition(
    events: ReadableEvents, owned: str = "", owned_values: tuple[object, ...] = ()
) -> EventCondition:
    """The events in some scope; `owned` is a further condition in SQL on those of the scope `own`."""
    parts: list[str] = []
    values: list[object] = []
    scopes: tuple[tuple[Scope, str, tuple[object, ...]], ...] = (
        ("all", "", ()),
        ("own", owned, owned_values),
    )
    for scope, suffix, extra in scopes:
        if categories := events.categories_with(scope):
            parts.append(f"(category = ANY({{}}::text[]){suffix})")
            values.extend((categories, *extra))
        if shapes := events.shapes_with(scope):
            parts.append(f"({OF_SHAPES}{suffix})")
            values.extend((*shape_columns(shapes), *extra))
    return EventCondition(
        f"({' OR '.join(parts) or 'false'})", tuple(values), lambda fact: events.scope(fact) is not None
    )
