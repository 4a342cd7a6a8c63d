"""Faults that are put into a true history, each with the rule that it breaks."""

from collections.abc import Callable, Mapping
from dataclasses import replace

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
    Write,
)


def change(history: History, write: Write, **changes: object) -> None:
    history.writes[history.writes.index(write)] = replace(write, **changes)  # pyright: ignore[reportArgumentType] - the fields are named at each call


def accepted(history: History, *, events: int | None = None) -> tuple[Write, Accepted]:
    """The last accepted command that no other attempt repeats."""
    ids = [write.command_id for write in history.writes]
    return next(
        (write, write.outcome)
        for write in reversed(history.writes)
        if isinstance(write.outcome, Accepted)
        and ids.count(write.command_id) == 1
        and (len(write.outcome.events) == events if events is not None else write.outcome.events)
    )


def renumbered(log: list[Fact]) -> list[Fact]:
    """The facts with the positions and versions that their order gives them."""
    versions: dict[str, int] = {}
    result: list[Fact] = []
    for position, fact in enumerate(log, start=1):
        versions[fact.stream] = versions.get(fact.stream, 0) + 1
        result.append(fact._replace(position=position, version=versions[fact.stream]))
    return result


def refuse(history: History, outcome: Outcome) -> None:
    write, _ = accepted(history)
    change(history, write, outcome=outcome)


def lose_an_acknowledged_command(history: History) -> None:
    write, _ = accepted(history)
    history.log = [fact for fact in history.log if fact.command_id != write.command_id]


def lose_it_and_close_the_gap(history: History) -> None:
    lose_an_acknowledged_command(history)
    history.log = renumbered(list(history.log))


def do_a_command_twice(history: History) -> None:
    write, _ = accepted(history)
    stream = [fact for fact in history.log if fact.stream == write.stream]
    history.log = [
        *history.log,
        Fact(len(history.log) + 1, write.stream, len(stream) + 1, write.command_id),
    ]


def swap_two_events(history: History) -> None:
    log = list(history.log)
    first = next(n for n in range(len(log) - 1, 0, -1) if log[n].stream == log[n - 1].stream)
    log[first], log[first - 1] = log[first - 1], log[first]
    history.log = log


def swap_two_versions(history: History) -> None:
    log = list(history.log)
    stream = [n for n, fact in enumerate(log) if fact.stream == "a/1"]
    one, other = stream[-1], stream[-2]
    log[one], log[other] = (
        log[one]._replace(version=log[other].version),
        log[other]._replace(version=log[one].version),
    )
    history.log = log


def put_a_late_command_first(history: History) -> None:
    """A command comes before others that were answered before it was sent. The log and all versions stay dense."""
    log = list(history.log)
    write, _ = accepted(history, events=1)
    [fact] = [fact for fact in log if fact.command_id == write.command_id]
    log.remove(fact)
    history.log = renumbered([fact, *log])
    new = {fact.command_id: fact for fact in history.log}
    history.subscriptions.clear()
    history.reads.clear()
    for each in list(history.writes):
        if isinstance(each.outcome, Accepted) and each.outcome.events:
            facts = [item for item in history.log if item.command_id == each.command_id]
            last = new[each.command_id]
            answer = Accepted(
                last.version, last.position, tuple((item.position, item.version) for item in facts)
            )
            change(history, each, outcome=answer)


def leave_a_gap_in_the_log(history: History) -> None:
    history.log = [
        fact if fact.position <= 10 else fact._replace(position=fact.position + 1) for fact in history.log
    ]


def add_an_event_of_no_one(history: History) -> None:
    stream = [fact for fact in history.log if fact.stream == "a/1"]
    history.log = [*history.log, Fact(len(history.log) + 1, "a/1", len(stream) + 1, "no one")]


def react_to_the_future(history: History) -> None:
    add_an_event_of_no_one(history)
    history.log = [*history.log[:-1], history.log[-1]._replace(caused_by=len(history.log) + 5)]


