"""Types of arguments that many methods share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import IO, Any, Protocol, SupportsIndex, TypeAlias, TypeVar, overload

from ._sentinels import Omit

T_co = TypeVar("T_co", covariant=True)

Headers: TypeAlias = Mapping[str, str | Omit]
Query: TypeAlias = Mapping[str, object]
Body: TypeAlias = object

#: An open file that can be rewound is sent whole, wherever it stands, and left open. What is read
#: once (pipes, files that decompress, async iterators) is not sent again, so a request with it is
#: never repeated. An async iterator is closed if it can be, as generators can.
FileContent: TypeAlias = IO[bytes] | bytes | os.PathLike[str] | AsyncIterable[bytes]
#: What to send; a name and what to send; with its content type; with headers of the part.
FileTypes: TypeAlias = (
    FileContent
    | tuple[str | None, FileContent]
    | tuple[str | None, FileContent, str | None]
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)

#: A key, or a function that gives one: plain, or returning an awaitable.
APIKey: TypeAlias = str | Callable[[], str] | Callable[[], Awaitable[str]]


class HTTPClient(Protocol):
    """An `AsyncClient` of httpx or httpx2; where the library blocks, a `Client` too."""

    def build_request(self, *args: Any, **kwargs: Any) -> Any: ...
    def send(self, *args: Any, **kwargs: Any) -> Any: ...


class SequenceNotStr(Protocol[T_co]):
    """A sequence of strings that is not itself a string."""

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> T_co: ...
    @overload
    def __getitem__(self, index: slice, /) -> Sequence[T_co]: ...
    def __contains__(self, value: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[T_co]: ...
    def index(self, value: Any, start: int = 0, stop: int = ..., /) -> int: ...
    def count(self, value: Any, /) -> int: ...
    def __reversed__(self) -> Iterator[T_co]: ...
