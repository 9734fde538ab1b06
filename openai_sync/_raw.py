"""Blocking views of a resource, and what their methods return: see `openai_async._raw`."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, Generic, TypeVar, overload

from typing_extensions import ParamSpec

from openai_async import _raw, _responses
from openai_async._overloads import Method
from openai_async._raw import Part, Send, viewed
from openai_async._responses import AsyncAPIResponse, ResponseHead
from openai_async._stream import AsyncStream
from openai_async.pagination import (
    AsyncConversationCursorPage,
    AsyncCursorPage,
    AsyncNextCursorPage,
    AsyncPage,
    AsyncPaginator,
    AsyncTokenPage,
)

from ._bridge import Begun, Filled, Stream, present
from ._portal import run
from .pagination import (
    SyncConversationCursorPage,
    SyncCursorPage,
    SyncNextCursorPage,
    SyncPage,
    SyncTokenPage,
)

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
U = TypeVar("U")


class LegacyAPIResponse(_responses.LegacyAPIResponse[T], Generic[T]):
    """An answer and all about it, its body received; `parse()` gives what the method promises."""

    _present = staticmethod(present)


class APIResponse(Begun, ResponseHead, Generic[T]):
    """An answer whose body is read inside the block of `with_streaming_response`.

    Reading raises APIConnectionError or APITimeoutError if the connection fails, and
    StreamAlreadyConsumed if the body was iterated over before.
    """

    _present = staticmethod(present)

    def __init__(self, response: AsyncAPIResponse[Any]) -> None:
        Begun.__init__(self)
        ResponseHead.__init__(self, response._body)
        self._async = response

    def read(self) -> bytes:
        """The whole body."""
        return self._run(self._async.read)

    def text(self) -> str:
        """The whole body as text."""
        return self._run(self._async.text)

    def json(self) -> Any:
        """The whole body, parsed as JSON."""
        return self._run(self._async.json)

    @overload
    def parse(self) -> T: ...
    @overload
    def parse(self, *, to: type[U]) -> U: ...
    def parse(self, *, to: Any = None) -> Any:
        """What the method returns otherwise, or the body as `to` (each event, if it is a stream).

        The same object each time. Raises APIResponseValidationError if the body is no such thing.
        """
        self._run(self._body.prepare)
        return self._body.parse(to, self._present)

    def iter_bytes(self, chunk_size: int | None = None) -> Filled[bytes]:
        """The body in pieces of `chunk_size` bytes, or as they arrive."""
        return self._filled(self._async.iter_bytes(chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> Filled[str]:
        """The body as text, in pieces of `chunk_size` characters, or as they arrive."""
        return self._filled(self._async.iter_text(chunk_size))

    def iter_lines(self) -> Filled[str]:
        """The lines of the body, without their ends."""
        return self._filled(self._async.iter_lines())

    def stream_to_file(
        self, file: str | os.PathLike[str], *, chunk_size: int | None = None
    ) -> None:
        """Writes the body to the file at this path while it arrives."""
        self._run(self._async.stream_to_file, file, chunk_size=chunk_size)

    def close(self) -> None:
        """Frees the connection; what was not read is lost."""
        self._finish(self._async.close)

    def _filled(self, source: Any) -> Filled[Any]:
        filled = Filled[Any](source)
        filled._process = self._process
        return filled


class ResponseManager(Generic[T]):
    """Sends a request when entered, and closes its answer when left."""

    def __init__(self, send: Callable[[], Awaitable[AsyncAPIResponse[Any]]]) -> None:
        self._send = send

    def __enter__(self) -> APIResponse[T]:
        self._response = APIResponse[T](run(self._send))
        return self._response

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._response.close()


class RawResource(_raw.RawResource):
    """A resource whose methods return whole answers."""

    _kind = LegacyAPIResponse[Any]

    def _source(self) -> Any:
        return self._viewed._async

    def _call(self, send: Send) -> Any:
        return run(send)


class StreamedResource(_raw.StreamedResource):
    """A resource whose methods return context managers, in which answers are read."""

    def _source(self) -> Any:
        return self._viewed._async

    def _call(self, send: Send) -> Any:
        return ResponseManager[Any](send)


@overload
def raw(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncCursorPage[T]]],
) -> Method[P, LegacyAPIResponse[SyncCursorPage[T]]]: ...
@overload
def raw(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncConversationCursorPage[T]]],
) -> Method[P, LegacyAPIResponse[SyncConversationCursorPage[T]]]: ...
@overload
def raw(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncNextCursorPage[T]]],
) -> Method[P, LegacyAPIResponse[SyncNextCursorPage[T]]]: ...
@overload
def raw(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncTokenPage[T]]],
) -> Method[P, LegacyAPIResponse[SyncTokenPage[T]]]: ...
@overload
def raw(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncPage[T]]],
) -> Method[P, LegacyAPIResponse[SyncPage[T]]]: ...
@overload
def raw(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, AsyncStream[T]]],
) -> Method[P, LegacyAPIResponse[Stream[T]]]: ...
@overload
def raw(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Method[P, LegacyAPIResponse[R]]: ...
def raw(method: Callable[..., Any]) -> Any:
    """`method`, returning the whole answer."""
    return viewed(method)


@overload
def streamed(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncCursorPage[T]]],
) -> Method[P, ResponseManager[SyncCursorPage[T]]]: ...
@overload
def streamed(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncConversationCursorPage[T]]],
) -> Method[P, ResponseManager[SyncConversationCursorPage[T]]]: ...
@overload
def streamed(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncNextCursorPage[T]]],
) -> Method[P, ResponseManager[SyncNextCursorPage[T]]]: ...
@overload
def streamed(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncTokenPage[T]]],
) -> Method[P, ResponseManager[SyncTokenPage[T]]]: ...
@overload
def streamed(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncPage[T]]],
) -> Method[P, ResponseManager[SyncPage[T]]]: ...
@overload
def streamed(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, AsyncStream[T]]],
) -> Method[P, ResponseManager[Stream[T]]]: ...
@overload
def streamed(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Method[P, ResponseManager[R]]: ...
def streamed(method: Callable[..., Any]) -> Any:
    """`method`, returning a context manager in which the answer is read."""
    return viewed(method)


__all__ = ["Part", "RawResource", "StreamedResource", "raw", "streamed"]
