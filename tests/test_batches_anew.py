"""Batches that begin anew, those of others, and servers that say too little."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from many_requests import CHAT, asking, created, many, notes, said, sent

from openai_async import AsyncOpenAI, BadRequestError, BatchRequestError, OpenAIError
from openai_async._batches.lines import read_line
from openai_async._batches.results import value_of
from openai_async._batches.written import WrittenFile
from openai_async.emulator import Emulator
from openai_async.emulator.line_batches import LineBatch
from openai_async.emulator.lines import Mistake
from openai_async.emulator.store import StoredFile
from openai_async.types.batches import Batch

FILES = "/v1/files"

# Those of others


def line(number: int, **body: Any) -> dict[str, Any]:
    request = asking(number, **body)
    return {"custom_id": f"r{number}", "method": "POST", "url": CHAT, "body": request}


async def batch_of(client: AsyncOpenAI, *lines: dict[str, Any] | bytes) -> str:
    """A batch whose file nobody here would have written."""
    whole = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in lines]
    file = await client.files.create(file=("in.jsonl", b"\n".join(whole)), purpose="batch")
    batch = await client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    return batch.id


async def test_a_line_that_asks_for_a_stream_loses_no_results(client: AsyncOpenAI) -> None:
    results = await client.batches.results(
        await batch_of(client, line(0), line(1, stream=True), line(2))
    )
    assert [result.custom_id for result in results] == ["r0", "r1", "r2"]
    assert [said(result) for result in results] == ["Say 0", "Say 1", "Say 2"]


@pytest.mark.parametrize(
    ("lines", "names", "code"),
    [
        ((line(0), b"{oops", line(2)), ["r0", "request-1", "r2"], "invalid_json_line"),
        ((line(0), b"[1]", line(2)), ["r0", "request-1", "r2"], "invalid_json_line"),
        ((line(0), b"\xff\xfe", line(2)), ["r0", "request-1", "r2"], "invalid_json_line"),
        ((line(0), line(0), line(2)), ["r0", "r0", "r2"], "duplicate_custom_id"),
        ((line(0), line(1, model="o3"), line(2)), ["r0", "r1", "r2"], "mismatched_model"),
        (
            (line(0), {**line(1), "url": "/v1/what"}, line(2)),
            ["r0", "r1", "r2"],
            "invalid_url",
        ),
    ],
)
async def test_a_batch_that_failed_says_why(
    client: AsyncOpenAI, lines: tuple[Any, ...], names: list[str], code: str
) -> None:
    results = await client.batches.results(await batch_of(client, *lines))
    assert [result.custom_id for result in results] == names
    errors = [result.error for result in results]
    for error in errors:
        assert isinstance(error, BatchRequestError)
        assert (error.code, error.line) == (code, 2)
    assert ["whole batch" in str(error) for error in errors] == [True, False, True]


def decoded(client: AsyncOpenAI, url: str, body: object) -> Any:
    """What a line of results with this body holds."""
    file = WrittenFile(client, CHAT)
    file.add([json.dumps({"custom_id": "a", "url": url}).encode()])
    result = {"custom_id": "a", "response": {"status_code": 200, "body": body}}
    found = read_line(json.dumps(result).encode())
    assert found is not None
    decoder = file.decoders[0]
    assert decoder is not None
    return value_of(found, decoder, "batch_1")


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/v1/what", {"id": "x"}),
        (CHAT, "data: {}"),
        (CHAT, [1]),
        ("/v1/embeddings", {"data": []}),
        ("/v1/embeddings", {"data": [{"embedding": "no vector"}]}),
    ],
)
async def test_answers_of_a_strange_shape_are_plain_values(
    client: AsyncOpenAI, url: str, body: object
) -> None:
    assert decoded(client, url, body) == body


async def test_names_are_read_as_a_tolerant_server_reads_them(client: AsyncOpenAI) -> None:
    file = WrittenFile(client, CHAT)
    lines = b'\xef\xbb\xbf{"custom_id": "a"}', b'{"custom_id": "b", "x": NaN}', b'{"custom_id": 3}'
    file.add(lines)
    assert list(file.names) == ["a", "b", "request-2"]
    assert [file.position(name) for name in ("a", "b", "request-2")] == [0, 1, None]


# Anew


async def test_a_batch_that_failed_is_created_anew_by_the_next_run(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    ledger, method = tmp_path / "ledger", client.chat.completions.create

    async def refuse(_: Batch) -> None:
        emulator.batches[-1].mistakes.append(Mistake("token_limit_exceeded", "Too much enqueued."))

    results = await client.batches.map(many(3), method, ledger=ledger, on_batch=refuse)
    for result in results:
        assert isinstance(result.error, BatchRequestError)
        assert result.error.code == "token_limit_exceeded"
    for _ in range(2):
        results = await client.batches.map(many(3), method, ledger=ledger)
        assert [said(result) for result in results] == ["Say 0", "Say 1", "Say 2"]
        assert created(emulator) == 2


async def test_a_file_that_was_deleted_is_uploaded_again(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    ledger, method = tmp_path / "ledger", client.chat.completions.create
    emulator.fault("status=400", path="/v1/batches", method="POST")
    with pytest.raises(BadRequestError):
        await client.batches.map(many(3), method, ledger=ledger)
    (file,) = (await client.files.list()).data
    await client.files.delete(file.id)
    for _ in range(2):
        results = await client.batches.map(many(3), method, ledger=ledger)
        assert all(result.ok for result in results)
        assert sent(emulator, "POST", FILES) == 2


async def test_a_file_that_is_there_is_not_uploaded_again(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    ledger, method = tmp_path / "ledger", client.chat.completions.create
    emulator.fault("status=400; message=No.", path="/v1/batches", method="POST", times=2)
    for _ in range(2):
        with pytest.raises(BadRequestError, match="No"):
            await client.batches.map(many(3), method, ledger=ledger)
    assert sent(emulator, "POST", FILES) == 1


# Servers that say too little


def nameless(told: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    return lambda *args, **how: {**told(*args, **how), "id": None}


async def test_a_batch_without_an_id_is_not_written_down(
    client: AsyncOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, method = tmp_path / "ledger", client.chat.completions.create
    with monkeypatch.context() as patched:
        patched.setattr(LineBatch, "as_json", nameless(LineBatch.as_json))
        for _ in range(2):  # the second run finds it, and is told no more
            with pytest.raises(OpenAIError, match="without the id of the batch"):
                await client.batches.map(many(3), method, ledger=ledger)
    assert '"event": "batch"' not in ledger.read_text()
    results = await client.batches.map(many(3), method, ledger=ledger)
    assert all(result.ok for result in results)
    assert len((await client.batches.list()).data) == 1


async def test_a_file_without_an_id_is_not_written_down(
    client: AsyncOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, method = tmp_path / "ledger", client.chat.completions.create
    with monkeypatch.context() as patched:
        patched.setattr(StoredFile, "as_json", nameless(StoredFile.as_json))
        with pytest.raises(OpenAIError, match="without the id of the file"):
            await client.batches.map(many(3), method, ledger=ledger)
    assert '"event": "file"' not in ledger.read_text()
    results = await client.batches.map(many(3), method, ledger=ledger)
    assert all(result.ok for result in results)


async def test_a_batch_that_forgets_its_id_is_still_that_batch(
    client: AsyncOpenAI, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(_: Batch) -> None:
        monkeypatch.setattr(LineBatch, "as_json", nameless(LineBatch.as_json))

    async def fail(_: object) -> None:
        raise LookupError

    method = client.chat.completions.create
    with pytest.raises(LookupError) as caught:
        await client.batches.map(many(3), method, on_batch=forget, on_progress=fail)
    assert f"Batches of this job: {emulator.batches[0].id}." in notes(caught.value)[0]


async def test_ids_that_are_none_are_told_as_such(client: AsyncOpenAI) -> None:
    ids: Any = [None]
    with pytest.raises(ValueError, match="batch_id") as caught:
        await client.batches.map(many(1), client.chat.completions.create, batch_ids=ids)
    assert "Batches of this job: None." in notes(caught.value)[0]
