"""The recipes for access are done to a copy of the project, and do what they say."""

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from app.access import ROLES
from app.engine.access.caller import ANONYMOUS
from app.engine.settings import ROOT
from tests.shop.access.callers import callers
from tests.shop.access.two_customers import ANN, BEN, write_past
from tests.support.server import Server
from tests.template.clone import clone_into
from tests.template.readmes import fences, section

README = "app/engine/access/README.md"

ASK = """
from app.composition import application
from app.engine.access.caller import Caller
from app.engine.access.policy import AccessDenied
from app.engine.graphql.policies import access_policy, check_policies
from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema

schema = graphql_schema(build_schema(application.slices(), application.deciders)[0])
check_policies(schema, application)
auditor = access_policy(schema, application).access(Caller("ann", frozenset({"auditor"})))
for name in sorted(schema.query_type.fields):
    try:
        auditor.check_field("Query", name)
        print(name, "yes")
    except AccessDenied:
        print(name, "no")
"""


def test_a_new_role_may_do_what_its_lines_say_and_nothing_else(tmp_path: Path) -> None:
    if "auditor" in ROLES.names:
        pytest.skip("this project has the role of the recipe")
    clone = clone_into(tmp_path)
    before = clone.run("-c", ASK)
    for fence in fences(section(README, "Add a role"), "diff"):
        clone.edit(fence.about, fence.text)
    asked = clone.run("-c", ASK)
    may, might = (dict(line.split() for line in run.stdout.splitlines()) for run in (asked, before))
    assert may == might | {"dailySales": "yes"}, asked.stderr
    assert "no" in may.values()
    # Without its line in the list of roles, the table names a role that does not exist.
    path = clone.root / "app/access.py"
    assert '"auditor"' in path.read_text()
    path.write_text(path.read_text().replace('        "auditor",\n', ""))
    asked = clone.run("-c", ASK)
    assert "names roles that the application does not have: auditor" in asked.stderr


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ('owner=Owner("customer_id"),', "projections/order.py"),
        ('rows={orders: allow(customer="own"', "app/graphql/order.py"),
        ("streams={order.category: StreamOwner(orders, customer_of)},", "app/graphql/order.py"),
    ],
)
def test_the_lines_of_an_owned_type_are_those_of_the_order(line: str, path: str) -> None:
    recipe = section(README, "Add an owned type")
    assert path in recipe
    assert line in recipe or line.startswith("rows=")
    # The formatter breaks a line that got longer.
    assert re.sub(r"\s", "", line) in re.sub(r"\s", "", (ROOT / path).read_text())


def test_the_rule_of_the_recipe_denies_one_command_at_night() -> None:
    [fence] = fences(section(README, "Add a rule"), "python")
    scope: dict[str, object] = {}
    exec(fence.text, scope)
    authorize = scope["authorize"]
    assert callable(authorize)
    assert authorize(ANONYMOUS, "order.place", "order 1") is True
    assert isinstance(authorize(ANONYMOUS, "order.cancel", "order 1"), bool)


async def test_the_events_of_one_type_reach_each_caller_that_may_read_them(
    database_url: str, serve: Callable[..., Server]
) -> None:
    [recipe] = fences(section("app/engine/graphql/README.md", "Subscriptions"), "graphql")
    await write_past(database_url)
    server = await asyncio.to_thread(serve().wait)
    ann, ben = ([customer.price * 3] * 2 for customer in (ANN, BEN))
    async with callers(server) as asking:
        for name, totals in {"own": ann, "other": ben, "staff": [*ann, *ben]}.items():
            socket = asking[name].socket
            await socket.subscribe("placed", recipe.text)
            events = await socket.facts("placed", len(totals))
            assert sorted(Decimal(event["total"]["amount"]) for event in events) == sorted(totals)
            await socket.settled()
            assert not socket.kept("placed")
