"""Deadlines: one clock for a whole call, and what is told when it runs out."""

from __future__ import annotations

import asyncio
import gc
import math
import pickle
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
import respx

from openai_async import (
    APITimeoutError,
    AsyncOpenAI,
    DeadlineExceeded,
    InternalServerError,
    Limits,
    PoolStats,
    RateLimitError,
    omit,
)
from openai_async import _engine as engine
from openai_async._deadline import Deadline, begin, within
from openai_async._requests import Call
from openai_async._timeouts import Gaps
from openai_async.emulator import Emulator
from openai_sync import OpenAI

MESSAGES: Any = [{"role": "user", "content": "Hello there."}]

#: Long enough for a call on loopback that nothing holds up.
AMPLE = 30.0
SHORT = 0.1

IMPOSSIBLE: list[Any] = [0, -1, -0.5, math.nan, math.inf, -math.inf, "3", True, [], object()]
LIMITS = ["deadline", "first_event", "event_gap"]


async def chat(client: AsyncOpenAI, **options: Any) -> Any:
    return await client.chat.completions.create(model="m", messages=MESSAGES, **options)


async def exceeded(client: AsyncOpenAI, **options: Any) -> DeadlineExceeded:
    """The error of a call that takes too long; the test fails if it really does."""
    with anyio.fail_after(AMPLE), pytest.raises(DeadlineExceeded) as caught:
        await chat(client, **{"deadline": SHORT, **options})
    return caught.value


