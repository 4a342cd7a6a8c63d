"""A projection that names a column that its row lacks, or that does not fit, is refused at its declaration."""

from dataclasses import replace

import pytest

from projections.kernel import Owner, Projection
from tests.support.toy_counter import TallyRow, tallies

OWNED = replace(tallies, name="owned", owner=Owner("id"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key": ("idd",)}, r"^projection tallies: key has 'idd', but TallyRow has only .*id.*sum"),
        ({"key": ()}, "key has no column"),
        ({"indexes": (("sum",), ("sum", "sun"))}, "indexes has 'sun'"),
        ({"owner": Owner("customer")}, "owner has 'customer'"),
        ({"owner": Owner("customer", of=OWNED)}, "owner has 'customer'"),
        ({"owner": Owner("sum")}, "owner has 'sum', which is int: an actor is text. .* as str or UUID"),
        ({"owner": Owner("notes")}, "owner has 'notes', which is tuple"),
        ({"owner": Owner("id", of=tallies)}, "the owner of tallies, which has none"),
        (
            {"owner": Owner("id", of=replace(OWNED, key=("id", "sum")))},
            "the key of owned has 2 columns, and owner is one",
        ),
    ],
)
def test_a_declaration_that_names_no_fitting_column_of_the_row_is_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(tallies, **changes)


def test_a_declaration_that_names_columns_of_the_row_is_taken() -> None:
    for owner in (Owner("id"), Owner("last"), Owner("id", of=OWNED)):
        made: Projection[TallyRow] = replace(tallies, indexes=(("sum", "id"),), owner=owner)
        assert made.owner is not None
