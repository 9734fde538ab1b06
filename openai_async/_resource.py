"""The base of every resource: three ways to send an operation, which is all its methods do."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct
from typing_extensions import Self

from . import _engine
from ._answers import parse
from ._config import Settings
from ._errors import APIError
from ._headers import Headers
from ._operation import Operation
from ._requests import Call, OnProgress, Options
from ._sentinels import Omit
from ._stream import AsyncStream
from ._views import Viewed
from .pagination import AsyncPaginator, attach

T = TypeVar("T")
PageT = TypeVar("PageT", bound=Any)

Values = Mapping[str, object]
Finish = Callable[[Any], Any]
Deliver = Callable[[Settings, Call, "Content"], Awaitable[Any]]


class Reply(Struct, Generic[T]):
    """A decoded answer with its headers."""

    value: T
    headers: Headers


class Content(Struct):
    """What an answer holds: its type, or that of each event, and how that is made of the answer."""

    result: Any
    make: Callable[[_engine.Answer, Any], Any]
    streams: bool = False
    finish: Finish | None = None
    """What is done to a `result` in the end, if anything: with that, all there is to `make`."""

    def of(self, answer: _engine.Answer, to: Any = None) -> Any:
        """What `answer` holds, as `to` if that is given."""
        try:
            return self.make(answer, self.result if to is None else to)
        except APIError as error:
            error.attempts = error.attempts or answer.all_attempts()
            raise


async def _value(settings: Settings, call: Call, content: Content) -> Any:
    return content.of(await _engine.send(settings, call, read=not content.streams))


async def _reply(settings: Settings, call: Call, content: Content) -> Any:
    answer = await _engine.send(settings, call, read=not content.streams)
    return Reply(content.of(answer), answer.exchange.headers)


class Resource(Viewed):
    """Methods of one part of the API, sent by `client`."""

    #: Sends a call and returns what becomes of its answer; the value it holds, unless a caller
    #: wants more of it.
    _deliver: Deliver = staticmethod(_value)

    def __init__(self, client: Settings) -> None:
        self._client = client

    def _with_replies(self) -> Self:
        """The same resource, whose methods return a `Reply` with what they return otherwise."""
        return self._delivering(_reply)

    def _delivering(self, deliver: Deliver) -> Self:
        """The same resource, whose methods return what `deliver` makes of the answers."""
        twin = copy.copy(self)
        twin._deliver = deliver
        return twin

    async def _request(
        self,
        operation: Operation[T],
        *,
        path: Values | None = None,
        query: Values | None = None,
        body: Values | None = None,
        headers: Values | None = None,
        idempotency_key: str | Omit | None = None,
        options: Options,
        on_progress: OnProgress | None = None,
        finish: Finish | None = None,
        result: Any = None,
    ) -> T:
        call = Call(
            self._client,
            operation,
            path=path,
            query=query,
            body=body,
            headers=headers,
            idempotency_key=idempotency_key,
            options=options,
            on_progress=on_progress,
        )
        expected = result or operation.result

        def make(answer: _engine.Answer, to: Any) -> Any:
            value = parse(answer.exchange, to)
            return finish(value) if finish is not None and to is expected else value

        content = Content(expected, make, finish=finish)
        return cast(T, await self._deliver(self._client, call, content))

    async def _stream(
        self,
        operation: Operation[T],
        *,
        path: Values | None = None,
        query: Values | None = None,
        body: Values | None = None,
        headers: Values | None = None,
        idempotency_key: str | Omit | None = None,
        options: Options,
        on_progress: OnProgress | None = None,
    ) -> AsyncStream[T]:
        call = Call(
            self._client,
            operation,
            path=path,
            query=query,
            body=body,
            headers=headers,
            idempotency_key=idempotency_key,
            options=options,
            on_progress=on_progress,
        )

        def make(answer: _engine.Answer, to: Any) -> Any:
            how = {"envelope": operation.envelope, "events": operation.events}
            return AsyncStream[Any](answer, to, **how)

        content = Content(operation.result, make, streams=True)
        return cast("AsyncStream[T]", await self._deliver(self._client, call, content))

    def _paginate(
        self,
        operation: Operation[T],
        page: type[PageT],
        *,
        path: Values | None = None,
        query: Values | None = None,
        body: Values | None = None,
        headers: Values | None = None,
        options: Options,
    ) -> AsyncPaginator[T, PageT]:
        parametrised: Any = cast(Any, page)[operation.result]

        async def fetch(more: Values, deliver: Deliver = _value) -> Any:
            extra_headers, extra_query, *others = options
            together = (extra_headers, {**(extra_query or {}), **more}, *others)
            call = Call(
                self._client,
                operation,
                path=path,
                query=query,
                body=body,
                headers=headers,
                options=together,
            )
            return await deliver(self._client, call, content)

        def make(answer: _engine.Answer, to: Any) -> Any:
            return attach(parse(answer.exchange, to), fetch)

        content = Content(parametrised, make)
        return AsyncPaginator(partial(fetch, deliver=self._deliver))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._client!r})"
