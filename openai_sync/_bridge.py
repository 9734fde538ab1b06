"""From the async methods to blocking ones: one line each, nothing written twice.

    class Embeddings(Resource):
        create = blocking(async_.Embeddings.create)

`blocking` keeps the parameters, defaults and docs of the method, for type checkers by `ParamSpec`
and for `help()` by `functools.wraps`. What a method returns that would have to be awaited (a
stream, a page) is wrapped in its blocking twin.
"""

from __future__ import annotations

import functools
import inspect
import os
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, TextIO, TypeVar, overload

from typing_extensions import ParamSpec, Self

from openai_async._endings import Outcome
from openai_async._overloads import Method
from openai_async._printing import Printer
from openai_async._stream import AsyncStream
from openai_async._views import Viewed
from openai_async.pagination import (
    AsyncConversationCursorPage,
    AsyncCursorPage,
    AsyncNextCursorPage,
    AsyncPage,
    AsyncPaginator,
    AsyncTokenPage,
)

from ._portal import finish, run
from .pagination import (
    SyncConversationCursorPage,
    SyncCursorPage,
    SyncNextCursorPage,
    SyncPage,
    SyncTokenPage,
    to_sync,
)

if TYPE_CHECKING:
    import httpx

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Resource(Viewed):
    """A blocking view of an async resource."""

    def __init__(self, resource: Any) -> None:
        self._async: Any = resource

    def __repr__(self) -> str:
        return repr(self._async)


class Begun:
    """What one process began to read, over a connection that a forked child leaves alone."""

    def __init__(self) -> None:
        self._process = os.getpid()

    def _run(self, function: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
        if os.getpid() != self._process:
            raise RuntimeError(
                "This answer belongs to the process that asked for it; a forked child cannot "
                "read on. Read it before the fork, or ask in the child."
            )
        return run(function, *args, **kwargs)

    def _finish(self, close: Callable[[], Awaitable[None]]) -> None:
        if os.getpid() == self._process:
            finish(close)


class Filled(Begun, Generic[T]):
    """Iterates over what `source` is filled with: one crossing of threads for each network read."""

    def __init__(self, source: Any) -> None:
        super().__init__()
        self._source = source
        self._events: deque[T] = source._events

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while not self._events:
            if not self._run(self._source.fill):
                raise StopIteration
        return self._events.popleft()


class Stream(Filled[T], Generic[T]):
    """Events of type `T`, as they arrive: iterate over it, or use it as a context manager.

    Leaving the `with` block, `close()`, and reaching the end free the connection; so does dropping
    the stream. Iterating raises, after the events that had arrived: APIError for an error the
    server sends in the stream, APIConnectionError or APITimeoutError if the connection fails,
    StreamTruncated if the server ends it too early, StreamStalled and DeadlineExceeded if a limit
    expires (see `AsyncStream` for what they count). One thread reads at a time: RuntimeError for a
    second one. A forked child cannot go on with a stream of its parent.
    """

    def __init__(self, stream: AsyncStream[T]) -> None:
        super().__init__(stream)
        self._async = stream

    @property
    def response(self) -> httpx.Response:
        """The head of the answer, as an `httpx.Response`."""
        return self._async.response

    @property
    def request_id(self) -> str | None:
        """The `x-request-id` of the answer, for support."""
        return self._async.request_id

    @property
    def outcome(self) -> Outcome:
        """How it ended; see `AsyncStream.outcome`."""
        return self._async.outcome

    def print(self, *, file: TextIO | None = None) -> str:
        """Prints the text as it arrives, and returns it: all that is left of the stream.

        To `file`, which is standard output unless given; see `AsyncStream.print`.
        """
        with Printer(file) as printer, self:
            for event in self:
                printer.add(event)
        return printer.text

    def close(self) -> None:
        """Ends the stream and frees its connection; events that were not read are dropped."""
        self._finish(self._async.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@overload
def blocking(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncCursorPage[T]]],
) -> Method[P, SyncCursorPage[T]]: ...
@overload
def blocking(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncConversationCursorPage[T]]],
) -> Method[P, SyncConversationCursorPage[T]]: ...
@overload
def blocking(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncNextCursorPage[T]]],
) -> Method[P, SyncNextCursorPage[T]]: ...
@overload
def blocking(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncTokenPage[T]]],
) -> Method[P, SyncTokenPage[T]]: ...
@overload
def blocking(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncPage[T]]],
) -> Method[P, SyncPage[T]]: ...
@overload
def blocking(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, AsyncStream[T]]],
) -> Method[P, Stream[T]]: ...
@overload
def blocking(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Method[P, R]: ...
def blocking(method: Callable[..., Any]) -> Any:
    """`method` of the async resource in `self._async`, run on the loop thread until it returns."""

    message: str | None = getattr(method, "__deprecated__", None)
    # What `@deprecated` made would warn on the loop thread, and of a line of this module.
    send = method if message is None else inspect.unwrap(method)

    @functools.wraps(method)
    def call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        if message is not None:
            warnings.warn(message, DeprecationWarning, stacklevel=2)
        return present(run(send, self._async, *args, **kwargs))

    return call


def present(result: Any) -> Any:
    """`result`; if it is a stream or a page, its blocking twin."""
    return Stream[Any](result) if isinstance(result, AsyncStream) else to_sync(result)
