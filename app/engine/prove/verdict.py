"""What must hold after a run, claim by claim: a pure look at the log, the ledger and the journals."""

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
    """What the ledger holds under one command id."""

    first: int
    last: int
    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a run leaves: the log in position order with the moments of recording, the ledger, and the journals by
    worker. `killed` is the writer that was killed; `crashed` says of each other worker that ended badly how."""

    log: Sequence[Delivered]
    moments: Sequence[datetime]
    ledger: Mapping[UUID, Entry]
    writers: Mapping[str, Sequence[Line]]
    followers: Mapping[str, Sequence[Line]]
    killed: str
    crashed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that must hold, and where it does not: `against` gives examples, in words."""

    text: str
    against: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.against


def judge(evidence: Evidence) -> Sequence[Claim]:
    """Every claim of the proof, the gravest first."""
    return [
        Claim(
            "every follower is given every fact above its start once and in order",
            list(_undelivered(evidence)),
        ),
        Claim("every acknowledged command is recorded where its answer says", list(_unrecorded(evidence))),
        Claim("each command id has one effect, whole and side by side", list(_split_commands(evidence))),
        Claim("a repeat gets the first answer", list(_contradicted(evidence))),
        Claim("what was rolled back left nothing", list(_left_over(evidence))),
        Claim("positions are dense from 1", list(_gaps(evidence))),
        Claim("versions of each stream are dense from 1", list(_version_gaps(evidence))),
        Claim("the time of recording never goes back along positions", list(_going_back(evidence))),
        Claim("no append fails but for a conflict", list(_failures(evidence))),
        Claim(
            "every worker ends well, but the one that is killed",
            [f"{who}: {how}" for who, how in evidence.crashed.items()],
        ),
        Claim(
            "the run had what a proof needs: conflicts, repeats, rollbacks, a writer killed at work, followers",
            list(_vacuous(evidence)),
        ),
    ]


def counts(evidence: Evidence) -> Mapping[str, int]:
    """How much of what there was, for the table."""
    lines = Counter(type(line) for journal in evidence.writers.values() for line in journal)
    return {
        "facts recorded": len(evidence.log),
        "commands acknowledged": lines[Acknowledged],
        "of these repeats": sum(1 for line in _acknowledged(evidence) if line.duplicate),
        "by the writer that was killed": sum(
            isinstance(line, Acknowledged) for line in evidence.writers[evidence.killed]
        ),
        "version conflicts": lines[OutOfDate],
        "rolled back": lines[RolledBack],
        "failed": lines[Failed],
        "facts delivered": sum(len(_given(journal)) for journal in evidence.followers.values()),
    }


def _undelivered(evidence: Evidence) -> Iterator[str]:
    for name, journal in evidence.followers.items():
        after = next((line.after for line in journal if isinstance(line, Started)), None)
        if after is None:
            yield f"{name} never began"
            continue
        expected = [fact for fact in evidence.log if fact.position > after]
        given = _given(journal)
        if given == expected:
            continue
        times = Counter(given)
        known = set(expected)
        missing = [fact.position for fact in expected if fact not in times]
        repeated = [fact.position for fact, count in times.items() if count > 1]
        unknown = [fact.position for fact in times if fact not in known]
        said = [f"was never given {_some(missing)} of {len(expected):,}"] if missing else []
        said += [f"was given {_some(repeated)} more than once"] if repeated else []
        said += [f"was given what the log does not hold at {_some(unknown)}"] if unknown else []
        said += [
            f"was given {right.position} after {left.position}"
            for left, right in pairwise(given)
            if right.position < left.position
        ][:1]
        yield f"{name} {'; '.join(said)}"


