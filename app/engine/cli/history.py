"""Prints an aggregate's past in a terminal: what happened, how it was, or who set what."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from app.engine.cli.session import application_of, open_session
from app.engine.errors import UserError
from app.engine.history.aggregate_history import (
    NOW,
    AggregateHistory,
    HistoryEntry,
    InvalidPointInTime,
    PointInTime,
)
from app.engine.history.diff import to_document
from app.engine.store.load import UnreadableStream
from app.engine.store.reader import stored_name
from domain.kernel.decider import AnyDecider

PAGE_SIZE = 100
_SIGNS = {"add": ("+", "green"), "remove": ("-", "red"), "replace": ("~", "yellow")}

type Print = Callable[[str], None]


class CannotShow(UserError):
    """There is no such category, no such id, nothing was recorded, or a fact cannot be read."""


async def show(
    context: typer.Context, category: str, identity: str, point: PointInTime = NOW, *, blame: bool = False
) -> None:
    """Print the history; or the state at a point; or, for `blame`, who set each of its fields. Raises `Mistake`."""
    decider = _decider(context, category)
    stream_id = _stream_id(decider, identity)
    console = Console(highlight=False, soft_wrap=True)
    async with open_session(context) as session:
        past = AggregateHistory(session.reader)
        if not await past.version(decider, stream_id, NOW):
            raise CannotShow(f"nothing was recorded of {category} {identity}")
        try:
            if blame:
                await _blame(past, decider, stream_id, point, console.print)
            elif point == NOW:
                await _history(past, decider, stream_id, console.print)
            else:
                await _state(past, decider, stream_id, point, console.print)
        except UnreadableStream as error:
            raise CannotShow(str(error)) from error


def point(version: int | None, moment: str | None, position: int | None) -> PointInTime:
    """The point that the options name. Raises `NoSuchPoint`."""
    at = None
    if moment is not None:
        try:
            at = datetime.fromisoformat(moment)
        except ValueError:
            raise InvalidPointInTime(f"{moment} is not a moment like 2026-01-31T12:00:00Z") from None
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return PointInTime(version=version, moment=at, position=position)


async def _history(past: AggregateHistory, decider: AnyDecider, stream_id: UUID, say: Print) -> None:
    after, more = 0, True
    while more:
        entries, more = await past.history(decider, stream_id, after, PAGE_SIZE)
        for entry in entries:
            for line in _told(entry):
                say(line)
            after = entry.fact.version


def _told(entry: HistoryEntry) -> Iterator[str]:
    fact = entry.fact
    undone = "  [dim](undone)[/dim]" if entry.undone else ""
    yield (
        f"[bold]{fact.version}[/bold]  {stored_name(fact)}{undone}  [dim]position {fact.position}, {_moment(fact.recorded_at)},"
        f" by {escape(fact.actor)}[/dim]"
    )
    why = f", caused by position {fact.caused_by}" if fact.caused_by is not None else ""
    yield f"   [dim]{escape(entry.command or 'command')} {fact.command_id}, correlation {fact.correlation_id}{why}[/dim]"
    for change in entry.changes():
        sign, colour = _SIGNS[change["op"]]
        value = f" {_text(change['value'])}" if "value" in change else ""
        yield f"   [{colour}]{sign}[/{colour}] {escape(change['path'])}{escape(value)}"


async def _state(
    past: AggregateHistory, decider: AnyDecider, stream_id: UUID, when: PointInTime, say: Print
) -> None:
    was = await past.as_of(decider, stream_id, when)
    if was is None:
        raise InvalidPointInTime(f"{decider.category} {stream_id} had not begun then")
    say(f"[bold]{was.version}[/bold]")
    say(escape(msgspec.json.format(msgspec.json.encode(to_document(was.state)), indent=2).decode()))


async def _blame(
    past: AggregateHistory, decider: AnyDecider, stream_id: UUID, when: PointInTime, say: Print
) -> None:
    settings = await past.blame(decider, stream_id, when)
    if not settings:
        raise InvalidPointInTime(f"{decider.category} {stream_id} had not begun then")
    rows = [
        (
            str(setting.fact.version),
            stored_name(setting.fact),
            setting.command or "",
            setting.fact.actor,
            _moment(setting.fact.recorded_at),
            f"{setting.pointer} {_text(setting.value)}",
        )
        for setting in settings
    ]
    for row in _aligned([("version", "type", "command", "actor", "recorded", "field"), *rows]):
        say(escape(row))


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _decider(context: typer.Context, category: str) -> AnyDecider:
    known = {decider.category: decider for decider in application_of(context).deciders}
    if category not in known:
        raise CannotShow(
            f"there is no stream {category}: it is one of {', '.join(sorted(known)) or 'none yet'}"
        )
    return known[category]


def _stream_id(decider: AnyDecider, identity: str) -> UUID:
    try:
        return UUID(identity)
    except ValueError:
        if decider.id_of is not None:
            return decider.id_of(identity)
        raise CannotShow(f"{identity} is not the id of a stream: an id is a UUID") from None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
