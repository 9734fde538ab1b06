"""Where an event loop runs already: notebooks, and coroutines that call blocking code."""

from __future__ import annotations

import asyncio
import contextvars
import io
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from openai_async import AsyncOpenAI
from openai_async.emulator import Emulator
from openai_sync import OpenAI

from .children import Child, run
from .wire import HandServer, model


class Kernel:
    """What a notebook does: a loop that runs in the main thread, and cells that run inside it."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.errors: list[BaseException] = []

    def run(self, *cells: str) -> None:
        loop = asyncio.new_event_loop()
        for cell in cells:
            loop.call_soon(self._run_cell, cell)
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()

    def _run_cell(self, cell: str) -> None:
        try:
            exec(cell, self.names)
        except BaseException as error:
            self.errors.append(error)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> Kernel:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", emulator.base_url)
    kernel = Kernel()
    kernel.run("from openai_sync import OpenAI", "client = OpenAI()")
    kernel.names["message"] = {"role": "user", "content": "cell"}
    return kernel


ASK = "client.chat.completions.create(model='gpt-4o-mini', messages=[message])"
STREAM = ASK.replace("[message]", "[message], stream=True")


def test_a_cell_may_call(kernel: Kernel) -> None:
    kernel.run(f"answer = {ASK}")
    assert kernel.errors == []
    assert kernel.names["answer"].choices[0].message.content == "You said: cell"


def test_a_cell_may_read_the_stream_of_another(kernel: Kernel) -> None:
    kernel.run(f"stream = {STREAM}", "first = next(stream)", "rest = list(stream)")
    assert kernel.errors == []
    assert len(kernel.names["rest"]) == 4


def test_the_client_outlives_the_loop(kernel: Kernel) -> None:
    for _ in range(3):
        kernel.run("models = list(client.models.list())")
    assert kernel.errors == []
    assert kernel.names["models"]


def test_an_error_in_a_cell_leaves_the_next_alone(kernel: Kernel) -> None:
    kernel.run("client.models.retrieve('missing-model')", "models = list(client.models.list())")
    assert [type(error).__name__ for error in kernel.errors] == ["NotFoundError"]
    assert kernel.names["models"]


def inside(work: Callable[[OpenAI, AsyncOpenAI], Any], emulator: Emulator) -> Any:
    async def main() -> Any:
        async with AsyncOpenAI(api_key="k", base_url=emulator.base_url) as awaited:
            with OpenAI(api_key="k", base_url=emulator.base_url) as blocking:
                return await work(blocking, awaited)

    return asyncio.run(main())


def test_coroutines_may_block_between_awaits(emulator: Emulator) -> None:
    async def work(blocking: OpenAI, awaited: AsyncOpenAI) -> list[bool]:
        one = blocking.models.list()
        two = await awaited.models.list()
        three = blocking.models.list()
        return [one.data == two.data, two.data == three.data]

    assert inside(work, emulator) == [True, True]


def test_ctrl_c_in_a_cell_ends_the_cell(emulator: Emulator) -> None:
    program = """
    import asyncio

    def cell():
        def interrupt():
            os.kill(os.getpid(), signal.SIGINT)
            return "sk-late"

        try:
            ask("Anything?", OpenAI(api_key=interrupt, base_url=sys.argv[1]))
        except KeyboardInterrupt:
            say("KeyboardInterrupt")

    loop = asyncio.new_event_loop()
    loop.call_soon(cell)
    loop.call_soon(lambda: say(ask("still here?")))
    loop.call_soon(loop.stop)
    loop.run_forever()
    """
    end = run(program, emulator.base_url)
    assert end.said.splitlines() == ["KeyboardInterrupt", "You said: still here?"]


# Streams that print


def test_a_cell_prints_a_stream(kernel: Kernel, capsys: pytest.CaptureFixture[str]) -> None:
    kernel.run(f"text = {STREAM}.print()")
    assert kernel.errors == []
    assert kernel.names["text"] == "You said: cell"
    assert capsys.readouterr().out == "You said: cell\n"


def test_a_stream_is_printed_where_another_cell_left_it(
    kernel: Kernel, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel.run(f"stream = {STREAM}", "first = [next(stream), next(stream)]")
    kernel.run("text = stream.print()")
    assert kernel.errors == []
    first = "".join(chunk.choices[0].delta.content or "" for chunk in kernel.names["first"])
    assert first
    assert first + kernel.names["text"] == "You said: cell"
    assert capsys.readouterr().out == kernel.names["text"] + "\n"


def test_it_is_printed_by_the_thread_that_asks(sync_client: OpenAI) -> None:
    class Noting(io.StringIO):
        def write(self, text: str) -> int:
            threads.add(threading.current_thread())
            return super().write(text)

    threads: set[threading.Thread] = set()
    messages: Any = [{"role": "user", "content": "cell"}]
    stream = sync_client.chat.completions.create(model="m", messages=messages, stream=True)
    stream.print(file=Noting())
    assert threads == {threading.current_thread()}


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to children")
def test_ctrl_c_leaves_a_stream_that_prints(server: HandServer) -> None:
    program = """
    class Telling:
        def write(self, text):
            say(repr(text))
        def flush(self):
            pass

    try:
        stream = stream()
        stream.print(file=Telling())
    except KeyboardInterrupt:
        say("KeyboardInterrupt", stream.outcome)
    say(client.models.retrieve("still-alive").id)
    """
    with Child(program, server.base_url) as child:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        connection.send_words("one ")
        assert child.line() == "'one '"
        child.send_signal(signal.SIGINT)
        assert [child.line(), child.line()] == [r"'\n'", "KeyboardInterrupt incomplete"]
        assert connection.wait_until_closed()
        other = server.accept()
        other.request()
        other.answer(model("still-alive"))
        assert child.line() == "still-alive"


def test_what_a_callback_prints_goes_to_the_cell_that_asked(sync_client: OpenAI) -> None:
    """Notebooks know the cell by a context variable, in whatever thread something is printed."""
    cell = contextvars.ContextVar("cell", default="none")
    cells: set[str] = set()
    store = sync_client.vector_stores.create(name="notes")
    for name in ("first", "second"):
        cell.set(name)
        sync_client.vector_stores.file_batches.upload_and_poll(
            store.id, files=[b"x"], on_progress=lambda _: cells.add(cell.get())
        )
    assert cells == {"first", "second"}
