"""What ends many live requests: their block, deadlines, cancellation, and limits of the server."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from many_requests import Gated, asking, said

from openai_async import AsyncOpenAI, DeadlineExceeded, RateLimitError
from openai_async.emulator import Emulator


def statuses(emulator: Emulator) -> list[int]:
    return [request.status for request in emulator.requests]


# What ends it


async def test_leaving_the_block_cancels_what_runs(client: AsyncOpenAI) -> None:
    work = Gated()

    async def leave() -> None:
        async with client.map(work.requests(1, 2, 3), work.call):
            await anyio.wait_all_tasks_blocked()
            raise LookupError

    with pytest.raises(LookupError):
        await leave()
    assert sorted(work.cancelled) == [1, 2, 3]


async def test_closing_cancels_what_runs_and_not_the_block(client: AsyncOpenAI) -> None:
    work = Gated()
    async with client.map(work.requests(1, 2, 3), work.call) as results:
        await anyio.wait_all_tasks_blocked()
        await results.close()
        await anyio.wait_all_tasks_blocked()
        assert sorted(work.cancelled) == [1, 2, 3]
        with pytest.raises(StopAsyncIteration):
            await anext(results)


async def test_a_failure_waits_until_results_are_read(client: AsyncOpenAI) -> None:
    work = Gated()
    work.gate(-1).set()
    async with client.map(work.requests(-1, 1), work.call, fail_fast=True) as results:
        await anyio.wait_all_tasks_blocked()  # nothing happens to what the block does
        assert work.cancelled == [1]
        with pytest.raises(LookupError):
            async for _ in results:
                pass
        await anyio.wait_all_tasks_blocked()


async def test_cancelling_leaves_no_connection_in_use(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.settings.latency_ms = 3_600_000
    with anyio.fail_after(20), anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:

            async def cancel_in_the_middle() -> None:
                while client.pool_stats().in_use < 5:
                    await anyio.lowlevel.checkpoint()
                scope.cancel()

            group.start_soon(cancel_in_the_middle)
            await client.map([asking(n) for n in range(20)], client.chat.completions.create)
    assert scope.cancelled_caught
    assert client.pool_stats().in_use == 0


async def test_an_async_generator_is_closed(client: AsyncOpenAI) -> None:
    closed: list[bool] = []

    async def requests() -> AsyncIterator[dict[str, Any]]:
        try:
            for number in range(1000):
                yield asking(number)
        finally:
            closed.append(True)

    method = client.chat.completions.create
    async with client.map(requests(), method, max_concurrency=2) as results:
        await anext(results)
    assert closed == [True]


async def test_results_that_nobody_asks_for_leave_nothing_behind(client: AsyncOpenAI) -> None:
    client.map([asking(1)], client.chat.completions.create)
    gc.collect()
    assert client.pool_stats().in_use == 0


# Deadlines


async def test_what_the_deadline_cuts_off_says_so(client: AsyncOpenAI) -> None:
    work = Gated()
    with anyio.fail_after(20):
        results = await client.map(
            work.requests(*range(10)), work.call, max_concurrency=3, deadline=0.5
        )
    assert len(results) == 10
    assert all(isinstance(result.error, DeadlineExceeded) for result in results)
    assert len(work.begun) == len(work.cancelled) == 3


async def test_after_the_deadline_no_iterator_is_read(client: AsyncOpenAI) -> None:
    work = Gated()

    async def endless() -> AsyncIterator[dict[str, Any]]:
        number = 0
        while True:
            number += 1
            yield {"number": number}

    with anyio.fail_after(20):
        results = await client.map(endless(), work.call, max_concurrency=3, deadline=0.05)
    assert 3 <= len(results) <= 4
    assert all(isinstance(result.error, DeadlineExceeded) for result in results)


async def test_a_request_has_a_deadline_of_its_own(emulator: Emulator, client: AsyncOpenAI) -> None:
    emulator.fault("stall=3600")
    with anyio.fail_after(20):
        results = await client.map(
            [asking(0, deadline=0.05), asking(1)],
            partial(client.chat.completions.create, deadline=20),
            max_concurrency=1,
        )
    assert isinstance(results[0].error, DeadlineExceeded)
    assert said(results[1]) == "Say 1"


async def test_the_deadline_of_the_client_is_that_of_all(
    emulator: Emulator, client: AsyncOpenAI
) -> None:
    emulator.settings.latency_ms = 3_600_000
    hasty = client.with_options(deadline=0.05)
    with anyio.fail_after(20):
        results = await hasty.map([asking(n) for n in range(5)], hasty.chat.completions.create)
    assert all(isinstance(result.error, DeadlineExceeded) for result in results)


# Limits of the server


async def test_many_calls_at_a_limit_run_into_it_hardly_ever(
    emulator: Emulator, client: AsyncOpenAI
) -> None:
    emulator.settings.rate_limit = (100, 1)
    with anyio.fail_after(120):
        results = await client.map([asking(n) for n in range(200)], client.chat.completions.create)
    assert [said(result) for result in results] == [f"Say {n}" for n in range(200)]
    assert statuses(emulator).count(429) <= 5


async def test_many_calls_at_a_limit_of_tokens_run_into_it_hardly_ever(
    emulator: Emulator, client: AsyncOpenAI
) -> None:
    emulator.settings.token_limit = (10_000, 1)
    with anyio.fail_after(120):
        requests = [asking(n, max_tokens=80) for n in range(200)]
        results = await client.map(requests, client.chat.completions.create)
    assert all(result.ok for result in results)
    assert statuses(emulator).count(429) <= 10


async def test_refusals_for_now_outlast_the_retries_of_one_request(
    emulator: Emulator, client: AsyncOpenAI
) -> None:
    emulator.fault("status=429; retry-after-ms=10; times=6")
    patient = client.with_options(max_retries=0)
    (result,) = await patient.map([asking(1)], patient.chat.completions.create)
    assert said(result) == "Say 1"
    assert statuses(emulator) == [429] * 6 + [200]


async def test_refusals_for_ever_are_told(emulator: Emulator, client: AsyncOpenAI) -> None:
    emulator.fault("status=429; retry-after-ms=1; times=1000")
    patient = client.with_options(max_retries=0)
    (result,) = await patient.map([asking(1)], patient.chat.completions.create)
    assert isinstance(result.error, RateLimitError)
    assert len(emulator.requests) == 11


@pytest.mark.parametrize(
    "fault",
    [
        "status=429; code=insufficient_quota",
        "status=429; retry-after=3600",
        "status=429; should-retry=false; retry-after-ms=1",
    ],
)
async def test_refusals_that_waiting_does_not_help_are_told_at_once(
    emulator: Emulator, client: AsyncOpenAI, fault: str
) -> None:
    emulator.fault(f"{fault}; times=1")
    with anyio.fail_after(20):
        results = await client.map(
            [asking(1), asking(2)], client.chat.completions.create, max_concurrency=1
        )
    refused, served = sorted(results, key=lambda result: result.ok)
    assert isinstance(refused.error, RateLimitError)
    assert said(served) == f"Say {served.index + 1}"
    assert statuses(emulator) == [429, 200]


async def test_faults_of_the_network_are_mended_by_the_retries_of_each(
    emulator: Emulator, client: AsyncOpenAI
) -> None:
    emulator.random_faults(0.2, seed=7)
    patient = client.with_options(max_retries=10)
    results = await patient.map([asking(n) for n in range(60)], patient.chat.completions.create)
    assert [said(result) for result in results] == [f"Say {n}" for n in range(60)]


async def test_no_more_run_at_once_than_are_let(client: AsyncOpenAI) -> None:
    running, most = 0, 0

    async def function(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await anyio.wait_all_tasks_blocked()
        running -= 1
        return number

    await client.map([{"number": n} for n in range(20)], function, max_concurrency=4)
    assert most == 4
