"""Whatever is done with what arrives bit by bit, its connection is given back."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from openai_async.emulator import Emulator
from openai_sync import OpenAI, Stream, StreamAlreadyConsumed

MESSAGES: Any = [{"role": "user", "content": "one two"}]
SPOKEN = "You said: one two"
CONTENT = b"".join(b"line %d\n" % number for number in range(200_000))


def tell(client: OpenAI) -> Stream[Any]:
    return client.chat.completions.create(model="m", messages=MESSAGES, stream=True)


def said(events: Any) -> str:
    return "".join(event.choices[0].delta.content or "" for event in events)


@pytest.fixture
def free(sync_client: OpenAI) -> Iterator[Callable[[], bool]]:
    """Whether no connection is in use; nor is one after the test."""

    def free() -> bool:
        sync_client.models.list()  # a dropped one is given back by the loop, in its turn
        return sync_client.pool_stats().in_use == 0

    yield free
    gc.collect()
    assert free()


Free = Callable[[], bool]


# Ways to use a stream, and to be done with it


def read_by_for(events: Stream[Any]) -> None:
    assert "".join(event.choices[0].delta.content or "" for event in events) == SPOKEN


def read_by_list(events: Stream[Any]) -> None:
    assert said(list(events)) == SPOKEN


def read_by_next(events: Stream[Any]) -> None:
    seen = []
    while (event := next(events, None)) is not None:
        seen.append(event)
    assert said(seen) == SPOKEN


def read_in_two_loops(events: Stream[Any]) -> None:
    first = []
    for event in events:
        first.append(event)
        if len(first) == 3:
            break
    assert said(first) + said(events) == SPOKEN


def read_in_a_block(events: Stream[Any]) -> None:
    with events as entered:
        assert said(entered) == SPOKEN


def leave_by_break_in_a_block(events: Stream[Any]) -> None:
    with events:
        for _ in events:
            break


def leave_by_an_error_in_a_block(events: Stream[Any]) -> None:
    next(events)
    with pytest.raises(ZeroDivisionError), events:
        raise ZeroDivisionError


def close_at_once(events: Stream[Any]) -> None:
    events.close()


def close_twice(events: Stream[Any]) -> None:
    next(events)
    events.close()
    events.close()


def close_after_the_end(events: Stream[Any]) -> None:
    list(events)
    events.close()


def close_a_generator_over_it(events: Stream[Any]) -> None:
    def words() -> Generator[str, None, None]:
        with events:
            for event in events:
                yield event.choices[0].delta.content

    spoken = words()
    next(spoken)
    spoken.close()


READ = (read_by_for, read_by_list, read_by_next, read_in_two_loops, read_in_a_block)
LEFT = (
    leave_by_break_in_a_block,
    leave_by_an_error_in_a_block,
    close_at_once,
    close_twice,
    close_after_the_end,
    close_a_generator_over_it,
)


@pytest.mark.parametrize("use", [*READ, *LEFT])
def test_a_stream_that_is_done_with_is_free_and_empty(
    use: Callable[[Stream[Any]], None], sync_client: OpenAI, free: Free
) -> None:
    events = tell(sync_client)
    use(events)
    assert free()
    assert list(events) == []
    assert next(events, "over") == "over"


def test_a_stream_that_is_dropped_is_free(sync_client: OpenAI, free: Free) -> None:
    tell(sync_client)
    gc.collect()
    assert free()


def test_a_stream_that_is_dropped_after_a_break_is_free(
    sync_client: OpenAI, free: Free, emulator: Emulator
) -> None:
    emulator.fault("pings=2")
    for _ in tell(sync_client):
        break
    gc.collect()
    assert free()


def test_streams_in_turns_within_one_thread(sync_client: OpenAI, free: Free) -> None:
    streams = [tell(sync_client) for _ in range(5)]
    rows = list(zip(*streams, strict=True))
    assert [said(column) for column in zip(*rows, strict=True)] == [SPOKEN] * 5
    assert [next(events, None) for events in streams] == [None] * 5


def test_calls_within_a_stream(sync_client: OpenAI, free: Free) -> None:
    words = []
    for event in tell(sync_client):
        words.append(event)
        assert sync_client.models.list().data
    assert said(words) == SPOKEN


# Streaming responses


@pytest.fixture
def content(sync_client: OpenAI) -> Callable[[], Any]:
    """Asks for a file, to be read in a block."""
    identifier = sync_client.files.create(file=("a.txt", CONTENT), purpose="batch").id
    return lambda: sync_client.files.with_streaming_response.content(identifier)


READERS: dict[str, Callable[[Any, Path], bytes]] = {
    "read": lambda response, _: response.read(),
    "text": lambda response, _: response.text().encode(),
    "parse": lambda response, _: response.parse().content,
    "iter_bytes": lambda response, _: b"".join(response.iter_bytes()),
    "pieces": lambda response, _: b"".join(response.iter_bytes(1000)),
    "iter_text": lambda response, _: "".join(response.iter_text()).encode(),
    "iter_lines": lambda response, _: "".join(f"{x}\n" for x in response.iter_lines()).encode(),
    "stream_to_file": lambda response, path: (
        response.stream_to_file(path / "a.txt") or (path / "a.txt").read_bytes()
    ),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_body_that_was_read_is_free_within_its_block(
    read: Callable[[Any, Path], bytes], content: Any, free: Free, tmp_path: Path
) -> None:
    with content() as response:
        assert read(response, tmp_path) == CONTENT
        assert free()


@pytest.mark.parametrize("iterate", ["iter_bytes", "iter_text", "iter_lines"])
def test_a_body_that_was_left_halfway_is_free_after_its_block(
    iterate: str, content: Any, free: Free
) -> None:
    with content() as response:
        for _ in getattr(response, iterate)():
            break
    assert free()
    with pytest.raises(StreamAlreadyConsumed):
        response.read()


def test_a_body_that_nobody_read_is_free_after_its_block(content: Any, free: Free) -> None:
    with content() as response:
        pass
    response.close()
    assert response.is_closed
    assert free()


def test_a_body_that_is_dropped_is_free(content: Any, free: Free) -> None:
    content().__enter__()
    gc.collect()
    assert free()


# Pages


@pytest.fixture
def names(sync_client: OpenAI) -> list[str]:
    """The names of five stores, as they are listed."""
    names = [str(number) for number in range(5)]
    for name in names:
        sync_client.vector_stores.create(name=name)
    return names


def test_pages_are_read_to_their_end(sync_client: OpenAI, names: list[str], free: Free) -> None:
    stores = sync_client.vector_stores.list(limit=2, order="asc")
    assert [store.name for store in stores] == names
    assert [store.name for store in stores] == names  # the first page is kept, the rest asked for


def test_pages_that_are_left_halfway_ask_for_no_more(
    sync_client: OpenAI, names: list[str], free: Free, emulator: Emulator
) -> None:
    emulator.clear()
    for store in sync_client.vector_stores.list(limit=2, order="asc"):
        if store.name == "2":
            break
    assert len(emulator.requests) == 2


def test_pages_are_read_within_pages(sync_client: OpenAI, names: list[str], free: Free) -> None:
    pairs = [
        (outer.name, inner.name)
        for outer in sync_client.vector_stores.list(limit=2, order="asc")
        for inner in sync_client.vector_stores.list(limit=3, order="asc")
    ]
    assert pairs == [(outer, inner) for outer in names for inner in names]
