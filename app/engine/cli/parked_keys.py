"""What an operator does at the terminal about keys that a projection has put aside."""

import asyncio
import getpass
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from app.engine.cli import output as shown
from app.engine.cli.session import Session, application_of, open_session
from app.engine.database.connections import Database
from app.engine.projector.parking import admin as parking
from app.engine.projector.parking.admin import (
    ParkedKey,
    RetryResult,
    parked_keys,
    parse_key,
    request_retry,
    wait_for_retry,
)
from app.engine.projector.parking.retry import ProgressCallback, no_progress
from app.engine.projector.rebuild.operation import OperationRefused, RefusalReason, find_projection
from projections.kernel import AnyProjection

commands = typer.Typer(help="Keys that a projection has put aside.")

PAGE_SIZE = 500

Name = Annotated[str, typer.Argument(help="Which projection.")]
WaitSeconds = Annotated[
    float, typer.Option(help="Seconds to wait for the process that owns the projection.", min=0)
]


@commands.command()
def parked(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Which projection; all if left out.")] = None,
    key: Annotated[str | None, typer.Argument(help="Show this key with its traceback.")] = None,
) -> None:
    """List the keys that wait, each since a fact that raised."""
    chosen = (
        application_of(context).projections
        if name is None
        else [find_projection(application_of(context).projections, name)]
    )

    async def run() -> None:
        async with open_session(context) as session:
            database = session.database
            wanted = None if key is None else parse_key(chosen[0], key)
            found = [
                (projection, parked_key)
                for projection in chosen
                for parked_key in await _all_parked_keys(database, projection)
                if wanted in (None, parked_key.key)
            ]
        if wanted is not None:
            if not found:
                raise OperationRefused(f"{chosen[0].name}: {wanted} is not parked", RefusalReason.NOT_PARKED)
            print(_printable(found[0][1].traceback.rstrip() or found[0][1].error))
            return
        rows = [
            (
                projection.name,
                str(each.position),
                f"{each.parked_at:%Y-%m-%d %H:%M:%S}",
                str(each.failed_retries),
                each.key,
                _printable(each.error).partition("\n")[0][:100],
            )
            for projection, each in found
        ]
        if rows:
            shown.print_table(
                ("projection", "position", "since", "retries", "key", "error"), rows, right=range(1, 4)
            )
        else:
            print("nothing is parked")

    asyncio.run(run())


@commands.command()
def retry(
    context: typer.Context,
    name: Name,
    key: Annotated[str | None, typer.Argument(help="Which key, as it is listed; all if left out.")] = None,
    wait: WaitSeconds = 600,
) -> None:
    """Fold parked keys again from their facts; exit code 1 where any stays parked."""
    projection = find_projection(application_of(context).projections, name)

    async def run() -> RetryResult:
        async with open_session(context) as session:
            database = session.database
            given = None if key is None else parse_key(projection, key)
            asked, concerned = await request_retry(database, projection, given)
            return await _wait_for_result(session, projection, asked, concerned, given, wait)

    _print_result(asyncio.run(run()), name)


@commands.command(name="skip")
def skip(
    context: typer.Context,
    name: Name,
    key: Annotated[str, typer.Argument(help="Which key, as it is listed.")],
    position: Annotated[int, typer.Option(help="The fact to leave out: the one that parked the key.", min=1)],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")] = "",
    actor: Annotated[
        str | None, typer.Option(help="Who says so; the user of this machine if left out.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Count the fact again.")] = False,
    wait: WaitSeconds = 600,
) -> None:
    """Leave a fact out for a key, for good, and fold the key again without it."""
    projection = find_projection(application_of(context).projections, name)

    async def run() -> RetryResult:
        async with open_session(context) as session:
            database = session.database
            given = parse_key(projection, key)
            if undo:
                asked = await parking.unskip(database, projection, given, position)
            else:
                asked = await parking.skip(
                    database, projection, given, position, reason, actor or getpass.getuser()
                )
            return await _wait_for_result(session, projection, asked, 1, given, wait)

    _print_result(asyncio.run(run()), name)


async def _all_parked_keys(database: Database, projection: AnyProjection) -> list[ParkedKey]:
    found: list[ParkedKey] = []
    after = None
    while page := await parked_keys(database, projection, first=PAGE_SIZE, after=after):
        found += page
        after = (page[-1].position, page[-1].key)
    return found


async def _wait_for_result(
    session: Session,
    projection: AnyProjection,
    asked: datetime,
    concerned: int,
    key: str | None,
    wait: float,
) -> RetryResult:
    if not concerned:
        return RetryResult(0, 0, 0)
    with _retry_progress(projection.name) as told:
        return await wait_for_retry(
            session.database,
            projection,
            asked,
            concerned,
            wait,
            key=key,
            reader=session.reader,
            on_progress=told,
        )


@contextmanager
def _retry_progress(name: str) -> Generator[ProgressCallback]:
    """Show in a terminal how far this process is, or that it waits for another one."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield no_progress
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


def _print_result(answer: RetryResult, name: str) -> None:
    if answer == RetryResult(0, 0, 0):
        print(f"{name}: nothing is parked")
        return
    parts = {
        "level": answer.recovered,
        "still parked": answer.parked,
        "not yet tried: its owner will do it": answer.waiting,
    }
    print(f"{name}: " + ", ".join(f"{count} {what}" for what, count in parts.items() if count))
    if answer.parked or answer.waiting:
        raise typer.Exit(1)
