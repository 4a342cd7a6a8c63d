"""A toy process for the engine's tests: notes on a tally say what to do in another tally, its till.

It remembers everything that it has folded, so that a fact that was folded twice, or never, shows.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec

from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.processes.admin import ProcessView, get_processes
from app.engine.processes.attempts import RetryPolicy
from app.engine.store.reader import Fact
from domain.kernel.decider import Recorded, value
from domain.kernel.process import (
    Action,
    AnyProcess,
    Call,
    CancelDeadline,
    CompensationForced,
    Deadline,
    DeadlinePassed,
    Effect,
    Ended,
    Process,
    SendCommand,
    Started,
    StepRefused,
    StepSkipped,
    StepStuck,
    Withdraw,
    call,
    send,
)
from tests.support.toy_counter import Add, Added, Engine, Take, engine, request, tally


@call("errand.ring", formerly=("Ring",))
class Ring(Call):
    """The toy's call to the outside."""

    till: UUID
    amount: int


@value
class Errand:
    """`seen` has the position of each folded fact, in order, with its note.

    A fact of the process itself has its name in place of a note.
    """

    seen: tuple[tuple[int, str], ...] = ()
    ended: str | None = None


def till(errand_id: UUID) -> UUID:
    """Where an errand puts what it was given."""
    return uuid5(errand_id, "till")


def box(into: UUID, number: int) -> UUID:
    """One of the boxes over which an errand is spread."""
    return uuid5(into, f"box {number}")


def key(fact: Recorded[Any]) -> UUID | None:
    match fact.event:
        case Added(note=note) if note and note != "rung":
            return fact.stream_id
        case _:
            return None


def evolve(state: Errand | None, fact: Recorded[Any]) -> Errand | None:
    state = state or Errand()
    match fact.event:
        case Added(note=note):
            done = "done" if note == "end" else state.ended
            return replace(state, seen=(*state.seen, (fact.position, note)), ended=done)
        case CompensationForced():
            return replace(state, seen=(*state.seen, (fact.position, "undo")), ended="undone")
        case Started() | Ended():
            return state
        case happened:
            return replace(state, seen=(*state.seen, (fact.position, type(happened).__name__)))


def react(before: Errand | None, after: Errand, fact: Recorded[Any]) -> Sequence[Action]:
    into = till(fact.stream_id)
    match fact.event:
        case Added(note="put", amount=amount):
            return [send("put", tally, into, Add(amount=amount))]
        case Added(note="take", amount=amount):
            return [send("take", tally, into, Take(amount=amount))]
        case Added(note="several", amount=amount):
            return [send(f"put {n}", tally, into, Add(amount=n)) for n in range(1, amount + 1)]
        case Added(note="spread", amount=amount):
            return [send(f"put {n}", tally, box(into, n), Add(amount=n)) for n in range(1, amount + 1)]
        case Added(note="ring", amount=amount):
            return [Effect(step="ring", call=Ring(till=into, amount=amount))]
        case Added(note="wait", amount=amount):
            return [Deadline(name="tea", at=fact.recorded_at + timedelta(milliseconds=amount))]
        case Added(note="off"):
            return [CancelDeadline(name="tea")]
        case Added(note="stop"):
            return [Withdraw()]
        case CompensationForced():
            return [Withdraw(), send("undo", tally, into, Add(amount=1_000))]
        case StepSkipped():
            return [send("instead", tally, into, Add(amount=100))]
        case StepRefused() | StepStuck() | DeadlinePassed():
            return [send("told", tally, into, Add(amount=10_000))]
        case _:
            return []


def status(state: Errand) -> str:
    return state.seen[-1][1] if state.seen else "new"


def outcome(state: Errand) -> str | None:
    return state.ended


errand: Process[Errand] = Process(
    category="errand",
    correlate=key,
    evolve=evolve,
    react=react,
    status=status,
    outcome=outcome,
    calls=(Ring,),
)


@dataclass
class Bell:
    """The outside. `answers` says what each call comes to: by default it is answered at once."""

    answers: Callable[[Ring, int], Awaitable[None]] | None = None
    keys: defaultdict[UUID, list[UUID]] = field(default_factory=lambda: defaultdict[UUID, list[UUID]](list))
    """Of the calls that were made, by till."""

    async def __call__(self, call: Ring, key: UUID) -> SendCommand:
        self.keys[call.till].append(key)
        if self.answers is not None:
            await self.answers(call, len(self.keys[call.till]))
        return send("rung", tally, call.till, Add(amount=call.amount, note="rung"))


async def note(running: Engine, errand_id: UUID, word: str, amount: int = 1) -> int:
    """Let an errand hear a word; its position."""
    outcome = await running.commands.execute(tally, errand_id, Add(amount=amount, note=word), request())
    assert isinstance(outcome, CommandAccepted)
    return outcome.position


async def until[T](look: Callable[[], Awaitable[T | None]], seconds: float = 10) -> T:
    """What `look` finds, as soon as it finds something."""
    async with asyncio.timeout(seconds):
        while True:
            if found := await look():
                return found
            await asyncio.sleep(0.005)


async def seen(running: Engine, errand_id: UUID) -> ProcessView | None:
    return (await get_processes(running.database, "errand", [errand_id])).get(errand_id)


async def at_rest(running: Engine) -> None:
    """Until the process has folded the whole log and nothing that it asked for is under way."""

    async def rests() -> bool:
        folded = running.processes.workers["errand"].position
        [row] = await running.database.pool.fetch(
            "SELECT (SELECT count(*) FROM es.process_steps WHERE outcome = 'due') AS due, (SELECT coalesce(max(position), 0) FROM es.events) AS head"
        )
        return row["due"] == 0 and folded >= row["head"]

    await until(rests)


async def became(running: Engine, errand_id: UUID, state: str) -> ProcessView:
    """The errand, when it has come to this state."""

    async def look() -> ProcessView | None:
        view = await seen(running, errand_id)
        return view if view is not None and view.state == state else None

    return await until(look)


async def own(running: Engine, errand_id: UUID) -> Sequence[Fact]:
    """The facts of the errand's own stream."""
    return await running.reader.read_stream("errand", errand_id)


async def kept(running: Engine, errand_id: UUID) -> Sequence[tuple[int, str]]:
    """What the till holds: every amount that was put into it, and taken from it, in order."""
    facts = await running.reader.read_stream("tally", till(errand_id))
    return [(fact.event.amount, getattr(fact.event, "note", "")) for fact in facts]


async def remembered(running: Engine, errand_id: UUID) -> Errand:
    """The errand's state as it is stored."""
    text = await running.database.pool.fetchval(
        "SELECT state -> 2 FROM es.processes WHERE process = 'errand' AND id = $1", errand_id
    )
    return msgspec.json.decode(text, type=Errand)


QUICK = RetryPolicy(max_attempts=3, initial_delay=0.005, max_delay=0.02, call_timeout=0.1)


@asynccontextmanager
async def running(
    database: Database, bell: Bell | None = None, process: AnyProcess = errand, steps: RetryPolicy = QUICK
) -> AsyncGenerator[Engine]:
    async with engine(
        database, projections=(), processes=[process], ports={Ring: bell or Bell()}, steps=steps
    ) as runtime:
        yield runtime


async def away(call: Ring, attempt: int) -> None:
    raise ConnectionError("no answer")


def names(facts: Any) -> list[str]:
    return [fact.event.stored.name for fact in facts]
