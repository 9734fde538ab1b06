"""`OpenAI`: the blocking view of an `AsyncOpenAI`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar, overload

from openai_async import AsyncOpenAI, Timeout
from openai_async._urls import URL
from typing_extensions import Concatenate, ParamSpec, Self

from ._bridge import blocking
from ._portal import run
from .resources._root import Namespaces

P = ParamSpec("P")
S = TypeVar("S")
V = TypeVar("V")


class Setting(Generic[V]):
    """An attribute that is one of the async client behind."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: OpenAI, owner: Any = None) -> V: ...
    def __get__(self, instance: OpenAI | None, owner: Any = None) -> Any:
        return self if instance is None else getattr(instance._async, self._name)

    def __set__(self, instance: OpenAI, value: V) -> None:
        setattr(instance._async, self._name, value)


def _constructor(
    init: Callable[Concatenate[Any, P], None],
) -> Callable[Concatenate[Any, P], None]:
    @functools.wraps(init)
    def __init__(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> None:
        client = AsyncOpenAI(*args, **kwargs)
        client._name = type(self).__name__
        client._blocking = True
        self._async = client

    return __init__


def _copier(method: Callable[Concatenate[Any, P], Any]) -> Callable[Concatenate[S, P], S]:
    @functools.wraps(method)
    def copy(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        twin = object.__new__(type(self))
        twin.__dict__.update(self._own())
        twin._async = method(self._async, *args, **kwargs)
        return twin

    return copy


class OpenAI(Namespaces):
    """A client of the OpenAI API for scripts, notebooks and threads: every method blocks.

    It has the methods, arguments and errors of `openai_async.AsyncOpenAI`, whose coroutines it runs
    on a loop thread of its own; any number of threads may share one. Ctrl-C ends the call that runs.
    """

    _async: AsyncOpenAI

    __init__ = _constructor(AsyncOpenAI.__init__)
    copy = with_options = _copier(AsyncOpenAI.copy)

    api_key = Setting[str]()
    admin_api_key = Setting[str | None]()
    organization = Setting[str | None]()
    project = Setting[str | None]()
    webhook_secret = Setting[str | None]()
    websocket_base_url = Setting[str | None]()
    base_url = Setting[URL]()
    timeout = Setting[float | Timeout | None]()
    max_retries = Setting[int]()
    on_retry = Setting[Callable[[Any], Any] | None]()
    auth_headers = Setting[dict[str, str]]()
    default_headers = Setting[dict[str, Any]]()
    default_query = Setting[dict[str, object]]()
    user_agent = Setting[str]()

    get = blocking(AsyncOpenAI.get)
    post = blocking(AsyncOpenAI.post)
    patch = blocking(AsyncOpenAI.patch)
    put = blocking(AsyncOpenAI.put)
    delete = blocking(AsyncOpenAI.delete)
    request = blocking(AsyncOpenAI.request)

    def get_api_list(self, path: str, *, model: Any, page: Any, **query: object) -> Any:
        """The first page of any list; iterate over it for all items."""
        return blocking(AsyncOpenAI.get_api_list).__get__(self)(
            path, model=model, page=page, **query
        )

    def platform_headers(self) -> dict[str, str]:
        """What the API is told about the library and the machine it runs on."""
        return self._async.platform_headers()

    def close(self) -> None:
        """Closes the connections of this client and of its copies; idempotent."""
        run(self._async.close)

    def is_closed(self) -> bool:
        """Whether `close()` was called."""
        return self._async.is_closed()

    def _own(self) -> dict[str, Any]:
        """Attributes that a subclass added; the namespaces belong to the client they were made by."""
        made = {name for name in vars(self) if hasattr(Namespaces, name)}
        return {name: value for name, value in vars(self).items() if name not in made}

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
        return repr(self._async).replace("AsyncOpenAI", type(self).__name__, 1)


Client = OpenAI
