"""What an operator does at the terminal: projections rebuilt, compared, swapped, rolled back and dropped."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Annotated

import typer

from app.engine.cli import output as shown
from app.engine.cli import parked_keys as parking
from app.engine.cli.session import application_of, open_session
from app.engine.errors import UserError
from app.engine.projector.rebuild import drop as dropping
from app.engine.projector.rebuild import rebuild as rebuilding
from app.engine.projector.rebuild import swap
from app.engine.projector.rebuild.compare import verify as compared
from app.engine.projector.rebuild.operation import find_projection, start_operation
from app.engine.projector.rebuild.point_in_time import rebuild_as_of
from app.engine.projector.slots import FORMER, LIVE, STAGING
from app.engine.projector.status import table_statuses
from projections.kernel import AnyProjection

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Rebuild projections beside the live ones, verify, promote, roll back.",
)
commands.add_typer(parking.commands)

Name = Annotated[str, typer.Argument(help="Which projection.")]


@commands.command()
def status(context: typer.Context) -> None:
    """List every table of every projection."""

    async def run() -> None:
        async with open_session(context) as session:
            shown.print_tables(await table_statuses(session.database, application_of(context).projections))

    _run(run())


@commands.command()
def rebuild(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Which projections.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All projections, in one pass over the log.")
    ] = False,
    stage: Annotated[bool, typer.Option("--stage", help="Build and verify, promote nothing.")] = False,
    as_of: Annotated[
        str | None, typer.Option(help="Up to a position, or a moment as 2026-01-05T12:00Z; needs --into.")
    ] = None,
    into: Annotated[
        str | None, typer.Option(help="Into a table of its own, read.NAME; needs --as-of.")
    ] = None,
) -> None:
    """Build tables anew beside the live ones; promote those that are equal."""
    if (as_of is None) != (into is None):
        raise UserError("--as-of and --into go together: which moment, and into which table")
    chosen = list(application_of(context).projections) if everything else _selected(context, names or ())
    if not chosen:
        raise UserError("there are no projections")
    if as_of is not None and (len(chosen) != 1 or stage):
        raise UserError("--as-of takes one projection, and stages nothing")

    async def run() -> None:
        async with open_session(context) as session:
            with shown.progress_bars() as told:
                rebuilt = await rebuilding.rebuild(
                    session.database, session.codec, chosen, stage=stage, on_progress=told
                )
            for result in rebuilt:
                shown.print_comparison(result.comparison)
                if result.swapped is not None:
                    shown.print_swap(
                        f"{result.comparison.projection} v{result.comparison.version}: promoted",
                        result.swapped,
                    )
            _exit_1_if_different(all(result.comparison.equal for result in rebuilt))

    async def run_as_of(moment: int | datetime, table: str) -> None:
        async with open_session(context) as session:
            with shown.progress_bars() as told:
                position = await rebuild_as_of(
                    session.database, session.codec, chosen[0], moment, table, on_progress=told
                )
            print(f"read.{table}: {chosen[0].name} as of position {position}")

    _run(run() if as_of is None or into is None else run_as_of(_parse_position_or_time(as_of), into))


@commands.command()
def verify(context: typer.Context, name: Name) -> None:
    """Compare the staging table with the live one, row by row at the same position."""
    [projection] = _selected(context, [name])

    async def run() -> None:
        async with open_session(context) as session:
            with shown.progress_bars() as told:
                async with start_operation(
                    session.database, session.codec, [projection], on_progress=told
                ) as work:
                    comparison = await compared(work, projection)
            shown.print_comparison(comparison)
            _exit_1_if_different(comparison.equal)

    _run(run())


@commands.command()
def promote(
    context: typer.Context,
    name: Name,
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Also where verify has found some.")
    ] = False,
) -> None:
    """Make the verified staging table the live one; the live one is kept as the former."""
    [projection] = _selected(context, [name])

    async def run() -> None:
        async with open_session(context) as session:
            with shown.progress_bars() as told:
                async with start_operation(
                    session.database, session.codec, [projection], on_progress=told
                ) as work:
                    swapped = await swap.promote(work, projection, accept_differences=accept_differences)
            shown.print_swap(f"{name} v{projection.version}: promoted", swapped)

    _run(run())


@commands.command()
def rollback(context: typer.Context, name: Name) -> None:
    """Make the former table the live one again, and the live one the former."""
    [projection] = _selected(context, [name])

    async def run() -> None:
        async with open_session(context) as session:
            with shown.progress_bars() as told:
                async with start_operation(
                    session.database, session.codec, [projection], on_progress=told
                ) as work:
                    swapped = await swap.rollback(work, projection)
            shown.print_swap(f"{name} v{projection.version}: rolled back", swapped)

    _run(run())


@commands.command()
def drop(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="Which projection, also one that is no more; or a table made with --into.")
    ],
    version: Annotated[int | None, typer.Option(help="All tables of another version.")] = None,
    slot: Annotated[str | None, typer.Option(help="Only the staging or the former table.")] = None,
) -> None:
    """Drop what stands beside the live table, an older version, or a table apart."""
    if slot not in (None, LIVE, STAGING, FORMER):
        raise UserError(f"there is no slot {slot}; there are {STAGING} and {FORMER}")

    async def run() -> None:
        async with open_session(context) as session:
            current = {
                projection.name: projection.version for projection in application_of(context).projections
            }
            for table in await dropping.drop(session.database, current, name, version=version, slot=slot):
                print(f"dropped {table}")

    _run(run())


def _selected(context: typer.Context, names: Sequence[str]) -> Sequence[AnyProjection]:
    if not names:
        raise UserError(
            f"name a projection, or --all; there are {', '.join(projection.name for projection in application_of(context).projections) or 'none'}"
        )
    return [find_projection(application_of(context).projections, name) for name in dict.fromkeys(names)]


def _parse_position_or_time(given: str) -> int | datetime:
    if given.isdecimal():
        return int(given)
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise UserError(f"{given!r} is neither a position nor a moment like 2026-01-05T12:00Z") from None


def _run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(work)


def _exit_1_if_different(equal: bool) -> None:
    """Exit code 1 where tables differ: that is an answer, not a mistake."""
    if not equal:
        raise typer.Exit(1)
