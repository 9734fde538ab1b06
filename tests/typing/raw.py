"""What type checkers know about raw and streaming responses."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from typing_extensions import assert_type

from openai_async import AsyncOpenAI, AsyncStream, HttpxBinaryResponseContent
from openai_async._responses import AsyncAPIResponse, AsyncResponseManager
from openai_async._responses import LegacyAPIResponse as AsyncLegacyAPIResponse
from openai_async.pagination import AsyncCursorPage
from openai_async.types.chat import ChatCompletion, ChatCompletionChunk
from openai_async.types.files import FileDeleted, FileObject
from openai_async.types.models import Model
from openai_sync import OpenAI, Stream
from openai_sync._raw import APIResponse, LegacyAPIResponse, ResponseManager
from openai_sync.pagination import SyncCursorPage, SyncPage


async def raw_awaited(client: AsyncOpenAI) -> None:
    files = client.files.with_raw_response
    call: Coroutine[Any, Any, AsyncLegacyAPIResponse[FileObject]] = files.retrieve("x", timeout=3)
    assert_type(await call, AsyncLegacyAPIResponse[FileObject])
    response = await files.retrieve(file_id="x", extra_headers={"a": "b"})
    assert_type(response.parse(), FileObject)
    assert_type(response.parse(to=FileDeleted), FileDeleted)
    assert_type(response.headers["x-request-id"], str)
    assert_type(response.elapsed, timedelta)
    assert_type((await files.list(limit=2)).parse(), AsyncCursorPage[FileObject])
    assert_type((await files.content("x")).parse(), HttpxBinaryResponseContent)
    assert_type((await client.with_raw_response.models.retrieve("m")).parse(), Model)


async def raw_chat_awaited(client: AsyncOpenAI) -> None:
    create = client.chat.with_raw_response.completions.create
    whole = await create(model="m", messages=[{"role": "user", "content": "Hi."}])
    assert_type(whole.parse(), ChatCompletion)
    on = await create(model="m", messages=[{"role": "user", "content": "Hi."}], stream=True)
    assert_type(on.parse(), AsyncStream[ChatCompletionChunk])


async def streamed_awaited(client: AsyncOpenAI) -> None:
    manager = client.files.with_streaming_response.content("x", timeout=3)
    assert_type(manager, AsyncResponseManager[HttpxBinaryResponseContent])
    async with manager as response:
        assert_type(response, AsyncAPIResponse[HttpxBinaryResponseContent])
        assert_type(await response.read(), bytes)
        async for piece in response.iter_bytes(10):
            assert_type(piece, bytes)
        async for line in response.iter_lines():
            assert_type(line, str)
        assert_type(await response.parse(), HttpxBinaryResponseContent)
        assert_type(await response.parse(to=FileObject), FileObject)
    async with client.with_streaming_response.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Hi."}], stream=True
    ) as on:
        assert_type(await on.parse(), AsyncStream[ChatCompletionChunk])


def raw_blocking(client: OpenAI) -> None:
    files = client.files.with_raw_response
    response = files.retrieve("x", extra_query={"a": 1}, timeout=3)
    assert_type(response, LegacyAPIResponse[FileObject])
    assert_type(response.parse(), FileObject)
    assert_type(response.parse(to=FileDeleted), FileDeleted)
    assert_type(files.list(limit=2), LegacyAPIResponse[SyncCursorPage[FileObject]])
    assert_type(client.with_raw_response.models.list().parse(), SyncPage[Model])


def raw_chat_blocking(client: OpenAI) -> None:
    create = client.chat.with_raw_response.completions.create
    whole = create(model="m", messages=[{"role": "user", "content": "Hi."}])
    assert_type(whole, LegacyAPIResponse[ChatCompletion])
    on = create(model="m", messages=[{"role": "user", "content": "Hi."}], stream=True)
    assert_type(on.parse(), Stream[ChatCompletionChunk])


def streamed_blocking(client: OpenAI) -> None:
    manager = client.files.with_streaming_response.retrieve("x", timeout=3)
    assert_type(manager, ResponseManager[FileObject])
    with manager as response:
        assert_type(response, APIResponse[FileObject])
        assert_type(response.text(), str)
        for piece in response.iter_bytes():
            assert_type(piece, bytes)
        for text in response.iter_text(chunk_size=10):
            assert_type(text, str)
        assert_type(response.parse(), FileObject)
    with client.chat.with_streaming_response.completions.create(
        model="m", messages=[{"role": "user", "content": "Hi."}], stream=True
    ) as on:
        assert_type(on.parse(), Stream[ChatCompletionChunk])


def mistakes(client: OpenAI, awaited: AsyncOpenAI) -> None:
    client.files.with_raw_response.retrieve(1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    client.files.with_raw_response.retrieve("x", nonsense=1)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    awaited.files.with_streaming_response.retrieve()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    awaited.files.with_raw_response.nonsense  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # noqa: B018
