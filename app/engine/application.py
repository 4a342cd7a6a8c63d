"""What a team registers with the engine: one object for the server, the terminal and the tests."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from app.engine.access.policy import Authorize, Roles
from app.engine.errors import UserError
from app.engine.settings import EngineSettings
from app.engine.store.codec import EventCodec
from domain.kernel.decider import AnyDecider, Rejection
from domain.kernel.process import AnyProcess, Call, Port
from projections.kernel import AnyProjection

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    # The driver is imported only by commands that open the database.
    from app.engine.database.connections import Database

type Slices = tuple[ModuleType, ...]
type Ports = Mapping[type[Call], Port]


@dataclass(frozen=True, kw_only=True)
class Application[S: EngineSettings]:
    """The registers of one application.

    `slices` and `ports` are functions: GraphQL and the ports are imported only by what needs them. `ports` gets the
    settings and the open database. `commands` adds commands to the terminal: each name with `module:function`. `roles`
    are those of callers; the `POLICY` of each slice says what they may do. `authorize` may deny what the policies allow.
    `pages` adds pages in development mode: each path, such as `/shop`, with the folder that `make graphiql` builds.
    `metrics` gives metrics of Prometheus, made with `registry=None`, for `/metrics` of a server. `schemas` are those that
    the team's own migrations make: `python -m app roles` gives servers the rows of their tables.
    """

    settings: type[S]
    deciders: tuple[AnyDecider, ...] = ()
    processes: tuple[AnyProcess, ...] = ()
    projections: tuple[AnyProjection, ...] = ()
    slices: Callable[[], Slices] = lambda: ()
    ports: Callable[[S, "Database"], Ports] = lambda settings, database: {}
    commands: Mapping[str, str] = field(default_factory=dict[str, str])
    roles: Roles = field(default_factory=Roles)
    authorize: Authorize | None = None
    pages: Mapping[str, Path] = field(default_factory=dict[str, Path])
    metrics: "Callable[[], Sequence[Collector]]" = lambda: ()
    schemas: tuple[str, ...] = ()

    @cached_property
    def codec(self) -> EventCodec:
        """Reads and writes the events of all deciders. Raises `UserError` if their declarations do not fit together."""
        _check_rejections(self.deciders)
        return EventCodec(self.deciders)

    def process(self, name: str) -> AnyProcess | None:
        """The process of this name, if it is registered."""
        return next((process for process in self.processes if process.category == name), None)


def _check_rejections(deciders: Iterable[AnyDecider]) -> None:
    """Every rule in the file of a decider is declared, with the code that clients know. Raises `UserError`."""
    files = {decider.decide.__module__ for decider in deciders}
    declared = {rule for decider in deciders for rule in decider.rejections}
    pending = [Rejection]
    while pending:
        kinds = pending.pop().__subclasses__()
        pending += kinds
        for rule in kinds:
            if rule in declared and rule.code is not Rejection.code:
                name = rule.__name__
                raise UserError(
                    f"{rule.__module__}.{name} has an attribute code: declare it as class {name}(Rejection, code=…)"
                )
            # A rule with subclasses groups them, and is not raised itself.
            if rule.__module__ in files and not rule.__subclasses__() and rule not in declared:
                raise UserError(
                    f"{rule.__module__}.{rule.__name__} is a rule that no decider declares: add it to the rejections of its"
                    " decider, or remove it"
                )


type AnyApplication = Application[Any]
