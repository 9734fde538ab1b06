"""The bridge from blocking calls to coroutines: streams, pages, callbacks, errors."""

from __future__ import annotations

import gc
import pickle
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import anyio.lowlevel
import pytest
import respx

from openai_async import AsyncOpenAI
from openai_async._transport import ConnectionFailed
from openai_async.emulator import Emulator
from openai_async.types.chat import ChatCompletionChunk
from openai_sync import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    DeadlineExceeded,
    NotFoundError,
    OpenAI,
    PoolStats,
    RateLimitError,
    Stream,
    StreamStalled,
    StreamTruncated,
    _bridge,
    _portal,
)
from openai_sync.pagination import SyncCursorPage, SyncPage

from .children import run
from .wire import PATIENCE, Connection, HandServer, chunk, model

Threads = ThreadPoolExecutor


def ask(client: OpenAI, question: str) -> str | None:
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=[said(question)])
    return answer.choices[0].message.content


def tell(client: OpenAI, question: str = "Tell me.") -> Stream[ChatCompletionChunk]:
    return client.chat.completions.create(
        model="gpt-4o-mini", messages=[said(question)], stream=True
    )


def said(text: str) -> Any:
    return {"role": "user", "content": text}


def word(event: ChatCompletionChunk) -> str:
    return event.choices[0].delta.content or ""


def client_of(server: HandServer, **settings: Any) -> OpenAI:
    return OpenAI(api_key="sk-test", base_url=server.base_url, **settings)


def started(
    server: HandServer, beside: Threads, client: OpenAI, *words: str
) -> tuple[Stream[ChatCompletionChunk], Connection]:
    """A stream that has brought `words` and goes on, and the other end of it."""
    future = beside.submit(tell, client)
    connection = server.accept()
    connection.request()
    connection.start_stream()
    connection.send_words(*words)
    return future.result(PATIENCE), connection


def still_works(server: HandServer, beside: Threads, client: OpenAI) -> bool:
    future: Future[Any] = beside.submit(client.models.retrieve, "m")
    connection = server.accept()
    connection.request()
    connection.answer(model("m"))
    return bool(future.result(PATIENCE).id == "m")


# Every method


def test_chat(sync_client: OpenAI) -> None:
    assert ask(sync_client, "Is it me?") == "You said: Is it me?"


def test_embeddings(sync_client: OpenAI) -> None:
    answer = sync_client.embeddings.create(
        model="text-embedding-3-small", input=["one", "two"], dimensions=8
    )
    assert [len(item.embedding) for item in answer.data] == [8, 8]


def test_models(sync_client: OpenAI) -> None:
    first = next(iter(sync_client.models.list()))
    assert sync_client.models.retrieve(first.id) == first
    assert sync_client.models.delete("ft:gpt-4o-mini:acme::7qTVM5AR").deleted


def test_files(sync_client: OpenAI) -> None:
    file = sync_client.files.create(file=("note.txt", b"remember"), purpose="assistants")
    assert sync_client.files.retrieve(file.id).filename == "note.txt"
    assert [each.id for each in sync_client.files.list()] == [file.id]
    assert sync_client.files.content(file.id).read() == b"remember"
    assert sync_client.files.delete(file.id).deleted


def test_vector_stores(sync_client: OpenAI) -> None:
    store = sync_client.vector_stores.create(name="notes")
    assert sync_client.vector_stores.retrieve(store.id).name == "notes"


def test_file_batches(sync_client: OpenAI) -> None:
    batches = sync_client.vector_stores.file_batches
    store = sync_client.vector_stores.create().id
    file = sync_client.files.create(file=b"one", purpose="assistants").id
    batch = batches.create(store, file_ids=[file])
    assert batches.retrieve(batch.id, vector_store_id=store).id == batch.id
    assert batches.poll(batch.id, vector_store_id=store).status == "completed"
    assert batches.create_and_poll(store, file_ids=[file]).file_counts.completed == 1


