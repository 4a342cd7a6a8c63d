"""How the terminal shows operations: a bar for each table, what a comparison found, a list of tables."""

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table

from app.projector.operation import Progress, Told, silent
from app.projector.slots import SCHEMAS
from app.projector.status import TableStatus
from app.projector.swap import Swapped
from app.projector.verify import Comparison

LEAST_WIDTH = 20
"""Characters that the last column has at least, where it needs them."""


def columns(
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
        console.width = max(console.width, sum(widths[:-1]) + 2 * len(header) + min(widths[-1], LEAST_WIDTH))
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
def bars() -> Generator[Told]:
    """A progress bar for each table in a terminal; elsewhere the log says how far it is."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    logging.getLogger("app.projector").setLevel(logging.WARNING)
    told_columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(
            "{task.percentage:>3.0f} %  {task.completed:,.0f} of {task.total:,.0f}  {task.fields[rate]}"
        ),
    )
    with Bars(*told_columns, console=console) as showing:
        shown: dict[str, TaskID] = {}

        def told(progress: Progress) -> None:
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


def comparison(found: Comparison) -> None:
    """Print what verify found, with examples."""
    print(found)
    for each in found.examples:
        key = ", ".join(f"{name}={value}" for name, value in each.key.items())
        if each.live is not None and each.staging is not None and each.column is not None:
            print(
                f"  {key}: {each.column} is {each.live[each.column]} live, {each.staging[each.column]} in staging"
            )
        else:
            print(f"  {key}: only in {'staging' if each.live is None else 'the live table'}")
        print(f"    live     {each.live}")
        print(f"    staging  {each.staging}")


def swapped(what: str, found: Swapped) -> None:
    """Print that two tables changed places."""
    print(f"{what} at position {found.position}; reads waited {found.milliseconds:.0f} ms at most")


def tables(found: Sequence[TableStatus]) -> None:
    """Print every table."""
    rows = [
        (
            each.table,
            "apart" if _apart(each) else each.slot,
            "none" if each.position is None else str(each.position),
            "" if _apart(each) else str(each.behind),
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
    columns(
        ("table", "slot", "position", "behind", "size", "owner", "note"),
        rows,
        right=range(2, 5),
        marked=marked,
    )


def _apart(each: TableStatus) -> bool:
    return each.slot not in SCHEMAS


def _note(each: TableStatus) -> str:
    notes: list[str] = []
    if each.changed:
        notes.append("made by other code: give the projection a new version, or rebuild it")
    if not each.current and not _apart(each):
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
