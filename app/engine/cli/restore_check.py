"""The command `restore-check`: says line by line whether a restored database is whole, and what to do if not."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import typer

from app.engine.audit.verify_log import verify as verify_seals
from app.engine.cli.output import UpdateBar, progress_bars
from app.engine.cli.session import Session, async_command, open_session, print_line
from app.engine.database.errors import first_line
from app.engine.database.sessions import SessionKind
from app.engine.projector.rebuild.compare import Comparison
from app.engine.projector.rebuild.compare import verify as compare_tables
from app.engine.projector.rebuild.drop import drop
from app.engine.projector.rebuild.operation import OperationRefused, ProgressCallback, start_operation
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.projector.slots import LIVE, SCHEMAS, STAGING
from app.engine.projector.table_integrity import table_problem
from projections.kernel import AnyProjection


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line: what was checked, and the problem with the remedy; None if it is as it should be."""

    subject: str
    problem: str | None = None

    def __str__(self) -> str:
        return (
            f"ok      {self.subject}" if self.problem is None else f"not ok  {self.subject}: {self.problem}"
        )


@async_command
async def restore_check(context: typer.Context) -> None:
    """Check a restored database: log, ledger, seals, checkpoints, sequences, read models; exit code 1 if something is not ok."""
    is_ok = True
    async with open_session(context) as session:
        with progress_bars() as update:
            async for result in check_restore(session, update):
                print_line(str(result))
                is_ok = is_ok and result.problem is None
    if not is_ok:
        raise typer.Exit(1)


async def check_restore(session: Session, update: UpdateBar) -> AsyncGenerator[CheckResult]:
    """Every check, the cheap ones first. Read models are not compared if the log has a hole."""
    log_is_dense = True
    # The pool ends a statement after a minute, and some of these read the whole log.
    async with session.database.connection(SessionKind.TASK, "restore check") as connection:
        for check in (_check_log, _check_ledger):
            result = await check(connection)
            log_is_dense = log_is_dense and result.problem is None
            yield result
        yield await _check_seals(session, update)
        for result in await _check_checkpoints(connection, session.application.projections):
            yield result
        for result in await _check_processes(connection):
            yield result
        for result in await _check_sequences(connection, ["es", *session.application.schemas]):
            yield result
    if not log_is_dense:
        yield CheckResult("read models", "they are compared with a rebuild when the log is ok")
        return
    for projection in session.application.projections:
        yield await _check_read_model(session, projection, update)


async def _check_log(connection: asyncpg.Connection) -> CheckResult:
    [log] = await connection.fetch(_SELECT_LOG)
    if log["hole"] is not None:
        return CheckResult(
            "log",
            f"position {log['hole']} is missing, and {log['head'] - log['events']} positions in all:"
            " restore schema es from a complete backup",
        )
    return CheckResult(f"log: {log['events']} events, no position is missing")


async def _check_ledger(connection: asyncpg.Connection) -> CheckResult:
    [ledger] = await connection.fetch(_SELECT_LEDGER)
    if ledger["events"] or ledger["commands"]:
        return CheckResult(
            "ledger of commands",
            f"{ledger['events']} events lack their command, and {ledger['commands']} commands lack their events."
            " The tables es.events and es.commands are of different moments: restore both from one backup",
        )
    return CheckResult("ledger of commands: each event has its command, and each command its events")


async def _check_seals(session: Session, update: UpdateBar) -> CheckResult:
    report = await verify_seals(
        session.database, None, lambda done, total: update("verifying the log", done, total)
    )
    if report.findings:
        more = f" (and {len(report.findings) - 1} more)" if len(report.findings) > 1 else ""
        return CheckResult(
            "seals",
            f"{report.findings[0]}{more}: run audit verify, and restore schema es from another backup",
        )
    return CheckResult(f"seals: {report.facts} events as sealed, {report.newer} not sealed yet")


async def _check_checkpoints(
    connection: asyncpg.Connection, projections: Sequence[AnyProjection]
) -> Sequence[CheckResult]:
    """The identity of each table that has a checkpoint, and of each live table of this code."""
    known = {(projection.name, projection.version): projection for projection in projections}
    records = await connection.fetch(_SELECT_CHECKPOINTS)
    tables = {tuple(record) for record in records} | {(*table, LIVE) for table in known}
    results: list[CheckResult] = []
    for name, version, slot in sorted(tables):
        projection = known.get((name, version))
        problem = (
            await connection.fetchval("SELECT es.table_problem($1, $2, $3)", name, version, slot)
            if projection is None
            else await table_problem(connection, projection, slot)
        )
        remedy = (
            f"a server makes it again, or run projections rebuild {name}"
            if slot == LIVE and projection is not None
            else f"run projections drop {name} --version {version}"
            if projection is None and slot in (LIVE, STAGING)
            else f"run projections drop {name if slot in SCHEMAS else slot}"
        )
        results.append(
            CheckResult(f"checkpoint of {name} v{version}, {slot} table", problem and f"{problem}: {remedy}")
        )
    return results