def test_bulk_upload(sync_client: OpenAI, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "two.txt"
    path.write_bytes(b"two")
    progress: list[tuple[int, int | None]] = []
    batch = sync_client.vector_stores.file_batches.upload_and_poll(
        sync_client.vector_stores.create().id,
        files=[("one.txt", b"one"), path],
        on_progress=lambda now: progress.append((now.uploaded, now.total)),
    )
    assert batch.file_counts.completed == 2
    assert {file.filename for file in emulator.files} == {"one.txt", "two.txt"}
    assert progress[:2] == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("method", "content"),
    [("get", {}), ("post", {"body": {}}), ("put", {}), ("patch", {}), ("delete", {})],
)
def test_the_undocumented(
    respx_mock: respx.MockRouter, method: str, content: dict[str, Any]
) -> None:
    respx_mock.request(method.upper(), "https://host/v1/thing").respond(json={"yes": 1})
    client = OpenAI(api_key="k", base_url="https://host/v1")
    assert getattr(client, method)("/thing", cast_to=dict[str, int], **content) == {"yes": 1}


# Streams


def test_a_stream_is_iterated_over(sync_client: OpenAI) -> None:
    events = tell(sync_client, "one two")
    assert "".join(word(event) for event in events) == "You said: one two"
    assert events.outcome == "complete"


def test_a_stream_gives_one_event_at_a_time(sync_client: OpenAI) -> None:
    events = tell(sync_client, "one")
    assert [word(next(events)) for _ in range(3)] == ["", "You", " said:"]


def test_a_stream_stays_at_its_end(sync_client: OpenAI) -> None:
    events = tell(sync_client)
    list(events)
    assert list(events) == []


def test_a_stream_has_the_head_of_the_answer(sync_client: OpenAI) -> None:
    events = tell(sync_client)
    assert events.response.status_code == 200
    assert events.request_id == events.response.headers["x-request-id"]


def test_two_streams_take_turns(sync_client: OpenAI) -> None:
    pairs = list(zip(tell(sync_client, "a b"), tell(sync_client, "c d"), strict=True))
    assert "".join(word(left) for left, _ in pairs) == "You said: a b"
    assert "".join(word(right) for _, right in pairs) == "You said: c d"


def test_events_come_as_they_arrive(server: HandServer, beside: Threads) -> None:
    with client_of(server) as client:
        events, connection = started(server, beside, client, "one")
        assert word(next(events)) == "one"
        connection.send_words("two")
        assert word(next(events)) == "two"
        connection.end_stream()
        assert list(events) == []


def test_a_stream_is_read_in_another_thread(sync_client: OpenAI, beside: Threads) -> None:
    events = tell(sync_client, "one")
    assert len(beside.submit(list, events).result(PATIENCE)) == 5


def test_close_ends_a_stream(server: HandServer, beside: Threads) -> None:
    with client_of(server) as client:
        events, connection = started(server, beside, client, "one", "two")
        next(events)
        events.close()
        assert connection.wait_until_closed()
        assert list(events) == []
        assert events.outcome == "incomplete"


def test_leaving_the_block_ends_a_stream(server: HandServer, beside: Threads) -> None:
    with client_of(server) as client:
        events, connection = started(server, beside, client, "one")
        with events as entered:
            assert entered is events
            for _ in events:
                break
        assert connection.wait_until_closed()


def test_an_exception_in_the_block_ends_a_stream(server: HandServer, beside: Threads) -> None:
    with client_of(server) as client:
        events, connection = started(server, beside, client, "one")
        with pytest.raises(ZeroDivisionError), events:
            raise ZeroDivisionError
        assert connection.wait_until_closed()


def test_a_dropped_stream_frees_its_connection(server: HandServer, beside: Threads) -> None:
    with client_of(server) as client:
        events, connection = started(server, beside, client, "one")
        next(events)
        del events
        gc.collect()
        assert still_works(server, beside, client)
        assert connection.wait_until_closed()


def test_a_stream_read_to_its_end_gives_its_connection_back(
    server: HandServer, beside: Threads
) -> None:
    with client_of(server) as client:
        events, connection = started(server, beside, client, "one")
        connection.end_stream()
        list(events)
        future = beside.submit(client.models.retrieve, "m")
        assert connection.request()[0].startswith("GET /v1/models/m ")
        connection.answer(model("m"))
        assert future.result(PATIENCE).id == "m"


