"""Raw and streaming responses: all about an answer, and its body as it arrives."""

from __future__ import annotations

import gc
import inspect
import json
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from big_file import SIZE, serving
from typing_extensions import deprecated

from openai_async import (
    APIConnectionError,
    APIResponseValidationError,
    AsyncOpenAI,
    AsyncStream,
    BadRequestError,
    DeadlineExceeded,
    HttpxBinaryResponseContent,
    NotFoundError,
    OpenAIError,
    StreamAlreadyConsumed,
)
from openai_async._raw import RawResource, StreamedResource, raw, streamed
from openai_async._resource import Resource
from openai_async._responses import AsyncAPIResponse, LegacyAPIResponse
from openai_async._transport import ConnectionFailed
from openai_async.emulator import Emulator
from openai_async.pagination import AsyncCursorPage
from openai_async.types.chat import ChatCompletion
from openai_async.types.files import FileDeleted, FileObject

MESSAGES: Any = [{"role": "user", "content": "one two three"}]
SPOKEN = "You said: one two three"
TEXT = "".join(f"line {number} é\n" for number in range(20_000))


async def upload(client: AsyncOpenAI, content: bytes = TEXT.encode()) -> str:
    return (await client.files.create(file=("a.txt", content), purpose="batch")).id


def said(events: list[Any]) -> str:
    return "".join(event.choices[0].delta.content or "" for event in events)


async def exhaust(body: Any) -> None:
    """Waits for all of it, however it comes."""
    if inspect.isawaitable(body):
        await body
    else:
        async for _ in body:
            pass


@pytest.fixture
async def narrow(emulator: Emulator) -> AsyncIterator[AsyncOpenAI]:
    """A client that waits in vain for a connection if its only one is still taken."""
    http_client = httpx.AsyncClient(
        limits=httpx.Limits(max_connections=1), timeout=httpx.Timeout(10, pool=1)
    )
    async with AsyncOpenAI(
        api_key="sk-test", base_url=emulator.base_url, http_client=http_client, max_retries=0
    ) as client:
        yield client


# Raw responses


async def test_raw_response_tells_all_about_the_answer(client: AsyncOpenAI) -> None:
    response = await client.models.with_raw_response.retrieve("gpt-4o-mini")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == response.headers["content-type"]
    assert response.headers["content-type"].startswith("application/json")
    assert response.url == f"{client.base_url}models/gpt-4o-mini"
    assert response.method == "GET"
    assert response.http_version == "HTTP/1.1"
    assert timedelta() < response.elapsed < timedelta(minutes=1)
    assert response.request_id == response.headers["x-request-id"]
    assert response.retries_taken == 0
    assert response.is_closed


async def test_raw_response_holds_the_body(client: AsyncOpenAI) -> None:
    response = await client.models.with_raw_response.retrieve("gpt-4o-mini")
    assert json.loads(response.content) == json.loads(response.text)
    assert json.loads(response.text)["id"] == "gpt-4o-mini"


async def test_raw_response_can_be_had_as_httpx_has_it(client: AsyncOpenAI) -> None:
    response = await client.models.with_raw_response.retrieve("gpt-4o-mini")
    assert isinstance(response.http_response, httpx.Response)
    assert response.http_response.content == response.content
    assert response.http_request.method == "GET"
    assert "sk-test" not in repr(response.http_request.headers.raw)


async def test_raw_response_is_parsed_as_the_method_promises(client: AsyncOpenAI) -> None:
    identifier = await upload(client)
    response = await client.files.with_raw_response.retrieve(identifier)
    assert isinstance(response, LegacyAPIResponse)
    file = response.parse()
    assert isinstance(file, FileObject)
    assert file == await client.files.retrieve(identifier)
    assert file._request_id == response.request_id


async def test_raw_response_is_parsed_once_for_each_type(client: AsyncOpenAI) -> None:
    response = await client.files.with_raw_response.retrieve(await upload(client))
    assert response.parse() is response.parse()
    other = response.parse(to=FileDeleted)
    assert isinstance(other, FileDeleted)
    assert response.parse(to=FileDeleted) is other
    assert response.parse(to=dict)["object"] == "file"
    assert isinstance(response.parse(), FileObject)


async def test_raw_response_of_what_is_made_of_the_answer(client: AsyncOpenAI) -> None:
    response = await client.embeddings.with_raw_response.create(model="m", input="x")
    assert isinstance(json.loads(response.text)["data"][0]["embedding"], str)
    assert isinstance(response.parse().data[0].embedding, list)


