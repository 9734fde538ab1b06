"""Server-sent events, by the WHATWG rules."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_async._sse import Decoder, LineTooLong, ServerSentEvent

Events = list[tuple[bytes, str, str]]


def decoded(pieces: Iterable[bytes], decoder: Decoder | None = None) -> Events:
    decoder = decoder or Decoder()
    return [(e.data, e.event, e.id) for piece in pieces for e in decoder.feed(piece)]


TABLE: dict[str, tuple[bytes, Events]] = {
    "one event": (b"data: a\n\n", [(b"a", "", "")]),
    "two events": (b"data: a\n\ndata: b\n\n", [(b"a", "", ""), (b"b", "", "")]),
    "nothing": (b"", []),
    "only line ends": (b"\n\r\n\r\n\n", []),
    "CR": (b"data: a\r\rdata: b\r\r", [(b"a", "", ""), (b"b", "", "")]),
    "CR LF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [(b"a", "", ""), (b"b", "", "")]),
    "mixed line ends": (b"event: x\rdata: a\r\ndata: b\n\r\n", [(b"a\nb", "x", "")]),
    "LF CR is two line ends": (b"data: a\n\rdata: b\n\n", [(b"a", "", ""), (b"b", "", "")]),
    "BOM": (b"\xef\xbb\xbfdata: a\n\n", [(b"a", "", "")]),
    "only the first BOM": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [(b"b", "", "")]),
    "BOM later on": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [(b"a", "", "")]),
    "BOM in data": (b"data: \xef\xbb\xbf\n\n", [(b"\xef\xbb\xbf", "", "")]),
    "comment": (b": ping\n\n:\n\ndata: a\n: ping\n\n", [(b"a", "", "")]),
    "event name": (b"event: delta\ndata: a\n\n", [(b"a", "delta", "")]),
    "event name of one event": (
        b"event: x\ndata: a\n\ndata: b\n\n",
        [(b"a", "x", ""), (b"b", "", "")],
    ),
    "last event name wins": (b"event: x\nevent: y\ndata: a\n\n", [(b"a", "y", "")]),
    "event name without data": (b"event: x\n\ndata: a\n\n", [(b"a", "", "")]),
    "event name that is not UTF-8": (b"event: \xff\ndata: a\n\n", [(b"a", "�", "")]),
    "id stays": (b"id: 7\ndata: a\n\ndata: b\n\n", [(b"a", "", "7"), (b"b", "", "7")]),
    "id without data": (b"id: 7\n\ndata: a\n\n", [(b"a", "", "7")]),
    "id taken back": (b"id: 7\ndata: a\n\nid\ndata: b\n\n", [(b"a", "", "7"), (b"b", "", "")]),
    "id with NUL": (b"id: 7\nid: 8\x00\ndata: a\n\n", [(b"a", "", "7")]),
    "retry without data": (b"retry: 3000\n\n", []),
    "data in lines": (b"data: a\ndata: b\ndata:\ndata: c\n\n", [(b"a\nb\n\nc", "", "")]),
    "no space after the colon": (b"data:a\n\n", [(b"a", "", "")]),
    "one space is removed": (b"data:   a \n\n", [(b"  a ", "", "")]),
    "a tab is kept": (b"data:\ta\n\n", [(b"\ta", "", "")]),
    "colons in data": (b"data: a: b:c\n\n", [(b"a: b:c", "", "")]),
    "field without colon": (b"data\n\n", [(b"", "", "")]),
    "empty data": (b"data:\n\n", [(b"", "", "")]),
    "two empty data lines": (b"data\ndata\n\n", [(b"\n", "", "")]),
    "unknown field": (b"datum: x\ndata : y\nDATA: z\n data: w\ndata: a\n\n", [(b"a", "", "")]),
    "no name": (b": x\ndata: a\n\n", [(b"a", "", "")]),
    "line separators of Unicode": (
        "data: a\u2028b\x0bc\x85d\n\n".encode(),
        [("a\u2028b\x0bc\x85d".encode(), "", "")],
    ),
    "UTF-8": ("data: 🦊é\n\n".encode(), [("🦊é".encode(), "", "")]),
    "not UTF-8": (b"data: \xff\xfe\n\n", [(b"\xff\xfe", "", "")]),
    "an event cut off is dropped": (b"data: a\n\ndata: b\n", [(b"a", "", "")]),
    "a line cut off is dropped": (b"data: a\n\ndata: b", [(b"a", "", "")]),
}


@pytest.mark.parametrize(("stream", "events"), TABLE.values(), ids=TABLE)
def test_events_of_a_stream(stream: bytes, events: Events) -> None:
    assert decoded([stream]) == events


@pytest.mark.parametrize(("stream", "events"), TABLE.values(), ids=TABLE)
def test_events_of_a_stream_that_comes_byte_by_byte(stream: bytes, events: Events) -> None:
    assert decoded(stream[i : i + 1] for i in range(len(stream))) == events


@pytest.mark.parametrize(("stream", "events"), TABLE.values(), ids=TABLE)
def test_events_of_a_stream_cut_in_two_anywhere(stream: bytes, events: Events) -> None:
    cuts = range(len(stream) + 1)
    assert [decoded([stream[:cut], b"", stream[cut:]]) for cut in cuts] == [events for _ in cuts]


def test_an_event_is_complete_as_soon_as_its_blank_line_ends() -> None:
    assert decoded([b"data: a\r\n\r"]) == [(b"a", "", "")]


@pytest.mark.parametrize(
    ("line", "retry"),
    [
        (b"retry: 3000", 3000),
        (b"retry:0", 0),
        (b"retry: 007", 7),
        (b"retry: 1.5", None),
        (b"retry: -1", None),
        (b"retry: +1", None),
        (b"retry: 3000 ", None),
        (b"retry:", None),
        (b"retry", None),
        ("retry: ٣".encode(), None),
        (b"retry: " + b"9" * 5000, None),
    ],
)
def test_retry_is_kept_if_it_is_digits(line: bytes, retry: int | None) -> None:
    decoder = Decoder()
    decoder.feed(line + b"\n")
    assert decoder.retry == retry


def test_retry_that_makes_no_sense_leaves_the_one_before() -> None:
    decoder = Decoder()
    decoder.feed(b"retry: 5\nretry: soon\n")
    assert decoder.retry == 5


def test_an_event_has_neither_name_nor_id_unless_sent() -> None:
    assert Decoder().feed(b"data: a\n\n") == [ServerSentEvent(b"a", event="", id="")]


def reference(stream: bytes) -> tuple[list[tuple[str, str, str]], int | None]:
    """Sections 9.2.5 and 9.2.6 of the standard, with a bound on the digits of `retry`."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]
    events: list[tuple[str, str, str]] = []
    retry: int | None = None
    data = event = last_id = ""
    for line in lines:
        if line == "":
            if data != "":
                events.append((data[:-1], event, last_id))
            data = event = ""
            continue
        field, colon, value = line.partition(":")
        if colon and value.startswith(" "):
            value = value[1:]
        if field == "event":
            event = value
        elif field == "data":
            data += value + "\n"
        elif field == "id" and "\0" not in value:
            last_id = value
        elif field == "retry" and 0 < len(value) <= 15 and set(value) <= set("0123456789"):
            retry = int(value)
    return events, retry


