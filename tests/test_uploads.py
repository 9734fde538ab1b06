"""Many uploads at once: how many, in which order, and what happens when one fails."""

from __future__ import annotations

import gc
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from openai_async import APIConnectionError, AsyncOpenAI, BadRequestError
from openai_async._uploads import describe, upload_all
from openai_async.emulator import Emulator
from openai_async.helpers.file_batches import UploadProgress


class Server:
    """Takes uploads, as many at once as are let in, and counts them."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0
        self.begun: list[Any] = []
        self.cancelled: list[Any] = []

    async def upload(self, file: Any) -> str:
        self.begun.append(file)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.work(file)
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(file)
            raise
        finally:
            self.running -= 1
        return f"id of {file}"

    async def work(self, file: Any) -> None:
        await anyio.wait_all_tasks_blocked()


class Failing(Server):
    """Fails with `failure` at file 3, while all others take for ever."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self.failure = failure

    async def work(self, file: Any) -> None:
        if file == 3:
            await anyio.wait_all_tasks_blocked()
            raise self.failure
        if file > 0:
            await anyio.sleep_forever()


def notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


@pytest.mark.parametrize(("bound", "most"), [(1, 1), (3, 3), (10, 10), (50, 10)])
async def test_bound_is_reached_and_never_exceeded(bound: int, most: int) -> None:
    class Together(Server):
        async def work(self, file: Any) -> None:
            # All that may run are running before the first of them ends.
            while self.most < most:
                await anyio.lowlevel.checkpoint()

    server = Together()
    with anyio.fail_after(10):
        await upload_all(server.upload, range(10), max_concurrency=bound)
    assert server.most == most


async def test_results_have_the_order_of_the_files() -> None:
    class Backwards(Server):
        async def work(self, file: Any) -> None:
            while len(self.begun) < 4 or self.running > file + 1:
                await anyio.lowlevel.checkpoint()

    server = Backwards()
    with anyio.fail_after(10):
        results = await upload_all(server.upload, range(4), max_concurrency=4)
    assert results == [f"id of {number}" for number in range(4)]


async def test_no_files_are_no_results() -> None:
    assert await upload_all(Server().upload, [], max_concurrency=5) == []


@pytest.mark.parametrize("bound", [0, -1])
async def test_bound_must_be_at_least_one(bound: int) -> None:
    server = Server()
    with pytest.raises(ValueError, match="max_concurrency"):
        await upload_all(server.upload, [1], max_concurrency=bound)
    assert server.begun == []


async def test_iterator_is_consumed_as_uploads_begin() -> None:
    server = Server()
    ahead: list[int] = []

    def files() -> Iterator[int]:
        for number in range(6):
            ahead.append(number - len(server.begun))
            yield number

    await upload_all(server.upload, files(), max_concurrency=2)
    assert ahead == [0] * 6


async def test_failure_is_raised_itself_and_cancels_the_others() -> None:
    failure = LookupError("broken")
    server = Failing(failure)
    with pytest.raises(LookupError) as caught:
        await upload_all(server.upload, range(20), max_concurrency=4)
    assert caught.value is failure
    assert sorted(server.cancelled) == [1, 2, 4]
    assert server.begun == [0, 1, 2, 3, 4]


async def test_failure_names_the_file_and_what_was_uploaded() -> None:
    with pytest.raises(LookupError) as caught:
        await upload_all(Failing(LookupError()).upload, range(20), max_concurrency=4)
    assert notes(caught.value) == [
        "This happened to file 3 (int without a name).",
        "Uploaded before that, and still on the server: id of 0.",
    ]


async def test_failure_of_the_first_file_leaves_nothing() -> None:
    async def upload(file: Any) -> str:
        raise LookupError

    with pytest.raises(LookupError) as caught:
        await upload_all(upload, [1], max_concurrency=1)
    assert notes(caught.value)[-1].endswith("still on the server: none.")


async def test_error_of_the_iterator_is_raised_itself() -> None:
    failure = LookupError("no more")
    server = Failing(AssertionError())

    def files() -> Iterator[int]:
        yield from (0, 1, 2)
        raise failure

    with pytest.raises(LookupError) as caught:
        await upload_all(server.upload, files(), max_concurrency=4)
    assert caught.value is failure
    assert notes(failure) == ["Uploaded before that, and still on the server: id of 0."]
    assert sorted(server.cancelled) == [1, 2]


async def test_error_of_the_report_is_raised_itself() -> None:
    failure = LookupError("enough")

    async def report(done: int) -> None:
        raise failure

    with pytest.raises(LookupError) as caught:
        await upload_all(Server().upload, [1], max_concurrency=1, on_upload=report)
    assert caught.value is failure
    assert notes(failure) == ["Uploaded before that, and still on the server: id of 1."]


async def test_cancelling_from_outside_cancels_all() -> None:
    server = Failing(AssertionError())
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:

            async def run() -> None:
                await upload_all(server.upload, [4, 5, 6], max_concurrency=3)

            group.start_soon(run)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert sorted(server.cancelled) == [4, 5, 6]
    assert server.running == 0


async def test_reports_count_one_by_one() -> None:
    reports: list[int] = []

    async def report(done: int) -> None:
        await anyio.lowlevel.checkpoint()
        reports.append(done)

    await upload_all(Server().upload, range(9), max_concurrency=4, on_upload=report)
    assert reports == list(range(1, 10))


