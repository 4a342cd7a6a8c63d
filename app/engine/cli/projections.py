"""The commands `projections`: status, lag, rebuild, verify, promote, rollback and drop."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

import typer

from app.engine.cli import parked_keys
from app.engine.cli.output import (
    print_comparison,
    print_swap,
    print_table,
    print_table_statuses,
    rebuild_progress,
)
from app.engine.cli.session import application_of, async_command, check_time, open_session, print_line
from app.engine.errors import UserError
from app.engine.projector.rebuild import drop as drop_tables
from app.engine.projector.rebuild import rebuild as rebuild_tables
from app.engine.projector.rebuild import swap
from app.engine.projector.rebuild.compare import verify as compare_tables
from app.engine.projector.rebuild.operation import Operation, find_projection, start_operation
from app.engine.projector.rebuild.point_in_time import rebuild_as_of
from app.engine.projector.slots import FORMER, LIVE, STAGING
from app.engine.projector.status import ProjectionStatus, projection_statuses, table_statuses
from projections.kernel import AnyProjection

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="List projections; rebuild, verify, promote and roll back their tables; repair parked keys.",
)
commands.add_typer(parked_keys.commands)

Name = Annotated[str, typer.Argument(help="Name of the projection.")]


@commands.command()
@async_command
async def status(context: typer.Context) -> None:
    """List every table of every projection."""
    async with open_session(context) as session:
        statuses = await table_statuses(session.database, session.application.projections)
    print_table_statuses(statuses)


@commands.command()
@async_command
async def lag(context: typer.Context) -> None:
    """Show the position and the lag of each projection."""
    async with open_session(context) as session:
        statuses = await projection_statuses(session.database, session.application.projections)
    header = ("projection", "version", "position", "lag", "lag (s)", "last change", "parked", "owner")
    highlighted = [bool(status.lag or status.parked) for status in statuses]
    print_table(header, [_lag_row(status) for status in statuses], right=range(1, 7), highlighted=highlighted)
    unreadable = {name: count for status in statuses for name, count in status.unreadable.items()}
    for name, count in sorted(unreadable.items()):
        print_line(
            f"{name}: this code cannot read it; {count.count} events ignored, the first at position {count.first}, the last at {count.last}"
        )


def _lag_row(status: ProjectionStatus) -> tuple[str, ...]:
    return (
        status.projection,
        str(status.version),
        str(status.position),
        str(status.lag),
        f"{status.seconds:.1f}",
        "never" if status.seconds_since_moved is None else f"{status.seconds_since_moved:.1f} s ago",
        str(status.parked),
        status.owner or "none",
    )


@commands.command()
@async_command
async def rebuild(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Names of projections.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All projections, in one pass over the log.")
    ] = False,
    no_promote: Annotated[
        bool, typer.Option("--no-promote", help="Build and verify the staging tables only.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(help="Up to a position or a time like 2026-01-05T12:00Z; needs --into.")
    ] = None,
    into: Annotated[str | None, typer.Option(help="Into the table read.NAME; needs --as-of.")] = None,
) -> None:
    """Rebuild staging tables, compare them with the live tables, and promote those that match."""
    if (as_of is None) != (into is None):
        raise UserError("--as-of and --into must be given together")
    projections = list(application_of(context).projections) if everything else _selected(context, names or ())
    if not projections:
        raise UserError("there are no projections")
    if as_of is not None and (len(projections) != 1 or no_promote):
        raise UserError("--as-of takes one projection, and excludes --no-promote")
    if as_of is not None and into is not None:
        await _rebuild_as_of(context, projections[0], _parse_position_or_time(as_of), into)
    else:
        await _rebuild(context, projections, no_promote)


async def _rebuild(context: typer.Context, projections: Sequence[AnyProjection], no_promote: bool) -> None:
    async with open_session(context, writes=True) as session:
        with rebuild_progress() as on_progress:
            results = await rebuild_tables.rebuild(
                session.database, session.codec, projections, stage=no_promote, on_progress=on_progress
            )
    for result in results:
        comparison = result.comparison
        print_comparison(comparison)
        if result.swapped is not None:
            print_swap(f"{comparison.projection} v{comparison.version}: promoted", result.swapped)
    _exit_1_if_different(all(result.comparison.equal for result in results))


async def _rebuild_as_of(
    context: typer.Context, projection: AnyProjection, point: int | datetime, table: str
) -> None:
    async with open_session(context, writes=True) as session:
        with rebuild_progress() as on_progress:
            position = await rebuild_as_of(
                session.database, session.codec, projection, point, table, on_progress=on_progress
            )
    print_line(f"read.{table}: {projection.name} as of position {position}")


@commands.command()
@async_command
async def verify(context: typer.Context, name: Name) -> None:
    """Compare the staging table with the live table, row by row, at the same position."""
    async with _operation(context, name) as (operation, projection):
        comparison = await compare_tables(operation, projection)
    print_comparison(comparison)
    _exit_1_if_different(comparison.equal)


@commands.command()
@async_command
async def promote(
    context: typer.Context,
    name: Name,
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Promote even if the tables differ.")
    ] = False,
) -> None:
    """Make the verified staging table the live table; keep the old live table as the former table."""
    async with _operation(context, name) as (operation, projection):
        swapped = await swap.promote(operation, projection, accept_differences=accept_differences)
    print_swap(f"{name} v{projection.version}: promoted", swapped)


@commands.command()
@async_command
async def rollback(context: typer.Context, name: Name) -> None:
    """Make the former table the live table again, and the live table the former table."""
    async with _operation(context, name) as (operation, projection):
        swapped = await swap.rollback(operation, projection)
    print_swap(f"{name} v{projection.version}: rolled back", swapped)


@commands.command()
@async_command
async def drop(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="Name of a projection, also a removed one, or of a table made with --into.")
    ],
    version: Annotated[int | None, typer.Option(help="All tables of another version.")] = None,
    slot: Annotated[str | None, typer.Option(help="Only the staging or the former table.")] = None,
) -> None:
    """Drop the staging and former tables, an older version, or a point-in-time table."""
    if slot not in (None, LIVE, STAGING, FORMER):
        raise UserError(f"there is no slot {slot}; there are {STAGING} and {FORMER}")
    current = {projection.name: projection.version for projection in application_of(context).projections}
    async with open_session(context, writes=True) as session:
        tables = await drop_tables.drop(session.database, current, name, version=version, slot=slot)
    for table in tables:
        print_line(f"dropped {table}")


@asynccontextmanager
async def _operation(context: typer.Context, name: str) -> AsyncGenerator[tuple[Operation, AnyProjection]]:
    """An operation on the projection of this name. A terminal shows its progress."""
    [projection] = _selected(context, [name])
    async with open_session(context, writes=True) as session:
        with rebuild_progress() as on_progress:
            async with start_operation(
                session.database, session.codec, [projection], on_progress=on_progress
            ) as operation:
                yield operation, projection


def _selected(context: typer.Context, names: Sequence[str]) -> Sequence[AnyProjection]:
    projections = application_of(context).projections
    if not names:
        known = ", ".join(projection.name for projection in projections) or "none"
        raise UserError(f"name a projection, or give --all; there are {known}")
    return [find_projection(projections, name) for name in dict.fromkeys(names)]


def _parse_position_or_time(text: str) -> int | datetime:
    try:
        return int(text) if text.isdecimal() else check_time("--as-of", datetime.fromisoformat(text))
    except ValueError:
        raise UserError(f"{text!r} is neither a position nor a time like 2026-01-05T12:00Z") from None


def _exit_1_if_different(equal: bool) -> None:
    """Exit code 1 says that tables differ. It is a result, not an error."""
    if not equal:
        raise typer.Exit(1)