def _unrecorded(evidence: Evidence) -> Iterator[str]:
    owners = {fact.position: fact.command_id for fact in evidence.log}
    for line in _acknowledged(evidence):
        lost = [
            position
            for position in range(line.first, line.last + 1)
            if owners.get(position) != line.command_id
        ]
        if lost:
            yield f"command {line.command_id} was acknowledged at {line.first} to {line.last}; the log has not {_some(lost)}"


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
            yield f"command {command_id} has {_facts(len(facts))} and no entry in the ledger"
        elif [fact.position for fact in facts] != list(range(entry.first, entry.last + 1)):
            yield f"command {command_id} has facts {_some([fact.position for fact in facts])}, the ledger says {entry.first} to {entry.last}"
        elif (
            command_id not in sizes
            or len(facts) != sizes[command_id].size
            or [fact.place for fact in facts] != list(range(1, len(facts) + 1))
        ):
            yield f"command {command_id} did not ask for the {_facts(len(facts))} it has at {entry.first}"
        elif {fact.stream_id for fact in facts} != {sizes[command_id].stream_id}:
            yield f"command {command_id} has facts on another stream"
    for command_id, entry in evidence.ledger.items():
        if command_id not in effects and entry.last >= entry.first:
            yield f"command {command_id} is in the ledger at {entry.first} to {entry.last} and has no facts"


def _contradicted(evidence: Evidence) -> Iterator[str]:
    answers: dict[UUID, list[Acknowledged]] = defaultdict(list)
    for line in _acknowledged(evidence):
        answers[line.command_id].append(line)
    for command_id, given in answers.items():
        entry = evidence.ledger.get(command_id)
        if entry is None:
            yield f"command {command_id} was acknowledged and is not in the ledger"
            continue
        for line in given:
            # Who was first knows its refusal; the store tells it to those who repeat.
            if (line.first, line.last) != (entry.first, entry.last) or (
                line.duplicate and line.refusal != entry.refusal
            ):
                yield f"command {command_id} was answered {_answer(line)}, the first answer was {_answer(entry)}"
        if (entry.last < entry.first) != (entry.refusal == FULL):
            yield f"command {command_id} lost its refusal"
        if sum(not line.duplicate for line in given) > 1:
            yield f"command {command_id} was taken for new more than once"


def _left_over(evidence: Evidence) -> Iterator[str]:
    recorded = {fact.command_id for fact in evidence.log} | set(evidence.ledger)
    for journal in evidence.writers.values():
        for line in journal:
            if isinstance(line, RolledBack) and line.command_id in recorded:
                yield f"command {line.command_id} was rolled back and is recorded"


def _gaps(evidence: Evidence) -> Iterator[str]:
    positions = {fact.position for fact in evidence.log}
    missing = [position for position in range(1, max(positions, default=0) + 1) if position not in positions]
    if missing:
        yield f"the log has not {_some(missing)}"


def _version_gaps(evidence: Evidence) -> Iterator[str]:
    reached: dict[UUID, int] = defaultdict(int)
    for fact in evidence.log:
        if fact.version != reached[fact.stream_id] + 1:
            yield f"stream {fact.stream_id} has version {fact.version} after {reached[fact.stream_id]}, at {fact.position}"
        reached[fact.stream_id] = fact.version


def _going_back(evidence: Evidence) -> Iterator[str]:
    for (fact, next_fact), (moment, next_moment) in zip(
        pairwise(evidence.log), pairwise(evidence.moments), strict=True
    ):
        if next_moment < moment:
            yield f"{next_fact.position} was recorded at {next_moment:%H:%M:%S.%f}, {fact.position} before it at {moment:%H:%M:%S.%f}"


def _failures(evidence: Evidence) -> Iterator[str]:
    for name, journal in evidence.writers.items():
        for line in journal:
            if isinstance(line, Failed):
                yield f"{name}: {line.problem}"


def _vacuous(evidence: Evidence) -> Iterator[str]:
    yield from (
        f"{what}: none" for what, number in counts(evidence).items() if number == 0 and what != "failed"
    )


def _acknowledged(evidence: Evidence) -> Iterator[Acknowledged]:
    return (
        line for journal in evidence.writers.values() for line in journal if isinstance(line, Acknowledged)
    )


def _given(journal: Sequence[Line]) -> list[Delivered]:
    return [line for line in journal if isinstance(line, Delivered)]


def _some(positions: Sequence[int]) -> str:
    shown = ", ".join(str(position) for position in positions[:3])
    return (
        f"position {shown}"
        if len(positions) == 1
        else f"{len(positions):,} positions ({shown}{', …' if len(positions) > 3 else ''})"
    )


def _answer(answer: Acknowledged | Entry) -> str:
    return f"{answer.first} to {answer.last}" + (f", {answer.refusal}" if answer.refusal else "")


def _facts(number: int) -> str:
    return "1 fact" if number == 1 else f"{number} facts"
