"""The SQL on the table of orders is the one in `orders.sql`."""

from pathlib import Path

from projections.order import orders
from tests.support.golden import assert_golden, table_sql


def test_the_sql_of_orders_is_the_one_that_was_reviewed() -> None:
    assert_golden(Path(__file__).with_name("orders.sql"), table_sql(orders))
