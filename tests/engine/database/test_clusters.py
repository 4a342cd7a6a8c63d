"""The clusters for tests do what they promise."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any, LiteralString

import psycopg
import pytest

from tests.support.clusters import Cluster, DeadLink, cluster, pgbouncer, small_disk, standby_of
from tests.support.clusters.processes import wait_until

ASK_FOR_TLS = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
NUMBERS = "SELECT coalesce(array_agg(n ORDER BY n), '{}') FROM t"


def sent(connection: psycopg.Connection[Any], sql: LiteralString) -> Future[Any]:
    """The answer to a statement, which has not come yet."""
    thread = ThreadPoolExecutor(1)
    answer = thread.submit(connection.execute, sql)
    thread.shutdown(wait=False)
    with pytest.raises(TimeoutError):
        answer.result(0.1)
    return answer


def assert_silent(port: int) -> None:
    """A new connection is taken by the kernel, and gets no answer to its first message."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=0.2)) as probe:
        probe.sendall(ASK_FOR_TLS)
        with pytest.raises(TimeoutError):
            probe.recv(1)


@pytest.fixture(scope="module")
def primary() -> Iterator[Cluster]:
    with cluster(clock_offset="+0") as primary:
        yield primary


def test_a_database_of_a_cluster_is_migrated(primary: Cluster) -> None:
    with psycopg.connect(primary.create_database()) as connection:
        row = connection.execute("SELECT count(*) FROM es.events").fetchone()
    assert row == (0,)


def test_a_killed_cluster_starts_again_with_what_it_has_committed(primary: Cluster) -> None:
    primary.execute("CREATE TABLE kept (n int)")
    primary.freeze()
    primary.kill()
    assert not primary.is_running
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(primary.url())
    primary.start()
    assert primary.value("SELECT count(*) FROM kept") == 0


def test_a_frozen_cluster_answers_nothing_until_it_is_thawed(primary: Cluster) -> None:
    with psycopg.connect(primary.url(), autocommit=True) as connection:
        primary.freeze()
        answer = sent(connection, "SELECT 1")
        assert_silent(primary.port)
        assert not answer.done()
        primary.thaw()
        answer.result(10)


def test_the_wall_clock_of_a_cluster_jumps_while_it_runs(primary: Cluster) -> None:
    assert primary.clock is not None
    with psycopg.connect(primary.url(), autocommit=True) as connection:

        def ahead_seconds() -> float:
            row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float").fetchone()
            assert row is not None
            return row[0] - time.time()

        assert abs(ahead_seconds()) < 5
        primary.clock.set("+2d")
        assert abs(ahead_seconds() - 2 * 86_400) < 5
        primary.clock.set("-20m")
        assert abs(ahead_seconds() + 1_200) < 5
        primary.clock.set("+0")
        assert abs(ahead_seconds()) < 5


def test_a_standby_lacks_what_it_did_not_receive_and_is_promoted_and_the_old_primary_follows_it() -> None:
    with cluster() as first, standby_of(first, synchronous=True) as second:
        first.execute("CREATE TABLE t (n int)")
        first.execute("INSERT INTO t VALUES (1)")
        second.wait_replayed(first)
        assert second.value(NUMBERS) == [1]
        # Received and not shown yet: a promotion shows it.
        second.pause_replay()
        first.execute("INSERT INTO t VALUES (2)")
        assert second.value(NUMBERS) == [1]
        second.resume_replay()
        # Not received: it is lost.
        first.require_standby(None)
        second.stop_receiving()
        first.execute("INSERT INTO t VALUES (3)")
        second.promote()
        second.execute("INSERT INTO t VALUES (4)")
        assert (first.value(NUMBERS), second.value(NUMBERS)) == ([1, 2, 3], [1, 2, 4])
        first.demote(second)
        first.wait_replayed(second)
        assert not first.is_primary
        assert first.value(NUMBERS) == [1, 2, 4]
        # And back, without a loss: each commit waits for the old primary.
        second.require_standby(first)
        second.execute("INSERT INTO t VALUES (5)")
        second.kill()
        first.promote()
        assert first.value(NUMBERS) == [1, 2, 4, 5]


def test_a_commit_waits_for_a_synchronous_standby() -> None:
    with cluster() as first, standby_of(first, synchronous=True) as second:
        first.execute("CREATE TABLE t (n int)")
        second.freeze()
        with psycopg.connect(first.url(), autocommit=True) as connection:
            answer = sent(connection, "INSERT INTO t VALUES (1)")
            waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            wait_until(lambda: first.value(waiting), "the commit waits")
            second.thaw()
            answer.result(10)
        assert first.value(NUMBERS) == [1]


def test_a_full_disk_refuses_a_write_and_takes_it_when_there_is_room_again() -> None:
    with small_disk(120) as disk, cluster(folder=disk.folder) as small:
        small.execute("CREATE TABLE t AS SELECT 1 AS n")
        disk.fill()
        with pytest.raises(psycopg.errors.DiskFull):
            small.execute("INSERT INTO t SELECT generate_series(1, 100000)")
        disk.free()
        small.execute("INSERT INTO t SELECT generate_series(1, 100000)")


def test_a_pooler_in_transaction_mode_gives_each_transaction_a_session(primary: Cluster) -> None:
    with (
        pgbouncer(primary, "transaction", pool_size=1) as url,
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as one,
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as two,
    ):
        pids = [each.execute("SELECT pg_backend_pid()").fetchone() for each in (one, two, one)]
    assert len(set(pids)) == 1


@pytest.fixture
def link(primary: Cluster) -> Iterator[DeadLink]:
    with DeadLink(primary.port) as link:
        yield link


def test_a_frozen_link_is_silent_and_passes_on_what_it_held_back(link: DeadLink) -> None:
    with psycopg.connect(link.url(), autocommit=True) as connection:
        link.freeze()
        answer = sent(connection, "SELECT 1")
        assert_silent(link.port)
        assert not answer.done()
        link.thaw()
        answer.result(10)


def test_a_severed_link_resets_its_connections_and_takes_new_ones(link: DeadLink) -> None:
    with psycopg.connect(link.url()) as connection:
        link.sever()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with psycopg.connect(link.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_address_that_moves_leaves_old_connections_open_and_silent(
    primary: Cluster, link: DeadLink
) -> None:
    with psycopg.connect(link.url(), autocommit=True) as old, DeadLink(primary.port) as other:
        link.redirect(other.port)
        answer = sent(old, "SELECT 1")
        with psycopg.connect(link.url()) as new:
            assert new.execute("SELECT 1").fetchone() == (1,)
            assert (link.connections, other.connections) == (2, 1)
        link.freeze()
        link.thaw()
        with pytest.raises(TimeoutError):
            answer.result(0.1)
        link.sever()
        with pytest.raises(psycopg.OperationalError):
            answer.result(10)
