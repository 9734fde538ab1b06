"""The base of every resource: three ways to send an operation, which is all its methods do."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct
from typing_extensions import Self

from . import _engine
from ._answers import parse
from ._config import Settings
from ._headers import Headers
from ._operation import Operation
from ._requests import Call, Options
from ._stream import AsyncStream
from .pagination import AsyncPaginator, attach

T = TypeVar("T")
PageT = TypeVar("PageT", bound=Any)

Values = Mapping[str, object]
Finish = Callable[[Any], Any]


class Reply(Struct, Generic[T]):
    """A decoded answer with its headers."""

    value: T
    headers: Headers


def _value(answer: _engine.Answer, result: Any, finish: Finish | None) -> Any:
    value = parse(answer.exchange, result)
    return finish(value) if finish is not None else value


def _reply(answer: _engine.Answer, result: Any, finish: Finish | None) -> Any:
    return Reply(_value(answer, result, finish), answer.exchange.headers)


class Resource:
    """Methods of one part of the API, sent by `client`."""

    #: What becomes of an answer; the value it holds, unless a caller wants more of it.
    _deliver: Callable[[_engine.Answer, Any, Finish | None], Any] = staticmethod(_value)

    def __init__(self, client: Settings) -> None:
        self._client = client

    def _with_replies(self) -> Self:
        """The same resource, whose methods return a `Reply` with what they return otherwise."""
        twin = copy.copy(self)
        twin._deliver = _reply
        return twin

    async def _request(
        self,
        operation: Operation[T],
        *,
        path: Values | None = None,
        query: Values | None = None,
        body: Values | None = None,
        options: Options,
        finish: Finish | None = None,
    ) -> T:
        call = Call(self._client, operation, path=path, query=query, body=body, options=options)
        answer = await _engine.send(self._client, call, read=True)
        return cast(T, self._deliver(answer, operation.result, finish))

    async def _stream(
        self,
        operation: Operation[T],
        *,
        path: Values | None = None,
        query: Values | None = None,
        body: Values | None = None,
        options: Options,
    ) -> AsyncStream[T]:
        call = Call(self._client, operation, path=path, query=query, body=body, options=options)
        answer = await _engine.send(self._client, call, read=False)
        return AsyncStream(answer, operation.result)

    def _paginate(
        self,
        operation: Operation[T],
        page: type[PageT],
        *,
        path: Values | None = None,
        query: Values | None = None,
        options: Options,
    ) -> AsyncPaginator[T, PageT]:
        parametrised: Any = cast(Any, page)[operation.result]

        async def fetch(more: Values) -> Any:
            extra_headers, extra_query, extra_body, timeout = options
            together = (extra_headers, {**(extra_query or {}), **more}, extra_body, timeout)
            call = Call(self._client, operation, path=path, query=query, options=together)
            answer = await _engine.send(self._client, call, read=True)
            return attach(parse(answer.exchange, parametrised), fetch)

        return AsyncPaginator(fetch)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._client!r})"
