"""Variants take turns, round by round, so that other work of the machine slows all of them alike."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.progress import Progress

type Variant = Callable[[], Awaitable[float]]
"""Runs once and gives a rate per second."""


@dataclass(frozen=True)
class Bench:
    """Where the lines go."""

    console: Console
    progress: Progress

    async def rates(
        self, title: str, variants: Mapping[str, Variant], rounds: int
    ) -> dict[str, Sequence[float]]:
        """The rates of each variant, round by round; a first round warms up and is not counted."""
        task = self.progress.add_task(title, total=(rounds + 1) * len(variants))
        found: dict[str, list[float]] = {name: [] for name in variants}
        for turn in range(rounds + 1):
            # The first one changes, so that no variant always follows the same one.
            names = list(variants)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                rate = await variants[name]()
                if turn:
                    found[name].append(rate)
                self.progress.advance(task)
        self.progress.remove_task(task)
        return dict(found)

    def ratio(self, title: str, ours: Sequence[float], theirs: Sequence[float], unit: str) -> None:
        each = [mine / other for mine, other in zip(ours, theirs, strict=True)]
        self.say(
            f"{title}: {median(each):.2f} ({min(each):.2f}-{max(each):.2f})  {median(ours):,.0f} against {median(theirs):,.0f} {unit}, {len(each)} rounds"
        )

    def say(self, line: str) -> None:
        self.console.print(line)


type Section = Callable[[Bench, str], Awaitable[None]]
"""One measurement, on the database at the URL."""
