"""How the terminal shows operations: a bar for each table, what a comparison found, a list of tables."""

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table

from app.engine.projector.rebuild.compare import Comparison
from app.engine.projector.rebuild.operation import ProgressCallback, RebuildProgress, no_progress
from app.engine.projector.rebuild.swap import SwapResult
from app.engine.projector.slots import SCHEMAS
from app.engine.projector.status import TableStatus

MIN_WIDTH = 20
"""Characters that the last column has at least, where it needs them."""


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: range = range(0),
    marked: Sequence[bool] = (),
) -> None:
    """Print rows: as a table in a terminal, as plain columns elsewhere."""
    console = Console()
    widths = [max(len(row[number]) for row in (header, *rows)) for number in range(len(header))]
    if console.is_terminal:
        # Only the last column gives way. What is wider than the terminal all the same, the terminal breaks: an id has to be whole.
        console.width = max(console.width, sum(widths[:-1]) + 2 * len(header) + min(widths[-1], MIN_WIDTH))
        table = Table(box=None, header_style="bold")
        for number, name in enumerate(header[:-1]):
            table.add_column(name, justify="right" if number in right else "left", no_wrap=True)
        table.add_column(header[-1], overflow="fold")
        for number, row in enumerate(rows):
            table.add_row(*row, style="yellow" if number < len(marked) and marked[number] else "")
        console.print(table)
        return
    for row in (header, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def progress_bars() -> Generator[ProgressCallback]:
    """A progress bar for each table in a terminal; elsewhere the log says how far it is."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield no_progress
        return
    logging.getLogger("app.engine.projector").setLevel(logging.WARNING)
    told_columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(
            "{task.percentage:>3.0f} %  {task.completed:,.0f} of {task.total:,.0f}  {task.fields[rate]}"
        ),
    )
    with Bars(*told_columns, console=console) as showing:
        shown: dict[str, TaskID] = {}

        def told(progress: RebuildProgress) -> None:
            name = f"{progress.projection} v{progress.version}"
            if name not in shown:
                shown[name] = showing.add_task(name, rate="")
            left = progress.seconds_left
            rate = f"{progress.events_per_second:,.0f} events/s" if progress.events_per_second else ""
            showing.update(
                shown[name],
                description=f"{name} {progress.state}",
                completed=progress.position,
                total=max(progress.target, progress.position, 1),
                rate=rate + (f"  {left:,.0f} s left" if left else ""),
            )

        yield told


def print_comparison(found: Comparison) -> None:
    """Print what verify found, with examples."""
    print(found)
    for example in found.examples:
        key = ", ".join(f"{name}={value}" for name, value in example.key.items())
        if example.live is not None and example.staging is not None and example.column is not None:
            print(
                f"  {key}: {example.column} is {example.live[example.column]} live, {example.staging[example.column]} in staging"
            )
        else:
            print(f"  {key}: only in {'staging' if example.live is None else 'the live table'}")
        print(f"    live     {example.live}")
        print(f"    staging  {example.staging}")


def print_swap(what: str, found: SwapResult) -> None:
    """Print that two tables changed places."""
    print(f"{what} at position {found.position}; reads waited {found.milliseconds:.0f} ms at most")


def print_tables(found: Sequence[TableStatus]) -> None:
    """Print every table."""
    rows = [
        (
            each.table,
            "apart" if _is_point_in_time(each) else each.slot,
            "none" if each.position is None else str(each.position),
            "" if _is_point_in_time(each) else str(each.behind),
            _size(each.bytes),
            each.owner or "nobody",
            _note(each),
        )
        for each in found
    ]
    marked = [
        each.changed or (each.rebuild is not None and each.rebuild.state in ("failed", "different"))
        for each in found
    ]
    print_table(
        ("table", "slot", "position", "behind", "size", "owner", "note"),
        rows,
        right=range(2, 5),
        marked=marked,
    )


def _is_point_in_time(each: TableStatus) -> bool:
    return each.slot not in SCHEMAS


def _note(each: TableStatus) -> str:
    notes: list[str] = []
    if each.changed:
        notes.append("made by other code: give the projection a new version, or rebuild it")
    if not each.current and not _is_point_in_time(each):
        notes.append(
            f"not of this code: projections drop {each.projection} --version {each.version}, when no process reads it"
        )
    if each.rebuild is not None and each.rebuild.state != "promoted":
        done = (
            f" {100 * each.rebuild.position // max(each.rebuild.target, 1)} %"
            if each.rebuild.state == "building"
            else ""
        )
        stopped = ", stopped" if each.rebuild.state == "building" and each.owner is None else ""
        notes.append(
            f"{each.rebuild.state}{done}{stopped}" + (f": {each.rebuild.error}" if each.rebuild.error else "")
        )
    return "; ".join(notes)


def _size(number: int) -> str:
    return f"{number / 1024:,.0f} kB" if number < 10 * 1024 * 1024 else f"{number / 1024 / 1024:,.0f} MB"
