"""Real PostgreSQL clusters of a test's own, what stands between them and a client, and what may befall both.

    with cluster() as primary:
        url = primary.create_database()
        with standby_of(primary, synchronous=True) as standby, DeadLink(primary.port) as link:
            ...

All functions block. A test with an event loop calls the slow ones through `asyncio.to_thread`.
"""

from tests.support.clusters.clock import Clock
from tests.support.clusters.dead_link import DeadLink
from tests.support.clusters.pgbouncer import pgbouncer
from tests.support.clusters.postgres import Cluster, cluster, standby_of
from tests.support.clusters.small_disk import SmallDisk, small_disk

__all__ = [
    "Clock",
    "Cluster",
    "DeadLink",
    "SmallDisk",
    "cluster",
    "pgbouncer",
    "small_disk",
    "standby_of",
]
