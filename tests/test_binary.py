"""The content of a file, already received."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from openai_async._binary import HttpxBinaryResponseContent
from openai_async._exchange import Exchange
from openai_async._headers import Headers

CONTENT = bytes(range(256)) * 1000


def received(
    content: bytes | None = CONTENT, kind: str = "audio/mpeg"
) -> HttpxBinaryResponseContent:
    headers = Headers([("Content-Type", kind), ("x-request-id", "req_7")])
    return HttpxBinaryResponseContent(
        Exchange("GET", "https://a.example/f", [], status=200, headers=headers, content=content)
    )


async def test_the_bytes_can_be_had_in_many_ways() -> None:
    file = received()
    assert file.content == file.read() == await file.aread() == CONTENT


def test_an_answer_without_a_body_is_an_empty_file() -> None:
    file = received(None)
    assert (file.content, file.text, list(file.iter_bytes())) == (b"", "", [])


@pytest.mark.parametrize("size", [None, 1, 1000, 65536, 10**6])
def test_the_bytes_come_in_pieces(size: int | None) -> None:
    pieces = list(received().iter_bytes(size))
    assert b"".join(pieces) == CONTENT
    assert {len(piece) for piece in pieces[:-1]} <= {size or 64 * 1024}


async def test_the_bytes_come_in_pieces_for_who_awaits() -> None:
    for pieces in (await received().aiter_bytes(1000), await received().aiter_raw(1000)):
        assert [piece async for piece in pieces] == list(received().iter_raw(1000))


async def test_pieces_may_be_left_halfway() -> None:
    async for piece in await received().aiter_bytes(10):
        assert piece == CONTENT[:10]
        break


async def test_the_text_comes_in_pieces() -> None:
    file = received("aé🦊b".encode(), "text/plain; charset=utf-8")
    assert list(file.iter_text(2)) == ["aé", "🦊b"]
    assert [piece async for piece in await file.aiter_text(3)] == ["aé🦊", "b"]


async def test_the_text_comes_in_lines() -> None:
    file = received(b'{"a": 1}\n{"b": 2}\r\n\nc', "application/jsonl")
    assert list(file.iter_lines()) == ['{"a": 1}', '{"b": 2}', "", "c"]
    assert [line async for line in await file.aiter_lines()] == list(file.iter_lines())


@pytest.mark.parametrize(
    ("kind", "named", "used"),
    [
        ("text/plain", None, "utf-8"),
        ("", None, "utf-8"),
        ("text/plain; charset=latin-1", "latin-1", "latin-1"),
        ("text/plain;charset=LATIN-1", "LATIN-1", "LATIN-1"),
        ('text/plain; Charset="latin-1"; x=y', "latin-1", "latin-1"),
        ("text/plain; x=y; charset=utf-16 ", "utf-16", "utf-16"),
        ("text/plain; charset=", None, "utf-8"),
        ("application/octet-stream; charset=binary", "binary", "utf-8"),
        ("text/plain; charset=hex", "hex", "utf-8"),
        ("text/plain; charset=undefined", "undefined", "utf-8"),
    ],
)
def test_the_encoding_is_the_one_named_if_there_is_such(
    kind: str, named: str | None, used: str
) -> None:
    file = received("é".encode(used), kind)
    assert (file.charset_encoding, file.encoding, file.text) == (named, used, "é")


def test_text_that_is_none_is_shown_as_far_as_it_is() -> None:
    assert received(b"a\xffb").text == "a�b"


def test_json() -> None:
    assert received(b'{"a": 1.5}').json() == {"a": 1.5}
    assert received(b'{"a": 1.5}').json(parse_float=str) == {"a": "1.5"}


@pytest.mark.parametrize(
    "write",
    [
        HttpxBinaryResponseContent.write_to_file,
        HttpxBinaryResponseContent.stream_to_file,
        lambda file, path: file.write_to_file(str(path)),
        lambda file, path: file.stream_to_file(path, chunk_size=10),
    ],
)
def test_it_is_written_to_a_path(
    tmp_path: Path, write: Callable[[HttpxBinaryResponseContent, Path], None]
) -> None:
    write(received(), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT


async def test_it_is_written_to_a_path_for_who_awaits(tmp_path: Path) -> None:
    await received().astream_to_file(tmp_path / "f")
    await received().astream_to_file(str(tmp_path / "g"), chunk_size=10)
    assert (tmp_path / "f").read_bytes() == (tmp_path / "g").read_bytes() == CONTENT


async def test_closing_it_changes_nothing() -> None:
    file = received()
    file.close()
    await file.aclose()
    assert file.content == CONTENT


def test_the_answer_is_readable_as_an_httpx_response() -> None:
    response = received().response
    assert isinstance(response, httpx.Response)
    assert (response.status_code, response.content) == (200, CONTENT)
    assert response.headers["content-type"] == "audio/mpeg"


def test_it_is_shown_without_its_content() -> None:
    assert repr(received(b"sk-secret")) == "HttpxBinaryResponseContent(9 bytes)"


def test_it_pickles() -> None:
    assert pickle.loads(pickle.dumps(received())).content == CONTENT


@pytest.mark.parametrize("request_", [None, httpx.Request("GET", "https://a.example")])
def test_it_can_be_made_of_an_httpx_response(request_: Any) -> None:
    """As the tests of programs do that were written for the official client."""
    response = httpx.Response(200, content=b"x", request=request_)
    assert HttpxBinaryResponseContent(response=response).content == b"x"
