"""Polling: how often, with which headers, and until when."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
import respx

from openai_async import NOT_GIVEN, APIStatusError, AsyncOpenAI, omit
from openai_async._polling import check_wait, interval, poll_headers
from openai_async.emulator import Emulator

BASE = "https://api.test/v1"
PATH = "/v1/vector_stores/vs_1/file_batches/vsfb_1"
HELPER, CUSTOM = "x-stainless-poll-helper", "x-stainless-custom-poll-interval"


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been waited, in seconds. Nothing is."""
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("openai_async._polling.random.random", lambda: 0.0)
    monkeypatch.setattr("openai_async._polling.pause", pause)
    return waited


@pytest.fixture
def routes() -> Iterator[respx.MockRouter]:
    with respx.mock() as router:
        yield router


def batch(in_progress: int | None, status: str = "in_progress", **headers: str) -> httpx.Response:
    counts = None
    if in_progress is not None:
        counts = {
            "in_progress": in_progress,
            "completed": 0,
            "failed": 0,
            "cancelled": 0,
            "total": 1,
        }
    body = {"id": "vsfb_1", "object": "vector_store.files_batch", "status": status}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, json={**body, "file_counts": counts}, headers=named)


async def poll(routes: respx.MockRouter, *answers: httpx.Response, **options: Any) -> Any:
    routes.get(path=PATH).mock(side_effect=answers)
    client = AsyncOpenAI(api_key="k", base_url=BASE, max_retries=0)
    return await client.vector_stores.file_batches.poll("vsfb_1", vector_store_id="vs_1", **options)


# Pure


@pytest.mark.parametrize(
    ("header", "wanted", "asked", "milliseconds"),
    [
        (None, omit, 0, 1000),
        (None, NOT_GIVEN, 1, 1250),
        (None, omit, 4, 2441.40625),
        (None, omit, 40, 30_000),
        (None, omit, 10**9, 30_000),
        ("250", omit, 0, 250),
        ("250", omit, 40, 250),
        ("0", omit, 0, 0),
        ("12.5", omit, 0, 12.5),
        ("soon", omit, 0, 1000),
        ("", omit, 0, 1000),
        ("-5", omit, 0, 1000),
        ("nan", omit, 0, 1000),
        ("inf", omit, 0, 1000),
        ("250", 30, 9, 30),
        ("250", 0, 9, 0),
        (None, 0.5, 9, 0.5),
    ],
)
def test_interval(header: str | None, wanted: Any, asked: int, milliseconds: float) -> None:
    headers = {} if header is None else {"openai-poll-after-ms": header}
    assert interval(headers, wanted, asked, 0.0) == milliseconds


def test_only_an_interval_of_our_own_varies() -> None:
    assert interval({}, omit, 0, 1.0) == 750
    assert interval({"openai-poll-after-ms": "250"}, omit, 0, 1.0) == 250
    assert interval({}, 40, 0, 1.0) == 40