@pytest.mark.parametrize("count", [1, 50])
def test_one_hop_per_network_read_not_per_event(
    count: int, respx_mock: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    text = "".join(f"data: {json.dumps(chunk(str(n)))}\n\n" for n in range(count))
    respx_mock.post("https://host/v1/chat/completions").respond(
        text=text + "data: [DONE]\n\n", content_type="text/event-stream"
    )
    hops = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal hops
        hops += 1
        return _portal.run(*args, **kwargs)

    monkeypatch.setattr(_bridge, "run", counted)
    assert len(list(tell(OpenAI(api_key="k", base_url="https://host/v1")))) == count
    assert hops == 3  # the head, the one read, and the end


def test_an_error_in_the_stream_comes_after_the_events_before_it(
    sync_client: OpenAI, emulator: Emulator
) -> None:
    emulator.fault("sse-error")
    events = tell(sync_client, "one")
    words = []
    with pytest.raises(Exception, match=r"(?i)error") as caught:
        words.extend(word(event) for event in events)
    assert type(caught.value).__name__ == "APIError"
    assert list(events) == []


@pytest.mark.parametrize(
    ("fault", "limits", "error", "partial"),
    [
        ("pings", {"first_event": 0.1}, StreamStalled, ""),
        ("pings=4", {"event_gap": 0.1}, StreamStalled, "You said: one"),
        ("pings=4", {"deadline": 0.5}, DeadlineExceeded, "You said: one"),
    ],
)
def test_limits_of_streams(
    fault: str,
    limits: dict[str, Any],
    error: type[APITimeoutError],
    partial: str,
    sync_client: OpenAI,
    emulator: Emulator,
) -> None:
    emulator.fault(fault)
    events = tell(sync_client.with_options(**limits), "one two")
    words: list[str] = []
    with pytest.raises(error) as caught:
        words.extend(word(event) for event in events)
    assert "".join(words) == caught.value.partial == partial
    assert events.outcome == "incomplete"
    assert sync_client.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)


def test_a_truncated_stream_says_so(sync_client: OpenAI, emulator: Emulator) -> None:
    list(tell(sync_client, "one two"))  # so this server sends terminators
    emulator.fault("ends=4")
    events = tell(sync_client, "one two")
    words: list[str] = []
    with pytest.raises(StreamTruncated) as caught:
        words.extend(word(event) for event in events)
    assert "".join(words) == caught.value.partial == "You said: one"
    assert events.outcome == "truncated"
    assert list(events) == []


def test_streams_that_are_read_share_a_connection(sync_client: OpenAI, emulator: Emulator) -> None:
    for _ in range(10):
        list(tell(sync_client))
    assert len({request.port for request in emulator.requests}) == 1
    assert sync_client.pool_stats() == PoolStats(in_use=0, idle=1, waiting=0)


def test_a_stream_that_is_left_frees_its_connection(
    sync_client: OpenAI, emulator: Emulator
) -> None:
    emulator.fault("pings=2")
    events = tell(sync_client)
    for _ in events:
        break
    events.close()
    assert sync_client.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)


def test_closing_in_another_thread_ends_the_iteration(server: HandServer, beside: Threads) -> None:
    with client_of(server) as client:
        events, connection = started(server, beside, client, "one")
        next(events)
        reading = beside.submit(list, events)
        wait_until_read(events)
        events.close()
        assert reading.result(PATIENCE) == []
        assert connection.wait_until_closed()


def test_a_second_thread_is_refused_and_the_first_goes_on(
    server: HandServer, beside: Threads
) -> None:
    with client_of(server) as client:
        events, connection = started(server, beside, client, "one")
        next(events)
        reading = beside.submit(list, events)
        wait_until_read(events)
        with pytest.raises(RuntimeError, match="another task or thread"):
            next(events)
        connection.send_words("two")
        connection.end_stream()
        assert [word(event) for event in reading.result(PATIENCE)] == ["two"]