async def _check_processes(connection: asyncpg.Connection) -> Sequence[CheckResult]:
    """No process has gone past the end of the log, and each has the log's event at its position."""
    results: list[CheckResult] = []
    for record in await connection.fetch(_SELECT_PROCESSES):
        row, problem = record["process"], None
        if record["position"] > record["head"] or record["newest"] > record["head"]:
            position = max(record["position"], record["newest"])
            problem = (
                f"it is at position {position}, and the log ends at {record['head']}:"
                " restore all of schema es from one backup"
            )
        elif record["command_id"] is not None and record["command_id"] != record["event"]:
            problem = (
                f"it has an event at position {record['position']} that the log does not have."
                " Restore all of schema es from one backup"
            )
        results.append(CheckResult(f"checkpoint of process {row}", problem))
    return results


async def _check_sequences(connection: asyncpg.Connection, schemas: Sequence[str]) -> Sequence[CheckResult]:
    """No sequence gives a number that its column has already: a logical replica has the rows, and not the sequences."""
    results: list[CheckResult] = []
    for record in await connection.fetch(_SELECT_SEQUENCES, schemas):
        table, column, sequence, next_value = record
        newest = await connection.fetchval(f"SELECT max({column}) FROM {table}")  # noqa: S608 - quoted names of the catalog
        problem = None
        if newest is not None and newest >= next_value:
            problem = (
                f"the next value is {next_value}, and the highest one in the table is {newest}:"
                f" as the owner, run SELECT setval('{sequence}', {newest})"
            )
        results.append(CheckResult(f"sequence of {table}.{column}", problem))
    return results


async def _check_read_model(session: Session, projection: AnyProjection, update: UpdateBar) -> CheckResult:
    """Compare the live table with a rebuild; a staging table that an operator has built is used, and stays."""
    subject = f"read model {projection.name} v{projection.version}"
    if await table_problem(session.database.pool, projection, LIVE) is not None:
        return CheckResult(
            subject, "it is compared when its checkpoint is ok: start a server, and check again"
        )
    try:
        comparison = await _compare_with_rebuild(
            session,
            projection,
            lambda progress: update(f"rebuilding {projection.name}", progress.position, progress.target),
        )
    except OperationRefused as error:
        return CheckResult(subject, str(error))
    except asyncpg.PostgresError as error:
        return CheckResult(subject, f"{first_line(error)}: run projections rebuild {projection.name}")
    if not comparison.equal:
        return CheckResult(
            subject,
            f"{str(comparison).partition(': ')[2]}: run projections rebuild {projection.name},"
            f" then projections promote {projection.name} --accept-differences",
        )
    return CheckResult(f"{subject}: {comparison.rows} rows equal a rebuild at position {comparison.position}")


async def _compare_with_rebuild(
    session: Session, projection: AnyProjection, on_progress: ProgressCallback
) -> Comparison:
    database, codec = session.database, session.codec
    async with start_operation(database, codec, [projection], on_progress=on_progress) as operation:
        if await operation.open_bulk_load(projection, STAGING) is not None:
            return await compare_tables(operation, projection)
    try:
        [rebuilt] = await rebuild(database, codec, [projection], stage=True, on_progress=on_progress)
    finally:
        await _drop_staging(session, projection)
    return rebuilt.comparison


async def _drop_staging(session: Session, projection: AnyProjection) -> None:
    versions: dict[str, Any] = {projection.name: projection.version}
    try:
        await drop(session.database, versions, projection.name, slot=STAGING)
    except OperationRefused:
        # The rebuild was refused before it made the table, and its error says why.
        return


_SELECT_LOG = """
    SELECT count(*) AS events, coalesce(max(position), 0) AS head,
           CASE WHEN count(*) <> coalesce(max(position), 0) THEN (
               SELECT min(expected) FROM (
                   SELECT position, row_number() OVER (ORDER BY position) AS expected FROM es.events
               ) numbered WHERE position <> expected
           ) END AS hole
    FROM es.events
"""
# A command that recorded nothing has first_position = last_position + 1.
_SELECT_LEDGER = """
    SELECT (SELECT count(*) FROM es.events e
            WHERE NOT EXISTS (SELECT FROM es.commands c WHERE c.command_id = e.command_id)) AS events,
           (SELECT count(*) FROM es.commands c
            WHERE c.first_position <= c.last_position AND NOT EXISTS (
                SELECT FROM es.events e WHERE e.position = c.last_position AND e.command_id = c.command_id)) AS commands
"""
_SELECT_CHECKPOINTS = "SELECT projection, version, slot FROM es.checkpoints"
# The identity of the last event is in a column that not every migration has.
_SELECT_PROCESSES = """
    SELECT p.process, p.position, (to_jsonb(p) ->> 'command_id')::uuid AS command_id, e.command_id AS event,
           coalesce((SELECT max(i.position) FROM es.processes i WHERE i.process = p.process), 0) AS newest,
           (SELECT coalesce(max(position), 0) FROM es.events) AS head
    FROM es.process_checkpoints p LEFT JOIN es.events e ON e.position = p.position ORDER BY p.process
"""
# A sequence that has given no value has none that is last. Only one that counts up for good is above its column.
_SELECT_SEQUENCES = """
    SELECT d.refobjid::regclass::text AS table_name, quote_ident(a.attname) AS column_name, s.seqrelid::regclass::text AS name,
           coalesce(pg_sequence_last_value(s.seqrelid) + s.seqincrement, s.seqstart) AS next_value
    FROM pg_sequence s
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.deptype IN ('a', 'i')
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    JOIN pg_class c ON c.oid = d.refobjid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY($1::text[]) AND s.seqincrement > 0 AND NOT s.seqcycle
      AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    ORDER BY 1, 2
"""
