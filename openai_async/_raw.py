"""Views of a resource: one line for each method, as in `openai_sync`.

    class Files(RawResource):
        retrieve = raw(async_.Files.retrieve)

    class StreamedFiles(StreamedResource):
        retrieve = streamed(async_.Files.retrieve)

A view calls the methods of the resource itself, on a twin of it that delivers whole answers.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Awaitable, Callable, Coroutine
from functools import cached_property, partial
from typing import Any, Concatenate, Generic, TypeVar, overload

from typing_extensions import ParamSpec, Self

from . import _engine
from ._bodies import ReplyBody
from ._config import Settings
from ._overloads import Method
from ._requests import Call
from ._resource import Content
from ._responses import AsyncAPIResponse, AsyncResponseManager, LegacyAPIResponse
from .pagination import AsyncPages, AsyncPaginator

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
PageT = TypeVar("PageT", bound="AsyncPages[Any]")

Send = Callable[[], Awaitable[Any]]

_HEADER = "X-Stainless-Raw-Response"


async def _deliver(
    settings: Settings, call: Call, content: Content, *, way: str, kind: Callable[[ReplyBody], Any]
) -> Any:
    """The answer to `call`, as a `kind`; its body received unless it is read by the caller."""
    call.headers.setdefault(_HEADER.lower(), (_HEADER, way))
    read = way == "true" and not content.streams
    return kind(ReplyBody(await _engine.send(settings, call, read=read), content))


class View:
    """The methods of a resource, called in another way."""

    #: By which name it is reached, and what the API is told.
    _name: str
    _way: str
    #: What a method is delivered.
    _kind: Callable[[ReplyBody], Any]

    def __init__(self, viewed: Any) -> None:
        self._viewed = viewed

    @cached_property
    def _async(self) -> Any:
        """The async resource whose methods are called."""
        return self._source()._delivering(partial(_deliver, way=self._way, kind=self._kind))

    def _source(self) -> Any:
        return self._viewed

    def _call(self, send: Send) -> Any:
        """What a method returns: what becomes of `send`."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{self._viewed!r}.{self._name}"


class RawResource(View):
    """A resource whose methods return whole answers."""

    _name = "with_raw_response"
    _way = "true"
    _kind = LegacyAPIResponse[Any]

    async def _call(self, send: Send) -> Any:
        return await send()


class StreamedResource(View):
    """A resource whose methods return context managers, in which answers are read."""

    _name = "with_streaming_response"
    _way = "stream"
    _kind = AsyncAPIResponse[Any]

    def _call(self, send: Send) -> Any:
        return AsyncResponseManager[Any](send)


class Part(Generic[T]):
    """The view `T` of a part of the resource, as an attribute of the view of the whole."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: View, owner: Any = None) -> T: ...
    def __get__(self, instance: View | None, owner: Any = None) -> Any:
        if instance is None:
            return self
        return getattr(getattr(instance._viewed, self._name), instance._name)


@overload
def raw(
    method: Callable[Concatenate[Any, P], AsyncPaginator[Any, PageT]],
) -> Method[P, Coroutine[Any, Any, LegacyAPIResponse[PageT]]]: ...
@overload
def raw(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Method[P, Coroutine[Any, Any, LegacyAPIResponse[R]]]: ...
def raw(method: Callable[..., Any]) -> Any:
    """`method`, returning the whole answer."""
    return viewed(method)


@overload
def streamed(
    method: Callable[Concatenate[Any, P], AsyncPaginator[Any, PageT]],
) -> Method[P, AsyncResponseManager[PageT]]: ...
@overload
def streamed(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Method[P, AsyncResponseManager[R]]: ...
def streamed(method: Callable[..., Any]) -> Any:
    """`method`, returning a context manager in which the answer is read."""
    return viewed(method)


def viewed(method: Callable[..., Any]) -> Any:
    """`method` of the resource, called in the way of the view that it is an attribute of."""
    message: str | None = getattr(method, "__deprecated__", None)
    # What `@deprecated` made would warn of a line of this module.
    send = method if message is None else inspect.unwrap(method)

    @functools.wraps(method)
    def call(self: View, /, *args: Any, **kwargs: Any) -> Any:
        if message is not None:
            warnings.warn(message, DeprecationWarning, stacklevel=2)
        return self._call(partial(send, self._async, *args, **kwargs))

    return call
