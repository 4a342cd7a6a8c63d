"""Brings a table close to the live one in bulk.

It folds the last facts inside the transaction that needs both tables at the same position.
"""

from app.engine.database.errors import is_data_error
from app.engine.projector.rebuild.bulk_load import PAGE_SIZE, BulkLoad, run_bulk_load
from app.engine.projector.rebuild.operation import Operation, RebuildProgress, progress_of, with_position

MAX_FOLD_IN_TRANSACTION = 1_000
"""How many facts may be folded inside a transaction. If more are missing, `catch_up` goes first."""


async def catch_up(
    operation: Operation,
    load: BulkLoad,
    max_behind: int = MAX_FOLD_IN_TRANSACTION,
    *,
    keeps_state: bool = False,
) -> None:
    """Bring a table to within `max_behind` of the live one, and never past it.

    Without a live one, the end of the log counts. With `keeps_state` the table is as good as before, such as verified,
    also if the operation ends here.
    """
    while True:
        load.target_position = max(load.position, await operation.target_position(load.projection))
        if load.target_position - load.position <= max_behind:
            return
        progress = progress_of(load, "building", load.target_position)

        async def report(progress: RebuildProgress = progress) -> None:
            await operation.report_progress([with_position(progress, load, 0.0)], stored=not keeps_state)

        await run_bulk_load(operation.connection, operation.reader, [load], on_page=report)


async def fold_remaining(operation: Operation, load: BulkLoad, up_to: int) -> None:
    """Fold the last facts inside the caller's transaction. Raises `NewerEvent`: then the caller rolls back."""
    load.target_position = max(load.position, up_to)
    since = load.writer.position
    if load.target_position == since:
        return
    try:
        async with operation.connection.transaction():
            while load.position < load.target_position:
                facts = await operation.reader.read_all(load.position, PAGE_SIZE, up_to=load.target_position)
                await load.fold(facts)
            await load.flush()
    except Exception as error:
        if not is_data_error(error):
            raise
        newer = await load.replay(operation.reader, since, load.target_position)
        if newer is not None:
            raise newer from None
