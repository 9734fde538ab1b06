"""Where an event loop runs already: notebooks, and coroutines that call blocking code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from openai_async import AsyncOpenAI
from openai_async.emulator import Emulator
from openai_sync import OpenAI

from .children import run


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
