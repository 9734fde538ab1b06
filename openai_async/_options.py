"""The `options` of `client.get()` and its siblings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from ._sentinels import not_given
from ._timeouts import Timeout

if TYPE_CHECKING:
    from ._requests import Options
    from ._types import Headers, Query


class RequestOptions(TypedDict, total=False):
    """What the `options` of `client.get()` and its siblings may hold."""

    headers: Headers
    params: Query
    extra_json: Mapping[str, object]
    timeout: float | Timeout | None
    deadline: float | None
    first_event: float | None
    event_gap: float | None
    max_retries: int
    idempotency_key: str


def as_options(options: RequestOptions) -> Options:
    """`options` in the order in which methods hand them on."""
    return (
        options.get("headers"),
        options.get("params"),
        options.get("extra_json"),
        options.get("timeout", not_given),
        options.get("deadline", not_given),
        options.get("first_event", not_given),
        options.get("event_gap", not_given),
    )
