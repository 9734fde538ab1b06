"""Waiting for what a connection brings next, by the means of anyio and of an asyncio loop."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
import weakref
from collections.abc import Iterator

import anyio
import pytest

from openai_async._http.listening import AnyListener, Listener, listener
from openai_async._http.loops import LoopListener
from openai_async._http.sockets import Wire


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    near.setblocking(False)
    with near, far:
        yield near, far


@pytest.fixture
def far(pair: tuple[socket.socket, socket.socket]) -> socket.socket:
    return pair[1]


@pytest.fixture(params=["any", "chosen"])
async def near(
    request: pytest.FixtureRequest, pair: tuple[socket.socket, socket.socket]
) -> Listener:
    wire = Wire(pair[0])
    return AnyListener(wire) if request.param == "any" else listener(wire)


async def test_each_kind_of_loop_has_its_listener(
    pair: tuple[socket.socket, socket.socket], anyio_backend_name: str
) -> None:
    expected = LoopListener if anyio_backend_name == "asyncio" else AnyListener
    assert type(listener(Wire(pair[0]))) is expected


async def test_a_loop_that_watches_no_sockets_is_listened_to_by_anyio(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.BaseEventLoop, "add_reader", refuse, raising=False)
    monkeypatch.setattr(asyncio.SelectorEventLoop, "add_reader", refuse)
    assert type(listener(Wire(pair[0]))) is AnyListener


async def test_receives_what_is_there_and_what_comes(near: Listener, far: socket.socket) -> None:
    far.send(b"there")
    assert await near.receive(20) == b"there"
    received: list[bytes] = []

    async def wait() -> None:
        received.append(await near.receive(20))

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        far.send(b"comes")
    assert received == [b"comes"]


async def test_receives_nothing_at_the_end(near: Listener, far: socket.socket) -> None:
    far.close()
    assert await near.receive(None) == b""


async def test_what_comes_while_nobody_listens_is_kept(near: Listener, far: socket.socket) -> None:
    far.send(b"1")
    assert await near.receive(20) == b"1"
    far.send(b"2")
    for _ in range(5):
        await anyio.lowlevel.checkpoint()
    assert await near.receive(20) == b"2"


@pytest.mark.parametrize("before", [None, 20.0, 0.001])
async def test_each_wait_has_its_own_limit(
    near: Listener, far: socket.socket, before: float | None
) -> None:
    far.send(b"before")
    await near.receive(before)
    with anyio.fail_after(10), pytest.raises(TimeoutError) as caught:
        await near.receive(0.01)
    assert caught.value.errno is None


async def test_a_longer_limit_after_a_shorter_one_holds(near: Listener, far: socket.socket) -> None:
    far.send(b"1")
    await near.receive(0.05)
    async with anyio.create_task_group() as group:

        async def later() -> None:
            # The first limit passes before anything comes.
            with pytest.raises(TimeoutError):
                with anyio.fail_after(0.1):
                    await anyio.sleep_forever()
            far.send(b"2")

        group.start_soon(later)
        assert await near.receive(20) == b"2"


async def test_goes_on_after_a_limit(near: Listener, far: socket.socket) -> None:
    with pytest.raises(TimeoutError):
        await near.receive(0.001)
    far.send(b"late")
    assert await near.receive(None) == b"late"


async def test_a_cancelled_wait_leaves_nothing_behind(near: Listener, far: socket.socket) -> None:
    with anyio.move_on_after(0.001):
        await near.receive(None)
    far.send(b"late")
    assert await near.receive(20) == b"late"


async def test_what_is_closed_cannot_be_listened_to(near: Listener, far: socket.socket) -> None:
    near.close()
    with pytest.raises((OSError, ValueError)):
        await near.receive(20)


async def test_closing_tells_who_waits(near: Listener, far: socket.socket) -> None:
    errors: list[OSError] = []

    async def wait() -> None:
        try:
            await near.receive(20)
        except OSError as error:
            errors.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        near.close()
        near.close()
    assert [error.errno for error in errors] == [errno.EBADF]
    assert far.recv(1) == b""


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_closing_is_forgotten_by_the_loop(pair: tuple[socket.socket, socket.socket]) -> None:
    number = pair[0].fileno()
    near = LoopListener(Wire(pair[0]))
    near.close()
    assert not asyncio.get_running_loop().remove_reader(number)


def test_a_loop_that_is_dropped_is_freed(pair: tuple[socket.socket, socket.socket]) -> None:
    async def use() -> LoopListener:
        near = LoopListener(Wire(pair[0]))
        pair[1].send(b"x")
        await near.receive(600)
        return near

    loop = asyncio.new_event_loop()
    near = loop.run_until_complete(use())
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None
    near.close()
    assert pair[1].recv(1) == b""
