"""Raw and streaming responses of the blocking client: the awaited ones, one hop for each read."""

from __future__ import annotations

import gc
import inspect
import os
import tracemalloc
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from big_file import SIZE, serving
from typing_extensions import deprecated

import openai_async._responses as async_responses
import openai_sync._raw as sync_raw
from openai_async import APIConnectionError, AsyncOpenAI, NotFoundError, StreamAlreadyConsumed
from openai_async._resource import Resource as AsyncResource
from openai_async.emulator import Emulator
from openai_async.types.files import FileDeleted, FileObject
from openai_sync import OpenAI, Stream, _bridge, _portal
from openai_sync._bridge import Resource
from openai_sync._raw import APIResponse, LegacyAPIResponse, RawResource, raw
from openai_sync.pagination import SyncCursorPage

from .wire import HandServer, chunk

MESSAGES: Any = [{"role": "user", "content": "one two three"}]
SPOKEN = "You said: one two three"
TEXT = "".join(f"line {number} é\n" for number in range(20_000))


def upload(client: OpenAI, content: bytes = TEXT.encode()) -> str:
    return client.files.create(file=("a.txt", content), purpose="batch").id


def said(events: Any) -> str:
    return "".join(event.choices[0].delta.content or "" for event in events)


@pytest.fixture
def narrow(emulator: Emulator) -> Iterator[OpenAI]:
    """A client that waits in vain for a connection if its only one is still taken."""
    http_client = httpx.AsyncClient(
        limits=httpx.Limits(max_connections=1), timeout=httpx.Timeout(10, pool=1)
    )
    with OpenAI(
        api_key="sk-test", base_url=emulator.base_url, http_client=http_client, max_retries=0
    ) as client:
        yield client


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was run on the loop thread."""
    made: list[str] = []
    run = _portal.run

    def counted(function: Any, /, *args: Any, **kwargs: Any) -> Any:
        made.append(getattr(function, "__name__", ""))
        return run(function, *args, **kwargs)

    monkeypatch.setattr(_bridge, "run", counted)
    monkeypatch.setattr(sync_raw, "run", counted)
    return made


def test_raw_response_tells_all_about_the_answer(sync_client: OpenAI) -> None:
    identifier = upload(sync_client)
    response = sync_client.files.with_raw_response.retrieve(identifier)
    assert type(response) is LegacyAPIResponse
    assert (response.status_code, response.method, response.retries_taken) == (200, "GET", 0)
    assert response.headers["X-Request-Id"] == response.request_id
    assert response.elapsed > timedelta()
    assert response.http_response.content == response.content
    file = response.parse()
    assert isinstance(file, FileObject)
    assert response.parse() is file
    assert isinstance(response.parse(to=FileDeleted), FileDeleted)


def test_raw_response_of_a_list_is_a_page_with_a_next_one(sync_client: OpenAI) -> None:
    for content in (b"1", b"2", b"3"):
        upload(sync_client, content)
    response = sync_client.files.with_raw_response.list(limit=2)
    page = response.parse()
    assert isinstance(page, SyncCursorPage)
    assert response.parse() is page
    assert len(page.get_next_page().data) == 1
    assert len(list(page)) == 3


def test_raw_response_of_a_stream(sync_client: OpenAI) -> None:
    create = sync_client.chat.completions.with_raw_response.create
    response = create(model="m", messages=MESSAGES, stream=True)
    stream = response.parse()
    assert isinstance(stream, Stream)
    assert response.parse() is stream
    assert said(stream) == SPOKEN
    assert response.is_closed


def test_errors_are_raised_as_ever(sync_client: OpenAI) -> None:
    with pytest.raises(NotFoundError):
        sync_client.files.with_raw_response.retrieve("file-none")
    with pytest.raises(NotFoundError):
        sync_client.files.with_streaming_response.content("file-none").__enter__()


def test_the_api_is_told(sync_client: OpenAI, emulator: Emulator) -> None:
    sync_client.models.with_raw_response.list()
    assert emulator.requests[-1].headers["x-stainless-raw-response"] == "true"
    with sync_client.models.with_streaming_response.list():
        assert emulator.requests[-1].headers["x-stainless-raw-response"] == "stream"


def test_streaming_response_can_be_read_whole(sync_client: OpenAI) -> None:
    identifier = upload(sync_client, b'{"a": 1}')
    with sync_client.files.with_streaming_response.content(identifier) as response:
        assert type(response) is APIResponse
        assert response.status_code == 200
        assert response.read() == b'{"a": 1}'
        assert response.text() == '{"a": 1}'
        assert response.json() == {"a": 1}
        assert response.parse().content == b'{"a": 1}'
        assert response.parse() is response.parse()
    assert response.is_closed


def test_bodies_come_in_pieces(sync_client: OpenAI) -> None:
    identifier = upload(sync_client)
    content = sync_client.files.with_streaming_response.content
    with content(identifier) as response:
        assert b"".join(response.iter_bytes(1000)) == TEXT.encode()
    with content(identifier) as response:
        assert "".join(response.iter_text(1000)) == TEXT
    with content(identifier) as response:
        assert list(response.iter_lines()) == TEXT.splitlines()


def test_a_body_is_read_once(sync_client: OpenAI) -> None:
    identifier = upload(sync_client)
    with sync_client.files.with_streaming_response.content(identifier) as response:
        for _ in response.iter_bytes():
            break
        for read in (response.read, response.text, response.json, response.parse):
            with pytest.raises(StreamAlreadyConsumed):
                read()


def test_one_network_read_is_one_hop(
    server: HandServer, beside: ThreadPoolExecutor, hops: list[str]
) -> None:
    def answer() -> None:
        connection = server.accept()
        connection.request()
        connection.start_stream()
        connection.send_words(*["word"] * 100)
        connection.end_stream()

    with OpenAI(api_key="k", base_url=server.base_url, max_retries=0) as client:
        played = beside.submit(answer)
        create = client.chat.completions.with_streaming_response.create
        with create(model="m", messages=MESSAGES, stream=True) as response:
            lines = list(response.iter_lines())
        played.result()
    assert len(lines) == 2 * 101
    assert lines[0].count(chunk("word")["id"]) == 1
    assert 1 < hops.count("fill") < 10


def test_parsing_takes_no_hop(sync_client: OpenAI, hops: list[str]) -> None:
    response = sync_client.models.with_raw_response.retrieve("gpt-4o-mini")
    hops.clear()
    assert response.parse().id == "gpt-4o-mini"
    assert hops == []


def test_leaving_halfway_takes_no_connection(narrow: OpenAI) -> None:
    identifier = upload(narrow)
    for iterate in ("iter_bytes", "iter_text", "iter_lines"):
        with narrow.files.with_streaming_response.content(identifier) as response:
            for _ in getattr(response, iterate)():
                break
        assert response.is_closed
    gc.collect()


def test_a_stream_can_be_parsed_in_the_block(narrow: OpenAI) -> None:
    create = narrow.chat.completions.with_streaming_response.create
    with create(model="m", messages=MESSAGES, stream=True) as response:
        stream = response.parse()
        assert isinstance(stream, Stream)
        assert said(stream) == SPOKEN
    with create(model="m", messages=MESSAGES, stream=True) as response:
        next(iter(response.parse()))
    assert narrow.models.list().data


def test_a_cut_connection_is_a_connection_error(sync_client: OpenAI, emulator: Emulator) -> None:
    identifier = upload(sync_client)
    emulator.fault("cut=1000", path=f"/files/{identifier}/content")
    with sync_client.files.with_streaming_response.content(identifier) as response:
        with pytest.raises(APIConnectionError):
            list(response.iter_bytes())
        assert response.is_closed


def test_a_file_is_written_while_it_arrives(sync_client: OpenAI, tmp_path: Path) -> None:
    identifier = upload(sync_client)
    with sync_client.files.with_streaming_response.content(identifier) as response:
        response.stream_to_file(tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_bytes() == TEXT.encode()


def test_a_large_download_needs_little_memory(tmp_path: Path) -> None:
    with serving() as base_url, OpenAI(api_key="k", base_url=base_url, max_retries=0) as client:
        client.models.list()  # loads what is loaded once
        tracemalloc.start()
        try:
            with client.files.with_streaming_response.content("file-1") as response:
                response.stream_to_file(tmp_path / "big")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (tmp_path / "big").stat().st_size == SIZE
    assert peak < SIZE / 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_cannot_go_on_with_a_body(sync_client: OpenAI) -> None:
    identifier = upload(sync_client)
    with sync_client.files.with_streaming_response.content(identifier) as response:
        pieces = response.iter_bytes()
        pieces._process = 0
        with pytest.raises(RuntimeError, match="process"):
            next(pieces)


class AsyncOld(AsyncResource):
    @deprecated("Use `new`.")
    async def old(self) -> str:
        return "as ever"


class RawOld(RawResource):
    old = raw(AsyncOld.old)


def test_deprecations_name_the_line_of_the_caller() -> None:
    resource = Resource(AsyncOld(AsyncOpenAI(api_key="k")))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer: Any = RawOld(resource).old()
    assert answer == "as ever"
    assert [(str(w.message), w.filename) for w in caught] == [("Use `new`.", __file__)]


def public(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("awaited", "blocking"),
    [
        (async_responses.LegacyAPIResponse, LegacyAPIResponse),
        (async_responses.AsyncAPIResponse, APIResponse),
    ],
)
def test_both_kinds_of_response_have_the_same_members(awaited: type, blocking: type) -> None:
    assert public(blocking) == public(awaited)
    for name in public(awaited):
        here, there = getattr(blocking, name), getattr(awaited, name)
        assert inspect.getdoc(here) or name == "status_code"
        if inspect.isfunction(here):
            assert inspect.signature(here).parameters == inspect.signature(there).parameters


@pytest.mark.parametrize("way", ["with_raw_response", "with_streaming_response"])
def test_views_keep_the_parameters_and_docs_of_methods(way: str) -> None:
    files = OpenAI(api_key="k").files
    method = getattr(files, way).retrieve
    assert inspect.signature(method) == inspect.signature(files.retrieve)
    assert inspect.getdoc(method) == inspect.getdoc(files.retrieve)
    assert type(getattr(files, way)).__module__ == "openai_sync.resources._raw.files"


@pytest.mark.parametrize("way", ["with_raw_response", "with_streaming_response"])
def test_views_reach_the_parts_of_a_resource(way: str) -> None:
    client = OpenAI(api_key="k")
    completions = getattr(client.chat.completions, way)
    assert getattr(client.chat, way).completions is completions
    assert getattr(client, way).chat.completions is completions
