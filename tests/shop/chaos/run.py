"""One chaos run: clients, faults at random, quiet, and the verdict. The seed decides the faults and what clients do."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import httpx2

from app.composition import application
from app.engine.database.connections import open_database
from app.settings import Settings
from tests.chaos.checker import Violation, check
from tests.chaos.history import Accepted, History, Subscription
from tests.shop.chaos.clients import PATIENCE_SECONDS, Shop
from tests.shop.chaos.faults import DATABASE_FAULTS, NODE_FAULTS
from tests.shop.chaos.site import Node, Site, open_site
from tests.shop.chaos.subscribers import Subscribers
from tests.shop.support.shop_invariants import audited
from tests.support.cli import run as run_cli
from tests.support.rebuild_oracle import compare_with_rebuild

QUIET_SECONDS = 90.0
"""After the last fault everything ends by itself within this time."""
CLERKS, CUSTOMERS = 4, 6
REST = """
    SELECT (SELECT count(*) FROM es.processes WHERE NOT ended) AS processes,
           (SELECT count(*) FROM es.process_steps WHERE outcome IN ('due', 'stuck')) AS steps,
           (SELECT max(position) FROM es.events) - (SELECT min(position) FROM es.checkpoints WHERE slot = 'live') AS lag
"""


@dataclass
class Report:
    """What came of a run. Each problem is a broken promise."""

    problems: list[str] = field(default_factory=list[str])
    history: History = field(default_factory=History)
    stalls: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    """Each fault with the longest time in which no write was acknowledged, seconds."""
    violations: Sequence[Violation] = ()


class Timeline:
    """Prints with the time of the run, and remembers when which fault was."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.faults: list[tuple[str, float, float]] = []

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f}  {text}", flush=True)

    @asynccontextmanager
    async def fault(self, name: str) -> AsyncGenerator[None]:
        began = time.monotonic()
        self.say(f"+ {name}")
        try:
            yield
        finally:
            self.faults.append((name, began, time.monotonic()))
            self.say(f"- {name}")


async def run_chaos(seed: int, seconds: float, faults: Sequence[str], *, synchronous: bool = True) -> Report:
    """One run with these kinds of fault, at random times for so many seconds. It prints its timeline."""
    timeline, report = Timeline(), Report()
    timeline.say(f"seed {seed}, {seconds:.0f} s, faults: {', '.join(faults)}")
    async with (
        open_site(synchronous=synchronous, say=timeline.say) as site,
        httpx2.AsyncClient(timeout=PATIENCE_SECONDS, limits=httpx2.Limits(max_connections=200)) as http,
    ):
        shop = Shop(site.nodes, Random(f"{seed} shop"), http, report.history)
        subscribers = Subscribers(shop)
        await shop.open_shop()
        report.history.subscriptions = [
            Subscription("all by socket"),
            Subscription("all by events"),
            Subscription("products", prefix="product/"),
            Subscription("orders", prefix="order/"),
        ]
        follow = [
            asyncio.create_task(
                (subscribers.listener if "by events" in each.name else subscribers.subscriber)(
                    each, Random(f"{seed} {each.name}")
                )
            )
            for each in report.history.subscriptions
        ]
        watch = asyncio.create_task(_watch(shop, timeline))
        try:
            async with asyncio.TaskGroup() as clients:
                for number in range(CLERKS):
                    clients.create_task(shop.clerk(f"clerk {number}", Random(f"{seed} clerk {number}")))
                for number in range(CUSTOMERS):
                    clients.create_task(
                        shop.customer(f"customer {number}", Random(f"{seed} customer {number}"))
                    )
                await asyncio.sleep(2)
                await _inflict(site, timeline, seed, seconds, faults)
                await asyncio.sleep(5)
                shop.closing = True
            timeline.say("the clients have finished")
            await _judge(site, shop, timeline, report)
        finally:
            for task in (*follow, watch):
                task.cancel()
            await asyncio.gather(*follow, watch, return_exceptions=True)
        if not timeline.faults:
            report.problems.append("no fault happened")
        for left_out in faults_left_out(
            faults, [name for name, _, _ in timeline.faults], has_disks=bool(site.disks)
        ):
            timeline.say(left_out)
        _summarise(site, shop, timeline, report)
    return report


def faults_left_out(chosen: Iterable[str], happened: Iterable[str], *, has_disks: bool) -> Iterator[str]:
    """A line for each fault that was chosen and did not happen."""
    kinds = {name.partition(" of ")[0] for name in happened}
    for name in chosen:
        if name == "full_disk" and not has_disks:
            yield f"{name} was skipped: no file system can be mounted here"
        elif name not in kinds:
            yield f"{name} did not happen in this time"


# --- Faults -------------------------------------------------------------------


async def _inflict(site: Site, timeline: Timeline, seed: int, seconds: float, faults: Sequence[str]) -> None:
    """One sequence of faults for the database and one for each server, side by side."""
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(_inflict_database(site, timeline, Random(f"{seed} database"), until, faults))
        for node in site.nodes:
            group.create_task(
                _inflict_node(site, node, timeline, Random(f"{seed} {node.name}"), until, faults)
            )


async def _inflict_database(
    site: Site, timeline: Timeline, random: Random, until: float, faults: Sequence[str]
) -> None:
    possible = [name for name in DATABASE_FAULTS if name in faults and (name != "full_disk" or site.disks)]
    while possible and time.monotonic() < until:
        await asyncio.sleep(random.uniform(0.5, 8))
        name = random.choice(possible)
        async with timeline.fault(name):
            known = await asyncio.to_thread(site.primary.crashes)
            await DATABASE_FAULTS[name](site, Random(random.random()))
            await asyncio.to_thread(site.primary.wait_until_answers)
            for crash in await asyncio.to_thread(site.primary.crashes):
                if crash not in known:
                    site.say(crash)
            # A fail-over must not meet a standby that lacks what a restarted primary shows already.
            await asyncio.to_thread(site.standby.wait_replayed, site.primary)


