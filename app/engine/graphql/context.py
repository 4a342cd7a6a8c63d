"""The contexts of requests and of operations: the services of the engine, the caller, the reads and the loaders."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol, override
from uuid import UUID

import strawberry
from strawberry.types import ExecutionContext

from app.engine.access.access import Access, AccessPolicy
from app.engine.access.authentication import Authenticator
from app.engine.access.caller import ANONYMOUS, Caller
from app.engine.application import AnyApplication
from app.engine.commands import CommandHandler
from app.engine.database.connections import Database
from app.engine.graphql.costs import OperationCharge
from app.engine.graphql.event_types import EventTypes
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.rates import RateLimiter
from app.engine.graphql.read_point import ReadPoint
from app.engine.history.aggregate_history import AggregateHistory
from app.engine.projector.live_lists import LiveLists
from app.engine.projector.projector import Projector
from app.engine.projector.rebuild.background import BackgroundOperations
from app.engine.projector.status import StatusCache
from app.engine.read_models.stream_owners import StreamOwners
from app.engine.settings import EngineSettings
from app.engine.shares import FairSlots
from app.engine.store.event_filter import ALL_EVENTS, EventFilter
from app.engine.store.feed import Feed
from app.engine.store.reader import EventReader, Fact
from projections.kernel import Projection


class Services(Protocol):
    """The parts of the engine that the API uses."""

    application: AnyApplication
    settings: EngineSettings
    authenticator: Authenticator
    database: Database
    commands: CommandHandler
    reader: EventReader
    history: AggregateHistory
    feed: Feed
    projector: Projector
    live_lists: LiveLists
    catch_up: FairSlots
    """The turns of subscribers that are behind the log."""
    operations: BackgroundOperations
    statuses: StatusCache
    stopping: asyncio.Event
    pending_body_timeouts: set[asyncio.Timeout]


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """One message of a subscription, before its execution. Equal `key`s have the same content for all subscribers."""

    position: int
    cursor: int
    """From which `LiveHandover.next_after` goes on."""
    key: object
    make_root: Callable[[], object]
    """Makes the root value of the execution."""
    part: float = 1.0
    """The part of the items that the operation was predicted to have."""


@dataclass
class LiveHandover:
    """Hands a subscription from its resolver to the socket's handler.

    The resolver sends the stored events, notes its cursor here and ends. The handler then sends the live events, or the
    messages of `next_after`, from the shared stream. `execution` is the valid operation.
    """

    execution: ExecutionContext | None = None
    cursor: int | None = None
    """The position of the last event that was sent. With `next_after`, the cursor of the last message. None if the operation
    cannot be shared, or has not reached the head of the log."""
    where: EventFilter = ALL_EVENTS
    owned: Callable[[Sequence[Fact]], Awaitable[Sequence[Fact]]] | None = None
    """Those of some events that the caller may read."""
    epoch: int = 0
    """The epoch of the feed that the position belongs to."""
    next_after: Callable[[int], Awaitable[LiveMessage | None]] | None = None
    """Gives the message after a cursor. None for the events themselves."""
    first: LiveMessage | None = None
    """The first message, if the handler has to send it."""

    def begin(
        self,
        position: int,
        where: EventFilter,
        epoch: int,
        owned: Callable[[Sequence[Fact]], Awaitable[Sequence[Fact]]],
    ) -> None:
        """Hand over: all events up to `position` are sent, the handler sends those that match and follow."""
        self.cursor, self.where, self.epoch, self.owned = position, where, epoch, owned

    def begin_messages(
        self,
        cursor: int,
        next_after: Callable[[int], Awaitable[LiveMessage | None]],
        first: LiveMessage | None,
        epoch: int,
    ) -> None:
        """Hand over: the handler sends `first`, and then the messages after `cursor`."""
        self.cursor, self.next_after, self.first, self.epoch = cursor, next_after, first, epoch

    def take_first(self) -> LiveMessage | None:
        """The first message, once. It has all rows of a list, and the handover lives as long as the operation."""
        first, self.first = self.first, None
        return first


@dataclass
class ResumePoint:
    """Where an event stream resumes: the client sends `after` as `Last-Event-ID`, the frames carry `position` as `id`."""

    after: int | None = None
    """The last position that the client has seen. It replaces the argument `after`. None if it sent none."""
    position: int | None = None
    """The position of the result that the resolver yields. None if the subscription does not resume by position."""
    start: int | None = None
    """The position after which the results begin. None if the client has said it, or does not resume by position."""
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the resolver has checked its arguments and waits for events: no error precedes the first result."""


