"""Ctrl-C, and signal handlers that raise, end the call that a program waits in."""

from __future__ import annotations

import select
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from textwrap import dedent

import pytest

from openai_async.emulator import Emulator

from .children import Child, run
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
say(client.models.retrieve("still-alive").id, client.pool_stats().in_use)
"""

#: Has this program interrupt itself as soon as something holds.
WHEN = """
import time

def interrupt_when(holds):
    def watch():
        while not holds():
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()
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


@pytest.fixture
def full() -> Iterator[str]:
    """Where nobody can connect, because nobody accepts those who did."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        connected = True
        while connected:
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
            connected = bool(select.select([], [caller], [], 0.1)[1])
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def waiting(code: str) -> str:
    return PROGRAM.format(wait=code)


def assert_works(child: Child, server: HandServer, connection: Connection | None = None) -> None:
    connection = connection or server.accept()
    assert connection.request()[0].startswith("GET /v1/models/still-alive")
    connection.answer(model("still-alive"))
    assert child.line() == "still-alive 0"


def test_ctrl_c_while_waiting_for_the_answer(server: HandServer) -> None:
    with Child(waiting("    ask('Anything?')"), server.base_url) as child:
        connection = server.accept()
        connection.request()
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert connection.wait_until_closed()
        assert_works(child, server)
        assert child.end().code == 0


def test_ctrl_c_while_a_name_is_looked_up(server: HandServer) -> None:
    program = """
    import socket

    known = socket.getaddrinfo

    def silent(host, *arguments, **options):
        if host != "silent.test" or options.get("flags"):  # whether it is an address
            return known(host, *arguments, **options)
        say("asked")
        threading.Event().wait()

    socket.getaddrinfo = silent
    elsewhere = client.with_options(base_url="http://silent.test")
    """
    program = dedent(program) + waiting("    ask('Anything?', elsewhere)")
    with Child(program, server.base_url) as child:
        assert child.line() == "asked"
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert_works(child, server)
        assert child.end().code == 0


def test_ctrl_c_while_connecting(server: HandServer, full: str) -> None:
    program = f"""
    elsewhere = client.with_options(base_url="{full}")
    interrupt_when(lambda: client.pool_stats().in_use == 1)
    """
    program = WHEN + dedent(program) + waiting("    ask('Anything?', elsewhere)")
    with Child(program, server.base_url) as child:
        assert child.line() == "KeyboardInterrupt"
        assert_works(child, server)


def test_ctrl_c_in_the_handshake(server: HandServer) -> None:
    program = waiting(
        f"    ask('Anything?', client.with_options(base_url='https://{server.address}'))"
    )
    with Child(program, server.base_url) as child:
        connection = server.accept()
        assert connection.receive()[:1] == b"\x16"  # a TLS client hello, which nobody answers
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert_works(child, server)


def test_ctrl_c_while_waiting_for_a_connection(server: HandServer) -> None:
    program = """
    from openai_sync import Limits

    client = client.with_options(limits=Limits(max_connections=1))
    events = stream()
    interrupt_when(lambda: client.pool_stats().waiting == 1)
    try:
        ask("Anything?", client)
    except KeyboardInterrupt:
        say(client.pool_stats())
    say(next(events).choices[0].delta.content)
    events.close()
    say(client.models.retrieve("still-alive").id, client.pool_stats().in_use)
    """
    with Child(WHEN + dedent(program), server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        assert child.line() == "PoolStats(in_use=1, idle=0, waiting=0)"
        connection.send_words("one")
        assert child.line() == "one"
        assert_works(child, server)


def test_ctrl_c_in_the_body(server: HandServer) -> None:
    with Child(waiting("    client.models.retrieve('m')"), server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.start_body(100, b'{"id": ')
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert connection.wait_until_closed()
        assert_works(child, server)


def test_ctrl_c_between_events(server: HandServer) -> None:
    program = waiting("""
    for event in stream():
        say(event.choices[0].delta.content)
        threading.Event().wait()
    """)
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        connection.send_words("one")
        assert child.line() == "one"
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert connection.wait_until_closed()
        assert_works(child, server)


def test_ctrl_c_while_a_file_is_written(server: HandServer, tmp_path: Path) -> None:
    program = waiting(f"""
    with client.files.with_streaming_response.content("file-1") as response:
        response.stream_to_file({str(tmp_path / "file")!r})
    """)
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.start_body(100, b"one")
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert connection.wait_until_closed()
        assert_works(child, server)


def test_ctrl_c_between_pages(server: HandServer) -> None:
    program = waiting("""
    for each in client.files.list():
        say(each.id)
    """)
    page = {"object": "list", "data": [{"id": "file-1", "object": "file"}], "has_more": True}
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.answer(page)
        assert child.line() == "file-1"
        assert "after=file-1" in connection.request()[0]
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert connection.wait_until_closed()
        assert_works(child, server)


#: Calls `told` after a failed attempt, and waits half a minute for the next.
RETRYING = """
patient = client.with_options(max_retries=1, on_retry=lambda retry: told())
"""


@pytest.mark.parametrize(
    "told", ["say('told')", "say('told'), threading.Event().wait()"], ids=["before", "on_retry"]
)
def test_ctrl_c_before_a_retry(told: str, server: HandServer) -> None:
    program = RETRYING + f"told = lambda: ({told})" + waiting("    ask('Anything?', patient)")
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.answer({}, status="503 Busy", retry_after="30")
        assert child.line() == "told"
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert_works(child, server, connection)


def test_ctrl_c_while_closing(server: HandServer) -> None:
    program = """
    from openai_sync import _portal

    other = OpenAI(api_key="k", base_url=sys.argv[1])
    busy = threading.Event()

    async def ready():
        pass

    def block():
        say("blocked")
        busy.wait()

    _portal.run(ready)
    _portal._loop_thread.loop.call_soon_threadsafe(block)
    try:
        other.close()
    except KeyboardInterrupt:
        say("KeyboardInterrupt")
    busy.set()
    other.close()
    say(other.is_closed())
    say(client.models.retrieve("still-alive").id, client.pool_stats().in_use)
    """
    with Child(program, server.base_url) as child:
        assert child.line() == "blocked"
        child.send_signal(signal.SIGINT)
        assert [child.line(), child.line()] == ["KeyboardInterrupt", "True"]
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


#: Asks again and again, as often as the server wants.
POLLING = """
    client.vector_stores.file_batches.poll(
        "batch_1", vector_store_id="vs_1", on_poll=lambda batch: say(batch.status)
    )
