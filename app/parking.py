"""What an operator does at the terminal about keys that a projection has put aside."""

import asyncio
import getpass
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from app import shown
from app.database import Database, open_database
from app.projector import parked as parking
from app.projector.operation import NotPossible, Why, named
from app.projector.parked import Answer, ParkedKey, answered, ask, key_given, parked_keys
from app.projector.retry import Told, silent
from app.settings import Settings
from app.store.codec import registered
from app.store.read import Reader
from projections import PROJECTIONS
from projections.kernel import AnyProjection

commands = typer.Typer(help="Keys that a projection has put aside.")

PAGE = 500

Name = Annotated[str, typer.Argument(help="Which projection.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for the process that owns the projection.", min=0)]


@commands.command()
def parked(
    name: Annotated[str | None, typer.Argument(help="Which projection; all if left out.")] = None,
    key: Annotated[str | None, typer.Argument(help="Show this key with its traceback.")] = None,
) -> None:
    """List the keys that wait, each since a fact that raised."""
    chosen = PROJECTIONS if name is None else [named(PROJECTIONS, name)]

    async def run() -> None:
        async with open_database(Settings.read()) as database:
            await database.check_migrated()
            wanted = None if key is None else key_given(chosen[0], key)
            found = [
                (projection, each)
                for projection in chosen
                for each in await _all(database, projection)
                if wanted in (None, each.key)
            ]
        if wanted is not None:
            if not found:
                raise NotPossible(f"{chosen[0].name}: {wanted} is not parked", Why.NOT_PARKED)
            print(_printable(found[0][1].traceback.rstrip() or found[0][1].error))
            return
        rows = [
            (
                projection.name,
                str(each.position),
                f"{each.parked_at:%Y-%m-%d %H:%M:%S}",
                str(each.tries),
                each.key,
                _printable(each.error).partition("\n")[0][:100],
            )
            for projection, each in found
        ]
        if rows:
            shown.columns(
                ("projection", "position", "since", "retries", "key", "error"), rows, right=range(1, 4)
            )
        else:
            print("nothing is parked")

    asyncio.run(run())


@commands.command()
def retry(
    name: Name,
    key: Annotated[str | None, typer.Argument(help="Which key, as it is listed; all if left out.")] = None,
    wait: Wait = 600,
) -> None:
    """Fold parked keys again from their facts; exit code 1 where any stays parked."""
    projection = named(PROJECTIONS, name)

    async def run() -> Answer:
        async with open_database(Settings.read()) as database:
            await database.check_migrated()
            given = None if key is None else key_given(projection, key)
            asked, concerned = await ask(database, projection, given)
            return await _answer(database, projection, asked, concerned, given, wait)

    _tell(asyncio.run(run()), name)


@commands.command(name="skip")
def leave_out(
    name: Name,
    key: Annotated[str, typer.Argument(help="Which key, as it is listed.")],
    position: Annotated[int, typer.Option(help="The fact to leave out: the one that parked the key.", min=1)],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")] = "",
    actor: Annotated[
        str | None, typer.Option(help="Who says so; the user of this machine if left out.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Count the fact again.")] = False,
    wait: Wait = 600,
) -> None:
    """Leave a fact out for a key, for good, and fold the key again without it."""
    projection = named(PROJECTIONS, name)

    async def run() -> Answer:
        async with open_database(Settings.read()) as database:
            await database.check_migrated()
            given = key_given(projection, key)
            if undo:
                asked = await parking.unskip(database, projection, given, position)
            else:
                asked = await parking.skip(
                    database, projection, given, position, reason, actor or getpass.getuser()
                )
            return await _answer(database, projection, asked, 1, given, wait)

    _tell(asyncio.run(run()), name)


async def _all(database: Database, projection: AnyProjection) -> list[ParkedKey]:
    found: list[ParkedKey] = []
    after = None
    while page := await parked_keys(database, projection, first=PAGE, after=after):
        found += page
        after = (page[-1].position, page[-1].key)
    return found


async def _answer(
    database: Database,
    projection: AnyProjection,
    asked: datetime,
    concerned: int,
    key: str | None,
    wait: float,
) -> Answer:
    if not concerned:
        return Answer(0, 0, 0)
    with _folding(projection.name) as told:
        return await answered(
            database,
            projection,
            asked,
            concerned,
            wait,
            key=key,
            reader=Reader(database.pool, registered()),
            told=told,
        )


@contextmanager
def _folding(name: str) -> Generator[Told]:
    """Show in a terminal how far this process is, or that it waits for another one."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    with console.status(f"{name}: waiting for the process that owns it") as status:
        yield lambda position, target: status.update(
            f"{name}: folding again, position {position} of {target}"
        )


def _printable(said: str) -> str:
    """What was raised may hold whatever clients have sent."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}"
        for character in said
    )


def _tell(answer: Answer, name: str) -> None:
    if answer == Answer(0, 0, 0):
        print(f"{name}: nothing is parked")
        return
    parts = {
        "level": answer.level,
        "still parked": answer.parked,
        "not yet tried: its owner will do it": answer.waiting,
    }
    print(f"{name}: " + ", ".join(f"{count} {what}" for what, count in parts.items() if count))
    if answer.parked or answer.waiting:
        raise typer.Exit(1)
