"""`OpenAI`: the blocking view of an `AsyncOpenAI`."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, Generic, Protocol, cast, overload

from typing_extensions import Never, ParamSpec, Self, TypeVar

from openai_async import AsyncOpenAI, Omit, Timeout
from openai_async._config import own_state
from openai_async._overloads import Method
from openai_async._transport import PoolStats
from openai_async._urls import URL

from ._bridge import blocking
from ._map import ClientHelpers
from ._portal import finish, run
from .pagination import to_sync
from .resources._root import Namespaces

P = ParamSpec("P")
S = TypeVar("S")
V = TypeVar("V")
W = TypeVar("W", default=V)


class Setting(Generic[V, W]):
    """An attribute that is one of the async client behind: reads a `V`, may be assigned a `W`."""

    def __set_name__(self, owner: type[OpenAI], name: str) -> None:
        self._name = name
        self.__doc__ = getattr(owner._driven, name, None).__doc__

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: OpenAI, owner: Any = None) -> V: ...
    def __get__(self, instance: OpenAI | None, owner: Any = None) -> Any:
        return self if instance is None else getattr(instance._async, self._name)

    def __set__(self, instance: OpenAI, value: W) -> None:
        setattr(instance._async, self._name, value)


class Copy(Protocol[P]):
    """A method that returns its own class, as type checkers see it."""

    def __get__(self, instance: S, owner: Any = None) -> Callable[P, S]: ...


def like(
    method: Callable[Concatenate[Any, P], None],
) -> Callable[[Callable[Concatenate[S, ...], None]], Callable[Concatenate[S, P], None]]:
    """Gives a function the parameters and docs of `method`."""

    def decorate(init: Callable[Concatenate[S, ...], None]) -> Callable[Concatenate[S, P], None]:
        return functools.wraps(method)(init)

    return decorate


def copier(method: Callable[Concatenate[Any, P], AsyncOpenAI]) -> Copy[P]:
    @functools.wraps(method)
    def copied(self: OpenAI, /, *args: Any, **kwargs: Any) -> OpenAI:
        return self._over(method(self._async, *args, **kwargs))

    return cast("Copy[P]", copied)


def _whatever(method: Callable[Concatenate[Any, P], Coroutine[Any, Any, Any]]) -> Method[P, Any]:
    """A blocking method of which nothing is known but that it returns what it is asked for."""
    return blocking(method)


class _Driven(AsyncOpenAI):
    """The client behind a blocking one."""

    _blocking = True


class OpenAI(ClientHelpers, Namespaces):
    """A client of the OpenAI API for scripts, notebooks and threads: every method blocks.

    It has the methods, arguments and errors of `openai_async.AsyncOpenAI`, whose coroutines it runs
    on a loop thread of its own; any number of threads may share one. Ctrl-C ends the running call.
    """

    #: The class of the client behind, and that client.
    _driven: type[AsyncOpenAI] = _Driven
    _async: AsyncOpenAI

    @like(AsyncOpenAI.__init__)
    def __init__(self, **settings: Any) -> None:
        self._async = self._driven(**settings)
        self._async._name = type(self).__name__

    copy = with_options = copier(AsyncOpenAI.copy)

    api_key: Setting[str] = Setting()
    admin_api_key: Setting[str | None] = Setting()
    organization: Setting[str | None] = Setting()
    project: Setting[str | None] = Setting()
    webhook_secret: Setting[str | None] = Setting()
    websocket_base_url: Setting[str | None] = Setting()
    base_url: Setting[URL, Any] = Setting()
    timeout: Setting[float | Timeout | None] = Setting()
    deadline: Setting[float | None] = Setting()
    first_event: Setting[float | None] = Setting()
    event_gap: Setting[float | None] = Setting()
    max_retries: Setting[int] = Setting()
    on_retry: Setting[Callable[[Any], Any] | None] = Setting()
    auth_headers: Setting[dict[str, str], Never] = Setting()
    default_headers: Setting[dict[str, str | Omit], Never] = Setting()
    default_query: Setting[dict[str, object], Never] = Setting()
    user_agent: Setting[str, Never] = Setting()

    get = _whatever(AsyncOpenAI.get)
    post = _whatever(AsyncOpenAI.post)
    patch = _whatever(AsyncOpenAI.patch)
    put = _whatever(AsyncOpenAI.put)
    delete = _whatever(AsyncOpenAI.delete)
    request = _whatever(AsyncOpenAI.request)

    def get_api_list(self, path: str, *, model: Any, page: Any, **query: object) -> Any:
        """The first page of any list; iterate over it for all items."""
        return to_sync(run(self._async.get_api_list, path, model=model, page=page, **query))

    def platform_headers(self) -> dict[str, str]:
        """What the API is told about the library and the machine it runs on."""
        return self._async.platform_headers()

    def close(self) -> None:
        """Closes the connections of this client and of its copies; idempotent."""
        finish(self._async.close)

    def is_closed(self) -> bool:
        """Whether `close()` was called."""
        return self._async.is_closed()

    def pool_stats(self) -> PoolStats:
        """How many connections are in use and idle, and how many requests wait for one."""
        return self._async.pool_stats()

    def _over(self, client: AsyncOpenAI) -> Self:
        """A twin of this client, over another async client."""
        twin = object.__new__(type(self))
        twin.__dict__.update({**own_state(self), "_async": client})
        return twin

    def __copy__(self) -> Self:
        return self._over(copy.copy(self._async))

    def __getstate__(self) -> dict[str, Any]:
        return own_state(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._async)


Client = OpenAI