def wait_until_read(events: Stream[ChatCompletionChunk]) -> None:
    """Returns when another thread waits for the next event."""

    async def reading() -> None:
        while not events._async._reading:
            await anyio.lowlevel.checkpoint()

    _portal.run(reading)


# Pages


@pytest.fixture
def names(sync_client: OpenAI) -> list[str]:
    """The names of five uploaded files, as they are listed."""
    for number in range(5):
        sync_client.files.create(file=(f"{number}.txt", b"x"), purpose="assistants")
    return ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt"]


def test_items_of_all_pages(sync_client: OpenAI, names: list[str]) -> None:
    files = sync_client.files.list(limit=2, order="asc")
    assert [file.filename for file in files] == names


def test_pages_are_asked_for_when_they_are_needed(
    sync_client: OpenAI, names: list[str], emulator: Emulator
) -> None:
    emulator.clear()
    items = iter(sync_client.files.list(limit=2, order="asc"))
    next(items), next(items)
    assert len(emulator.requests) == 1
    next(items)
    assert len(emulator.requests) == 2


def test_iter_pages(sync_client: OpenAI, names: list[str]) -> None:
    pages = list(sync_client.files.list(limit=2, order="asc").iter_pages())
    assert {type(page) for page in pages} == {SyncCursorPage}
    assert [file.filename for page in pages for file in page.data] == names
    assert [len(page.data) for page in pages] == [2, 2, 1]


def test_get_next_page(sync_client: OpenAI, names: list[str], emulator: Emulator) -> None:
    page = sync_client.files.list(limit=4, order="asc", extra_headers={"x-mine": "1"})
    assert page.has_next_page()
    info = page.next_page_info()
    assert info is not None
    assert info.params == {"after": page.data[-1].id}
    following = page.get_next_page()
    assert [file.filename for file in following.data] == names[4:]
    assert emulator.requests[-1].headers["x-mine"] == "1"
    assert "limit=4" in emulator.requests[-1].query


def test_there_is_no_page_after_the_last(sync_client: OpenAI) -> None:
    page = sync_client.models.list()
    assert isinstance(page, SyncPage)
    assert not page.has_next_page()
    with pytest.raises(RuntimeError, match="no next page"):
        page.get_next_page()


def test_a_pickled_page_keeps_its_items_only(sync_client: OpenAI, names: list[str]) -> None:
    page = sync_client.files.list(limit=2, order="asc")
    loaded = pickle.loads(pickle.dumps(page))
    assert type(loaded) is SyncCursorPage
    assert loaded == page
    assert [file.filename for file in loaded.data] == names[:2]
    with pytest.raises(RuntimeError, match="does not come from a client"):
        loaded.get_next_page()


def test_a_page_shows_what_it_holds(sync_client: OpenAI, names: list[str]) -> None:
    page = sync_client.files.list(limit=1, order="asc")
    assert repr(page).startswith("SyncCursorPage(data=[FileObject(")
    assert page.to_dict()["has_more"] is True


@pytest.mark.parametrize("page", ["SyncCursorPage", "AsyncCursorPage"])
def test_any_list(sync_client: OpenAI, names: list[str], page: str) -> None:
    import openai_async.pagination
    import openai_sync.pagination
    from openai_async.types.files import FileObject

    module = openai_sync.pagination if page == "SyncCursorPage" else openai_async.pagination
    first = sync_client.get_api_list(
        "/files", model=FileObject, page=getattr(module, page), limit=2, order="asc"
    )
    assert isinstance(first, SyncCursorPage)
    assert [file.filename for file in first] == names


# Errors


