"""Folds the states of instances again from their facts, if the stored state does not fit the code of today. Pure."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.engine.processes.records import ProcessInstance
from app.engine.processes.reducer import Batch, InstanceUnknown, ProcessReducer, evolve
from app.engine.store.log_identity import Fact
from domain.kernel.process import AnyProcess

log = logging.getLogger(__name__)


class StateRebuild:
    """`take` gets every fact from position `first` to `last`, in order. An instance that does not fold is parked in `batch`."""

    def __init__(
        self,
        process: AnyProcess,
        reducer: ProcessReducer,
        batch: Batch,
        instances: Mapping[UUID, ProcessInstance],
    ) -> None:
        self.first = min(instance.began for instance in instances.values())
        self.last = max(instance.position for instance in instances.values())
        self._process, self._reducer, self._batch = process, reducer, batch
        self._instances = dict(instances)
        self._states: dict[UUID, Any] = dict.fromkeys(instances)

    def take(self, fact: Fact) -> None:
        try:
            concerned = self._reducer.instances_of(fact)
        except InstanceUnknown:
            # It was passed over when it was new, too.
            return
        for identity, parts in concerned.items():
            instance = self._instances.get(identity)
            if instance is None or not instance.began <= fact.position <= instance.position:
                continue
            try:
                for part in parts:
                    after = evolve(self._process, self._states[identity], part)
                    self._states[identity] = self._states[identity] if after is None else after
            except Exception as error:
                # The code of the process may raise anything. The instance waits from its first fact on.
                log.exception(
                    "process %s: the event at position %d parks %s",
                    self._process.category,
                    fact.position,
                    identity,
                )
                unfolded = replace(instance, state=None, stored=None, position=instance.began - 1)
                self._batch.park(identity, unfolded, instance.began, error)
                del self._instances[identity]

    @property
    def rebuilt(self) -> Mapping[UUID, ProcessInstance]:
        """The instances with their states, without those that were parked."""
        return {
            identity: replace(instance, state=self._states[identity])
            for identity, instance in self._instances.items()
        }