class Named(io.BytesIO):
    name = "named.txt"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (Path("dir") / "a.txt", str(Path("dir") / "a.txt")),
        (("b.txt", b"secret"), "b.txt"),
        ((None, Path("c.txt")), "c.txt"),
        ((None, b"secret"), "bytes without a name"),
        (b"secret", "bytes without a name"),
        (Named(b"secret"), "named.txt"),
        (io.BytesIO(b"secret"), "BytesIO without a name"),
        ((), "tuple without a name"),
        ((None,), "tuple without a name"),
    ],
)
def test_description_of_a_file_never_has_its_content(file: Any, name: str) -> None:
    assert describe(file) == name


# upload_and_poll


async def fill(client: AsyncOpenAI, files: Any, **options: Any) -> Any:
    store = await client.vector_stores.create()
    return await client.vector_stores.file_batches.upload_and_poll(store.id, files=files, **options)


def uploads(emulator: Emulator) -> int:
    return sum(request.path == "/v1/files" for request in emulator.requests)


async def test_files_of_all_kinds_become_a_batch(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "path.txt"
    path.write_bytes(b"from a path")
    files = [path, ("tuple.txt", b"from a tuple"), io.BytesIO(b"from a file"), b"from bytes"]
    batch = await fill(client, files, max_concurrency=2)
    assert (batch.status, batch.file_counts.completed) == ("completed", 4)
    stored = {file.filename: file for file in emulator.files}
    assert set(stored) == {"path.txt", "tuple.txt", "upload"}
    assert {file.purpose for file in emulator.files} == {"assistants"}


async def test_batch_has_given_ids_and_then_files_in_their_order(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    known = await client.files.create(file=("known.txt", b"x"), purpose="assistants")
    names = [f"{number}.txt" for number in range(8)]
    await fill(client, [(name, b"x") for name in names], file_ids=[known.id])
    create = next(r for r in emulator.requests if r.path.endswith("/file_batches"))
    by_id = {file.id: file.filename for file in emulator.files}
    assert [by_id[each] for each in create.json()["file_ids"]] == ["known.txt", *names]


async def test_chunking_strategy_goes_to_the_batch(client: AsyncOpenAI, emulator: Emulator) -> None:
    await fill(client, [b"x"], chunking_strategy={"type": "auto"})
    create = next(r for r in emulator.requests if r.path.endswith("/file_batches"))
    assert create.json()["chunking_strategy"] == {"type": "auto"}


@pytest.mark.parametrize("sized", [True, False])
async def test_progress_grows_and_ends_with_the_batch(sized: bool, client: AsyncOpenAI) -> None:
    seen: list[UploadProgress] = []
    files = [b"1", b"2", b"3"]
    batch = await fill(client, files if sized else iter(files), on_progress=seen.append)
    assert [progress.uploaded for progress in seen][:3] == [1, 2, 3]
    assert {progress.total for progress in seen} == {3 if sized else None}
    assert [progress.batch for progress in seen][:3] == [None] * 3
    assert seen[-1].uploaded == 3
    assert seen[-1].batch == batch


async def test_one_bad_file_stops_the_upload(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("status=400; message=No.", path="/files")
    with pytest.raises(BadRequestError) as caught:
        await fill(client, [("bad.txt", b"x"), ("good.txt", b"x")], max_concurrency=1)
    assert "bad.txt" in notes(caught.value)[0]
    assert uploads(emulator) == 1
    assert not any(request.path.endswith("/file_batches") for request in emulator.requests)


async def test_missing_file_is_named(client: AsyncOpenAI, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        await fill(client, [tmp_path / "nowhere.txt"])
    assert "nowhere.txt" in notes(caught.value)[0]


async def test_upload_is_tried_again(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("status=500; retry-after-ms=1", path="/files")
    assert (await fill(client, [b"x"])).file_counts.completed == 1


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"files": []}, ValueError, "files is empty"),
        ({"files": [b"x"], "max_concurrency": 0}, ValueError, "max_concurrency"),
        ({"files": [b"x"], "poll_interval_ms": -1}, ValueError, "poll_interval_ms"),
        ({"files": "a.txt"}, TypeError, "files must be a list"),
        ({"files": b"text"}, TypeError, "files must be a list"),
        ({"files": io.BytesIO(b"text")}, TypeError, "files must be a list"),
        ({"files": Path("a.txt")}, TypeError, "not iterable"),
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
        await client.vector_stores.file_batches.upload_and_poll("vs_1", **options)
    assert emulator.requests == []


async def test_ids_alone_are_enough(client: AsyncOpenAI) -> None:
    known = await client.files.create(file=b"x", purpose="assistants")
    assert (await fill(client, [], file_ids=[known.id])).file_counts.completed == 1


async def test_files_already_open_are_sent_whole(client: AsyncOpenAI, emulator: Emulator) -> None:
    file = io.BytesIO()
    file.write(b"written")
    await fill(client, [("f.txt", file)])
    (stored,) = emulator.files
    assert stored.read() == b"written"


async def test_connection_that_breaks_during_an_upload(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("disconnect-upload", path="/files", times=2)
    with pytest.raises(APIConnectionError):
        await fill(client.with_options(max_retries=0), [b"x" * 3_000_000])
    gc.collect()


async def test_error_of_the_batch_says_what_was_uploaded(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("status=400", path="/vector_stores/*/file_batches")
    with pytest.raises(BadRequestError) as caught:
        await fill(client, [b"one", b"two"])
    uploaded = [file.id async for file in client.files.list(order="asc")]
    said = "".join(notes(caught.value))
    assert len(uploaded) == 2
    assert all(each in said for each in uploaded)


# Large files


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_large_file_is_never_held_in_memory(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "large.bin"
    size = 200 * 1024 * 1024
    with path.open("wb") as file:
        file.truncate(size)
    await client.models.list()
    emulator.clear()
    tracemalloc.start()
    try:
        made = await client.files.create(file=path, purpose="batch")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert made.bytes == size
    assert peak < 16 * 1024 * 1024
