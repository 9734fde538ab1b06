"""Every method of every resource: its verb, path, headers, query or body, and its result."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import respx

from openai_async import AsyncOpenAI, AsyncStream, HttpxBinaryResponseContent, not_given, omit
from openai_async.pagination import AsyncCursorPage, AsyncPage
from openai_async.types import CreateEmbeddingResponse, FileDeleted, FileObject, Model, ModelDeleted
from openai_async.types.chat import ChatCompletion, ChatCompletionChunk
from openai_async.types.vector_stores import VectorStore, VectorStoreFileBatch

BASE = "https://api.test/v1"
MESSAGES: Any = [{"role": "user", "content": "Hello."}]

LIST = {"object": "list", "data": [{"id": "1"}], "has_more": False}

Use = Callable[[AsyncOpenAI], Any]


@pytest.fixture
def routes() -> Iterator[respx.MockRouter]:
    with respx.mock() as router:
        yield router


def client() -> AsyncOpenAI:
    return AsyncOpenAI(api_key="k", base_url=BASE, max_retries=0)


CHAT: Use = lambda c: c.chat.completions.create(model="m", messages=MESSAGES)  # noqa: E731
EMBED: Use = lambda c: c.embeddings.create(model="m", input="x", encoding_format="float")  # noqa: E731

#: use of the method, verb, path, answer, type of the result
METHODS: dict[str, tuple[Use, str, str, Any, Any]] = {
    "chat.completions.create": (CHAT, "POST", "/chat/completions", {"id": "1"}, ChatCompletion),
    "embeddings.create": (EMBED, "POST", "/embeddings", LIST, CreateEmbeddingResponse),
    "files.create": (
        lambda c: c.files.create(file=b"x", purpose="batch"),
        "POST",
        "/files",
        {"id": "1"},
        FileObject,
    ),
    "files.retrieve": (
        lambda c: c.files.retrieve("f/1"),
        "GET",
        "/files/f%2F1",
        {"id": "1"},
        FileObject,
    ),
    "files.list": (lambda c: c.files.list(), "GET", "/files", LIST, AsyncCursorPage),
    "files.delete": (
        lambda c: c.files.delete("f1"),
        "DELETE",
        "/files/f1",
        {"id": "1", "deleted": True},
        FileDeleted,
    ),
    "files.content": (
        lambda c: c.files.content("f1"),
        "GET",
        "/files/f1/content",
        {"any": "thing"},
        HttpxBinaryResponseContent,
    ),
    "models.retrieve": (
        lambda c: c.models.retrieve("ft:gpt/4"),
        "GET",
        "/models/ft:gpt%2F4",
        {"id": "1"},
        Model,
    ),
    "models.list": (lambda c: c.models.list(), "GET", "/models", LIST, AsyncPage),
    "models.delete": (
        lambda c: c.models.delete("m1"),
        "DELETE",
        "/models/m1",
        {"id": "1", "deleted": True},
        ModelDeleted,
    ),
    "vector_stores.create": (
        lambda c: c.vector_stores.create(),
        "POST",
        "/vector_stores",
        {"id": "1"},
        VectorStore,
    ),
    "vector_stores.retrieve": (
        lambda c: c.vector_stores.retrieve("vs1"),
        "GET",
        "/vector_stores/vs1",
        {"id": "1"},
        VectorStore,
    ),
    "vector_stores.file_batches.create": (
        lambda c: c.vector_stores.file_batches.create("vs1", file_ids=["f1"]),
        "POST",
        "/vector_stores/vs1/file_batches",
        {"id": "1"},
        VectorStoreFileBatch,
    ),
    "vector_stores.file_batches.retrieve": (
        lambda c: c.vector_stores.file_batches.retrieve("b1", vector_store_id="vs1"),
        "GET",
        "/vector_stores/vs1/file_batches/b1",
        {"id": "1"},
        VectorStoreFileBatch,
    ),
}


@pytest.mark.parametrize("name", METHODS)
async def test_method(name: str, routes: respx.MockRouter) -> None:
    use, verb, path, answer, result = METHODS[name]
    routes.route().respond(json=answer, headers={"x-request-id": "req_1"})
    value = await use(client())
    request = routes.calls.last.request
    assert isinstance(value, result)
    assert value._request_id == "req_1"
    assert request.method == verb
    assert request.url.raw_path.decode() == f"/v1{path}"
    assert request.headers["authorization"] == "Bearer k"
    assert request.headers.get("openai-beta") == (
        "assistants=v2" if name.startswith("vector_stores") else None
    )
    assert request.headers["accept"] == (
        "application/binary" if name == "files.content" else "application/json"
    )


#: A use of each method with all options of the call.
OPTIONS: Any = {
    "extra_headers": {"X-Mine": "1"},
    "extra_query": {"q": "1"},
    "timeout": 7,
}
WITH_OPTIONS: dict[str, Use] = {
    "chat.completions.create": lambda c: c.chat.completions.create(
        model="m", messages=MESSAGES, **OPTIONS
    ),
    "embeddings.create": lambda c: c.embeddings.create(model="m", input="x", **OPTIONS),
    "files.create": lambda c: c.files.create(file=b"x", purpose="batch", **OPTIONS),
    "files.retrieve": lambda c: c.files.retrieve("f1", **OPTIONS),
    "files.list": lambda c: c.files.list(**OPTIONS),
    "files.delete": lambda c: c.files.delete("f1", **OPTIONS),
    "files.content": lambda c: c.files.content("f1", **OPTIONS),
    "models.retrieve": lambda c: c.models.retrieve("m1", **OPTIONS),
    "models.list": lambda c: c.models.list(**OPTIONS),
    "models.delete": lambda c: c.models.delete("m1", **OPTIONS),
    "vector_stores.create": lambda c: c.vector_stores.create(**OPTIONS),
    "vector_stores.retrieve": lambda c: c.vector_stores.retrieve("vs1", **OPTIONS),
    "vector_stores.file_batches.create": lambda c: c.vector_stores.file_batches.create(
        "vs1", **OPTIONS
    ),
    "vector_stores.file_batches.retrieve": lambda c: c.vector_stores.file_batches.retrieve(
        "b1", vector_store_id="vs1", **OPTIONS
    ),
}


def test_every_method_is_tested_with_options() -> None:
    assert WITH_OPTIONS.keys() == METHODS.keys()


@pytest.mark.parametrize("name", WITH_OPTIONS)
async def test_method_takes_options(name: str, routes: respx.MockRouter) -> None:
    routes.route().respond(json={**LIST, "data": [{"embedding": []}], "id": "1"})
    await WITH_OPTIONS[name](client())
    request = routes.calls.last.request
    assert request.headers["x-mine"] == "1"
    assert request.url.params["q"] == "1"
    assert request.extensions["timeout"]["read"] == 7


@pytest.mark.parametrize(
    "use",
    [
        lambda c: c.files.retrieve(""),
        lambda c: c.files.delete(""),
        lambda c: c.files.content(""),
        lambda c: c.models.retrieve(""),
        lambda c: c.models.delete(".."),
        lambda c: c.vector_stores.retrieve(""),
        lambda c: c.vector_stores.file_batches.create(""),
        lambda c: c.vector_stores.file_batches.retrieve("", vector_store_id="vs1"),
        lambda c: c.vector_stores.file_batches.retrieve("b1", vector_store_id=""),
    ],
)
async def test_empty_path_parameter_is_refused(use: Use) -> None:
    with pytest.raises(ValueError, match="must not be"):
        await use(client())


# Chat


async def sent_body(routes: respx.MockRouter, use: Use, answer: Any = None) -> Any:
    routes.route().respond(json=answer or {"id": "1"})
    await use(client())
    return json.loads(routes.calls.last.request.content)


async def test_chat_sends_only_what_was_given(routes: respx.MockRouter) -> None:
    body = await sent_body(
        routes,
        lambda c: c.chat.completions.create(
            model="m",
            messages=(message for message in MESSAGES),
            temperature=0,
            stop=None,
            seed=omit,
            user=not_given,
        ),
    )
    assert body == {"model": "m", "messages": MESSAGES, "temperature": 0, "stop": None}


@pytest.mark.parametrize("stream", [False, None, omit])
async def test_chat_without_streaming(stream: Any, routes: respx.MockRouter) -> None:
    routes.route().respond(json={"id": "1"})
    answer = await client().chat.completions.create(model="m", messages=MESSAGES, stream=stream)
    assert isinstance(answer, ChatCompletion)


async def test_chat_stream_yields_chunks(routes: respx.MockRouter) -> None:
    routes.route().respond(
        content=b'data: {"id":"1","choices":[]}\n\ndata: [DONE]\n\n',
        headers={"content-type": "text/event-stream"},
    )
    stream = await client().chat.completions.create(
        model="m", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    assert isinstance(stream, AsyncStream)
    (chunk,) = [each async for each in stream]
    assert isinstance(chunk, ChatCompletionChunk)
    body = json.loads(routes.calls.last.request.content)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize("missing", ["model", "messages"])
async def test_chat_needs_its_required_arguments(missing: str) -> None:
    arguments: Any = {"model": "m", "messages": MESSAGES}
    del arguments[missing]
    with pytest.raises(TypeError, match=missing):
        await client().chat.completions.create(**arguments)


async def test_answer_can_be_sent_back(routes: respx.MockRouter) -> None:
    message = {"role": "assistant", "content": "Hi.", "reasoning_content": "Politeness."}
    routes.route().respond(json={"id": "1", "choices": [{"index": 0, "message": message}]})
    answer = await client().chat.completions.create(model="m", messages=MESSAGES)
    await client().chat.completions.create(model="m", messages=[answer.choices[0].message])  # type: ignore[list-item]
    assert json.loads(routes.calls.last.request.content)["messages"] == [message]


# Embeddings

VECTOR = [1.0, -0.5, 0.25]
ENCODED = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()


async def test_embeddings_travel_as_base64(routes: respx.MockRouter) -> None:
    routes.route().respond(json={"data": [{"index": 0, "embedding": ENCODED}]})
    answer = await client().embeddings.create(model="m", input=["x"])
    assert answer.data[0].embedding == VECTOR
    assert json.loads(routes.calls.last.request.content)["encoding_format"] == "base64"


@pytest.mark.parametrize(("encoding", "sent"), [("float", VECTOR), ("base64", ENCODED)])
async def test_embeddings_stay_as_they_were_asked_for(
    encoding: Any, sent: Any, routes: respx.MockRouter
) -> None:
    routes.route().respond(json={"data": [{"index": 0, "embedding": sent}]})
    answer = await client().embeddings.create(model="m", input="x", encoding_format=encoding)
    assert answer.data[0].embedding == sent
    assert json.loads(routes.calls.last.request.content)["encoding_format"] == encoding


async def test_no_embeddings_are_an_error(routes: respx.MockRouter) -> None:
    routes.route().respond(json={"object": "list", "data": []})
    with pytest.raises(ValueError, match="no embeddings"):
        await client().embeddings.create(model="m", input="x")


# Files


async def test_file_is_a_part_after_the_fields(routes: respx.MockRouter) -> None:
    routes.route().respond(json={"id": "1"})
    await client().files.create(
        file=("a.txt", b"content", "text/plain"),
        purpose="batch",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    request = routes.calls.last.request
    content = await request.aread()
    fields, _, file = content.partition(b'name="file"; filename="a.txt"')
    assert b'name="purpose"\r\n\r\nbatch\r\n' in fields
    assert b'name="expires_after[anchor]"\r\n\r\ncreated_at\r\n' in fields
    assert b'name="expires_after[seconds]"\r\n\r\n3600\r\n' in fields
    assert b"Content-Type: text/plain\r\n\r\ncontent\r\n" in file


@pytest.mark.parametrize("file", ["a.txt", 3, None])
async def test_file_must_be_a_file(file: Any) -> None:
    with pytest.raises(TypeError, match="file must be bytes"):
        await client().files.create(file=file, purpose="batch")


async def test_list_of_files_has_its_query(routes: respx.MockRouter) -> None:
    routes.route().respond(json=LIST)
    await client().files.list(after="f0", limit=2, order="desc", purpose="batch")
    assert dict(routes.calls.last.request.url.params) == {
        "after": "f0",
        "limit": "2",
        "order": "desc",
        "purpose": "batch",
    }


async def test_content_of_a_file(routes: respx.MockRouter) -> None:
    routes.route().respond(content=b"\x00\xff", headers={"content-type": "application/pdf"})
    answer = await client().files.content("f1")
    assert answer.content == b"\x00\xff"
    assert isinstance(answer.response, httpx.Response)


# Vector stores


async def test_vector_store_is_created_with_its_body(routes: respx.MockRouter) -> None:
    body = await sent_body(
        routes,
        lambda c: c.vector_stores.create(
            name="n",
            file_ids=["f1"],
            metadata=None,
            expires_after={"anchor": "last_active_at", "days": 1},
        ),
    )
    assert body == {
        "expires_after": {"anchor": "last_active_at", "days": 1},
        "file_ids": ["f1"],
        "metadata": None,
        "name": "n",
    }


async def test_batch_is_created_with_its_body(routes: respx.MockRouter) -> None:
    body = await sent_body(
        routes,
        lambda c: c.vector_stores.file_batches.create(
            "vs1",
            files=[{"file_id": "f1", "attributes": {"a": 1}}],
            attributes={"b": True},
            chunking_strategy={"type": "auto"},
        ),
    )
    assert body == {
        "attributes": {"b": True},
        "chunking_strategy": {"type": "auto"},
        "files": [{"file_id": "f1", "attributes": {"a": 1}}],
    }
