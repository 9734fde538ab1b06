"""Lists that come a page at a time: iterate over one for all items of it and of those after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic

from typing_extensions import Self

from openai_async._fields import public_class
from openai_async.pagination import (
    AsyncConversationCursorPage,
    AsyncCursorPage,
    AsyncNextCursorPage,
    AsyncPage,
    AsyncTokenPage,
    ConversationCursorPage,
    CursorPage,
    NextCursorPage,
    Page,
    PageInfo,
    T,
    TokenPage,
)

from ._portal import run


class SyncPages(Page[T], Generic[T]):
    """What blocking pages can do."""

    def get_next_page(self) -> Self:
        """The next page. Raises RuntimeError if this is the last one: see `has_next_page`."""
        fetch, params = self._next_request()
        next_page: Self = to_sync(run(fetch, params))
        return next_page

    def iter_pages(self) -> Iterator[Self]:
        """This page and all that follow."""
        page = self
        yield page
        while page.has_next_page():
            page = page.get_next_page()
            yield page

    def __iter__(self) -> Iterator[T]:  # type: ignore[override]
        """The items of this page and of all that follow."""
        for page in self.iter_pages():
            yield from page.data or []


class SyncPage(SyncPages[T], Generic[T]):
    """A list without pages."""


class SyncCursorPage(SyncPages[T], CursorPage[T], Generic[T]):
    """A page that knows the next one by its last item."""


class SyncConversationCursorPage(SyncPages[T], ConversationCursorPage[T], Generic[T]):
    """A page that names the item the next one begins after."""


class SyncNextCursorPage(SyncPages[T], NextCursorPage[T], Generic[T]):
    """A page that names the cursor the next one begins after."""


class SyncTokenPage(SyncPages[T], TokenPage[T], Generic[T]):
    """A page that names the token of the next one."""


_TWINS: dict[type[Any], type[Any]] = {
    AsyncPage: SyncPage,
    AsyncCursorPage: SyncCursorPage,
    AsyncConversationCursorPage: SyncConversationCursorPage,
    AsyncNextCursorPage: SyncNextCursorPage,
    AsyncTokenPage: SyncTokenPage,
}


def to_sync(result: Any) -> Any:
    """`result`; if it is a page, with blocking methods."""
    twin = _TWINS.get(public_class(type(result)))
    return result if twin is None else result._become(twin)


__all__ = [
    "PageInfo",
    "SyncConversationCursorPage",
    "SyncCursorPage",
    "SyncNextCursorPage",
    "SyncPage",
    "SyncTokenPage",
]
