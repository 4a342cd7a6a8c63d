"""What a team registers with the engine: the one object that the server, the terminal and the tests are built on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from app.engine.access.policy import Authorize, Roles
from app.engine.settings import EngineSettings
from app.engine.store.codec import EventCodec
from domain.kernel.decider import AnyDecider
from domain.kernel.process import AnyProcess, Call, Port
from projections.kernel import AnyProjection

if TYPE_CHECKING:
    # The driver is imported only by commands that open the database.
    from app.engine.database.connections import Database

type Slices = tuple[ModuleType, ...]
type Ports = Mapping[type[Call], Port]


def _no_slices() -> Slices:
    return ()


def _no_ports(settings: EngineSettings, database: "Database") -> Ports:
    del settings, database
    return {}


@dataclass(frozen=True, kw_only=True)
class Application[S: EngineSettings]:
    """The registers of one application.

    `slices` and `ports` are functions: GraphQL and the ports are imported only by what needs them. `ports` gets the
    settings and the open database. `commands` adds commands to the terminal: each name with `module:function`. `roles`
    are those of callers; the `POLICY` of each slice says what they may do. `authorize` may deny what the policies allow.
    `pages` adds pages in development mode: each path, such as `/shop`, with the folder that `make graphiql` builds.
    """

    settings: type[S]
    deciders: tuple[AnyDecider, ...] = ()
    processes: tuple[AnyProcess, ...] = ()
    projections: tuple[AnyProjection, ...] = ()
    slices: Callable[[], Slices] = _no_slices
    ports: Callable[[S, "Database"], Ports] = _no_ports
    commands: Mapping[str, str] = field(default_factory=dict[str, str])
    roles: Roles = field(default_factory=Roles)
    authorize: Authorize | None = None
    pages: Mapping[str, Path] = field(default_factory=dict[str, Path])

    @cached_property
    def codec(self) -> EventCodec:
        """Reads and writes the events of all deciders. Raises `EventSchemaError`."""
        return EventCodec(self.deciders)

    def process(self, name: str) -> AnyProcess | None:
        """The process of this name, if it is registered."""
        return next((process for process in self.processes if process.category == name), None)


type AnyApplication = Application[Any]
