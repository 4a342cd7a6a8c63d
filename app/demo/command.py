"""The command `demo`: traffic of the sample shop on a running API."""

import asyncio
import signal
import time
from collections import Counter, deque
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from app.demo.client import ConnectionLost, connect_client
from app.demo.traffic import ShopTraffic, drive
from app.engine.cli.session import async_command
from app.engine.errors import UserError

REPORT_INTERVAL_SECONDS = 3.0
LIVE_INTERVAL_SECONDS = 0.25


@async_command
async def demo(
    url: Annotated[str, typer.Option(help="URL of the API.")] = "http://localhost:8000/graphql",
    rate: Annotated[float, typer.Option(help="Orders per second.", min=0.1, max=200)] = 5,
    orders: Annotated[
        int | None, typer.Option(help="Stop after this number of orders; at Ctrl-C if omitted.", min=1)
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="Token of a caller with all roles; a server without a key needs none.")
    ] = None,
) -> None:
    """Drive traffic of the sample shop through a running API until Ctrl-C."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with connect_client(url, token) as client:
        shop = ShopTraffic(client)
        driving = asyncio.create_task(drive(shop, rate, orders))
        reporting = asyncio.create_task(_report(shop, url))
        stopping = asyncio.create_task(stop.wait())
        tasks = (driving, reporting, stopping)
        try:
            await asyncio.wait([driving, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
    for error in results:
        if isinstance(error, ConnectionLost):
            raise UserError(f"the API at {url} is gone ({error}) after {shop.counts['orders']} orders")
        if isinstance(error, Exception):
            raise error
    print(", ".join(f"{count:,} {name}" for name, count in sorted(shop.counts.items())) or "nothing was done")


async def _report(shop: ShopTraffic, url: str) -> None:
    """Show the traffic: one live line in a terminal, a line every three seconds elsewhere."""
    console = Console(highlight=False, soft_wrap=True)
    samples: deque[tuple[float, Counter[str]]] = deque([(time.monotonic(), Counter())], maxlen=20)
    if not console.is_terminal:
        print(f"driving {url}; Ctrl-C stops", flush=True)
        while True:
            await asyncio.sleep(REPORT_INTERVAL_SECONDS)
            print(_report_line(shop, samples), flush=True)
    with Live(Text(f"driving {url}"), console=console, refresh_per_second=8, transient=True) as live:
        while True:
            await asyncio.sleep(LIVE_INTERVAL_SECONDS)
            live.update(Text(_report_line(shop, samples)))


def _report_line(shop: ShopTraffic, samples: deque[tuple[float, Counter[str]]]) -> str:
    """The totals, and the rates since the oldest sample."""
    now, counts = time.monotonic(), Counter(shop.counts)
    oldest, old_counts = samples[0]
    samples.append((now, counts))
    totals = [
        f"{counts[name]:,} {name} ({(counts[name] - old_counts[name]) / (now - oldest):,.1f}/s)"
        for name in ("orders", "mutations", "events")
    ]
    rejected = sum(count for name, count in counts.items() if name.startswith("rejected"))
    failed = sum(count for name, count in counts.items() if name.startswith("error"))
    return "  ".join(
        [*totals, f"{rejected:,} rejected", f"{counts['conflicts']:,} conflicts", f"{failed:,} errors"]
    )
