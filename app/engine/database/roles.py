"""Three database roles: one that migrates, one for servers, which cannot change events, and one that reads read models."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import asyncpg

from app.engine.database.errors import DatabaseUnavailable, first_line
from app.engine.database.lock_attempts import lock_timeout_sql, retry_locked
from app.engine.database.url import DatabaseUrl
from app.engine.errors import UserError

APPEND_ONLY = ("commands", "events", "log", "seals")
"""Tables of schema `es` whose rows are never changed. A server may add rows to all of them but `log`."""
READ_SCHEMAS = ("read", "read_staging", "read_former", "read_leaving")
RESERVED_SCHEMAS = ("es", *READ_SCHEMAS, "public", "information_schema")
"""Schemas of the engine, and those of every database."""
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,50}")


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of the three roles."""

    owner: str
    """Owns schema `es` and the team's own schemas, and runs the migrations."""
    app: str
    """Servers and the command line: appends and reads events, keeps the bookkeeping, owns the read tables.

    It changes rows of the team's own tables.
    """
    reader: str
    """Reads the tables of schema `read`, and nothing else."""

    @classmethod
    def named(cls, prefix: str) -> "Roles":
        """The roles with a common prefix. Raises `UserError` for a prefix that is no plain name."""
        if not _NAME.fullmatch(prefix):
            raise UserError(
                f"the prefix {prefix!r} is not a name: use at most 51 lower-case letters, digits and _, a letter first"
            )
        return cls(f"{prefix}_owner", f"{prefix}_app", f"{prefix}_reader")


def roles_sql(roles: Roles, database: str, schemas: Collection[str] = ()) -> str:
    """The statements that make the roles and give them their rights. To execute them again changes nothing.

    They are for a superuser, or for the owner of the database with CREATEROLE. The database is migrated. `schemas` are
    those that the team's own migrations make. Raises `UserError` for a schema that is not theirs.
    """
    owner, app, reader = roles.owner, roles.app, roles.reader
    quoted = '"' + database.replace('"', '""') + '"'
    kept = ", ".join(f"'{name}'" for name in (*APPEND_ONLY, "alembic_version"))
    return f"""\
-- The roles. They can log in as soon as they have a password.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['{owner}', '{app}', '{reader}'] LOOP
        IF to_regrole(name) IS NULL THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
        -- Who is no superuser has to be a member of a role to give it something.
        IF current_user <> name AND NOT pg_has_role(current_user, name, 'SET') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        END IF;
    END LOOP;
END $$;
-- A migration may change what a server has made.
GRANT {app} TO {owner};
GRANT CONNECT ON DATABASE {quoted} TO {owner}, {app}, {reader};
-- A migration makes schemas, and so does a server that finds the schema of its read tables missing.
GRANT CREATE ON DATABASE {quoted} TO {owner}, {app};

-- What is there goes to its owner.
DO $$
DECLARE
    item record;
BEGIN
    -- A dump of schema es alone has no schemas of read tables.
    PERFORM es.create_slot_schema(slot) FROM unnest(ARRAY['live', 'staging', 'former', 'leaving']) AS slots (slot);
    ALTER SCHEMA es OWNER TO {owner};
    FOR item IN SELECT c.oid::regclass AS name FROM pg_class c
                WHERE c.relnamespace = 'es'::regnamespace AND c.relkind IN ('r', 'v') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO {owner}', item.name);
    END LOOP;
    FOR item IN SELECT p.oid::regprocedure AS name FROM pg_proc p WHERE p.pronamespace = 'es'::regnamespace LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO {owner}', item.name);
    END LOOP;
    FOR item IN SELECT n.nspname AS name FROM pg_namespace n
                WHERE n.nspname IN ({", ".join(f"'{name}'" for name in READ_SCHEMAS)}) LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO {app}', item.name);
    END LOOP;
    FOR item IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ({", ".join(f"'{name}'" for name in READ_SCHEMAS)}) AND c.relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO {app}', item.name);
    END LOOP;
END $$;

-- A server reads all of schema es, appends to the log, and keeps the bookkeeping.
REVOKE ALL ON SCHEMA es FROM PUBLIC;
GRANT USAGE ON SCHEMA es TO {app};
GRANT SELECT ON ALL TABLES IN SCHEMA es TO {app};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA es TO {app};
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA es TO {app};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {", ".join(f"es.{name}" for name in APPEND_ONLY)} FROM {app};
GRANT INSERT ON {", ".join(f"es.{name}" for name in APPEND_ONLY if name != "log")} TO {app};
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT c.oid::regclass AS name FROM pg_class c
                WHERE c.relnamespace = 'es'::regnamespace AND c.relkind IN ('r', 'v')
                  AND c.relname NOT IN ({kept}) LOOP
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %s TO {app}', item.name);
    END LOOP;
END $$;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA es GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA es GRANT USAGE ON SEQUENCES TO {app};

-- A reader sees the read models. A table is made in another schema, and moved when it is complete.
GRANT USAGE ON SCHEMA read TO {reader};
GRANT SELECT ON ALL TABLES IN SCHEMA read TO {reader};
ALTER DEFAULT PRIVILEGES FOR ROLE {app} IN SCHEMA {", ".join(READ_SCHEMAS)} GRANT SELECT ON TABLES TO {reader};
{"".join(_own_schema_sql(roles, schema) for schema in schemas)}"""


