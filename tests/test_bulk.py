"""`files.upload_many`: one result for each file, whatever happens to it and to the others."""

from __future__ import annotations

import gc
import io
import pickle
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from uploading import content, lists, posts, stored, upload

from openai_async import (
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    DeadlineExceeded,
    UploadResult,
    Uploads,
    UploadsFailed,
    UploadsProgress,
)
from openai_async.emulator import Emulator
from openai_async.types.files import FileObject
from openai_sync import OpenAI


def notes(error: BaseException) -> str:
    return "\n".join(getattr(error, "__notes__", []))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(f"content {number}")
    return tmp_path


async def test_files_of_all_kinds_in_their_order(
    client: AsyncOpenAI, emulator: Emulator, tree: Path
) -> None:
    files = [tree, ("n.bin", b"abc"), io.BytesIO(b"handle"), str(tree / "0.txt")]
    uploads = await upload(client, files)
    names = [f"{number}.txt" for number in range(5)] + ["n.bin", "upload", "0.txt"]
    assert [result.name for result in uploads] == names
    by_id = {file.id: (file.filename, file.read()) for file in emulator.files}
    assert [by_id[file_id][0] for file_id in uploads.file_ids] == names
    assert by_id[uploads.file_ids[6]] == ("upload", b"handle")
    assert {file.purpose for file in emulator.files} == {"assistants"}
    assert repr(uploads) == "<Uploads: 8 ok>"
    assert uploads[0].path == str(tree / "0.txt")
    assert uploads[0].size == len("content 0")
    assert isinstance(uploads[0].file, FileObject)
    assert lists(emulator) == 0  # nothing was doubtful


