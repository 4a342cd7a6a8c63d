"""When the database drops every connection, the next question is answered all the same."""

from app.engine.database.connections import Database
from app.engine.server.runtime import Runtime
from tests.support.graphql_client import Api

REGISTER = """
mutation($sku: Sku!) {
  registerProduct(input: {sku: $sku, name: "Tea", price: {amount: "3.50"}}) { ... on ProductAccepted { product { sku } } }
}
"""
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_a_mutation_and_its_read_model_survive_the_loss_of_every_connection(
    api: Api, database: Database, runtime: Runtime
) -> None:
    breaker = await database.connect()
    for n in range(3):
        sku = f"TEA-{n}"
        assert (await api.data(REGISTER, {"sku": sku}))["registerProduct"]["product"] == {"sku": sku}
        await breaker.execute(TERMINATE)
        # The server has said so before anybody asks; a question under way at that moment may fail, and says TIMEOUT.
        assert (await api.data(REGISTER, {"sku": f"{sku}-after"}))["registerProduct"]["product"] == {
            "sku": f"{sku}-after"
        }
    await breaker.close()
    assert runtime.failed is None
