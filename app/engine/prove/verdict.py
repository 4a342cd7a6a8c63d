"""The claims of the proof, as pure functions of the log, the commands table and the journals."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from app.engine.prove.journal import (
    FULL,
    Acknowledged,
    Delivered,
    Failed,
    Line,
    OutOfDate,
    RolledBack,
    Sent,
    Started,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """The row of es.commands for one command id."""

    first: int
    last: int
    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The result of a run: the log, the times of recording, `es.commands`, and the journal of each worker.

    The log is in the order of positions. `killed` is the writer that was killed. `crashed` has the error of each other
    worker that failed.
    """

    log: Sequence[Delivered]
    recorded_at: Sequence[datetime]
    ledger: Mapping[UUID, Entry]
    writers: Mapping[str, Sequence[Line]]
    followers: Mapping[str, Sequence[Line]]
    killed: str
    crashed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, and the counterexamples that were found."""

    text: str
    counterexamples: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.counterexamples


def judge(evidence: Evidence) -> Sequence[Claim]:
    """All claims of the proof, the most important first."""
    return [
        Claim(
            "every follower receives every event after its start once and in order",
            list(_undelivered(evidence)),
        ),
        Claim(
            "every acknowledged command is recorded at the positions of its acknowledgement",
            list(_unrecorded(evidence)),
        ),
        Claim(
            "each command id has one effect, complete and at adjacent positions",
            list(_split_commands(evidence)),
        ),
        Claim("a repeated command gets the first outcome", list(_changed_outcomes(evidence))),
        Claim("a rolled back transaction leaves nothing", list(_rolled_back_but_recorded(evidence))),
        Claim("positions are dense from 1", list(_gaps(evidence))),
        Claim("versions of each stream are dense from 1", list(_version_gaps(evidence))),
        Claim("the time of recording never decreases with the position", list(_decreasing_times(evidence))),
        Claim("no append fails, except by a conflict", list(_failures(evidence))),
        Claim(
            "every worker succeeds, except the one that is killed",
            [f"{name}: {error}" for name, error in evidence.crashed.items()],
        ),
        Claim(
            "the run had conflicts, repeats, rollbacks, a writer killed at work, and followers",
            list(_missing_ingredients(evidence)),
        ),
    ]


def counts(evidence: Evidence) -> Mapping[str, int]:
    """The numbers of the run, for the output."""
    lines = Counter(type(line) for journal in evidence.writers.values() for line in journal)
    return {
        "events recorded": len(evidence.log),
        "commands acknowledged": lines[Acknowledged],
        "of these, repeats": sum(1 for line in _acknowledged(evidence) if line.duplicate),
        "by the writer that was killed": sum(
            isinstance(line, Acknowledged) for line in evidence.writers[evidence.killed]
        ),
        "version conflicts": lines[OutOfDate],
        "rolled back": lines[RolledBack],
        "failed": lines[Failed],
        "events delivered": sum(len(_delivered(journal)) for journal in evidence.followers.values()),
    }


def _undelivered(evidence: Evidence) -> Iterator[str]:
    for name, journal in evidence.followers.items():
        after = next((line.after for line in journal if isinstance(line, Started)), None)
        if after is None:
            yield f"{name} never started"
            continue
        expected = [fact for fact in evidence.log if fact.position > after]
        delivered = _delivered(journal)
        if delivered == expected:
            continue
        times = Counter(delivered)
        known = set(expected)
        missing = [fact.position for fact in expected if fact not in times]
        repeated = [fact.position for fact, count in times.items() if count > 1]
        unknown = [fact.position for fact in times if fact not in known]
        errors = [f"never received {_positions(missing)} of {len(expected):,}"] if missing else []
        errors += [f"received {_positions(repeated)} more than once"] if repeated else []
        errors += [f"received what the log does not have at {_positions(unknown)}"] if unknown else []
        errors += [
            f"received {right.position} after {left.position}"
            for left, right in pairwise(delivered)
            if right.position < left.position
        ][:1]
        yield f"{name} {'; '.join(errors)}"


def _unrecorded(evidence: Evidence) -> Iterator[str]:
    owners = {fact.position: fact.command_id for fact in evidence.log}
    for line in _acknowledged(evidence):
        lost = [
            position
            for position in range(line.first, line.last + 1)
            if owners.get(position) != line.command_id
        ]
        if lost:
            yield f"command {line.command_id} was acknowledged at {line.first} to {line.last}; the log lacks {_positions(lost)}"


def _split_commands(evidence: Evidence) -> Iterator[str]:
    effects: dict[UUID, list[Delivered]] = defaultdict(list)
    for fact in evidence.log:
        effects[fact.command_id].append(fact)
    sizes = {
        line.command_id: line
        for journal in evidence.writers.values()
        for line in journal
        if isinstance(line, Sent)
    }
    for command_id, facts in effects.items():
        entry = evidence.ledger.get(command_id)
        if entry is None:
            yield f"command {command_id} has {_events(len(facts))} and no row in es.commands"
        elif [fact.position for fact in facts] != list(range(entry.first, entry.last + 1)):
            yield f"command {command_id} has events at {_positions([fact.position for fact in facts])}, es.commands has {entry.first} to {entry.last}"
        elif (
            command_id not in sizes
            or len(facts) != sizes[command_id].size
            or [fact.place for fact in facts] != list(range(1, len(facts) + 1))
        ):
            yield f"command {command_id} did not send the {_events(len(facts))} that it has at {entry.first}"
        elif {fact.stream_id for fact in facts} != {sizes[command_id].stream_id}:
            yield f"command {command_id} has events on another stream"
    for command_id, entry in evidence.ledger.items():
        if command_id not in effects and entry.last >= entry.first:
            yield f"command {command_id} is in es.commands at {entry.first} to {entry.last} and has no events"


def _changed_outcomes(evidence: Evidence) -> Iterator[str]:
    answers: dict[UUID, list[Acknowledged]] = defaultdict(list)
    for line in _acknowledged(evidence):
        answers[line.command_id].append(line)
    for command_id, acknowledgements in answers.items():
        entry = evidence.ledger.get(command_id)
        if entry is None:
            yield f"command {command_id} was acknowledged and is not in es.commands"
            continue
        for line in acknowledgements:
            # The first sender knows its rejection. The store returns it to those who repeat the command.
            if (line.first, line.last) != (entry.first, entry.last) or (
                line.duplicate and line.refusal != entry.refusal
            ):
                yield f"command {command_id} got the outcome {_outcome(line)}, the first outcome was {_outcome(entry)}"
        if (entry.last < entry.first) != (entry.refusal == FULL):
            yield f"command {command_id} lost its rejection"
        if sum(not line.duplicate for line in acknowledgements) > 1:
            yield f"command {command_id} was accepted as new more than once"


def _rolled_back_but_recorded(evidence: Evidence) -> Iterator[str]:
    recorded = {fact.command_id for fact in evidence.log} | set(evidence.ledger)
    for journal in evidence.writers.values():
        for line in journal:
            if isinstance(line, RolledBack) and line.command_id in recorded:
                yield f"command {line.command_id} was rolled back and is recorded"


def _gaps(evidence: Evidence) -> Iterator[str]:
    positions = {fact.position for fact in evidence.log}
    missing = [position for position in range(1, max(positions, default=0) + 1) if position not in positions]
    if missing:
        yield f"the log lacks {_positions(missing)}"


def _version_gaps(evidence: Evidence) -> Iterator[str]:
    reached: dict[UUID, int] = defaultdict(int)
    for fact in evidence.log:
        if fact.version != reached[fact.stream_id] + 1:
            yield f"stream {fact.stream_id} has version {fact.version} after {reached[fact.stream_id]}, at {fact.position}"
        reached[fact.stream_id] = fact.version


def _decreasing_times(evidence: Evidence) -> Iterator[str]:
    for (fact, next_fact), (time, next_time) in zip(
        pairwise(evidence.log), pairwise(evidence.recorded_at), strict=True
    ):
        if next_time < time:
            yield f"{next_fact.position} was recorded at {next_time:%H:%M:%S.%f}, {fact.position} before it at {time:%H:%M:%S.%f}"


def _failures(evidence: Evidence) -> Iterator[str]:
    for name, journal in evidence.writers.items():
        for line in journal:
            if isinstance(line, Failed):
                yield f"{name}: {line.error}"


def _missing_ingredients(evidence: Evidence) -> Iterator[str]:
    yield from (
        f"{name}: none" for name, number in counts(evidence).items() if number == 0 and name != "failed"
    )


def _acknowledged(evidence: Evidence) -> Iterator[Acknowledged]:
    return (
        line for journal in evidence.writers.values() for line in journal if isinstance(line, Acknowledged)
    )


def _delivered(journal: Sequence[Line]) -> list[Delivered]:
    return [line for line in journal if isinstance(line, Delivered)]


def _positions(positions: Sequence[int]) -> str:
    shown = ", ".join(str(position) for position in positions[:3])
    return (
        f"position {shown}"
        if len(positions) == 1
        else f"{len(positions):,} positions ({shown}{', …' if len(positions) > 3 else ''})"
    )


def _outcome(outcome: Acknowledged | Entry) -> str:
    return f"{outcome.first} to {outcome.last}" + (f", {outcome.refusal}" if outcome.refusal else "")


def _events(number: int) -> str:
    return "1 event" if number == 1 else f"{number} events"