"""

BATCH = {
    "id": "batch_1",
    "object": "vector_store.files_batch",
    "created_at": 1,
    "vector_store_id": "vs_1",
    "status": "in_progress",
    "file_counts": {"in_progress": 1, "completed": 0, "failed": 0, "cancelled": 0, "total": 1},
}


def test_ctrl_c_between_polls(server: HandServer) -> None:
    with Child(waiting(POLLING), server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.answer(BATCH, openai_poll_after_ms="3600000")
        assert child.line() == "in_progress"
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert_works(child, server, connection)  # which was idle, and so is used again


def test_ctrl_c_during_a_poll(server: HandServer) -> None:
    with Child(waiting(POLLING), server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.answer(BATCH, openai_poll_after_ms="1")
        assert child.line() == "in_progress"
        assert connection.request()[0].startswith("GET /v1/vector_stores/vs_1/file_batches/")
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert connection.wait_until_closed()
        assert_works(child, server)


def test_ctrl_c_while_a_callback_runs(server: HandServer) -> None:
    program = """
    def key():
        say("asked")
        threading.Event().wait()

    try:
        ask("Anything?", OpenAI(api_key=key, base_url=sys.argv[1]))
    except KeyboardInterrupt:
        say("KeyboardInterrupt")
    say(client.models.retrieve("still-alive").id, client.pool_stats().in_use)
    """
    with Child(program, server.base_url) as child:
        assert child.line() == "asked"
        child.send_signal(signal.SIGINT)
        assert child.line() == "KeyboardInterrupt"
        assert_works(child, server)
        assert child.end().code == 0


#: Signals raise `TooLong`.
RAISING = """
class TooLong(Exception):
    pass

