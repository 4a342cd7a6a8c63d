"""Every promise to clients holds through all faults of servers and database, and all goes on by itself afterwards.

`CHAOS_SEED`, `CHAOS_SECONDS` and `CHAOS_FAULTS` (names with commas between) choose another run.
"""

import os

import pytest

from tests.shop.chaos.faults import FAULTS
from tests.shop.chaos.run import run_chaos

SEED = int(os.environ.get("CHAOS_SEED", "1"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "900"))
CHOSEN = tuple(os.environ.get("CHAOS_FAULTS", ",".join(FAULTS)).split(","))


@pytest.mark.soak
async def test_every_promise_holds_under_random_faults_with_a_synchronous_standby() -> None:
    report = await run_chaos(SEED, SECONDS, CHOSEN)
    assert report.problems == []


@pytest.mark.soak
async def test_a_fail_over_to_an_asynchronous_standby_loses_what_it_lacked_and_nothing_else() -> None:
    report = await run_chaos(SEED, SECONDS / 5, CHOSEN, synchronous=False)
    assert report.problems == []
