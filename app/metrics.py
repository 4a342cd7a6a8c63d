"""What a monitor reads of the projections, in the text format of Prometheus: how far, how far behind, what is parked and unread."""

from collections.abc import Mapping

from app.projector.run import Projector

TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(projector: Projector, head: int) -> str:
    """One page of it. `head` is where the log stands."""
    workers = projector.workers
    return "".join(
        [
            _gauge("log_position", "Where the log stands.", {"": head}),
            _gauge(
                "projection_position",
                "The newest event in each projection.",
                _by("projection", {name: each.position for name, each in workers.items()}),
            ),
            _gauge(
                "projection_behind",
                "Events that each projection has yet to take in.",
                _by("projection", projector.behind()),
            ),
            _gauge(
                "projection_behind_seconds",
                "How long the first of them has waited.",
                _by("projection", projector.seconds()),
            ),
            _gauge(
                "projection_parked",
                "Keys that wait since an event that raised.",
                _by("projection", dict.fromkeys(workers, 0) | projector.parked),
            ),
            _gauge(
                "projection_stopped",
                "Whether a problem keeps it where it is.",
                _by("projection", {name: int(each.problem is not None) for name, each in workers.items()}),
            ),
            _gauge(
                "events_unread",
                "Events that this code cannot read, by type and stored version.",
                _by("type", projector.unread()),
            ),
        ]
    )


def _by(label: str, values: Mapping[str, float]) -> Mapping[str, float]:
    escaped = {name: name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name in values}
    return {f'{{{label}="{escaped[name]}"}}': value for name, value in values.items()}


def _gauge(name: str, help: str, values: Mapping[str, float]) -> str:
    lines = [
        f"# HELP {name} {help}",
        f"# TYPE {name} gauge",
        *(f"{name}{labels} {value}" for labels, value in values.items()),
    ]
    return "\n".join(lines) + "\n"
