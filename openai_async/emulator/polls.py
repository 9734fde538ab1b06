"""Polls: answers about jobs that somebody asks for again and again, with the advice when to."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .replies import JsonReply
from .settings import Settings

POLL_AFTER = "openai-poll-after-ms"
ENDED = frozenset(
    ("completed", "failed", "cancelled", "canceled", "expired", "incomplete", "succeeded")
)


def polled(request: Request, settings: Settings, body: dict[str, Any]) -> Response:
    """What became of a job. A GET about one that goes on takes one of `settings.poll_hints`."""
    take = request.method == "GET" and body["status"] not in ENDED
    return JsonReply(body, headers=poll_headers(settings, take=take))


def poll_headers(settings: Settings, *, take: bool) -> dict[str, str]:
    wanted = settings.poll_after_ms
    if settings.poll_hints:
        wanted, *rest = settings.poll_hints
        if take and rest:
            settings.poll_hints = rest
    return {} if wanted is None else {POLL_AFTER: str(wanted)}
