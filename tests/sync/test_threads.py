"""Any number of threads may share one client."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

import pytest

from openai_async.emulator import Emulator
from openai_sync import APIConnectionError, NotFoundError, OpenAI, PoolStats, Stream, _portal

from .children import run
from .wire import PATIENCE, Connection, HandServer, model

THREADS = 64

Threads = ThreadPoolExecutor


def ask(client: OpenAI, question: str) -> str | None:
    messages: Any = [{"role": "user", "content": question}]
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    return answer.choices[0].message.content


def listen(client: OpenAI, question: str) -> str:
    messages: Any = [{"role": "user", "content": question}]
    with client.chat.completions.create(
        model="gpt-4o-mini", messages=messages, stream=True
    ) as events:
        return "".join(event.choices[0].delta.content or "" for event in events)


def fail(client: OpenAI, question: str) -> str:
    with pytest.raises(NotFoundError) as caught:
        client.models.retrieve(f"missing-{question}")
    assert f"missing-{question}" in str(caught.value)
    return f"You said: {question}"


def page(client: OpenAI, question: str) -> str:
    stored = client.vector_stores.create(name=question)
    assert stored.id in [store.id for store in client.vector_stores.list(limit=7)]
    return f"You said: {client.vector_stores.retrieve(stored.id).name}"


def loop_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "openai_sync"]


def test_every_thread_gets_its_own_answer(sync_client: OpenAI) -> None:
    together = threading.Barrier(THREADS, timeout=PATIENCE)
    ways = (ask, listen, fail, page)

    def work(number: int) -> list[str | None]:
        together.wait()
        return [ways[(number + turn) % 4](sync_client, f"{number}.{turn}") for turn in range(4)]

    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(work, range(THREADS)))
    assert answers == [
        [f"You said: {number}.{turn}" for turn in range(4)] for number in range(THREADS)
    ]
    assert len(loop_threads()) == 1
    assert sync_client.pool_stats().in_use == 0


def test_functions_that_call_through_functions_do_not_wait_for_each_other(
    emulator: Emulator,
) -> None:
    program = """
    from concurrent.futures import ThreadPoolExecutor

    full = threading.Barrier(40)  # as many as anyio has threads for at a time

    def key():
        full.wait()
        return ask("key", broker).replace(" ", "-")

    broker = OpenAI(api_key=lambda: "sk-inner", base_url=sys.argv[1])
    client = OpenAI(api_key=key, base_url=sys.argv[1])
    with ThreadPoolExecutor(40) as threads:
        say(set(threads.map(lambda _: ask("What?", client), range(40))))
    """
    assert run(program, emulator.base_url).said == "{'You said: What?'}\n"


def test_all_clients_share_one_loop_thread(emulator: Emulator) -> None:
    for _ in range(3):
        with OpenAI(api_key="k", base_url=emulator.base_url) as client:
            client.models.list()
    assert len(loop_threads()) == 1


def test_no_thread_is_started_before_the_first_call(emulator: Emulator) -> None:
    program = """
    client.chat.completions
    say(threading.active_count())
    """
    assert run(program, emulator.base_url).said == "1\n"


def test_first_calls_at_once_start_one_loop_thread(emulator: Emulator) -> None:
    program = """
    from concurrent.futures import ThreadPoolExecutor

    together = threading.Barrier(16)

    def work(number):
        together.wait()
        return ask(str(number))

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(work, range(16)))
    say(answers == [f"You said: {number}" for number in range(16)])
    say([thread.name for thread in threading.enumerate()].count("openai_sync"))
    """
    assert run(program, emulator.base_url).said == "True\n1\n"


# Executors and timers


@pytest.fixture
def client(server: HandServer) -> Iterator[OpenAI]:
    with OpenAI(api_key="k", base_url=server.base_url, max_retries=2) as client:
        yield client


def asked(server: HandServer, threads: Threads, client: OpenAI) -> tuple[Future[Any], Connection]:
    """A call that waits for its answer."""
    future = threads.submit(client.models.retrieve, "m")
    connection = server.accept()
    connection.request()
    return future, connection


def begun(server: HandServer, threads: Threads, client: OpenAI) -> tuple[Stream[Any], Connection]:
    """A stream of which one word has come."""
    messages: Any = [{"role": "user", "content": "Tell me."}]
    create = client.chat.completions.create
    future = threads.submit(create, model="m", messages=messages, stream=True)
    connection = server.accept()
    connection.request()
    connection.start_stream()
    connection.send_words("one")
    events: Any = future.result(PATIENCE)
    assert next(events).choices[0].delta.content == "one"
    return events, connection


def test_calls_that_an_executor_has_not_begun_are_never_made(
    client: OpenAI, server: HandServer
) -> None:
    with ThreadPoolExecutor(1) as one:
        first, connection = asked(server, one, client)
        second, third = (one.submit(client.models.retrieve, name) for name in ("2", "3"))
        assert not first.cancel()  # as ever: it runs
        assert second.cancel()
        one.shutdown(wait=False, cancel_futures=True)
        connection.answer(model("m"))
        assert first.result(PATIENCE).id == "m"
        with pytest.raises(CancelledError):
            third.result(PATIENCE)
    client.close()
    assert connection.receive() == b""


@pytest.mark.parametrize("close", [OpenAI.close, lambda client: client.with_options().close()])
def test_closing_the_client_in_another_thread_ends_a_call(
    close: Callable[[OpenAI], None], client: OpenAI, server: HandServer, beside: Threads
) -> None:
    future, connection = asked(server, beside, client)
    threading.Timer(0, close, [client]).start()
    with pytest.raises(APIConnectionError, match="client was closed") as caught:
        future.result(PATIENCE)
    assert len(caught.value.attempts) == 1
    assert connection.wait_until_closed()
    assert client.pool_stats() == PoolStats(0, 0, 0)


def test_closing_the_client_in_another_thread_ends_a_stream(
    client: OpenAI, server: HandServer, beside: Threads
) -> None:
    events, connection = begun(server, beside, client)
    threading.Timer(0, client.close).start()
    with pytest.raises(APIConnectionError, match="client was closed"):
        next(events)
    assert events.outcome == "incomplete"
    assert connection.wait_until_closed()


def test_a_timer_ends_a_stream(client: OpenAI, server: HandServer, beside: Threads) -> None:
    events, connection = begun(server, beside, client)
    threading.Timer(0, events.close).start()
    assert list(events) == []
    assert connection.wait_until_closed()
    assert client.pool_stats() == PoolStats(0, 0, 0)


# On the loop thread itself


def test_a_call_on_the_loop_is_refused_also_in_on_retry(
    emulator: Emulator, sync_client: OpenAI
) -> None:
    async def on_retry(_: object) -> None:
        sync_client.models.list()

    emulator.fault("status=503; retry-after-ms=1", path="/chat/completions")
    with pytest.raises(RuntimeError, match=r"openai_async\.AsyncOpenAI"):
        ask(sync_client.with_options(on_retry=on_retry), "Anything?")


def test_the_collector_may_end_a_stream_on_the_loop(
    client: OpenAI, server: HandServer, beside: Threads
) -> None:
    events, connection = begun(server, beside, client)

    def words() -> Iterator[Any]:
        with events:
            yield from events

    def cycle() -> None:
        spoken = words()
        connection.send_words("two")
        next(spoken)
        holder: list[Any] = [spoken]
        holder.append(holder)

    async def collect() -> None:
        gc.collect()

    cycle()
    _portal.run(collect)
    assert connection.wait_until_closed()
    assert events.outcome == "incomplete"
