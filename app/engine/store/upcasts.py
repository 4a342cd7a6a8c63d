"""Chains upcasts from every stored shape of an event to the classes of today. The chains are checked at start."""

from collections.abc import Collection, Mapping, Sequence

from app.engine.errors import UserError
from domain.kernel.decider import AnyDecider, Data, StoredName, Upcast


class EventSchemaError(UserError):
    """The event classes and upcasts contradict each other. The message is one line with what to do."""


class UpcastChain:
    """The upcasts of all deciders, by the shape that they start from. Raises `EventSchemaError`."""

    def __init__(self, deciders: Collection[AnyDecider]) -> None:
        self._steps: dict[StoredName, Upcast] = {}
        for decider in deciders:
            self._steps |= _check_upcasts(decider)

    def __contains__(self, stored: StoredName) -> bool:
        return stored in self._steps

    @property
    def sources(self) -> Sequence[StoredName]:
        """Every stored name and version that an upcast starts from."""
        return list(self._steps)

    def targets(self, stored: StoredName) -> Sequence[StoredName]:
        """The shapes that a stored shape becomes, in order; the shape itself if no upcast starts from it."""
        step = self._steps.get(stored)
        return (
            [stored] if step is None else [final for target in step.targets for final in self.targets(target)]
        )

    def apply(self, stored: StoredName, data: Data) -> Sequence[tuple[StoredName, Data]]:
        """The data in the shapes of `targets`. Raises `ValueError` if an upcast raises any exception."""
        step = self._steps.get(stored)
        if step is None:
            return [(stored, data)]
        return [
            final
            for target, fields in zip(step.targets, _apply_step(step, data), strict=True)
            for final in self.apply(target, fields)
        ]


def format_stored_name(stored: StoredName) -> str:
    return f"{stored.name} {stored.version}"


def _apply_step(step: Upcast, data: Data) -> Sequence[Data]:
    if not step.targets:
        return ()
    where = f"the upcast from {step.name} {step.version}"
    try:
        changed = step.change(data)
    except Exception as error:
        # An upcast is business code. Its error concerns this event only.
        raise ValueError(f"{where} raised {type(error).__name__}: {error}") from error
    changed = changed if isinstance(step.into, tuple) else (changed,)
    if (
        not isinstance(changed, tuple)
        or len(changed) != len(step.targets)
        or not all(isinstance(fields, dict) for fields in changed)
    ):
        raise ValueError(
            f"{where} did not give the fields of {', '.join(map(format_stored_name, step.targets))}"
        )
    return changed  # pyright: ignore[reportReturnType] - checked above


def _check_upcasts(decider: AnyDecider) -> Mapping[StoredName, Upcast]:
    today = {event_type.stored: event_type.__qualname__ for event_type in decider.event_types}
    steps: dict[StoredName, Upcast] = {}
    for step in decider.upcasts:
        start = StoredName(step.name, step.version)
        if not step.name.startswith(f"{decider.category}."):
            raise EventSchemaError(
                f"an upcast of {decider.category} starts from {step.name}: that name must begin with {decider.category}."
            )
        if start in today:
            raise EventSchemaError(
                f"{today[start]} is stored as {format_stored_name(start)} today: remove the upcast from it, or give the class its next version"
            )
        if start in steps:
            raise EventSchemaError(f"two upcasts start from {format_stored_name(start)}: keep one of them")
        steps[start] = step
    for start, step in steps.items():
        for target in step.targets:
            if target not in today and target not in steps:
                raise EventSchemaError(
                    f"the upcast from {format_stored_name(start)} leads to {format_stored_name(target)}, and nothing reads that. Add an upcast from there, or an event class that is stored under it"
                )
    for start in steps:
        _check_acyclic(start, steps, ())
    newest: dict[str, int] = {}
    for stored in [*today, *steps]:
        newest[stored.name] = max(newest.get(stored.name, 0), stored.version)
    for name, version in newest.items():
        for older in range(1, version):
            if StoredName(name, older) not in steps and StoredName(name, older) not in today:
                raise EventSchemaError(
                    f"nothing reads {name} {older}, and there is a version {version}: add an upcast from {name} {older}"
                )
    return steps


def _check_acyclic(at: StoredName, steps: Mapping[StoredName, Upcast], path: tuple[StoredName, ...]) -> None:
    if at in path:
        cycle = " → ".join(map(format_stored_name, (*path[path.index(at) :], at)))
        raise EventSchemaError(f"upcasts form a cycle: {cycle}")
    for target in steps[at].targets if at in steps else ():
        _check_acyclic(target, steps, (*path, at))
