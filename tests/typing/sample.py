"""What type checkers know about one method of each kind, reached from the blocking client."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, BinaryIO

from typing_extensions import assert_type

from openai_async import AsyncOpenAI
from openai_async.types.audio import TranscriptionStreamEvent
from openai_async.types.batches import Batch
from openai_async.types.files import FileObject
from openai_async.types.images import ImagesResponse
from openai_async.types.responses import Response, ResponseStreamEvent
from openai_async.types.uploads import Upload
from openai_async.types.vector_stores import VectorStoreFileBatch, VectorStoreSearchResponse
from openai_sync import HttpxBinaryResponseContent, OpenAI, Stream
from openai_sync._raw import LegacyAPIResponse, ResponseManager
from openai_sync.pagination import SyncCursorPage, SyncPage


def plain(client: OpenAI) -> None:
    assert_type(client.batches.cancel("b"), Batch)
    assert_type(client.images.generate(prompt="A cat."), ImagesResponse)


def lists(client: OpenAI) -> None:
    assert_type(client.batches.list(), SyncCursorPage[Batch])
    assert_type(client.vector_stores.search("v", query="q"), SyncPage[VectorStoreSearchResponse])


def streams(client: OpenAI) -> None:
    assert_type(client.responses.create(model="m", input="Hi."), Response)
    on = client.responses.create(model="m", input="Hi.", stream=True)
    assert_type(on, Stream[ResponseStreamEvent])
    heard = client.audio.transcriptions.create(model="m", file=b"", stream=True)
    assert_type(heard, Stream[TranscriptionStreamEvent])


def binary(client: OpenAI) -> None:
    speech = client.audio.speech.create(model="m", voice="alloy", input="Hi.")
    assert_type(speech, HttpxBinaryResponseContent)
    assert_type(client.videos.download_content("v"), HttpxBinaryResponseContent)


def helpers(client: OpenAI) -> None:
    batches = client.vector_stores.file_batches
    batch = batches.create_and_poll("v", file_ids=["f"], poll_interval_ms=10, deadline=60)
    assert_type(batch, VectorStoreFileBatch)
    assert_type(batches.poll("b", vector_store_id="v"), VectorStoreFileBatch)


def uploads(client: OpenAI, pieces: AsyncGenerator[bytes, None], file: BinaryIO) -> None:
    made = client.files.create(file=pieces, purpose="batch", on_progress=lambda sent, total: sent)
    assert_type(made, FileObject)
    client.files.create(file=("a.bin", pieces, "text/plain"), purpose="batch")
    send = client.uploads.upload_file_chunked
    assert_type(send(file="a.bin", mime_type="text/plain", purpose="batch", md5=True), Upload)
    assert_type(send(file=file, mime_type="text/plain", purpose="batch", md5="0"), Upload)
    send(file=pieces, mime_type="a/b", purpose="batch", filename="a", bytes=5, max_concurrency=2)
    client.files.create(file=iter([b""]), purpose="batch")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    send(file=[b""], mime_type="a/b", purpose="batch")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def views(client: OpenAI) -> None:
    raw = client.batches.with_raw_response
    assert_type(raw.list(limit=1), LegacyAPIResponse[SyncCursorPage[Batch]])
    on = client.responses.with_raw_response.create(model="m", input="Hi.", stream=True)
    assert_type(on, LegacyAPIResponse[Stream[ResponseStreamEvent]])
    streamed = client.batches.with_streaming_response.retrieve("b")
    assert_type(streamed, ResponseManager[Batch])


def whatever(client: OpenAI, awaited: AsyncOpenAI) -> None:
    """What these return is for the caller to say."""
    answer: int = client.get("/x", cast_to=int)
    events: Stream[int] = client.post("/x", cast_to=int, body={}, stream=True)
    del answer, events


def parameters_are_kept(client: OpenAI) -> None:
    retrieve: Callable[[str], Batch] = client.batches.retrieve
    cancel: Callable[..., Any] = client.batches.cancel
    del retrieve, cancel
    client.batches.retrieve()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    client.batches.list(limit="2")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    client.batches.list(nonsense=2)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    client.post("/x")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
