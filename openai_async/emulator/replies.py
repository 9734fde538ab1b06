"""Replies: the kinds of HTTP response the emulator gives, true ones and faulty ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .errors import ApiError
from .faults import NO_FAULT, Fault
from .wire import wire_of

FAULT_STATE = "emulator_fault"
HTML = (
    "<!doctype html>\n<html><head><title>{status}</title></head><body>An HTML page.</body></html>\n"
)


class JsonReply(Response):
    """An object as JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return msgspec.json.encode(content)


class StreamReply(Response):
    """Blocks of bytes, sent one by one; with a delay between them they can be watched coming. A
    number among them is a pause in seconds."""

    def __init__(
        self,
        blocks: Iterator[bytes | float],
        *,
        media_type: str,
        delay: float = 0.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.blocks = blocks
        self.delay = delay
        self.status_code = 200
        self.media_type = media_type
        self.background: None = None
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wire = wire_of(scope)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        for block in self.blocks:
            if isinstance(block, float):
                if not await wire.pause(block):
                    return
                continue
            await send({"type": "http.response.body", "body": block, "more_body": True})
            if wire.gone.is_set() or (self.delay and not await wire.pause(self.delay)):
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def error_reply(error: ApiError, headers: Mapping[str, str] | None = None) -> JsonReply:
    return JsonReply(error.body(), status_code=error.status, headers=headers)


def fault_of(scope: Scope) -> Fault:
    """The fault of the request which is being answered."""
    fault: Fault = scope["state"].get(FAULT_STATE, NO_FAULT)
    return fault


def fault_reply(fault: Fault) -> Response:
    """The reply that stands in place of the true one."""
    return PAGES[fault.page](fault, hints(fault))


def hints(fault: Fault) -> dict[str, str]:
    """The headers which say whether and when to try again."""
    given = {
        "retry-after": fault.retry_after,
        "retry-after-ms": fault.retry_after_ms,
        "x-should-retry": fault.should_retry,
    }
    return {name: text for name, text in given.items() if text is not None}


def error_of(fault: Fault, status: int) -> ApiError:
    return ApiError(status, fault.message, param=fault.param, code=fault.code, type=fault.type)


def error_page(fault: Fault, headers: dict[str, str]) -> Response:
    return error_reply(error_of(fault, fault.status or 500), headers)


def error_as_success(fault: Fault, headers: dict[str, str]) -> Response:
    body = error_of(fault, fault.status or 500).body()
    return JsonReply(body, status_code=200, headers=headers)


def broken_json(fault: Fault, headers: dict[str, str]) -> Response:
    return Response(
        b'{"id": "broken", "choices": [',
        status_code=fault.status or 200,
        headers=headers,
        media_type="application/json",
    )


def html(fault: Fault, headers: dict[str, str]) -> Response:
    status = fault.status or 200
    page = HTML.format(status=status)
    return Response(page, status_code=status, headers=headers, media_type="text/html")


PAGES: dict[str | None, Callable[[Fault, dict[str, str]], Response]] = {
    None: error_page,
    "error-200": error_as_success,
    "garbage-json": broken_json,
    "html": html,
}
