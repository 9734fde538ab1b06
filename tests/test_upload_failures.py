"""Uploads in parts that fail: the error is raised itself, and the server forgets the upload."""

from __future__ import annotations

import gc
import io
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest
from byte_streams import Generated, Unseekable
from chunked import CONTENT, KINDS, SIZED, cancelled, chunked, notes, paths

from openai_async import (
    APIConnectionError,
    AsyncOpenAI,
    BadRequestError,
    DeadlineExceeded,
    InternalServerError,
)
from openai_async.emulator import Emulator


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize(
    ("file", "more", "error", "message"),
    [
        (b"x", {}, TypeError, "filename= is needed"),
        (io.BytesIO(b"x"), {}, TypeError, "filename= is needed"),
        (Unseekable(b"x"), {"bytes": 1}, TypeError, "filename= is needed"),
        (Unseekable(b"x"), {"filename": "a"}, TypeError, "bytes= is needed"),
        (b"x", {"filename": "a", "bytes": 2}, ValueError, "bytes=2, but file has 1 bytes"),
        (b"", {"filename": "a"}, ValueError, "file has 0 bytes"),
        (Unseekable(b""), {"filename": "a", "bytes": 0}, ValueError, "file has 0 bytes"),
        (b"x", {"filename": "a", "part_size": 0}, ValueError, "part_size must be 1 to 67108864"),
        (b"x", {"filename": "a", "part_size": 2**26 + 1}, ValueError, "part_size must be 1 to"),
        (b"x", {"filename": "a", "max_concurrency": 0}, ValueError, "max_concurrency must be"),
        (("a", b"x"), {}, TypeError, "file must not be a tuple: pass the name as filename="),
        (5, {}, TypeError, "file must be bytes, a path .* not int"),
        (io.StringIO("x"), {}, TypeError, "file must be opened in binary mode"),
        (Path("nowhere.bin"), {}, FileNotFoundError, "nowhere.bin"),
        ("nowhere.bin", {}, FileNotFoundError, "nowhere.bin"),
        (Path(), {}, IsADirectoryError, "'.'"),
        (b"x", {"filename": "a", "deadline": -1}, ValueError, "deadline must be"),
    ],
)
async def test_impossible_arguments_send_nothing(
    client: AsyncOpenAI,
    emulator: Emulator,
    file: Any,
    more: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        await chunked(client, file, **more)
    assert emulator.requests == []


@pytest.mark.parametrize("kind", ["path", "unseekable", "async generator"])
async def test_a_failed_part_cancels_the_upload(
    client: AsyncOpenAI, emulator: Emulator, path: Path, kind: str
) -> None:
    make, more, _ = KINDS[kind]
    emulator.fault("status=400; message=No.", path="/uploads/*/parts")
    with pytest.raises(BadRequestError, match=r"No\.") as caught:
        await chunked(client, make(path), **more)
    assert "This happened to part " in notes(caught.value)
    assert (paths(emulator)[-1], cancelled(emulator)) == ("cancel", [True])


async def test_a_part_that_keeps_failing_cancels_the_upload(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    emulator.fault("status=503; retry-after-ms=1", path="/uploads/*/parts", times=100)
    with pytest.raises(InternalServerError) as caught:
        await chunked(client, path, max_concurrency=1)
    assert len(caught.value.attempts) == 3
    assert cancelled(emulator) == [True]


async def test_a_failed_completion_cancels_the_upload(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    with pytest.raises(BadRequestError, match="md5") as caught:
        await chunked(client, path, md5="0" * 32)
    assert cancelled(emulator) == [True]
    assert notes(caught.value) == ""


async def test_a_failed_announcement_cancels_nothing(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    emulator.fault("status=400", path="/uploads")
    with pytest.raises(BadRequestError):
        await chunked(client, path)
    assert paths(emulator) == ["uploads"]


async def test_a_cancellation_that_fails_too_is_noted(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    emulator.fault("status=400; message=No.", path="/uploads/*/parts", times=100)
    emulator.fault("status=409; message=Busy.; should-retry=false", path="/uploads/*/cancel")
    with pytest.raises(BadRequestError) as caught:
        await chunked(client, path)
    assert " waits until it expires, since it could not be cancelled: " in notes(caught.value)
    assert "Busy." in notes(caught.value)


@pytest.mark.parametrize("kind", ["path", "async generator"])
async def test_cancelling_the_call_cancels_the_upload(
    client: AsyncOpenAI, emulator: Emulator, path: Path, kind: str
) -> None:
    make, more, _ = KINDS[kind]
    emulator.fault("stall=60", path="/uploads/*/parts", times=100)
    started = anyio.Event()

    async def tell(sent: int, total: int) -> None:
        started.set()

    async with anyio.create_task_group() as group:

        async def upload() -> None:
            await chunked(client, make(path), on_progress=tell, **more)

        group.start_soon(upload)
        await started.wait()
        group.cancel_scope.cancel()
    assert cancelled(emulator) == [True]
    assert client.pool_stats().in_use == 0


async def test_the_deadline_ends_it_and_cancels_the_upload(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    emulator.fault("stall=60", path="/uploads/*/parts", times=100)
    with pytest.raises(DeadlineExceeded):
        await chunked(client, path, deadline=0.5)
    assert cancelled(emulator) == [True]


async def test_the_deadline_of_the_client_is_for_all_of_it(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    async def stuck() -> AsyncGenerator[bytes, None]:
        yield b"x"
        await anyio.sleep_forever()

    with pytest.raises(DeadlineExceeded, match="reading the file"):
        await chunked(client.with_options(deadline=0.5), stuck(), filename="a", bytes=10)
    assert cancelled(emulator) == [True]


async def test_a_file_that_vanishes_is_named(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    async def vanish(sent: int, total: int) -> None:
        if path.exists():  # noqa: ASYNC240
            os.unlink(path)

    with pytest.raises(FileNotFoundError, match=r"notes.txt"):
        await chunked(client, path, max_concurrency=1, on_progress=vanish)
    assert cancelled(emulator) == [True]


async def test_a_file_that_shrinks_is_named(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    with pytest.raises(ValueError, match=r"notes.txt became shorter"):
        await chunked(
            client, path, max_concurrency=1, on_progress=lambda *_: os.truncate(path, 15_000)
        )
    assert cancelled(emulator) == [True]


async def test_a_file_that_grows_is_not_completed(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    def grow(sent: int, total: int) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    with pytest.raises(ValueError, match=r"notes.txt was changed while it was sent"):
        await chunked(client, path, on_progress=grow)
    assert "complete" not in paths(emulator)
    assert cancelled(emulator) == [True]


class Broken(Exception):
    pass


@pytest.mark.parametrize("failure", [Broken(), SystemExit(3), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["iterator", "on_progress"])
async def test_errors_of_the_caller_are_raised_themselves(
    client: AsyncOpenAI, emulator: Emulator, failure: BaseException, where: str
) -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield CONTENT[:25_000]
        if where == "iterator":
            raise failure
        yield CONTENT[25_000:]

    def tell(sent: int, total: int) -> None:
        if where == "on_progress":
            raise failure

    with pytest.raises(type(failure)) as caught:
        await chunked(client, pieces(), on_progress=tell, **SIZED)
    assert caught.value is failure
    assert cancelled(emulator) == [True]


async def test_a_generator_is_closed_when_the_upload_cannot_be_announced(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    made = Generated(CONTENT)
    pieces = made()
    assert await anext(pieces)
    emulator.fault("status=400", path="/uploads")
    with pytest.raises(BadRequestError):
        await chunked(client, pieces, **SIZED)
    assert made.closed == 1


@pytest.mark.parametrize(
    "more",
    [
        {"bytes": None},
        {"filename": None},
        {"bytes": 0},
        {"part_size": 0},
        {"max_concurrency": 0},
        {"deadline": -1},
    ],
    ids=str,
)
async def test_a_generator_is_closed_when_arguments_are_refused(
    client: AsyncOpenAI, more: dict[str, Any]
) -> None:
    made = Generated(CONTENT)
    pieces = made()
    assert await anext(pieces)
    with pytest.raises((TypeError, ValueError)):
        await chunked(client, pieces, **{**SIZED, **more})
    assert made.closed == 1


async def test_a_file_that_was_closed_hides_no_error(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    emulator.fault("status=400; message=No.", path="/uploads/*/parts")
    with path.open("rb") as file, pytest.raises(BadRequestError, match=r"No\."):
        await chunked(client, file, part_size=len(CONTENT), on_progress=lambda *_: file.close())


async def test_nobody_answers(free_tcp_port: int, path: Path) -> None:
    url = f"http://127.0.0.1:{free_tcp_port}/v1"
    async with AsyncOpenAI(api_key="k", base_url=url, max_retries=0) as client:
        with pytest.raises(APIConnectionError):
            await chunked(client, path)
    gc.collect()