def record_in_another_stream(history: History) -> None:
    write, _ = accepted(history)
    change(history, write, stream="b/9")


def refuse_and_record(history: History) -> None:
    refuse(history, Rejected("NO"))


def say_not_recorded_and_record(history: History) -> None:
    refuse(history, NotRecorded("OVERLOADED"))


def answer_conflict_and_record(history: History) -> None:
    write, answer = accepted(history)
    change(history, write, outcome=Conflict(answer.version))


def answer_a_repeat_with_conflict(history: History) -> None:
    write, answer = accepted(history)
    history.writes.append(
        replace(write, sent=write.answered + 1, answered=write.answered + 2, outcome=Conflict(answer.version))
    )


def answer_a_repeat_with_another_version(history: History) -> None:
    write, answer = accepted(history, events=0)
    again = replace(answer, version=answer.version + 1)
    history.writes.append(replace(write, sent=write.answered, answered=1e9, outcome=again))


def answer_a_repeat_with_a_rejection(history: History) -> None:
    write, _ = accepted(history)
    history.writes.append(
        replace(write, sent=write.answered + 1, answered=write.answered + 2, outcome=Rejected("NO"))
    )


def forget_a_rejection(history: History) -> None:
    write = next(write for write in reversed(history.writes) if isinstance(write.outcome, Rejected))
    history.writes.append(
        replace(write, sent=write.answered + 1, answered=write.answered + 2, outcome=Rejected("WHY"))
    )


def tell_no_events(history: History) -> None:
    write, answer = accepted(history)
    change(history, write, outcome=replace(answer, events=()))


def tell_another_version(history: History) -> None:
    write, answer = accepted(history)
    change(history, write, outcome=replace(answer, version=answer.version + 1))


def accept_at_an_unexpected_version(history: History) -> None:
    write, answer = accepted(history)
    change(history, write, expected=answer.version + 3)


def accept_nothing_at_an_unexpected_version(history: History) -> None:
    write, answer = accepted(history, events=0)
    change(history, write, expected=answer.version + 3)


def accept_nothing_at_an_old_version(history: History) -> None:
    write = Write("c9", "a/1", "late", None, 1e6, 1e6 + 1, Accepted(1, len(history.log), ()))
    history.writes.append(write)


def conflict_with_the_expected_version(history: History) -> None:
    version = sum(fact.stream == "a/1" for fact in history.log)
    history.writes.append(Write("c9", "a/1", "late", version, 1e6, 1e6 + 1, Conflict(version)))


def conflict_with_an_old_version(history: History) -> None:
    history.writes.append(Write("c9", "a/1", "late", 77, 1e6, 1e6 + 1, Conflict(1)))


def conflict_with_no_other_command(history: History) -> None:
    version = sum(fact.stream == "a/1" for fact in history.log)
    history.writes.append(Write("c9", "a/1", "late", None, 1e6, 1e6 + 1, Conflict(version)))


def accept_after_a_conflict(history: History) -> None:
    write, answer = accepted(history)
    expected = answer.version - len(answer.events)
    change(history, write, expected=expected)
    history.writes.append(
        replace(
            write,
            expected=expected,
            sent=write.sent - 2,
            answered=write.sent - 1,
            outcome=Conflict(expected - 1),
        )
    )


def read(history: History, **changes: object) -> None:
    version = sum(fact.stream == "a/1" for fact in history.log)
    true = Read("c9", "a/1", version, 1e6, 1e6 + 1, len(history.log), len(history.log))
    history.reads.append(replace(true, **changes))  # pyright: ignore[reportArgumentType] - the fields are named at each call


def read_without_the_own_write(history: History) -> None:
    write = Write("c9", "a/1", "own", None, 1e6, 1e6 + 1, Accepted(0, 0, ()))
    position, version = len(history.log) + 1, sum(fact.stream == "a/1" for fact in history.log) + 1
    history.log = [*history.log, Fact(position, "a/1", version, "own")]
    history.writes.append(replace(write, outcome=Accepted(version, position, ((position, version),))))
    read(history, version=version - 1, sent=1e6 + 2, answered=1e6 + 3, min_position=position, position=None)


