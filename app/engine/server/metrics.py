"""What a monitor reads of the projections, in the text format of Prometheus: how far, how far behind, what is parked and unread."""

from collections.abc import Mapping

from app.engine.projector.projector import Projector

TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render_metrics(projector: Projector, head: int) -> str:
    """One page of it. `head` is where the log stands."""
    workers = projector.workers
    return "".join(
        [
            _gauge("log_position", "Where the log stands.", {"": head}),
            _gauge(
                "projection_position",
                "The newest event in each projection.",
                _labelled("projection", {name: each.state.position for name, each in workers.items()}),
            ),
            _gauge(
                "projection_behind",
                "Events that each projection has yet to take in.",
                _labelled("projection", projector.lag_events()),
            ),
            _gauge(
                "projection_behind_seconds",
                "How long the first of them has waited.",
                _labelled("projection", projector.lag_seconds()),
            ),
            _gauge(
                "projection_parked",
                "Keys that wait since an event that raised.",
                _labelled("projection", dict.fromkeys(workers, 0) | projector.parked_keys()),
            ),
            _gauge(
                "projection_stopped",
                "Whether a problem keeps it where it is.",
                _labelled(
                    "projection", {name: int(each.state.error is not None) for name, each in workers.items()}
                ),
            ),
            _gauge(
                "events_unread",
                "Events that this code cannot read, by type and stored version.",
                _labelled("type", projector.unreadable_events()),
            ),
        ]
    )


def _labelled(label: str, values: Mapping[str, float]) -> Mapping[str, float]:
    escaped = {name: name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name in values}
    return {f'{{{label}="{escaped[name]}"}}': value for name, value in values.items()}


def _gauge(name: str, help: str, values: Mapping[str, float]) -> str:
    lines = [
        f"# HELP {name} {help}",
        f"# TYPE {name} gauge",
        *(f"{name}{labels} {value}" for labels, value in values.items()),
    ]
    return "\n".join(lines) + "\n"
