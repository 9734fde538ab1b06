"""A program that used the client ends when it is done, whatever was left open, and silently."""

from __future__ import annotations

import pytest

from openai_async.emulator import Emulator

from .children import Child, End, run
from .wire import HandServer, model

OPTIONS = [("-W", "error"), ("-X", "dev", "-W", "error")]

#: Programs that close nothing.
PROGRAMS = {
    "nothing was called": "",
    "a client is open": "ask('Hello?')",
    "many clients are open": """
        clients = [OpenAI(api_key="k", base_url=sys.argv[1]) for _ in range(5)]
        for each in clients:
            ask("Hello?", each)
    """,
    "a stream was not read": "events = stream()",
    "a stream was read in part": "events = stream(); next(events)",
    "a loop over a stream was left": """
        for event in stream():
            break
    """,
    "a stream was dropped": "stream()",
    "worker threads were used": """
        from pathlib import Path
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "note.txt")
            file.write_text("remember")
            store = client.vector_stores.create().id
            client.vector_stores.file_batches.upload_and_poll(store, files=[file, file])
        ask("Hello?", OpenAI(api_key=lambda: "sk-asked", base_url=sys.argv[1]))
    """,
    "a call failed": """
        try:
            client.models.retrieve("missing-model")
        except Exception as error:
            kept = error
    """,
    "the client is part of a cycle": "client.me = client; ask('Hello?')",
    "the last call is made at the end": """
        import atexit

        atexit.register(ask, "Goodbye?")
        ask("Hello?")
    """,
    "the first call is made at the end": """
        import atexit

        atexit.register(ask, "Goodbye?")
    """,
    "a key function is asked at the end": """
        import atexit

        late = OpenAI(api_key=lambda: "sk-asked", base_url=sys.argv[1])
        atexit.register(ask, "Goodbye?", late)
        ask("Hello?", late)
    """,
    "a generator holds a stream": """
        def words():
            with stream() as events:
                for event in events:
                    yield event

        kept = words()
        next(kept)
    """,
    "a streaming response was not left": """
        entered = client.files.with_streaming_response.list()
        next(entered.__enter__().iter_bytes(1))
    """,
    "a raw response of a stream was not read": """
        create = client.chat.completions.with_raw_response.create
        kept = create(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True)
    """,
    "an object closes the client as it is finalised": """
        class Holder:
            events = stream()

            def __del__(self):
                self.events.close()
                client.close()

        holder = Holder()
    """,
    "a name is looked up at the end": """
        import atexit

        named = sys.argv[1].replace("127.0.0.1", "localhost")
        atexit.register(ask, "Goodbye?", OpenAI(api_key="k", base_url=named, proxy=""))
    """,
    "a stream is read at the end": """
        import atexit

        atexit.register(lambda: list(stream()))
    """,
    "a file is uploaded at the end": """
        import atexit
        from pathlib import Path

        atexit.register(client.files.create, file=Path(os.__file__), purpose="batch")
    """,
    "the client is closed at the end": """
        import atexit

        atexit.register(client.close)
        ask("Hello?")
    """,
    "under a loop": """
        import asyncio

        async def main():
            return ask("Hello?")

        asyncio.run(main(), debug=False)  # which would complain that the loop was blocked
    """,
}


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_it_ends_silently(program: str, options: tuple[str, ...], emulator: Emulator) -> None:
    assert run(program, emulator.base_url, options=options) == End(0, "", "")


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_a_daemon_thread_in_a_call_does_not_hold_it(
    options: tuple[str, ...], server: HandServer
) -> None:
    program = """
    threading.Thread(target=ask, args=("Anything?",), daemon=True).start()
    sys.stdin.readline()
    sys.exit(3)
    """
    with Child(program, server.base_url, options=options) as child:
        connection = server.accept()
        connection.request()
        child.tell("leave")
        assert child.end() == End(3, "", "")
        assert connection.wait_until_closed()


def test_a_daemon_thread_in_a_stream_does_not_hold_it(server: HandServer) -> None:
    program = """
    def read():
        for event in stream():
            say(event.choices[0].delta.content)

    threading.Thread(target=read, daemon=True).start()
    sys.stdin.readline()
    """
    with Child(program, server.base_url, options=OPTIONS[1]) as child:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        connection.send_words("one")
        assert child.line() == "one"
        child.tell("leave")
        assert child.end() == End(0, "", "")


