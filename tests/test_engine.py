"""One call from its first attempt to its last: retries, errors, keys, hooks, limits, logs."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import pickle
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
import respx

from openai_async import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    OpenAIError,
    PermissionDeniedError,
    RateLimitError,
    Retry,
    UnprocessableEntityError,
    omit,
)
from openai_async._transport import (
    ConnectionFailed,
    PoolStats,
    TimedOut,
    WireReply,
    WireRequest,
)
from openai_async.emulator import Emulator

BASE = "https://api.test/v1"
MESSAGES: Any = [{"role": "user", "content": "Hello there."}]


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been waited, in seconds. Nothing is."""
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("openai_async._engine.pause", pause)
    return waited


@pytest.fixture
def routes() -> Iterator[respx.MockRouter]:
    """Instead of the network, and without any answer yet."""
    with respx.mock(assert_all_called=False) as router:
        yield router


def make(**options: Any) -> AsyncOpenAI:
    return AsyncOpenAI(**{"api_key": "sk-test", "base_url": BASE, **options})


async def chat(client: AsyncOpenAI, **options: Any) -> Any:
    return await client.chat.completions.create(model="m", messages=MESSAGES, **options)


async def failure(client: AsyncOpenAI, **options: Any) -> Any:
    with pytest.raises(OpenAIError) as caught:
        await chat(client, **options)
    return caught.value


# How often


