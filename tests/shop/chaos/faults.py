"""What befalls the site: each fault does its harm, waits, and undoes it. What it undoes is what its cause would: a machine
that comes back, an administrator who ends a lock. It never touches a server to make it go on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from random import Random

import psycopg

from tests.shop.chaos.site import Node, Site
from tests.support.clusters import Cluster

type DatabaseFault = Callable[[Site, Random], Awaitable[None]]
type NodeFault = Callable[[Site, Node, Random], Awaitable[None]]

# --- PostgreSQL ---------------------------------------------------------------


async def kill_postgres(site: Site, random: Random) -> None:
    """The primary is killed and recovers."""
    await asyncio.to_thread(site.primary.kill)
    await asyncio.sleep(random.uniform(0, 3))
    await asyncio.to_thread(site.primary.start)


async def freeze_postgres(site: Site, random: Random) -> None:
    """The primary stands still, as on a stalled disk."""
    await _freeze(site.primary, random.uniform(0.5, 10))


async def freeze_standby(site: Site, random: Random) -> None:
    """The standby stands still; if it is synchronous, so do all commits."""
    await _freeze(site.standby, random.uniform(0.5, 10))


async def _freeze(cluster: Cluster, seconds: float) -> None:
    await asyncio.to_thread(cluster.freeze)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(cluster.thaw)


async def restart_postgres(site: Site, random: Random) -> None:
    """The primary is restarted in an orderly way."""
    await asyncio.to_thread(site.primary.stop, random.choice(("fast", "immediate")))
    await asyncio.sleep(random.uniform(0, 2))
    await asyncio.to_thread(site.primary.start)


async def switch_over(site: Site, random: Random) -> None:
    """The standby becomes the primary as planned; nothing is lost. The address moves before or after."""
    old = site.primary
    await asyncio.to_thread(old.stop, "fast")
    await asyncio.to_thread(site.standby.promote)
    site.switch_roles()
    await _move_address(site, random)
    await asyncio.to_thread(site.follow_again)


async def fail_over(site: Site, random: Random) -> None:
    """The primary is gone, the standby takes over. Later the old primary comes back as a standby."""
    if not site.synchronous:
        # It lacks what is committed from now on.
        await asyncio.to_thread(site.standby.stop_receiving)
        await asyncio.sleep(random.uniform(0.2, 2))
    gone = site.primary.freeze if random.random() < 0.5 else site.primary.kill
    await asyncio.to_thread(gone)
    await asyncio.sleep(random.uniform(0, 2))
    await asyncio.to_thread(site.standby.promote)
    old = site.switch_roles()
    at_take_over = await asyncio.to_thread(site.facts, site.primary)
    await _move_address(site, random)
    await asyncio.sleep(random.uniform(0, 3))
    await asyncio.to_thread(old.kill)
    if not site.synchronous:
        await asyncio.to_thread(_find_lost, site, old, len(at_take_over))
    await asyncio.to_thread(site.follow_again)


def _find_lost(site: Site, old: Cluster, end: int) -> None:
    """What the old primary has beyond the position at which the new one began."""
    old.start()
    lost = site.facts(old, end)
    site.lost |= set(lost)
    site.say(f"the standby lacked {len(lost)} events, from position {end + 1} on")
    old.stop()


async def _move_address(site: Site, random: Random) -> None:
    await asyncio.sleep(random.uniform(0, 1))
    site.move_links()
    if random.random() < 0.3:
        for node in site.nodes:
            node.link.sever()


SESSIONS: Mapping[str, str] = {
    "all": "TRUE",
    "leases": "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')",
    "listeners": "query ILIKE '%LISTEN%'",
    "writers": "query ILIKE '%es.append%'",
    "readers": "query ILIKE '%SELECT%' AND query NOT ILIKE '%es.append%'",
    "half of all": "pid % 2 = 0",
}


async def terminate(site: Site, random: Random) -> None:
    """An administrator ends sessions of one kind, or cancels their statements, several times."""
    kind = random.choice([*SESSIONS])
    function = random.choice(("pg_terminate_backend", "pg_terminate_backend", "pg_cancel_backend"))
    site.say(f"{function} of {kind}")
    for _ in range(random.randint(1, 4)):
        await _execute(
            site,
            f"SELECT {function}(pid) FROM pg_stat_activity WHERE datname = '{site.database}' AND {SESSIONS[kind]}",
        )
        await asyncio.sleep(random.uniform(0, 1))


async def terminate_replication(site: Site, random: Random) -> None:
    """The stream to the standby breaks."""
    for _ in range(random.randint(1, 3)):
        await _execute(
            site, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'walsender'"
        )
        await asyncio.sleep(random.uniform(0, 1))


async def lock(site: Site, random: Random) -> None:
    """A migration or a dump holds a lock on a table."""
    await _lock(site, await _any_table(site, random), random.uniform(0.5, 6))


async def statement_timeout(site: Site, random: Random) -> None:
    """The database gets a limit for statements, which a lock makes them exceed."""
    limit = random.choice(("statement_timeout", "lock_timeout"))
    await _execute(site, f"ALTER DATABASE {site.database} SET {limit} = '500ms'")
    await _execute(
        site, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{site.database}'"
    )
    await asyncio.sleep(0.5)
    await _lock(site, await _any_table(site, random), random.uniform(1, 4))
    await _execute(site, f"ALTER DATABASE {site.database} RESET {limit}")


async def isolation(site: Site, random: Random) -> None:
    """New sessions begin with another isolation level."""
    level = random.choice(("repeatable read", "serializable"))
    await _execute(site, f"ALTER DATABASE {site.database} SET default_transaction_isolation = '{level}'")
    await _execute(
        site, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{site.database}'"
    )
    await asyncio.sleep(random.uniform(2, 6))
    await _execute(site, f"ALTER DATABASE {site.database} RESET default_transaction_isolation")


async def read_only(site: Site, random: Random) -> None:
    """The primary refuses writes for a time, and says so."""
    await asyncio.to_thread(site.primary.configure, default_transaction_read_only="on")
    await asyncio.sleep(random.uniform(0.5, 5))
    await asyncio.to_thread(site.primary.configure, default_transaction_read_only="off")


async def full_disk(site: Site, random: Random) -> None:
    """The disk with the data of the primary is full. The write-ahead log has its own."""
    disk = site.disks[site.primary.port]
    await asyncio.to_thread(disk.fill)
    await asyncio.sleep(random.uniform(1, 6))
    disk.free()
    if not site.primary.is_running:
        site.say("PostgreSQL had ended; it is started again")
        await asyncio.to_thread(site.primary.start)


async def clock(site: Site, random: Random) -> None:
    """The wall clock of the primary jumps, and is set right again."""
    assert site.primary.clock is not None
    offset = random.choice(("+2d", "-20m", "+20m", "-3s", "+3s"))
    site.say(f"by {offset}")
    site.primary.clock.set(offset)
    await asyncio.sleep(random.uniform(0.5, 5))
    site.primary.clock.set("+0")


async def connections(site: Site, random: Random) -> None:
    """Others take all connections that are left, so that no lost one is replaced."""
    taken: list[psycopg.Connection] = []

    def take() -> None:
        with suppress(psycopg.OperationalError):
            while len(taken) < 250:
                taken.append(psycopg.connect(site.url, connect_timeout=5))

    await asyncio.to_thread(take)
    for node in site.nodes:
        node.link.sever()
    await asyncio.sleep(random.uniform(1, 5))
    for connection in taken:
        connection.close()


async def _execute(site: Site, sql: str) -> None:
    # The statement may end its own session, and the database may be slow to come back.
    with suppress(psycopg.OperationalError):
        await asyncio.to_thread(site.primary.execute, sql)


async def _any_table(site: Site, random: Random) -> str:
    sql = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('es', 'read') ORDER BY 1"
    rows = await asyncio.to_thread(site.primary.execute, sql, database=site.database)
    return random.choice(["es.events", *(row[0] for row in rows)])


async def _lock(site: Site, table: str, seconds: float) -> None:
    site.say(f"{table} for {seconds:.1f} s")

    def hold() -> None:
        with psycopg.connect(site.url, options="-c lock_timeout=10s -c statement_timeout=0") as connection:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            connection.execute(b"SELECT pg_sleep(%f)" % seconds)

    with suppress(psycopg.OperationalError):
        await asyncio.to_thread(hold)


# --- Servers and their links ----------------------------------------------------


async def kill_server(site: Site, node: Node, random: Random) -> None:
    """The server is killed, and started again after a while."""
    node.kill()
    await asyncio.sleep(random.uniform(0, 5))
    node.start()


async def stop_server(site: Site, node: Node, random: Random) -> None:
    """The server is stopped in an orderly way, as in a rolling deploy."""
    code = await node.stop()
    if code:
        site.say(f"{node.name} ended with exit code {code}")
    await asyncio.sleep(random.uniform(0, 2))
    node.start()


async def freeze_server(site: Site, node: Node, random: Random) -> None:
    """The server stands still, and goes on."""
    node.freeze()
    await asyncio.sleep(random.choice((random.uniform(0.2, 3), random.uniform(5, 20))))
    node.thaw()


async def dead_link(site: Site, node: Node, random: Random) -> None:
    """Nothing passes between the server and the database, and nothing says so."""
    node.link.freeze()
    await asyncio.sleep(random.choice((random.uniform(0.2, 3), random.uniform(5, 20))))
    if random.random() < 0.5:
        node.link.sever()
    node.link.thaw()


async def cut_link(site: Site, node: Node, random: Random) -> None:
    """All connections of the server to the database are reset, several times."""
    for _ in range(random.randint(1, 5)):
        node.link.sever()
        await asyncio.sleep(random.uniform(0, 1))


async def move_link(site: Site, node: Node, random: Random) -> None:
    """The address of the database moves: the connections of the server stay open and silent for good."""
    node.link.redirect(site.primary.port)


async def server_clock(site: Site, node: Node, random: Random) -> None:
    """The wall clock of the server jumps, and is set right again."""
    offset = random.choice(("+2d", "-20m", "+20m", "-3s", "+3s"))
    site.say(f"by {offset}")
    node.clock.set(offset)
    await asyncio.sleep(random.uniform(0.5, 5))
    node.clock.set("+0")


DATABASE_FAULTS: Mapping[str, DatabaseFault] = {
    fault.__name__: fault
    for fault in (
        kill_postgres,
        freeze_postgres,
        freeze_standby,
        restart_postgres,
        switch_over,
        fail_over,
        terminate,
        terminate_replication,
        lock,
        statement_timeout,
        isolation,
        read_only,
        full_disk,
        clock,
        connections,
    )
}
NODE_FAULTS: Mapping[str, NodeFault] = {
    fault.__name__: fault
    for fault in (kill_server, stop_server, freeze_server, dead_link, cut_link, move_link, server_clock)
}
FAULTS = (*DATABASE_FAULTS, *NODE_FAULTS)