def cut(stream: bytes, places: Iterable[int]) -> list[bytes]:
    ends = sorted({place % (len(stream) + 1) for place in places})
    return [stream[a:b] for a, b in zip([0, *ends], [*ends, len(stream)], strict=True)]


FRAGMENTS = st.sampled_from(
    [
        *(b"data", b"event", b"id", b"retry", b":", b" ", b"\r", b"\n", b"\r\n", b"\n\n", b"\0"),
        *(b"\xef\xbb\xbf", "🦊".encode(), b"\xf0\x9f", b"data: x\n\n", b"id: 1\n", b"event: e\n"),
    ]
)
STREAMS = st.lists(FRAGMENTS | st.binary(max_size=4), max_size=40).map(b"".join)


@given(STREAMS, st.lists(st.integers(min_value=0), max_size=12))
def test_any_stream_cut_anywhere_means_what_the_standard_says(
    stream: bytes, places: list[int]
) -> None:
    decoder = Decoder()
    events = decoded(cut(stream, places), decoder)
    shown = [(data.decode("utf-8", "replace"), event, id) for data, event, id in events]
    assert (shown, decoder.retry) == reference(stream)


@given(st.recursive(st.text(), lambda inner: st.lists(inner, max_size=3)), st.integers(0, 200))
def test_json_arrives_as_it_was_sent(value: object, place: int) -> None:
    sent = b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"
    [(data, _, _)] = decoded(cut(sent, [place]))
    assert json.loads(data) == value