async def test_raw_response_of_a_list_is_a_page_with_a_next_one(client: AsyncOpenAI) -> None:
    for content in (b"1", b"2", b"3"):
        await upload(client, content)
    response = await client.files.with_raw_response.list(limit=2)
    page = response.parse()
    assert isinstance(page, AsyncCursorPage)
    assert len(page.data) == 2
    (item,) = (await page.get_next_page()).data
    assert isinstance(item, FileObject)
    assert len([item async for item in page]) == 3


async def test_raw_response_of_a_file(client: AsyncOpenAI) -> None:
    response = await client.files.with_raw_response.content(await upload(client, b"hello"))
    assert response.content == b"hello"
    file = response.parse()
    assert isinstance(file, HttpxBinaryResponseContent)
    assert file.read() == b"hello"


async def test_raw_response_of_a_stream(client: AsyncOpenAI) -> None:
    response = await client.chat.completions.with_raw_response.create(
        model="m", messages=MESSAGES, stream=True
    )
    assert response.status_code == 200
    assert not response.is_closed
    stream = response.parse()
    assert isinstance(stream, AsyncStream)
    assert response.parse() is stream
    assert said([event async for event in stream]) == SPOKEN
    assert response.is_closed


async def test_raw_response_of_a_stream_has_no_body(client: AsyncOpenAI) -> None:
    response = await client.chat.completions.with_raw_response.create(
        model="m", messages=MESSAGES, stream=True
    )
    with pytest.raises(OpenAIError, match="parse"):
        _ = response.content
    await response.parse().close()


async def test_raw_response_of_a_stream_is_parsed_as_one_type(client: AsyncOpenAI) -> None:
    response = await client.chat.completions.with_raw_response.create(
        model="m", messages=MESSAGES, stream=True
    )
    stream: Any = response.parse(to=dict)
    with pytest.raises(StreamAlreadyConsumed):
        response.parse()
    assert [type(event) async for event in stream][:1] == [dict]


async def test_raw_response_of_a_stream_that_is_dropped_frees_the_connection(
    narrow: AsyncOpenAI,
) -> None:
    await narrow.chat.completions.with_raw_response.create(
        model="m", messages=MESSAGES, stream=True
    )
    gc.collect()
    assert (await narrow.models.list()).data


async def test_raw_response_counts_retries(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("status=503; retry-after-ms=1", times=2)
    response = await client.models.with_raw_response.list()
    assert response.retries_taken == 2


async def test_raw_response_shows_no_secrets() -> None:
    http_client = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json={"id": "m"}))
    )
    async with AsyncOpenAI(
        api_key="k", base_url="https://user:hidden@api.test/v1", http_client=http_client
    ) as client:
        response = await client.models.with_raw_response.retrieve("m")
    assert repr(response).startswith("LegacyAPIResponse(200, GET https://")
    assert "hidden" not in repr(response)
    assert "hidden" not in str(response.http_request.url)


# Both kinds


async def raw_list(client: AsyncOpenAI) -> None:
    await client.models.with_raw_response.list()


async def raw_stream(client: AsyncOpenAI) -> None:
    create = client.chat.completions.with_raw_response.create
    await (await create(model="m", messages=MESSAGES, stream=True)).parse().close()


async def streamed_list(client: AsyncOpenAI) -> None:
    async with client.models.with_streaming_response.list():
        pass


async def plain_list(client: AsyncOpenAI) -> None:
    await client.models.list()


@pytest.mark.parametrize(
    ("call", "sent"),
    [(raw_list, "true"), (raw_stream, "true"), (streamed_list, "stream"), (plain_list, None)],
)
async def test_the_api_is_told(
    call: Callable[[AsyncOpenAI], Any], sent: str | None, client: AsyncOpenAI, emulator: Emulator
) -> None:
    await call(client)
    assert emulator.requests[-1].headers.get("x-stainless-raw-response") == sent


async def test_the_next_page_is_no_raw_response(client: AsyncOpenAI, emulator: Emulator) -> None:
    for content in (b"1", b"2"):
        await upload(client, content)
    page = (await client.files.with_raw_response.list(limit=1)).parse()
    await page.get_next_page()
    assert "x-stainless-raw-response" not in emulator.requests[-1].headers


async def test_errors_are_raised_as_ever(client: AsyncOpenAI, emulator: Emulator) -> None:
    with pytest.raises(NotFoundError):
        await client.files.with_raw_response.retrieve("file-none")
    with pytest.raises(NotFoundError):
        async with client.files.with_streaming_response.content("file-none"):
            pytest.fail("the block was entered")
    emulator.fault("status=400; message=No.")
    with pytest.raises(BadRequestError, match=r"No\."):
        await client.chat.completions.with_raw_response.create(
            model="m", messages=MESSAGES, stream=True
        )


