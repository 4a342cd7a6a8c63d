"""Shows how far each projection has come, without owning any of them."""

from app.database import open_database
from app.projector.standing import Standing, standing
from app.settings import Settings
from app.shown import columns
from projections import PROJECTIONS


async def show(settings: Settings) -> None:
    """Print it: a table in a terminal, plain columns elsewhere. Raises `DatabaseProblem`."""
    async with open_database(settings) as database:
        await database.check_migrated()
        standings = await standing(database, PROJECTIONS)
    rows = [_shown(each) for each in standings]
    columns(
        _COLUMNS, rows, right=range(1, 7), marked=[bool(each.behind or each.parked) for each in standings]
    )
    unread = {name: each for one in standings for name, each in one.unread.items()}
    for name, each in sorted(unread.items()):
        print(
            f"{name}: this code cannot read it; passed over {each.count} times, first at position {each.first}, last at {each.last}"
        )


_COLUMNS = ("projection", "version", "position", "behind", "seconds", "moved", "parked", "owner")


def _shown(each: Standing) -> tuple[str, ...]:
    return (
        each.projection,
        str(each.version),
        str(each.position),
        str(each.behind),
        f"{each.seconds:.1f}",
        "never" if each.moved is None else f"{each.moved:.1f} s ago",
        str(each.parked),
        each.owner or "nobody",
    )
