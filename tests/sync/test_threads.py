"""Any number of threads may share one client."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from openai_async.emulator import Emulator
from openai_sync import OpenAI

from .children import run
from .wire import PATIENCE

THREADS = 32


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


def loop_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "openai_sync"]


@pytest.mark.parametrize("how", [ask, listen])
def test_every_thread_gets_its_own_answer(sync_client: OpenAI, how: Any) -> None:
    together = threading.Barrier(THREADS, timeout=PATIENCE)

    def work(number: int) -> list[str | None]:
        together.wait()
        return [how(sync_client, f"{number}.{turn}") for turn in range(4)]

    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(work, range(THREADS)))
    assert answers == [
        [f"You said: {number}.{turn}" for turn in range(4)] for number in range(THREADS)
    ]


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