async def test_tuple_keeps_its_type_and_expiry_is_sent(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    lifetime: Any = {"anchor": "created_at", "seconds": 3600}
    uploads = await upload(client, ("a", b"x", "text/x-own"), expires_after=lifetime)
    (file,) = emulator.files
    assert (file.content_type, file.expires_at) == ("text/x-own", file.created_at + 3600)
    assert len(uploads) == 1


async def test_bad_files_fail_and_all_others_are_uploaded(
    client: AsyncOpenAI, emulator: Emulator, tree: Path
) -> None:
    emulator.fault("status=400; message=No.", path="/files")
    bad: list[Any] = [
        ("bad.txt", b"x"),
        tree / "none",
        7,
        io.StringIO("a"),
        ("n", "a"),
        ("d", tree),
    ]
    uploads = await upload(client, [*bad, tree], max_concurrency=1)
    assert repr(uploads) == "<Uploads: 5 ok, 6 failed>"
    assert [type(result.error) for result in uploads.failed] == [
        BadRequestError,
        FileNotFoundError,
        TypeError,
        TypeError,
        TypeError,
        IsADirectoryError,
    ]
    assert lists(emulator) == 0  # no doubt that these were not stored
    assert stored(emulator) == {f"{n}.txt": f"content {n}".encode() for n in range(5)}
    assert len(uploads.ok) == len(uploads.file_ids) == 5


async def test_failures_are_raised_together_and_named(client: AsyncOpenAI, tree: Path) -> None:
    uploads = await upload(client, [tree / "none", tree / "0.txt", tree / "nowhere"])
    with pytest.raises(UploadsFailed) as caught:
        uploads.raise_for_failures()
    lines = str(caught.value).splitlines()
    assert lines[0] == "2 of 3 files failed:"
    assert str(tree / "none") in lines[1]
    assert "nowhere: FileNotFoundError" in lines[2]
    assert caught.value.uploads is uploads
    assert caught.value.exceptions == tuple(result.error for result in uploads.failed)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert list(again.uploads)[1] == uploads[1]


async def test_no_failure_raises_nothing(client: AsyncOpenAI, tree: Path) -> None:
    (await upload(client, tree)).raise_for_failures()


async def test_no_files_are_no_results(client: AsyncOpenAI, emulator: Emulator) -> None:
    uploads = await upload(client, [])
    assert (len(uploads), repr(uploads)) == (0, "<Uploads: no files>")
    assert emulator.requests == []


def test_results_are_a_sequence() -> None:
    results = [UploadResult(name, "ok", file_id=name) for name in "abc"]
    uploads = Uploads(results)
    assert (uploads[1], uploads[1:], uploads[-1]) == (results[1], results[1:], results[2])
    assert uploads.index(results[2]) == 2
    assert results[0] in uploads


def test_error_names_a_hundred_and_counts_the_rest() -> None:
    failed = [UploadResult(str(n), "failed", error=OSError("no")) for n in range(150)]
    lines = str(UploadsFailed(Uploads(failed))).splitlines()
    assert len(lines) == 102
    assert lines[-1] == "  and 50 more: see uploads.failed"


async def test_first_failure_ends_a_job_that_shall_fail_fast(
    client: AsyncOpenAI, emulator: Emulator, tree: Path
) -> None:
    files = [tree / "0.txt", tree / "none", tree / "1.txt"]
    with pytest.raises(UploadsFailed) as caught:
        await upload(client, files, fail_fast=True, max_concurrency=1)
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert repr(caught.value.uploads) == "<Uploads: 1 ok, 1 failed>"
    assert set(stored(emulator)) == {"0.txt"}


async def test_failing_fast_cancels_those_that_run(
    client: AsyncOpenAI, emulator: Emulator, tree: Path
) -> None:
    emulator.fault("stall=3600", path="/files", method="POST")
    with anyio.fail_after(60), pytest.raises(UploadsFailed):
        await upload(client, [b"stalls", tree / "none"], fail_fast=True, max_concurrency=2)


async def test_at_most_so_many_at_once(emulator: Emulator) -> None:
    running, most = 0, 0

    class Client(AsyncOpenAI):
        async def _authenticate(self, *args: Any) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            while most < 3:
                await anyio.lowlevel.checkpoint()
            running -= 1
            await super()._authenticate(*args)

    async with Client(api_key="k", base_url=emulator.base_url) as client:
        with anyio.fail_after(60):
            assert len((await upload(client, content("abcdefgh"), max_concurrency=3)).ok) == 8
    assert most == 3


async def test_iterator_is_consumed_as_uploads_begin(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    ahead: list[int] = []

    def files() -> Iterator[tuple[str, bytes]]:
        for number in range(20):
            ahead.append(number - posts(emulator))
            yield str(number), b"x"

    assert len((await upload(client, files(), max_concurrency=2)).ok) == 20
    assert max(ahead) <= 4  # two that run, one that waits, one that is made


async def test_error_of_the_iterator_is_raised_itself(client: AsyncOpenAI) -> None:
    failure = LookupError("no more")

    def files() -> Iterator[bytes]:
        yield b"one"
        raise failure

    with pytest.raises(LookupError) as caught:
        await upload(client, files())
    assert caught.value is failure
    assert "files were done before that" in notes(failure)


# What one is told, all are


async def test_all_wait_when_one_is_told_to(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.settings.rate_limit = (2, 0.05)
    uploads = await upload(client, content("abcdefghijkl"), max_concurrency=12)
    assert len(uploads.ok) == 12
    assert sorted(stored(emulator)) == list("abcdefghijkl")
    assert lists(emulator) == 0  # an upload that was refused leaves no copy


async def test_quota_that_is_used_up_is_not_waited_for(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("status=429; code=insufficient_quota", path="/files")
    (result,) = await upload(client, b"x")
    assert result.status == "failed"
    assert posts(emulator) == 1


async def test_wrong_key_is_told_for_each(emulator: Emulator) -> None:
    async with AsyncOpenAI(api_key="sk-invalid", base_url=emulator.base_url) as client:
        uploads = await upload(client, content("ab"))
    assert [type(result.error) for result in uploads] == [AuthenticationError] * 2


# Ends


async def test_deadline_tells_what_was_done(client: AsyncOpenAI, emulator: Emulator) -> None:
    def stall(progress: UploadsProgress) -> None:
        if progress.done == 2:
            emulator.fault("stall=3600", path="/files", method="POST")

    options: Any = {"max_concurrency": 1, "deadline": 2, "on_progress": stall}
    with pytest.raises(DeadlineExceeded) as caught:
        await upload(client, content("abc"), **options)
    done = caught.value.last_event  # two, unless this machine has better things to do
    assert [result.name for result in done] == list("abc"[: len(done)])
    assert len(done) < 3
    counts = f"{len(done)} ok" if done else "none"
    assert f"{len(done)} of 3 files were done before that: {counts}." in notes(caught.value)


async def test_cancelling_tells_what_was_done(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("stall=3600", path="/files", method="POST")
    said = ""

    async def run() -> None:
        nonlocal said
        try:
            await upload(client, content("ab"), max_concurrency=2)
        except anyio.get_cancelled_exc_class() as error:
            said = notes(error)
            raise

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        while not emulator.files:
            await anyio.lowlevel.checkpoint()
        while client.pool_stats().in_use > 1:
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert said == "1 of 2 files were done before that: 1 ok."
    assert client.pool_stats().in_use == 0


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"max_concurrency": 0}, ValueError, "max_concurrency"),
        ({"orphans": "burn"}, ValueError, "orphans must be"),
        ({"files": None}, TypeError, "files must be"),
        ({"deadline": -1}, ValueError, "deadline"),
    ],
)
async def test_impossible_arguments_upload_nothing(
    options: dict[str, Any],
    error: type[Exception],
    match: str,
    client: AsyncOpenAI,
    emulator: Emulator,
) -> None:
    with pytest.raises(error, match=match):
        await upload(client, **{"files": [b"x"], **options})
    assert emulator.requests == []


# Progress


async def test_progress_counts_files_and_bytes(client: AsyncOpenAI, tree: Path) -> None:
    seen: list[UploadsProgress] = []
    uploads = await upload(client, [tree, tree / "none"], on_progress=seen.append)
    assert [each.done for each in seen] == [1, 2, 3, 4, 5, 6]
    assert {each.total for each in seen} == {6}
    assert (seen[-1].ok, seen[-1].failed, seen[-1].skipped) == (5, 1, 0)
    assert (seen[-1].bytes_sent, seen[-1].bytes_total) == (45, 45)
    told = [each.file for each in seen]
    assert all(result in told for result in uploads)


async def test_progress_of_a_large_file_comes_by_the_mebibyte(client: AsyncOpenAI) -> None:
    seen: list[UploadsProgress] = []
    await upload(client, bytes(5 << 20), on_progress=seen.append)
    within = [each.bytes_sent for each in seen if each.file is None]
    assert within == sorted(within)
    assert len(within) >= 4
    assert (seen[-1].bytes_done, seen[-1].bytes_total) == (5 << 20, 5 << 20)


@pytest.mark.parametrize("size", [1, 5 << 20])
async def test_error_of_on_progress_ends_the_job(size: int, client: AsyncOpenAI) -> None:
    failure, told = LookupError("enough"), 0

    async def report(progress: UploadsProgress) -> None:
        nonlocal told
        told += 1
        if told == 1:
            raise failure

    with pytest.raises(LookupError) as caught:
        await upload(client, [bytes(size)], on_progress=report)
    assert caught.value is failure


async def test_results_hold_no_content_of_files_that_failed(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    class Closed(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("closed")

    handle = Closed(b"x")
    held = weakref.ref(handle)
    uploads = await upload(client, iter([handle]))
    del handle
    gc.collect()
    assert str(uploads[0].error) == "closed"
    assert held() is None
    assert lists(emulator) == 0  # what was not sent to its end was not stored


# Blocking


def test_blocking_client_uploads_many(sync_client: OpenAI, emulator: Emulator, tree: Path) -> None:
    emulator.fault("lost", path="/files", method="POST")
    seen: list[int] = []
    uploads = sync_client.files.upload_many(
        [tree, tree / "none"],
        purpose="batch",
        orphans="delete",
        ledger=tree / ".ledger",
        on_progress=lambda p: seen.append(p.done),
    )
    assert (len(uploads.ok), len(uploads.failed), seen) == (5, 1, [1, 2, 3, 4, 5, 6])
    assert len(stored(emulator)) == 5
