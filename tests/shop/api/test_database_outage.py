"""When the database drops every connection, the next question is answered all the same."""

from app.engine.database.connections import Database
from app.engine.server.runtime import Runtime
from tests.support.graphql_client import Api

REGISTER = """
mutation($sku: Sku!) {
  registerProduct(input: {sku: $sku, name: "Tea", price: {amount: "3.50"}}) { ... on ProductAccepted { product { sku } } }
}
"""
TERMINATE = """
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
"""Returns when the sessions are gone: a question to one that is about to go may fail, and says TIMEOUT."""


async def test_a_mutation_and_its_read_model_survive_the_loss_of_every_connection(
    api: Api, database: Database, runtime: Runtime
) -> None:
    async with database.connection() as breaker:
        for n in range(3):
            sku = f"TEA-{n}"
            assert (await api.data(REGISTER, {"sku": sku}))["registerProduct"]["product"] == {"sku": sku}
            await breaker.execute(TERMINATE)
            assert (await api.data(REGISTER, {"sku": f"{sku}-after"}))["registerProduct"]["product"] == {
                "sku": f"{sku}-after"
            }
    assert runtime.failed is None
