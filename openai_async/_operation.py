"""One method of the API as data: what to send where, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")

#: Which key a request needs: the API key, the admin key, or whichever the client has.
Auth = Literal["bearer", "admin", "either"]


class Operation(Generic[T]):
    """A verb, a path template, and the type of the answer (of each event or item, if many)."""

    __slots__ = ("auth", "file_fields", "headers", "method", "path", "result")

    def __init__(
        self,
        method: str,
        path: str,
        result: type[T],
        *,
        headers: Mapping[str, str] | None = None,
        auth: Auth = "bearer",
        file_fields: tuple[str, ...] = (),
    ) -> None:
        self.method = method
        self.path = path
        self.result: Any = result
        self.headers = headers or {}
        self.auth: Auth = auth
        #: Body fields that are files; a method that has any sends multipart form data.
        self.file_fields = file_fields

    def __repr__(self) -> str:
        return f"Operation({self.method!r}, {self.path!r})"