def give_up(*_):
    raise TooLong

signal.signal(signal.SIGALRM, give_up)
signal.signal(signal.SIGTERM, give_up)
"""


@pytest.mark.parametrize("name", ["SIGALRM", "SIGTERM"])
def test_a_signal_handler_that_raises_ends_the_call(name: str, server: HandServer) -> None:
    with Child(RAISING + waiting("    ask('Anything?')"), server.base_url) as child:
        connection = server.accept()
        connection.request()
        child.send_signal(getattr(signal, name))
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


def test_an_alarm_ends_the_call(server: HandServer) -> None:
    program = """
    def alarm():
        sys.stdin.readline()
        signal.setitimer(signal.ITIMER_REAL, 0.001)

    threading.Thread(target=alarm).start()
    """
    program = RAISING + dedent(program) + waiting("    ask('Anything?')")
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        child.tell("now")
        assert child.line() == "TooLong"
        assert connection.wait_until_closed()
        assert_works(child, server)


def test_a_signal_handler_may_call(server: HandServer) -> None:
    program = """
    signal.signal(signal.SIGALRM, lambda *_: say(client.models.retrieve("inner").id))
    say(client.models.retrieve("outer").id)
    """
    with Child(program, server.base_url) as child:
        outer = server.accept()
        outer.request()
        child.send_signal(signal.SIGALRM)
        inner = server.accept()
        inner.request()
        inner.answer(model("inner"))
        assert child.line() == "inner"
        outer.answer(model("outer"))
        assert child.line() == "outer"


def test_an_exception_that_another_thread_sets_ends_the_call(server: HandServer) -> None:
    program = """
    import ctypes

    class TooLong(BaseException):
        pass

    def work():
        try:
            ask("Anything?")
        except TooLong:
            say("TooLong")

    worker = threading.Thread(target=work)
    worker.start()
    sys.stdin.readline()
    set_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    assert set_in(ctypes.c_ulong(worker.ident), ctypes.py_object(TooLong)) == 1
    worker.join()
    say(client.models.retrieve("still-alive").id, client.pool_stats().in_use)
    """
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        child.tell("now")
        assert child.line() == "TooLong"
        assert connection.wait_until_closed()
        assert_works(child, server)


def test_interrupts_at_any_moment_leave_nothing_behind(emulator: Emulator) -> None:
    program = """
    import random
    from openai_sync import _portal

    _portal._ENDING = 3600  # so that the test ends in time only if nobody waits for it

    class Now(Exception):
        pass

    armed = False

    def interrupt(*_):
        if armed:
            raise Now

    def listen():
        with stream() as events:
            return [*events]

    def read():
        with client.models.with_streaming_response.list() as response:
            return [*response.iter_lines()]

    async def tasks():
        return len(_portal._loop_thread._tasks)

    calls = (lambda: ask("Hello?"), listen, read)
    expected = [call() for call in calls]
    signal.signal(signal.SIGALRM, interrupt)
    for turn in range(300):
        try:
            armed = True
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00001, 0.003))
            answer = calls[turn % 3]()
            assert turn % 3 or answer == expected[0]
            armed = False
        except Now:
            armed = False
    signal.setitimer(signal.ITIMER_REAL, 0)
    say(ask("Hello?") == expected[0], client.pool_stats().in_use)
    say([thread.name for thread in threading.enumerate()])
    say(_portal.run(tasks))
    """
    end = run(program, emulator.base_url)
    assert end.said.splitlines() == ["True 0", "['MainThread', 'openai_sync']", "1"], end.complained


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
