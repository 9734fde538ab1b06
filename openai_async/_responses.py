"""Whole answers: what `with_raw_response` returns and what `with_streaming_response` opens."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import anyio

from ._binary import HttpxBinaryResponseContent
from ._bodies import Pieces, ReplyBody
from ._engine import Answer
from ._errors import OpenAIError
from ._headers import Headers
from ._pieces import Bytes, Lines, Text
from ._urls import URL, without_secrets

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
U = TypeVar("U")


class ResponseHead:
    """What is known of an answer once its head has arrived."""

    #: What becomes of a parsed value before it is returned.
    _present: Callable[[Any], Any] = staticmethod(lambda value: value)

    def __init__(self, body: ReplyBody) -> None:
        self._body = body

    @property
    def headers(self) -> Headers:
        """The headers of the answer, found in any case."""
        return self._body.answer.exchange.headers

    @property
    def status_code(self) -> int:
        return self._body.answer.exchange.status

    @property
    def url(self) -> URL:
        """Where the request went."""
        return URL(self._body.answer.exchange.url)

    @property
    def method(self) -> str:
        """The verb of the request."""
        return self._body.answer.exchange.method

    @property
    def http_version(self) -> str:
        """`HTTP/1.1`, for example."""
        return self._body.answer.reply.http_version

    @property
    def elapsed(self) -> timedelta:
        """What the attempt that succeeded took, until its head or, if it was read, its body."""
        return timedelta(seconds=self._body.answer.elapsed)

    @property
    def request_id(self) -> str | None:
        """The `x-request-id` of the answer, for support."""
        return self.headers.get("x-request-id")

    @property
    def retries_taken(self) -> int:
        """How many attempts had failed before."""
        return self._body.answer.retries_taken

    @property
    def http_request(self) -> httpx.Request:
        """The request, as an `httpx.Request` without its secrets."""
        return self._body.answer.exchange.httpx_request()

    @property
    def http_response(self) -> httpx.Response:
        """The answer, as an `httpx.Response`; its content is empty if it was not read."""
        return self._body.answer.exchange.httpx_response()

    @property
    def is_closed(self) -> bool:
        """Whether nothing more comes over the connection."""
        return self._body.closed

    def __repr__(self) -> str:
        url = without_secrets(self.url)
        return f"{type(self).__name__}({self.status_code}, {self.method} {url})"


class LegacyAPIResponse(ResponseHead, Generic[T]):
    """An answer and all about it, its body received; `parse()` gives what the method promises."""

    @property
    def content(self) -> bytes:
        """The body. Raises OpenAIError if it is a stream."""
        if self._body.answer.exchange.content is None:
            raise OpenAIError("The body is a stream and was not read. Iterate over `parse()`.")
        return self._body.answer.exchange.content

    @property
    def text(self) -> str:
        """The body as text. Raises OpenAIError if it is a stream."""
        return _text(self._body.answer, self.content)

    @overload
    def parse(self) -> T: ...
    @overload
    def parse(self, *, to: type[U]) -> U: ...
    def parse(self, *, to: Any = None) -> Any:
        """What the method returns otherwise, or the body as `to` (each event, if it is a stream).

        The same object each time. Raises APIResponseValidationError if the body is no such thing.
        """
        return self._body.parse(to, self._present)


class AsyncAPIResponse(ResponseHead, Generic[T]):
    """An answer whose body is read inside the block of `with_streaming_response`.

    Reading raises APIConnectionError or APITimeoutError if the connection fails, and
    StreamAlreadyConsumed if the body was iterated over before.
    """

    async def read(self) -> bytes:
        """The whole body."""
        return await self._body.read()

    async def text(self) -> str:
        """The whole body as text."""
        return _text(self._body.answer, await self.read())

    async def json(self) -> Any:
        """The whole body, parsed as JSON."""
        return json.loads(await self.read())

    @overload
    async def parse(self) -> T: ...
    @overload
    async def parse(self, *, to: type[U]) -> U: ...
    async def parse(self, *, to: Any = None) -> Any:
        """What the method returns otherwise, or the body as `to` (each event, if it is a stream).

        The same object each time. Raises APIResponseValidationError if the body is no such thing.
        """
        await self._body.prepare()
        return self._body.parse(to, self._present)

    def iter_bytes(self, chunk_size: int | None = None) -> Pieces[bytes]:
        """The body in pieces of `chunk_size` bytes, or as they arrive."""
        return Pieces(self._body, Bytes(chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> Pieces[str]:
        """The body as text, in pieces of `chunk_size` characters, or as they arrive."""
        return Pieces(self._body, Text(_encoding(self._body.answer), chunk_size))

    def iter_lines(self) -> Pieces[str]:
        """The lines of the body, without their ends."""
        return Pieces(self._body, Lines(_encoding(self._body.answer)))

    async def stream_to_file(
        self, file: str | os.PathLike[str], *, chunk_size: int | None = None
    ) -> None:
        """Writes the body to the file at this path while it arrives, in a worker thread."""
        pieces = self.iter_bytes(chunk_size)
        target = await anyio.open_file(file, "wb")
        try:
            async for piece in pieces:
                await target.write(piece)
        finally:
            with anyio.CancelScope(shield=True):
                await target.aclose()

    async def close(self) -> None:
        """Frees the connection; what was not read is lost."""
        await self._body.close()


class AsyncResponseManager(Generic[T]):
    """Sends a request when entered, and closes its answer when left."""

    def __init__(self, send: Callable[[], Awaitable[AsyncAPIResponse[T]]]) -> None:
        self._send = send

    async def __aenter__(self) -> AsyncAPIResponse[T]:
        self._response = await self._send()
        return self._response

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._response.close()


def _text(answer: Answer, content: bytes) -> str:
    return content.decode(_encoding(answer), "replace")


def _encoding(answer: Answer) -> str:
    return HttpxBinaryResponseContent(answer.exchange).encoding
