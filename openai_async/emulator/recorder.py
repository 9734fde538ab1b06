"""The recorder: what the emulator was asked, kept for assertions within fixed bounds."""

from __future__ import annotations

import base64
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

BODY_LIMIT = 1 << 20
HELD_LIMIT = 64 << 20


@dataclass
class RecordedRequest:
    """A request as it came over the wire."""

    method: str
    path: str
    """The path with its percent-escapes decoded."""
    raw_path: str
    """The path as it was sent."""
    query: str
    """The query string as it was sent, without the question mark."""
    headers: dict[str, str]
    """The headers under lower-case names; those sent twice are joined by a comma."""
    raw_headers: list[tuple[str, str]]
    request_id: str
    port: int = 0
    """The port of the client: requests over one connection have the same."""
    body: bytes = field(default=b"", repr=False)
    """The first mebibyte of the body; `body_size` counts all of it."""
    body_size: int = 0
    fault: str = ""
    """The spec of the fault it met."""
    status: int = 0
    """The status that was sent as an answer, 0 if there was none."""
    held: bool = field(default=True, init=False, repr=False)
    """False when the emulator has forgotten the request."""

    def json(self) -> Any:
        """The body decoded from JSON."""
        return msgspec.json.decode(self.body)


class Recorder:
    """A bounded, thread-safe list of requests."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._requests: deque[RecordedRequest] = deque(maxlen=limit)
        self._held = 0

    def snapshot(self) -> list[RecordedRequest]:
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        with self._lock:
            while self._requests:
                self._forget_oldest()

    def open(self, scope: Mapping[str, Any], request_id: str) -> RecordedRequest:
        """Record the head of a request; its body follows through `grow`."""
        raw_headers = [
            (name.decode("latin-1"), text.decode("latin-1")) for name, text in scope["headers"]
        ]
        request = RecordedRequest(
            method=scope["method"],
            path=scope["path"],
            raw_path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=joined(raw_headers),
            raw_headers=raw_headers,
            request_id=request_id,
            port=(scope.get("client") or ("", 0))[1],
        )
        with self._lock:
            if len(self._requests) == self._requests.maxlen:
                self._forget_oldest()
            self._requests.append(request)
        return request

    def grow(self, request: RecordedRequest, data: bytes) -> None:
        """Add a piece of the body; the oldest requests go when all bodies weigh too much."""
        request.body_size += len(data)
        kept = data[: BODY_LIMIT - len(request.body)]
        if not kept:
            return
        with self._lock:
            request.body += kept
            if request.held:
                self._held += len(kept)
            while self._held > HELD_LIMIT and len(self._requests) > 1:
                self._forget_oldest()

    def _forget_oldest(self) -> None:
        request = self._requests.popleft()
        request.held = False
        self._held -= len(request.body)


def joined(raw_headers: list[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, text in raw_headers:
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def as_json(request: RecordedRequest) -> dict[str, Any]:
    """The request for readers in other processes."""
    return {
        "method": request.method,
        "path": request.path,
        "raw_path": request.raw_path,
        "query": request.query,
        "headers": request.headers,
        "raw_headers": request.raw_headers,
        "request_id": request.request_id,
        "body": request.body.decode("utf-8", "replace"),
        "body_base64": base64.b64encode(request.body).decode("ascii"),
        "body_size": request.body_size,
        "fault": request.fault,
        "status": request.status,
    }
