"""Who may begin when: places, holds, the order, and cancellation at any point."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from openai_async import AsyncOpenAI, DeadlineExceeded, RateLimitError
from openai_async._deadline import Deadline
from openai_async._engine import Retry
from openai_async._pace import Pace
from openai_async.emulator import Emulator


@asynccontextmanager
async def working() -> AsyncIterator[anyio.abc.TaskGroup]:
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            yield group
            group.cancel_scope.cancel()


class Work:
    """Takes turns and notes who has one."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.begun: list[Any] = []
        self.ended: list[Any] = []
        self.most = 0
        self.gates: dict[Any, anyio.Event] = {}

    async def take(self, name: Any) -> None:
        async with self.pace.turn():
            self.begun.append(name)
            self.most = max(self.most, self.pace.running)
            self.gates[name] = anyio.Event()
            await self.gates[name].wait()
        self.ended.append(name)


@pytest.mark.parametrize("most", [0, -1])
def test_there_must_be_a_place(most: int) -> None:
    with pytest.raises(ValueError, match="max_concurrency"):
        Pace(most)


async def test_places_are_given_in_order_and_no_more_than_there_are() -> None:
    work = Work(Pace(2))
    async with working() as group:
        for name in range(6):
            group.start_soon(work.take, name)
            await anyio.wait_all_tasks_blocked()
        for name in range(6):
            assert work.begun == list(range(min(6, name + 2)))
            work.gates[name].set()
            await anyio.wait_all_tasks_blocked()
    assert work.most == 2
    assert work.pace.running == 0
    assert work.ended == list(range(6))


async def test_nobody_overtakes_the_line() -> None:
    pace = Pace(1)
    work = Work(pace)
    async with working() as group:
        for name in "ab":
            group.start_soon(work.take, name)
            await anyio.wait_all_tasks_blocked()
        work.gates["a"].set()
        group.start_soon(work.take, "c")  # asks while the place is on its way to b
        await anyio.wait_all_tasks_blocked()
        assert work.begun == ["a", "b"]


async def test_a_hold_keeps_all_from_beginning_and_what_runs_goes_on() -> None:
    pace = Pace(5)
    work = Work(pace)
    async with working() as group:
        group.start_soon(work.take, "before")
        await anyio.wait_all_tasks_blocked()
        pace.hold(3600)
        for name in range(3):
            group.start_soon(work.take, name)
        await anyio.wait_all_tasks_blocked()
        assert work.begun == ["before"]
        work.gates["before"].set()
        await anyio.wait_all_tasks_blocked()
        assert (work.begun, work.ended) == (["before"], ["before"])


async def test_a_hold_ends_by_itself() -> None:
    pace = Pace(5)
    pace.hold(0.01)
    began = anyio.current_time()
    with anyio.fail_after(20):
        async with pace.turn():
            assert anyio.current_time() - began >= 0.01


async def test_a_hold_that_grows_meanwhile_is_kept() -> None:
    pace = Pace(5)
    pace.hold(0.01)
    work = Work(pace)
    async with working() as group:
        group.start_soon(work.take, "a")
        await anyio.wait_all_tasks_blocked()
        pace.hold(3600)
        with anyio.move_on_after(0.05):
            await anyio.sleep_forever()
        assert work.begun == []


async def test_a_refusal_that_leaves_the_block_holds(
    emulator: Emulator, client: AsyncOpenAI
) -> None:
    emulator.fault("status=429; retry-after=3600")
    once = client.copy(max_retries=0)
    pace = Pace(5)
    with pytest.raises(RateLimitError):
        async with pace.turn():
            await once.models.list()
    emulator.fault("status=429; retry-after=100")
    with pytest.raises(RateLimitError):
        async with pace.turn():  # an hour is more than anybody is kept waiting
            await once.models.list()
    with pytest.raises(DeadlineExceeded, match="waiting for its turn"):
        async with pace.turn(Deadline(0.01)):
            pass


async def test_running_out_of_quota_holds_nobody(emulator: Emulator, client: AsyncOpenAI) -> None:
    emulator.fault("status=429; code=insufficient_quota")
    pace = Pace(5)
    with pytest.raises(RateLimitError):
        async with pace.turn():
            await client.models.list()
    with anyio.fail_after(20):
        async with pace.turn(Deadline(10)):
            pass
    assert pace.allowed == 5


