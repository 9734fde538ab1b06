"""What methods return whose answer is a file: its content, to be read or written somewhere."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import anyio

from ._exchange import Exchange

if TYPE_CHECKING:
    import httpx

_PIECE = 64 * 1024


class HttpxBinaryResponseContent:
    """The content of a file, already received.

    `content` has the bytes, `text` the decoded text, `write_to_file` writes them. The names with an
    `a` in front are the awaitable twins, kept for code written for the official client.
    """

    def __init__(self, answer: Exchange) -> None:
        self._answer = answer

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
        """The file as text, in the encoding the answer names, else UTF-8."""
        return self.content.decode(self.encoding or "utf-8", "replace")

    @property
    def encoding(self) -> str | None:
        """The encoding that the answer names."""
        return self.charset_encoding

    @property
    def charset_encoding(self) -> str | None:
        """The `charset` of the content type."""
        _, _, parameters = self._answer.headers.get("content-type", "").partition("charset=")
        return parameters.split(";")[0].strip().strip('"') or None

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

    stream_to_file = write_to_file

    def close(self) -> None:
        """Nothing is open: the content has been received."""

    async def aread(self) -> bytes:
        """The bytes of the file."""
        return self.content

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The bytes in pieces of `chunk_size`."""
        return _asynchronous(self.iter_bytes(chunk_size))

    aiter_raw = aiter_bytes

    async def aiter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        """The text in pieces of `chunk_size` characters."""
        return _asynchronous(self.iter_text(chunk_size))

    async def aiter_lines(self) -> AsyncIterator[str]:
        """The lines of the text, without their ends."""
        return _asynchronous(self.iter_lines())

    async def astream_to_file(self, file: str | os.PathLike[str]) -> None:
        """Writes the bytes to the file at this path, in a worker thread."""
        await anyio.Path(file).write_bytes(self.content)

    async def aclose(self) -> None:
        """Nothing is open: the content has been received."""

    def __repr__(self) -> str:
        return f"HttpxBinaryResponseContent({len(self.content)} bytes)"


async def _asynchronous(pieces: Iterator[Any]) -> AsyncIterator[Any]:
    for piece in pieces:
        yield piece
