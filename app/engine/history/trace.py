"""Shows the commands and events that followed from one request, as a tree of causes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from app.engine.database.connections import Database
from app.engine.errors import UserError
from app.engine.store.codec import EventCodec

MAX_FACTS = 5_000
"""The tree shows this many events. An export shows all of them."""


@dataclass(slots=True)
class CausedCommand:
    """One command, with its facts in order. `name` is None if the store has no outcome under its id."""

    id: UUID
    name: str | None
    actor: str
    caused_by: int | None
    facts: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])


async def show(database: Database, codec: EventCodec, correlation: UUID) -> None:
    """Print the tree. Raises `UserError` if no event has the correlation id."""
    records = await database.pool.fetch(_FACTS, correlation, MAX_FACTS + 1)
    rows = [
        {**row, "name": row["name"] and codec.command_name(row["category"], row["name"])} for row in records
    ]
    if not rows:
        raise UserError(f"no event has the correlation id {correlation}")
    console = Console(highlight=False)
    if not console.is_terminal:
        # The output of a pipe has no width.
        console.width = 1_000
    console.print(causation_tree(correlation, rows[:MAX_FACTS]))
    if len(rows) > MAX_FACTS:
        console.print(
            f"and more after position {rows[MAX_FACTS - 1]['position']}: python -m app audit export --correlation {correlation}",
            soft_wrap=True,
        )


def causation_tree(correlation: UUID, rows: Sequence[Mapping[str, Any]]) -> Tree:
    """The tree of the facts of one correlation id. `rows` are in the order of the log."""
    began: datetime = rows[0]["recorded_at"]
    root = Tree(f"[bold]{correlation}[/]  {began:%Y-%m-%d %H:%M:%S} UTC", guide_style="dim")
    below: dict[int, Tree] = {}
    for command in _commands(rows):
        # The cause of a command comes before it in the log, so its node is known.
        parent = root if command.caused_by is None else below.get(command.caused_by, root)
        cause = (
            f"  because of position {command.caused_by}, which is not of this request"
            if command.caused_by is not None and parent is root
            else ""
        )
        name = escape(command.name or "a command")
        node = parent.add(f"[bold cyan]{name}[/]  by {escape(command.actor)}  [dim]{command.id}[/]{cause}")
        for fact in command.facts:
            below[fact["position"]] = node.add(_line(fact, began))
    return root


def _commands(rows: Sequence[Mapping[str, Any]]) -> Sequence[CausedCommand]:
    commands: dict[UUID, CausedCommand] = {}
    for row in rows:
        command = commands.setdefault(
            row["command_id"], CausedCommand(row["command_id"], row["name"], row["actor"], row["caused_by"])
        )
        command.facts.append(row)
    return list(commands.values())


def _line(fact: Mapping[str, Any], began: datetime) -> str:
    after = (fact["recorded_at"] - began).total_seconds()
    elapsed = f"+{after * 1000:.0f} ms" if after < 10 else f"+{after:,.1f} s"
    stream = escape(f"{fact['category']} {fact['stream_id']}")
    return f"[green]{escape(fact['type'])}[/]  position {fact['position']}  {stream}  version {fact['version']}  [dim]{elapsed}[/]"


_FACTS = """
    SELECT e.position, e.category, e.stream_id, e.version, e.type, e.command_id, e.caused_by, e.actor, e.recorded_at, c.name
    FROM es.events e LEFT JOIN es.commands c USING (command_id)
    WHERE e.correlation_id = $1
    ORDER BY e.position
    LIMIT $2
"""
