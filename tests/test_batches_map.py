"""Many requests as batches: what becomes of each of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from many_requests import CHAT, MODEL, asking, created, many, said

from openai_async import (
    AsyncOpenAI,
    BatchProgress,
    BatchRequestError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
)
from openai_async._batches.lines import Limits, Line, line_of, read_line
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


# What comes back


@pytest.mark.parametrize("form", ["method", "partial", "path", "lines"])
async def test_results_are_those_of_live_calls(client: AsyncOpenAI, form: str) -> None:
    requests: list[dict[str, Any]] = [*many(12), asking("x", custom_id="mine")]
    method: Any = client.chat.completions.create
    if form == "partial":
        requests = [{k: v for k, v in each.items() if k != "model"} for each in requests]
        method = partial(method, model=MODEL)
    elif form == "path":
        method = CHAT
    elif form == "lines":
        requests = [
            {
                "custom_id": each.pop("custom_id", f"request-{n}"),
                "method": "POST",
                "url": CHAT,
                "body": each,
            }
            for n, each in enumerate(requests)
        ]
        method = None
    live = await client.map(requests, method)
    batch = await client.batches.map(requests, method)
    assert batch == live
    assert [result.index for result in batch] == list(range(13))
    assert [said(result) for result in batch[:2]] == ["Say 0", "Say 1"]
    assert (batch[3].custom_id, batch[12].custom_id) == ("request-3", "mine")


async def test_embeddings_are_vectors(client: AsyncOpenAI) -> None:
    method = partial(client.embeddings.create, model="text-embedding-3-small")
    requests: list[dict[str, Any]] = [{"input": "a"}, {"input": ["b", "c"]}]
    batch = await client.batches.map(requests, method)
    assert batch == await client.map(requests, method)
    assert [len(result.get().data) for result in batch] == [1, 2]
    assert isinstance(batch[0].get().data[0].embedding[0], float)


async def test_images_are_made(client: AsyncOpenAI) -> None:
    request: dict[str, Any] = {"prompt": "A cat.", "model": "gpt-image-1"}
    (result,) = await client.batches.map([request], client.images.generate)
    assert result.get() == await client.images.generate(**request)


async def _awaited(requests: list[Any]) -> AsyncIterator[Any]:
    for each in requests:
        await anyio.lowlevel.checkpoint()
        yield each


@pytest.mark.parametrize("kind", [list, tuple, iter, _awaited])
@pytest.mark.parametrize("count", [0, 1, 600])
async def test_requests_come_from_anything_that_iterates(
    client: AsyncOpenAI,
    emulator: Emulator,
    directory: Path,
    kind: Callable[[list[Any]], Any],
    count: int,
) -> None:
    results = await client.batches.map(kind(many(count)), client.chat.completions.create)
    assert [said(result) for result in results] == [f"Say {n}" for n in range(count)]
    assert created(emulator) == min(count, 1)
    assert left(directory) == []
    if kind in {list, tuple} and count:
        assert results[0].request == asking(0)


async def test_errors_are_those_of_live_calls(client: AsyncOpenAI) -> None:
    requests: list[Any] = many(9)
    requests[1] = asking(1, model="missing-model")
    requests[2] = asking(2, metadata={"emulator": "status=500; message=Oh."})
    requests[3] = asking(3, metadata={"emulator": "status=429"})
    requests[4] = {"model": MODEL}
    requests[5] = "no request"
    requests[6] = asking(6, stream=True)
    requests[7] = asking(7, extra_headers={"x": "y"})
    results = await client.batches.map(requests, client.chat.completions.create)
    kinds = [
        None,
        NotFoundError,
        InternalServerError,
        RateLimitError,
        TypeError,
        TypeError,
        ValueError,
        ValueError,
        None,
    ]
    assert [result.error and type(result.error) for result in results] == kinds
    assert [said(results[n]) for n in (0, 8)] == ["Say 0", "Say 8"]
    live = (await client.map(requests[1:2], client.chat.completions.create))[0]
    error: Any = results[1].error
    assert isinstance(live.error, NotFoundError)
    assert (error.message, error.code, error.body) == (
        live.error.message,
        live.error.code,
        live.error.body,
    )
    assert str(error.request_id).startswith("req_")
    assert str(error.request.url).endswith(CHAT)


async def test_nothing_is_created_of_nothing(client: AsyncOpenAI, emulator: Emulator) -> None:
    results = await client.batches.map([{}, {}], client.chat.completions.create)
    assert [type(result.error) for result in results] == [TypeError, TypeError]
    assert emulator.requests == []


@pytest.mark.usefixtures("small")
async def test_many_requests_are_several_batches_at_once(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    begun: list[Batch] = []
    told: list[BatchProgress] = []
    results = await client.batches.map(
        many(20),
        client.chat.completions.create,
        on_batch=begun.append,
        on_progress=told.append,
        metadata={"job": "one"},
    )
    assert [said(result) for result in results] == [f"Say {n}" for n in range(20)]
    assert created(emulator) == len({batch.id for batch in begun}) == 4
    assert {json.dumps(batch.metadata) for batch in begun} == {'{"job": "one"}'}
    assert [batch.completion_window for batch in begun] == ["24h"] * 4
    assert (told[-1].completed, told[-1].failed, told[-1].total) == (20, 0, 20)
    assert told[-1].done == 20
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert len(told[-1].batches) == 4


async def test_each_endpoint_and_each_model_has_a_batch(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    embedding = {"url": "/v1/embeddings", "body": {"model": "m", "input": "a"}}
    lines = [
        {"url": CHAT, "body": asking(0)},
        embedding,
        {"url": CHAT, "body": asking(2, model="gpt-4o")},
        {"url": CHAT, "body": asking(3)},
    ]
    results = await client.batches.map(lines)
    assert [said(results[n]) for n in (0, 2, 3)] == ["Say 0", "Say 2", "Say 3"]
    assert len(results[1].get().data) == 1
    assert created(emulator) == 3


# What was not executed


async def test_what_expired_says_so(client: AsyncOpenAI) -> None:
    method = client.chat.completions.create
    results = await client.batches.map(many(), method, metadata={"emulator": "expire"})
    late = [result for result in results if not result.ok]
    assert 0 < len(late) < 20
    for result in late:
        assert isinstance(result.error, BatchRequestError)
        assert (result.error.code, result.error.custom_id) == ("batch_expired", result.custom_id)
        assert str(result.error.batch_id).startswith("batch_")
        assert "completion window expired" in str(result.error)


async def test_what_was_cancelled_says_so(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.settings.processing_seconds = 3600

    async def cancel(batch: Batch) -> None:
        await client.batches.cancel(batch.id)

    results = await client.batches.map(many(), client.chat.completions.create, on_batch=cancel)
    for result in results:
        assert isinstance(result.error, BatchRequestError)
        assert result.error.code == "batch_cancelled"


async def test_a_batch_that_cannot_run_names_the_line(
    client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str, url: str, body: bytes) -> bytes:
        return b"{nonsense\n" if name == "request-3" else line_of(name, url, body)

    monkeypatch.setattr("openai_async._batches.files.line_of", broken)
    requests: list[dict[str, Any]] = [{}, *many(4)]  # the first is in no file
    results = await client.batches.map(requests, client.chat.completions.create)
    assert isinstance(results[0].error, TypeError)
    errors = [result.error for result in results[1:]]
    assert all(isinstance(error, BatchRequestError) for error in errors)
    own, others = errors.pop(2), errors
    assert isinstance(own, BatchRequestError)
    assert (own.code, own.line, own.custom_id) == ("invalid_json_line", 3, "request-3")
    assert "line 3: This line is not a JSON object." in str(own)
    assert "whole batch" not in str(own)
    assert all("the whole batch failed: line 3: This line" in str(error) for error in others)


async def test_what_no_file_knows_is_missing(
    client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(line: bytes) -> Line | None:
        found = read_line(line)
        return None if found and found.custom_id == "request-2" else found

    monkeypatch.setattr("openai_async._batches.job.read_line", forgetful)
    results = await client.batches.map(many(4), client.chat.completions.create)
    assert [result.ok for result in results] == [True, True, False, True]
    error = results[2].error
    assert isinstance(error, BatchRequestError)
    assert (error.code, error.custom_id) == ("missing", "request-2")


# The results of one batch


@pytest.mark.usefixtures("small")
async def test_results_of_a_batch_are_in_the_order_of_its_file(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    requests = many(6)
    requests[2] = asking(2, model="missing-model")
    begun: list[Batch] = []
    mapped = await client.batches.map(
        requests, client.chat.completions.create, on_batch=begun.append
    )
    assert len(begun) == 2  # one for each model
    found = [await client.batches.results(batch.id) for batch in begun]
    (missing,), results = sorted(found, key=len)
    assert [result.custom_id for result in results] == [f"request-{n}" for n in (0, 1, 3, 4, 5)]
    assert [result.value for result in results] == [mapped[n].value for n in (0, 1, 3, 4, 5)]
    assert isinstance(missing.error, NotFoundError)


async def test_results_of_embeddings_are_vectors(client: AsyncOpenAI) -> None:
    begun: list[Batch] = []
    request = {"model": "text-embedding-3-small", "input": "a"}
    (mapped,) = await client.batches.map([request], client.embeddings.create, on_batch=begun.append)
    (result,) = await client.batches.results(begun[0].id)
    assert result.get() == mapped.get()


async def test_results_of_a_batch_survive_a_broken_connection(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    begun: list[Batch] = []
    await client.batches.map(many(5), client.chat.completions.create, on_batch=begun.append)
    emulator.fault("cut=300", path="/v1/files/*/content", times=2)
    results = await client.batches.results(begun[0].id)
    assert [said(result) for result in results] == [f"Say {n}" for n in range(5)]
    with pytest.raises(NotFoundError):
        await client.batches.results("batch_x")
