"""Many requests, as the tests of `map` make them, and what their results say."""

from __future__ import annotations

from typing import Any

import anyio

from openai_async import MapResult
from openai_async.emulator import Emulator

MODEL = "gpt-4o-mini"
CHAT = "/v1/chat/completions"


def asking(number: object, **more: Any) -> dict[str, Any]:
    """A request for chat completions, of which the emulator repeats `Say <number>`."""
    messages = [{"role": "user", "content": f"Say {number}"}]
    return {"model": MODEL, "messages": messages, **more}


def many(count: int = 20) -> list[dict[str, Any]]:
    return [asking(number) for number in range(count)]


def said(result: MapResult[Any]) -> str:
    return str(result.get().choices[0].message.content).removeprefix("You said: ")


def notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


def sent(emulator: Emulator, method: str, path: str) -> int:
    return sum((each.method, each.path) == (method, path) for each in emulator.requests)


def created(emulator: Emulator) -> int:
    """How many batches it was asked for."""
    return sent(emulator, "POST", "/v1/batches")


class Gated:
    """A function that is called for each request, and waits until it may go on."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self._gates: dict[int, anyio.Event] = {}

    def gate(self, number: int) -> anyio.Event:
        return self._gates.setdefault(number, anyio.Event())

    async def call(self, number: int) -> int:
        self.begun.append(number)
        try:
            await self.gate(number).wait()
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(number)
            raise
        if number < 0:
            raise LookupError(number)
        return number * 10

    def requests(self, *numbers: int) -> list[dict[str, Any]]:
        return [{"number": number} for number in numbers]
