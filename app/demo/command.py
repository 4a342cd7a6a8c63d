"""The command `demo`: believable traffic on a running API."""

import asyncio
from typing import Annotated

import typer


def demo(
    url: Annotated[str, typer.Option(help="The API to drive.")] = "http://localhost:8000/graphql",
    rate: Annotated[float, typer.Option(help="Orders per second.", min=0.1, max=200)] = 5,
    orders: Annotated[
        int | None, typer.Option(help="Stop after so many orders; until Ctrl-C if left out.", min=1)
    ] = None,
) -> None:
    """Drive believable traffic through a running API until Ctrl-C."""
    from app.demo.traffic import run_traffic

    asyncio.run(run_traffic(url, rate, orders))
