"""Lists that come a page at a time.

`await client.files.list()` gives the first page, `async for file in client.files.list()` all items
of all pages. What follows a page is decided by pure methods of the page itself; the blocking pages
of `openai_sync` share them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Mapping
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct
from typing_extensions import Self

from ._fields import LIVE
from ._models import BaseModel

T = TypeVar("T")
PageT = TypeVar("PageT", bound="AsyncPages[Any]")

#: Fetches the page that is asked for with these query parameters, over those of the first page.
Fetch = Callable[[Mapping[str, object]], Any]


class PageInfo(Struct):
    """What to ask for the next page with: query parameters, a whole URL, or a JSON body."""

    params: Mapping[str, object] | None = None
    url: str | None = None
    json: Mapping[str, object] | None = None


class Page(BaseModel, Generic[T]):
    """Everything at once: there is no next page."""

    data: list[T]
    object: str | None = None

    def next_page_info(self) -> PageInfo | None:
        """What the next page is asked for with, or None if this is the last."""
        return None

    def has_next_page(self) -> bool:
        """Whether asking for the next page makes sense."""
        return bool(self.data) and self.next_page_info() is not None

    def _next_request(self) -> tuple[Fetch, Mapping[str, Any]]:
        """How to get the next page, or the RuntimeError that says why there is none."""
        info = self.next_page_info()
        if info is None or info.params is None:
            raise RuntimeError("There is no next page. Ask `has_next_page()` before.")
        fetch: Fetch | None = self.__dict__.get(LIVE)
        if fetch is None:
            raise RuntimeError("This page does not come from a client, so it cannot get the next.")
        return fetch, info.params


class MarkedPage(Page[T], Generic[T]):
    """A page that says itself whether and where there are more."""

    has_more: bool | None = None

    def has_next_page(self) -> bool:
        """Whether asking for the next page makes sense."""
        return self.has_more is not False and super().has_next_page()


class CursorPage(MarkedPage[T], Generic[T]):
    """The next page begins after the last item of this one."""

    first_id: str | None = None
    last_id: str | None = None

    def next_page_info(self) -> PageInfo | None:
        """What the next page is asked for with, or None if this is the last."""
        last = self.data[-1] if self.data else None
        return _ask_for(
            "after", last.get("id") if isinstance(last, dict) else getattr(last, "id", None)
        )


class ConversationCursorPage(MarkedPage[T], Generic[T]):
    """The next page begins after `last_id`."""

    first_id: str | None = None
    last_id: str | None = None

    def next_page_info(self) -> PageInfo | None:
        """What the next page is asked for with, or None if this is the last."""
        return _ask_for("after", self.last_id)


class NextCursorPage(MarkedPage[T], Generic[T]):
    """The next page begins after `next`."""

    next: str | None = None

    def next_page_info(self) -> PageInfo | None:
        """What the next page is asked for with, or None if this is the last."""
        return _ask_for("after", self.next)


class TokenPage(MarkedPage[T], Generic[T]):
    """The next page is the one that `next` is the token of."""

    next: str | None = None

    def next_page_info(self) -> PageInfo | None:
        """What the next page is asked for with, or None if this is the last."""
        return _ask_for("page", self.next)


def _ask_for(parameter: str, cursor: object) -> PageInfo | None:
    return PageInfo(params={parameter: cursor}) if cursor else None


class AsyncPages(Page[T], Generic[T]):
    """What awaiting pages can do."""

    async def get_next_page(self) -> Self:
        """The next page. Raises RuntimeError if this is the last one: see `has_next_page`."""
        fetch, params = self._next_request()
        return cast(Self, await fetch(params))

    def iter_pages(self) -> AsyncIterator[Self]:
        """This page and all that follow."""
        return _PageIterator(self)

    def __aiter__(self) -> AsyncIterator[T]:
        """The items of this page and of all that follow."""
        return _ItemIterator(self)


class AsyncPage(AsyncPages[T], Generic[T]):
    """A list without pages."""


class AsyncCursorPage(AsyncPages[T], CursorPage[T], Generic[T]):
    """A page that knows the next one by its last item."""


class AsyncConversationCursorPage(AsyncPages[T], ConversationCursorPage[T], Generic[T]):
    """A page that names the item the next one begins after."""


class AsyncNextCursorPage(AsyncPages[T], NextCursorPage[T], Generic[T]):
    """A page that names the cursor the next one begins after."""


class AsyncTokenPage(AsyncPages[T], TokenPage[T], Generic[T]):
    """A page that names the token of the next one."""


class _PageIterator(Generic[PageT]):
    def __init__(self, first: PageT) -> None:
        self._page: PageT | None = None
        self._first = first

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> PageT:
        if self._page is None:
            self._page = self._first
        elif self._page.has_next_page():
            self._page = await self._page.get_next_page()
        else:
            raise StopAsyncIteration
        return self._page


class _ItemIterator(Generic[T]):
    def __init__(self, first: AsyncPages[T]) -> None:
        self._pages = _PageIterator(first)
        self._items: list[T] = []
        self._position = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while self._position >= len(self._items):
            self._items = (await anext(self._pages)).data or []
            self._position = 0
        self._position += 1
        return self._items[self._position - 1]


class AsyncPaginator(Generic[T, PageT]):
    """What `list()` returns: await it for the first page, iterate over it for all items.

    Nothing is sent before that, and each of the two asks the server anew.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def __await__(self) -> Generator[Any, Any, PageT]:
        return cast("Generator[Any, Any, PageT]", self._fetch({}).__await__())

    def __aiter__(self) -> AsyncIterator[T]:
        return _LateItemIterator(self)


class _LateItemIterator(Generic[T]):
    def __init__(self, paginator: AsyncPaginator[T, Any]) -> None:
        self._paginator = paginator
        self._items: AsyncIterator[T] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self._items is None:
            self._items = aiter(await self._paginator)
        return await anext(self._items)


def attach(page: Any, fetch: Fetch) -> Any:
    """`page`, able to get the pages after it."""
    if isinstance(page, Page):
        vars(page)[LIVE] = fetch
    return page
