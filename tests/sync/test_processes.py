"""Programs of several processes: the client is made before, used before, or handed over."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from openai_async.emulator import Emulator

from .children import STRICT, Child, End, run
from .wire import HandServer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

each_method = pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])

#: Processes that are spawned import the program, and so have a `client` of their own.
MAIN = """
import multiprocessing

questions = [str(number) for number in range(8)]
answers = [f"You said: {question}" for question in questions]
context = multiprocessing.get_context(sys.argv[2])

def ask_through(client, question):
    return ask(question, client)

def listen(question):
    return "".join(event.choices[0].delta.content or "" for event in stream())

if __name__ == "__main__":
"""


def program(text: str) -> str:
    return MAIN + dedent(text).replace("\n", "\n    ")


def assert_all_right(end: End, *said: str) -> None:
    assert end == End(0, "".join(line + "\n" for line in said), "")


@each_method
def test_a_pool_of_processes(method: str, emulator: Emulator, tmp_path: Path) -> None:
    text = """
    say(ask("first"))
    with context.Pool(2) as pool:
        say(pool.map(ask, questions) == answers)
        say(set(pool.map(listen, questions)))
        pool.close()
        pool.join()
    say(ask("last"))
    """
    end = run(
        program(text), emulator.base_url, method, options=STRICT, file=tmp_path / "program.py"
    )
    assert_all_right(end, "You said: first", "True", "{'You said: Tell me.'}", "You said: last")


@each_method
def test_an_executor_of_processes(method: str, emulator: Emulator, tmp_path: Path) -> None:
    text = """
    from concurrent.futures import ProcessPoolExecutor

    say(ask("first"))
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        say(list(executor.map(ask, questions)) == answers)
    say(ask("last"))
    """
    end = run(
        program(text), emulator.base_url, method, options=STRICT, file=tmp_path / "program.py"
    )
    assert_all_right(end, "You said: first", "True", "You said: last")


@each_method
def test_a_client_is_handed_over(method: str, emulator: Emulator, tmp_path: Path) -> None:
    text = """
    mine = client.with_options(max_retries=5)
    ask("first", mine)
    with context.Pool(2) as pool:
        say(pool.starmap(ask_through, [(mine, question) for question in questions]) == answers)
        pool.close()
        pool.join()
    say(ask("last", mine))
    """
    end = run(
        program(text), emulator.base_url, method, options=STRICT, file=tmp_path / "program.py"
    )
    assert_all_right(end, "True", "You said: last")


@each_method
def test_what_a_process_raises_arrives(method: str, emulator: Emulator, tmp_path: Path) -> None:
    text = """
    with context.Pool(1) as pool:
        try:
            pool.apply(client.models.retrieve, ["missing-model"])
        except Exception as error:
            say(type(error).__name__, error.status_code)
        pool.close()
        pool.join()
    """
    end = run(
        program(text), emulator.base_url, method, options=STRICT, file=tmp_path / "program.py"
    )
    assert_all_right(end, "NotFoundError 404")


@each_method
def test_a_daemon_process_does_not_hold_the_program(
    method: str, server: HandServer, tmp_path: Path
) -> None:
    text = """
    context.Process(target=ask, args=["Anything?"], daemon=True).start()
    sys.stdin.readline()
    say("leaving")
    """
    file = tmp_path / "program.py"
    with Child(program(text), server.base_url, method, options=STRICT, file=file) as child:
        connection = server.accept()
        connection.request()
        child.tell("leave")
        assert_all_right(child.end(), "leaving")
        assert connection.wait_until_closed()


#: A server of the kind that forks its workers, after its program was loaded.
PREFORK = """
def serve():
    pids = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            work(number)
            sys.exit(0)
        pids.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
"""


def test_workers_of_a_server_that_forks_them(emulator: Emulator) -> None:
    text = """
    from concurrent.futures import ThreadPoolExecutor

    def work(number):
        questions = [f"{number}.{turn}" for turn in range(8)]
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(ask, questions))
        assert answers == [f"You said: {question}" for question in questions]
        assert len(list(stream())) == 6

    kept = stream()
    next(kept)
    ask("loading")
    say(serve())
    say(len(list(kept)))
    say(ask("going on"))
    """
    end = run(PREFORK + dedent(text), emulator.base_url, options=STRICT)
    assert_all_right(end, "[0, 0, 0]", "5", "You said: going on")


def test_workers_that_are_told_to_stop(server: HandServer) -> None:
    text = """
    def stop(*_):
        sys.exit(7)

    def work(number):
        signal.signal(signal.SIGTERM, stop)
        say(os.getpid())
        ask("Anything?")

    say(serve())
    """
    with Child(PREFORK + dedent(text), server.base_url, options=STRICT) as child:
        connections = [server.accept() for _ in range(3)]
        for connection in connections:
            connection.request()
        for _ in connections:
            os.kill(int(child.line()), signal.SIGTERM)
        assert_all_right(child.end(), "[7, 7, 7]")
        assert all(connection.wait_until_closed() for connection in connections)


def test_a_thread_forks(emulator: Emulator) -> None:
    text = """
    def work(number):
        assert ask(str(number)) == f"You said: {number}"
        os._exit(0)  # else only this thread ends

    ask("main")
    thread = threading.Thread(target=lambda: say(serve()))
    thread.start()
    thread.join()
    say(ask("main again"))
    """
    end = run(PREFORK + dedent(text), emulator.base_url, options=STRICT)
    assert_all_right(end, "[0, 0, 0]", "You said: main again")


def test_a_function_of_the_user_forks(emulator: Emulator) -> None:
    text = """
    def work(number):
        assert ask(str(number)) == f"You said: {number}"
        os._exit(0)  # else only this thread ends

    def key():
        say(serve())
        return "sk-asked"

    say(ask("main", OpenAI(api_key=key, base_url=sys.argv[1])))
    """
    end = run(PREFORK + dedent(text), emulator.base_url, options=STRICT)
    assert_all_right(end, "[0, 0, 0]", "You said: main")


def test_a_subprocess_is_run_beside_a_stream(server: HandServer) -> None:
    text = f"""
    import subprocess

    events = stream()
    say(next(events).choices[0].delta.content)
    say(subprocess.run([{sys.executable!r}, "-c", "print(1)"], capture_output=True).stdout)
    say(next(events).choices[0].delta.content)
    """
    with Child(text, server.base_url, options=STRICT) as child:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        connection.send_words("one")
        assert [child.line(), child.line()] == ["one", "b'1\\n'"]
        connection.send_words("two")
        assert child.line() == "two"
