"""Who may use which connection, and when."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from openai_async._http.pool import Pool
from openai_async._transport import Limits, PoolStats


class Line:
    """A connection as the pool sees it."""

    def __init__(self) -> None:
        self.usable = True
        self.closed = False

    def close(self) -> None:
        self.closed = True


def at_once(function: Callable[[], object]) -> bool:
    function()
    return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(pool: Pool, key: str = "a") -> Line:
    """A connection that takes up a place."""
    placed, found = pool.take(key)
    assert placed
    assert found is None
    line = Line()
    pool.use(line)
    return line


def taken(pool: Pool, key: str = "a") -> object:
    placed, found = pool.take(key)
    assert placed
    return found


def idle(pool: Pool, key: str = "a") -> Line:
    line = opened(pool, key)
    pool.release(line, key, keep=True)
    return line


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def small(clock: Clock) -> Pool:
    return Pool(Limits(max_connections=3, max_keepalive_connections=2), at_once, clock)


def test_takes_the_connection_that_was_used_last(small: Pool) -> None:
    first, second = opened(small), opened(small)
    small.release(first, "a", keep=True)
    small.release(second, "a", keep=True)
    assert taken(small) is second
    assert taken(small) is first


def test_takes_none_that_leads_elsewhere(small: Pool) -> None:
    idle(small, "b")
    assert taken(small, "a") is None


def test_closes_what_turns_out_unusable(small: Pool) -> None:
    broken = idle(small)
    broken.usable = False
    assert taken(small) is None
    assert broken.closed
    assert small.stats() == PoolStats(in_use=1, idle=0, waiting=0)


@pytest.mark.parametrize(("seconds", "kept"), [(5.0, True), (5.1, False)])
def test_keeps_an_idle_connection_for_a_while(
    small: Pool, clock: Clock, seconds: float, kept: bool
) -> None:
    line = idle(small)
    clock.now = seconds
    assert (taken(small) is line) is kept
    assert line.closed is not kept


def test_closes_expired_connections_to_elsewhere_when_another_becomes_idle(
    small: Pool, clock: Clock
) -> None:
    old = idle(small, "b")
    clock.now = 6
    idle(small, "a")
    assert old.closed
    assert small.stats().idle == 1


def test_keeps_as_many_idle_as_allowed_and_closes_the_oldest(small: Pool) -> None:
    lines = [opened(small) for _ in range(3)]
    for line in lines:
        small.release(line, "a", keep=True)
    assert [line.closed for line in lines] == [True, False, False]


def test_keeps_none_if_none_is_allowed(clock: Clock) -> None:
    pool = Pool(Limits(max_keepalive_connections=0), at_once, clock)
    assert idle(pool).closed
    assert pool.stats() == PoolStats(0, 0, 0)


def test_closes_the_oldest_idle_one_to_make_room(small: Pool) -> None:
    oldest, newer = idle(small, "b"), idle(small, "c")
    opened(small, "a")
    assert not oldest.closed
    opened(small, "a")
    assert (oldest.closed, newer.closed) == (True, False)


def test_has_no_place_beyond_the_limit(small: Pool) -> None:
    for _ in range(3):
        opened(small)
    assert small.take("a") == (False, None)


def test_has_any_number_of_places_without_a_limit(clock: Clock) -> None:
    pool = Pool(Limits(max_connections=None, max_keepalive_connections=None), at_once, clock)
    lines = [opened(pool) for _ in range(50)]
    for line in lines:
        pool.release(line, "a", keep=True)
    assert pool.stats() == PoolStats(in_use=0, idle=50, waiting=0)


def test_closes_what_cannot_be_kept(small: Pool) -> None:
    line = opened(small)
    small.release(line, "a", keep=False)
    assert line.closed
    assert small.stats() == PoolStats(0, 0, 0)


def test_drop_keeps_the_place(small: Pool) -> None:
    line = opened(small)
    small.drop(line)
    assert line.closed
    assert small.stats().in_use == 1


def test_close_interrupts_what_is_in_use_and_idle_and_keeps_nothing_that_comes_back(
    small: Pool,
) -> None:
    waiting, used = idle(small), opened(small, "b")
    small.close()
    assert waiting.closed
    assert used.closed
    late = Line()
    small.use(late)
    small.release(late, "b", keep=True)
    assert late.closed


def test_closes_everything_when_nobody_refers_to_it_any_more(clock: Clock) -> None:
    pool = Pool(Limits(), at_once, clock)
    lines = [idle(pool), opened(pool, "b")]
    del pool
    assert [line.closed for line in lines] == [True, True]


async def test_serves_waiters_in_their_order(small: Pool) -> None:
    lines = [opened(small) for _ in range(3)]
    served = []

    async def wait(number: int) -> None:
        found = await small.acquire("a")
        served.append((number, found))

    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(wait, number)
            await anyio.wait_all_tasks_blocked()
        for line in lines:
            small.release(line, "a", keep=True)
    assert sorted(served, key=lambda each: each[0]) == list(enumerate(lines))


async def test_lets_nobody_overtake_the_waiters(small: Pool) -> None:
    lines = [opened(small) for _ in range(3)]
    async with anyio.create_task_group() as group:
        group.start_soon(small.acquire, "a")
        group.start_soon(small.acquire, "a")
        await anyio.wait_all_tasks_blocked()
        small.release(lines[0], "a", keep=True)
        assert small.take("a") == (False, None)
        small.release(lines[1], "a", keep=True)


async def test_gives_a_waiter_room_when_the_connection_leads_elsewhere(small: Pool) -> None:
    lines = [opened(small, "b") for _ in range(3)]
    found: list[object] = []

    async def wait() -> None:
        found.append(await small.acquire("a"))

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        small.release(lines[0], "b", keep=True)
    assert found == [None]
    assert lines[0].closed
    assert small.stats() == PoolStats(in_use=3, idle=0, waiting=0)


async def test_a_waiter_that_is_cancelled_leaves_the_queue(small: Pool) -> None:
    line, *_ = [opened(small) for _ in range(3)]
    with anyio.move_on_after(0):
        await small.acquire("a")
    assert small.stats() == PoolStats(in_use=3, idle=0, waiting=0)
    small.release(line, "a", keep=True)
    assert taken(small) is line


async def test_a_waiter_that_is_cancelled_with_its_turn_passes_it_on(small: Pool) -> None:
    line, *_ = [opened(small) for _ in range(3)]
    served = []

    async def cancelled(scope: anyio.CancelScope) -> None:
        with scope:
            await small.acquire("a")

    async def next_in_line() -> None:
        served.append(await small.acquire("a"))

    scope = anyio.CancelScope()
    async with anyio.create_task_group() as group:
        group.start_soon(cancelled, scope)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(next_in_line)
        await anyio.wait_all_tasks_blocked()
        # In one step of the loop, so that the first is served before it learns of its end.
        scope.cancel()
        small.release(line, "a", keep=True)
    assert served == [line]
    assert small.stats() == PoolStats(in_use=3, idle=0, waiting=0)
