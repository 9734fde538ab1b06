"""What type checkers know about the awaited client."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import assert_type

from openai_async import AsyncOpenAI, AsyncStream, HttpxBinaryResponseContent
from openai_async.pagination import AsyncCursorPage, AsyncPage, AsyncPaginator
from openai_async.types.chat import ChatCompletion, ChatCompletionChunk
from openai_async.types.embeddings import CreateEmbeddingResponse
from openai_async.types.files import FileObject
from openai_async.types.models import Model
from openai_async.types.vector_stores import VectorStoreFileBatch


class Mine(AsyncOpenAI):
    tenant: str = ""


async def key() -> str:
    return "k"


async def clients(client: AsyncOpenAI, mine: Mine) -> None:
    assert_type(AsyncOpenAI(api_key=key), AsyncOpenAI)
    assert_type(client.with_options(max_retries=0), AsyncOpenAI)
    assert_type(mine.copy(timeout=1), Mine)
    async with mine as entered:
        assert_type(entered, Mine)


async def chat(client: AsyncOpenAI, either: bool) -> None:
    create = client.chat.completions.create
    plain = await create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello."}])
    assert_type(plain, ChatCompletion)

    off = await create(model="m", messages=[{"role": "user", "content": "Hi."}], stream=False)
    assert_type(off, ChatCompletion)

    on = await create(model="m", messages=[{"role": "user", "content": "Hi."}], stream=True)
    assert_type(on, AsyncStream[ChatCompletionChunk])
    async with on as entered:
        async for chunk in entered:
            assert_type(chunk, ChatCompletionChunk)

    unknown = await create(model="m", messages=[{"role": "user", "content": "Hi."}], stream=either)
    assert_type(unknown, "ChatCompletion | AsyncStream[ChatCompletionChunk]")


async def everything_else(client: AsyncOpenAI) -> None:
    embeddings = await client.embeddings.create(model="text-embedding-3-small", input=[1, 2])
    assert_type(embeddings, CreateEmbeddingResponse)
    assert_type(await client.models.retrieve("m"), Model)
    assert_type(await client.files.create(file=b"x", purpose="assistants"), FileObject)
    assert_type(await client.files.content("file-1"), HttpxBinaryResponseContent)
    batch = await client.vector_stores.file_batches.upload_and_poll("vs_1", files=[Path("a.txt")])
    assert_type(batch, VectorStoreFileBatch)


async def pages(client: AsyncOpenAI) -> None:
    paginator = client.files.list(limit=2)
    assert_type(paginator, AsyncPaginator[FileObject, AsyncCursorPage[FileObject]])
    async for file in paginator:
        assert_type(file, FileObject)
    page = await paginator
    assert_type(page, AsyncCursorPage[FileObject])
    assert_type(await page.get_next_page(), AsyncCursorPage[FileObject])
    async for item in page:
        assert_type(item, FileObject)
    async for each in page.iter_pages():
        assert_type(each, AsyncCursorPage[FileObject])
    assert_type(await client.models.list(), AsyncPage[Model])
