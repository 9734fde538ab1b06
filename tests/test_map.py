"""Many live requests: what their results are, how they are read, and what their errors are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from many_requests import MODEL, Gated, asking, notes, said

from openai_async import (
    AsyncMap,
    AsyncOpenAI,
    BadRequestError,
    MapProgress,
    NotFoundError,
)
from openai_async.emulator import Emulator

# What comes back


async def test_results_are_what_the_method_returns_in_the_order_of_the_requests(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    results = await client.map([asking(n) for n in range(50)], client.chat.completions.create)
    assert [result.index for result in results] == list(range(50))
    assert [said(result) for result in results] == [f"Say {n}" for n in range(50)]
    assert results[3].value == await client.chat.completions.create(**asking(3))
    assert len(emulator.requests) == 51


@pytest.mark.parametrize("form", ["method", "partial", "path", "short path", "lines"])
async def test_requests_have_three_forms(client: AsyncOpenAI, form: str) -> None:
    requests: list[dict[str, Any]] = [asking(n) for n in range(3)]
    method: Any = client.chat.completions.create
    if form == "partial":
        requests = [{"messages": each["messages"]} for each in requests]
        method = partial(partial(method, model="nothing"), model=MODEL)
    elif form in {"path", "short path"}:
        method = "/v1/chat/completions" if form == "path" else "/chat/completions"
    elif form == "lines":
        url = "/v1/chat/completions"
        requests = [
            {"custom_id": f"line-{n}", "method": "POST", "url": url, "body": each}
            for n, each in enumerate(requests)
        ]
        method = None
    results = await client.map(requests, method)
    assert [said(result) for result in results] == ["Say 0", "Say 1", "Say 2"]
    name = "line-1" if form == "lines" else "request-1"
    assert (results[1].custom_id, results[1].request) == (name, requests[1])


async def test_a_request_may_have_a_name(client: AsyncOpenAI, emulator: Emulator) -> None:
    (result,) = await client.map([asking(1, custom_id="mine")], client.chat.completions.create)
    assert result.custom_id == "mine"
    assert "custom_id" not in emulator.requests[0].json()


async def test_embeddings_are_lists_of_numbers_in_every_form(client: AsyncOpenAI) -> None:
    body = {"model": "text-embedding-3-small", "input": "a"}
    live = await client.embeddings.create(input="a", model="text-embedding-3-small")
    forms: list[tuple[list[Any], Any]] = [
        ([body], client.embeddings.create),
        ([body], "/v1/embeddings"),
        ([{"url": "/v1/embeddings", "body": body}], None),
    ]
    for requests, method in forms:
        (result,) = await client.map(requests, method)
        assert result.get().data[0].embedding == pytest.approx(live.data[0].embedding, abs=1e-6)


@pytest.mark.parametrize("method", ["coroutine", "plain", "raw"])
async def test_a_function_of_ones_own_is_called(client: AsyncOpenAI, method: str) -> None:
    async def coroutine(number: int) -> int:
        return number + 1

    def plain(number: int) -> int:
        return number + 1

    if method == "raw":
        raw = await client.map([{"model": MODEL}], client.models.with_raw_response.retrieve)
        assert raw[0].get().status_code == 200
        return
    function: Any = {"coroutine": coroutine, "plain": plain}[method]
    results = await client.map([{"number": n} for n in range(3)], function)
    assert [result.get() for result in results] == [1, 2, 3]


async def _awaited(requests: list[Any]) -> AsyncIterator[Any]:
    for each in requests:
        await anyio.lowlevel.checkpoint()
        yield each


@pytest.mark.parametrize("kind", [list, tuple, iter, _awaited])
@pytest.mark.parametrize("count", [0, 1, 40])
async def test_requests_come_from_anything_that_iterates(
    client: AsyncOpenAI, kind: Callable[[list[Any]], Any], count: int
) -> None:
    requests = kind([asking(n) for n in range(count)])
    results = await client.map(requests, client.chat.completions.create)
    assert [said(result) for result in results] == [f"Say {n}" for n in range(count)]


# One by one


async def test_results_come_as_soon_as_they_are_there(client: AsyncOpenAI) -> None:
    work = Gated()
    with anyio.fail_after(20):
        async with client.map(work.requests(0, 1, 2), work.call, ordered=False) as results:
            for number in (2, 0, 1):
                work.gate(number).set()
                result = await anext(results)
                assert (result.index, result.get()) == (number, number * 10)
            with pytest.raises(StopAsyncIteration):
                await anext(results)


async def test_results_wait_for_those_before_them_if_order_matters(client: AsyncOpenAI) -> None:
    work = Gated()
    with anyio.fail_after(20):
        async with client.map(work.requests(0, 1, 2), work.call) as results:
            work.gate(2).set()
            await anyio.wait_all_tasks_blocked()
            work.gate(1).set()
            await anyio.wait_all_tasks_blocked()
            work.gate(0).set()
            order = [result.index async for result in results]
    assert order == [0, 1, 2]


async def test_a_slow_one_does_not_hold_up_those_that_are_awaited(client: AsyncOpenAI) -> None:
    work, count = Gated(), 1000
    for number in range(1, count):
        work.gate(number).set()

    async def free_the_first(number: int) -> int:
        if number == count - 1:
            work.gate(0).set()
        return await work.call(number)

    with anyio.fail_after(60):
        results = await client.map(work.requests(*range(count)), free_the_first, max_concurrency=2)
    assert [result.index for result in results] == list(range(count))


@pytest.mark.parametrize("ordered", [True, False])
async def test_requests_are_read_one_ahead_of_those_that_run(
    client: AsyncOpenAI, ordered: bool
) -> None:
    work, read = Gated(), list[int]()

    def requests() -> Iterator[dict[str, Any]]:
        for number in range(1000):
            read.append(number)
            yield {"number": number}

    async with client.map(requests(), work.call, max_concurrency=3, ordered=ordered) as results:
        await anyio.wait_all_tasks_blocked()
        assert (work.begun, len(read)) == ([0, 1, 2], 4)
        work.gate(0).set()
        await anext(results)
        await anyio.wait_all_tasks_blocked()
        assert (work.begun, len(read)) == ([0, 1, 2, 3], 5)


async def test_results_that_nobody_reads_hold_up_the_reading(client: AsyncOpenAI) -> None:
    read: list[int] = []

    def requests() -> Iterator[dict[str, Any]]:
        for number in range(100_000):
            read.append(number)
            yield {"number": number}

    async def done(number: int) -> int:
        return number

    async with client.map(requests(), done, max_concurrency=2) as results:
        await anyio.wait_all_tasks_blocked()
        before = len(read)
        assert before < 1000
        for _ in range(before + 10):
            await anext(results)
        assert before < len(read) < 2000


async def test_progress_is_told(client: AsyncOpenAI) -> None:
    told: list[MapProgress] = []
    requests = [asking(n, model="missing-model" if n == 3 else MODEL) for n in range(10)]
    await client.map(requests, client.chat.completions.create, on_progress=told.append)
    assert [each.done for each in told] == list(range(1, 11))
    assert [each.failed for each in told][-1] == 1
    assert {each.total for each in told} == {10}
    assert sorted(each.result.index for each in told) == list(range(10))
    told.clear()
    await client.map(iter(requests), client.chat.completions.create, on_progress=told.append)
    assert {each.total for each in told} == {None}


# What goes wrong with one


async def test_a_bad_one_has_its_error_and_the_others_their_values(client: AsyncOpenAI) -> None:
    requests: list[Any] = [asking(n) for n in range(8)]
    requests[2] = asking(2, model="missing-model")
    requests[3] = asking(3, messages=[])
    requests[4] = {"messages": []}
    requests[5] = "no request"
    requests[6] = asking(6, stream=True)
    results = await client.map(requests, client.chat.completions.create)
    kinds = {2: NotFoundError, 3: BadRequestError, 4: TypeError, 5: TypeError, 6: ValueError}
    for result in results:
        assert result.ok is (result.index not in kinds)
        if not result.ok:
            assert type(result.error) is kinds[result.index]
            with pytest.raises(kinds[result.index]):
                result.get()
    assert [said(results[n]) for n in (0, 1, 7)] == ["Say 0", "Say 1", "Say 7"]
    assert "stream=True" in str(results[6].error)


async def test_streams_are_refused_before_anything_is_sent(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    with pytest.raises(ValueError, match="stream=True"):
        client.map([asking(1)], partial(client.chat.completions.create, stream=True))
    line = {"url": "/v1/chat/completions", "body": asking(1, stream=True)}
    (result,) = await client.map([line])
    assert isinstance(result.error, ValueError)
    assert emulator.requests == []


async def test_lines_that_are_none(client: AsyncOpenAI) -> None:
    body = asking(1)
    results = await client.map(
        [
            {"url": "/v1/files", "body": body},
            {"url": "/v1/embeddings"},
            {"url": "/v1/chat/completions", "method": "GET", "body": body},
            {"custom_id": 7, "url": "/v1/chat/completions", "body": body},
        ]
    )
    messages = ["choose from", '"method": "POST"', '"method": "POST"', "custom_id"]
    for result, message in zip(results, messages, strict=True):
        assert message in str(result.error)


async def test_the_first_error_is_raised_if_that_is_wanted(client: AsyncOpenAI) -> None:
    work = Gated()
    work.gate(-1).set()
    with anyio.fail_after(20), pytest.raises(LookupError) as caught:
        await client.map(work.requests(1, 2, -1, 3), work.call, fail_fast=True)
    assert notes(caught.value) == ["This happened to request 2 (request-2)."]
    assert sorted(work.cancelled) == [1, 2, 3]


@pytest.mark.parametrize("failure", [LookupError("x"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("where", ["requests", "progress", "function"])
async def test_what_users_functions_raise_ends_it(
    client: AsyncOpenAI, failure: BaseException, where: str
) -> None:
    if where == "function" and isinstance(failure, Exception):
        return  # that is the error of one request
    work = Gated()
    work.gate(1).set()

    def requests() -> Iterator[dict[str, Any]]:
        yield from work.requests(1, 2)
        if where == "requests":
            raise failure

    async def progress(_: MapProgress) -> None:
        if where == "progress":
            raise failure

    async def function(number: int) -> int:
        value = await work.call(number)
        if where == "function":
            raise failure
        return value

    with anyio.fail_after(20), pytest.raises(type(failure)) as caught:
        await client.map(requests(), function, on_progress=progress)
    assert caught.value is failure
    assert sorted(work.cancelled) == ([1, 2] if where == "requests" else [2])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"requests": "text"}, TypeError, "requests must be a list"),
        ({"requests": {"model": "m"}}, TypeError, "requests must be a list"),
        ({"requests": None}, TypeError, "requests must be a list"),
        ({"requests": [], "method": "/v1/files"}, ValueError, "choose from /v1/responses"),
        ({"requests": [], "method": 3}, TypeError, "method must be"),
        ({"requests": [], "max_concurrency": 0}, ValueError, "max_concurrency"),
    ],
)
async def test_mistakes_are_told_at_once(
    client: AsyncOpenAI, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        client.map(**arguments)


async def test_results_can_be_had_once(client: AsyncOpenAI) -> None:
    results: AsyncMap[Any] = client.map([asking(1)], client.chat.completions.create)
    with pytest.raises(RuntimeError, match="async with"):
        aiter(results)
    await results
    with pytest.raises(RuntimeError, match="call map"):
        await results