def _own_schema_sql(roles: Roles, schema: str) -> str:
    """The rights in one schema of the team's own."""
    if not _NAME.fullmatch(schema) or schema in RESERVED_SCHEMAS or schema.startswith("pg_"):
        raise UserError(
            f"SCHEMAS names {schema!r}: name a schema that your migrations make, with lower-case letters, digits and _"
        )
    owner, app = roles.owner, roles.app
    return f"""
-- The tables of schema {schema}, which a migration of your own has made: a server changes their rows.
DO $$
DECLARE
    item record;
BEGIN
    ALTER SCHEMA "{schema}" OWNER TO {owner};
    -- The sequence of a column goes with its table.
    FOR item IN SELECT c.oid::regclass AS name FROM pg_class c
                WHERE c.relnamespace = '"{schema}"'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
                  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                  AND c.relkind = 'S' AND d.deptype IN ('a', 'i')) LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO {owner}', item.name);
    END LOOP;
    FOR item IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                WHERE p.pronamespace = '"{schema}"'::regnamespace LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO {owner}', item.name);
    END LOOP;
    FOR item IN SELECT t.oid::regtype AS name FROM pg_type t
                WHERE t.typnamespace = '"{schema}"'::regnamespace AND t.typtype IN ('d', 'e') LOOP
        EXECUTE format('ALTER TYPE %s OWNER TO {owner}', item.name);
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA "{schema}" TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO {app};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA "{schema}" TO {app};
-- The tables of a later migration, which the owner runs.
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA "{schema}" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA "{schema}" GRANT USAGE, SELECT ON SEQUENCES TO {app};
"""


async def apply_roles(
    connection: asyncpg.Connection, roles: Roles, database: str, schemas: Collection[str] = ()
) -> None:
    """Execute `roles_sql` in one transaction. Raises `DatabaseUnavailable` if this role must not, or PostgreSQL refuses."""
    statements = roles_sql(roles, database, schemas)

    async def apply() -> None:
        async with connection.transaction():
            await connection.execute(lock_timeout_sql())
            await connection.execute(statements)

    try:
        await retry_locked(apply)
    except asyncpg.InvalidSchemaNameError as error:
        raise DatabaseUnavailable(
            f"the database lacks a schema of SCHEMAS ({first_line(error)}): correct SCHEMAS, or restore the schema"
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnavailable(
            f"this role cannot make roles ({first_line(error)}): use a superuser, or the owner of the database with CREATEROLE"
        ) from error
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailable(f"the roles are not made: {first_line(error)}") from error


async def check_server_role(connection: asyncpg.Connection, *, allow_owner: bool) -> None:
    """Raises `DatabaseUnavailable` if the role of this session can change events, and that is not allowed."""
    if allow_owner:
        return
    record = await connection.fetchrow(_SELECT_ROLE)
    assert record is not None, "a session has a role, and a migrated database has es.events"
    role, is_superuser, is_owner = record
    if is_superuser or is_owner:
        kind = "a superuser" if is_superuser else "an owner of es.events"
        raise DatabaseUnavailable(
            f"the database role {role} is {kind}, so a server with it could change events. Make roles with"
            " python -m app roles, and name the app role in DATABASE_URL. Or set APP_ALLOW_DATABASE_OWNER=true"
        )


def url_of_role(url: str, role: str) -> str:
    """The same database with another user and without a password, to show to a person."""
    parsed = DatabaseUrl.parse(url)
    return DatabaseUrl(parsed.hosts, role, None, parsed.database, parsed.params).of_database(
        parsed.database or ""
    )


_SELECT_ROLE = """
    SELECT current_user::text, r.rolsuper, pg_has_role(current_user, c.relowner, 'USAGE')
    FROM pg_roles r, pg_class c WHERE r.rolname = current_user AND c.oid = 'es.events'::regclass
"""
