"""The composition: the one place that names the registers of this application."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.access import ROLES
from app.engine.application import Application, Ports, Slices
from app.engine.settings import ROOT
from app.settings import Settings
from domain import DECIDERS, PROCESSES
from projections import PROJECTIONS

if TYPE_CHECKING:
    from app.engine.database.connections import Database

COMMANDS: Mapping[str, str] = {
    "demo": "app.demo.command:demo",
}
"""Commands of the terminal besides the engine's: each name with `module:function`."""

PAGES: Mapping[str, Path] = {
    "/shop": ROOT / "app/web/shop",
}
"""Pages in development mode: each path with its folder. `PAGES` in the Makefile names the folders, too."""

SCHEMAS: tuple[str, ...] = ()
"""Schemas of your own migrations: servers and tests get the rights to use their tables."""


def slices() -> Slices:
    """The API. It is imported only by what serves or prints it."""
    from app.graphql.schema import SLICES

    return SLICES


def ports(settings: Settings, database: "Database") -> Ports:
    """The ports of the calls that processes make. They are imported only by a server."""
    from app.ports import ports

    return ports(settings, database)


application = Application(
    settings=Settings,
    deciders=DECIDERS,
    processes=PROCESSES,
    projections=PROJECTIONS,
    slices=slices,
    ports=ports,
    commands=COMMANDS,
    roles=ROLES,
    pages=PAGES,
    schemas=SCHEMAS,
)
