"""Jobs of batches that go wrong, that end early, and that go on later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from many_requests import CHAT, asking, created, many, notes, said, sent

from openai_async import (
    AsyncOpenAI,
    BadRequestError,
    BatchProgress,
    DeadlineExceeded,
    LedgerError,
    NotFoundError,
)
from openai_async._batches.lines import Limits
from openai_async._deadline import Deadline
from openai_async.emulator import Emulator
from openai_async.types.batches import Batch


def left(directory: Path) -> list[Path]:
    return list(directory.iterdir())


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are; nothing is left there."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(path))
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch has six requests at most."""
    monkeypatch.setattr("openai_async._batches.files.LIMITS", Limits(6, 10**6, 10))


# What goes wrong


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"requests": "text"}, TypeError, "requests must be a list"),
        ({"requests": many(1), "method": len}, TypeError, "client.chat.completions.create"),
        ({"requests": many(1), "method": "/v1/files"}, ValueError, "choose from"),
        ({"requests": many(1), "method": CHAT, "batch_ids": "batch_1"}, TypeError, "a list of"),
        (
            {"requests": many(1), "method": CHAT, "batch_ids": ["x"], "ledger": "y"},
            TypeError,
            "either batch_ids= or ledger=",
        ),
        ({"requests": many(1), "method": CHAT, "poll_interval_ms": -1}, ValueError, "poll_interv"),
        (
            {"requests": [asking(0, custom_id="a"), asking(1), asking(2, custom_id="a")]},
            ValueError,
            "Requests 0 and 2 have the same custom_id 'a'",
        ),
        (
            {"requests": [asking(0, custom_id="request-1"), asking(1)]},
            ValueError,
            "Requests 0 and 1 have the same custom_id 'request-1'",
        ),
    ],
)
async def test_mistakes_are_told_before_anything_is_sent(
    client: AsyncOpenAI,
    emulator: Emulator,
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    arguments.setdefault("method", CHAT)
    with pytest.raises(error, match=message):
        await client.batches.map(**arguments)
    assert emulator.requests == []


async def test_methods_that_batches_do_not_know_are_refused(client: AsyncOpenAI) -> None:
    with pytest.raises(ValueError, match="whose endpoint they know"):
        await client.batches.map([{"model": "m"}], client.models.retrieve)


async def test_files_are_refused(client: AsyncOpenAI) -> None:
    request = {"image": b"png", "prompt": "A cat."}
    (result,) = await client.batches.map([request], client.images.edit)
    assert "A batch cannot have files" in str(result.error)


async def test_a_refused_batch_is_an_error_of_the_job(
    client: AsyncOpenAI, emulator: Emulator, directory: Path
) -> None:
    emulator.fault("status=400; message=No.", path="/v1/batches", method="POST")
    with pytest.raises(BadRequestError, match="No"):
        await client.batches.map(many(1), client.chat.completions.create)
    assert left(directory) == []


@pytest.mark.parametrize(
    "fault",
    ["lost", "lost; reset", "lost; status=500; retry-after-ms=5", "status=429; retry-after-ms=5"],
)
async def test_lost_answers_create_no_second_batch(
    client: AsyncOpenAI, emulator: Emulator, fault: str
) -> None:
    emulator.fault(fault, path="/v1/batches", method="POST", times=2)
    results = await client.batches.map(many(3), client.chat.completions.create)
    assert [said(result) for result in results] == ["Say 0", "Say 1", "Say 2"]
    assert len((await client.batches.list()).data) == 1


async def test_a_lost_answer_is_found_even_if_nothing_is_tried_again(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("lost", path="/v1/batches", method="POST")
    once = client.with_options(max_retries=0)
    results = await once.batches.map(many(3), once.chat.completions.create)
    assert all(result.ok for result in results)
    assert created(emulator) == 1


async def test_retries_of_the_creation_are_told(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("status=503; retry-after-ms=5", path="/v1/batches", method="POST")
    told: list[int] = []
    telling = client.with_options(on_retry=lambda retry: told.append(retry.attempt))
    await telling.batches.map(many(1), telling.chat.completions.create)
    assert told == [1]


@pytest.mark.parametrize("fault", ["cut=300", "cut=300; reset", "status=503; retry-after-ms=5"])
async def test_results_are_read_again_if_the_connection_breaks(
    client: AsyncOpenAI, emulator: Emulator, fault: str
) -> None:
    emulator.fault(fault, path="/v1/files/*/content", times=2)
    results = await client.batches.map(many(5), client.chat.completions.create)
    assert [said(result) for result in results] == [f"Say {n}" for n in range(5)]


async def test_all_together_on_a_bad_network(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.random_faults(0.2, seed=3)
    patient = client.with_options(max_retries=20)
    results = await patient.batches.map(many(30), patient.chat.completions.create)
    assert all(result.ok for result in results)
    emulator.clear_faults()
    assert len((await client.batches.list()).data) == 1


# What ends it


@pytest.mark.parametrize("stop", [True, False])
async def test_a_deadline_names_the_batches_and_cancels_them_if_that_is_wanted(
    client: AsyncOpenAI, emulator: Emulator, directory: Path, stop: bool
) -> None:
    emulator.settings.processing_seconds = 3600
    begun: list[Batch] = []
    clock: Any = Deadline(3600)

    async def expire(batch: Batch) -> None:
        begun.append(batch)
        clock.at = anyio.current_time()

    with pytest.raises(DeadlineExceeded) as caught:
        await client.batches.map(
            many(3),
            client.chat.completions.create,
            on_batch=expire,
            cancel_on_exit=stop,
            deadline=clock,
        )
    (batch,) = begun
    (note,) = notes(caught.value)
    assert batch.id in note
    assert "batch_ids=" in note
    status = (await client.batches.retrieve(batch.id)).status
    assert (status in {"cancelling", "cancelled"}) is stop
    assert left(directory) == []


@pytest.mark.parametrize("stop", [True, False])
async def test_cancelling_leaves_batches_running_unless_that_is_not_wanted(
    client: AsyncOpenAI, emulator: Emulator, directory: Path, stop: bool
) -> None:
    emulator.settings.processing_seconds = 3600
    with anyio.fail_after(20), anyio.CancelScope() as scope:

        async def begin(batch: Batch) -> None:
            scope.cancel()

        await client.batches.map(
            many(3), client.chat.completions.create, on_batch=begin, cancel_on_exit=stop
        )
    (batch,) = (await client.batches.list()).data
    assert (batch.status in {"cancelling", "cancelled"}) is stop
    assert left(directory) == []


async def test_a_batch_whose_answer_never_came_is_cancelled_too(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.settings.processing_seconds = 3600
    emulator.fault("late=3600", path="/v1/batches", method="POST")
    with anyio.fail_after(20), anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:

            async def cancel_in_the_middle() -> None:
                while not emulator.batches:
                    await anyio.lowlevel.checkpoint()
                scope.cancel()

            group.start_soon(cancel_in_the_middle)
            await client.batches.map(many(3), client.chat.completions.create, cancel_on_exit=True)
    (batch,) = (await client.batches.list()).data
    assert batch.status in {"cancelling", "cancelled"}


@pytest.mark.parametrize("failure", [LookupError("x"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("where", ["on_batch", "on_progress"])
async def test_what_users_functions_raise_is_raised(
    client: AsyncOpenAI, failure: BaseException, where: str
) -> None:
    async def fail(_: object) -> None:
        raise failure

    options: dict[str, Any] = {where: fail}
    with pytest.raises(type(failure)) as caught:
        await client.batches.map(many(1), client.chat.completions.create, **options)
    assert caught.value is failure
    assert "Batches of this job: batch_" in notes(failure)[-1]


# Going on


class Stopped(Exception):
    """What stops a job."""


async def begun_batches(client: AsyncOpenAI, count: int = 20, **options: Any) -> list[str]:
    """The ids of batches of a job that ended as soon as all of them were there."""
    begun: list[str] = []

    async def stop(progress: BatchProgress) -> None:
        begun[:] = [batch.id for batch in progress.batches]
        if len(begun) == -(-count // 6):
            raise Stopped

    with pytest.raises(Stopped):
        await client.batches.map(
            many(count), client.chat.completions.create, on_progress=stop, **options
        )
    return begun


@pytest.mark.usefixtures("small")
async def test_batches_are_picked_up_by_their_ids(
    client: AsyncOpenAI, emulator: Emulator, directory: Path
) -> None:
    begun = await begun_batches(client)
    results = await client.batches.map(
        many(), client.chat.completions.create, batch_ids=[*reversed(begun)]
    )
    assert [said(result) for result in results] == [f"Say {n}" for n in range(20)]
    assert created(emulator) == 4
    assert left(directory) == []


@pytest.mark.usefixtures("small")
async def test_what_is_in_none_of_the_batches_says_so(client: AsyncOpenAI) -> None:
    begun = await begun_batches(client)
    method = client.chat.completions.create
    results = await client.batches.map(many(), method, batch_ids=begun[:3])
    assert sum(result.ok for result in results) in {14, 18}
    errors = [result.error for result in results if not result.ok]
    assert {getattr(error, "code", None) for error in errors} == {"missing"}


async def test_batches_of_other_requests_are_refused(client: AsyncOpenAI) -> None:
    begun = await begun_batches(client, 5)
    with pytest.raises(ValueError, match="it is a batch of other requests") as caught:
        await client.batches.map(many(2), client.chat.completions.create, batch_ids=begun)
    assert begun[0] in str(caught.value)
    with pytest.raises(NotFoundError):
        await client.batches.map(many(2), client.chat.completions.create, batch_ids=["batch_x"])


@pytest.mark.usefixtures("small")
async def test_a_ledger_creates_nothing_twice(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    await begun_batches(client, ledger=ledger)
    before = created(emulator), sent(emulator, "POST", "/v1/files")
    assert before == (4, 4)
    for _ in range(2):
        results = await client.batches.map(many(), client.chat.completions.create, ledger=ledger)
        assert [said(result) for result in results] == [f"Say {n}" for n in range(20)]
    assert (created(emulator), sent(emulator, "POST", "/v1/files")) == before
    # Other requests are another job, in the same ledger if need be.
    await client.batches.map(many(3), client.chat.completions.create, ledger=ledger)
    assert created(emulator) == 5


async def test_a_ledger_goes_on_after_the_upload(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    ledger, method = tmp_path / "ledger", client.chat.completions.create
    emulator.fault("status=400", path="/v1/batches", method="POST")
    with pytest.raises(BadRequestError):
        await client.batches.map(many(3), method, ledger=ledger)
    results = await client.batches.map(many(3), method, ledger=ledger)
    assert all(result.ok for result in results)
    assert sent(emulator, "POST", "/v1/files") == 1


async def test_a_ledger_finds_a_batch_whose_id_nobody_wrote_down(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    ledger, method = tmp_path / "ledger", client.chat.completions.create
    emulator.fault("late=3600", path="/v1/batches", method="POST")
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:

            async def cancel_in_the_middle() -> None:
                while not emulator.batches:
                    await anyio.lowlevel.checkpoint()
                scope.cancel()

            group.start_soon(cancel_in_the_middle)
            await client.batches.map(many(3), method, ledger=ledger)
    results = await client.batches.map(many(3), method, ledger=ledger)
    assert all(result.ok for result in results)
    assert created(emulator) == 1


async def test_what_was_cancelled_is_begun_again(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    ledger, method = tmp_path / "ledger", client.chat.completions.create
    emulator.settings.processing_seconds = 3600
    await begun_batches(client, 3, ledger=ledger, cancel_on_exit=True)
    emulator.settings.processing_seconds = 0
    results = await client.batches.map(many(3), method, ledger=ledger)
    assert all(result.ok for result in results)
    assert created(emulator) == 2


async def test_a_ledger_of_something_else_is_refused(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    await client.files.upload_many([b"x"], purpose="assistants", ledger=ledger)
    uploads = len(emulator.requests)
    with pytest.raises(LedgerError, match="no ledger of batches"):
        await client.batches.map(many(1), client.chat.completions.create, ledger=ledger)
    assert len(emulator.requests) == uploads
