"""Progress of bulk uploads, as bars of tqdm and rich show it: one line for each."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress
from tqdm import tqdm

from openai_async import AsyncOpenAI, UploadsProgress
from openai_async.helpers.file_batches import UploadProgress
from openai_async.types.vector_stores import VectorStoreFileBatch
from openai_sync import OpenAI

FILES = [(f"{number}.txt", b"remember the milk") for number in range(7)]


def bar_of_rich() -> tuple[Progress, Any]:
    bars = Progress(console=Console(file=io.StringIO()), disable=True)
    return bars, bars.add_task("upload", total=None)


def test_tqdm_shows_a_blocking_upload(sync_client: OpenAI) -> None:
    store = sync_client.vector_stores.create(name="notes")
    written = io.StringIO()
    with tqdm(total=len(FILES), file=written) as bar:
        sync_client.vector_stores.file_batches.upload_and_poll(
            store.id, files=FILES, on_progress=lambda p: bar.update(p.uploaded - bar.n)
        )
        assert bar.n == len(FILES)
    assert "7/7" in written.getvalue()


async def test_tqdm_shows_an_awaited_upload(client: AsyncOpenAI) -> None:
    store = await client.vector_stores.create(name="notes")
    with tqdm(total=len(FILES), file=io.StringIO()) as bar:
        await client.vector_stores.file_batches.upload_and_poll(
            store.id, files=FILES, on_progress=lambda p: bar.update(p.uploaded - bar.n)
        )
        assert bar.n == len(FILES)


def test_rich_shows_a_blocking_upload(sync_client: OpenAI) -> None:
    store = sync_client.vector_stores.create(name="notes")
    bars, task = bar_of_rich()
    sync_client.vector_stores.file_batches.upload_and_poll(
        store.id,
        files=FILES,
        on_progress=lambda p: bars.update(task, completed=p.uploaded, total=p.total),
    )
    assert (bars.tasks[0].completed, bars.tasks[0].total) == (7, 7)


async def test_rich_shows_what_the_server_has_processed(client: AsyncOpenAI) -> None:
    store = await client.vector_stores.create(name="notes")
    bars, task = bar_of_rich()
    await client.vector_stores.file_batches.upload_and_poll(
        store.id,
        files=FILES,
        on_progress=lambda p: bars.update(task, completed=p.processed, total=p.total),
    )
    assert (bars.tasks[0].completed, bars.tasks[0].total) == (7, 7)


def test_tqdm_shows_many_files_and_their_bytes(sync_client: OpenAI) -> None:
    written = io.StringIO()
    with tqdm(unit="B", unit_scale=True, file=written) as bar:

        def show(p: UploadsProgress) -> None:
            bar.total = p.bytes_total
            bar.update(p.bytes_done - bar.n)

        sync_client.files.upload_many(FILES, purpose="user_data", on_progress=show)
        assert (bar.n, bar.total) == (7 * 17, 7 * 17)
    assert "119/119" in written.getvalue()


async def test_rich_shows_many_files(client: AsyncOpenAI) -> None:
    bars, task = bar_of_rich()
    await client.files.upload_many(
        FILES,
        purpose="user_data",
        on_progress=lambda p: bars.update(task, completed=p.done, total=p.total),
    )
    assert (bars.tasks[0].completed, bars.tasks[0].total) == (7, 7)


@pytest.mark.parametrize(
    ("counts", "processed"),
    [
        ({"completed": 3, "failed": 2, "cancelled": 1, "in_progress": 4, "total": 10}, 6),
        ({"completed": 3}, 3),
        (None, 0),
    ],
)
def test_processed_is_what_the_server_is_done_with(counts: Any, processed: int) -> None:
    batch = VectorStoreFileBatch.model_construct(file_counts=counts)
    assert UploadProgress(10, 10, batch).processed == processed


def test_nothing_is_processed_before_there_is_a_batch() -> None:
    assert UploadProgress(10, 10).processed == 0