@pytest.mark.parametrize("wanted", [-1, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["poll_interval_ms", "max_wait_seconds"])
def test_impossible_times_are_named(name: str, wanted: float) -> None:
    times: dict[str, Any] = {"poll_interval_ms": omit, name: wanted}
    with pytest.raises(ValueError, match=name):
        check_wait(**times)


@pytest.mark.parametrize("wanted", [0, 0.5, 10_000, omit, NOT_GIVEN])
def test_possible_times_pass(wanted: Any) -> None:
    check_wait(wanted, wanted)


@pytest.mark.parametrize(
    ("wanted", "headers"),
    [
        (omit, {"X-Stainless-Poll-Helper": "true"}),
        (30, {"X-Stainless-Poll-Helper": "true", "X-Stainless-Custom-Poll-Interval": "30"}),
        (0, {"X-Stainless-Poll-Helper": "true", "X-Stainless-Custom-Poll-Interval": "0"}),
    ],
)
def test_headers_of_a_poll(wanted: Any, headers: dict[str, str]) -> None:
    assert poll_headers(wanted) == headers


# Against a server


async def test_first_answer_may_be_the_last(routes: respx.MockRouter, delays: list[float]) -> None:
    done = await poll(routes, batch(0, "completed"))
    assert done.status == "completed"
    assert delays == []


async def test_it_asks_until_nothing_is_in_progress(
    routes: respx.MockRouter, delays: list[float]
) -> None:
    done = await poll(routes, batch(2), batch(1), batch(0, "failed"))
    assert done.status == "failed"
    assert delays == [1.0, 1.25]


async def test_batch_without_counts_goes_by_its_status(
    routes: respx.MockRouter, delays: list[float]
) -> None:
    done = await poll(routes, batch(None), batch(None, "cancelled"))
    assert done.status == "cancelled"
    assert len(delays) == 1


async def test_interval_of_the_caller(routes: respx.MockRouter, delays: list[float]) -> None:
    answers = [batch(1, openai_poll_after_ms="9"), batch(1, openai_poll_after_ms="9"), batch(0)]
    await poll(routes, *answers, poll_interval_ms=250)
    assert delays == [0.25, 0.25]
    assert [call.request.headers[CUSTOM] for call in routes.calls] == ["250"] * 3


async def test_advice_of_the_server_is_read_each_time(
    routes: respx.MockRouter, delays: list[float]
) -> None:
    await poll(
        routes,
        batch(1, openai_poll_after_ms="10"),
        batch(1, openai_poll_after_ms="3000"),
        batch(1),
        batch(0),
    )
    assert delays == [0.01, 3.0, 1.5625]


async def test_every_question_says_it_is_a_poll(
    routes: respx.MockRouter, delays: list[float]
) -> None:
    await poll(routes, batch(1), batch(0))
    for call in routes.calls:
        assert call.request.headers[HELPER] == "true"
        assert CUSTOM not in call.request.headers
        assert call.request.headers["openai-beta"] == "assistants=v2"


async def test_impossible_interval_asks_nothing(client: AsyncOpenAI, emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="poll_interval_ms"):
        await client.vector_stores.file_batches.poll(
            "vsfb_1", vector_store_id="vs_1", poll_interval_ms=-1
        )
    assert emulator.requests == []


async def test_error_ends_the_polling(routes: respx.MockRouter, delays: list[float]) -> None:
    with pytest.raises(APIStatusError):
        await poll(routes, batch(1), httpx.Response(404, json={}))
    assert len(routes.calls) == 2


@pytest.mark.parametrize("awaited", [False, True])
async def test_on_poll_sees_every_answer(
    awaited: bool, routes: respx.MockRouter, delays: list[float]
) -> None:
    seen: list[int] = []

    def plain(batch: Any) -> None:
        seen.append(batch.file_counts.in_progress)

    async def coroutine(batch: Any) -> None:
        plain(batch)

    await poll(routes, batch(2), batch(1), batch(0), on_poll=coroutine if awaited else plain)
    assert seen == [2, 1, 0]


async def test_error_in_on_poll_ends_the_polling(
    routes: respx.MockRouter, delays: list[float]
) -> None:
    def on_poll(batch: Any) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        await poll(routes, batch(1), on_poll=on_poll)


async def test_waiting_can_be_cancelled(routes: respx.MockRouter) -> None:
    async def on_poll(batch: Any) -> None:
        scope.cancel()

    with anyio.CancelScope() as scope:
        await poll(routes, batch(1), on_poll=on_poll, poll_interval_ms=60_000)
    assert scope.cancelled_caught
    assert len(routes.calls) == 1


async def test_create_and_poll(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    file = await client.files.create(file=b"x", purpose="assistants")
    store = await client.vector_stores.create()
    batch = await client.vector_stores.file_batches.create_and_poll(
        store.id, file_ids=[file.id], attributes={"a": 1}
    )
    assert (batch.status, batch.file_counts.completed) == ("completed", 1)
    created, *polled = emulator.requests[2:]
    assert created.json() == {"attributes": {"a": 1}, "file_ids": [file.id]}
    assert HELPER not in created.headers
    assert all(request.headers[HELPER] == "true" for request in polled)


async def test_create_and_poll_checks_before_it_creates(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    with pytest.raises(ValueError, match="poll_interval_ms"):
        await client.vector_stores.file_batches.create_and_poll(
            "vs_1", file_ids=["file-1"], poll_interval_ms=math.nan
        )
    assert emulator.requests == []
