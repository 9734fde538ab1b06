"""Forks: parent and child keep working, each with connections and answers of its own."""

from __future__ import annotations

import os
from textwrap import dedent

import pytest

from openai_async.emulator import Emulator

from .children import STRICT, Child, run
from .wire import HandServer, model

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

#: Runs `work` in a forked child, and waits for it.
FORK = """
import traceback

def fork(work):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


def test_a_child_has_answers_of_its_own(emulator: Emulator) -> None:
    program = """
    say(ask("parent"))
    say(fork(lambda: say(ask("child"))))
    say(ask("parent again"))
    """
    end = run(FORK + dedent(program), emulator.base_url)
    assert end.said.splitlines() == [
        "You said: parent",
        "You said: child",
        "0",
        "You said: parent again",
    ]


def test_a_child_may_be_the_first_to_call(emulator: Emulator) -> None:
    program = """
    say(fork(lambda: say(ask("child"))))
    say(ask("parent"))
    """
    end = run(FORK + dedent(program), emulator.base_url)
    assert end.said.splitlines() == ["You said: child", "0", "You said: parent"]


def test_a_grandchild(emulator: Emulator) -> None:
    program = """
    ask("parent")

    def child():
        ask("child")
        say(fork(lambda: say(ask("grandchild"))))

    say(fork(child))
    """
    end = run(FORK + dedent(program), emulator.base_url)
    assert end.said.splitlines() == ["You said: grandchild", "0", "0"]


def test_parent_and_child_do_not_share_a_connection(server: HandServer) -> None:
    program = """
    say(client.models.retrieve("one").id)
    say(fork(lambda: say(client.models.retrieve("two").id)))
    say(client.models.retrieve("three").id)
    """
    with Child(FORK + dedent(program), server.base_url) as child:
        parents = server.accept()
        parents.request()
        parents.answer(model("one"))
        assert child.line() == "one"
        childs = server.accept()
        assert childs.request()[0].startswith("GET /v1/models/two ")
        childs.answer(model("two"))
        assert [child.line(), child.line()] == ["two", "0"]
        assert parents.request()[0].startswith("GET /v1/models/three ")
        parents.answer(model("three"))
        assert child.line() == "three"


def test_a_fork_in_the_middle_of_a_stream(server: HandServer) -> None:
    program = """
    events = stream()
    say(next(events).choices[0].delta.content)
    say(fork(lambda: say(client.models.retrieve("childs").id)))
    for event in events:
        say(event.choices[0].delta.content)
    """
    with Child(FORK + dedent(program), server.base_url) as child:
        parents = server.accept()
        parents.request()
        parents.start_stream()
        parents.send_words("one")
        assert child.line() == "one"
        childs = server.accept()
        childs.request()
        childs.answer(model("childs"))
        assert [child.line(), child.line()] == ["childs", "0"]
        parents.send_words("two")
        assert child.line() == "two"
        parents.end_stream()
        assert child.end().code == 0


@pytest.mark.parametrize("leaving", ["events.close()", "globals().pop('events')"])
def test_a_child_leaves_the_stream_of_its_parent_alone(leaving: str, server: HandServer) -> None:
    program = f"""
    import gc

    events = stream()
    next(events)

    def child():
        try:
            next(events)
        except RuntimeError as error:
            say(error)
        {leaving}
        gc.collect()
        client.close()

    say(fork(child))
    say(next(events).choices[0].delta.content)
    """
    with Child(FORK + dedent(program), server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        connection.send_words("one")
        assert "belongs to the process that asked for it" in child.line()
        assert child.line() == "0"
        connection.send_words("two")
        assert child.line() == "two"


@pytest.mark.parametrize(
    "reading", ["response.read()", "next(response.iter_bytes())", "next(pieces)"]
)
def test_a_child_leaves_the_answer_of_its_parent_alone(reading: str, server: HandServer) -> None:
    program = f"""
    with client.files.with_streaming_response.content("file-1") as response:
        pieces = response.iter_bytes()
        say(next(pieces))

        def child():
            try:
                {reading}
            except RuntimeError as error:
                say(error)
            response.close()

        say(fork(child))
        say(next(pieces))
    """
    with Child(FORK + dedent(program), server.base_url, options=STRICT) as child:
        connection = server.accept()
        connection.request()
        connection.start_body(100, b"one")
        assert child.line() == "b'one'"
        assert "belongs to the process that asked for it" in child.line()
        assert child.line() == "0"
        connection.send(b"two")
        assert child.line() == "b'two'"


def test_a_child_ends_a_block_in_which_its_parent_reads_on(server: HandServer) -> None:
    program = """
    def words():
        with stream() as events:
            for event in events:
                yield event.choices[0].delta.content

    spoken = words()
    say(next(spoken))
    say(fork(lambda: spoken.close()))
    say(next(spoken))
    """
    with Child(FORK + dedent(program), server.base_url, options=STRICT) as child:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        connection.send_words("one")
        assert [child.line(), child.line()] == ["one", "0"]
        connection.send_words("two")
        assert child.line() == "two"


def test_forks_while_other_threads_call(emulator: Emulator) -> None:
    program = """
    done = threading.Event()
    wrong = []

    def work(name):
        turn = 0
        while not done.is_set():
            turn += 1
            question = f"{name}.{turn}"
            answer = ask(question)
            if answer != f"You said: {question}":
                wrong.append((question, answer))

    def child():
        for turn in range(3):
            assert ask(f"child.{turn}") == f"You said: child.{turn}"

    # Python's own import locks do not survive a fork, so everything is imported before.
    ask("first")
    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    say([fork(child) for _ in range(8)])
    done.set()
    for thread in threads:
        thread.join()
    say(wrong)
    """
    end = run(FORK + dedent(program), emulator.base_url)
    assert end.said.splitlines() == [str([0] * 8), "[]"], end.complained
