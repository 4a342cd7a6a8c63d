"""What every command starts with: the application, its settings and the open, migrated database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from app.engine.application import AnyApplication
from app.engine.settings import EngineSettings
from app.engine.store.codec import EventCodec

if TYPE_CHECKING:
    # The driver is imported only by commands that open the database.
    from app.engine.database.connections import Database
    from app.engine.store.reader import EventReader


@dataclass(frozen=True)
class Session:
    """The open database of one command, and what reads its log."""

    application: AnyApplication
    database: "Database"
    codec: EventCodec
    reader: "EventReader"


def application_of(context: typer.Context) -> AnyApplication:
    """The application that the terminal was started for."""
    return context.obj


def settings_of(context: typer.Context) -> EngineSettings:
    """Its settings, from the environment. Raises `ConfigurationError`."""
    return application_of(context).settings.from_environment()


@asynccontextmanager
async def open_session(context: typer.Context) -> AsyncGenerator[Session]:
    """Open the database and check its migrations. Raises `UserError` if that fails."""
    from app.engine.database.connections import open_database
    from app.engine.store.reader import EventReader

    application = application_of(context)
    async with open_database(settings_of(context)) as database:
        await database.check_migrated()
        codec = application.codec
        yield Session(application, database, codec, EventReader(database.pool, codec))
