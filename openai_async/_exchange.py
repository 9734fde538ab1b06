"""A record of one request and its answer, for errors, streams and raw responses.

It holds plain values, so it pickles and costs nothing. Only when somebody asks for
`httpx.Response` or `httpx.Request` is httpx imported and one made.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from ._headers import SECRET_HEADERS, Headers, redacted

if TYPE_CHECKING:
    import httpx

#: These describe the body as it was on the wire, not the decoded one that is kept.
_WIRE_ONLY = frozenset({"content-encoding", "transfer-encoding", "content-length"})


class Exchange:
    """What was asked and what came back; `status` is 0 if nothing did."""

    __slots__ = ("content", "headers", "method", "request_headers", "status", "url")

    def __init__(
        self,
        method: str,
        url: str,
        request_headers: list[tuple[str, str]],
        *,
        status: int = 0,
        headers: Headers | None = None,
        content: bytes | None = None,
    ) -> None:
        self.method: str = method
        self.url: str = url
        self.request_headers: list[tuple[str, str]] = request_headers
        self.status: int = status
        self.headers: Headers = headers or Headers([])
        self.content: bytes | None = content

    def __reduce__(self) -> tuple[Any, ...]:
        request_headers = [p for p in self.request_headers if p[0].lower() not in SECRET_HEADERS]
        pairs = [p for p in self.headers.pairs if p[0].lower() not in SECRET_HEADERS]
        url = _without_user(self.url)
        return _restore, (self.method, url, request_headers, self.status, pairs, self.content)

    def httpx_request(self) -> httpx.Request:
        """The request as httpx has it, its secrets replaced: it ends up in logs and reports."""
        import httpx  # noqa: PLC0415

        url = _without_user(self.url)
        return httpx.Request(self.method, url, headers=redacted(self.request_headers))

    def httpx_response(self) -> httpx.Response:
        """The answer as httpx has it; its content is empty if it was never read."""
        import httpx  # noqa: PLC0415

        return httpx.Response(
            self.status,
            headers=[pair for pair in self.headers.pairs if pair[0].lower() not in _WIRE_ONLY],
            content=self.content or b"",
            request=self.httpx_request(),
        )


def record(value: Any) -> Any:
    """`value`, as an `Exchange` if it is a request or a response of httpx."""
    httpx: Any = sys.modules.get("httpx")
    if httpx is None or not isinstance(value, (httpx.Request, httpx.Response)):
        return value
    answered = isinstance(value, httpx.Response)
    request = _part(value, "request") if answered else value
    exchange = Exchange("", "", [])
    if request is not None:
        headers = request.headers.multi_items()
        exchange = Exchange(request.method, str(request.url), headers)
    if answered:
        exchange.status = value.status_code
        exchange.headers = Headers(value.headers.multi_items())
        exchange.content = _part(value, "content")
    return exchange


def _part(response: httpx.Response, name: str) -> Any:
    """The request or content of `response`, or None where httpx raises because there is none."""
    try:
        return getattr(response, name)
    except RuntimeError:
        return None


def _without_user(url: str) -> str:
    """`url` without user and password."""
    if "@" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _restore(
    method: str,
    url: str,
    request_headers: list[tuple[str, str]],
    status: int,
    pairs: list[tuple[str, str]],
    content: bytes | None,
) -> Exchange:
    headers = Headers(pairs)
    return Exchange(method, url, request_headers, status=status, headers=headers, content=content)