async def test_an_answer_that_is_no_json_is_received_but_not_parsed(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("html", times=2)
    response = await client.models.with_raw_response.list()
    assert "<html" in response.text
    with pytest.raises(APIResponseValidationError):
        response.parse()
    async with client.models.with_streaming_response.list() as answer:
        with pytest.raises(APIResponseValidationError):
            await answer.parse()
        assert "<html" in await answer.text()


@pytest.mark.parametrize("way", ["with_raw_response", "with_streaming_response"])
def test_views_reach_the_parts_of_a_resource(way: str) -> None:
    client = AsyncOpenAI(api_key="k")
    completions = getattr(client.chat.completions, way)
    assert getattr(client.chat, way).completions is completions
    assert completions is getattr(client.chat.completions, way)
    assert getattr(client, way).chat.completions is completions


def test_views_belong_to_their_client() -> None:
    client = AsyncOpenAI(api_key="k")
    view = client.files.with_raw_response
    other = client.with_options(timeout=3)
    assert other.files.with_raw_response is not view
    assert other.files.with_raw_response._async._client is other


def test_views_are_found_for_classes_of_the_user() -> None:
    from openai_async.resources.files import Files

    class Mine(Files):
        pass

    files = Mine(AsyncOpenAI(api_key="k"))
    assert type(files.with_raw_response).__name__ == "Files"
    assert files.with_raw_response._viewed is files


def test_a_resource_without_methods_of_the_api_has_no_views() -> None:
    with pytest.raises(AttributeError):
        _ = Resource(AsyncOpenAI(api_key="k")).with_raw_response


def test_views_keep_the_parameters_and_docs_of_methods() -> None:
    files = AsyncOpenAI(api_key="k").files
    for view in (files.with_raw_response, files.with_streaming_response):
        assert inspect.signature(view.retrieve) == inspect.signature(files.retrieve)
        assert inspect.getdoc(view.retrieve) == inspect.getdoc(files.retrieve)


def test_views_are_loaded_when_they_are_used() -> None:
    program = (
        "import sys, openai_async, openai_sync\n"
        "openai_async.AsyncOpenAI(api_key='k').chat.completions.create\n"
        "openai_sync.OpenAI(api_key='k').chat.completions.create\n"
        "print([name for name in sys.modules if '_raw' in name and 'openai' in name])\n"
        "print('openai_async._responses' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "False"]


class Old(Resource):
    @deprecated("Use `new`.")
    async def old(self) -> str:
        return "as ever"


class RawOld(RawResource):
    old = raw(Old.old)


class StreamedOld(StreamedResource):
    old = streamed(Old.old)


@pytest.mark.parametrize("view", [RawOld, StreamedOld])
async def test_deprecations_name_the_line_of_the_caller(view: Any) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = view(Old(AsyncOpenAI(api_key="k"))).old()
    assert [(str(w.message), w.category, w.filename) for w in caught] == [
        ("Use `new`.", DeprecationWarning, __file__)
    ]
    if inspect.isawaitable(result):
        assert await result == "as ever"


# Streaming responses


async def test_nothing_is_sent_before_the_block(client: AsyncOpenAI, emulator: Emulator) -> None:
    before = len(emulator.requests)
    manager = client.models.with_streaming_response.list()
    assert len(emulator.requests) == before
    async with manager:
        assert len(emulator.requests) == before + 1


async def test_streaming_response_tells_all_about_the_answer(client: AsyncOpenAI) -> None:
    async with client.models.with_streaming_response.retrieve("gpt-4o-mini") as response:
        assert isinstance(response, AsyncAPIResponse)
        assert (response.status_code, response.method) == (200, "GET")
        assert response.url == f"{client.base_url}models/gpt-4o-mini"
        assert response.http_version == "HTTP/1.1"
        assert response.request_id == response.headers["X-Request-Id"]
        assert response.elapsed > timedelta()
        assert response.retries_taken == 0
        assert response.http_request.method == "GET"
        assert response.http_response.status_code == 200
        assert not response.is_closed
    assert response.is_closed


async def test_streaming_response_can_be_read_whole(client: AsyncOpenAI) -> None:
    async with client.models.with_streaming_response.retrieve("gpt-4o-mini") as response:
        content = await response.read()
        assert json.loads(content) == await response.json()
        assert await response.text() == content.decode()
        assert await response.read() == content
        assert b"".join([piece async for piece in response.iter_bytes(7)]) == content
        assert (await response.parse()).id == "gpt-4o-mini"
        assert response.is_closed
    assert await response.read() == content


async def test_streaming_response_is_parsed_once_for_each_type(client: AsyncOpenAI) -> None:
    identifier = await upload(client)
    async with client.files.with_streaming_response.retrieve(identifier) as response:
        file = await response.parse()
        assert isinstance(file, FileObject)
        assert await response.parse() is file
        assert isinstance(await response.parse(to=FileDeleted), FileDeleted)


@pytest.mark.parametrize("size", [None, 1000, 10**7])
async def test_bytes_come_in_pieces(client: AsyncOpenAI, size: int | None) -> None:
    identifier = await upload(client)
    async with client.files.with_streaming_response.content(identifier) as response:
        pieces = [piece async for piece in response.iter_bytes(size)]
        assert response.is_closed
    assert b"".join(pieces) == TEXT.encode()
    assert size is None or {len(piece) for piece in pieces[:-1]} <= {size}


async def test_text_comes_in_pieces(client: AsyncOpenAI) -> None:
    identifier = await upload(client)
    async with client.files.with_streaming_response.content(identifier) as response:
        pieces = [piece async for piece in response.iter_text(1000)]
    assert "".join(pieces) == TEXT
    assert {len(piece) for piece in pieces[:-1]} == {1000}


async def test_lines_come_one_by_one(client: AsyncOpenAI) -> None:
    identifier = await upload(client)
    async with client.files.with_streaming_response.content(identifier) as response:
        assert [line async for line in response.iter_lines()] == TEXT.splitlines()


async def test_a_body_is_read_once(client: AsyncOpenAI) -> None:
    identifier = await upload(client)
    async with client.files.with_streaming_response.content(identifier) as response:
        async for _ in response.iter_bytes():
            break
        for read in (response.read, response.text, response.json, response.parse):
            with pytest.raises(StreamAlreadyConsumed):
                await read()
        with pytest.raises(StreamAlreadyConsumed):
            await anext(aiter(response.iter_lines()))


async def test_a_body_cannot_be_read_after_the_block(client: AsyncOpenAI) -> None:
    async with client.models.with_streaming_response.list() as response:
        pieces = response.iter_bytes()
    with pytest.raises(OpenAIError, match="closed"):
        await response.read()
    with pytest.raises(OpenAIError, match="closed"):
        await anext(pieces)


async def test_a_body_that_was_closed_halfway_does_not_look_complete(client: AsyncOpenAI) -> None:
    identifier = await upload(client)
    async with client.files.with_streaming_response.content(identifier) as response:
        pieces = response.iter_bytes()
        await anext(pieces)
    with pytest.raises(OpenAIError, match="closed"):
        await exhaust(pieces)


@pytest.mark.parametrize("iterate", ["iter_bytes", "iter_text", "iter_lines"])
async def test_leaving_halfway_takes_no_connection(narrow: AsyncOpenAI, iterate: str) -> None:
    identifier = await upload(narrow)
    for _ in range(3):
        async with narrow.files.with_streaming_response.content(identifier) as response:
            async for _piece in getattr(response, iterate)():
                break
        assert response.is_closed
    gc.collect()


async def test_a_block_that_reads_nothing_takes_no_connection(narrow: AsyncOpenAI) -> None:
    identifier = await upload(narrow)
    for _ in range(3):
        async with narrow.files.with_streaming_response.content(identifier):
            pass


async def test_a_response_can_be_closed_early(narrow: AsyncOpenAI) -> None:
    identifier = await upload(narrow)
    async with narrow.files.with_streaming_response.content(identifier) as response:
        await response.close()
        assert response.is_closed
        assert (await narrow.models.list()).data


async def test_an_error_in_the_block_takes_no_connection(narrow: AsyncOpenAI) -> None:
    identifier = await upload(narrow)

    async def fail() -> None:
        async with narrow.files.with_streaming_response.content(identifier) as response:
            async for _ in response.iter_bytes():
                raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert (await narrow.models.list()).data


@pytest.mark.parametrize("iterate", ["iter_bytes", "iter_lines", "read"])
async def test_cancelling_takes_no_connection(
    narrow: AsyncOpenAI, emulator: Emulator, iterate: str
) -> None:
    identifier = await upload(narrow)
    emulator.fault("stall-body=60; stall-after=100", path=f"/files/{identifier}/content")
    started = anyio.Event()

    async def download() -> None:
        async with narrow.files.with_streaming_response.content(identifier) as response:
            started.set()
            await exhaust(getattr(response, iterate)())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(download)
        await started.wait()
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert (await narrow.models.list()).data


@pytest.mark.parametrize("read", ["iter_bytes", "iter_lines", "read", "parse"])
async def test_the_deadline_bounds_reading(
    narrow: AsyncOpenAI, emulator: Emulator, read: str
) -> None:
    identifier = await upload(narrow)
    emulator.fault("stall-body=60; stall-after=100", path=f"/files/{identifier}/content")
    limited = narrow.with_options(deadline=0.5)
    async with limited.files.with_streaming_response.content(identifier) as response:
        with pytest.raises(DeadlineExceeded, match="while reading the answer") as caught:
            await exhaust(getattr(response, read)())
        assert response.is_closed
    assert caught.value.deadline == 0.5
    assert [attempt.status for attempt in caught.value.attempts] == [200]
    assert (await narrow.models.list()).data


@pytest.mark.parametrize("read", ["iter_bytes", "iter_text", "iter_lines", "read", "parse"])
async def test_a_cut_connection_is_a_connection_error(
    client: AsyncOpenAI, emulator: Emulator, read: str
) -> None:
    identifier = await upload(client)
    emulator.fault("cut=1000", path=f"/files/{identifier}/content")
    async with client.files.with_streaming_response.content(identifier) as response:
        with pytest.raises(APIConnectionError) as caught:
            await exhaust(getattr(response, read)())
        assert isinstance(caught.value.__cause__, ConnectionFailed)
        assert response.is_closed


async def test_a_stream_can_be_parsed_in_the_block(narrow: AsyncOpenAI) -> None:
    create = narrow.chat.completions.with_streaming_response.create
    async with create(model="m", messages=MESSAGES, stream=True) as response:
        stream = await response.parse()
        assert said([event async for event in stream]) == SPOKEN
    async with create(model="m", messages=MESSAGES, stream=True) as response:
        async for _ in await response.parse():
            break
        assert not response.is_closed
    assert response.is_closed
    assert (await narrow.models.list()).data


async def test_a_stream_can_be_read_as_it_is_on_the_wire(client: AsyncOpenAI) -> None:
    create = client.chat.completions.with_streaming_response.create
    async with create(model="m", messages=MESSAGES, stream=True) as response:
        lines = [line async for line in response.iter_lines()]
    assert lines[0].startswith("data: {")
    assert "data: [DONE]" in lines


async def test_a_list_is_parsed_to_a_page_with_a_next_one(client: AsyncOpenAI) -> None:
    for content in (b"1", b"2"):
        await upload(client, content)
    async with client.files.with_streaming_response.list(limit=1) as response:
        page = await response.parse()
    assert len([item async for item in page]) == 2


async def test_a_completion_is_parsed_whole(client: AsyncOpenAI) -> None:
    create = client.chat.completions.with_streaming_response.create
    async with create(model="m", messages=MESSAGES) as response:
        completion = await response.parse()
        assert isinstance(completion, ChatCompletion)
        assert completion.choices[0].message.content == SPOKEN


# Files


async def test_a_file_is_written_while_it_arrives(client: AsyncOpenAI, tmp_path: Path) -> None:
    identifier = await upload(client)
    async with client.files.with_streaming_response.content(identifier) as response:
        await response.stream_to_file(tmp_path / "a.txt", chunk_size=1000)
    assert (tmp_path / "a.txt").read_bytes() == TEXT.encode()


async def test_writing_a_file_needs_a_body_that_was_not_read(
    client: AsyncOpenAI, tmp_path: Path
) -> None:
    identifier = await upload(client)
    async with client.files.with_streaming_response.content(identifier) as response:
        async for _ in response.iter_bytes():
            break
        with pytest.raises(StreamAlreadyConsumed):
            await response.stream_to_file(tmp_path / "a.txt")


async def test_cancelling_a_download_closes_the_file(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    identifier = await upload(client)
    emulator.fault("stall-body=60; stall-after=100", path=f"/files/{identifier}/content")
    started = anyio.Event()

    async def download() -> None:
        async with client.files.with_streaming_response.content(identifier) as response:
            started.set()
            await response.stream_to_file(tmp_path / "a.txt")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(download)
        await started.wait()
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    gc.collect()  # a file left open would warn


async def test_a_large_download_needs_little_memory(tmp_path: Path) -> None:
    with serving() as base_url:
        async with AsyncOpenAI(api_key="k", base_url=base_url, max_retries=0) as client:
            await client.models.list()  # loads what is loaded once
            tracemalloc.start()
            try:
                async with client.files.with_streaming_response.content("file-1") as response:
                    await response.stream_to_file(tmp_path / "big")
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
    assert (tmp_path / "big").stat().st_size == SIZE
    assert peak < SIZE / 8
