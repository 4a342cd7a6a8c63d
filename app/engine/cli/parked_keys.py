"""The commands `projections parked`, `retry`, `skip` and `unskip`: keys that a projection has parked."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from app.engine.cli.output import print_table
from app.engine.cli.session import (
    Session,
    application_of,
    async_command,
    clean_option,
    open_session,
    print_line,
    user_name,
)
from app.engine.database.connections import Database
from app.engine.projector.parking import admin
from app.engine.projector.parking.admin import (
    ParkedKey,
    RetryResult,
    list_parked_keys,
    parse_key,
    request_retry,
    wait_for_retry,
)
from app.engine.projector.parking.retry import ProgressCallback, no_progress
from app.engine.projector.rebuild.operation import OperationRefused, RefusalReason, find_projection
from app.engine.read_models.queries import Range
from projections.kernel import AnyProjection

commands = typer.Typer(help="Keys that a projection has parked.")

PAGE_SIZE = 500

Name = Annotated[str, typer.Argument(help="Name of the projection.")]
ListedKey = Annotated[str, typer.Argument(help="The key, as `projections parked` lists it.")]
WaitSeconds = Annotated[
    float, typer.Option(help="Seconds to wait for the process that owns the projection.", min=0)
]


@commands.command()
@async_command
async def parked(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Name of a projection; all if omitted.")] = None,
    key: Annotated[str | None, typer.Argument(help="Show this key with its traceback.")] = None,
) -> None:
    """List parked keys: each failed on an event, and later events for it wait."""
    known = application_of(context).projections
    projections = known if name is None else [find_projection(known, name)]
    selected = None if key is None else parse_key(projections[0], key)
    async with open_session(context) as session:
        entries = [
            (projection, parked_key)
            for projection in projections
            for parked_key in await _all_parked_keys(session.database, projection)
            if selected in (None, parked_key.key)
        ]
    if selected is not None:
        if not entries:
            raise OperationRefused(
                f"{projections[0].name}: {selected} is not parked", RefusalReason.NOT_PARKED
            )
        print_line(entries[0][1].traceback.rstrip() or entries[0][1].error, keep_lines=True)
        return
    rows = [
        (
            projection.name,
            str(parked_key.position),
            f"{parked_key.parked_at:%Y-%m-%d %H:%M:%S}",
            str(parked_key.failed_retries),
            parked_key.key,
            parked_key.error[:100],
        )
        for projection, parked_key in entries
    ]
    if rows:
        print_table(("projection", "position", "since", "retries", "key", "error"), rows, right=range(1, 4))
    else:
        print_line("no parked keys")


@commands.command()
@async_command
async def retry(
    context: typer.Context,
    name: Name,
    key: Annotated[
        str | None, typer.Argument(help="The key, as `projections parked` lists it; all if omitted.")
    ] = None,
    wait: WaitSeconds = 600,
) -> None:
    """Fold parked keys again from their events; exit code 1 if any key stays parked."""
    projection = find_projection(application_of(context).projections, name)
    selected = None if key is None else parse_key(projection, key)
    async with open_session(context, writes=True) as session:
        requested_at, count = await request_retry(session.database, projection, selected)
        result = await _wait_for_result(session, projection, requested_at, count, selected, wait)
    _print_result(result, name)


@commands.command()
@async_command
async def skip(
    context: typer.Context,
    name: Name,
    key: ListedKey,
    position: Annotated[int, typer.Option(help="Position of the event that parked the key.", min=1)],
    reason: Annotated[str, typer.Option(help="The reason; it is recorded.")] = "",
    actor: Annotated[
        str | None, typer.Option(help="Who decides it; the user of this machine if omitted.")
    ] = None,
    wait: WaitSeconds = 600,
) -> None:
    """Skip an event for one key, and fold the key again without it; `unskip` reverts it."""
    projection = find_projection(application_of(context).projections, name)
    selected = parse_key(projection, key)
    async with open_session(context, writes=True) as session:
        actor = clean_option("--actor", user_name() if actor is None else actor, 100)
        requested_at = await admin.skip(session.database, projection, selected, position, reason, actor)
        result = await _wait_for_result(session, projection, requested_at, 1, selected, wait)
    _print_result(result, name)


@commands.command()
@async_command
async def unskip(
    context: typer.Context,
    name: Name,
    key: ListedKey,
    position: Annotated[int, typer.Option(help="Position of the skipped event.", min=1)],
    wait: WaitSeconds = 600,
) -> None:
    """Revert `skip`: fold the key again with the event."""
    projection = find_projection(application_of(context).projections, name)
    selected = parse_key(projection, key)
    async with open_session(context, writes=True) as session:
        requested_at = await admin.unskip(session.database, projection, selected, position)
        result = await _wait_for_result(session, projection, requested_at, 1, selected, wait)
    _print_result(result, name)


async def _all_parked_keys(database: Database, projection: AnyProjection) -> list[ParkedKey]:
    keys: list[ParkedKey] = []
    after = None
    while page := await list_parked_keys(database, projection, Range(PAGE_SIZE, after)):
        keys += page
        after = (page[-1].position, page[-1].key)
    return keys


async def _wait_for_result(
    session: Session,
    projection: AnyProjection,
    requested_at: datetime,
    count: int,
    key: str | None,
    wait: float,
) -> RetryResult:
    if not count:
        return RetryResult(0, 0, 0)
    with _retry_progress(projection.name) as on_progress:
        return await wait_for_retry(
            session.database,
            projection,
            requested_at,
            count,
            wait,
            key=key,
            reader=session.reader,
            on_progress=on_progress,
        )


@contextmanager
def _retry_progress(name: str) -> Generator[ProgressCallback]:
    """Show in a terminal the position of the retry, or that another process owns the projection."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield no_progress
        return
    with console.status(f"{name}: waiting for the process that owns it") as status:
        yield lambda position, target: status.update(f"{name}: folding, position {position} of {target}")


def _print_result(result: RetryResult, name: str) -> None:
    if result == RetryResult(0, 0, 0):
        print_line(f"{name}: no parked keys")
        return
    parts = {
        "recovered": result.recovered,
        "still parked": result.parked,
        "pending: the owning process retries them": result.waiting,
    }
    print_line(f"{name}: " + ", ".join(f"{count} {outcome}" for outcome, count in parts.items() if count))
    if result.parked or result.waiting:
        raise typer.Exit(1)
