"""An event class that changed without a new version is found by the shape that the database recorded."""

from app.engine.database.connections import Database
from app.engine.store.codec import EventCodec
from app.engine.store.event_shapes import changed_events
from domain.kernel.decider import Event, Upcast, event
from tests.support.toy_samples import SoldFor, in_euros, toy_codec


@event("toy.sold")
class Sold(Event):
    price: int


@event("toy.sold")
class SoldElsewhere(Event):
    price: int
    shop: str


async def test_a_shape_is_compared_with_the_first_one_that_the_database_recorded(
    database: Database,
) -> None:
    assert await changed_events(database.pool, toy_codec(Sold)) == {}
    for _ in range(2):
        assert await changed_events(database.pool, toy_codec(SoldElsewhere)) == {
            "toy.sold 1": (
                "toy.sold 1 has another shape than this database recorded (new: shop). Give SoldElsewhere version=2,"
                " and write an Upcast from 1 at the bottom of its file. Then run make samples and commit what that writes."
                " Only if that version was never released,"
                " DELETE FROM es.event_shapes WHERE name = 'toy.sold' AND version = 1 instead"
            )
        }
    assert await changed_events(database.pool, toy_codec(Sold)) == {}


async def test_a_new_version_has_a_shape_of_its_own(database: Database) -> None:
    await changed_events(database.pool, toy_codec(Sold))
    codec = toy_codec(SoldFor, upcasts=(Upcast("toy.sold", 1, in_euros),))
    assert await changed_events(database.pool, codec) == {}
    rows = await database.pool.fetch("SELECT name, version FROM es.event_shapes ORDER BY version")
    assert [tuple(row) for row in rows] == [("toy.sold", 1), ("toy.sold", 2)]


async def test_no_event_classes_at_all_are_no_change(database: Database) -> None:
    assert await changed_events(database.pool, EventCodec([])) == {}
