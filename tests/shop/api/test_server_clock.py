"""A server with a wrong clock works as any other, and says so: only the clock of the database decides."""

import asyncio
import json
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.engine.settings import ROOT
from tests.support.clusters import Clock
from tests.support.server import Server

BUY = """mutation ($id: UUID!, $customer: UUID!) {
  registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: "3.00"}}) { __typename }
  receiveStock(input: {sku: "TEA", quantity: 5}) { __typename }
  openOrder(input: {id: $id, customerId: $customer}) { __typename }
  addLine(input: {orderId: $id, sku: "TEA", quantity: 1}) { __typename }
  placeOrder(input: {orderId: $id}) { ... on OrderAccepted { position order { placedAt } } }
}"""
LOOK = "query ($id: UUID!) { order(id: $id) { status payment { status } } }"


def warnings(server: Server) -> dict[str, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/readyz", timeout=10) as answer:
        return json.load(answer)["warnings"]


@pytest.mark.parametrize("offset", ["+2d", "-2d"])
async def test_an_order_at_a_server_whose_clock_is_two_days_wrong_is_fulfilled_and_the_clocks_are_named(
    serve: Callable[..., Server], tmp_path: Path, offset: str
) -> None:
    # Another path to the code: the clock is for a new process, not for a fork of this one.
    code = tmp_path / "code"
    code.symlink_to(ROOT)
    server = serve(root=code, **Clock(tmp_path, offset).environment).wait()
    order = {"id": str(uuid4())}
    answer = await asyncio.to_thread(server.ask, BUY, {**order, "customer": str(uuid4())})
    assert "errors" not in answer, answer
    placed = datetime.fromisoformat(answer["data"]["placeOrder"]["order"]["placedAt"])
    assert abs(datetime.now(UTC) - placed) < timedelta(hours=1)
    async with asyncio.timeout(30):
        while (seen := await ended(server, order)) is None:
            pass
    assert seen == {"status": "CONFIRMED", "payment": {"status": "CAPTURED"}}
    assert "clock" in (await asyncio.to_thread(warnings, server))["clocks"]


async def ended(server: Server, order: dict[str, str]) -> dict[str, Any] | None:
    """The order, once it and its payment have ended. The read model of each follows the log for itself."""
    data = (await asyncio.to_thread(server.ask, LOOK, order))["data"]["order"]
    is_paid = data["payment"] is not None and data["payment"]["status"] not in ("REQUESTED", "AUTHORISED")
    return data if is_paid and data["status"] != "PLACED" else None
