"""Uploads in parts, against a server: what arrives, what is repeated, and what is cancelled."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from chunked import CONTENT, KINDS, SIZED, cancelled, chunked, paths

from openai_async import (
    AsyncOpenAI,
    BadRequestError,
)
from openai_async.emulator import Emulator
from openai_sync import OpenAI


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("md5", [True, False])
@pytest.mark.parametrize(("make", "more", "name"), KINDS.values(), ids=KINDS)
async def test_every_kind_of_file_arrives(
    client: AsyncOpenAI,
    emulator: Emulator,
    path: Path,
    make: Callable[[Path], Any],
    more: dict[str, Any],
    name: str,
    md5: bool,
) -> None:
    told: list[tuple[int, int]] = []
    upload = await chunked(
        client, make(path), md5=md5, on_progress=lambda *each: told.append(each), **more
    )
    assert (upload.status, upload.bytes, upload.filename) == ("completed", len(CONTENT), name)
    assert (await client.files.content(upload.file.id)).content == CONTENT
    assert upload.file.purpose == "user_data"
    assert paths(emulator).count("parts") == 11
    assert told == sorted(told)
    assert told[-1] == (len(CONTENT), len(CONTENT))
    complete = next(r for r in emulator.requests if r.path.endswith("/complete"))
    expected = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest() if md5 else None
    assert complete.json().get("md5") == expected


async def test_an_open_file_is_neither_closed_nor_moved(client: AsyncOpenAI, path: Path) -> None:
    with path.open("rb") as file:
        file.seek(50)
        upload = await chunked(client, file)
        assert file.tell() == 50
    assert upload.filename == "notes.txt"
    assert (await client.files.content(upload.file.id)).content == CONTENT


async def test_what_was_just_written_is_sent(client: AsyncOpenAI) -> None:
    file = io.BytesIO()
    file.write(CONTENT)
    upload = await chunked(client, file, filename="a.bin")
    assert file.tell() == len(CONTENT)
    assert (await client.files.content(upload.file.id)).content == CONTENT


async def test_a_compressed_file_is_decompressed_once(
    client: AsyncOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.gz"
    path.write_bytes(gzip.compress(CONTENT))
    with gzip.open(path) as file:
        read = mock.Mock(wraps=file.read)
        monkeypatch.setattr(file, "read", read)
        upload = await chunked(client, file, **SIZED)
        assert sum(call.args[0] > 0 for call in read.mock_calls) <= 2
        assert file.tell() == len(CONTENT)
    assert (await client.files.content(upload.file.id)).content == CONTENT


async def test_an_open_file_is_not_moved_by_a_failure(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    file = io.BytesIO(CONTENT)
    emulator.fault("status=400", path="/uploads/*/complete")
    with pytest.raises(BadRequestError):
        await chunked(client, file, filename="a.bin")
    assert file.tell() == 0
    assert (await chunked(client, file, filename="a.bin")).status == "completed"


def test_the_blocking_client_uploads_in_parts(sync_client: OpenAI, path: Path) -> None:
    told: list[tuple[int, int]] = []
    upload = sync_client.uploads.upload_file_chunked(
        file=path,
        mime_type="text/plain",
        purpose="batch",
        part_size=10_000,
        md5=True,
        on_progress=lambda sent, total: told.append((sent, total)),
    )
    assert upload.file is not None
    assert sync_client.files.content(upload.file.id).content == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))


async def test_the_upload_is_announced_as_it_was_asked_for(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    lifetime = {"anchor": "created_at", "seconds": 3600}
    await chunked(client, path, expires_after=lifetime)
    assert emulator.requests[0].json() == {
        "bytes": len(CONTENT),
        "filename": "notes.txt",
        "mime_type": "text/plain",
        "purpose": "user_data",
        "expires_after": lifetime,
    }


async def test_parts_are_64_mebibytes_by_default(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(64 * 2**20 + 1)
    upload = await chunked(client, path, part_size=None)
    assert upload.file.bytes == 64 * 2**20 + 1
    sizes = [part.extent.size for part in emulator.uploads[0].parts.values()]
    assert sorted(sizes) == [1, 64 * 2**20]


async def test_a_part_is_repeated_by_itself(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    emulator.fault("status=503; retry-after-ms=1", path="/uploads/*/parts", times=3)
    upload = await chunked(client, path, md5=True)
    assert (await client.files.content(upload.file.id)).content == CONTENT
    assert paths(emulator).count("parts") == 14
    assert cancelled(emulator) == [False]


@pytest.mark.parametrize("kind", ["path", "BytesIO", "async generator"])
async def test_a_part_whose_connection_breaks_halfway_is_repeated(
    client: AsyncOpenAI, emulator: Emulator, path: Path, kind: str
) -> None:
    make, more, _ = KINDS[kind]
    emulator.fault("disconnect-upload=2000", path="/uploads/*/parts", times=2)
    told: list[int] = []
    upload = await chunked(
        client, make(path), on_progress=lambda sent, total: told.append(sent), **more
    )
    assert (await client.files.content(upload.file.id)).content == CONTENT
    assert told[-1] == len(CONTENT)


async def test_parts_are_named_in_their_order_whichever_arrives_first(
    client: AsyncOpenAI, emulator: Emulator, path: Path
) -> None:
    emulator.fault("status=503; retry-after-ms=20", path="/uploads/*/parts", times=2)
    upload = await chunked(client, path)
    arrived = list(emulator.uploads[0].parts)
    complete = next(r for r in emulator.requests if r.path.endswith("/complete"))
    assert complete.json()["part_ids"] != arrived
    assert sorted(complete.json()["part_ids"]) == sorted(arrived)
    assert (await client.files.content(upload.file.id)).content == CONTENT


async def test_each_part_is_logged(
    client: AsyncOpenAI, emulator: Emulator, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "openai"):
        upload = await chunked(client, path, part_size=60_000)
    assert sorted(record.getMessage() for record in caplog.records) == [
        f"Uploaded part 1 of 2, bytes 0 to 59999, of upload {upload.id}",
        f"Uploaded part 2 of 2, bytes 60000 to 102399, of upload {upload.id}",
    ]
