"""The roles of this application, in one place. The tables in `app/graphql/` say what each may do."""

from app.engine.access.policy import Roles

ROLES = Roles(
    # One line for each role. Tokens carry these names.
    names=(
        "customer",
        "staff",
        "operator",
    ),
    operators=frozenset({"operator"}),
    importers=frozenset({"staff", "operator"}),
)