def read_less_than_the_answer_says(history: History) -> None:
    read(history, version=1, min_position=None)


def read_back_in_time(history: History) -> None:
    read(history)
    read(history, version=1, sent=1e6 + 2, answered=1e6 + 3, min_position=None, position=None)


def read_of_the_future(history: History) -> None:
    read(history, sent=0.0, answered=0.001, min_position=None, position=None)


def read_of_nothing(history: History) -> None:
    read(history, version=10_000)


def deliveries(history: History, change: Callable[[list[Delivery]], object]) -> None:
    change(history.subscriptions[0].deliveries)


def leave_a_gap_in_a_subscription(history: History) -> None:
    deliveries(history, lambda items: items.pop(len(items) // 2))


def end_a_subscription_too_early(history: History) -> None:
    deliveries(history, lambda items: items.pop())


def begin_a_subscription_too_late(history: History) -> None:
    deliveries(history, lambda items: items.pop(0))


def deliver_twice(history: History) -> None:
    deliveries(history, lambda items: items.insert(5, items[4]))


def deliver_in_another_order(history: History) -> None:
    deliveries(history, lambda items: items.insert(5, items.pop(7)))


def deliver_what_was_not_recorded(history: History) -> None:
    deliveries(history, lambda items: items.__setitem__(5, items[5]._replace(command_id="no one")))


def deliver_another_stream(history: History) -> None:
    deliveries(history, lambda items: items.__setitem__(5, items[5]._replace(stream="c/1")))


def deliver_before_it_was_sent(history: History) -> None:
    write, answer = accepted(history)
    deliveries(
        history,
        lambda items: items.__setitem__(
            answer.position - 1, items[answer.position - 1]._replace(at=write.sent - 1)
        ),
    )


FAULTS: Mapping[Callable[[History], None], str] = {
    lose_an_acknowledged_command: "acknowledged and lost",
    lose_it_and_close_the_gap: "acknowledged and lost",
    do_a_command_twice: "effect twice",
    swap_two_events: "position order",
    swap_two_versions: "version order",
    put_a_late_command_first: "order in time",
    leave_a_gap_in_the_log: "position gap",
    add_an_event_of_no_one: "unsent",
    react_to_the_future: "unsent",
    record_in_another_stream: "unsent",
    refuse_and_record: "refused and recorded",
    say_not_recorded_and_record: "refused and recorded",
    answer_conflict_and_record: "refused and recorded",
    answer_a_repeat_with_conflict: "conflict with itself",
    answer_a_repeat_with_another_version: "repeat differs",
    answer_a_repeat_with_a_rejection: "repeat not recognised",
    forget_a_rejection: "repeat differs",
    tell_no_events: "effect untold",
    tell_another_version: "answer differs from its events",
    accept_at_an_unexpected_version: "expected version",
    accept_nothing_at_an_unexpected_version: "expected version",
    accept_nothing_at_an_old_version: "version not current",
    conflict_with_the_expected_version: "conflict without a reason",
    conflict_with_an_old_version: "conflict with a version that was not current",
    accept_after_a_conflict: "accepted after a conflict",
    conflict_with_no_other_command: "conflict without a reason",
    read_without_the_own_write: "stale read",
    read_less_than_the_answer_says: "stale position",
    read_back_in_time: "read back in time",
    read_of_the_future: "read of the future",
    read_of_nothing: "read of nothing",
    leave_a_gap_in_a_subscription: "delivery gap",
    end_a_subscription_too_early: "delivery gap",
    begin_a_subscription_too_late: "delivery gap",
    deliver_twice: "delivery twice",
    deliver_in_another_order: "delivery order",
    deliver_what_was_not_recorded: "delivery of nothing",
    deliver_another_stream: "delivery of nothing",
    deliver_before_it_was_sent: "order in time",
}
