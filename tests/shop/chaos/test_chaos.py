"""Every promise to clients holds through all faults of servers and database, and all goes on by itself afterwards.

`CHAOS_SEED`, `CHAOS_SECONDS` and `CHAOS_FAULTS` (names with commas between) choose another run.
"""

import os
from collections.abc import Sequence

import pytest

from tests.shop.chaos.faults import FAULTS
from tests.shop.chaos.run import faults_left_out, run_chaos

SEED = int(os.environ.get("CHAOS_SEED", "1"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "900"))
CHOSEN = os.environ.get("CHAOS_FAULTS", ",".join(FAULTS))


def named_faults(names: str) -> Sequence[str]:
    chosen = names.split(",")
    if unknown := [name for name in chosen if name not in FAULTS]:
        pytest.fail(
            f"CHAOS_FAULTS names {', '.join(unknown)}; the faults are {', '.join(FAULTS)}", pytrace=False
        )
    return chosen


@pytest.mark.parametrize("names", ["", "typo", "clock,typo", "clock, lock"])
def test_an_unknown_fault_is_refused(names: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"CHAOS_FAULTS names .*; the faults are kill_postgres, "):
        named_faults(names)


def test_known_faults_are_those_that_are_named() -> None:
    assert named_faults("clock,lock") == ["clock", "lock"]
    assert named_faults(CHOSEN)


def test_a_fault_that_was_chosen_and_did_not_happen_is_said() -> None:
    chosen = ["clock", "full_disk", "dead_link"]
    assert list(faults_left_out(chosen, ["clock", "dead_link of server 1"], has_disks=False)) == [
        "full_disk was skipped: no file system can be mounted here"
    ]
    assert list(faults_left_out(chosen, ["dead_link of server 2"], has_disks=True)) == [
        "clock did not happen in this time",
        "full_disk did not happen in this time",
    ]


@pytest.mark.soak
async def test_every_promise_holds_under_random_faults_with_a_synchronous_standby() -> None:
    report = await run_chaos(SEED, SECONDS, named_faults(CHOSEN))
    assert report.problems == []


@pytest.mark.soak
async def test_a_fail_over_to_an_asynchronous_standby_loses_what_it_lacked_and_nothing_else() -> None:
    report = await run_chaos(SEED, SECONDS / 5, named_faults(CHOSEN), synchronous=False)
    assert report.problems == []
