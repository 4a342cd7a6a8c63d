"""Decides from a history alone if the system kept its promises.

The log is one linearizable object, since its positions are handed out in the order of commits. Each event has an
interval in which it was recorded. The interval begins when its command is sent, and ends when the event is first
seen. With the order of positions these intervals decide which versions a stream can have had at a moment.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf

from tests.chaos.history import (
    Accepted,
    Conflict,
    Delivery,
    Fact,
    History,
    Read,
    Rejected,
    Subscription,
    Unknown,
    Write,
)


@dataclass(frozen=True)
class Violation:
    """A promise that was broken, and by what."""

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


class Log:
    """The final log, with the interval in which each event was recorded."""

    def __init__(self, history: History) -> None:
        self.facts = sorted(history.log)
        self.by_position = {fact.position: fact for fact in self.facts}
        self.by_command: dict[str, list[Fact]] = defaultdict(list)
        self.by_stream: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            self.by_command[fact.command_id].append(fact)
            self.by_stream[fact.stream].append(fact)
        self.forked = {fact.stream for fact in history.lost}
        """Streams of which events were lost: what was seen of them may be of either log."""
        self._set_intervals(history)

    def _set_intervals(self, history: History) -> None:
        sent: dict[str, float] = {}
        seen: dict[str, float] = defaultdict(lambda: inf)
        for write in history.writes:
            sent[write.command_id] = min(write.sent, sent.get(write.command_id, inf))
            if isinstance(write.outcome, Accepted) and write.outcome.events:
                seen[write.command_id] = min(seen[write.command_id], write.answered)
        for delivery in (item for each in history.subscriptions for item in each.deliveries):
            if self._is_true(delivery):
                seen[delivery.command_id] = min(seen[delivery.command_id], delivery.at)
        for read in history.reads:
            facts = self.by_stream.get(read.stream, ())
            if read.stream not in self.forked and 0 < read.version <= len(facts):
                command_id = facts[read.version - 1].command_id
                seen[command_id] = min(seen[command_id], read.answered)
        for fact in history.lost:
            # It may have been seen in the lost log and recorded a second time afterwards.
            seen.pop(fact.command_id, None)
        first_sent = [sent.get(fact.command_id, -inf) for fact in self.facts]
        self.first_seen = [seen[fact.command_id] for fact in self.facts]
        """When any event of its command was seen first: they are recorded together."""
        self.earliest = list(accumulate(first_sent, max))
        """An event was not recorded before any event at a lower position could be."""
        self.latest = list(accumulate(reversed(self.first_seen), min))[::-1]
        """An event was recorded before any event at a higher position was seen."""
        self._index = {fact.position: index for index, fact in enumerate(self.facts)}

    def can_be_recorded_by(self, fact: Fact, moment: float) -> bool:
        return self.earliest[self._index[fact.position]] <= moment

    def can_be_recorded_after(self, fact: Fact, moment: float) -> bool:
        return self.latest[self._index[fact.position]] >= moment

    def _is_true(self, delivery: Delivery) -> bool:
        fact = self.by_position.get(delivery.position)
        return fact is not None and fact.command_id == delivery.command_id

    def version_at(self, stream: str, position: int) -> int:
        """The version of a stream when the log ended at a position."""
        facts = self.by_stream.get(stream, [])
        return bisect_right(facts, position, key=lambda fact: fact.position)

    def was_current(self, stream: str, version: int, sent: float, answered: float) -> bool:
        """The stream can have been at this version at some moment between the two."""
        facts = self.by_stream.get(stream, [])
        if not 0 <= version <= len(facts):
            return False
        follows = facts[version] if version < len(facts) else None
        if version:
            fact = facts[version - 1]
            if follows is not None and follows.command_id == fact.command_id:
                return False  # The events of one command are recorded together.
            if not self.can_be_recorded_by(fact, answered):
                return False
        return follows is None or self.can_be_recorded_after(follows, sent)


def check(history: History) -> Sequence[Violation]:
    """Every promise that the history breaks; none if it is true."""
    log = Log(history)
    return [
        *_check_positions(history),
        *_check_versions(log),
        *_check_order_in_time(log),
        *_check_commands(history, log),
        *_check_origin(history, log),
        *(violation for read in history.reads for violation in _check_read(read, log)),
        *_check_sessions(history.reads, log),
        *(
            violation
            for subscription in history.subscriptions
            for violation in _check_subscription(subscription, history, log)
        ),
    ]


# --- The log ------------------------------------------------------------------


def _check_positions(history: History) -> Iterator[Violation]:
    positions = [0, *(fact.position for fact in history.log)]
    for before, after in pairwise(positions):
        if after <= before:
            yield Violation("position order", f"{after} comes after {before} in the log")
        elif after != before + 1:
            yield Violation("position gap", f"the log has nothing between {before} and {after}")


def _check_versions(log: Log) -> Iterator[Violation]:
    for stream, facts in log.by_stream.items():
        versions = [fact.version for fact in facts]
        if versions != list(range(1, len(facts) + 1)):
            yield Violation("version order", f"{stream} has the versions {versions}")


def _check_order_in_time(log: Log) -> Iterator[Violation]:
    for fact, earliest, seen in zip(log.facts, log.earliest, log.first_seen, strict=True):
        if seen < earliest:
            yield Violation(
                "order in time",
                f"{fact} was seen at {seen:.3f}, and an event before it was sent no earlier than {earliest:.3f}",
            )


def _check_origin(history: History, log: Log) -> Iterator[Violation]:
    sent = {write.command_id: write.stream for write in history.writes}
    for fact in log.facts:
        if fact.command_id in sent:
            if sent[fact.command_id] != fact.stream:
                yield Violation("unsent", f"{fact} is a command to {sent[fact.command_id]}")
        elif fact.caused_by is None or not 0 < fact.caused_by < fact.position:
            yield Violation("unsent", f"{fact} was sent by no client, and no earlier event led to it")


# --- Commands -----------------------------------------------------------------


def _check_commands(history: History, log: Log) -> Iterator[Violation]:
    attempts: dict[str, list[Write]] = defaultdict(list)
    for write in history.writes:
        attempts[write.command_id].append(write)
    for command_id, writes in attempts.items():
        facts = log.by_command.get(command_id, [])
        yield from _check_effect(writes, facts)
        first_sent = min(write.sent for write in writes)
        for write in writes:
            yield from _check_answer(write, first_sent, facts, history.lost, log)
        if writes[0].stream not in log.forked:
            yield from _check_repeats(writes, facts, log)
    yield from _check_conflicts(history, log)


def _check_effect(writes: Sequence[Write], facts: Sequence[Fact]) -> Iterator[Violation]:
    """A command has its effect at one place of the log, or none."""
    for before, after in pairwise(facts):
        if after.position != before.position + 1 or after.stream != before.stream:
            yield Violation("effect twice", f"one command recorded {before} and {after}")
    if facts and not any(isinstance(write.outcome, Accepted | Unknown) for write in writes):
        yield Violation("refused and recorded", f"{writes[-1]} recorded {list(facts)}")


def _check_answer(
    write: Write, first_sent: float, facts: Sequence[Fact], lost: frozenset[Fact], log: Log
) -> Iterator[Violation]:
    """An accepted command is in the log as its answer says."""
    if not isinstance(answer := write.outcome, Accepted):
        return
    told = [Fact(position, write.stream, version, write.command_id) for position, version in answer.events]
    if told and told != [fact._replace(caused_by=None) for fact in facts]:
        if not all(fact in lost for fact in told):
            yield Violation("acknowledged and lost", f"{write}: the log has {list(facts)}")
        return
    if write.stream in log.forked:
        return
    if facts and not told:
        yield Violation("effect untold", f"{write}: the log has {list(facts)}")
    elif not told:
        if not log.was_current(write.stream, answer.version, first_sent, write.answered):
            yield Violation("version not current", f"{write}")
        if write.expected not in (None, answer.version):
            yield Violation("expected version", f"{write}")
    else:
        if (answer.version, answer.position) != (told[-1].version, told[-1].position):
            yield Violation("answer differs from its events", f"{write}")
        if write.expected is not None and told[0].version != write.expected + 1:
            yield Violation("expected version", f"{write}")


def _check_repeats(writes: Sequence[Write], facts: Sequence[Fact], log: Log) -> Iterator[Violation]:
    """A command that is sent again is answered as the first time, also if that was a rejection."""
    decided = [write for write in writes if isinstance(write.outcome, Accepted | Rejected)]
    for first, second in pairwise(decided):
        match first.outcome, second.outcome:
            case Accepted(version, events=events), Accepted():
                same = (version, events) == (second.outcome.version, second.outcome.events)
            case one, other:
                same = one == other
        if not same:
            yield Violation("repeat differs", f"{first} and {second}")
    refused = [
        write for write in writes if isinstance(write.outcome, Conflict) and write.expected is not None
    ]
    for conflict in refused:
        for write in writes:
            if isinstance(write.outcome, Accepted) and write.sent > conflict.answered:
                yield Violation("accepted after a conflict", f"{conflict} and {write}")
    for write in writes if facts else ():
        match write.outcome:
            case Conflict(actual) if actual >= facts[0].version:
                yield Violation("conflict with itself", f"{write} recorded {list(facts)}")
            case Conflict() | Rejected() if not log.can_be_recorded_after(facts[0], write.sent):
                yield Violation("repeat not recognised", f"{write} had recorded {list(facts)}")
            case _:
                pass


def _check_conflicts(history: History, log: Log) -> Iterator[Violation]:
    others = _changes(log)
    first_sent: dict[str, float] = {}
    for write in history.writes:
        first_sent[write.command_id] = min(write.sent, first_sent.get(write.command_id, write.sent))
    for write in history.writes:
        if not isinstance(conflict := write.outcome, Conflict) or write.stream in log.forked:
            continue
        if not log.was_current(write.stream, conflict.actual, first_sent[write.command_id], write.answered):
            # A repeat gets the first outcome, so the version may be that of the first attempt.
            yield Violation("conflict with a version that was not current", f"{write}")
        elif write.expected is not None and write.expected == conflict.actual:
            yield Violation("conflict without a reason", f"{write}")
        elif write.expected is None and not any(
            earliest <= write.answered and latest >= write.sent
            for earliest, latest in others.get(write.stream, ())
        ):
            yield Violation("conflict without a reason", f"{write}: no other command was under way")


def _changes(log: Log) -> dict[str, list[tuple[float, float]]]:
    """The interval of each event by stream."""
    changes: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for fact, earliest, latest in zip(log.facts, log.earliest, log.latest, strict=True):
        changes[fact.stream].append((earliest, latest))
    return changes


# --- Reads --------------------------------------------------------------------


def _check_read(read: Read, log: Log) -> Iterator[Violation]:
    if read.stream in log.forked:
        return
    facts = log.by_stream.get(read.stream, [])
    if read.version > len(facts):
        yield Violation("read of nothing", f"{read}: the stream ends at version {len(facts)}")
    elif read.version and not log.can_be_recorded_by(facts[read.version - 1], read.answered):
        yield Violation("read of the future", f"{read}")
    for rule, position in (("stale read", read.min_position), ("stale position", read.position)):
        if position is not None and read.version < (version := log.version_at(read.stream, position)):
            yield Violation(rule, f"{read}: at {position} the stream was at version {version}")


def _check_sessions(reads: Sequence[Read], log: Log) -> Iterator[Violation]:
    """A read that begins after another of its session has ended shows nothing older."""
    sessions: Mapping[tuple[str, str], list[Read]] = defaultdict(list)
    for read in reads:
        if read.stream not in log.forked:
            sessions[read.session, read.stream].append(read)
    for session in sessions.values():
        ended = sorted(session, key=lambda read: read.answered)
        newest = list(accumulate(ended, _newer))
        for read in session:
            before = bisect_right(ended, read.sent, key=lambda earlier: earlier.answered)
            if before and newest[before - 1].version > read.version:
                yield Violation("read back in time", f"{newest[before - 1]} and then {read}")


def _newer(one: Read, other: Read) -> Read:
    return other if other.version >= one.version else one


# --- Subscriptions ------------------------------------------------------------


def _check_subscription(subscription: Subscription, history: History, log: Log) -> Iterator[Violation]:
    # A lost command may be recorded again, even at the position that it had: then it is not lost.
    lost = {fact[:4] for fact in history.lost} - {fact[:4] for fact in log.facts}
    true = [item for item in subscription.deliveries if item[1:] not in lost]
    for item in true:
        fact = log.by_position.get(item.position)
        if fact is None or fact[:4] != item[1:]:
            yield Violation("delivery of nothing", f"{subscription.name}: {item}, the log has {fact}")
    positions = [item.position for item in true]
    yield from _check_delivered_order(subscription.name, positions)
    end = inf if subscription.complete else max(positions, default=subscription.after)
    delivered = set(positions)
    missing = [
        fact
        for fact in log.facts
        if subscription.after < fact.position <= end
        and fact.stream.startswith(subscription.prefix)
        and fact.position not in delivered
    ]
    if missing:
        yield Violation("delivery gap", f"{subscription.name}: {len(missing)}, the first is {missing[0]}")


def _check_delivered_order(name: str, positions: Sequence[int]) -> Iterator[Violation]:
    delivered: set[int] = set()
    last = 0
    for position in positions:
        if position in delivered:
            yield Violation("delivery twice", f"{name}: {position}")
        elif position < last:
            yield Violation("delivery order", f"{name}: {position} after {last}")
        delivered.add(position)
        last = max(last, position)