def test_a_thread_in_a_call_is_waited_for(server: HandServer) -> None:
    program = """
    threading.Thread(target=lambda: say(client.models.retrieve("m").id)).start()
    sys.stdin.readline()
    say("leaving")
    sys.exit(3)
    """
    with Child(program, server.base_url, options=OPTIONS[1]) as child:
        connection = server.accept()
        connection.request()
        child.tell("leave")
        assert child.line() == "leaving"
        connection.answer(model("m"))
        assert child.end() == End(3, "m\n", "")


def test_another_thread_that_exits_leaves_the_call_alone(server: HandServer) -> None:
    program = """
    def leave():
        sys.stdin.readline()
        sys.exit(3)

    other = threading.Thread(target=leave)
    other.start()
    say(client.models.retrieve("m").id)
    """
    with Child(program, server.base_url, options=OPTIONS[1]) as child:
        connection = server.accept()
        connection.request()
        child.tell("leave")
        connection.answer(model("m"))
        assert child.end() == End(0, "m\n", "")


def test_a_thread_goes_on_after_the_main_thread(emulator: Emulator) -> None:
    program = """
    def work():
        threading.main_thread().join()
        say(ask("known"))
        named = sys.argv[1].replace("127.0.0.1", "localhost")
        say(ask("new", OpenAI(api_key=lambda: "sk-asked", base_url=named, proxy="")))

    threading.Thread(target=work).start()
    """
    said = "You said: known\nYou said: new\n"
    assert run(program, emulator.base_url, options=OPTIONS[1]) == End(0, said, "")


def test_a_call_that_comes_too_late_says_so(emulator: Emulator) -> None:
    program = """
    class Holder:
        def __del__(self):
            try:
                client.models.list()
            except RuntimeError as error:
                say(error)

    client.models.list()
    holder = Holder()
    """
    end = run(program, emulator.base_url, options=OPTIONS[1])
    assert (end.code, end.complained) == (0, "")
    assert end.said.startswith("Python is shutting down: too late for a blocking call.")


def test_a_name_that_is_still_looked_up_does_not_hold_it(emulator: Emulator) -> None:
    program = """
    import socket

    def silent(*_, **options):
        if options.get("flags"):  # whether it is an address
            raise socket.gaierror
        say("asked")
        threading.Event().wait()

    socket.getaddrinfo = silent
    named = OpenAI(api_key="k", base_url="http://silent.test", proxy="", max_retries=0, deadline=1)
    try:
        ask("Anything?", named)
    except Exception as error:
        say(type(error).__name__)
    """
    end = run(program, emulator.base_url, options=OPTIONS[1])
    assert end == End(0, "asked\nDeadlineExceeded\n", "")


def test_an_error_with_an_open_stream_in_its_frames(emulator: Emulator) -> None:
    program = """
    def listen():
        events = stream()
        next(events)
        raise ValueError("mine")

    listen()
    """
    end = run(program, emulator.base_url, options=OPTIONS[1])
    assert end.code == 1
    assert end.complained.count("Traceback") == 1
    assert end.complained.endswith("ValueError: mine\n")


def test_an_exit_in_a_thread_ends_that_thread_only(emulator: Emulator) -> None:
    program = """
    def work():
        events = stream()
        next(events)
        sys.exit(4)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    say(ask("Still there?"))
    sys.exit(3)
    """
    end = run(program, emulator.base_url, options=OPTIONS[1])
    assert end == End(3, "You said: Still there?\n", "")


def test_an_exit_in_a_callback_ends_the_program(emulator: Emulator) -> None:
    program = "ask('Hello?', OpenAI(api_key=lambda: sys.exit(3), base_url=sys.argv[1]))"
    assert run(program, emulator.base_url, options=OPTIONS[1]) == End(3, "", "")


def test_an_uncaught_error_ends_the_program(emulator: Emulator) -> None:
    end = run("client.models.retrieve('missing-model')", emulator.base_url, options=OPTIONS[1])
    assert end.code == 1
    assert end.complained.count("Traceback") == 1
    assert end.complained.rstrip().splitlines()[-1].startswith("openai_async.NotFoundError")