@dataclass(frozen=True, kw_only=True)
class RequestContext:
    """What a request, or a socket, brings for its operations."""

    services: Services
    events: EventTypes
    caller: Caller
    access_policy: AccessPolicy
    stream_owners: StreamOwners
    correlation_id: UUID
    requested_correlation_id: UUID | None = None
    """The correlation id that the client sent, if it sent one."""
    streams: bool = False
    """Whether the transport can carry more than one result."""
    handover: LiveHandover | None = None
    """None if the transport does not share subscriptions."""
    resume_point: ResumePoint | None = None
    """None if the transport does not number its results."""
    request_extensions: dict[str, Any] = field(default_factory=dict[str, Any])
    """The extensions that the client sent with the operation."""
    address: str = ""
    """The address of the peer; of IPv6 its network, since one client may have all addresses of that."""
    rates: RateLimiter | None = None
    """What each caller may spend. None if nothing limits it."""

    @property
    def actor(self) -> str:
        """The name of the caller, as events record it."""
        return self.caller.actor

    @property
    def share(self) -> str:
        """Whose share of the server an operation takes: the actor's; without one that of the address."""
        actor = self.caller.actor
        return f"address {self.address}" if actor == ANONYMOUS.actor else f"actor {actor}"


@dataclass
class ActorUse:
    """Whether a resolver has read who calls. The result is then for that actor alone."""

    is_read: bool = False


_BROUGHT = tuple(each.name for each in fields(RequestContext) if each.name != "correlation_id")


@dataclass(frozen=True, kw_only=True)
class Context(RequestContext):
    """One operation's context. Its access, reads and loaders are the caller's: another caller needs a context of its own."""

    access: Access
    """What the caller may do."""
    database: Database
    """The database, with the turns of the caller."""
    reads: ReadPoint
    """What the operation has read."""
    loaders: Loaders
    """The loaders of the operation."""
    charge: OperationCharge
    """What the operation costs."""
    actor_use: ActorUse = field(default_factory=ActorUse)
    """Whether the operation, or the message of a shared subscription, depends on the actor."""

    @property
    @override
    def actor(self) -> str:
        """The name of the caller, as events record it. A live message whose fields read it is made for each actor."""
        self.actor_use.is_read = True
        return self.caller.actor

    @property
    def reader(self) -> EventReader:
        """Reads the log, with the turns of the caller."""
        return self.services.reader.through(self.database.reads)

    @classmethod
    def of(cls, request: RequestContext, correlation_id: UUID) -> "Context":
        """The context of an operation of this request that begins now."""
        brought: dict[str, Any] = {name: getattr(request, name) for name in _BROUGHT}
        access = request.access_policy.access(request.caller)
        reads = _new_reads(request, access)
        database = request.services.database.for_caller(request.share)
        return cls(
            **brought,
            correlation_id=correlation_id,
            access=access,
            database=database,
            reads=reads,
            loaders=_new_loaders(database, reads),
            charge=OperationCharge(),
        )

    def for_message(self, charge: OperationCharge, share: str) -> "Context":
        """The context of one message of a shared subscription: with reads and loaders of its own.

        `charge` is that of the subscriber for whom it is executed. Its reads take the turns of `share`.
        """
        reads = _new_reads(self, self.access)
        database = self.services.database.for_caller(share)
        return replace(
            self,
            database=database,
            reads=reads,
            loaders=_new_loaders(database, reads),
            charge=charge,
            actor_use=ActorUse(),
        )

    def for_event(self, part: float = 1.0) -> "Context":
        """The context of one event of this subscription.

        Its loaders read what is there now. The cost limit holds for each event alone.
        """
        return replace(self, loaders=self.new_loaders(), charge=self.charge.for_event(part))

    def new_loaders(self) -> Loaders:
        """Loaders with an empty cache, for reads that have to see what has changed since."""
        return _new_loaders(self.database, self.reads)

    def loaders_as_of(self, position: int) -> Loaders:
        """Loaders that read rows as of a position."""
        self.reads.note_read(position)
        return _new_loaders(self.database, self.reads, position)

    async def wait_for_projection(self, projection: Projection[Any], position: int | None) -> None:
        """Call it before each read of a projection. See `ReadPoint.wait_for_projection`."""
        await self.reads.wait_for_projection(projection, position)


def _new_reads(request: RequestContext, access: Access) -> ReadPoint:
    services = request.services
    return ReadPoint.now(
        services.feed,
        services.projector,
        access,
        client_token=request.request_extensions.get("logToken"),
        timeout_seconds=services.settings.min_position_timeout_seconds,
    )


def _new_loaders(database: Database, reads: ReadPoint, as_of_position: int | None = None) -> Loaders:
    # Loaders that refer to a context would make a cycle with it: both would live until the collector finds them.
    return Loaders(database, reads.access, reads.wait_for_projection, as_of_position)


def response_extensions(context: Context) -> dict[str, Any]:
    """The extensions of every response, without the correlation id."""
    projector, feed = context.services.projector, context.services.feed
    position, token = context.reads.take()
    return {
        "position": str(position),
        "head": str(max(feed.latest_known, position)),
        "logToken": str(token),
        "lag": projector.lag_events(),
        "lagSeconds": projector.lag_seconds(),
    }


type Info = strawberry.Info[Context, None]
