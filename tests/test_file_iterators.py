"""Async iterators as the file of a request: sent once, and closed however it ends."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest
from byte_streams import Generated

from openai_async import APIConnectionError, AsyncOpenAI, InternalServerError
from openai_async.emulator import Emulator
from openai_sync import OpenAI

CONTENT = bytes(range(256)) * 3000


async def test_an_async_generator_is_uploaded_and_closed(client: AsyncOpenAI) -> None:
    made = Generated(CONTENT)
    file = await client.files.create(file=("a.bin", made()), purpose="user_data")
    assert (file.bytes, file.filename, made.closed) == (len(CONTENT), "a.bin", 1)
    assert (await client.files.content(file.id)).content == CONTENT


async def test_an_async_generator_without_a_name_has_the_usual_one(client: AsyncOpenAI) -> None:
    file = await client.files.create(file=Generated(CONTENT)(), purpose="user_data")
    assert (file.bytes, file.filename) == (len(CONTENT), "upload")


def test_an_async_generator_is_uploaded_by_the_blocking_client(sync_client: OpenAI) -> None:
    made = Generated(CONTENT)
    file = sync_client.files.create(file=made(), purpose="user_data")
    assert (file.bytes, made.closed) == (len(CONTENT), 1)


async def test_a_request_with_an_async_generator_is_not_repeated(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("status=503; retry-after-ms=1", path="/files")
    made = Generated(CONTENT)
    with pytest.raises(InternalServerError) as caught:
        await client.files.create(file=made(), purpose="user_data")
    assert (len(caught.value.attempts), len(emulator.requests), made.closed) == (1, 1, 1)


async def test_an_async_generator_is_closed_when_the_connection_breaks(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("disconnect-upload=1000", path="/files")
    made = Generated(b"x" * 50_000_000)
    with pytest.raises(APIConnectionError):
        await client.files.create(file=made(), purpose="user_data")
    assert made.closed == 1
    assert made.given < 500


async def test_an_async_generator_is_closed_when_the_call_is_cancelled(
    client: AsyncOpenAI,
) -> None:
    waiting, closed = anyio.Event(), anyio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            yield b"x"
            waiting.set()
            await anyio.sleep_forever()
        finally:
            closed.set()

    async with anyio.create_task_group() as group:

        async def upload() -> None:
            await client.files.create(file=endless(), purpose="user_data")

        group.start_soon(upload)
        await waiting.wait()
        group.cancel_scope.cancel()
    assert closed.is_set()


async def test_a_generator_is_closed_when_nobody_could_be_reached(free_tcp_port: int) -> None:
    made = Generated(CONTENT)
    pieces = made()
    await anext(pieces)
    url = f"http://127.0.0.1:{free_tcp_port}/v1"
    async with AsyncOpenAI(api_key="k", base_url=url) as client:
        with pytest.raises(APIConnectionError):
            await client.files.create(file=pieces, purpose="user_data")
    assert made.closed == 1


class Broken(Exception):
    pass


@pytest.mark.parametrize(
    "failure", [Broken("no more"), PermissionError(13, "denied"), TimeoutError(), SystemExit(3)]
)
async def test_the_error_of_a_generator_is_raised_itself(
    client: AsyncOpenAI, emulator: Emulator, failure: BaseException
) -> None:
    async def breaking() -> AsyncGenerator[bytes, None]:
        yield b"x"
        raise failure

    with pytest.raises(type(failure)) as caught:
        await client.files.create(file=breaking(), purpose="user_data")
    assert caught.value is failure
    assert emulator.files == []


async def test_a_path_that_cannot_be_read_is_no_failure_of_the_connection(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(CONTENT)

    class Vanishing(os.PathLike[str]):
        """Is there when it is measured, and gone when it is opened."""

        asked = 0

        def __fspath__(self) -> str:
            self.asked += 1
            return str(path if self.asked < 3 else tmp_path / "gone.txt")

    with pytest.raises(FileNotFoundError, match=r"gone.txt"):
        await client.files.create(file=Vanishing(), purpose="user_data")
    assert emulator.files == []


def test_system_exit_of_a_generator_leaves_the_blocking_client_working(
    sync_client: OpenAI,
) -> None:
    async def breaking() -> AsyncGenerator[bytes, None]:
        yield b"x"
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        sync_client.files.create(file=breaking(), purpose="user_data")
    assert sync_client.models.list().data
