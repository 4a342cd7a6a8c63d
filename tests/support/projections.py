"""Waits for projections."""

import asyncio
from collections.abc import Sequence

from app.engine.server.runtime import Runtime
from projections.kernel import AnyProjection


async def wait_until_written(
    runtime: Runtime, projections: Sequence[AnyProjection], seconds: float = 10
) -> int:
    """Wait until the checkpoint of every live table is at the end of the log; that position.

    A worker serves rows before it writes them, so a reader in another process can see an older table.
    """
    head = await runtime.reader.head_position()
    async with asyncio.timeout(seconds):
        for projection in projections:
            await runtime.projector.wait_for_position(projection.name, head, seconds)
        while (  # noqa: ASYNC110 - PostgreSQL sends no notification for a checkpoint
            await runtime.database.pool.fetchval(
                "SELECT min(position) FROM es.checkpoints WHERE slot = 'live'"
            )
            < head
        ):
            await asyncio.sleep(0.01)
    return head
