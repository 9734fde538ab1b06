"""Rows: which path is answered by which method, as each family of endpoints lists its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]
Rows = list[tuple[str, str, Endpoint]]
"""Verb, path and endpoint."""


def routes(table: Rows) -> list[Route]:
    """One route for each path, for Starlette answers 405 only if all its methods are there."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for method, path, endpoint in table:
        paths.setdefault(path, {})[method] = endpoint
    return [
        Route(path, by_method(methods), methods=list(methods)) for path, methods in paths.items()
    ]


def by_method(methods: dict[str, Endpoint]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        # Starlette routes HEAD wherever it routes GET.
        method = "GET" if request.method == "HEAD" else request.method
        return await methods[method](request)

    return endpoint
