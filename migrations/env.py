"""Runs the migrations on the connection that the application hands over."""

from typing import cast

from alembic import context
from sqlalchemy import Connection

connection = cast(Connection, context.config.attributes["connection"])
context.configure(connection=connection, version_table_schema="es", transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
