"""Ctrl-C, and signal handlers that raise, end the call that a program waits in."""

from __future__ import annotations

import signal
import sys
from textwrap import dedent

import pytest

from .children import Child
from .wire import Connection, HandServer, model

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to children")

#: Does `wait`, says how that ended, and asks for a model to show that the client still works.
PROGRAM = """
def wait():
{wait}

try:
    wait()
except BaseException as error:
    say(type(error).__name__)
say(client.models.retrieve("still-alive").id)
say(threading.active_count())
"""

#: Says when the network read begins, in which the main thread then waits.
SAY_WHEN_READING = """
from openai_async import AsyncStream

fill = AsyncStream.fill

async def say_and_fill(events):
    say("reading")
    return await fill(events)

AsyncStream.fill = say_and_fill
"""


def waiting(code: str) -> str:
    return PROGRAM.format(wait=code)


def assert_works(child: Child, server: HandServer, connection: Connection | None = None) -> None:
    connection = connection or server.accept()
    assert connection.request()[0].startswith("GET /v1/models/still-alive")
    connection.answer(model("still-alive"))
    assert child.line() == "still-alive"


def test_ctrl_c_while_waiting_for_the_answer(server: HandServer) -> None:
    with Child(waiting("    ask('Anything?')"), server.base_url) as child:
        connection = server.accept()
        connection.request()
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert connection.wait_until_closed()
        assert_works(child, server)
        assert child.end().code == 0


def test_ctrl_c_while_connecting(server: HandServer) -> None:
    program = waiting(
        f"    ask('Anything?', OpenAI(api_key='k', base_url='https://{server.address}'))"
    )
    with Child(program, server.base_url) as child:
        connection = server.accept()
        assert connection.receive()[:1] == b"\x16"  # a TLS client hello, which nobody answers
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert_works(child, server)


def test_ctrl_c_while_streaming(server: HandServer) -> None:
    program = SAY_WHEN_READING + waiting("    for chunk in stream(): pass")
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        assert child.line() == "reading"
        connection.send_words("one")
        assert child.line() == "reading"
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert connection.wait_until_closed()
        assert_works(child, server)


def test_a_stream_that_was_interrupted_is_over(server: HandServer) -> None:
    program = """
    events = stream()
    try:
        next(events)
    except KeyboardInterrupt:
        say(list(events), events.outcome)
    """
    with Child(SAY_WHEN_READING + dedent(program), server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        assert child.line() == "reading"
        child.send_signal(signal.SIGINT)
        assert connection.wait_until_closed()
        while (line := child.line()) == "reading":
            pass
        assert line == "[] incomplete"


def test_ctrl_c_while_uploading(server: HandServer) -> None:
    program = waiting("    client.files.create(file=('big', bytes(50_000_000)), purpose='batch')")
    with Child(program, server.base_url) as child:
        connection = server.accept()
        assert connection.receive().startswith(b"POST /v1/files")  # the rest is not read
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert connection.wait_until_closed()
        assert_works(child, server)


def test_ctrl_c_while_polling(server: HandServer) -> None:
    program = waiting(
        "    client.vector_stores.file_batches.poll('batch_1', vector_store_id='vs_1',"
        " on_progress=lambda batch: say(batch.status))"
    )
    counts = {"in_progress": 1, "completed": 0, "failed": 0, "cancelled": 0, "total": 1}
    batch = {
        "id": "batch_1",
        "object": "vector_store.files_batch",
        "created_at": 1,
        "vector_store_id": "vs_1",
        "status": "in_progress",
        "file_counts": counts,
    }
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.answer(batch, openai_poll_after_ms="3600000")
        assert child.line() == "in_progress"
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert_works(child, server, connection)  # which was idle, and so is used again


def test_ctrl_c_while_a_callback_runs(server: HandServer) -> None:
    program = """
    def key():
        say("asked")
        threading.Event().wait()

    try:
        ask("Anything?", OpenAI(api_key=key, base_url=sys.argv[1]))
    except KeyboardInterrupt:
        say("KeyboardInterrupt")
    say(client.models.retrieve("still-alive").id)
    """
    with Child(program, server.base_url) as child:
        assert child.line() == "asked"
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert_works(child, server)
        assert child.end().code == 0


def test_a_signal_handler_that_raises_ends_the_call(server: HandServer) -> None:
    program = """
    class TooLong(Exception):
        pass

    def give_up(*_):
        raise TooLong

    signal.signal(signal.SIGALRM, give_up)
    """
    program += waiting("    ask('Anything?')").replace("\n", "\n    ")
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        child.send_signal(signal.SIGALRM)
        assert child.line() == "TooLong"
        assert connection.wait_until_closed()
        assert_works(child, server)


def test_a_signal_handler_that_returns_disturbs_nothing(server: HandServer) -> None:
    program = """
    signal.signal(signal.SIGALRM, lambda *_: say("noted"))
    say(client.models.retrieve("patient").id)
    """
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        child.send_signal(signal.SIGALRM)
        assert child.line() == "noted"
        connection.answer(model("patient"))
        assert child.line() == "patient"


def test_other_threads_go_on_after_ctrl_c(server: HandServer) -> None:
    program = """
    other = threading.Thread(target=lambda: say(client.models.retrieve("other").id))
    other.start()
    sys.stdin.readline()
    try:
        client.models.retrieve("main")
    except KeyboardInterrupt:
        say("KeyboardInterrupt")
    other.join()
    """
    with Child(program, server.base_url) as child:
        theirs = server.accept()
        theirs.request()
        child.tell("go on")
        mine = server.accept()
        mine.request()
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert mine.wait_until_closed()
        theirs.answer(model("other"))
        assert child.line() == "other"
        assert child.end().code == 0


def test_an_unhandled_ctrl_c_ends_the_program(server: HandServer) -> None:
    with Child("ask('Anything?')", server.base_url) as child:
        connection = server.accept()
        connection.request()
        child.send_signal(signal.SIGINT)
        end = child.end()
        assert end.code in (-signal.SIGINT, 130)
        assert end.complained.rstrip().endswith("KeyboardInterrupt")
        assert connection.wait_until_closed()