def test_an_error_keeps_its_class_and_details(sync_client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        sync_client.models.retrieve("missing-model")
    assert caught.value.status_code == 404
    assert caught.value.request_id is not None


def test_a_connection_error_keeps_its_cause(server: HandServer, beside: Threads) -> None:
    with client_of(server, max_retries=0) as client:
        future = beside.submit(ask, client, "Anyone?")
        server.accept().close()
        error = future.exception(PATIENCE)
    assert isinstance(error, APIConnectionError)
    assert isinstance(error.__cause__, (ConnectionFailed, OSError))
    assert len(error.attempts) == 1


def test_the_traceback_of_an_error_is_short(sync_client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        sync_client.models.retrieve("missing-model")
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[0].filename == __file__
    assert frames[-1].name == "_send"
    assert len(frames) <= 9
    assert all("openai_" in frame.filename for frame in frames[1:])


def test_an_error_does_not_keep_alive_what_the_call_was_given(sync_client: OpenAI) -> None:
    class Messages(list[Any]):
        pass

    import weakref

    messages = Messages([said("hello")])
    alive = weakref.ref(messages)
    with pytest.raises(APIStatusError):
        sync_client.chat.completions.create(model="missing-model", messages=messages)
    del messages
    gc.collect()
    assert alive() is None


def test_wrong_arguments_are_refused_as_by_python(sync_client: OpenAI) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'modell'"):
        sync_client.models.retrieve(modell="m")  # type: ignore[call-arg]


# Callbacks


def test_a_function_that_gives_the_key_runs_off_the_loop(emulator: Emulator) -> None:
    threads: list[str] = []

    def key() -> str:
        threads.append(threading.current_thread().name)
        return "sk-asked"

    with OpenAI(api_key=key, base_url=emulator.base_url) as client:
        ask(client, "Who?")
    assert emulator.requests[0].headers["authorization"] == "Bearer sk-asked"
    assert threads != ["openai_sync"]


def test_a_coroutine_function_may_give_the_key(emulator: Emulator) -> None:
    async def key() -> str:
        return "sk-awaited"

    with OpenAI(api_key=key, base_url=emulator.base_url) as client:
        ask(client, "Who?")
    assert emulator.requests[0].headers["authorization"] == "Bearer sk-awaited"


def test_callbacks_may_block_each_on_the_other(emulator: Emulator, beside: Threads) -> None:
    together = threading.Barrier(2, timeout=PATIENCE)

    def key() -> str:
        together.wait()
        return "sk-test"

    with OpenAI(api_key=key, base_url=emulator.base_url) as client:
        answers = list(beside.map(lambda question: ask(client, question), ["one", "two"]))
    assert answers == ["You said: one", "You said: two"]


def test_a_callback_may_use_the_blocking_client(emulator: Emulator, sync_client: OpenAI) -> None:
    def key() -> str:
        return ask(sync_client, "key").replace(" ", "-")  # type: ignore[union-attr]

    with OpenAI(api_key=key, base_url=emulator.base_url) as client:
        ask(client, "Who?")
    assert emulator.requests[-1].headers["authorization"] == "Bearer You-said:-key"


def test_on_retry_runs_off_the_loop(emulator: Emulator, sync_client: OpenAI) -> None:
    emulator.fault("status=503; retry-after-ms=1")
    seen: list[tuple[str, int]] = []
    sync_client.on_retry = lambda retry: seen.append(
        (threading.current_thread().name, retry.attempt)
    )
    assert ask(sync_client, "Again?") == "You said: Again?"
    assert [attempt for _, attempt in seen] == [1]
    assert seen[0][0] != "openai_sync"


def test_callbacks_see_the_context_of_the_caller(emulator: Emulator) -> None:
    tenant: ContextVar[str] = ContextVar("tenant")

    async def awaited() -> str:
        return tenant.get()

    tenant.set("sk-mine")
    for key in (tenant.get, awaited):
        with OpenAI(api_key=key, base_url=emulator.base_url) as client:
            ask(client, "Whose?")
        assert emulator.requests[-1].headers["authorization"] == "Bearer sk-mine"


class Mine(Exception):
    pass


def raises(error: type[BaseException]) -> Callable[..., Any]:
    def callback(*_: Any) -> Any:
        raise error("mine")

    return callback


def raises_awaited(error: type[BaseException]) -> Callable[..., Any]:
    async def callback(*_: Any) -> Any:
        raise error("mine")

    return callback


@contextmanager
def the_loop_survives(client: OpenAI) -> Iterator[None]:
    client.models.list()
    before = _portal._loop_thread
    yield
    assert client.models.list().data
    assert _portal._loop_thread is before


errors = pytest.mark.parametrize("error", [Mine, SystemExit, KeyboardInterrupt])
callbacks = pytest.mark.parametrize("callback", [raises, raises_awaited])


@callbacks
@errors
def test_what_a_key_function_raises_reaches_the_caller(
    callback: Any, error: type[BaseException], emulator: Emulator, sync_client: OpenAI
) -> None:
    client = OpenAI(api_key=callback(error), base_url=emulator.base_url)
    with the_loop_survives(sync_client), pytest.raises(error, match="mine"):
        ask(client, "Anything?")


@callbacks
@errors
def test_what_on_retry_raises_reaches_the_caller(
    callback: Any, error: type[BaseException], emulator: Emulator, sync_client: OpenAI
) -> None:
    emulator.fault("status=503; retry-after-ms=1", path="/chat/completions")
    client = sync_client.with_options(on_retry=callback(error))
    with the_loop_survives(sync_client), pytest.raises(error, match="mine"):
        ask(client, "Anything?")


@callbacks
@errors
def test_what_on_progress_raises_reaches_the_caller(
    callback: Any, error: type[BaseException], sync_client: OpenAI
) -> None:
    store = sync_client.vector_stores.create().id
    with the_loop_survives(sync_client), pytest.raises(error, match="mine"):
        sync_client.vector_stores.file_batches.upload_and_poll(
            store, files=[b"one", b"two"], on_progress=callback(error)
        )


def test_a_call_on_the_loop_itself_is_refused(emulator: Emulator, sync_client: OpenAI) -> None:
    async def key() -> str:
        return str(ask(sync_client, "key"))

    with (
        OpenAI(api_key=key, base_url=emulator.base_url) as client,
        pytest.raises(RuntimeError, match="AsyncOpenAI"),
    ):
        ask(client, "Anything?")


# Under other loops


async def test_it_works_under_a_running_loop(sync_client: OpenAI) -> None:
    assert ask(sync_client, "one") == "You said: one"
    assert "".join(word(event) for event in tell(sync_client, "two")) == "You said: two"


async def test_both_clients_work_side_by_side(sync_client: OpenAI, client: AsyncOpenAI) -> None:
    awaited = await client.models.list()
    assert sync_client.models.list().data == awaited.data


def test_retries_wait_and_try_again(emulator: Emulator, sync_client: OpenAI) -> None:
    emulator.fault("status=429; retry-after-ms=1", times=3)
    with pytest.raises(RateLimitError) as caught:
        ask(sync_client, "Anything?")
    assert [attempt.status for attempt in caught.value.attempts] == [429, 429, 429]
    assert re.search("429", str(caught.value))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits")
def test_a_loop_that_cannot_start_says_why(emulator: Emulator) -> None:
    program = """
    import resource
    from anyio._backends import _asyncio  # while files can be opened

    client.models
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        client.models.list()
    except OSError as error:
        say(error.strerror)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    say(len(client.models.list().data) > 0)
    """
    assert run(program, emulator.base_url).said.splitlines() == ["Too many open files", "True"]


def test_files_may_be_made_by_calls_of_the_same_client(
    sync_client: OpenAI, emulator: Emulator
) -> None:
    ids = [sync_client.files.create(file=name, purpose="batch").id for name in (b"one", b"two")]
    store = sync_client.vector_stores.create()
    batch = sync_client.vector_stores.file_batches.upload_and_poll(
        store.id, files=(sync_client.files.content(id).read() for id in ids)
    )
    assert batch.file_counts.completed == 2
    assert [file.read() for file in emulator.files[2:]] == [b"one", b"two"]


def test_one_id_is_no_list_of_ids(sync_client: OpenAI, emulator: Emulator) -> None:
    one: Any = "file-1"
    with pytest.raises(TypeError, match="file_ids"):
        sync_client.vector_stores.file_batches.upload_and_poll("vs_1", files=[b"x"], file_ids=one)
    assert emulator.requests == []
