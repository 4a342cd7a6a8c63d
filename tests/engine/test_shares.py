"""No caller holds all slots, and callers that wait take turns."""

import asyncio

from app.engine.shares import FairSlots, ShortTurns


class Room:
    """Slots, the order in which tasks have got one, and a way to give each back."""

    def __init__(self, total: int, per_caller: int) -> None:
        self.slots = FairSlots(total, per_caller)
        self.entered: list[str] = []
        self._exits: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, *names: str) -> None:
        """Tasks that want a slot; the first letter of a name is the caller."""
        for name in names:
            self._exits[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._hold(name))
        await _let_tasks_run()

    async def give_back(self, *names: str) -> None:
        for name in names:
            self._exits[name].set()
            await self.tasks[name]
        await _let_tasks_run()

    async def _hold(self, name: str) -> None:
        async with self.slots.of(name[0]):
            self.entered.append(name)
            await self._exits[name].wait()


async def _let_tasks_run() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_caller_alone_holds_only_its_part() -> None:
    room = Room(4, 2)
    await room.ask("a1", "a2", "a3")
    assert room.entered == ["a1", "a2"]
    await room.ask("b1", "c1", "c2")
    assert room.entered == ["a1", "a2", "b1", "c1"]
    await room.give_back("a1")
    assert room.entered[4:] == ["a3"]
    await room.give_back("a2")
    assert room.entered[5:] == ["c2"]
    await room.give_back("a3", "b1", "c1", "c2")


async def test_callers_that_wait_take_turns_however_many_tasks_each_has() -> None:
    room = Room(1, 1)
    await room.ask("a1", "a2", "a3", "a4", "b1", "b2", "c1")
    for name in ("a1", "a2", "b1", "c1", "a3", "b2", "a4"):
        assert room.entered[-1] == name
        await room.give_back(name)
    assert room.entered == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_a_task_that_is_cancelled_while_it_waits_leaves_its_place_to_the_next() -> None:
    room = Room(1, 1)
    await room.ask("a1", "b1", "c1")
    room.tasks["b1"].cancel()
    await asyncio.wait((room.tasks["b1"],))
    await room.give_back("a1")
    assert room.entered == ["a1", "c1"]
    await room.give_back("c1")


async def test_a_task_that_is_cancelled_while_it_waits_costs_its_caller_no_turn() -> None:
    room = Room(1, 1)
    await room.ask("c1", "a1", "a2", "b1")
    room.tasks["a1"].cancel()
    await _let_tasks_run()
    await room.give_back("c1")
    assert room.entered == ["c1", "a2"]
    await room.give_back("a2", "b1")


async def test_a_task_that_is_cancelled_at_its_turn_gives_the_slot_back() -> None:
    slots = FairSlots(1, 1)
    await slots.acquire("a")
    waiting = [asyncio.create_task(slots.acquire(caller)) for caller in "bc"]
    await _let_tasks_run()
    slots.release("a")
    # The slot is b's; its task has not run yet.
    waiting[0].cancel()
    await asyncio.wait(waiting)
    assert waiting[0].cancelled()
    assert waiting[1].exception() is None


async def test_a_short_turn_ends_by_itself_while_its_holder_waits() -> None:
    slots = FairSlots(1, 1)
    stuck, other = ShortTurns(slots, "a", 0.01), ShortTurns(slots, "b", 60)
    await stuck.next()
    async with asyncio.timeout(10):
        await other.next()
        # To end a turn that has ended gives nothing back a second time.
        stuck.end()
        waiting = asyncio.create_task(slots.acquire("c"))
        await _let_tasks_run()
        assert not waiting.done()
        other.end()
        await waiting


async def test_a_slot_that_comes_free_in_the_moment_of_a_cancellation_goes_to_the_next() -> None:
    slots = FairSlots(1, 1)
    await slots.acquire("a")
    waiting = [asyncio.create_task(slots.acquire(caller)) for caller in "bc"]
    await _let_tasks_run()
    # The task of the turn has not seen yet that it is cancelled.
    waiting[0].cancel()
    slots.release("a")
    async with asyncio.timeout(10):
        await asyncio.wait(waiting)
    assert waiting[0].cancelled()
    assert waiting[1].exception() is None
    slots.release("c")
    async with asyncio.timeout(10):
        await slots.acquire("d")