async def _inflict_node(
    site: Site, node: Node, timeline: Timeline, random: Random, until: float, faults: Sequence[str]
) -> None:
    possible = [name for name in NODE_FAULTS if name in faults]
    while possible and time.monotonic() < until:
        await asyncio.sleep(random.uniform(2, 20))
        name = random.choice(possible)
        async with timeline.fault(f"{name} of {node.name}"):
            await NODE_FAULTS[name](site, node, Random(random.random()))


async def _watch(shop: Shop, timeline: Timeline) -> None:
    """A line every ten seconds with what happened in them."""
    before: Counter[str] = Counter()
    while True:
        await asyncio.sleep(10)
        new = shop.counts - before
        before = shop.counts.copy()
        timeline.say("          " + ", ".join(f"{name} {number}" for name, number in sorted(new.items())))


# --- The verdict --------------------------------------------------------------


async def _judge(site: Site, shop: Shop, timeline: Timeline, report: Report) -> None:
    report.problems += await _wait_quiet(site, shop, timeline)
    report.history.log = await shop.read_log(site.nodes[0])
    report.history.lost = frozenset(site.lost)
    timeline.say(f"the log has {len(report.history.log)} events")
    await _wait_delivered(report, timeline)
    report.violations = check(report.history)
    report.problems += [str(violation) for violation in report.violations]
    if report.history.log != await asyncio.to_thread(site.facts, site.primary):
        report.problems.append("the API shows another log than the table has")
    try:
        async with open_database(Settings(database_url=site.url, pool_size=2)) as database:
            await audited(database)
    except AssertionError as error:
        report.problems.append(f"the books of the shop: {str(error)[:2000]}")
    report.problems += [
        f"rebuild differs: {comparison} {comparison.examples}"
        for comparison in await compare_with_rebuild(application, site.url)
        if not comparison.equal
    ]
    verified = await asyncio.to_thread(run_cli, "audit", "verify", DATABASE_URL=site.url)
    if verified.returncode:
        report.problems.append(f"audit verify: {verified.stdout} {verified.stderr}")
    report.problems += [f"an answer to a client: {text}" for text in sorted(set(shop.unexpected))]
    if shop.counts["LOG_REPLACED"] and not site.lost:
        report.problems.append("clients were told that the log was replaced, and it was not")


async def _wait_quiet(site: Site, shop: Shop, timeline: Timeline) -> Sequence[str]:
    """Until all servers are ready, all processes have ended, and all read models are level. What is not, at the end."""
    deadline = time.monotonic() + QUIET_SECONDS
    while True:
        problems = [
            f"{node.name} says {why}"
            for node in site.nodes
            for path in ("/livez", "/readyz")
            if (why := await node.answers(path)) is not None
        ]
        rest = (await asyncio.to_thread(site.primary.execute, REST, database=site.database))[0]
        if any(rest):
            problems.append(
                f"{rest[0]} processes and {rest[1]} steps have not ended, read models lag by {rest[2]}"
            )
        if not problems:
            timeline.say("everything is quiet")
            return ()
        if time.monotonic() > deadline:
            timeline.say("not everything is quiet")
            return problems
        await asyncio.sleep(0.5)


async def _wait_delivered(report: Report, timeline: Timeline) -> None:
    """Until every subscriber has the last event that matches. The checker says what is missing."""
    deadline = time.monotonic() + QUIET_SECONDS / 3
    for each in [each for each in report.history.subscriptions if each.complete]:
        last = max(
            (fact.position for fact in report.history.log if fact.stream.startswith(each.prefix)), default=0
        )
        while max(each.after, each.deliveries[-1].position if each.deliveries else 0) < last:
            if time.monotonic() > deadline:
                timeline.say(f"the subscriber {each.name} does not get the end of the log")
                return
            await asyncio.sleep(0.1)


def _summarise(site: Site, shop: Shop, timeline: Timeline, report: Report) -> None:
    acknowledged = sorted(
        write.answered for write in report.history.writes if isinstance(write.outcome, Accepted)
    )
    for name, began, ended in timeline.faults:
        around = [began, *(at for at in acknowledged if began <= at <= ended + 30)]
        gaps = [after - before for before, after in pairwise(around) if before <= ended]
        report.stalls.append((name.partition(" of ")[0], max(gaps, default=0.0)))
    timeline.say(
        f"{len(report.history.writes)} attempts of {len({write.command_id for write in report.history.writes})} commands,"
        f" {len(report.history.reads)} reads, {sum(len(each.deliveries) for each in report.history.subscriptions)} deliveries,"
        f" {len(shop.placed)} orders placed; {dict(sorted(shop.counts.items()))}"
    )
    by_kind: dict[str, list[float]] = {}
    for name, stall in report.stalls:
        by_kind.setdefault(name, []).append(stall)
    for name, stalls in sorted(by_kind.items()):
        timeline.say(
            f"{name}: {len(stalls)} times; no write was acknowledged for {sorted(stalls)[len(stalls) // 2]:.1f} s in the middle, {max(stalls):.1f} s at most"
        )
    for node in site.nodes:
        timeline.say(f"{node.name}: started {node.starts} times, ended by itself {len(node.endings)} times")
        for ending in node.endings:
            timeline.say(f"    {ending}")
        errors = Counter(
            line.split(" ", 2)[-1][:160] for line in node.output().splitlines() if "rror" in line
        )
        for text, number in errors.most_common(8):
            timeline.say(f"    {number} × {text}")
    for problem in report.problems[:40]:
        timeline.say(f"PROBLEM {problem[:600]}")
