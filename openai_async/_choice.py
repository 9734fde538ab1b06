"""Which transport a request goes through: ours, or httpx where it must be.

Ours speaks HTTP/1.1, straight or through an HTTP proxy. httpx is taken for other proxies, and while
somebody has put something in the place of its methods: mocks (respx, pytest-httpx), recorders
(vcrpy) and instrumentation (OpenTelemetry) do so, and whoever uses them counts on seeing requests.
"""

from __future__ import annotations

import sys
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from operator import attrgetter
from types import FunctionType, ModuleType
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from ._http.origins import target
from ._http.proxies import Proxy
from ._http.transport import HttpTransport
from ._httpx_clients import is_async
from ._transport import CLOSED, Network, PoolStats, Transport, WireReply, WireRequest, total

#: What those tools are known to replace, and what else a request passes on its way through httpx.
_PASSED = {
    "httpx": (
        "AsyncHTTPTransport.handle_async_request",
        "AsyncClient.send",
        "AsyncClient._send_single_request",
        "AsyncClient._transport_for_url",
    ),
    "httpcore": (
        "AsyncConnectionPool.handle_async_request",
        "AsyncHTTPConnection.handle_async_request",
        "AsyncHTTP11Connection.handle_async_request",
    ),
}
_GETTERS = [(package, attrgetter(*names)) for package, names in _PASSED.items()]


def is_patched() -> bool:
    """Whether a method of httpx or httpcore is at this moment another than that package brought.

    What it brought is a plain function that was defined there; nothing has to be remembered.
    """
    for package, getter in _GETTERS:
        module = sys.modules.get(package)
        if module is None:  # never loaded
            continue
        try:
            methods: Iterable[Any] = getter(module)
        except AttributeError:  # another version, or still loading
            methods = _present(module, _PASSED[package])
        home = module.__name__ + "."  # httpx2 can stand in for httpx
        for method in methods:
            if type(method) is not FunctionType:
                return True
            if not method.__globals__["__name__"].startswith(home):
                return True
    return False


def _present(module: ModuleType, names: Iterable[str]) -> Iterator[object]:
    for name in names:
        with suppress(AttributeError):
            yield attrgetter(name)(module)


class DefaultTransport:
    """The transport of a client that was given none: decides for each request."""

    def __init__(self, network: Network | None = None) -> None:
        self._network = network or Network()
        self._ours = HttpTransport(self._network)
        #: By the URL of the proxy, "" for none. Not behind a lock: a program may fork.
        self._httpx: dict[str, Transport] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    async def send(self, request: WireRequest) -> WireReply:
        if self._closed:
            raise RuntimeError(CLOSED)
        return await self._chosen(request.url).send(request)

    def _chosen(self, url: str) -> Transport:
        proxy = self._ours.route(target(url).origin).proxy
        if (proxy is None or proxy.scheme == "http") and not is_patched():
            return self._ours
        # The proxy is decided here, so that both transports read the environment alike.
        address = "" if proxy is None else _address(proxy)
        through = self._httpx.get(address)
        if through is None:
            from ._httpx import HttpxTransport  # noqa: PLC0415  # large, and rarely needed

            through = HttpxTransport(network=replace(self._network, proxy=address))
            through = self._httpx.setdefault(address, through)
        return through

    async def close(self) -> None:
        self._closed = True
        for each in self._all():
            await each.close()

    def stats(self) -> PoolStats:
        return total(transport.stats() for transport in self._all())

    def _all(self) -> list[Transport]:
        return [self._ours, *self._httpx.values()]


def _address(proxy: Proxy) -> str:
    """The URL of `proxy`, as httpx takes it. Raises ValueError if httpx does not speak to such."""
    if proxy.scheme == "socks4":
        raise ValueError("SOCKS4 is not spoken here: use a proxy that speaks SOCKS5 or HTTP.")
    user = ""
    if proxy.authorization is not None:
        name, _, password = b64decode(proxy.authorization[6:]).decode().partition(":")
        user = f"{quote(name, safe='')}:{quote(password, safe='')}@"
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    return f"{proxy.scheme}://{user}{host}:{proxy.port}"


def transport_for(http_client: object, *, blocking: bool) -> Transport:
    """What sends everything through `http_client`. Raises TypeError if that cannot be.

    A client that is awaited may be given to both faces of the library, one that blocks only to the
    `blocking` one: in an event loop it would need a thread for each request.
    """
    awaited = is_async(http_client)
    if awaited:
        from ._httpx import HttpxTransport  # noqa: PLC0415  # only for who has such a client

        return HttpxTransport(http_client)
    if awaited is False and blocking:
        from ._httpx_threads import ThreadedHttpxTransport  # noqa: PLC0415  # likewise

        return ThreadedHttpxTransport(http_client)
    accepted = "an httpx.AsyncClient" + " or an httpx.Client" * blocking + " (or one of httpx2)"
    kind = http_client.__name__ + " itself" if isinstance(http_client, type) else _kind(http_client)
    raise TypeError(f"http_client must be {accepted}, not {kind}.")


def _kind(value: Any) -> str:
    kind = type(value)
    return f"{kind.__module__}.{kind.__name__}" if kind.__module__ != "builtins" else kind.__name__
