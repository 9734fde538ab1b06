"""Bulk uploads with a ledger: a later run goes on where the one before ended."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from openai_async import AsyncOpenAI, LedgerError, PermissionDeniedError, Uploads, UploadsProgress
from openai_async._bulk.ledger import Ledger
from openai_async.emulator import Emulator


class Job:
    """Files in a directory, and the ledger of their uploads."""

    def __init__(self, client: AsyncOpenAI, emulator: Emulator, place: Path) -> None:
        self.client = client
        self.emulator = emulator
        self.files = place / "files"
        self.ledger = place / "ledger.jsonl"
        self.files.mkdir()
        for number in range(5):
            (self.files / f"{number}.txt").write_text(f"content {number}")

    async def run(self, files: Any = None, **options: Any) -> Uploads:
        given = {"purpose": "assistants", "ledger": self.ledger, "orphans": "delete", **options}
        return await self.client.files.upload_many(self.files if files is None else files, **given)

    def history(self) -> Any:
        ledger = Ledger(self.ledger)
        ledger.open()
        ledger.close()
        return ledger.history

    def forget(self, keep: Callable[[dict[str, Any]], bool]) -> None:
        """Makes the ledger what it would be if the program had been killed earlier."""
        lines = [json.loads(line) for line in self.ledger.read_text().splitlines()]
        kept = [line for line in lines if "event" not in line or keep(line)]
        self.ledger.write_text("".join(json.dumps(line) + "\n" for line in kept))

    def check(self) -> None:
        """Each file is on the server once, nothing else is, and the ledger knows."""
        stored = sorted((file.filename, file.read()) for file in self.emulator.files)
        paths = (path for path in self.files.rglob("*") if path.is_file())
        assert stored == sorted((path.name, path.read_bytes()) for path in paths)
        history = self.history()
        current = {upload.file_id for upload in history.latest.values()}
        assert current == {file.id for file in self.emulator.files}
        assert (history.orphans, history.doubts) == ({}, {})


@pytest.fixture
def job(client: AsyncOpenAI, emulator: Emulator, tmp_path: Path) -> Job:
    return Job(client, emulator, tmp_path)


async def test_second_run_uploads_nothing(job: Job) -> None:
    first = await job.run()
    job.emulator.clear()
    second = await job.run()
    assert repr(second) == "<Uploads: 5 skipped>"
    assert second.file_ids == first.file_ids
    assert [(each.method, each.path) for each in job.emulator.requests] == [("GET", "/v1/files")]
    job.check()


async def test_second_run_uploads_what_is_new_or_failed(job: Job) -> None:
    job.emulator.fault("status=400", path="/files", method="POST")
    assert repr(await job.run()) == "<Uploads: 4 ok, 1 failed>"
    (job.files / "new.txt").write_text("new")
    assert repr(await job.run()) == "<Uploads: 2 ok, 4 skipped>"
    job.check()


async def test_changed_file_replaces_the_old_one(job: Job) -> None:
    before = await job.run()
    (job.files / "1.txt").write_text("CONTENT 1")  # as long as it was
    listed = await job.run(orphans="list")
    (orphan,) = listed.orphans
    assert (orphan.file_id, orphan.reason) == (before.file_ids[1], "replaced")
    assert len(job.emulator.files) == 6
    uploads = await job.run()
    assert repr(uploads) == "<Uploads: 5 skipped; 1 orphan>"
    assert uploads.orphans[0].deleted
    job.check()


async def test_file_that_changes_while_it_is_sent_is_sent_again_by_the_next_run(job: Job) -> None:
    path = job.files / "0.txt"

    def change(progress: UploadsProgress) -> None:
        if progress.file is None and progress.bytes_sent < 2 << 20:
            with path.open("r+b") as file:
                file.seek(3 << 20)
                file.write(b"changed")

    path.write_bytes(bytes(4 << 20))
    uploads = await job.run(path, on_progress=change)
    assert repr(uploads) == "<Uploads: 1 ok>"
    path.write_bytes(bytes(4 << 20))  # what it was when it was hashed, and is not on the server
    assert repr(await job.run()) == "<Uploads: 5 ok; 1 orphan>"
    job.check()


async def test_what_the_server_has_no_more_is_uploaded_again(job: Job) -> None:
    uploads = await job.run()
    await job.client.files.delete(uploads.file_ids[2])
    assert repr(await job.run()) == "<Uploads: 1 ok, 4 skipped>"
    job.check()


async def test_other_purpose_is_another_upload(job: Job) -> None:
    await job.run()
    assert repr(await job.run(purpose="batch")) == "<Uploads: 5 ok>"
    assert repr(await job.run()) == "<Uploads: 5 skipped>"
    assert len(job.emulator.files) == 10


async def test_upload_without_an_answer_is_found(job: Job) -> None:
    """Killed after the server had stored a file, and before the ledger knew."""
    first = await job.run()
    job.forget(lambda line: not (line["event"] == "done" and line["upload"] in (2, 4)))
    job.emulator.clear()
    second = await job.run()
    assert repr(second) == "<Uploads: 5 skipped>"
    assert second.file_ids == first.file_ids
    assert all(each.method == "GET" for each in job.emulator.requests)
    job.check()


async def test_upload_that_never_arrived_is_sent_again(job: Job) -> None:
    """Killed after the ledger was told that an upload begins, and before the server heard of it."""
    first = await job.run()
    job.forget(lambda line: line["event"] == "begin" or line["upload"] != 3)
    name = job.history().open[3].name
    (number,) = [n for n, result in enumerate(first) if result.name == name]
    await job.client.files.delete(first.file_ids[number])
    second = await job.run()
    assert [result.name for result in second.ok] == [name]
    job.check()


async def test_upload_that_failed_without_an_answer_is_found_by_the_next_run(job: Job) -> None:
    for _ in range(3):
        job.emulator.fault("lost", path="/files", method="POST")
    once = job.client.with_options(max_retries=0)
    job.client, client = once, job.client
    first = await job.run(orphans="keep", max_concurrency=1)
    assert len(first.failed) >= 1
    job.client = client
    second = await job.run()
    assert not second.ok
    assert len(second.skipped) == 5
    job.check()


async def test_upload_that_failed_and_is_found_by_the_same_run_is_in_the_ledger(job: Job) -> None:
    job.emulator.fault("lost", path="/files", method="POST")
    job.client = job.client.with_options(max_retries=0)
    assert repr(await job.run(max_concurrency=1)) == "<Uploads: 5 ok>"
    job.check()


async def test_two_contents_of_one_name_and_size_are_not_mistaken(job: Job) -> None:
    for name, text in (("a", "one"), ("b", "two")):
        (job.files / name).mkdir()
        (job.files / name / "same.txt").write_text(text)
    await job.run(max_concurrency=1)
    same = [upload.number for upload in job.history().latest.values() if "same" in upload.name]
    job.forget(lambda line: not (line["event"] == "done" and line["upload"] in same))
    uploads = await job.run()
    assert [result.name for result in uploads.ok] == ["same.txt", "same.txt"]
    assert len(uploads.orphans) == 2
    job.check()


async def test_same_content_of_one_name_is_found_for_each(job: Job) -> None:
    for name in ("a", "b"):
        (job.files / name).mkdir()
        (job.files / name / "same.txt").write_text("one")
    await job.run()
    same = [upload.number for upload in job.history().latest.values() if "same" in upload.name]
    job.forget(lambda line: not (line["event"] == "done" and line["upload"] in same))
    assert repr(await job.run()) == "<Uploads: 7 skipped>"
    job.check()


async def test_content_and_handles_are_known_by_name_and_hash(job: Job) -> None:
    def files() -> list[Any]:
        return [("a", b"one"), ("a", b"two"), b"three", ("b", io.BytesIO(b"four"))]

    first = await job.run(files())
    assert len(set(first.file_ids)) == 4
    second = await job.run([*files(), ("a", b"new")])
    assert repr(second) == "<Uploads: 1 ok, 4 skipped>"
    assert second.file_ids[:4] == first.file_ids
    assert second.orphans == []


async def test_handle_is_sent_whole_wherever_it_stands(job: Job) -> None:
    handle = io.BytesIO()
    handle.write(b"written")
    (result,) = await job.run(("h", handle))
    assert (result.status, result.size) == ("ok", 7)
    assert job.emulator.files[0].read() == b"written"


async def test_what_can_be_read_once_needs_no_ledger_and_cannot_have_one(job: Job) -> None:
    class Once(io.RawIOBase):
        done = False

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            piece, self.done = (b"" if self.done else b"once"), True
            return piece

    once: Any = Once()
    (with_ledger,) = await job.run(("o", once))
    assert "read only once" in str(with_ledger.error)
    (without,) = await job.run(("o", once), ledger=None)
    assert (without.status, job.emulator.files[0].read()) == ("ok", b"once")


async def test_same_file_given_twice_is_uploaded_once(job: Job) -> None:
    path = job.files / "0.txt"
    uploads = await job.run([path, path, job.files])
    assert repr(uploads) == "<Uploads: 5 ok, 2 skipped>"
    assert len({result.file_id for result in uploads if result.name == "0.txt"}) == 1
    job.check()


async def test_same_file_twice_is_tried_twice_if_it_fails(job: Job) -> None:
    path = job.files / "0.txt"
    job.emulator.fault("status=400", path="/files", method="POST")
    assert repr(await job.run([path, path])) == "<Uploads: 1 ok, 1 failed>"


async def test_ledger_in_the_directory_is_not_uploaded(job: Job) -> None:
    job.ledger = job.files / "ledger.jsonl"
    assert len(await job.run()) == 5
    assert len(await job.run(str(job.files / "*"))) == 5


async def test_cancelled_job_goes_on(job: Job) -> None:
    async with anyio.create_task_group() as group:

        def stop(progress: UploadsProgress) -> None:
            if progress.done == 2:
                job.emulator.fault("lost; late=3600", path="/files", method="POST")

        async def run() -> None:
            await job.run(on_progress=stop, max_concurrency=1)

        group.start_soon(run)
        while len(job.emulator.files) < 3:
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert len(job.history().latest) == 2
    uploads = await job.run()
    assert (len(uploads.skipped), len(uploads.ok)) == (3, 2)
    job.check()


async def test_second_job_with_the_same_ledger_is_refused(job: Job) -> None:
    refused: list[Exception] = []

    async def meanwhile(progress: UploadsProgress) -> None:
        if not refused:
            try:
                await job.run()
            except LedgerError as error:
                refused.append(error)

    await job.run(on_progress=meanwhile)
    assert "in use by another job" in str(refused[0])
    assert repr(await job.run()) == "<Uploads: 5 skipped>"  # and is free again


async def test_ledger_that_cannot_be_written_ends_the_job(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, lines = Ledger._append, 0

    def fill_up(ledger: Ledger, line: bytes) -> None:
        nonlocal lines
        lines += 1
        if lines == 5:
            raise LedgerError("no room")
        append(ledger, line)

    monkeypatch.setattr(Ledger, "_append", fill_up)
    with pytest.raises(LedgerError, match="no room"):
        await job.run(max_concurrency=1)
    assert len(job.emulator.files) == 2
    assert (await job.run()).failed == []
    job.check()


async def test_nothing_is_uploaded_if_the_server_cannot_be_asked_first(job: Job) -> None:
    await job.run()
    (job.files / "new.txt").write_text("new")
    job.emulator.fault("status=403", path="/files", method="GET")
    with pytest.raises(PermissionDeniedError):
        await job.run()
    assert len(job.emulator.files) == 5


async def test_many_pages_are_asked_for_only_as_far_as_needed(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai_async.emulator.files.PAGE_LIMIT", 2)
    for number in range(6):
        await job.client.files.create(file=(str(number), b"before"), purpose="assistants")
    await job.run()
    job.emulator.clear()
    assert repr(await job.run()) == "<Uploads: 5 skipped>"
    assert len(job.emulator.requests) == 3  # of six pages


async def test_server_that_has_one_page_only_is_asked_for_two(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(items: list[Any], query: Any, **limits: Any) -> dict[str, Any]:
        return {"object": "list", "data": items}

    monkeypatch.setattr("openai_async.emulator.files.page", page)
    await job.run()
    await job.client.files.delete(job.emulator.files[0].id)
    job.emulator.clear()
    assert repr(await job.run()) == "<Uploads: 1 ok, 4 skipped>"
    assert sum(each.method == "GET" for each in job.emulator.requests) == 2


async def test_ledger_has_no_text_of_errors_and_no_content(job: Job) -> None:
    job.emulator.fault("status=400; message=quoted secret", path="/files", method="POST")
    await job.run()
    text = job.ledger.read_text()
    assert "BadRequestError 400" in text
    assert "secret" not in text
    assert "content 1" not in text
