"""The command `roles`: prints or makes the roles of the database."""

from typing import Annotated

import typer

from app.engine.cli.session import application_of, async_command, print_line, settings_of


@async_command
async def roles(
    context: typer.Context,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make the roles instead of printing the SQL.")
    ] = False,
    prefix: Annotated[
        str | None,
        typer.Option(help="First part of the names of the roles; the name of the database if omitted."),
    ] = None,
) -> None:
    """Print the SQL of three database roles: an owner that migrates, an app that only appends, a reader."""
    settings = settings_of(context)
    from app.engine.database.connections import open_database
    from app.engine.database.roles import Roles, apply_roles, roles_sql, url_of_role
    from app.engine.database.sessions import SessionKind

    async with open_database(settings) as database:
        await database.check_migrated()
        async with database.connection(SessionKind.TASK, "roles") as connection:
            name = str(await connection.fetchval("SELECT current_database()"))
            names = Roles.named(name if prefix is None else prefix)
            schemas = application_of(context).schemas
            if not apply:
                print_line(roles_sql(names, name, schemas).rstrip(), keep_lines=True)
                return
            await apply_roles(connection, names, name, schemas)
        print_line(f"{names.owner}: migrations. It owns the log.")
        print_line(f"{names.app}: servers. It appends events, and cannot change them.")
        print_line(f"{names.reader}: reports. It reads schema read.")
        print_line("Give each a password: ALTER ROLE … PASSWORD '…'. Then set, with it:")
        print_line(f"DATABASE_URL={url_of_role(database.url, names.app)}")
