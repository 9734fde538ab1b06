"""Progress of a request that sends files: what is told, and when it begins anew."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest
from byte_streams import Generated, Unseekable

from openai_async import APIConnectionError, AsyncOpenAI, BadRequestError
from openai_async._parts import Progress
from openai_async._sources import PIECE
from openai_async.emulator import Emulator
from openai_sync import OpenAI

SIZE = 3 * PIECE + 1000
CONTENT = b"x" * SIZE

Told = list[tuple[int, "int | None"]]

STEPS = [PIECE, 2 * PIECE, 3 * PIECE, SIZE]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("kind", ["path", "bytes", "handle"])
async def test_every_piece_is_told_up_to_the_total(
    client: AsyncOpenAI, path: Path, kind: str
) -> None:
    file: Any = {"path": path, "bytes": CONTENT, "handle": io.BytesIO(CONTENT)}[kind]
    told: Told = []
    await client.files.create(
        file=file, purpose="batch", on_progress=lambda sent, total: told.append((sent, total))
    )
    assert told == [(sent, SIZE) for sent in STEPS]


@pytest.mark.parametrize("kind", ["unseekable", "generator"])
async def test_the_total_is_none_until_it_is_known(client: AsyncOpenAI, kind: str) -> None:
    file: Any = Generated(CONTENT, PIECE)() if kind == "generator" else Unseekable(CONTENT)
    told: Told = []
    await client.files.create(
        file=file, purpose="batch", on_progress=lambda sent, total: told.append((sent, total))
    )
    assert {total for _, total in told[:-1]} == {None}
    assert told[-2:] == [(SIZE, None), (SIZE, SIZE)]
    assert told == sorted(told, key=lambda each: each[0])


async def test_an_empty_file_is_done_at_once(client: AsyncOpenAI) -> None:
    told: Told = []
    await client.files.create(
        file=("empty.txt", b""), purpose="batch", on_progress=lambda *each: told.append(each)
    )
    assert told == [(0, 0)]


async def test_it_begins_anew_when_the_request_is_repeated(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    emulator.fault("status=503; retry-after-ms=1", path="/files")
    told: Told = []
    await client.files.create(
        file=path, purpose="batch", on_progress=lambda sent, total: told.append((sent, total))
    )
    assert [sent for sent, _ in told] == STEPS * 2


async def test_a_coroutine_function_is_awaited_in_the_loop(client: AsyncOpenAI) -> None:
    threads = set()

    async def tell(sent: int, total: int | None) -> None:
        await anyio.lowlevel.checkpoint()
        threads.add(threading.get_ident())

    await client.files.create(file=CONTENT, purpose="batch", on_progress=tell)
    assert threads == {threading.get_ident()}


def test_a_plain_function_of_the_blocking_client_may_call_the_client(sync_client: OpenAI) -> None:
    models = []

    def tell(sent: int, total: int | None) -> None:
        if sent == total:
            models.append(sync_client.models.list())

    sync_client.files.create(file=CONTENT, purpose="batch", on_progress=tell)
    assert len(models) == 1


@pytest.mark.parametrize("failure", [LookupError("enough"), SystemExit(3), OSError("pipe")])
async def test_the_error_of_the_function_is_raised_itself(
    client: AsyncOpenAI, emulator: Emulator, failure: BaseException
) -> None:
    def tell(sent: int, total: int | None) -> None:
        raise failure

    with pytest.raises(type(failure)) as caught:
        await client.files.create(file=CONTENT, purpose="batch", on_progress=tell)
    assert caught.value is failure
    assert emulator.files == []
    assert not isinstance(caught.value, APIConnectionError)


async def test_all_files_of_a_request_are_counted_together(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    told: Told = []
    emulator.fault("status=400", path="/skills")
    with pytest.raises(BadRequestError):
        await client.skills.create(
            files=[("a.txt", b"x" * 10), ("b.txt", b"x" * 5)],
            on_progress=lambda sent, total: told.append((sent, total)),
        )
    assert told == [(10, 15), (15, 15)]


async def test_raw_answers_have_progress_too(client: AsyncOpenAI) -> None:
    told: Told = []
    raw = await client.files.with_raw_response.create(
        file=b"x", purpose="batch", on_progress=lambda sent, total: told.append((sent, total))
    )
    assert raw.parse().bytes == 1
    assert told == [(1, 1)]


async def test_a_streamed_answer_has_progress_too(client: AsyncOpenAI, emulator: Emulator) -> None:
    told: Told = []
    emulator.fault("status=400", path="/audio/transcriptions")
    with pytest.raises(BadRequestError):
        await client.audio.transcriptions.create(
            file=("a.wav", b"x"),
            model="whisper-1",
            stream=True,
            on_progress=lambda sent, total: told.append((sent, total)),
        )
    assert told == [(1, 1)]


async def test_a_request_without_its_file_tells_nothing(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    told: Told = []
    emulator.fault("status=400", path="/containers/*/files")
    with pytest.raises(BadRequestError):
        await client.containers.files.create(
            "c", file_id="f", on_progress=lambda sent, total: told.append((sent, total))
        )
    assert told == []


# Parts that are sent at the same time


async def test_progress_is_one_sum_that_ends_at_the_total() -> None:
    told: list[tuple[int, int]] = []

    async def tell(sent: int, total: int) -> None:
        await anyio.lowlevel.checkpoint()
        told.append((sent, total))

    progress = Progress(tell, 300)

    async def move(part: int) -> None:
        for sent in range(10, 101, 10):
            await progress.moved(part, sent, 100)
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        for part in (1, 2, 3):
            group.start_soon(move, part)
    assert told == sorted(told)
    assert told[-1] == (300, 300)


async def test_progress_goes_back_when_a_part_is_repeated() -> None:
    told: list[int] = []
    progress = Progress(lambda sent, total: told.append(sent), 30)
    for part, sent in ((1, 10), (2, 20), (1, 5), (1, 10)):
        await progress.moved(part, sent, None)
    assert told == [10, 30, 25, 30]


async def test_progress_is_told_by_one_call_at_a_time() -> None:
    running, most = 0, 0

    async def tell(sent: int, total: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await anyio.wait_all_tasks_blocked()
        running -= 1

    progress = Progress(tell, 4)
    async with anyio.create_task_group() as group:
        for part in range(4):
            group.start_soon(progress.moved, part, 1, 1)
    assert most == 1
