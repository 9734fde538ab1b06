"""A body that arrives in whatever pieces, cut anew."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_async._pieces import Bytes, Cutter, Lines, Text

ENDS = "\n\r\x0b\x0c\x1c\x85\u2028"

texts = st.text(alphabet=st.sampled_from("aé🦊" + ENDS), max_size=40)
sizes = st.one_of(st.none(), st.integers(1, 9))


def arriving(content: bytes, cuts: list[int]) -> list[bytes]:
    """`content` in pieces, none of them empty."""
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    return [content[a:b] for a, b in pairwise(places)]


def cut(cutter: Cutter[Any], pieces: list[bytes]) -> list[Any]:
    return [item for piece in pieces for item in cutter.feed(piece)] + cutter.end()


@given(st.binary(max_size=40), st.lists(st.integers(0, 40)), sizes)
def test_bytes_are_kept_and_have_the_size(content: bytes, cuts: list[int], size: int) -> None:
    items = cut(Bytes(size), arriving(content, cuts))
    assert b"".join(items) == content
    assert b"" not in items
    if size is not None:
        assert {len(item) for item in items[:-1]} <= {size}
        assert all(len(item) <= size for item in items)


def test_bytes_of_no_size_come_as_they_arrive() -> None:
    assert cut(Bytes(), [b"ab", b"c"]) == [b"ab", b"c"]


@given(texts, st.lists(st.integers(0, 99)), sizes)
def test_text_is_kept_and_has_the_size(text: str, cuts: list[int], size: int) -> None:
    items = cut(Text("utf-8", size), arriving(text.encode(), cuts))
    assert "".join(items) == text
    assert "" not in items
    if size is not None:
        assert {len(item) for item in items[:-1]} <= {size}


def test_text_that_is_damaged_is_replaced() -> None:
    assert "".join(cut(Text("utf-8"), [b"a\xff", b"b\xf0\x9f"])) == "a�b�"


@given(texts, st.lists(st.integers(0, 99)))
def test_lines_are_those_of_the_whole_text(text: str, cuts: list[int]) -> None:
    assert cut(Lines("utf-8"), arriving(text.encode(), cuts)) == text.splitlines()


def test_a_line_is_given_as_soon_as_it_ends() -> None:
    lines = Lines("utf-8")
    assert [lines.feed(piece) for piece in (b"on", b"e\ntw", b"o\r", b"\n", b"three")] == [
        [],
        ["one"],
        [],
        ["two"],
        [],
    ]
    assert lines.end() == ["three"]


@pytest.mark.parametrize("size", [0, -1])
def test_a_size_is_at_least_one(size: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Bytes(size)
