"""The workers of all processes in one server process."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from app.engine.commands import CommandHandler
from app.engine.database.connections import Database
from app.engine.errors import ConfigurationError
from app.engine.processes.attempts import RetryPolicy
from app.engine.processes.worker import ProcessWorker
from app.engine.store.feed import Feed
from app.engine.store.reader import EventReader
from domain.kernel.decider import AnyDecider
from domain.kernel.process import AnyProcess, Port


class ProcessEngine:
    """The workers of all processes in this server process."""

    def __init__(
        self,
        processes: Sequence[AnyProcess],
        database: Database,
        reader: EventReader,
        feed: Feed,
        commands: CommandHandler,
        deciders: Iterable[AnyDecider],
        ports: Mapping[type, Port],
        retry_policy: RetryPolicy,
    ) -> None:
        deciders = tuple(deciders)
        for process in processes:
            for call in process.calls:
                if call not in ports:
                    raise ConfigurationError(
                        f"process {process.category} calls {call.__name__}: register a port for it in app/ports/__init__.py"
                    )
        listed = {call for process in processes for call in process.calls}
        for call in ports:
            if call not in listed:
                raise ConfigurationError(
                    f"there is a port for {call.__name__}, and no process lists it in its calls"
                )
        self.workers = {
            process.category: ProcessWorker(
                process, database, reader, feed, commands, deciders, ports, retry_policy
            )
            for process in processes
        }

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for worker in self.workers.values():
                group.create_task(worker.run())
