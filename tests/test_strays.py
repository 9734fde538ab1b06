"""Cancellations out of users' code, which nobody around asked for, neither hang nor hide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from openai_async import AsyncOpenAI
from openai_async._strays import strays_as_errors
from openai_async._uploads import at_most
from openai_async.emulator import Emulator
from openai_sync import OpenAI

STRAY = "though nobody cancelled this call"


async def stray() -> BaseException:
    """A cancellation as it comes from elsewhere."""
    caught: list[BaseException] = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        try:
            await anyio.lowlevel.checkpoint()
        except anyio.get_cancelled_exc_class() as error:
            caught.append(error)
            raise
    return caught[0]


async def odd_ones_cancelled(number: int) -> int:
    if number % 2:
        raise await stray()
    return number


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"number": number} for number in range(count)]


async def test_a_method_that_is_cancelled_is_an_error_of_its_request(client: AsyncOpenAI) -> None:
    with anyio.fail_after(20):
        results = await client.map(numbered(5), odd_ones_cancelled, max_concurrency=2)
    assert [result.value for result in results] == [0, None, 2, None, 4]
    for result in results[1::2]:
        assert isinstance(result.error, RuntimeError)
        assert STRAY in str(result.error)
        assert result.error.__cause__ is not None


async def test_fail_fast_raises_it(client: AsyncOpenAI) -> None:
    with anyio.fail_after(20), pytest.raises(RuntimeError, match=STRAY):
        await client.map(numbered(5), odd_ones_cancelled, fail_fast=True)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_all_requests_await_may_be_cancelled(client: AsyncOpenAI) -> None:
    shared = asyncio.ensure_future(asyncio.sleep(3600))

    async def wait(number: int) -> None:
        if number == 1:
            shared.cancel()
        await shared

    with anyio.fail_after(20):
        results = await client.map(numbered(3), wait)
    assert all(isinstance(result.error, RuntimeError) for result in results)


async def test_progress_that_is_cancelled_fails_the_map(client: AsyncOpenAI) -> None:
    async def fail(_: object) -> None:
        raise await stray()

    with anyio.fail_after(20), pytest.raises(RuntimeError, match=f"on_progress.*{STRAY}"):
        await client.map(numbered(2), odd_ones_cancelled, on_progress=fail)


async def test_requests_that_are_cancelled_fail_the_map(client: AsyncOpenAI) -> None:
    async def requests() -> AsyncIterator[dict[str, Any]]:
        yield {"number": 0}
        raise await stray()

    with anyio.fail_after(20), pytest.raises(RuntimeError, match=f"iterator.*{STRAY}"):
        await client.map(requests(), odd_ones_cancelled)


def test_blocking_callers_are_told(sync_client: OpenAI) -> None:
    def cancelled(number: int) -> int:
        if number:
            raise asyncio.CancelledError
        return number

    first, second = sync_client.map(numbered(2), cancelled, deadline=20)
    assert first.ok
    assert isinstance(second.error, RuntimeError)
    assert STRAY in str(second.error)


async def test_work_that_is_cancelled_ends_the_others() -> None:
    cancelled: list[int] = []

    async def work(position: int, _: object) -> None:
        if position == 2:
            await anyio.wait_all_tasks_blocked()
            raise await stray()
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            cancelled.append(position)
            raise

    with anyio.fail_after(20), pytest.raises(RuntimeError, match=STRAY):
        await at_most(3, range(3), work)
    assert sorted(cancelled) == [0, 1]


async def test_a_report_that_is_cancelled_fails_an_upload(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    async def fail(_: object) -> None:
        raise await stray()

    with anyio.fail_after(20), pytest.raises(RuntimeError, match=STRAY):
        await client.files.upload_many(
            [("a", b"1"), ("b", b"2")], purpose="assistants", on_progress=fail
        )


async def test_a_cancellation_from_outside_stays_one(client: AsyncOpenAI) -> None:
    seen: list[object] = []

    async def wait(number: int) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(20), anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:

            async def cancel_in_the_middle() -> None:
                await anyio.wait_all_tasks_blocked()
                scope.cancel()

            group.start_soon(cancel_in_the_middle)
            await client.map(numbered(3), wait, on_progress=seen.append)
    assert scope.cancelled_caught
    assert seen == []


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_cancelling_the_task_of_a_map_stays_that(client: AsyncOpenAI) -> None:
    begun = asyncio.Event()

    async def wait(number: int) -> None:
        begun.set()
        await asyncio.sleep(3600)

    async def run() -> None:
        await client.map(numbered(3), wait)

    task = asyncio.ensure_future(run())
    await begun.wait()
    task.cancel()
    with anyio.fail_after(20), pytest.raises(asyncio.CancelledError):
        await task


def test_a_task_that_is_collected_needs_no_event_loop() -> None:
    async def work() -> None:
        with strays_as_errors("It"):
            await Forever()

    coroutine = work()
    coroutine.send(None)
    coroutine.close()


class Forever:
    def __await__(self) -> Any:
        yield
