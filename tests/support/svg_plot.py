"""Plots of samples over time as one SVG file, written by hand: no library is needed at run time."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT, MARGIN = 900, 180, 60


def write_plot(path: Path, seconds: Sequence[float], curves: Mapping[str, Sequence[float]]) -> None:
    """One panel for each curve, with its name and its largest value. All curves have a value for each time in seconds."""
    panels = [_panel(number, name, seconds, values) for number, (name, values) in enumerate(curves.items())]
    height = len(panels) * (HEIGHT + MARGIN)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + 2 * MARGIN}" height="{height}" font-family="sans-serif" font-size="12">'
    path.write_text("\n".join([head, *panels, "</svg>", ""]))


def _panel(number: int, name: str, seconds: Sequence[float], values: Sequence[float]) -> str:
    top = number * (HEIGHT + MARGIN) + MARGIN / 2
    largest, end = max(*values, 1e-9), max(*seconds, 1e-9)
    points = " ".join(
        f"{MARGIN + WIDTH * second / end:.1f},{top + HEIGHT * (1 - value / largest):.1f}"
        for second, value in zip(seconds, values, strict=True)
    )
    return (
        f'<rect x="{MARGIN}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>'
        f'<text x="{MARGIN}" y="{top - 4}">{escape(name)}: 0 to {largest:,.1f} in {end:,.0f} s</text>'
        f'<polyline points="{points}" fill="none" stroke="#06c"/>'
    )
