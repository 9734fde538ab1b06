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


def test_an_exit_in_a_callback_ends_the_program(emulator: Emulator) -> None:
    program = "ask('Hello?', OpenAI(api_key=lambda: sys.exit(3), base_url=sys.argv[1]))"
    assert run(program, emulator.base_url, options=OPTIONS[1]) == End(3, "", "")


def test_an_uncaught_error_ends_the_program(emulator: Emulator) -> None:
    end = run("client.models.retrieve('missing-model')", emulator.base_url, options=OPTIONS[1])
    assert end.code == 1
    assert end.complained.count("Traceback") == 1
    assert end.complained.rstrip().splitlines()[-1].startswith("openai_async.NotFoundError")
