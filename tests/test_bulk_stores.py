"""`vector_stores.file_batches.upload_many`: uploaded, added in batches, and processed or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from openai_async import (
    AsyncOpenAI,
    BadRequestError,
    DeadlineExceeded,
    FileProcessingError,
    NotFoundError,
    Uploads,
    UploadsFailed,
    UploadsProgress,
)
from openai_async._bulk.attaching import chunks
from openai_async.emulator import Emulator
from openai_async.types.vector_stores import VectorStoreFileBatch
from openai_sync import OpenAI


class Store:
    """A vector store that is filled."""

    def __init__(self, client: AsyncOpenAI, emulator: Emulator, place: Path, made: Any) -> None:
        self.client = client
        self.emulator = emulator
        self.ledger = place / "ledger.jsonl"
        self.id: str = made.id

    async def fill(self, files: Any, **options: Any) -> Uploads:
        fill = self.client.vector_stores.file_batches.upload_many
        return await fill(self.id, files=files, **options)

    async def status(self) -> dict[str, str]:
        """Of each file that is in the store, by its name."""
        names = {file.id: file.filename for file in self.emulator.files}
        files = self.client.vector_stores.files.list(self.id)
        return {names[file.id]: file.status async for file in files}

    def batches(self) -> list[list[str]]:
        """The files that each new batch was asked for with."""
        path = f"/v1/vector_stores/{self.id}/file_batches"
        asked = self.emulator.requests
        return [each.json()["file_ids"] for each in asked if each.path == path]

    def forget(self, *events: str) -> None:
        lines = self.ledger.read_text().splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line).get("event") not in events]
        self.ledger.write_text("".join(kept))


@pytest.fixture
async def store(client: AsyncOpenAI, emulator: Emulator, tmp_path: Path) -> Store:
    return Store(client, emulator, tmp_path, await client.vector_stores.create())


def content(names: str) -> list[tuple[str, bytes]]:
    return [(name, name.encode()) for name in names]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (4, [4]), (9, [4, 4, 1])])
def test_chunks(count: int, sizes: list[int]) -> None:
    items = [str(number) for number in range(count)]
    parts = list(chunks(iter(items), 4))
    assert [len(part) for part in parts] == sizes
    assert [item for part in parts for item in part] == items


async def test_all_that_can_be_uploaded_is_added_and_processed(store: Store) -> None:
    store.emulator.fault("status=400", path="/files", method="POST")
    uploads = await store.fill(content("abc"), max_concurrency=1)
    assert [result.status for result in uploads] == ["failed", "ok", "ok"]
    assert await store.status() == {"b": "completed", "c": "completed"}
    (batch,) = uploads.batches
    assert (batch.status, batch.file_counts.completed) == ("completed", 2)
    assert store.batches() == [uploads.file_ids]


async def test_file_that_cannot_be_processed_says_why(store: Store) -> None:
    files = [("good.txt", b"x"), ("bad.fail", b"x")]
    uploads = await store.fill(files)
    good, bad = uploads
    assert (good.status, bad.status) == ("ok", "failed")
    assert isinstance(bad.error, FileProcessingError)
    assert (bad.error.code, bad.error.file_id) == ("unsupported_file", bad.file_id)
    assert uploads.file_ids == [good.file_id]
    with pytest.raises(UploadsFailed, match=r"bad\.fail: .* could not be read"):
        uploads.raise_for_failures()


async def test_files_go_in_batches_as_large_as_the_api_takes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai_async._bulk.attaching.MOST", 4)
    uploads = await store.fill(content("abcdefghij"))
    assert [len(batch) for batch in store.batches()] == [4, 4, 2]
    assert [each for batch in store.batches() for each in batch] == uploads.file_ids
    assert len(uploads.batches) == 3
    assert set((await store.status()).values()) == {"completed"}


async def test_ids_of_before_are_added_and_are_results(store: Store) -> None:
    known = await store.client.files.create(file=("k.txt", b"x"), purpose="assistants")
    bad = await store.client.files.create(file=("k.fail", b"x"), purpose="assistants")
    uploads = await store.fill(content("a"), file_ids=[known.id, bad.id])
    assert [result.status for result in uploads] == ["ok", "skipped", "failed"]
    assert [result.file_id for result in uploads][1:] == [known.id, bad.id]
    assert set(await store.status()) == {"a", "k.txt", "k.fail"}


async def test_ids_may_come_from_a_generator(store: Store) -> None:
    known = await store.client.files.create(file=("k.txt", b"x"), purpose="assistants")
    ids: Any = (each for each in [known.id])
    assert repr(await store.fill([], file_ids=ids)) == "<Uploads: 1 skipped>"
    assert await store.status() == {"k.txt": "completed"}


async def test_ids_alone_are_enough(store: Store) -> None:
    known = await store.client.files.create(file=("k.txt", b"x"), purpose="assistants")
    uploads = await store.fill([], file_ids=[known.id])
    assert repr(uploads) == "<Uploads: 1 skipped>"
    assert await store.status() == {"k.txt": "completed"}


async def test_nothing_is_no_batch(store: Store) -> None:
    assert len(await store.fill([])) == 0
    assert store.batches() == []


async def test_attributes_and_chunks_go_to_each_batch(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai_async._bulk.attaching.MOST", 1)
    static: Any = {
        "type": "static",
        "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 10},
    }
    await store.fill(content("ab"), attributes={"team": "x"}, chunking_strategy=static)
    files = [file async for file in store.client.vector_stores.files.list(store.id)]
    assert [file.attributes for file in files] == [{"team": "x"}] * 2
    assert all(file.chunking_strategy.type == "static" for file in files if file.chunking_strategy)


async def test_store_that_does_not_exist_is_told_before_anything_is_uploaded(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    with pytest.raises(NotFoundError):
        await client.vector_stores.file_batches.upload_many("vs_none", files=content("ab"))
    assert emulator.files == []


async def test_batch_that_is_refused_fails_its_files_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai_async._bulk.attaching.MOST", 2)
    store.emulator.fault("status=400", path="/vector_stores/*/file_batches")
    uploads = await store.fill(content("abcd"))
    assert [result.status for result in uploads] == ["failed", "failed", "ok", "ok"]
    assert isinstance(uploads[0].error, BadRequestError)
    assert uploads[0].file_id is not None


async def test_batch_without_an_id_fails_its_files(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def create(self: Any, *arguments: Any, **options: Any) -> VectorStoreFileBatch:
        return VectorStoreFileBatch.model_construct(status="in_progress")

    monkeypatch.setattr("openai_async.resources.vector_stores.FileBatches.create", create)
    uploads = await store.fill(content("ab"), ledger=store.ledger)
    assert repr(uploads) == "<Uploads: 2 failed>"
    assert "without the id of the batch" in str(uploads[0].error)
    monkeypatch.undo()
    assert repr(await store.fill(content("ab"), ledger=store.ledger)) == "<Uploads: 2 skipped>"
    assert await store.status() == dict.fromkeys("ab", "completed")


async def test_batch_that_cannot_be_asked_about_fails_its_files(store: Store) -> None:
    store.emulator.fault("status=403", path="/vector_stores/*/file_batches/*", method="GET")
    uploads = await store.fill(content("ab"))
    assert [result.status for result in uploads] == ["failed", "failed"]


@pytest.mark.parametrize("where", ["/files", "/vector_stores/*/file_batches"])
async def test_failing_fast(where: str, store: Store) -> None:
    store.emulator.fault("status=400", path=where, method="POST")
    with pytest.raises(UploadsFailed) as caught:
        await store.fill(content("ab"), fail_fast=True, max_concurrency=1)
    assert isinstance(caught.value.__cause__, BadRequestError)
    assert caught.value.uploads.failed


async def test_progress_tells_of_uploads_and_then_of_batches(store: Store) -> None:
    seen: list[UploadsProgress] = []
    await store.fill([*content("abc"), ("d.fail", b"x")], on_progress=seen.append)
    assert [each.done for each in seen[:4]] == [1, 2, 3, 4]
    assert [each.batch for each in seen[:4]] == [None] * 4
    last = [each for each in seen if each.batch is not None][-1]
    assert (last.processed, last.total) == (4, 4)
    assert (seen[-1].ok, seen[-1].failed) == (3, 1)


async def test_deadline_ends_the_wait(store: Store) -> None:
    store.emulator.settings.processing_seconds = 3600
    with pytest.raises(DeadlineExceeded) as caught:
        await store.fill(content("ab"), deadline=2)
    assert len(caught.value.last_event) <= 2


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"max_concurrency": 0}, ValueError, "max_concurrency"),
        ({"poll_interval_ms": -1}, ValueError, "poll_interval_ms"),
        ({"file_ids": "file-1"}, TypeError, "file_ids must be"),
        ({"files": 7}, TypeError, "files must be"),
    ],
)
async def test_impossible_arguments_upload_nothing(
    options: dict[str, Any], error: type[Exception], match: str, store: Store
) -> None:
    store.emulator.clear()
    with pytest.raises(error, match=match):
        await store.fill(**{"files": content("a"), **options})
    assert store.emulator.requests == []


# With a ledger


async def test_second_run_adds_nothing(store: Store) -> None:
    first = await store.fill(content("abc"), ledger=store.ledger)
    store.emulator.clear()
    second = await store.fill(content("abc"), ledger=store.ledger)
    assert repr(second) == "<Uploads: 3 skipped>"
    assert second.file_ids == first.file_ids
    assert all(each.method == "GET" for each in store.emulator.requests)


async def test_second_run_adds_what_is_new_missing_or_failed(store: Store) -> None:
    first = await store.fill([*content("abc"), ("d.fail", b"x")], ledger=store.ledger)
    await store.client.vector_stores.files.delete(first.file_ids[1], vector_store_id=store.id)
    store.emulator.clear()
    files = [*content("abcn"), ("d.fail", b"x")]
    second = await store.fill(files, ledger=store.ledger)
    assert [result.status for result in second] == ["skipped"] * 3 + ["ok", "failed"]
    (added,) = store.batches()
    assert added == [second[1].file_id, second[3].file_id, second[4].file_id]
    assert len(await store.status()) == 5


async def test_other_store_gets_all(store: Store, client: AsyncOpenAI) -> None:
    await store.fill(content("abc"), ledger=store.ledger)
    store.id = (await client.vector_stores.create()).id
    uploads = await store.fill(content("abc"), ledger=store.ledger)
    assert len(uploads.skipped) == 3
    assert len(await store.status()) == 3


async def test_run_that_waited_is_followed_by_one_that_waits_on(store: Store) -> None:
    store.emulator.settings.processing_seconds = 3600

    def stop(progress: UploadsProgress) -> None:
        if progress.batch is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await store.fill([*content("ab"), ("c.fail", b"x")], ledger=store.ledger, on_progress=stop)

    def hurry(progress: UploadsProgress) -> None:
        if progress.batch is not None:
            store.emulator.advance(3600)

    store.emulator.clear()
    files = [*content("ab"), ("c.fail", b"x")]
    uploads = await store.fill(files, ledger=store.ledger, on_progress=hurry)
    assert store.batches() == []
    assert [result.status for result in uploads] == ["skipped", "skipped", "failed"]


async def test_failure_in_an_old_batch_is_forgotten_once_the_file_is_added_again(
    store: Store,
) -> None:
    store.emulator.settings.processing_seconds = 3000

    def stop(progress: UploadsProgress) -> None:
        if progress.batch is not None:
            raise KeyboardInterrupt

    files = [("c.fail", b"x"), *content("ab")]
    with pytest.raises(KeyboardInterrupt):
        await store.fill(files, ledger=store.ledger, on_progress=stop, max_concurrency=1)
    store.emulator.advance(1500)  # the first of three has failed, the second is in progress
    store.emulator.files[0].filename = "c.txt"  # which the server can process
    store.emulator.clear()
    store.emulator.settings.processing_seconds = 0

    def hurry(progress: UploadsProgress) -> None:
        if progress.batch is not None:
            store.emulator.advance(3000)

    uploads = await store.fill(files, ledger=store.ledger, on_progress=hurry)
    assert store.batches() == [[uploads[0].file_id]]
    assert repr(uploads) == "<Uploads: 3 skipped>"


async def test_batch_whose_answer_was_lost_is_made_again(store: Store) -> None:
    """Killed after the batch was asked for, before its id was known."""
    await store.fill(content("ab"), ledger=store.ledger)
    store.forget("batch")
    store.emulator.clear()
    uploads = await store.fill(content("abc"), ledger=store.ledger)
    assert len(uploads.skipped) == 2
    assert store.batches() == [[uploads[2].file_id]]  # the others are there, as the server says
    assert await store.status() == dict.fromkeys("abc", "completed")


async def test_many_files_of_a_store_come_in_pages(store: Store) -> None:
    files = [(f"{number}.txt", b"x") for number in range(120)]
    await store.fill(files, ledger=store.ledger)
    store.emulator.clear()
    assert repr(await store.fill(files, ledger=store.ledger)) == "<Uploads: 120 skipped>"
    assert store.batches() == []


def test_blocking_client_fills_a_store(sync_client: OpenAI, tmp_path: Path) -> None:
    store = sync_client.vector_stores.create()
    (tmp_path / "a.txt").write_text("a")
    uploads = sync_client.vector_stores.file_batches.upload_many(
        store.id, files=[tmp_path, ("b.fail", b"x")]
    )
    assert [result.status for result in uploads] == ["ok", "failed"]
