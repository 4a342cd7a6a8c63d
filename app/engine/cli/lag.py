"""Shows how far each projection has come, without owning any of them."""

import typer

from app.engine.cli.output import print_table
from app.engine.cli.session import open_session
from app.engine.projector.status import ProjectionStatus, projection_statuses


async def print_lag(context: typer.Context) -> None:
    """Print it: a table in a terminal, plain columns elsewhere. Raises `DatabaseProblem`."""
    async with open_session(context) as session:
        standings = await projection_statuses(session.database, session.application.projections)
    rows = [_shown(standing) for standing in standings]
    print_table(
        _COLUMNS,
        rows,
        right=range(1, 7),
        marked=[bool(standing.behind or standing.parked) for standing in standings],
    )
    unread = {name: each for standing in standings for name, each in standing.unread.items()}
    for name, each in sorted(unread.items()):
        print(
            f"{name}: this code cannot read it; passed over {each.count} times, first at position {each.first}, last at {each.last}"
        )


_COLUMNS = ("projection", "version", "position", "behind", "seconds", "moved", "parked", "owner")


def _shown(each: ProjectionStatus) -> tuple[str, ...]:
    return (
        each.projection,
        str(each.version),
        str(each.position),
        str(each.behind),
        f"{each.seconds:.1f}",
        "never" if each.seconds_since_moved is None else f"{each.seconds_since_moved:.1f} s ago",
        str(each.parked),
        each.owner or "nobody",
    )
