"""Databases that are made for a section, and dropped after it."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import make_url

from app.engine.database.connections import open_database
from app.settings import Settings


@asynccontextmanager
async def scratch(server: str) -> AsyncIterator[str]:
    """The URL of a database of its own, migrated, and dropped afterwards; `server` is the URL of any other database there."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    url = make_url(server).set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        async with open_database(Settings(database_url=url)) as database:
            await database.migrate()
        yield url
    finally:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.close()
