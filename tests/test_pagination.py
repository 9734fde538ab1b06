"""Pages: what asks for the next one, and how to get through all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import respx

from openai_async import APIStatusError, AsyncOpenAI, BaseModel
from openai_async._operation import Operation
from openai_async._requests import NO_OPTIONS
from openai_async._resource import Resource
from openai_async.emulator import Emulator
from openai_async.pagination import (
    AsyncConversationCursorPage,
    AsyncCursorPage,
    AsyncNextCursorPage,
    AsyncPage,
    AsyncTokenPage,
    PageInfo,
)
from openai_sync import OpenAI
from openai_sync.pagination import (
    SyncConversationCursorPage,
    SyncCursorPage,
    SyncNextCursorPage,
    SyncPage,
    SyncTokenPage,
)

BASE = "https://api.test/v1"


class Item(BaseModel):
    id: str | None = None


Pages = Callable[..., AsyncOpenAI]


def page_of(*ids: str | None, **fields: Any) -> dict[str, Any]:
    data = [{"object": "thing"} if each is None else {"id": each} for each in ids]
    return {"object": "list", "data": data, **fields}


@pytest.fixture
def routes() -> Iterator[respx.MockRouter]:
    with respx.mock() as router:
        yield router


def listing(
    routes: respx.MockRouter, *pages: Any, kind: Any = AsyncCursorPage, **query: Any
) -> Any:
    """A list whose pages are these, in turn."""
    routes.get(path="/v1/things").mock(
        side_effect=[
            each if isinstance(each, httpx.Response) else httpx.Response(200, json=each)
            for each in pages
        ]
    )
    client = AsyncOpenAI(api_key="k", base_url=BASE, max_retries=0)
    return client.get_api_list("/things", model=Item, page=kind, **query)


def queries(routes: respx.MockRouter) -> list[str]:
    return [str(call.request.url.query, "ascii") for call in routes.calls]


# A page


@pytest.mark.parametrize(
    ("answer", "info", "more"),
    [
        (page_of("a", "b", has_more=True), {"after": "b"}, True),
        (page_of("a", "b", has_more=False), {"after": "b"}, False),
        (page_of("a", "b"), {"after": "b"}, True),
        (page_of("a", has_more=None), {"after": "a"}, True),
        (page_of("a", None, has_more=True), None, False),
        (page_of(has_more=True), None, False),
        (page_of(), None, False),
        ({"object": "list", "data": None, "has_more": True}, None, False),
        ({"object": "list", "has_more": True}, None, False),
    ],
)
async def test_cursor_page_continues_after_its_last_item(
    answer: Any, info: Any, more: bool, routes: respx.MockRouter
) -> None:
    page = await listing(routes, answer)
    assert page.next_page_info() == (None if info is None else PageInfo(params=info))
    assert page.has_next_page() is more


#: Kind of page, its twin, the field with its cursor, the parameter that asks for the next.
CURSORS = [
    (AsyncCursorPage, SyncCursorPage, None, "after"),
    (AsyncConversationCursorPage, SyncConversationCursorPage, "last_id", "after"),
    (AsyncNextCursorPage, SyncNextCursorPage, "next", "after"),
    (AsyncTokenPage, SyncTokenPage, "next", "page"),
]


@pytest.mark.parametrize(("kind", "field", "parameter"), [(k, f, p) for k, _, f, p in CURSORS[1:]])
@pytest.mark.parametrize(
    ("ids", "cursor", "has_more", "more"),
    [
        (["a"], "c", True, True),
        (["a"], "c", None, True),
        (["a"], "c", False, False),
        (["a"], None, True, False),
        (["a"], "", True, False),
        ([], "c", True, False),
    ],
)
async def test_page_that_names_its_cursor_continues_from_it(
    kind: Any,
    field: str,
    parameter: str,
    ids: list[str],
    cursor: str | None,
    has_more: bool | None,
    more: bool,
    routes: respx.MockRouter,
) -> None:
    answer = page_of(*ids, has_more=has_more, **{field: cursor})
    page = await listing(routes, answer, kind=kind)
    assert page.next_page_info() == (PageInfo(params={parameter: cursor}) if cursor else None)
    assert page.has_next_page() is more


@pytest.mark.parametrize("kind", [AsyncConversationCursorPage, AsyncNextCursorPage, AsyncTokenPage])
async def test_page_without_the_cursor_it_should_name_is_the_last(
    kind: Any, routes: respx.MockRouter
) -> None:
    page = await listing(routes, page_of("a", has_more=True), kind=kind)
    assert not page.has_next_page()


@pytest.mark.parametrize(("kind", "field", "parameter"), [(k, f, p) for k, _, f, p in CURSORS])
async def test_every_kind_goes_through_all_its_pages(
    kind: Any, field: str | None, parameter: str, routes: respx.MockRouter
) -> None:
    cursor = {field: "b"} if field else {}
    last = page_of("c", has_more=False)
    pages = listing(routes, page_of("a", "b", has_more=True, **cursor), last, kind=kind, limit=2)
    assert [item.id async for item in pages] == ["a", "b", "c"]
    assert queries(routes) == ["limit=2", f"limit=2&{parameter}=b"]


@pytest.mark.parametrize(
    ("kind", "twin", "field"), [*((k, s, f) for k, s, f, _ in CURSORS), (AsyncPage, SyncPage, None)]
)
def test_every_kind_has_a_blocking_twin(
    kind: Any, twin: Any, field: str | None, routes: respx.MockRouter
) -> None:
    first = page_of("a", has_more=True, **({field: "a"} if field else {}))
    answers = [httpx.Response(200, json=each) for each in (first, page_of("b", has_more=False))]
    routes.get(path="/v1/things").mock(side_effect=answers)
    page = OpenAI(api_key="k", base_url=BASE).get_api_list("/things", model=Item, page=kind)
    assert type(page) is twin
    pages = list(page.iter_pages())
    assert {type(each) for each in pages} == {twin}
    assert [item.id for each in pages for item in each.data] == (
        ["a"] if kind is AsyncPage else ["a", "b"]
    )


async def test_list_that_is_posted_sends_its_body_and_headers(routes: respx.MockRouter) -> None:
    route = routes.post(path="/v1/things").respond(json=page_of("a"))
    things = Resource(AsyncOpenAI(api_key="k", base_url=BASE))
    page = await things._paginate(
        Operation("POST", "/things", Item),
        AsyncPage,
        body={"query": "x"},
        headers={"X-Of-Method": "1"},
        options=NO_OPTIONS,
    )
    assert [item.id async for item in page] == ["a"]
    (call,) = route.calls
    assert call.request.content == b'{"query":"x"}'
    assert call.request.headers["x-of-method"] == "1"


async def test_cursor_is_found_in_items_without_a_class(routes: respx.MockRouter) -> None:
    client = AsyncOpenAI(api_key="k", base_url=BASE)
    routes.get(path="/v1/things").respond(json=page_of("a", has_more=True))
    page = await client.get_api_list("/things", model=object, page=AsyncCursorPage)
    assert page.next_page_info() == PageInfo(params={"after": "a"})


async def test_page_is_the_only_one(routes: respx.MockRouter) -> None:
    page = await listing(routes, page_of("a", has_more=True), kind=AsyncPage)
    assert page.next_page_info() is None
    assert not page.has_next_page()


async def test_page_has_data_and_fields(routes: respx.MockRouter) -> None:
    page = await listing(routes, page_of("a", has_more=True, first_id="a", last_id="a", total=9))
    assert isinstance(page.data[0], Item)
    assert (page.object, page.has_more, page.first_id, page.last_id) == ("list", True, "a", "a")
    assert page.model_extra == {"total": 9}


# The next page


async def test_next_page_is_asked_for_with_the_cursor(routes: respx.MockRouter) -> None:
    page = await listing(routes, page_of("a", "b", has_more=True), page_of("c"), limit=2)
    following = await page.get_next_page()
    assert isinstance(following, AsyncCursorPage)
    assert [item.id for item in following.data] == ["c"]
    assert queries(routes) == ["limit=2", "limit=2&after=b"]


@pytest.mark.parametrize("kind", [AsyncPage, AsyncCursorPage])
async def test_no_next_page_is_an_error_that_names_the_question(
    kind: Any, routes: respx.MockRouter
) -> None:
    page = await listing(routes, page_of(), kind=kind)
    with pytest.raises(RuntimeError, match="has_next_page"):
        await page.get_next_page()


async def test_page_that_was_made_by_hand_cannot_continue() -> None:
    page = AsyncCursorPage(data=[Item(id="a")], has_more=True)
    with pytest.raises(RuntimeError, match="client"):
        await page.get_next_page()


async def test_later_pages_keep_headers_query_and_timeout(routes: respx.MockRouter) -> None:
    routes.get(path="/v1/files").mock(
        side_effect=[
            httpx.Response(200, json=page_of("a", has_more=True)),
            httpx.Response(200, json=page_of("b", has_more=False)),
        ]
    )
    client = AsyncOpenAI(api_key="k", base_url=BASE)
    pages = client.files.list(
        limit=1, extra_query={"extra": "1"}, extra_headers={"X-Mine": "1"}, timeout=7
    )
    assert [file.id async for file in pages] == ["a", "b"]
    first, second = (dict(call.request.url.params) for call in routes.calls)
    assert first == {"limit": "1", "extra": "1"}
    assert second == {**first, "after": "a"}
    assert [call.request.headers["x-mine"] for call in routes.calls] == ["1", "1"]
    assert [call.request.extensions["timeout"]["read"] for call in routes.calls] == [7, 7]


async def test_cursor_replaces_the_one_of_the_caller(routes: respx.MockRouter) -> None:
    page = await listing(routes, page_of("b", has_more=True), page_of(), after="a")
    await page.get_next_page()
    assert queries(routes) == ["after=a", "after=b"]


# All of them


async def test_iterating_gives_all_items(routes: respx.MockRouter) -> None:
    pages = listing(
        routes,
        page_of("a", "b", has_more=True),
        page_of("c", has_more=True),
        page_of("d", has_more=False),
    )
    assert [item.id async for item in pages] == ["a", "b", "c", "d"]
    assert len(routes.calls) == 3


async def test_iterating_goes_on_from_a_page(routes: respx.MockRouter) -> None:
    page = await listing(routes, page_of("a", has_more=True), page_of("b", has_more=False))
    assert [item.id async for item in page] == ["a", "b"]


async def test_iterating_twice_begins_anew(routes: respx.MockRouter) -> None:
    pages = listing(routes, page_of("a", has_more=False), page_of("b", has_more=False))
    assert [item.id async for item in pages] == ["a"]
    assert [item.id async for item in pages] == ["b"]


async def test_iterating_over_pages(routes: respx.MockRouter) -> None:
    first = await listing(routes, page_of("a", has_more=True), page_of("b", has_more=False))
    pages = [page async for page in first.iter_pages()]
    assert pages[0] is first
    assert [[item.id for item in page.data] for page in pages] == [["a"], ["b"]]


async def test_missing_has_more_goes_on_to_an_empty_page(routes: respx.MockRouter) -> None:
    pages = listing(routes, page_of("a"), page_of("b"), page_of())
    assert [item.id async for item in pages] == ["a", "b"]
    assert len(routes.calls) == 3


async def test_last_item_without_id_is_the_end(routes: respx.MockRouter) -> None:
    pages = listing(routes, page_of("a", None, has_more=True))
    assert [item.id async for item in pages] == ["a", None]


@pytest.mark.parametrize("answer", [page_of(), {"object": "list", "data": None}, {}])
async def test_empty_list(answer: Any, routes: respx.MockRouter) -> None:
    assert [item async for item in listing(routes, answer)] == []


async def test_only_pages_that_are_needed_are_asked_for(routes: respx.MockRouter) -> None:
    pages = listing(routes, page_of("a", "b", has_more=True))
    async for item in pages:
        if item.id == "b":
            break
    assert len(routes.calls) == 1


async def test_iteration_can_go_on_after_an_error(routes: respx.MockRouter) -> None:
    failed = httpx.Response(400, json={})
    items = aiter(
        listing(routes, page_of("a", has_more=True), failed, page_of("b", has_more=False))
    )
    assert (await anext(items)).id == "a"
    with pytest.raises(APIStatusError):
        await anext(items)
    assert (await anext(items)).id == "b"


# The paginator


async def test_nothing_is_sent_before_it_is_used(client: AsyncOpenAI, emulator: Emulator) -> None:
    client.files.list()
    assert emulator.requests == []


async def test_awaiting_twice_asks_twice(client: AsyncOpenAI, emulator: Emulator) -> None:
    pages = client.models.list()
    assert await pages is not await pages
    assert len(emulator.requests) == 2


async def test_list_of_the_emulator(client: AsyncOpenAI, emulator: Emulator) -> None:
    made = [(await client.files.create(file=b"x", purpose="batch")).id for _ in range(5)]
    listed = [file.id async for file in client.files.list(limit=2, order="asc")]
    assert listed == made
    assert len([request for request in emulator.requests if request.method == "GET"]) == 3


async def test_page_knows_its_request(client: AsyncOpenAI, emulator: Emulator) -> None:
    page = await client.models.list()
    assert page._request_id == emulator.requests[-1].request_id