@pytest.mark.parametrize("max_retries", [0, 1, 2, 4])
async def test_max_retries_are_more_attempts(
    max_retries: int, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=500", times=9)
    error = await failure(client.with_options(max_retries=max_retries))
    assert isinstance(error, InternalServerError)
    assert len(emulator.requests) == len(error.attempts) == max_retries + 1
    assert len(delays) == max_retries


async def test_call_goes_on_after_failures(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=503", times=2)
    assert (await chat(client)).choices[0].message.content == "You said: Hello there."
    assert len(emulator.requests) == 3


async def test_one_low_level_request_may_have_its_own_count(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=500", times=9)
    with pytest.raises(InternalServerError):
        await client.get("/models", cast_to=object, options={"max_retries": 3})
    assert len(emulator.requests) == 4


@pytest.mark.parametrize(
    ("status", "again"),
    [(s, s in (408, 409, 429) or s >= 500) for s in (400, 401, 404, 408, 409, 418, 422, 429)]
    + [(500, True), (503, True), (529, True)],
)
async def test_some_statuses_are_tried_again(
    status: int, again: bool, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault(f"status={status}", times=9)
    await failure(client)
    assert len(emulator.requests) == (3 if again else 1)


@pytest.mark.parametrize(
    ("fault", "again"),
    [
        ("status=400; should-retry=true", True),
        ("status=500; should-retry=false", False),
        ("status=429; should-retry=false; retry-after=1", False),
        ("status=429; code=insufficient_quota", False),
        ("status=429; code=insufficient_quota; should-retry=true", False),
        ("status=429; code=rate_limit_exceeded", True),
        ("status=500; retry-after=121", False),
        ("status=500; retry-after=1e400; should-retry=true", False),
    ],
)
async def test_server_decides(
    fault: str, again: bool, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault(fault, times=9)
    await failure(client)
    assert len(emulator.requests) == (3 if again else 1)


# How long


@pytest.mark.parametrize(
    ("hint", "delay"),
    [
        ("retry-after=1.5", 1.5),
        ("retry-after=120", 120),
        ("retry-after-ms=250", 0.25),
        ("retry-after-ms=250; retry-after=9", 0.25),
    ],
)
async def test_server_is_waited_for_as_it_asks(
    hint: str, delay: float, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault(f"status=429; {hint}")
    await chat(client)
    assert delays == [delay]


@pytest.mark.parametrize("hint", ["retry-after=0", "retry-after=-1", "retry-after=soon"])
async def test_hint_without_sense_means_backing_off(
    hint: str, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault(f"status=429; {hint}")
    await chat(client)
    assert len(delays) == 1
    assert 0.375 <= delays[0] <= 0.5


async def test_backing_off_doubles_up_to_eight_seconds(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=500", times=9)
    await failure(client.with_options(max_retries=6))
    for delay, longest in zip(delays, [0.5, 1, 2, 4, 8, 8], strict=True):
        assert longest * 0.75 <= delay <= longest


async def test_pause_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(anyio, "sleep", sleep)
    from openai_async._engine import pause

    await pause(3)
    assert slept == [3]


# What is sent again


@pytest.mark.parametrize("fault", ["status=500", "cut-head", "status=429; retry-after=1"])
async def test_attempts_of_a_call_are_the_same_request(
    fault: str, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault(fault, times=2)
    await chat(client)
    counts = [request.headers.pop("x-stainless-retry-count") for request in emulator.requests]
    assert counts == ["0", "1", "2"]
    first, *others = emulator.requests
    for other in others:
        assert (other.headers, other.body) == (first.headers, first.body)


async def test_calls_differ_in_their_idempotency_key(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    await chat(client)
    await chat(client)
    assert len({request.headers["idempotency-key"] for request in emulator.requests}) == 2


async def test_idempotency_key_of_the_caller_is_kept(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=500")
    await chat(client, extra_headers={"Idempotency-Key": "mine"})
    assert [request.headers["idempotency-key"] for request in emulator.requests] == ["mine"] * 2


async def test_retry_count_of_the_caller_is_kept(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=500")
    await chat(client, extra_headers={"X-Stainless-Retry-Count": "mine"})
    counts = [request.headers["x-stainless-retry-count"] for request in emulator.requests]
    assert counts == ["mine", "mine"]


async def test_omitted_retry_count_stays_away(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=500")
    await chat(client, extra_headers={"X-Stainless-Retry-Count": omit})
    assert not any("x-stainless-retry-count" in request.headers for request in emulator.requests)


class Pipe(io.RawIOBase):
    """A file that can be read once."""

    def __init__(self) -> None:
        self._left = [b"content"]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._left.pop() if self._left else b""


@pytest.mark.parametrize("fault", ["status=500", "cut-head"])
async def test_body_that_can_be_read_once_is_sent_once(
    fault: str, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault(fault, times=9)
    with pytest.raises(APIError) as caught:
        await client.files.create(file=("pipe.txt", Pipe()), purpose="batch")
    assert len(caught.value.attempts) == len(emulator.requests) == 1
    assert delays == []


@pytest.mark.parametrize("fault", ["status=500", "cut-head", "disconnect-upload"])
async def test_file_is_sent_again_whole(
    fault: str, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    file = io.BytesIO(b"content" * 1000)
    file.seek(7)
    emulator.fault(fault)
    made = await client.files.create(file=("f.txt", file), purpose="batch")
    assert (await client.files.content(made.id)).content == b"content" * 1000
    assert len(delays) == 1


# Errors


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (418, APIStatusError),
        (422, UnprocessableEntityError),
        (429, RateLimitError),
        (500, InternalServerError),
        (529, InternalServerError),
    ],
)
async def test_status_has_its_error(
    status: int, kind: type[APIStatusError], client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault(f"status={status}; code=broken; param=model; type=odd; message=It broke.")
    error = await failure(client.with_options(max_retries=0))
    assert type(error) is kind
    assert str(error) == f"Error code: {status} - It broke."
    assert (error.status_code, error.code, error.param, error.type) == (
        status,
        "broken",
        "model",
        "odd",
    )
    assert error.body["message"] == "It broke."
    assert error.request_id == emulator.requests[-1].request_id
    assert (error.__cause__, error.__suppress_context__) == (None, True)


async def test_error_shows_request_and_response(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("status=404; message=Gone.")
    error = await failure(client)
    assert isinstance(error.response, httpx.Response)
    assert error.response.status_code == 404
    assert error.response.json()["error"]["message"] == "Gone."
    assert isinstance(error.request, httpx.Request)
    assert (error.request.method, str(error.request.url)) == (
        "POST",
        f"{emulator.base_url}/chat/completions",
    )


async def test_error_lists_attempts(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault("status=500")
    emulator.fault("cut=20")
    emulator.fault("status=429; retry-after=2")
    error = await failure(client)
    first, second, third = error.attempts
    assert [attempt.number for attempt in error.attempts] == [1, 2, 3]
    assert [attempt.status for attempt in error.attempts] == [500, None, 429]
    assert [attempt.waited for attempt in error.attempts] == [*delays, 0.0]
    assert second.error == (
        "Connection error: The connection was closed before the whole answer had arrived."
    )
    assert first.request_id == emulator.requests[0].request_id
    assert 0 <= first.started <= first.ended <= second.started <= third.ended


@pytest.mark.parametrize(
    ("hint", "seconds"), [("; retry-after=300", 300), ("; retry-after-ms=1500", 1.5), ("", None)]
)
async def test_error_says_when_to_come_back(
    hint: str, seconds: float | None, client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault(f"status=429{hint}")
    error = await failure(client.with_options(max_retries=0))
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("cut-head", "closed the connection without an answer"),
        ("cut=20", "before the whole answer had arrived"),
        ("reset", "reset by peer"),
        ("garbage", "not answer in HTTP/1.1"),
    ],
)
async def test_broken_connection(
    fault: str, said: str, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault(fault, times=9)
    error = await failure(client)
    assert type(error) is APIConnectionError
    assert str(error).startswith("Connection error: ")
    assert said in str(error)
    assert error.__cause__ is not None
    assert [attempt.error for attempt in error.attempts] == [str(error)] * 3


async def test_refused_connection(delays: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = unused.getsockname()[1]
        async with make(base_url=f"http://127.0.0.1:{port}/v1") as client:
            error = await failure(client)
    assert type(error) is APIConnectionError
    assert f"127.0.0.1:{port}: connection refused" in str(error)
    assert isinstance(error.__cause__, ConnectionRefusedError)
    assert len(error.attempts) == 3


@pytest.mark.parametrize("fault", ["stall=30", "stall-body=30; stall-after=5"])
async def test_stall_is_a_timeout(
    fault: str, client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    emulator.fault(fault, times=9)
    error = await failure(client.with_options(max_retries=1), timeout=0.05)
    assert type(error) is APITimeoutError
    assert str(error).startswith("Request timed out: ")
    assert "timeout.read" in str(error)
    assert [attempt.error for attempt in error.attempts] == [str(error)] * 2


class Failing:
    """A transport that has no answer for anybody."""

    closed = False

    def __init__(self, failure: ConnectionFailed) -> None:
        self.failure = failure
        self.asked = 0

    async def send(self, request: WireRequest) -> WireReply:
        self.asked += 1
        raise self.failure

    async def close(self) -> None:
        self.closed = True

    def stats(self) -> PoolStats:
        return PoolStats(0, 0, 0)


class Final(ConnectionFailed):
    final = True


@pytest.mark.parametrize(
    ("failure_of_it", "error", "message", "noted"),
    [
        (ConnectionFailed("Refused."), APIConnectionError, "Connection error: Refused.", None),
        (ConnectionFailed(), APIConnectionError, "Connection error.", "ConnectionFailed"),
        (TimedOut("Silence."), APITimeoutError, "Request timed out: Silence.", None),
        (TimedOut(), APITimeoutError, "Request timed out.", "TimedOut"),
    ],
)
async def test_a_failure_says_what_happened(
    failure_of_it: ConnectionFailed,
    error: type[Exception],
    message: str,
    noted: str | None,
    delays: list[float],
) -> None:
    client = make()
    client._transport = Failing(failure_of_it)
    raised = await failure(client)
    assert type(raised) is error
    assert str(raised) == raised.message == message
    assert raised.__cause__ is failure_of_it
    assert [attempt.error for attempt in raised.attempts] == [noted or message] * 3


async def test_the_cause_of_a_failure_is_kept(delays: list[float]) -> None:
    client = make()
    broken, cause = ConnectionFailed(), OSError("cable cut")
    broken.__cause__ = cause
    client._transport = Failing(broken)
    raised = await failure(client)
    assert raised.__cause__ is cause
    assert raised.attempts[0].error == "OSError: cable cut"


async def test_a_failure_that_is_final_is_not_retried(delays: list[float]) -> None:
    client = make()
    client._transport = transport = Failing(Final("No trust."))
    raised = await failure(client)
    assert transport.asked == len(raised.attempts) == 1
    assert delays == []


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.WriteTimeout,
        httpx.ConnectError,
        httpx.ProxyError,
        httpx.DecodingError,
    ],
)
async def test_errors_of_httpx_are_translated(
    error: type[httpx.RequestError], routes: respx.MockRouter, delays: list[float]
) -> None:
    routes.route().mock(side_effect=error)
    raised = await failure(make())
    timeout = issubclass(error, httpx.TimeoutException)
    assert type(raised) is (APITimeoutError if timeout else APIConnectionError)
    assert type(raised.__cause__) is error
    assert len(delays) == 2


@pytest.mark.parametrize("error", [ValueError("mine"), KeyError("mine"), OpenAIError("mine")])
async def test_other_errors_pass_through_at_once(
    error: Exception, routes: respx.MockRouter, delays: list[float]
) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        raise error

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http_client:
        with pytest.raises(type(error)) as caught:
            await chat(make(http_client=http_client))
    assert caught.value is error
    assert delays == []


@pytest.mark.parametrize(("fault", "said"), [("html", "base_url"), ("garbage-json", "not JSON")])
async def test_success_that_is_not_json_says_so(
    fault: str, said: str, client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault(fault)
    error = await failure(client)
    assert type(error) is APIResponseValidationError
    assert said in str(error)


async def test_error_object_with_success_is_an_error(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("error-200; status=500; message=Overloaded.; code=busy")
    error = await failure(client)
    assert isinstance(error, APIStatusError)
    assert "Overloaded." in str(error)
    assert error.code == "busy"


async def test_error_of_a_call_pickles(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("status=404; message=Gone.")
    error = await failure(client)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.attempts) == (type(error), str(error), error.attempts)


# on_retry


async def test_on_retry_is_told_before_each_wait(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    told: list[Retry] = []
    waited: list[int] = []

    def on_retry(retry: Retry) -> None:
        told.append(retry)
        waited.append(len(delays))

    emulator.fault("status=429; retry-after=2")
    emulator.fault("cut=20")
    await chat(client.with_options(on_retry=on_retry))
    assert [retry.attempt for retry in told] == [1, 2]
    assert [retry.max_retries for retry in told] == [2, 2]
    assert [retry.delay for retry in told] == delays
    assert [type(retry.error) for retry in told] == [RateLimitError, APIConnectionError]
    assert waited == [0, 1]


async def test_on_retry_may_be_a_coroutine_function(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    told: list[Retry] = []

    async def on_retry(retry: Retry) -> None:
        await anyio.lowlevel.checkpoint()
        told.append(retry)

    emulator.fault("status=500")
    await chat(client.with_options(on_retry=on_retry))
    assert len(told) == 1


async def test_on_retry_hears_nothing_of_the_last_failure(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    told: list[Retry] = []
    emulator.fault("status=500", times=9)
    await failure(client.with_options(on_retry=told.append, max_retries=1))
    assert len(told) == 1


async def test_error_in_on_retry_ends_the_call(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    def on_retry(retry: Retry) -> None:
        raise LookupError("enough")

    emulator.fault("status=500")
    with pytest.raises(LookupError, match="enough"):
        await chat(client.with_options(on_retry=on_retry))
    assert len(emulator.requests) == 1


# Keys that are functions


def plain_key() -> str:
    return "sk-function"


async def awaited_key() -> str:
    await anyio.lowlevel.checkpoint()
    return "sk-function"


class KeyObject:
    async def __call__(self) -> str:
        return await awaited_key()


@pytest.mark.parametrize(
    "function",
    [plain_key, awaited_key, lambda: awaited_key(), KeyObject()],
    ids=["plain", "async", "returns awaitable", "object"],
)
async def test_function_gives_the_key(
    function: Callable[[], Any], client: AsyncOpenAI, emulator: Emulator
) -> None:
    twin = client.with_options(api_key=function)
    assert twin.api_key == ""
    await chat(twin)
    assert emulator.requests[-1].headers["authorization"] == "Bearer sk-function"
    assert twin.api_key == "sk-function"


async def test_key_is_asked_for_before_each_attempt(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    keys = iter(["sk-1", "sk-2", "sk-3"])
    emulator.fault("status=401; should-retry=true")
    emulator.fault("cut=20")
    await chat(client.with_options(api_key=lambda: next(keys)))
    sent = [request.headers["authorization"] for request in emulator.requests]
    assert sent == ["Bearer sk-1", "Bearer sk-2", "Bearer sk-3"]


async def test_concurrent_calls_keep_their_own_keys(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    keys = iter(range(100))

    async def key() -> str:
        mine = str(next(keys))
        await anyio.lowlevel.checkpoint()
        return mine

    twin = client.with_options(api_key=key)
    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(chat, twin)
    sent = {r.headers["idempotency-key"]: r.headers["authorization"] for r in emulator.requests}
    assert len(set(sent.values())) == 8


async def test_error_of_the_key_function_passes_through(
    client: AsyncOpenAI, emulator: Emulator, delays: list[float]
) -> None:
    def key() -> str:
        raise LookupError("no vault")

    with pytest.raises(LookupError, match="no vault"):
        await chat(client.with_options(api_key=key))
    assert emulator.requests == []
    assert delays == []


@pytest.mark.parametrize("answer", ["", None, 7])
async def test_key_function_must_return_a_key(
    answer: Any, client: AsyncOpenAI, emulator: Emulator
) -> None:
    error = await failure(client.with_options(api_key=lambda: answer))
    assert "api_key" in str(error)
    assert emulator.requests == []


async def test_blocking_key_function_does_not_block_the_loop(client: AsyncOpenAI) -> None:
    def key() -> str:
        # Deadlocks unless the loop goes on while this waits for it.
        return anyio.from_thread.run(awaited_key)

    with anyio.fail_after(10):
        await chat(client.with_options(api_key=key))


async def test_admin_request_does_not_ask_for_the_key(routes: respx.MockRouter) -> None:
    def key() -> str:
        raise AssertionError("asked")

    routes.route().respond(json={})
    client = make(api_key=key, admin_api_key="sk-admin")
    assert await client.request("GET", "/x", cast_to=object, _auth="admin") == {}


# Cancellation

POINTS = [
    ("stall=30", "connection.connect_tcp.started"),
    ("stall=30", "connection.connect_tcp.complete"),
    ("stall=30", "http11.send_request_headers.started"),
    ("stall=30", "http11.send_request_body.started"),
    ("stall=30", "http11.send_request_body.complete"),
    ("stall=30", "http11.receive_response_headers.started"),
    ("stall-body=30; stall-after=5", "http11.receive_response_body.started"),
]


class Narrow:
    """A client with a single connection, that says what becomes of it."""

    def __init__(self, base_url: str, *, on_event: Callable[[str], Awaitable[None]]) -> None:
        async def hook(request: httpx.Request) -> None:
            inner = request.extensions["trace"]

            async def trace(event: str, info: dict[str, Any]) -> None:
                await inner(event, info)
                await on_event(event)

            request.extensions["trace"] = trace

        http_client = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=1),
            timeout=httpx.Timeout(10, pool=1),
            event_hooks={"request": [hook]},
        )
        self.client = make(base_url=base_url, http_client=http_client, max_retries=0)


@pytest.mark.parametrize(("fault", "point"), POINTS)
async def test_cancelled_call_gives_its_connection_back(
    fault: str, point: str, emulator: Emulator
) -> None:
    reached: list[str] = []

    async def on_event(event: str) -> None:
        if event == point and not reached:
            reached.append(event)
            scope.cancel()

    emulator.fault(fault)
    async with Narrow(emulator.base_url, on_event=on_event).client as client:
        with anyio.CancelScope() as scope:
            await chat(client)
        assert scope.cancelled_caught
        assert reached
        emulator.clear_faults()
        await chat(client)
    gc.collect()


async def test_call_cancelled_while_it_waits_for_a_connection_takes_none(
    emulator: Emulator,
) -> None:
    receiving = anyio.Event()

    async def on_event(event: str) -> None:
        if event == "http11.receive_response_headers.started":
            receiving.set()

    emulator.fault("stall=30")
    async with Narrow(emulator.base_url, on_event=on_event).client as client:
        async with anyio.create_task_group() as group:
            group.start_soon(chat, client)
            await receiving.wait()
            with anyio.move_on_after(0.02) as waiting:
                await chat(client)
            assert waiting.cancelled_caught
            group.cancel_scope.cancel()
        await chat(client)


async def test_call_cancelled_while_backing_off(client: AsyncOpenAI, emulator: Emulator) -> None:
    async def on_retry(retry: Retry) -> None:
        scope.cancel()

    emulator.fault("status=500")
    with anyio.CancelScope() as scope:
        await chat(client.with_options(on_retry=on_retry))
    assert scope.cancelled_caught
    assert len(emulator.requests) == 1
    await chat(client)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_task_cancelled_the_way_of_asyncio(emulator: Emulator) -> None:
    receiving = anyio.Event()

    async def on_event(event: str) -> None:
        if event == "http11.receive_response_headers.started":
            receiving.set()

    emulator.fault("stall=30")
    async with Narrow(emulator.base_url, on_event=on_event).client as client:
        task = asyncio.create_task(chat(client))
        await receiving.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await chat(client)


async def test_cancelled_upload_closes_its_file(client: AsyncOpenAI, emulator: Emulator) -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            anyio.from_thread.run_sync(scope.cancel)
            return b"x" * 1000

    with anyio.CancelScope() as scope:
        await client.files.create(file=("endless", Endless()), purpose="batch")
    assert scope.cancelled_caught
    await client.models.list()
    gc.collect()


# Logs


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def own_lines(log: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [
        (record.levelname, record.getMessage())
        for record in log.records
        if record.name.startswith("openai.")
    ]


@pytest.mark.parametrize("fault", ["status=401", "status=500", "cut-head", "garbage", "html"])
async def test_nothing_shows_a_secret(
    fault: str,
    client: AsyncOpenAI,
    emulator: Emulator,
    log: pytest.LogCaptureFixture,
    delays: list[float],
) -> None:
    secretive = client.with_options(
        api_key="sk-secret", admin_api_key="sk-secret", default_headers={"api-key": "sk-secret"}
    )
    await chat(secretive)
    emulator.fault(fault, times=9)
    error = await failure(secretive)
    shown = [
        log.text,
        str(error),
        repr(error),
        repr(error.attempts),
        repr(error.__cause__),
        repr(vars(error)),
        repr(error.request.headers),
        repr(secretive),
        str(pickle.dumps(error)),
    ]
    assert [text for text in shown if "sk-secret" in text] == []
    assert emulator.requests[-1].headers["authorization"] == "Bearer sk-secret"


async def test_messages_are_not_logged(
    client: AsyncOpenAI, emulator: Emulator, log: pytest.LogCaptureFixture
) -> None:
    await chat(client)
    assert not any("Hello there." in line for _, line in own_lines(log))


async def test_log_of_a_success(
    client: AsyncOpenAI, emulator: Emulator, log: pytest.LogCaptureFixture
) -> None:
    await chat(client)
    request_id = emulator.requests[-1].request_id
    assert own_lines(log) == [
        ("DEBUG", "Sending POST request, attempt 1"),
        ("DEBUG", f"Received POST answer: 200, request id {request_id}"),
    ]


async def test_log_of_a_retry(
    client: AsyncOpenAI, emulator: Emulator, log: pytest.LogCaptureFixture, delays: list[float]
) -> None:
    emulator.fault("status=429; retry-after=2")
    await chat(client)
    assert ("INFO", "Retrying POST request in 2.000 seconds, retry 1 of 2") in own_lines(log)


async def test_log_of_giving_up(
    client: AsyncOpenAI, emulator: Emulator, log: pytest.LogCaptureFixture
) -> None:
    emulator.fault("status=404")
    await failure(client)
    assert own_lines(log)[-1] == ("DEBUG", "Not retrying after 404")


async def test_log_of_a_broken_connection(
    client: AsyncOpenAI, emulator: Emulator, log: pytest.LogCaptureFixture
) -> None:
    emulator.fault("cut-head")
    error = await failure(client.with_options(max_retries=0))
    assert ("DEBUG", f"POST request failed: {error}") in own_lines(log)


# A body that comes piece by piece


class Pieces:
    """The bodies of `_transport`: anything that can be iterated over, from its beginning."""

    length = None
    replayable = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"a":'
        yield b"1}"


async def test_body_of_unknown_length_is_chunked(routes: respx.MockRouter) -> None:
    route = routes.route().respond(json={})
    body: Any = Pieces()
    await make().post("/x", cast_to=object, content=body)
    request = route.calls.last.request
    assert await request.aread() == b'{"a":1}'
    assert request.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in request.headers
