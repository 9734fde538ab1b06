"""From the async methods to blocking ones: one line each, nothing written twice.

    class Embeddings(Resource):
        create = blocking(async_.Embeddings.create)

`blocking` keeps the parameters, defaults and docs of the method, for type checkers by `ParamSpec`
and for `help()` by `functools.wraps`. What a method returns that would have to be awaited (a
stream, a page) is wrapped in its blocking twin.
"""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Protocol, TypeVar, overload

from typing_extensions import ParamSpec, Self

from openai_async._stream import AsyncStream, Outcome
from openai_async.pagination import AsyncCursorPage, AsyncPage, AsyncPaginator

from ._portal import run
from .pagination import SyncCursorPage, SyncPage, to_sync

if TYPE_CHECKING:
    import httpx

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)


class Resource:
    """A blocking view of an async resource."""

    def __init__(self, resource: Any) -> None:
        self._async: Any = resource

    def __repr__(self) -> str:
        return repr(self._async)


class Stream(Generic[T]):
    """Events of type `T`, as they arrive: iterate over it, or use it as a context manager.

    Leaving the `with` block, `close()`, and reaching the end free the connection; so does dropping
    the stream. Iterating raises APIError for an error the server sends in the stream, and
    APIConnectionError or APITimeoutError if the connection fails. A forked child cannot go on with
    a stream of its parent.
    """

    def __init__(self, stream: AsyncStream[T]) -> None:
        self._async = stream
        self._events: deque[T] = stream._events
        self._process = os.getpid()

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

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while not self._events:
            if os.getpid() != self._process:
                raise RuntimeError("This stream belongs to the process that began it.")
            if not run(self._async.fill):
                raise StopIteration
        return self._events.popleft()

    def close(self) -> None:
        """Ends the stream and frees its connection; events that were not read are dropped."""
        if os.getpid() == self._process:  # else the parent still reads from that connection
            run(self._async.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Method(Protocol[P, R_co]):
    """A blocking method as type checkers see it; at run time it is a plain function."""

    def __get__(self, instance: Any, owner: Any = None) -> Callable[P, R_co]: ...


@overload
def blocking(
    method: Callable[Concatenate[Any, P], AsyncPaginator[T, AsyncCursorPage[T]]],
) -> Method[P, SyncCursorPage[T]]: ...
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

    @functools.wraps(method)
    def call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return _wrap(run(method, self._async, *args, **kwargs))

    return call


def _wrap(result: Any) -> Any:
    return Stream[Any](result) if isinstance(result, AsyncStream) else to_sync(result)