def late(deadline: Deadline) -> DeadlineExceeded:
    return deadline.exceeded("testing")


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been waited, in seconds. Nothing is."""
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("openai_async._engine.pause", pause)
    return waited


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """All calls of any client that are sent."""
    seen: list[Call] = []
    send = engine.send

    async def recording(settings: Any, call: Call, *, read: bool) -> Any:
        seen.append(call)
        return await send(settings, call, read=read)

    monkeypatch.setattr(engine, "send", recording)
    return seen


# The clock


async def test_a_deadline_runs_from_when_it_is_made() -> None:
    before = anyio.current_time()
    deadline = Deadline(30)
    assert before <= deadline.began <= anyio.current_time()
    assert deadline.at == deadline.began + 30
    assert deadline.seconds == 30
    assert deadline.left(deadline.began + 10) == pytest.approx(20)
    assert deadline.left(deadline.at) == 0
    assert deadline.left(deadline.at + 1) == pytest.approx(-1)


@pytest.mark.parametrize("seconds", [*IMPOSSIBLE, None])
def test_an_impossible_deadline_is_named(seconds: Any) -> None:
    with pytest.raises(ValueError, match="deadline must be a positive number of seconds"):
        Deadline(seconds)


async def test_a_clock_that_runs_is_taken_as_it_is() -> None:
    deadline = Deadline(1)
    assert begin(deadline) is deadline
    assert begin(None) is None


async def test_what_ends_in_time_is_returned() -> None:
    async def function() -> str:
        await anyio.lowlevel.checkpoint()
        return "done"

    assert await within(Deadline(AMPLE), function, late) == "done"
    assert await within(None, function, late) == "done"


async def test_what_takes_too_long_is_cancelled() -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        await within(Deadline(0.01), anyio.sleep_forever, late)
    assert caught.value.elapsed >= 0.01
    assert caught.value.__context__ is None


async def test_nothing_is_begun_once_it_is_too_late() -> None:
    deadline = Deadline(0.001)
    await anyio.sleep_until(deadline.at)
    begun = []

    async def function() -> None:
        begun.append(True)

    with pytest.raises(DeadlineExceeded):
        await within(deadline, function, late)
    assert begun == []


async def test_a_cancellation_from_outside_stays_one() -> None:
    with anyio.CancelScope() as outside:
        outside.cancel()
        await within(Deadline(AMPLE), anyio.sleep_forever, late)
    assert outside.cancelled_caught


async def test_a_cancellation_at_the_same_moment_wins() -> None:
    deadline = Deadline(0.01)

    async def both() -> None:
        with anyio.CancelScope(shield=True):
            await anyio.sleep_until(deadline.at)
        outside.cancel()
        await anyio.sleep_forever()

    with anyio.CancelScope() as outside:
        await within(deadline, both, late)
    assert outside.cancelled_caught


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_cancelled_task_is_cancelled() -> None:
    begun = asyncio.Event()

    async def function() -> None:
        begun.set()
        await anyio.sleep_forever()

    task = asyncio.create_task(within(Deadline(AMPLE), function, late))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_is_cancelled_at_the_same_moment_is_cancelled() -> None:
    deadline = Deadline(0.01)

    async def both() -> None:
        with anyio.CancelScope(shield=True):
            await anyio.sleep_until(deadline.at)
        task.cancel()
        await anyio.sleep_forever()

    task = asyncio.create_task(within(deadline, both, late))
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_error_of_a_function_is_its_own() -> None:
    async def function() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await within(Deadline(AMPLE), function, late)


# Which one applies


@pytest.mark.parametrize("value", IMPOSSIBLE)
@pytest.mark.parametrize("name", LIMITS)
def test_an_impossible_limit_of_a_client_is_named(name: str, value: Any) -> None:
    limit = {name: value}
    with pytest.raises(ValueError, match=f"{name} must be a positive"):
        AsyncOpenAI(api_key="k", **limit)
    with pytest.raises(ValueError, match=f"{name} must be a positive"):
        AsyncOpenAI(api_key="k").with_options(**limit)


@pytest.mark.parametrize("value", IMPOSSIBLE)
@pytest.mark.parametrize("name", LIMITS)
async def test_an_impossible_limit_of_a_call_is_named_and_nothing_sent(
    name: str, value: Any, client: AsyncOpenAI, emulator: Emulator
) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a positive"):
        await chat(client, **{name: value})
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("of_client", "of_copy", "of_call", "expected"),
    [
        ({}, {}, {}, None),
        (5, {}, {}, 5),
        (5, 6, {}, 6),
        (5, 6, 7, 7),
        (5, None, {}, None),
        (5, {}, None, None),
        (5, None, 7, 7),
        ({}, {}, 7, 7),
    ],
)
@pytest.mark.parametrize("name", LIMITS)
async def test_the_nearest_limit_wins_and_none_removes_it(
    name: str,
    of_client: Any,
    of_copy: Any,
    of_call: Any,
    expected: float | None,
    emulator: Emulator,
    calls: list[Call],
) -> None:
    settings, changes, options = (
        {} if value == {} else {name: value} for value in (of_client, of_copy, of_call)
    )
    async with AsyncOpenAI(api_key="k", base_url=emulator.base_url, **settings) as client:
        await chat(client.with_options(**changes), **options)
    (call,) = calls
    found = call.deadline if name == "deadline" else getattr(call.gaps, name)
    assert found == expected


async def test_a_limit_can_be_assigned(client: AsyncOpenAI, calls: list[Call]) -> None:
    client.deadline, client.first_event, client.event_gap = 5, 6, 7
    await chat(client)
    assert (calls[0].deadline, calls[0].gaps) == (5, Gaps(6, 7))


@pytest.mark.parametrize("name", LIMITS)
async def test_options_of_any_request_may_hold_a_limit(
    name: str, client: AsyncOpenAI, calls: list[Call]
) -> None:
    options: Any = {name: 5}
    await client.get("/models", cast_to=object, options=options)
    (call,) = calls
    assert (call.deadline if name == "deadline" else getattr(call.gaps, name)) == 5


async def test_an_answer_carries_the_limits_of_its_body(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[engine.Answer] = []
    send = engine.send

    async def recording(settings: Any, call: Call, *, read: bool) -> Any:
        answers.append(await send(settings, call, read=read))
        return answers[-1]

    monkeypatch.setattr(engine, "send", recording)
    emulator.fault("status=500")
    limits = {"deadline": AMPLE, "first_event": 5, "event_gap": 6}
    async with await chat(client, stream=True, **limits):
        (answer,) = answers
    assert answer.deadline is not None
    assert (answer.deadline.seconds, answer.deadline.began) == (AMPLE, answer.began)
    assert answer.gaps == Gaps(5, 6)
    assert [attempt.status for attempt in answer.attempts] == [500]
    until = answer.all_attempts(until=answer.began + 9)
    assert [(attempt.number, attempt.status) for attempt in until] == [(1, 500), (2, 200)]
    assert until[0].ended <= until[1].started < until[1].ended == pytest.approx(9)


# What it ends


@pytest.mark.parametrize(
    ("fault", "status", "doing"),
    [
        ("stall=30", None, "waiting for an answer"),
        ("stall-body=30; stall-after=5", 200, "receiving the answer"),
        ("status=500; stall-body=30; stall-after=5", 500, "receiving the answer"),
    ],
)
async def test_an_attempt_that_takes_too_long(
    fault: str, status: int | None, doing: str, client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault(fault)
    error = await exceeded(client)
    (attempt,) = error.attempts
    assert (attempt.number, attempt.status) == (1, status)
    assert (attempt.request_id is None) == (status is None)
    assert attempt.error == "Cut off by the deadline."
    assert 0 <= attempt.started < SHORT <= attempt.ended <= error.elapsed
    assert error.deadline == SHORT
    assert str(error) == (
        f"Deadline of 0.1 seconds exceeded after 1 attempt, while {doing}. "
        "To allow more time, pass a larger deadline=, or None for no limit."
    )
    assert error.request.url.path == "/v1/chat/completions"
    assert error.__cause__ is None
    assert (error.partial, error.events, error.last_event) == ("", 0, None)


async def test_it_is_a_timeout_and_a_connection_error() -> None:
    assert issubclass(DeadlineExceeded, APITimeoutError)


async def test_one_clock_for_all_attempts(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=500; retry-after-ms=1", times=2)
    emulator.fault("stall=30")
    error = await exceeded(client)
    assert [attempt.status for attempt in error.attempts] == [500, 500, None]
    assert [attempt.waited for attempt in error.attempts] == [*delays, 0.0]
    assert "after 3 attempts" in str(error)
    assert isinstance(error.__cause__, InternalServerError)
    assert error.__cause__.attempts == error.attempts[:2]


async def test_one_clock_for_attempts_that_time_out(
    client: AsyncOpenAI, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai_async._retry.backoff", lambda *_, **__: 0.001)
    emulator.fault("stall=30", times=99)
    error = await exceeded(client.with_options(max_retries=98), timeout=0.02)
    assert len(error.attempts) > 1
    assert type(error.__cause__) is APITimeoutError


async def test_a_wait_that_would_outlast_it_is_not_begun(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=429; retry-after=60")
    with pytest.raises(RateLimitError) as caught:
        await chat(client, deadline=59)
    assert len(caught.value.attempts) == 1
    assert delays == []


async def test_a_wait_that_ends_before_it_is_waited(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=429; retry-after=60")
    await chat(client, deadline=90)
    assert delays == [60]


async def test_a_wait_is_cut(
    client: AsyncOpenAI, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def pause(seconds: float) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr("openai_async._engine.pause", pause)
    emulator.fault("status=429; retry-after-ms=1")
    error = await exceeded(client)
    assert "after 1 attempt, while waiting to try again." in str(error)
    assert [attempt.status for attempt in error.attempts] == [429]
    assert isinstance(error.__cause__, RateLimitError)


async def test_a_hook_is_cut(client: AsyncOpenAI, emulator: Emulator) -> None:
    async def on_retry(retry: object) -> None:
        await anyio.sleep_forever()

    emulator.fault("status=429; retry-after-ms=1")
    error = await exceeded(client.with_options(on_retry=on_retry))
    assert "while calling on_retry." in str(error)


@pytest.fixture
def blocked() -> Iterator[Callable[[], str]]:
    """A function that does not return before the test ends."""
    ended = threading.Event()

    def wait() -> str:
        ended.wait(AMPLE)
        return "sk-late"

    yield wait
    ended.set()


async def test_asking_for_the_key_is_cut(client: AsyncOpenAI, emulator: Emulator) -> None:
    async def api_key() -> str:
        await anyio.sleep_forever()
        return "never"

    error = await exceeded(client.with_options(api_key=api_key))
    assert "while asking for the API key." in str(error)
    assert len(error.attempts) == 1
    assert emulator.requests == []


async def test_asking_a_blocking_function_for_the_key_is_cut(
    client: AsyncOpenAI, blocked: Callable[[], str]
) -> None:
    error = await exceeded(client.with_options(api_key=blocked))
    assert "while asking for the API key." in str(error)


async def test_waiting_for_a_connection_is_cut(emulator: Emulator) -> None:
    limits = Limits(max_connections=1)
    async with AsyncOpenAI(api_key="k", base_url=emulator.base_url, limits=limits) as client:
        emulator.fault("stall=30")
        async with anyio.create_task_group() as group:
            group.start_soon(chat, client)
            with anyio.fail_after(AMPLE):
                while client.pool_stats().in_use == 0:
                    await anyio.lowlevel.checkpoint()
            error = await exceeded(client)
            assert client.pool_stats().waiting == 0
            group.cancel_scope.cancel()
    assert "while waiting for an answer." in str(error)
    assert len(emulator.requests) == 1


async def test_it_holds_over_a_client_of_the_user(emulator: Emulator) -> None:
    emulator.fault("stall=30")
    async with httpx.AsyncClient() as http_client:
        client = AsyncOpenAI(api_key="k", base_url=emulator.base_url, http_client=http_client)
        assert len((await exceeded(client)).attempts) == 1
        await chat(client, deadline=AMPLE)


@pytest.mark.parametrize("kind", [httpx.Client, httpx.AsyncClient])
def test_it_holds_over_a_client_of_a_user_who_blocks(kind: Any, emulator: Emulator) -> None:
    emulator.fault("stall=1")
    client = OpenAI(api_key="k", base_url=emulator.base_url, http_client=kind())
    with client, pytest.raises(DeadlineExceeded):
        client.chat.completions.create(model="m", messages=MESSAGES, deadline=SHORT)


@pytest.mark.parametrize("content", [b"x" * 30_000_000, None], ids=["bytes", "path"])
async def test_sending_a_body_is_cut(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, reads nothing
        base_url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        async with AsyncOpenAI(api_key="k", base_url=base_url) as client:
            with anyio.fail_after(AMPLE), pytest.raises(DeadlineExceeded) as caught:
                await client.files.create(file=content or path, purpose="batch", deadline=SHORT)
            assert client.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)
    assert len(caught.value.attempts) == 1


async def test_what_was_cut_leaves_nothing_behind(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("stall-body=30; stall-after=5", times=3)
    for _ in range(3):
        await exceeded(client)
    assert client.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)
    gc.collect()


async def test_a_cancelled_call_is_cancelled(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("stall=30")
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: chat(client, deadline=AMPLE))
        with anyio.fail_after(AMPLE):
            while not emulator.requests:
                await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert group.cancel_scope.cancelled_caught


async def test_an_answer_in_time_is_an_answer(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("status=500; retry-after-ms=1")
    assert (await chat(client, deadline=AMPLE)).choices


async def test_an_attempt_that_fails_too_late_is_no_last_word(
    client: AsyncOpenAI, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a transport makes of being cancelled does not hide why it was."""
    deadline = Deadline(0.01)
    attempt = engine._attempt

    async def slow(*args: Any, **options: Any) -> Any:
        with anyio.CancelScope(shield=True):
            await anyio.sleep_until(deadline.at)
            return await attempt(*args, **options)

    monkeypatch.setattr(engine, "_attempt", slow)
    emulator.fault("status=500")
    error = await exceeded(client, deadline=deadline)
    assert [each.status for each in error.attempts] == [500]
    assert isinstance(error.__cause__, InternalServerError)


