"""The late transport: loaded when it is first needed."""

from __future__ import annotations

import threading
from typing import Any

import anyio

from openai_async import Timeout
from openai_async._transport import LateTransport, WireRequest

LIMIT = Timeout(5)


class Silent:
    """A transport that answers nothing."""

    closed = False
    sent = 0

    async def send(self, request: WireRequest) -> Any:
        self.sent += 1

    async def close(self) -> None:
        self.closed = True


async def test_late_transport_is_loaded_once_by_the_first_request() -> None:
    loaded: list[Silent] = []

    def load() -> Any:
        loaded.append(Silent())
        return loaded[-1]

    late = LateTransport(load)
    assert loaded == []
    request = WireRequest("GET", "http://h/", [], None, LIMIT)
    await late.send(request)
    await late.send(request)
    assert len(loaded) == 1
    await late.close()
    assert loaded[0].closed
    assert late.closed


def test_threads_that_load_at_once_use_one_transport() -> None:
    loaded: list[Silent] = []
    together = threading.Barrier(2, timeout=10)

    def load() -> Any:
        together.wait()
        loaded.append(Silent())
        return loaded[-1]

    late = LateTransport(load)

    async def send() -> None:
        await late.send(WireRequest("GET", "http://h/", [], None, LIMIT))

    threads = [threading.Thread(target=anyio.run, args=(send,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(each.sent for each in loaded) == [0, 2]


async def test_closing_an_unused_transport_loads_nothing() -> None:
    def load() -> Any:
        raise AssertionError("loaded")

    await LateTransport(load).close()
