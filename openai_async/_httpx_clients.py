"""What the clients of httpx and httpx2 have in common, whichever of the four kinds one is.

The packages are alike in all that is used here. Which one a client is of is seen from its class, so
nothing of httpx2 is ever imported unless the program has done that itself.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from ._headers import SECRET_HEADERS, Headers
from ._timeouts import Timeout
from ._transport import WireRequest

PACKAGES = ("httpx", "httpx2")

_METHODS = ("build_request", "send")

#: Where a request of ours was to go, which whoever follows a redirect of it can look up.
_SENT_TO = "openai_async.sent_to"

#: What httpx takes along wherever it is sent. It knows the other secrets.
_TAKEN_ALONG = SECRET_HEADERS - {"authorization", "cookie"}

#: What both packages wait when nobody says how long.
_UNTOUCHED = Timeout(5.0)


def package_of(client: object) -> ModuleType | None:
    """httpx or httpx2, whichever the class of `client` comes from."""
    for each in type(client).__mro__:
        if _is_stock(each):
            return sys.modules.get(each.__module__.partition(".")[0])
    return None


def _is_stock(kind: type) -> bool:
    package = kind.__module__.partition(".")[0]
    return package in PACKAGES and kind.__name__ in ("Client", "AsyncClient")


def is_async(client: object) -> bool | None:
    """Whether `client` is of the awaited kind; None if it is no HTTP client at all."""
    for each in type(client).__mro__:
        if _is_stock(each):
            return each.__name__ == "AsyncClient"
    has = {name for name in (*_METHODS, "close", "aclose") if callable(getattr(client, name, None))}
    if isinstance(client, type) or not has.issuperset(_METHODS):
        return None
    return True if "aclose" in has else False if "close" in has else None


def chosen_timeout(client: Any) -> Any:
    """The timeout somebody gave to their own client, or None if they left it alone."""
    timeout = getattr(client, "timeout", None)
    # In this order: theirs are equal to nothing but their own kind.
    return None if _UNTOUCHED.__eq__(timeout) else timeout


def build(client: Any, request: WireRequest) -> Any:
    """`request` as a request of `client`, its body aside."""
    headers, body = list(request.headers), request.body
    if body is not None and not isinstance(body, bytes) and body.length is not None:
        headers.append(("Content-Length", str(body.length)))
    built = client.build_request(
        request.method,
        request.url,
        headers=headers,
        content=body,
        timeout=as_tuple(request.timeout),
    )
    if package_of(client) is not None:
        built.extensions = {**built.extensions, _SENT_TO: built.url}
    return built


def keep_secrets(client: Any) -> None:
    """Has `client` drop keys from requests of ours that it is redirected to another server with."""
    if package_of(client) is None:
        return
    hook = _drop_secrets_soon if is_async(client) else _drop_secrets
    hooks = client.event_hooks
    if hook not in hooks["request"]:
        # In front, so that hooks of the user's have the last word.
        client.event_hooks = {**hooks, "request": [hook, *hooks["request"]]}


def _drop_secrets(request: Any) -> None:
    old, new = request.extensions.get(_SENT_TO), request.url
    if old is None or old == new:
        return
    same_host = (old.host, old.port) == (new.host, new.port)
    if not (same_host and new.scheme in (old.scheme, "https")):
        for name in _TAKEN_ALONG:
            request.headers.pop(name, None)


async def _drop_secrets_soon(request: Any) -> None:
    _drop_secrets(request)


def as_tuple(timeout: Timeout) -> tuple[float | None, ...]:
    """`timeout` in a form that both packages take; without end is None, also for sockets."""
    phases = (timeout.connect, timeout.read, timeout.write, timeout.pool)
    return tuple(None if seconds == math.inf else seconds for seconds in phases)


def headers_of(response: Any) -> Headers:
    encoding = response.headers.encoding
    return Headers((n.decode(encoding), v.decode(encoding)) for n, v in response.headers.raw)


def pool_counts(clients: Iterable[Any]) -> tuple[int, int]:
    """How many connections are idle and how many requests wait, as far as can be seen."""
    idle = waiting = 0
    for pool in _pools(clients):
        idle += sum(each.is_idle() for each in tuple(pool.connections))
        waiting += sum(each.is_queued() for each in tuple(getattr(pool, "_requests", ())))
    return idle, waiting


def _pools(clients: Iterable[Any]) -> Iterator[Any]:
    for client in clients:
        mounted = getattr(client, "_mounts", {}).values()
        for transport in (getattr(client, "_transport", None), *mounted):
            pool = getattr(transport, "_pool", None)
            if hasattr(pool, "connections"):
                yield pool
