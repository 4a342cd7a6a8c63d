"""The checkpoint of one projection's table: its position in the log.

It moves only from the position that its owner knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, Integer, Text, bindparam, text

from app.engine.database.leases import LeaseLost, process_name
from app.engine.database.statements import CompiledStatement
from app.engine.projector.fingerprint import fingerprint
from projections.kernel import AnyProjection


@dataclass(slots=True)
class Checkpoint:
    """The position of one table. `generation` names the table itself, in any slot; `fingerprint` is that of the code that
    made it."""

    projection: AnyProjection
    slot: str
    position: int = 0
    generation: int = 0
    fingerprint: str | None = None
    move_constants: Mapping[str, Any] = field(init=False, repr=False)
    """The parameters of `MOVE_CHECKPOINT` without both positions."""

    def __post_init__(self) -> None:
        self.move_constants = {
            "generation": self.generation,
            "owner": process_name(),
            "name": self.projection.name,
            "version": self.projection.version,
            "slot": self.slot,
        }

    async def move(self, connection: asyncpg.Connection, position: int) -> None:
        """Move to `position`. Raises `LeaseLost` if another process has moved the checkpoint, or has swapped the table."""
        params = _MOVE.params(**self.move_constants, position=position, known_position=self.position)
        if await connection.fetchval(_MOVE.sql, *params) is None:
            raise self.lost()
        self.position = position

    def lost(self) -> LeaseLost:
        return LeaseLost(
            f"{self.projection.name} v{self.projection.version}: another process has moved the {self.slot} table"
        )


async def claim_checkpoint(
    connection: asyncpg.Connection, projection: AnyProjection, slot: str
) -> Checkpoint | None:
    """Write this process down as the owner, and return the checkpoint; None if there is none."""
    for _ in range(2):
        # A swap may commit while this statement waits for its row. Then this statement does not see the new row, but
        # the next one does.
        record = await connection.fetchrow(
            _UPDATE_OWNER, projection.name, projection.version, slot, process_name()
        )
        if record is not None:
            return Checkpoint(projection, slot, *record)
    return None


async def create_checkpoint(
    connection: asyncpg.Connection, projection: AnyProjection, slot: str, owner: str | None
) -> tuple[Checkpoint, bool]:
    """The checkpoint, at position 0 if there was none, with `owner` written down; and whether there was none."""
    [[position, generation, made_by, is_new]] = await connection.fetch(
        _UPSERT_CHECKPOINT, projection.name, projection.version, slot, owner, fingerprint(projection)
    )
    return Checkpoint(projection, slot, position, generation, made_by), is_new


async def read_checkpoint(
    connection: asyncpg.Connection, projection: AnyProjection, slot: str, *, lock: bool = False
) -> Checkpoint | None:
    """The checkpoint of the table in this slot; with `lock`, no other transaction moves it before this one ends."""
    record = await connection.fetchrow(
        _SELECT_CHECKPOINT + (" FOR UPDATE" if lock else ""), projection.name, projection.version, slot
    )
    return None if record is None else Checkpoint(projection, slot, *record)


MOVE_CHECKPOINT = text(
    "UPDATE es.checkpoints SET position = :position, owner = :owner, moved_at = clock_timestamp()"
    " WHERE projection = :name AND version = :version AND slot = :slot"
    " AND build = :generation AND position = :known_position RETURNING 1 AS one"
).bindparams(
    *(bindparam(name, type_=BigInteger()) for name in ("position", "known_position", "generation")),
    bindparam("version", type_=Integer()),
    *(bindparam(name, type_=Text()) for name in ("owner", "name", "slot")),
)
_MOVE = CompiledStatement(MOVE_CHECKPOINT)
_SELECT_CHECKPOINT = "SELECT position, build, fingerprint FROM es.checkpoints WHERE projection = $1 AND version = $2 AND slot = $3"
_UPDATE_OWNER = """
    UPDATE es.checkpoints SET owner = $4 WHERE projection = $1 AND version = $2 AND slot = $3
    RETURNING position, build, fingerprint
"""
_UPSERT_CHECKPOINT = """
    INSERT INTO es.checkpoints AS c (projection, version, slot, owner, fingerprint) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (projection, version, slot) DO UPDATE
    SET owner = excluded.owner, fingerprint = coalesce(c.fingerprint, excluded.fingerprint)
    RETURNING position, build, fingerprint, xmax = 0
"""
