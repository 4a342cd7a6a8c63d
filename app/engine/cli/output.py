"""How the terminal shows things: tables, progress bars, and the results of operations."""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import override

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from app.engine.cli.session import print_line
from app.engine.projector.rebuild.compare import Comparison
from app.engine.projector.rebuild.operation import ProgressCallback, RebuildProgress, no_progress
from app.engine.projector.rebuild.swap import SwapResult
from app.engine.projector.slots import SCHEMAS
from app.engine.projector.status import TableStatus
from app.engine.text import escape_text

MIN_WIDTH = 20
"""Minimum width of the last column, in characters, if its text is longer."""

type UpdateBar = Callable[[str, int, int], None]
"""Takes the title of a bar, how much is done, and the total."""


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: range = range(0),
    highlighted: Sequence[bool] = (),
) -> None:
    """Print rows: as a table in a terminal, as plain columns elsewhere. `right` are the right-aligned columns."""
    console = Console()
    rows = [[escape_text(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    if console.is_terminal:
        # Only the last column is folded. A wider table is broken by the terminal, because ids must stay whole.
        console.width = max(console.width, sum(widths[:-1]) + 2 * len(header) + min(widths[-1], MIN_WIDTH))
        table = Table(box=None, header_style="bold")
        for column, name in enumerate(header[:-1]):
            table.add_column(name, justify="right" if column in right else "left", no_wrap=True)
        table.add_column(header[-1], overflow="fold")
        for number, row in enumerate(rows):
            style = "yellow" if number < len(highlighted) and highlighted[number] else ""
            # As `Text`: a cell may hold what clients sent, and must not be read as markup.
            table.add_row(*(Text(cell) for cell in row), style=style)
        console.print(table)
        return
    for row in (header, *rows):
        print_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def markup(text: str) -> str:
    """Stored text as rich's markup takes it: it has no styles, and cannot control the terminal."""
    return escape(escape_text(text))


class _RateColumn(ProgressColumn):
    @override
    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.0f}/s")


@contextmanager
def progress_bars(*, hidden: bool = False) -> Generator[UpdateBar]:
    """Show a progress bar for each title on stderr, if stderr is a terminal."""
    console = Console(stderr=True)
    if hidden or not console.is_terminal:
        yield lambda title, done, total: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def update(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = bars.add_task(title)
            bars.update(tasks[title], completed=done, total=max(total, done, 1))

        yield update


@contextmanager
def rebuild_progress() -> Generator[ProgressCallback]:
    """Show a progress bar for each table in a terminal. Elsewhere the log shows the progress."""
    if not Console(stderr=True).is_terminal:
        yield no_progress
        return
    logging.getLogger("app.engine.projector").setLevel(logging.WARNING)
    with progress_bars() as update:
        yield lambda progress: update(_bar_title(progress), progress.position, progress.target)


def _bar_title(progress: RebuildProgress) -> str:
    return f"{progress.projection} v{progress.version}"


def print_comparison(comparison: Comparison) -> None:
    """Print the result of a verification, with examples."""
    print_line(str(comparison))
    for example in comparison.examples:
        key = ", ".join(f"{name}={value}" for name, value in example.key.items())
        if example.live is not None and example.staging is not None and example.column is not None:
            live, staging = example.live[example.column], example.staging[example.column]
            print_line(f"  {key}: {example.column} is {live} live, {staging} in staging")
        else:
            print_line(f"  {key}: only in {'staging' if example.live is None else 'the live table'}")
        print_line(f"    live     {example.live}")
        print_line(f"    staging  {example.staging}")


def print_swap(action: str, swap: SwapResult) -> None:
    """Print that two tables were swapped."""
    print_line(f"{action} at position {swap.position}; reads waited {swap.milliseconds:.0f} ms at most")


def print_table_statuses(statuses: Sequence[TableStatus]) -> None:
    """Print every table of every projection."""
    rows = [
        (
            status.table,
            "separate" if _is_point_in_time(status) else status.slot,
            "none" if status.position is None else str(status.position),
            "" if _is_point_in_time(status) else str(status.lag),
            _format_size(status.bytes),
            status.owner or "none",
            _note(status),
        )
        for status in statuses
    ]
    highlighted = [
        status.changed or (status.rebuild is not None and status.rebuild.state in ("failed", "different"))
        for status in statuses
    ]
    header = ("table", "slot", "position", "lag", "size", "owner", "note")
    print_table(header, rows, right=range(2, 5), highlighted=highlighted)


def _is_point_in_time(status: TableStatus) -> bool:
    return status.slot not in SCHEMAS


def _note(status: TableStatus) -> str:
    notes: list[str] = []
    if status.changed:
        notes.append("made by different code: give the projection a new version, or rebuild it")
    if not status.current and not _is_point_in_time(status):
        notes.append(
            f"not of this code: run projections drop {status.projection} --version {status.version} when no process reads it"
        )
    rebuild = status.rebuild
    if rebuild is not None and rebuild.state != "promoted":
        building = rebuild.state == "building"
        done = f" {100 * rebuild.position // max(rebuild.target, 1)} %" if building else ""
        stopped = ", stopped" if building and status.owner is None else ""
        notes.append(f"{rebuild.state}{done}{stopped}" + (f": {rebuild.error}" if rebuild.error else ""))
    return "; ".join(notes)


def _format_size(size: int) -> str:
    return f"{size / 1024:,.0f} kB" if size < 10 * 1024 * 1024 else f"{size / 1024 / 1024:,.0f} MB"
