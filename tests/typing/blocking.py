"""What type checkers know about the blocking client."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

from openai_async.types.chat import ChatCompletion, ChatCompletionChunk
from openai_async.types.embeddings import CreateEmbeddingResponse
from openai_async.types.files import FileDeleted, FileObject
from openai_async.types.models import Model
from openai_async.types.responses import Response
from openai_async.types.vector_stores import VectorStore, VectorStoreFileBatch
from openai_sync import (
    HttpxBinaryResponseContent,
    Limits,
    Map,
    MapResult,
    OpenAI,
    PoolStats,
    Stream,
    Timeout,
    UploadResult,
    Uploads,
    UploadsProgress,
)
from openai_sync.pagination import SyncCursorPage, SyncPage


class Mine(OpenAI):
    tenant: str = ""


def clients(client: OpenAI, mine: Mine) -> None:
    assert_type(OpenAI(), OpenAI)
    assert_type(OpenAI(api_key="k", timeout=3, max_retries=0, default_headers={"a": "b"}), OpenAI)
    assert_type(OpenAI(api_key=lambda: "k", timeout=Timeout(9, connect=1)), OpenAI)
    assert_type(client.copy(timeout=None), OpenAI)
    assert_type(client.with_options(max_retries=0), OpenAI)
    assert_type(client.with_options(deadline=None, first_event=5, event_gap=2.5), OpenAI)
    assert_type(OpenAI(proxy="http://p", verify=False, limits=Limits(10), deadline=60), OpenAI)
    assert_type(client.pool_stats(), PoolStats)
    assert_type(mine.with_options(api_key="k"), Mine)
    assert_type(Mine(api_key="k").tenant, str)
    with client as entered, mine as mine_entered:
        assert_type(entered, OpenAI)
        assert_type(mine_entered, Mine)
    assert_type(client.is_closed(), bool)


def settings(client: OpenAI) -> None:
    assert_type(client.api_key, str)
    assert_type(client.organization, "str | None")
    assert_type(client.timeout, "float | Timeout | None")
    assert_type(client.max_retries, int)
    assert_type(client.auth_headers, dict[str, str])
    client.api_key = "k"
    client.base_url = "http://localhost/v1"
    client.timeout = 7.5
    client.timeout = None
    assert_type(client.deadline, "float | None")
    client.first_event = 7.5


def chat(client: OpenAI, either: bool) -> None:
    create = client.chat.completions.create
    plain = create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello."}])
    assert_type(plain, ChatCompletion)
    assert_type(plain.choices[0].message.content, "str | None")

    off = create(model="m", messages=[{"role": "user", "content": "Hello."}], stream=False)
    assert_type(off, ChatCompletion)

    on = create(model="m", messages=[{"role": "user", "content": "Hello."}], stream=True)
    assert_type(on, Stream[ChatCompletionChunk])
    assert_type(iter(on), Iterator[ChatCompletionChunk])
    with on as entered:
        assert_type(entered, Stream[ChatCompletionChunk])
        for chunk in entered:
            assert_type(chunk, ChatCompletionChunk)
            assert_type(chunk.choices[0].delta.content, "str | None")

    unknown = create(model="m", messages=[{"role": "user", "content": "Hi."}], stream=either)
    assert_type(unknown, "ChatCompletion | Stream[ChatCompletionChunk]")


def everything_else(client: OpenAI) -> None:
    embeddings = client.embeddings.create(model="text-embedding-3-small", input=["one", "two"])
    assert_type(embeddings, CreateEmbeddingResponse)
    assert_type(embeddings.data[0].embedding, list[float])

    assert_type(client.models.retrieve("m"), Model)
    assert_type(client.files.create(file=Path("note.txt"), purpose="assistants"), FileObject)
    assert_type(client.files.create(file=("a.txt", b"a"), purpose="batch"), FileObject)
    assert_type(client.files.delete("file-1"), FileDeleted)
    assert_type(client.files.content("file-1"), HttpxBinaryResponseContent)
    assert_type(client.vector_stores.create(name="notes"), VectorStore)
    batch = client.vector_stores.file_batches.upload_and_poll(
        "vs_1",
        files=[Path("note.txt"), ("a.txt", b"a")],
        max_concurrency=3,
        on_progress=lambda progress: assert_type(progress.uploaded, int),
    )
    assert_type(batch, VectorStoreFileBatch)


def pages(client: OpenAI) -> None:
    page = client.files.list(limit=2)
    assert_type(page, SyncCursorPage[FileObject])
    assert_type(page.data, list[FileObject])
    assert_type(page.has_next_page(), bool)
    assert_type(page.get_next_page(), SyncCursorPage[FileObject])
    assert_type(page.iter_pages(), Iterator[SyncCursorPage[FileObject]])
    for file in page:
        assert_type(file, FileObject)
    assert_type(client.models.list(), SyncPage[Model])
    assert_type([model.id for model in client.models.list()], list[str])


def many_requests(client: OpenAI, requests: list[dict[str, Any]]) -> None:
    create = client.chat.completions.create
    results = client.map(requests, create)
    assert_type(results, Map[ChatCompletion])
    assert_type(list(results), list[MapResult[ChatCompletion]])
    assert_type(next(results).get(), ChatCompletion)
    assert_type(client.map(requests, partial(create, model="m")), Map[ChatCompletion])
    assert_type(client.map(requests, client.responses.create), Map[Response])
    assert_type(client.map(requests, "/v1/embeddings"), Map[Any])
    with client.map(requests, client.embeddings.create, ordered=False) as stream:
        for result in stream:
            assert_type(result, MapResult[CreateEmbeddingResponse])

    assert_type(client.batches.map(requests, create), list[MapResult[ChatCompletion]])
    batch = client.batches.map(requests, client.embeddings.create, cancel_on_exit=True)
    assert_type(batch, list[MapResult[CreateEmbeddingResponse]])
    assert_type(client.batches.map(requests, "/v1/embeddings"), list[MapResult[Any]])
    assert_type(client.batches.results("batch_1"), list[MapResult[Any]])


def bulk_uploads(client: OpenAI) -> None:
    def report(progress: UploadsProgress) -> None:
        assert_type(progress.file, "UploadResult | None")

    files = client.files
    uploads = files.upload_many([Path("a")], purpose="batch", orphans="delete", on_progress=report)
    assert_type(uploads, Uploads)
    for result in uploads:
        assert_type(result, UploadResult)
        assert_type(result.error, "Exception | None")
    filled = client.vector_stores.file_batches.upload_many("vs_1", files=b"x", file_ids=["file-1"])
    assert_type(filled, Uploads)
