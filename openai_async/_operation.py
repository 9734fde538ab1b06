"""One method of the API as data: what to send where, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")

#: Which key a request needs: the API key, the admin key, or whichever the client has.
Auth = Literal["bearer", "admin", "either"]

#: From the fields of a body to the body as it is sent, and its content type.
BodyOf = Callable[[Mapping[str, Any]], tuple[Any, str]]


class Operation(Generic[T]):
    """A verb, a path template, and the type of the answer (of each event or item, if many)."""

    __slots__ = (
        "auth",
        "body_of",
        "envelope",
        "events",
        "file_fields",
        "headers",
        "json_without_files",
        "method",
        "path",
        "result",
    )

    def __init__(
        self,
        method: str,
        path: str,
        result: type[T],
        *,
        headers: Mapping[str, str] | None = None,
        auth: Auth = "bearer",
        file_fields: tuple[str, ...] = (),
        json_without_files: bool = False,
        body_of: BodyOf | None = None,
        envelope: bool = False,
        events: bool = False,
    ) -> None:
        self.method = method
        self.path = path
        self.result: Any = result
        self.headers = headers or {}
        self.auth: Auth = auth
        #: Body fields that are files; a method that has any sends multipart form data. `name[]`
        #: allows a list of files under `name`.
        self.file_fields = file_fields
        #: A form only if there is a file to send, else JSON.
        self.json_without_files = json_without_files
        #: How the body is encoded, for a method that sends neither JSON nor a form of that kind.
        self.body_of = body_of
        #: Events are decoded from `{"event": name, "data": data}`, not from their data alone.
        self.envelope = envelope
        #: Errors the server sends are events like others, not raised.
        self.events = events

    def __repr__(self) -> str:
        return f"Operation({self.method!r}, {self.path!r})"