LIMIT = 64 * 1024


@pytest.mark.parametrize("size", [1, 2, 7, 4096, LIMIT + 1])
def test_a_line_that_does_not_end_is_given_up(size: int) -> None:
    decoder = Decoder(longest_line=1000)
    with pytest.raises(LineTooLong, match="1000 bytes"):
        decoded((b"x" * size for _ in range(2000)), decoder)


@pytest.mark.parametrize("name", [b"data: ", b": ", b"unknown: ", b""])
def test_a_line_past_the_limit_is_refused_even_if_it_ends(name: bytes) -> None:
    with pytest.raises(LineTooLong):
        Decoder(longest_line=100).feed(name + b"x" * 101 + b"\n\n")


def test_a_line_of_exactly_the_limit_is_an_event() -> None:
    line = b"data: " + b"x" * 94
    assert decoded([line[:50], line[50:], b"\n\n"], Decoder(longest_line=100)) == [
        (b"x" * 94, "", "")
    ]


def test_many_short_lines_are_not_a_long_one() -> None:
    decoder = Decoder(longest_line=100)
    assert len(decoded([b"data: 12345678901234567890\n\n" * 50], decoder)) == 50


@pytest.mark.parametrize("line", [b"data\n", b"data:\n", b"data: x\n", b"data: xyz\n"])
def test_an_event_whose_data_does_not_end_is_given_up(line: bytes) -> None:
    decoder = Decoder(longest_line=1000)
    with pytest.raises(LineTooLong):
        decoded((line for _ in range(2000)), decoder)


def test_data_counts_anew_for_each_event() -> None:
    decoder = Decoder(longest_line=100)
    assert len(decoded([b"data: 1234567890\n" * 8 + b"\n"] * 50, decoder)) == 50


def peak_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("piece", [b"xy", b"data\n", b"data: \n", b"data: xy\n"])
def test_memory_is_bounded_while_nothing_ends(piece: bytes) -> None:
    decoder = Decoder(longest_line=LIMIT)

    def endless() -> None:
        with pytest.raises(LineTooLong):
            decoded((piece for _ in range(LIMIT + 2)), decoder)

    assert peak_of(endless) < 3 * LIMIT


def test_the_work_for_a_line_in_many_pieces_grows_with_its_length() -> None:
    """Copying what is there for every piece would allocate 2000 times the line, not a few times."""
    piece, count = b"x" * 64, 4000
    decoder = Decoder()
    allocated = 0
    tracemalloc.start()
    try:
        for _ in range(count):
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            decoder.feed(piece)
            allocated += tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert allocated < 40 * len(piece) * count


def test_a_line_in_many_pieces_is_complete() -> None:
    line = b"data: " + bytes(range(32, 127)) * 500
    pieces = [line[i : i + 3] for i in range(0, len(line), 3)]
    assert decoded([*pieces, b"\n", b"\n"]) == [(line[6:], "", "")]
