"""From a method's arguments to a request that is ready to be sent, as often as it takes. Pure."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Set
from functools import partial
from typing import Any, cast

from msgspec import Struct

from . import _callbacks
from ._config import Settings
from ._deadline import Deadline
from ._dump import encode, plain
from ._headers import async_library, merge
from ._multipart import MultipartBody
from ._operation import Auth, Operation
from ._retry import check_max_retries
from ._sentinels import Omit, is_given, not_given
from ._timeouts import NO_GAPS, Gaps, Timeout, check_limit, phases
from ._transport import Body, WireRequest, replayable
from ._urls import expand, join

#: The options every method takes: extra_headers, extra_query, extra_body, timeout, deadline; and
#: those of streams: first_event, event_gap.
Options = tuple[Any, ...]

#: Is told how many bytes of files were handed to the network, and how many there are, if known.
OnProgress = Callable[[int, "int | None"], Any]

NO_OPTIONS: Options = (None, None, None, not_given, not_given)

_RETRY_COUNT = "X-Stainless-Retry-Count"
_COUNTS = frozenset({_RETRY_COUNT.lower()})


class Call:
    """One call of a method: everything about its requests but what changes between attempts."""

    __slots__ = (
        "auth",
        "authenticates",
        "body",
        "counts_retries",
        "deadline",
        "gaps",
        "headers",
        "max_retries",
        "method",
        "timeout",
        "url",
    )

    def __init__(
        self,
        settings: Settings,
        operation: Operation[Any],
        *,
        path: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        body: Any = None,
        files: Mapping[str, Any] | None = None,
        content: bytes | Body | None = None,
        headers: Mapping[str, object] | None = None,
        options: Options = NO_OPTIONS,
        max_retries: int | None = None,
        idempotency_key: str | Omit | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        extra_headers, extra_query, extra_body, timeout, deadline, *limits = options
        path_of_call = expand(operation.path, path) if path else operation.path
        parameters = {**settings._custom_query, **(extra_query or {})}
        if query:
            parameters = {**settings._custom_query, **plain(query), **(extra_query or {})}
        given = timeout if is_given(timeout) else settings.timeout
        limit = settings.max_retries if max_retries is None else check_max_retries(max_retries)
        self.method = operation.method
        body = with_extra_body(body, extra_body)
        where = settings._route(self.method, path_of_call, body)
        self.url = join(settings._base_url, where, parameters)
        self.timeout: Timeout = phases(given)
        self.deadline: float | Deadline | None = _deadline(settings, deadline)
        self.gaps: Gaps = _gaps(settings, *limits)
        self.max_retries = limit
        self.auth: Auth = operation.auth
        encoded, content_type = _encode(operation, body, files or {}, on_progress)
        self.body: bytes | Body | None = encoded if content is None else content
        own: dict[str, str | Omit] = {_RETRY_COUNT: "0"}
        if self.timeout.read is not None:
            own["X-Stainless-Read-Timeout"] = str(self.timeout.read)
        if self.method == "GET":
            own["Content-Type"] = Omit()
        else:
            own["Idempotency-Key"] = idempotency_key or f"anyio-retry-{os.urandom(16).hex()}"
        if content_type is not None:
            own["Content-Type"] = content_type
        library = "false" if settings._blocking else f"async:{async_library()}"
        self.authenticates = not _names(settings._proofs, settings._custom_headers, extra_headers)
        self.counts_retries = not _names(_COUNTS, extra_headers)
        self.headers = merge(
            own,
            operation.headers,
            {n: cast(str, v) for n, v in (headers or {}).items() if is_given(v)},
            extra_headers or {},
            onto=settings._merged_headers(library),
        )

    @property
    def replayable(self) -> bool:
        return replayable(self.body)

    async def close(self) -> None:
        """Closes a body that will not be sent again."""
        if isinstance(self.body, MultipartBody):
            await self.body.close()

    def attempt(self, number: int) -> WireRequest:
        """The request of attempt `number` (0 is the first), still without a key."""
        headers = dict(self.headers)
        if self.counts_retries:
            headers[_RETRY_COUNT.lower()] = (_RETRY_COUNT, str(number))
        return WireRequest(self.method, self.url, list(headers.values()), self.body, self.timeout)


def _deadline(settings: Settings, given: Any) -> float | Deadline | None:
    """The deadline of a call: seconds, unless a clock for several calls runs already."""
    chosen = given if is_given(given) else settings.deadline
    return chosen if isinstance(chosen, Deadline) else check_limit("deadline", chosen)


def _gaps(settings: Settings, first_event: Any = not_given, event_gap: Any = not_given) -> Gaps:
    """How long the stream that a call may return may be silent."""
    first = first_event if is_given(first_event) else settings.first_event
    gap = event_gap if is_given(event_gap) else settings.event_gap
    if first is None and gap is None:
        return NO_GAPS
    return Gaps(check_limit("first_event", first), check_limit("event_gap", gap))


def with_extra_body(body: Any, extra: Any) -> Any:
    """`body` with the fields of `extra` over its own; `omit` in `extra` takes a field away."""
    if extra is None:
        return body
    if body is None:
        return extra
    if not isinstance(body, Mapping):
        raise RuntimeError("extra_body can only be added to a body that is a mapping.")
    if not isinstance(extra, Mapping):
        raise TypeError(f"extra_body must be a mapping, not {type(extra).__name__}.")
    return {**body, **extra}


def _encode(
    operation: Operation[Any],
    body: Any,
    files: Mapping[str, Any],
    on_progress: OnProgress | None,
) -> tuple[bytes | Body | None, str | None]:
    """The body as it is sent, and its content type unless that is the usual one."""
    if operation.body_of is not None:
        return operation.body_of(body or {})
    form = _form(operation, body, files, on_progress)
    if form is not None:
        return form, form.content_type
    return (None if body is None else encode(body)), None


def _form(
    operation: Operation[Any],
    body: Any,
    files: Mapping[str, Any],
    on_progress: OnProgress | None,
) -> MultipartBody | None:
    """The form that `body` and `files` are sent as, or None if they are none."""
    if not (operation.file_fields or files):
        return None
    fields: dict[str, Any] = dict(body or {})
    parts: list[tuple[str, Any]] = []
    for name, value in {**_take_files(operation.file_fields, fields), **files}.items():
        if isinstance(value, list):
            parts += [(f"{name}[]", each) for each in value]
        elif is_given(value):
            parts.append((name, value))
    if operation.json_without_files and not parts:
        return None
    report = None if on_progress is None else partial(_callbacks.call, on_progress)
    return MultipartBody(plain(fields), parts, report=report)


def _take_files(names: tuple[str, ...], fields: dict[str, Any]) -> dict[str, Any]:
    """Takes what is a file, or a list of files, out of `fields`."""
    found: dict[str, Any] = {}
    for name in dict.fromkeys(each.removesuffix("[]") for each in names):
        # What some take instead of a file, such as the id of one, is a field like others.
        if name in fields and not isinstance(fields[name], (Mapping, Struct)):
            found[name] = fields.pop(name)
    return found


def _names(headers: Set[str], *layers: Mapping[str, Any] | None) -> bool:
    """Whether the caller sets one of these headers or takes it away."""
    return any(name.lower() in headers for layer in layers for name in layer or {})
