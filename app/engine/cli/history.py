"""The command `history`: one aggregate's events, its state at a point in time, or the blame of its fields."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console

from app.engine.cli.output import markup, print_table
from app.engine.cli.session import application_of, async_command, check_time, open_session
from app.engine.errors import UserError
from app.engine.history.aggregate_history import (
    NOW,
    AggregateHistory,
    HistoryEntry,
    InvalidPointInTime,
    PointInTime,
)
from app.engine.history.diff import to_document
from app.engine.store.event_filter import stored_name
from app.engine.store.load import UnreadableStream
from domain.kernel.decider import AnyDecider

PAGE_SIZE = 100
_SIGNS = {"add": ("+", "green"), "remove": ("-", "red"), "replace": ("~", "yellow")}

type Print = Callable[[str], None]


@async_command
async def history(
    context: typer.Context,
    stream: Annotated[str, typer.Argument(help="Category of the stream.")],
    id: Annotated[str, typer.Argument(help="Id of the stream, or the name that the id is derived from.")],
    version: Annotated[int | None, typer.Option(help="Show the state after this version instead.")] = None,
    at: Annotated[
        str | None, typer.Option(help="Show the state at this time instead, like 2026-01-31T12:00:00Z.")
    ] = None,
    position: Annotated[
        int | None, typer.Option(help="Show the state at this position of the log instead.")
    ] = None,
    blame: Annotated[
        bool, typer.Option("--blame", help="Show which event last set each field of the state.")
    ] = False,
) -> None:
    """Show the history of one aggregate, event by event."""
    point = parse_point(version, at, position)
    decider = _decider(context, stream)
    stream_id = _stream_id(decider, id)
    console = Console(highlight=False, soft_wrap=True)
    async with open_session(context) as session:
        past = AggregateHistory(session.reader)
        if not await past.version(decider, stream_id, NOW):
            raise UserError(f"there are no events of {stream} {id}")
        try:
            if blame:
                await _print_blame(past, decider, stream_id, point)
            elif point == NOW:
                await _print_history(past, decider, stream_id, console.print)
            else:
                await _print_state(past, decider, stream_id, point, console.print)
        except UnreadableStream as error:
            raise UserError(str(error)) from error


def parse_point(version: int | None, at: str | None, position: int | None) -> PointInTime:
    """The point in time that the options name. Raises `UserError`."""
    moment = None
    if at is not None:
        try:
            moment = check_time("--at", datetime.fromisoformat(at))
        except ValueError:
            raise InvalidPointInTime(f"{at} is not a time like 2026-01-31T12:00:00Z") from None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return PointInTime(version=version, moment=moment, position=position)


async def _print_history(
    past: AggregateHistory, decider: AnyDecider, stream_id: UUID, print_markup: Print
) -> None:
    after, more = 0, True
    while more:
        entries, more = await past.history(decider, stream_id, after, PAGE_SIZE)
        for entry in entries:
            for line in _format_entry(entry):
                print_markup(line)
            after = entry.fact.version


def _format_entry(entry: HistoryEntry) -> Iterator[str]:
    fact = entry.fact
    undone = "  [dim](undone)[/dim]" if entry.undone else ""
    yield (
        f"[bold]{fact.version}[/bold]  {stored_name(fact)}{undone}  [dim]position {fact.position}, {_format_time(fact.recorded_at)},"
        f" by {markup(fact.actor)}[/dim]"
    )
    cause = f", caused by position {fact.caused_by}" if fact.caused_by is not None else ""
    yield f"   [dim]{markup(entry.command or 'command')} {fact.command_id}, correlation {fact.correlation_id}{cause}[/dim]"
    for change in entry.changes():
        sign, colour = _SIGNS[change["op"]]
        value = f" {_to_json(change['value'])}" if "value" in change else ""
        yield f"   [{colour}]{sign}[/{colour}] {markup(change['path'])}{markup(value)}"


async def _print_state(
    past: AggregateHistory, decider: AnyDecider, stream_id: UUID, point: PointInTime, print_markup: Print
) -> None:
    state = await past.as_of(decider, stream_id, point)
    if state is None:
        raise InvalidPointInTime(f"{decider.category} {stream_id} did not exist at this point")
    print_markup(f"[bold]{state.version}[/bold]")
    document = msgspec.json.format(msgspec.json.encode(to_document(state.state)), indent=2)
    for line in document.decode().split("\n"):
        print_markup(markup(line))


async def _print_blame(
    past: AggregateHistory, decider: AnyDecider, stream_id: UUID, point: PointInTime
) -> None:
    entries = await past.blame(decider, stream_id, point)
    if not entries:
        raise InvalidPointInTime(f"{decider.category} {stream_id} did not exist at this point")
    rows = [
        (
            str(entry.fact.version),
            stored_name(entry.fact),
            entry.command or "",
            entry.fact.actor,
            _format_time(entry.fact.recorded_at),
            f"{entry.pointer} {_to_json(entry.value)}",
        )
        for entry in entries
    ]
    print_table(("version", "type", "command", "actor", "recorded", "field"), rows)


def _decider(context: typer.Context, category: str) -> AnyDecider:
    deciders = {decider.category: decider for decider in application_of(context).deciders}
    if category not in deciders:
        raise UserError(
            f"there is no stream category {category}; there are {', '.join(sorted(deciders)) or 'none'}"
        )
    return deciders[category]


def _stream_id(decider: AnyDecider, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        if decider.id_of is not None:
            return decider.id_of(text)
        raise UserError(f"{text} is not the id of a stream: an id is a UUID") from None


def _format_time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
