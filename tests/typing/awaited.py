"""What type checkers know about the awaited client."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

from openai_async import (
    AsyncMap,
    AsyncOpenAI,
    AsyncStream,
    HttpxBinaryResponseContent,
    MapResult,
    Orphan,
    UploadResult,
    Uploads,
)
from openai_async.pagination import AsyncCursorPage, AsyncPage, AsyncPaginator
from openai_async.types.chat import ChatCompletion, ChatCompletionChunk
from openai_async.types.embeddings import CreateEmbeddingResponse
from openai_async.types.files import FileObject
from openai_async.types.models import Model
from openai_async.types.responses import Response
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


async def many_requests(client: AsyncOpenAI, requests: list[dict[str, Any]]) -> None:
    create = client.chat.completions.create
    results = await client.map(requests, create)
    assert_type(results, list[MapResult[ChatCompletion]])
    assert_type(results[0].value, ChatCompletion | None)
    assert_type(results[0].get(), ChatCompletion)
    assert_type(
        await client.map(requests, partial(create, model="m")), list[MapResult[ChatCompletion]]
    )
    assert_type(await client.map(requests, client.responses.create), list[MapResult[Response]])
    assert_type(await client.map(requests, "/v1/embeddings"), list[MapResult[Any]])
    assert_type(await client.map(requests), list[MapResult[Any]])
    async with client.map(requests, client.embeddings.create, ordered=False) as stream:
        assert_type(stream, AsyncMap[CreateEmbeddingResponse])
        async for result in stream:
            assert_type(result, MapResult[CreateEmbeddingResponse])

    assert_type(await client.batches.map(requests, create), list[MapResult[ChatCompletion]])
    batch = await client.batches.map(requests, client.embeddings.create, cancel_on_exit=True)
    assert_type(batch, list[MapResult[CreateEmbeddingResponse]])
    assert_type(await client.batches.map(requests, "/v1/embeddings"), list[MapResult[Any]])
    assert_type(await client.batches.results("batch_1"), list[MapResult[Any]])


async def bulk_uploads(client: AsyncOpenAI) -> None:
    uploads = await client.files.upload_many("notes/**/*.md", purpose="user_data", ledger="l.jsonl")
    assert_type(uploads, Uploads)
    assert_type(uploads[0], UploadResult)
    assert_type(uploads[0].file, "FileObject | None")
    assert_type(uploads.failed, list[UploadResult])
    assert_type(uploads.file_ids, list[str])
    assert_type(uploads.orphans, list[Orphan])
    fill = client.vector_stores.file_batches.upload_many
    filled = await fill("vs_1", files=[Path("a"), "b", ("c", b"c")])
    assert_type(filled, Uploads)
    assert_type(filled.batches, list[VectorStoreFileBatch])