async def test_the_error_pickles(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("status=500; retry-after-ms=1")
    emulator.fault("stall=30")
    error = await exceeded(client)
    copied = pickle.loads(pickle.dumps(error))
    facts = ("deadline", "elapsed", "attempts", "partial", "events", "last_event", "message")
    assert [getattr(copied, each) for each in facts] == [getattr(error, each) for each in facts]


def test_it_holds_for_the_blocking_client(sync_client: OpenAI, emulator: Emulator) -> None:
    emulator.fault("status=500; retry-after-ms=1")
    emulator.fault("stall=30")
    with pytest.raises(DeadlineExceeded) as caught:
        sync_client.chat.completions.create(model="m", messages=MESSAGES, deadline=0.3)
    assert [attempt.status for attempt in caught.value.attempts] == [500, None]
    assert sync_client.pool_stats().in_use == 0


@pytest.mark.parametrize("name", LIMITS)
def test_the_blocking_client_has_the_settings(name: str) -> None:
    client = OpenAI(api_key="k", **{name: 5})
    assert getattr(client, name) == getattr(client.with_options(max_retries=1), name) == 5
    assert getattr(client.with_options(**{name: None}), name) is None
    setattr(client, name, 6)
    assert getattr(client._async, name) == 6


# Methods that are made of several calls


async def test_each_page_of_a_list_has_its_own(client: AsyncOpenAI, calls: list[Call]) -> None:
    for number in range(3):
        await client.files.create(file=(f"{number}.txt", b"x"), purpose="assistants")
    calls.clear()
    files = [file async for file in client.files.list(limit=1, deadline=AMPLE)]
    assert len(files) == 3
    assert {call.deadline for call in calls} == {AMPLE}
    assert len(calls) >= 3


async def fill(client: AsyncOpenAI, **options: Any) -> Any:
    """A vector store that is filled from three files."""
    store = await client.with_options(deadline=None).vector_stores.create()
    files = [(f"{number}.txt", b"text") for number in range(3)]
    return await client.vector_stores.file_batches.upload_and_poll(
        store.id, files=files, poll_interval_ms=1, **options
    )


@pytest.mark.parametrize("where", ["client", "method"])
async def test_one_clock_for_all_calls_of_a_bulk_upload(
    where: str, client: AsyncOpenAI, calls: list[Call]
) -> None:
    if where == "client":
        await fill(client.with_options(deadline=AMPLE))
    else:
        await fill(client, deadline=AMPLE)
    inner = calls[1:]
    assert {call.url.rpartition("/")[2] for call in inner} >= {"files", "file_batches"}
    clocks = {call.deadline for call in inner}
    assert len(clocks) == 1
    assert [clock.seconds for clock in clocks if isinstance(clock, Deadline)] == [AMPLE]


async def test_none_removes_the_deadline_of_a_bulk_upload(
    client: AsyncOpenAI, calls: list[Call]
) -> None:
    await fill(client.with_options(deadline=AMPLE), deadline=None)
    assert {call.deadline for call in calls} == {None}


async def test_an_upload_that_takes_too_long_says_which(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("stall=30", path="/files", times=9)
    with anyio.fail_after(AMPLE), pytest.raises(DeadlineExceeded) as caught:
        await fill(client, deadline=SHORT, max_concurrency=1)
    assert "file 0 (0.txt)" in "".join(caught.value.__notes__)  # type: ignore[attr-defined]


async def test_what_is_told_of_an_upload_is_cut(client: AsyncOpenAI) -> None:
    async def on_progress(progress: object) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(AMPLE), pytest.raises(DeadlineExceeded, match="reporting an upload"):
        await fill(client, deadline=1.0, on_progress=on_progress)


BATCH = {
    "id": "vsfb_1",
    "object": "vector_store.files_batch",
    "status": "in_progress",
    "file_counts": {"in_progress": 1, "completed": 2, "failed": 0, "cancelled": 0, "total": 3},
}

Poll = Callable[[AsyncOpenAI], Awaitable[Any]]

#: Enough for a first answer on any machine.
ENOUGH = 1.0

POLLS: dict[str, Poll] = {
    "poll": lambda client: client.vector_stores.file_batches.poll(
        "vsfb_1", vector_store_id="vs_1", deadline=ENOUGH
    ),
    "create_and_poll": lambda client: client.vector_stores.file_batches.create_and_poll(
        "vs_1", file_ids=["file-1"], deadline=ENOUGH
    ),
}


@pytest.mark.parametrize("poll", POLLS.values(), ids=POLLS)
@pytest.mark.parametrize("wait", ["60000", "0"])
async def test_polling_ends_with_the_last_state(poll: Poll, wait: str) -> None:
    with respx.mock as routes:
        headers = {"openai-poll-after-ms": wait}
        routes.route().mock(return_value=httpx.Response(200, json=BATCH, headers=headers))
        async with AsyncOpenAI(api_key="k", base_url="https://api.test/v1") as client:
            with anyio.fail_after(AMPLE), pytest.raises(DeadlineExceeded) as caught:
                await poll(client)
    assert caught.value.last_event.file_counts.completed == 2
    assert caught.value.deadline == ENOUGH


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_batch_that_was_made_is_not_lost(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("stall=30", path="/vector_stores/*/file_batches/*", times=9)
    store = await client.vector_stores.create()
    file = await client.files.create(file=("a.txt", b"x"), purpose="assistants")
    with anyio.fail_after(AMPLE), pytest.raises(DeadlineExceeded) as caught:
        await client.vector_stores.file_batches.create_and_poll(
            store.id, file_ids=[file.id], deadline=1.0
        )
    assert caught.value.last_event.id.startswith("vsfb_")


async def test_what_is_told_of_a_poll_is_cut(client: AsyncOpenAI) -> None:
    store = await client.vector_stores.create()
    file = await client.files.create(file=("a.txt", b"x"), purpose="assistants")

    async def on_poll(batch: object) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(AMPLE), pytest.raises(DeadlineExceeded) as caught:
        await client.vector_stores.file_batches.create_and_poll(
            store.id,
            file_ids=[file.id],
            poll_interval_ms=omit,
            deadline=1.0,
            on_poll=on_poll,
        )
    assert caught.value.last_event is not None
