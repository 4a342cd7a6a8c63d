"""What an operator does at the terminal: projections rebuilt, compared, swapped, rolled back and dropped."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from app import parking, shown
from app.database import Database, open_database
from app.projector import drop as dropping
from app.projector import rebuild as rebuilding
from app.projector import swap
from app.projector.asof import rebuild_as_of
from app.projector.operation import named, working
from app.projector.slots import FORMER, LIVE, STAGING
from app.projector.status import tables
from app.projector.verify import verify as compared
from app.settings import Mistake, Settings
from app.store.codec import Codec, registered
from projections import PROJECTIONS
from projections.kernel import AnyProjection

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Rebuild projections beside the live ones, verify, promote, roll back.",
)
commands.add_typer(parking.commands)

Name = Annotated[str, typer.Argument(help="Which projection.")]


@commands.command()
def status() -> None:
    """List every table of every projection."""

    async def run() -> None:
        async with _desk() as desk:
            shown.tables(await tables(desk.database, PROJECTIONS))

    _run(run())


@commands.command()
def rebuild(
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
        raise Mistake("--as-of and --into go together: which moment, and into which table")
    chosen = list(PROJECTIONS) if everything else _chosen(names or ())
    if not chosen:
        raise Mistake("there are no projections")
    if as_of is not None and (len(chosen) != 1 or stage):
        raise Mistake("--as-of takes one projection, and stages nothing")

    async def run() -> None:
        async with _desk() as desk:
            with shown.bars() as told:
                rebuilt = await rebuilding.rebuild(desk.database, desk.codec, chosen, stage=stage, told=told)
            for each in rebuilt:
                shown.comparison(each.comparison)
                if each.swapped is not None:
                    shown.swapped(
                        f"{each.comparison.projection} v{each.comparison.version}: promoted", each.swapped
                    )
            _agree(all(each.comparison.equal for each in rebuilt))

    async def run_as_of(moment: int | datetime, table: str) -> None:
        async with _desk() as desk:
            with shown.bars() as told:
                position = await rebuild_as_of(desk.database, desk.codec, chosen[0], moment, table, told=told)
            print(f"read.{table}: {chosen[0].name} as of position {position}")

    _run(run() if as_of is None or into is None else run_as_of(_moment(as_of), into))


@commands.command()
def verify(name: Name) -> None:
    """Compare the staging table with the live one, row by row at the same position."""
    [projection] = _chosen([name])

    async def run() -> None:
        async with _desk() as desk:
            with shown.bars() as told:
                async with working(desk.database, desk.codec, [projection], told=told) as work:
                    comparison = await compared(work, projection)
            shown.comparison(comparison)
            _agree(comparison.equal)

    _run(run())


@commands.command()
def promote(
    name: Name,
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Also where verify has found some.")
    ] = False,
) -> None:
    """Make the verified staging table the live one; the live one is kept as the former."""
    [projection] = _chosen([name])

    async def run() -> None:
        async with _desk() as desk:
            with shown.bars() as told:
                async with working(desk.database, desk.codec, [projection], told=told) as work:
                    swapped = await swap.promote(work, projection, accept_differences=accept_differences)
            shown.swapped(f"{name} v{projection.version}: promoted", swapped)

    _run(run())


@commands.command()
def rollback(name: Name) -> None:
    """Make the former table the live one again, and the live one the former."""
    [projection] = _chosen([name])

    async def run() -> None:
        async with _desk() as desk:
            with shown.bars() as told:
                async with working(desk.database, desk.codec, [projection], told=told) as work:
                    swapped = await swap.rollback(work, projection)
            shown.swapped(f"{name} v{projection.version}: rolled back", swapped)

    _run(run())


@commands.command()
def drop(
    name: Annotated[
        str, typer.Argument(help="Which projection, also one that is no more; or a table made with --into.")
    ],
    version: Annotated[int | None, typer.Option(help="All tables of another version.")] = None,
    slot: Annotated[str | None, typer.Option(help="Only the staging or the former table.")] = None,
) -> None:
    """Drop what stands beside the live table, an older version, or a table apart."""
    if slot not in (None, LIVE, STAGING, FORMER):
        raise Mistake(f"there is no slot {slot}; there are {STAGING} and {FORMER}")

    async def run() -> None:
        async with _desk() as desk:
            current = {each.name: each.version for each in PROJECTIONS}
            for table in await dropping.drop(desk.database, current, name, version=version, slot=slot):
                print(f"dropped {table}")

    _run(run())


@dataclass(frozen=True)
class _Desk:
    """The open database, and what reads its log."""

    database: Database
    codec: Codec


@asynccontextmanager
async def _desk() -> AsyncGenerator[_Desk]:
    async with open_database(Settings.read()) as database:
        await database.check_migrated()
        yield _Desk(database, registered())


def _chosen(names: Sequence[str]) -> Sequence[AnyProjection]:
    if not names:
        raise Mistake(
            f"name a projection, or --all; there are {', '.join(each.name for each in PROJECTIONS) or 'none'}"
        )
    return [named(PROJECTIONS, name) for name in dict.fromkeys(names)]


def _moment(given: str) -> int | datetime:
    if given.isdecimal():
        return int(given)
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise Mistake(f"{given!r} is neither a position nor a moment like 2026-01-05T12:00Z") from None


def _run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(work)


def _agree(equal: bool) -> None:
    """Exit code 1 where tables differ: that is an answer, not a mistake."""
    if not equal:
        raise typer.Exit(1)
