"""Makes true histories: a log executes each command at one moment, and clients see only what they are answered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from random import Random

from tests.chaos.history import (
    Accepted,
    Conflict,
    Delivery,
    Fact,
    History,
    NotRecorded,
    Outcome,
    Read,
    Rejected,
    Subscription,
    Unknown,
    Write,
)

STREAMS = ("a/1", "a/2", "b/1")


@dataclass
class _Step:
    """What a client does, with the moment at which it takes effect."""

    client: str
    sent: float
    effect: float
    answered: float


@dataclass
class _System:
    """The log and what it remembers of commands."""

    random: Random
    log: list[tuple[float, Fact]] = field(default_factory=list[tuple[float, Fact]])
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STREAMS, 0))

    def write(self, moment: float, stream: str, command_id: str, expected: int | None) -> Outcome:
        if command_id in self.outcomes:
            return self.outcomes[command_id]
        if expected not in (None, self.versions[stream]):
            conflict = self.outcomes[command_id] = Conflict(self.versions[stream])
            return conflict
        chance = self.random.random()
        if chance < 0.1:
            return NotRecorded("OVERLOADED")
        if chance < 0.2:
            outcome: Outcome = Rejected("NO")
        else:
            number = self.random.choice((0, 1, 1, 1, 2))
            events = tuple(self._record(moment, stream, command_id) for _ in range(number))
            outcome = Accepted(self.versions[stream], len(self.log), events)
        self.outcomes[command_id] = outcome
        return outcome

    def react(self, moment: float) -> None:
        """A command that no client sent."""
        if self.log:
            stream = self.random.choice(STREAMS)
            self._record(
                moment, stream, f"reaction-{len(self.log)}", self.random.choice(self.log)[1].position
            )

    def _record(
        self, moment: float, stream: str, command_id: str, caused_by: int | None = None
    ) -> tuple[int, int]:
        self.versions[stream] += 1
        fact = Fact(len(self.log) + 1, stream, self.versions[stream], command_id, caused_by)
        self.log.append((moment, fact))
        return fact.position, fact.version


def true_history(seed: int, *, clients: int = 4, steps: int = 25) -> History:
    """A history in which every promise is kept. The same seed gives the same history."""
    random = Random(seed)
    system, history = _System(random), History()
    sent: dict[str, list[Write]] = {}
    every = sorted(
        (step for number in range(clients) for step in _steps(random, f"c{number}", steps)),
        key=attrgetter("effect"),
    )
    for step in every:
        match random.choice(("write", "write", "write", "read", "repeat", "react")):
            case "write":
                expected = random.choice((None, None, random.randint(0, 5)))
                stream, command_id = random.choice(STREAMS), f"{step.client}-{step.sent:.3f}"
                if expected is not None and random.random() < 0.5:
                    expected = system.versions[stream]
                write = _write(system, step, stream, command_id, expected)
                sent.setdefault(step.client, []).append(write)
                history.writes.append(write)
            case "repeat" if before := sent.get(step.client):
                first = random.choice(before)
                history.writes.append(_write(system, step, first.stream, first.command_id, first.expected))
            case "read":
                history.reads.append(_read(system, step, history.writes))
            case _:
                system.react(step.effect)
    history.log = [fact for _, fact in system.log]
    history.subscriptions = [
        _subscription(random, system.log, name, prefix, after)
        for name, prefix, after in (("all", "", 0), ("some", "a/", 0), ("late", "", len(system.log) // 2))
    ]
    return history


def _steps(random: Random, client: str, number: int) -> Iterator[_Step]:
    moment = random.random()
    for _ in range(number):
        sent = moment + random.uniform(0.01, 1)
        effect = sent + random.uniform(0.01, 1)
        moment = effect + random.uniform(0.01, 1)
        yield _Step(client, sent, effect, moment)


def _write(system: _System, step: _Step, stream: str, command_id: str, expected: int | None) -> Write:
    chance = system.random.random()
    # Without an answer the client does not know if it was done: half of these were.
    outcome = (
        Unknown("no answer") if chance < 0.05 else system.write(step.effect, stream, command_id, expected)
    )
    if 0.05 <= chance < 0.1:
        outcome = Unknown("no answer")
    return Write(step.client, stream, command_id, expected, step.sent, step.answered, outcome)


def _read(system: _System, step: _Step, writes: Sequence[Write]) -> Read:
    own = [
        write.outcome.position
        for write in writes
        if write.client == step.client and isinstance(write.outcome, Accepted)
    ]
    stream = system.random.choice(STREAMS)
    return Read(
        session=step.client,
        stream=stream,
        version=system.versions[stream],
        sent=step.sent,
        answered=step.answered,
        min_position=max(own, default=None),
        position=len(system.log),
    )


def _subscription(
    random: Random, log: Sequence[tuple[float, Fact]], name: str, prefix: str, after: int
) -> Subscription:
    subscription, now = Subscription(name, after, prefix), 0.0
    for moment, fact in log[after:]:
        if fact.stream.startswith(prefix):
            now = max(now, moment + random.random())
            subscription.deliveries.append(Delivery(now, *fact[:4]))
    return subscription
