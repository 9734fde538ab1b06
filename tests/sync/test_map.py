"""`OpenAI.map`: many requests at once, for code that blocks."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

import openai_sync as openai
from openai_async import DeadlineExceeded, MapProgress, MapResult, NotFoundError, RateLimitError
from openai_async.emulator import Emulator
from openai_sync import OpenAI
from openai_sync._portal import run as run_on_loop

from .children import Child
from .wire import HandServer, model

MODEL = "gpt-4o-mini"

#: How long a test waits for what must happen.
PATIENCE = 20


def asking(number: object, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"Say {number}"}]
    return {"model": MODEL, "messages": messages, **more}


def said(result: MapResult[Any]) -> str:
    return str(result.get().choices[0].message.content).removeprefix("You said: ")


class Busy:
    """A function that says when it is called, and when it may return."""

    def __init__(self, count: int) -> None:
        self.begun = [threading.Event() for _ in range(count)]
        self.free = [threading.Event() for _ in range(count)]
        self.requests = [{"number": number} for number in range(count)]

    def __call__(self, number: int) -> int:
        self.begun[number].set()
        assert self.free[number].wait(PATIENCE)
        return number


def wait_until_unused(client: OpenAI) -> None:
    """Waits until the loop has done what it was told to: cancelled calls free their connections."""

    async def some_rounds() -> None:
        while client.pool_stats().in_use:
            await anyio.lowlevel.checkpoint()

    run_on_loop(some_rounds)


@pytest.mark.parametrize("form", ["method", "partial", "path", "lines"])
def test_results_are_what_the_method_returns(sync_client: OpenAI, form: str) -> None:
    create = sync_client.chat.completions.create
    requests: list[Any] = [asking(n) for n in range(30)]
    method: Any = {"method": create, "path": "/v1/chat/completions"}.get(form)
    if form == "partial":
        requests = [{"messages": each["messages"]} for each in requests]
        method = partial(create, model=MODEL)
    elif form == "lines":
        requests = [{"url": "/v1/chat/completions", "body": each} for each in requests]
    results = list(sync_client.map(requests, method))
    assert [result.index for result in results] == list(range(30))
    assert [said(result) for result in results] == [f"Say {n}" for n in range(30)]
    assert results[3].value == create(**asking(3))


def test_iterating_gives_each_result_and_then_no_more(sync_client: OpenAI) -> None:
    results = sync_client.map([asking(n) for n in range(3)], sync_client.chat.completions.create)
    assert [said(result) for result in results] == ["Say 0", "Say 1", "Say 2"]
    assert list(results) == []


def test_others_go_on_while_the_program_does_other_things(sync_client: OpenAI) -> None:
    work = Busy(4)
    with sync_client.map(work.requests, work, ordered=False, max_concurrency=2) as results:
        work.free[1].set()
        assert next(results).index == 1
        assert work.begun[2].wait(PATIENCE)  # though nobody asks for a result
        for number in (0, 2, 3):
            work.free[number].set()
        assert sorted(result.index for result in results) == [0, 2, 3]


def test_a_block_begins_at_once(sync_client: OpenAI) -> None:
    work = Busy(1)
    with sync_client.map(work.requests, work):
        assert work.begun[0].wait(PATIENCE)
        work.free[0].set()


def test_errors_are_those_of_the_requests(sync_client: OpenAI) -> None:
    told: list[MapProgress] = []
    requests = [asking(0), asking(1, model="missing-model"), asking(2)]
    method = sync_client.chat.completions.create
    results = list(sync_client.map(requests, method, on_progress=told.append))
    assert [result.ok for result in results] == [True, False, True]
    assert isinstance(results[1].error, NotFoundError)
    assert [(each.done, each.total) for each in told] == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(NotFoundError):
        list(sync_client.map(requests, method, fail_fast=True))


def test_requests_may_come_from_a_generator_that_asks_the_client(sync_client: OpenAI) -> None:
    def requests() -> Iterator[dict[str, Any]]:
        for each in sync_client.models.list():
            yield {"model": each.id}

    results = list(sync_client.map(requests(), sync_client.models.retrieve))
    assert [result.get().id for result in results] == [m.id for m in sync_client.models.list()]


def test_a_function_may_ask_the_client(sync_client: OpenAI) -> None:
    def ask(number: int) -> str | None:
        completion = sync_client.chat.completions.create(**asking(number))
        content: str | None = completion.choices[0].message.content
        return content

    results = list(sync_client.map([{"number": n} for n in range(5)], ask))
    assert [result.get() for result in results] == [f"You said: Say {n}" for n in range(5)]


def test_methods_of_the_module_are_methods(
    emulator: Emulator, sync_client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", str(emulator.base_url))
    results = list(sync_client.map([asking(1)], openai.chat.completions.create))
    assert said(results[0]) == "Say 1"
    assert emulator.requests[0].headers["user-agent"].startswith("_ModuleClient")


@pytest.mark.parametrize("way", ["block", "close", "drop", "failure"])
def test_what_runs_is_cancelled(emulator: Emulator, sync_client: OpenAI, way: str) -> None:
    requests = [asking(n) for n in range(200)]
    results = sync_client.map(requests, sync_client.chat.completions.create, max_concurrency=5)
    assert said(next(results)) == "Say 0"
    emulator.settings.latency_ms = 3_600_000
    if way == "block":
        with results:
            pass
    elif way == "close":
        results.close()
        assert list(results) == []
    elif way == "failure":
        failing = sync_client.map([asking(n) for n in range(3)], _fail, fail_fast=True)
        with pytest.raises(LookupError):
            list(failing)
        results.close()
    del results
    gc.collect()
    wait_until_unused(sync_client)
    assert len(emulator.requests) < 200


def _fail(**_: Any) -> None:
    raise LookupError


def test_closing_before_anything_began(emulator: Emulator, sync_client: OpenAI) -> None:
    results = sync_client.map([asking(1)], sync_client.chat.completions.create)
    results.close()
    results.close()
    assert list(results) == []
    assert emulator.requests == []


def test_the_deadline_is_for_all_of_it(emulator: Emulator, sync_client: OpenAI) -> None:
    emulator.settings.latency_ms = 3_600_000
    create = sync_client.chat.completions.create
    results = list(sync_client.map([asking(n) for n in range(40)], create, deadline=0.05))
    assert len(results) == 40
    assert all(isinstance(result.error, DeadlineExceeded) for result in results)


def test_limits_of_the_server_are_waited_for(emulator: Emulator, sync_client: OpenAI) -> None:
    emulator.settings.rate_limit = (100, 1)
    create = sync_client.chat.completions.create
    results = list(sync_client.map([asking(n) for n in range(150)], create))
    assert all(result.ok for result in results)
    assert [request.status for request in emulator.requests].count(429) <= 5


def test_an_exhausted_quota_is_told(emulator: Emulator, sync_client: OpenAI) -> None:
    emulator.fault("status=429; code=insufficient_quota")
    (result,) = sync_client.map([asking(1)], sync_client.chat.completions.create)
    assert isinstance(result.error, RateLimitError)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), SystemExit(3)])
def test_what_ends_a_program_is_raised_here(sync_client: OpenAI, failure: BaseException) -> None:
    def progress(_: MapProgress) -> None:
        raise failure

    results = sync_client.map(
        [asking(1)], sync_client.chat.completions.create, on_progress=progress
    )
    with pytest.raises(type(failure)):
        list(results)
    assert sync_client.models.list().data  # the loop goes on


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to children")
def test_ctrl_c_cancels_all_of_them(server: HandServer) -> None:
    program = """
    requests = [{"model": str(number)} for number in range(2)]
    try:
        list(client.map(requests, client.models.retrieve))
    except BaseException as error:
        say(type(error).__name__)
    say(client.models.retrieve("still-alive").id, client.pool_stats().in_use)
    """
    with Child(program, server.base_url) as child:
        connections = [server.accept(), server.accept()]
        for connection in connections:
            connection.request()
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert all(connection.wait_until_closed() for connection in connections)
        alive = server.accept()
        alive.request()
        alive.answer(model("still-alive"))
        assert child.line() == "still-alive 0"
        assert child.end().code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_child_leaves_it_to_its_parent(server: HandServer) -> None:
    program = """
    requests = [{"model": "a"}, {"model": "b"}]
    results = client.map(requests, client.models.retrieve, max_concurrency=1)
    say(next(results).get().id)
    child = os.fork()
    if child == 0:
        try:
            next(results)
        except RuntimeError as error:
            say(str(error).partition(" to ")[0])
        del results
        os._exit(0)
    os.waitpid(child, 0)
    say(next(results).get().id)
    """
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.answer(model("a"))
        assert child.line() == "a"
        assert child.line() == "This answer belongs"
        connection.request()
        connection.answer(model("b"))
        assert child.line() == "b"
        assert child.end().code == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_may_be_called_where_another_loop_runs(sync_client: OpenAI, backend: str) -> None:
    async def blocking() -> list[str]:
        method = sync_client.chat.completions.create
        return [said(result) for result in sync_client.map([asking(1), asking(2)], method)]

    assert anyio.run(blocking, backend=backend) == ["Say 1", "Say 2"]
