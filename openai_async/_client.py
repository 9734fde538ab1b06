"""`AsyncOpenAI`: the settings, the resources, and the connections of one client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import Self

from . import _engine
from ._answers import parse
from ._config import residency
from ._network import OWN_CLIENT, network
from ._operation import Auth, Operation
from ._options import RequestOptions, as_options
from ._requests import Call
from ._resource import Content, Resource
from ._retry import DEFAULT_MAX_RETRIES
from ._sentinels import NotGiven, is_given, not_given
from ._stream import AsyncStream
from ._timeouts import DEFAULT_TIMEOUT, Timeout
from ._transport import (
    DEFAULT_CONNECTION_LIMITS,
    LateTransport,
    Limits,
    Network,
    PoolStats,
    Transport,
)
from .helpers.client import ClientHelpers
from .pagination import AsyncPaginator
from .resources._root import Namespaces

if TYPE_CHECKING:
    import ssl

    import httpx

    from ._engine import Retry
    from ._types import APIKey, Headers, HTTPClient, Query


class AsyncOpenAI(ClientHelpers, Namespaces):
    """A client of the OpenAI API for programs that await it, on asyncio and on trio.

    One object serves a whole program: any number of tasks, and any event loop, one after another or
    side by side. Use it as a context manager or call `close()` where connections should not outlive
    their use.
    """

    #: Whether blocking code drives this client, through `openai_sync`.
    _blocking = False

    def __init__(
        self,
        *,
        api_key: APIKey | None = None,
        admin_api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        webhook_secret: str | None = None,
        base_url: str | httpx.URL | NotGiven | None = not_given,
        data_residency: str | None = None,
        websocket_base_url: str | httpx.URL | None = None,
        timeout: float | Timeout | httpx.Timeout | NotGiven | None = not_given,
        deadline: float | None = None,
        first_event: float | None = None,
        event_gap: float | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        default_headers: Headers | None = None,
        default_query: Query | None = None,
        http_client: HTTPClient | None = None,
        proxy: str | None = None,
        verify: bool | ssl.SSLContext = True,
        limits: Limits | httpx.Limits = DEFAULT_CONNECTION_LIMITS,
        on_retry: Callable[[Retry], Any] | None = None,
        _enforce_credentials: bool = True,
    ) -> None:
        """A client with these settings; what is left out comes from the environment.

        Args:
            api_key: The key, or a function (plain or async) that returns it and is asked before
                each attempt. Else OPENAI_API_KEY.
            admin_api_key: The key of administration methods. Else OPENAI_ADMIN_KEY.
            organization: Sent as `OpenAI-Organization`. Else OPENAI_ORG_ID.
            project: Sent as `OpenAI-Project`. Else OPENAI_PROJECT_ID.
            webhook_secret: Verifies webhooks. Else OPENAI_WEBHOOK_SECRET.
            base_url: Where the API is. Else OPENAI_BASE_URL, else https://api.openai.com/v1.
            data_residency: Chooses the base URL of a region: global, us, eu, ae, au, in or jp.
            websocket_base_url: Where WebSockets connect, if not under `base_url`.
            timeout: Seconds for each phase of an attempt, a `Timeout`, or None for no limit; ten
                minutes, and five seconds to connect, unless given.
            deadline: Seconds for a whole call: all its attempts, the waits between them, the body,
                the stream, polls and uploads; for each page of a list. None for no limit.
            first_event: Seconds from the head of an answer to the first event of its stream.
            event_gap: Seconds from one event of a stream to the next.
            max_retries: How many more attempts a request that failed may have.
            default_headers: Headers of every request, over those of OPENAI_CUSTOM_HEADERS.
            default_query: Query parameters of every request.
            http_client: An `httpx.AsyncClient` (or one of httpx2) to send everything through; the
                blocking client takes an `httpx.Client` too.
            proxy: The URL of a proxy for everything; else HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and
                NO_PROXY say. "" for none.
            verify: False trusts any certificate; an `ssl.SSLContext` decides which, and which of
                your own to show. Else the trust store of the system.
            limits: How many connections there may be, and how long idle ones are kept.
            on_retry: A function (plain or async) that is told of every retry before its wait.

        Raises:
            OpenAIError: There is no key.
            ValueError, TypeError: An argument makes no sense; the message names it.
        """
        self._name = type(self).__name__
        self._configure(
            api_key=api_key,
            admin_api_key=admin_api_key,
            organization=organization,
            project=project,
            webhook_secret=webhook_secret,
            base_url=base_url,
            data_residency=data_residency,
            websocket_base_url=None if websocket_base_url is None else str(websocket_base_url),
            timeout=timeout if is_given(timeout) else DEFAULT_TIMEOUT,
            max_retries=max_retries,
            deadline=deadline,
            first_event=first_event,
            event_gap=event_gap,
            default_headers=default_headers,
            default_query=default_query,
            on_retry=on_retry,
            enforce_credentials=_enforce_credentials,
        )
        self._network = network(proxy=proxy, verify=verify, limits=limits)
        if http_client is not None and self._network != Network():
            raise TypeError(OWN_CLIENT)
        self._own_connections = http_client is None
        self._use(http_client, adopt_timeout=not is_given(timeout))

    def _use(self, http_client: HTTPClient | None, *, adopt_timeout: bool) -> None:
        if http_client is None:
            self._transport = LateTransport(partial(_default_transport, self._network))
            return
        # Whoever passes one has imported httpx already.
        from ._choice import transport_for  # noqa: PLC0415
        from ._httpx_clients import chosen_timeout  # noqa: PLC0415

        self._transport = transport_for(http_client, blocking=self._blocking)
        chosen = chosen_timeout(http_client) if adopt_timeout else None
        if chosen is not None:
            self.timeout: float | Timeout | None = cast(Timeout, chosen)

    def _connect(self) -> None:
        self._use(None, adopt_timeout=False)

    def copy(
        self,
        *,
        api_key: APIKey | None = None,
        admin_api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        webhook_secret: str | None = None,
        websocket_base_url: str | httpx.URL | None = None,
        base_url: str | httpx.URL | None = None,
        data_residency: str | None = None,
        timeout: float | Timeout | httpx.Timeout | NotGiven | None = not_given,
        deadline: float | NotGiven | None = not_given,
        first_event: float | NotGiven | None = not_given,
        event_gap: float | NotGiven | None = not_given,
        http_client: HTTPClient | None = None,
        proxy: str | NotGiven | None = not_given,
        verify: bool | ssl.SSLContext | NotGiven = not_given,
        limits: Limits | httpx.Limits | NotGiven = not_given,
        max_retries: int | NotGiven = not_given,
        default_headers: Headers | None = None,
        set_default_headers: Headers | None = None,
        default_query: Query | None = None,
        set_default_query: Query | None = None,
        on_retry: Callable[[Retry], Any] | None = None,
        _extra_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """A client with some settings changed, over the same connections (over connections of its
        own, if `proxy`, `verify` or `limits` change).

        `default_headers` and `default_query` are added to those of this client, the `set_` forms
        replace them. Closing either client closes the connections of both.
        """
        if data_residency is not None:
            if base_url or websocket_base_url:
                raise ValueError("data_residency chooses the URL itself: leave out base_url.")
            base_url = residency(data_residency)
        wanted = {
            "api_key": api_key,
            "admin_api_key": admin_api_key,
            "organization": organization,
            "project": project,
            "webhook_secret": webhook_secret,
            "websocket_base_url": None if websocket_base_url is None else str(websocket_base_url),
            "base_url": base_url,
            "on_retry": on_retry,
        }
        changes: dict[str, Any] = {name: value for name, value in wanted.items() if value}
        numbers = {
            "timeout": timeout,
            "deadline": deadline,
            "first_event": first_event,
            "event_gap": event_gap,
            "max_retries": max_retries,
        }
        changes |= {name: value for name, value in numbers.items() if is_given(value)}
        twin = self._copied(
            changes={**changes, **(_extra_kwargs or {})},
            default_headers=default_headers,
            set_default_headers=set_default_headers,
            default_query=default_query,
            set_default_query=set_default_query,
        )
        asked = {"proxy": proxy, "verify": verify, "limits": limits}
        given = {name: value for name, value in asked.items() if is_given(value)}
        if given and (http_client is not None or not self._own_connections):
            raise TypeError(OWN_CLIENT)
        if given:
            kept = {name: getattr(self._network, name) for name in asked}
            twin._network = network(**{**kept, **given})
        if given or http_client is not None:
            twin._own_connections = http_client is None
            twin._use(http_client, adopt_timeout=False)
        return twin

    with_options = copy

    async def get(
        self,
        path: str,
        *,
        cast_to: Any,
        options: RequestOptions | None = None,
        stream: bool = False,
    ) -> Any:
        """The answer to a GET of `path` (under the base URL, or absolute), as `cast_to`."""
        return await self.request("GET", path, cast_to=cast_to, options=options, stream=stream)

    async def post(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: bytes | None = None,
        files: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        stream: bool = False,
    ) -> Any:
        """The answer to a POST to `path`, as `cast_to`; as a stream of `cast_to` if `stream`.

        `body` is sent as JSON, or as a form if there are `files`; `content` as it is.
        """
        return await self.request(
            "POST",
            path,
            cast_to=cast_to,
            body=body,
            content=content,
            files=files,
            options=options,
            stream=stream,
        )

    async def patch(
        self, path: str, *, cast_to: Any, body: Any = None, options: RequestOptions | None = None
    ) -> Any:
        """The answer to a PATCH of `path`, as `cast_to`."""
        return await self.request("PATCH", path, cast_to=cast_to, body=body, options=options)

    async def put(
        self, path: str, *, cast_to: Any, body: Any = None, options: RequestOptions | None = None
    ) -> Any:
        """The answer to a PUT to `path`, as `cast_to`."""
        return await self.request("PUT", path, cast_to=cast_to, body=body, options=options)

    async def delete(
        self, path: str, *, cast_to: Any, body: Any = None, options: RequestOptions | None = None
    ) -> Any:
        """The answer to a DELETE of `path`, as `cast_to`."""
        return await self.request("DELETE", path, cast_to=cast_to, body=body, options=options)

    async def request(
        self,
        method: str,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: bytes | None = None,
        files: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        stream: bool = False,
        _auth: Auth = "either",
    ) -> Any:
        """The answer to any request, with this client's keys, retries, limits and errors."""
        if content is not None and (body is not None or files):
            raise TypeError("Pass either content=, or body= and files=, not both.")
        given = options or RequestOptions()
        call = Call(
            self,
            Operation(method.upper(), path, cast_to, auth=_auth),
            body=body,
            content=content,
            files=files,
            options=as_options(given),
            max_retries=given.get("max_retries"),
            idempotency_key=given.get("idempotency_key"),
        )
        answer = await _engine.send(self, call, read=not stream)
        if stream:
            return AsyncStream[Any](answer, cast_to)
        return Content(cast_to, lambda answer, to: parse(answer.exchange, to)).of(answer)

    def get_api_list(self, path: str, *, model: Any, page: Any, **query: object) -> Any:
        """The items of any list, a `page` at a time: awaitable and iterable."""
        paginator: AsyncPaginator[Any, Any] = Resource(self)._paginate(
            Operation("GET", path, model, auth="either"),
            page,
            query=query,
            options=as_options({}),
        )
        return paginator

    async def close(self) -> None:
        """Closes the connections of this client and of its copies; idempotent."""
        await self._transport.close()

    def is_closed(self) -> bool:
        """Whether `close()` was called."""
        return self._transport.closed

    def pool_stats(self) -> PoolStats:
        """How many connections are in use and idle, and how many requests wait for one."""
        return self._transport.stats()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _default_transport(network: Network) -> Transport:
    from ._choice import DefaultTransport  # noqa: PLC0415  # loaded by the first request

    return DefaultTransport(network)


AsyncClient = AsyncOpenAI
