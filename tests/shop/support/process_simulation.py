"""A world without a database: deciders, the process and a gateway act in any order that is possible.

It keeps the engine's promises and no more. A command id has one effect. Commands of one instance are executed in the
order in which they were asked for. Calls to the outside are made at least once. Deadlines pass at any time.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from domain.fulfilment import Authorise, CancelPayment, Capture, fulfilment
from domain.kernel.decider import AnyDecider, Event, Recorded, Rejection
from domain.kernel.process import (
    CancelDeadline,
    Deadline,
    DeadlinePassed,
    Effect,
    RecordLifecycleEvent,
    SendCommand,
    Started,
    StepRefused,
    Withdraw,
)
from domain.money import Money
from domain.payment import (
    RecordAuthorisation,
    RecordCapture,
    RecordDecline,
    RecordRefund,
    RecordVoid,
    payment,
)
from tests.support.scenarios import NOW

NAMESPACE = UUID(int=99)


@dataclass
class Book:
    """What the gateway knows of one payment."""

    authorised: Decimal = Decimal()
    captured: Decimal = Decimal()
    refunded: Decimal = Decimal()
    called_off: bool = False


@dataclass
class World:
    log: list[Recorded[Any]] = field(default_factory=list)
    outcomes: dict[UUID, object] = field(default_factory=dict)
    folded: int = 0
    states: dict[UUID, Any] = field(default_factory=dict)
    chains: dict[UUID, deque[tuple[UUID, str, AnyDecider, UUID, Any]]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    effects: dict[UUID, tuple[UUID, Effect]] = field(default_factory=dict)
    done: list[tuple[UUID, AnyDecider, UUID, Any]] = field(default_factory=list)
    deadlines: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    books: dict[UUID, Book] = field(default_factory=lambda: defaultdict(Book))
    answers: dict[UUID, tuple[Any, Any]] = field(default_factory=dict)
    declined: Callable[[UUID], bool] = lambda payment_id: False
    capture_declined: Callable[[UUID], bool] = lambda payment_id: False

    def state(self, decider: AnyDecider, stream: UUID) -> Any:
        return decider.fold(
            [f.event for f in self.log if (f.category, f.stream_id) == (decider.category, stream)]
        )

    def execute(
        self, command_id: UUID, decider: AnyDecider, stream: UUID, command: object
    ) -> type[Rejection] | None:
        """Decide and record, once for each command id; the rule that refused it, if one did."""
        if command_id not in self.outcomes:
            self.done.append((command_id, decider, stream, command))
            version = sum((f.category, f.stream_id) == (decider.category, stream) for f in self.log)
            try:
                events: list[Event] = list(decider.decide(command, self.state(decider, stream)))
            except Rejection as refusal:
                self.outcomes[command_id] = type(refusal)
            else:
                self.outcomes[command_id] = None
                for event in events:
                    version += 1
                    moment = NOW + timedelta(seconds=len(self.log))
                    self.log.append(
                        Recorded(
                            len(self.log) + 1,
                            decider.category,
                            stream,
                            version,
                            event,
                            moment,
                            moment,
                            "world",
                            command_id,
                            NAMESPACE,
                        )
                    )
        return self.outcomes[command_id]  # type: ignore[return-value]

    # --- What can happen next -------------------------------------------------

    def fold(self) -> None:
        """The process takes the next fact."""
        fact = self.log[self.folded]
        self.folded += 1
        identity = fulfilment.instance_id(fact)
        if identity is None:
            return
        before = self.states.get(identity)
        after = fulfilment.evolve(before, fact)
        if after is None:
            return
        self.states[identity] = after
        if before is None:
            self.execute(
                uuid5(identity, "started"),
                fulfilment.stream_decider,
                identity,
                RecordLifecycleEvent(event=Started()),
            )
        for place, action in enumerate(fulfilment.react(before, after, fact)):
            key = uuid5(identity, f"{fact.position} {place}")
            match action:
                case SendCommand():
                    self.chains[identity].append(
                        (key, action.step, action.to, action.stream_id, action.command)
                    )
                case Effect():
                    self.effects[key] = identity, action
                case CancelDeadline(name=name):
                    self.deadlines.pop((identity, name), None)
                case Deadline(name=name):
                    self.deadlines[identity, name] = key
                case Withdraw():
                    self.chains[identity].clear()
                    self.effects = {k: (i, e) for k, (i, e) in self.effects.items() if i != identity}

    def dispatch(self, identity: UUID) -> None:
        """The next command of an instance is carried out."""
        key, step, decider, stream, command = self.chains[identity].popleft()
        self._tell(key, identity, step, self.execute(key, decider, stream, command))

    def call(self, key: UUID, *, lost: bool) -> None:
        """The gateway is called; its answer comes back as a command, unless it is lost."""
        identity, effect = self.effects[key]
        call = effect.call
        assert isinstance(call, Authorise | Capture | CancelPayment)
        answer = self._gateway(key, call)
        if lost or answer is None:
            return
        del self.effects[key]
        self._tell(
            key,
            identity,
            effect.step,
            self.execute(uuid5(key, "answer"), payment, call.payment_id, answer),
        )

    def late_answer(self, key: UUID) -> None:
        """An answer that seemed lost arrives after all, after anything else has happened."""
        call, answer = self.answers[key]
        if answer is not None:
            self.execute(uuid5(key, "answer"), payment, call.payment_id, answer)

    def pass_deadline(self, key: tuple[UUID, str]) -> None:
        identity, name = key
        passed = DeadlinePassed(deadline=name, due=NOW)
        self.execute(
            uuid5(self.deadlines.pop(key), "passed"),
            fulfilment.stream_decider,
            identity,
            RecordLifecycleEvent(event=passed),
        )

    def repeat(self, place: int) -> None:
        """A command that was carried out arrives again."""
        command_id, decider, stream, command = self.done[place]
        facts = len(self.log)
        self.execute(command_id, decider, stream, command)
        assert len(self.log) == facts

    def step(self) -> bool:
        """What would come next if nothing came between. False if there is nothing."""
        if self.folded < len(self.log):
            self.fold()
        elif waiting := [identity for identity, chain in self.chains.items() if chain]:
            self.dispatch(waiting[0])
        elif self.effects:
            self.call(next(iter(self.effects)), lost=False)
        else:
            return False
        return True

    def settle(self) -> None:
        """Everything that is under way comes to its end."""
        while self.step():
            pass

    def _tell(self, key: UUID, identity: UUID, step: str, refusal: type[Rejection] | None) -> None:
        if refusal is not None:
            event = StepRefused(step=step, code=refusal.__name__, message=refusal.__doc__ or "")
            self.execute(
                uuid5(key, "refused"), fulfilment.stream_decider, identity, RecordLifecycleEvent(event=event)
            )

    def _gateway(self, key: UUID, call: Authorise | Capture | CancelPayment) -> Any:
        """The first answer under this key; None if the gateway cannot do it now."""
        if key in self.answers:
            known, answer = self.answers[key]
            assert known == call, "one idempotency key, two calls"
            return answer
        book = self.books[call.payment_id]
        answer: Any
        match call:
            case Authorise(amount=Money(amount=amount)):
                if book.called_off or self.declined(call.payment_id):
                    answer = RecordDecline(reason="no")
                else:
                    book.authorised = amount
                    answer = RecordAuthorisation(reference="yes")
            case Capture(amount=Money(amount=amount)):
                if book.called_off:
                    return None
                if book.authorised < amount or self.capture_declined(call.payment_id):
                    answer = RecordDecline(reason="no")
                else:
                    book.captured = amount
                    answer = RecordCapture(amount=call.amount)
            case CancelPayment():
                book.called_off = True
                book.refunded = book.captured
                answer = (
                    RecordRefund(amount=Money(amount=book.captured, currency="EUR"))
                    if book.captured
                    else RecordVoid()
                )
        self.answers[key] = call, answer
        return answer