async def test_the_retry_of_one_holds_the_others_and_the_users_hook_is_called(
    emulator: Emulator, client: AsyncOpenAI
) -> None:
    emulator.fault("status=429; retry-after-ms=50; times=1")
    pace = Pace(5)
    told: list[Retry] = []
    twin = pace.client(client.copy(on_retry=told.append))
    waited: list[float] = []
    own = twin.on_retry
    assert own is not None

    async def hook(event: Retry) -> None:
        await own(event)
        began = anyio.current_time()
        async with pace.turn():  # begins only after the hold
            waited.append(anyio.current_time() - began)

    twin.on_retry = hook
    await twin.models.list()
    assert [event.attempt for event in told] == [1]
    assert waited[0] > 0.03


@pytest.mark.parametrize("fault", ["status=500; times=1", "cut=0; times=1"])
async def test_other_retries_hold_nobody(
    emulator: Emulator, client: AsyncOpenAI, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fault(fault)
    pace = Pace(5)
    held: list[float] = []
    monkeypatch.setattr(pace, "hold", held.append)
    await pace.client(client).models.list()
    assert held == []


# Cancellation


async def test_a_place_is_free_again_whatever_ends_the_block() -> None:
    pace = Pace(1)
    with pytest.raises(LookupError):
        async with pace.turn():
            raise LookupError
    with anyio.CancelScope() as scope:
        async with pace.turn():
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    with anyio.fail_after(20):
        async with pace.turn():
            assert pace.running == 1


@pytest.mark.parametrize("gone", [0, 1, 2])
async def test_who_leaves_the_line_holds_up_nobody(gone: int) -> None:
    pace = Pace(1)
    work = Work(pace)
    scopes: list[anyio.CancelScope] = []

    async def cancellable(name: int) -> None:
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await work.take(name)

    async with working() as group:
        group.start_soon(work.take, "first")
        await anyio.wait_all_tasks_blocked()
        for name in range(3):
            group.start_soon(cancellable, name)
            await anyio.wait_all_tasks_blocked()
        scopes[gone].cancel()
        work.gates["first"].set()  # the place is given while one of them is being cancelled
        for _ in range(3):
            await anyio.wait_all_tasks_blocked()
            for gate in work.gates.values():
                gate.set()
        await anyio.wait_all_tasks_blocked()
        assert work.ended == ["first", *(name for name in range(3) if name != gone)]


@pytest.mark.parametrize("seed", range(30))
async def test_no_place_and_nobody_is_lost_however_it_is_cancelled(seed: int) -> None:
    rng = random.Random(seed)
    pace = Pace(rng.randint(1, 3))
    done: list[int] = []
    scopes = [anyio.CancelScope() for _ in range(20)]

    async def one(number: int, steps: int) -> None:
        with scopes[number]:
            async with pace.turn():
                for _ in range(steps):
                    await anyio.lowlevel.checkpoint()
            done.append(number)

    spared = set(rng.sample(range(20), 8))
    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(one, number, rng.randint(0, 4))
            for number in rng.sample(range(20), 20):
                for _ in range(rng.randint(0, 3)):
                    await anyio.lowlevel.checkpoint()
                if number not in spared:
                    scopes[number].cancel()
    assert spared <= set(done)
    assert pace.running == 0


async def test_the_deadline_of_one_is_no_matter_of_the_others() -> None:
    pace = Pace(1)
    work = Work(pace)
    async with working() as group:
        group.start_soon(work.take, "first")
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(DeadlineExceeded, match="waiting for its turn"):
            async with pace.turn(Deadline(0.01)):
                pass
        group.start_soon(work.take, "second")
        await anyio.wait_all_tasks_blocked()
        work.gates["first"].set()
        await anyio.wait_all_tasks_blocked()
        assert work.begun == ["first", "second"]


async def test_what_answers_say_wakes_those_who_wait() -> None:
    """An adaptive pace grows: who waited for a place gets one of the new ones."""
    pace = Pace(100, adaptive=True)
    work = Work(pace)
    async with working() as group:
        for name in range(40):
            group.start_soon(work.take, name)
        await anyio.wait_all_tasks_blocked()
        before = len(work.begun)
        assert before == pace.allowed
        for _ in range(5):
            pace.saw(200, {})
        await anyio.wait_all_tasks_blocked()
        assert len(work.begun) == before + 5
