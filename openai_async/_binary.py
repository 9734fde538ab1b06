"""What methods return whose answer is a file: its content, to be read or written somewhere."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio

from ._exchange import Exchange, record

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

_PIECE = 64 * 1024


class HttpxBinaryResponseContent:
    """The content of a file, already received.

    `content` has the bytes, `text` the decoded text, `write_to_file` writes them. The names with an
    `a` in front are the awaitable twins, kept for code written for the official client.
    """

    def __init__(self, response: httpx.Response | Exchange) -> None:
        self._answer: Exchange = record(response)

    @property
    def response(self) -> httpx.Response:
        """The answer, as an `httpx.Response`."""
        return self._answer.httpx_response()

    @property
    def _request_id(self) -> str | None:
        return self._answer.headers.get("x-request-id")

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self._answer.content or b""

    @property
    def text(self) -> str:
        """The file as text, in its `encoding`."""
        return self.content.decode(self.encoding, "replace")

    @property
    def encoding(self) -> str:
        """The encoding that the answer names, if Python knows it, else UTF-8."""
        name = self.charset_encoding or "utf-8"
        try:
            " ".encode(name)
        except (LookupError, ValueError):
            return "utf-8"
        return name

    @property
    def charset_encoding(self) -> str | None:
        """The `charset` of the content type."""
        from email.message import Message  # noqa: PLC0415  # for a header that few answers have

        head = Message()
        head["content-type"] = self._answer.headers.get("content-type", "")
        charset = head.get_param("charset")
        return charset or None if isinstance(charset, str) else None

    def json(self, **options: Any) -> Any:
        """The file parsed as JSON."""
        return json.loads(self.content, **options)

    def read(self) -> bytes:
        """The bytes of the file."""
        return self.content

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The bytes in pieces of `chunk_size` (64 KiB unless given)."""
        size = chunk_size or _PIECE
        return (self.content[i : i + size] for i in range(0, len(self.content), size))

    iter_raw = iter_bytes

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        """The text in pieces of `chunk_size` characters."""
        text, size = self.text, chunk_size or _PIECE
        return (text[i : i + size] for i in range(0, len(text), size))

    def iter_lines(self) -> Iterator[str]:
        """The lines of the text, without their ends."""
        return iter(self.text.splitlines())

    def write_to_file(self, file: str | os.PathLike[str]) -> None:
        """Writes the bytes to the file at this path."""
        with open(file, mode="wb") as target:
            target.write(self.content)

    def stream_to_file(
        self, file: str | os.PathLike[str], *, chunk_size: int | None = None
    ) -> None:
        """Writes the bytes to the file at this path; `chunk_size` has no effect."""
        self.write_to_file(file)

    def close(self) -> None:
        """Nothing is open: the content has been received."""

    async def aread(self) -> bytes:
        """The bytes of the file."""
        return self.content

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The bytes in pieces of `chunk_size`."""
        return _Asynchronous(self.iter_bytes(chunk_size))

    aiter_raw = aiter_bytes

    async def aiter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        """The text in pieces of `chunk_size` characters."""
        return _Asynchronous(self.iter_text(chunk_size))

    async def aiter_lines(self) -> AsyncIterator[str]:
        """The lines of the text, without their ends."""
        return _Asynchronous(self.iter_lines())

    async def astream_to_file(
        self, file: str | os.PathLike[str], *, chunk_size: int | None = None
    ) -> None:
        """Writes the bytes to the file at this path, in a worker thread."""
        await anyio.Path(file).write_bytes(self.content)

    async def aclose(self) -> None:
        """Nothing is open: the content has been received."""

    def __repr__(self) -> str:
        return f"HttpxBinaryResponseContent({len(self.content)} bytes)"


class _Asynchronous(Generic[T]):
    """An async iterator that may be left halfway, which trio does not forgive a generator."""

    def __init__(self, pieces: Iterator[T]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration
