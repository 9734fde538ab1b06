"""The tests of faults would notice what they look for."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from openai_async import AsyncOpenAI

from . import places
from .answers import CHUNKED, EVENT_STREAM, FIRST_EVENT, SAID, chunk, head
from .server import PATIENCE, FaultServer, Peer
from .steps import hang, read, send
from .test_fault_matrix import Awaited, Before, pytestmark  # noqa: F401

_A_LOT = 64 * 1024 * 1024
_LITTLE = 8 * 1024 * 1024


def test_a_socket_that_is_left_open_is_noticed() -> None:
    with places.direct() as place:
        before = Before(place, 0)
        with (
            socket.create_connection(("127.0.0.1", place.server.port)),
            pytest.raises(AssertionError, match="socket"),
        ):
            before.assert_nothing_left(0)
        before.assert_nothing_left(0)


def test_a_thread_that_is_left_running_is_noticed() -> None:
    with places.direct() as place:
        before = Before(place, 0)
        over = threading.Event()
        thread = threading.Thread(target=over.wait)
        thread.start()
        try:
            with pytest.raises(AssertionError, match="thread"):
                before.assert_nothing_left(0)
        finally:
            over.set()
            thread.join()


async def test_a_task_that_is_left_running_is_noticed() -> None:
    with places.direct() as place:
        caller = Awaited({})
        before = Before(place, await caller.tasks())
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            await anyio.lowlevel.checkpoint()
            with pytest.raises(AssertionError, match="task"):
                before.assert_nothing_left(await caller.tasks())
            group.cancel_scope.cancel()


async def test_a_slot_that_is_taken_is_noticed() -> None:
    with FaultServer() as server:
        server.play((read, lambda peer: peer.server.acted.set(), hang))
        caller = Awaited({"base_url": server.base_url, "proxy": ""})
        async with anyio.create_task_group() as group:
            group.start_soon(caller.plain, {}, False)
            assert await anyio.to_thread.run_sync(server.acted.wait, PATIENCE)
            assert caller.client.pool_stats().in_use == 1
            group.cancel_scope.cancel()
        assert caller.client.pool_stats().in_use == 0
        await caller.close()


def test_a_script_that_fails_is_noticed() -> None:
    def fail(_: Peer) -> None:
        raise LookupError("a mistake in a script")

    with FaultServer() as server:
        server.play((fail,))
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            assert client.recv(1) == b""
        assert server.open_after(PATIENCE) == 0
        assert [type(failure) for failure in server.failures] == [LookupError]


async def test_no_more_is_decompressed_than_is_read() -> None:
    comments = b": still there\n\n" * (_A_LOT // 15)
    with FaultServer() as server:
        answer = head(CHUNKED, "Content-Encoding: gzip", kind=EVENT_STREAM)
        answer += chunk(gzip.compress(FIRST_EVENT + comments, 1))
        server.play((read, send(answer), hang))
        async with AsyncOpenAI(api_key="sk-test", base_url=server.base_url, proxy="") as client:
            tracemalloc.start()
            try:
                stream = await client.chat.completions.create(model="m", messages=[], stream=True)
                first = await anext(stream)
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert first.choices[0].delta.content == SAID
            assert peak < _LITTLE
            await stream.close()
