"""What methods do with their arguments: which of them are enough, and where they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from api_server import Part, Recorded, RecordingServer, recording_server

from openai_async import AsyncOpenAI, BaseModel, NotGiven, Omit, not_given, omit
from openai_async._arguments import check_variants, joined
from openai_async._calls import call_body
from openai_async._operation import Operation
from openai_async._requests import NO_OPTIONS
from openai_async._resource import Resource

# Variants


@pytest.mark.parametrize(
    "given",
    [
        {"data": "x", "file_id": omit, "path": "p"},
        {"data": omit, "file_id": "f", "path": "p"},
        {"data": "x", "file_id": "f", "path": "p"},
        {"data": None, "file_id": not_given, "path": ""},
    ],
)
def test_one_whole_variant_is_enough(given: dict[str, object]) -> None:
    check_variants(given, ("file_id", "path"), ("data", "path"))


@pytest.mark.parametrize(
    "given",
    [
        {"data": omit, "file_id": omit, "path": "p"},
        {"data": "x", "file_id": "f", "path": not_given},
        {"data": omit, "file_id": omit, "path": omit},
    ],
)
def test_parts_of_variants_are_not(given: dict[str, object]) -> None:
    expected = "This method needs file_id and path, or data and path."
    with pytest.raises(TypeError, match=f"^{expected}$"):
        check_variants(given, ("file_id", "path"), ("data", "path"))


def test_alternatives_are_listed_as_people_do() -> None:
    given: dict[str, object] = dict.fromkeys("abcd", omit)
    with pytest.raises(TypeError, match="needs a, b and c, or d, or a and d"):
        check_variants(given, ("a", "b", "c"), ("d",), ("a", "d"))


# Headers


@pytest.mark.parametrize(
    ("values", "header"),
    [
        (["a"], "a"),
        (["a", "b"], "a,b"),
        (("a", "b"), "a,b"),
        ((each for each in "ab"), "a,b"),
        ([], omit),
        (omit, omit),
        (not_given, omit),
    ],
)
def test_values_are_joined_to_one_header(values: Any, header: str | Omit) -> None:
    assert joined(values) == header


@pytest.fixture(scope="module")
def running() -> Iterator[RecordingServer]:
    with recording_server() as server:
        yield server


@pytest.fixture
def server(running: RecordingServer) -> RecordingServer:
    running.requests.clear()
    running.answer_json({})
    return running


POST = Operation("POST", "/things", dict)


async def sent(
    server: RecordingServer,
    operation: Operation[Any] = POST,
    *,
    client: dict[str, Any] | None = None,
    options: Any = NO_OPTIONS,
    **arguments: Any,
) -> Recorded:
    """The request that becomes of these arguments."""
    async with AsyncOpenAI(api_key="k", base_url=server.base_url, **(client or {})) as opened:
        await Resource(opened)._request(operation, options=options, **arguments)
    return server.taken()


async def test_header_of_an_argument_is_sent(server: RecordingServer) -> None:
    request = await sent(server, headers={"openai-beta": "a,b"})
    assert request.headers["openai-beta"] == "a,b"


@pytest.mark.parametrize("mark", [omit, not_given])
async def test_argument_that_was_not_given_leaves_a_default_header_alone(
    mark: Omit | NotGiven, server: RecordingServer
) -> None:
    mine = {"default_headers": {"OpenAI-Beta": "mine"}}
    request = await sent(server, headers={"openai-beta": mark}, client=mine)
    assert request.headers["openai-beta"] == "mine"


async def test_extra_headers_win_over_the_header_of_an_argument(server: RecordingServer) -> None:
    options = ({"OpenAI-Beta": "mine"}, None, None, not_given, not_given)
    request = await sent(server, headers={"openai-beta": "a"}, options=options)
    assert request.headers["openai-beta"] == "mine"


async def test_idempotency_key_of_the_caller_is_sent(server: RecordingServer) -> None:
    request = await sent(server, idempotency_key="mine")
    assert request.headers["idempotency-key"] == "mine"


@pytest.mark.parametrize("mark", [omit, not_given, None])
async def test_every_request_that_changes_something_has_an_idempotency_key(
    mark: Any, server: RecordingServer
) -> None:
    first = await sent(server, idempotency_key=mark)
    second = await sent(server, idempotency_key=mark)
    keys = {each.headers["idempotency-key"] for each in (first, second)}
    assert len(keys) == 2


# Query


async def test_argument_that_was_not_given_leaves_the_default_query_alone(
    server: RecordingServer,
) -> None:
    get = Operation("GET", "/things", dict)
    request = await sent(server, get, query={"limit": omit}, client={"default_query": {"limit": 5}})
    assert request.query == [("limit", "5")]


async def test_extra_query_wins_and_takes_away(server: RecordingServer) -> None:
    get = Operation("GET", "/things?beta=true", dict)
    options = (None, {"limit": 2, "order": omit}, None, not_given, not_given)
    request = await sent(server, get, query={"limit": 1, "order": "asc"}, options=options)
    assert request.query == [("beta", "true"), ("limit", "2")]


async def test_query_takes_what_a_body_takes(server: RecordingServer) -> None:
    class Filter(BaseModel):
        by: str

    get = Operation("GET", "/things", dict)
    query = {"include": (each for each in "ab"), "filter": Filter(by="x"), "empty": None}
    request = await sent(server, get, query=query)
    assert request.query == [("include[]", "a"), ("include[]", "b"), ("filter[by]", "x")]


# Files

ALWAYS = Operation("POST", "/things", dict, file_fields=("image", "image[]", "mask"))
SOMETIMES = Operation(
    "POST", "/things", dict, file_fields=("files", "files[]"), json_without_files=True
)
FILE = ("name.txt", b"content", "text/plain")


def part(name: str) -> Part:
    return Part(name, *FILE[:1], FILE[2], FILE[1])


def field(name: str, value: str) -> Part:
    return Part(name, None, None, value.encode())


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ({"image": FILE, "n": 1}, [field("n", "1"), part("image")]),
        ({"image": [FILE, FILE], "mask": FILE}, [part("image[]"), part("image[]"), part("mask")]),
        ({"image": [FILE], "mask": omit}, [part("image[]")]),
        ({"image": {"id": "f"}}, [field("image[id]", "f")]),
        ({"image": omit, "a": {"b": [1, True]}}, [field("a[b][]", "1"), field("a[b][]", "true")]),
        ({"image": FILE, "n": None}, [part("image")]),
        ({"image": FILE, "n": dict.fromkeys("ab").keys()},
         [field("n[]", "a"), field("n[]", "b"), part("image")]),
    ],
)  # fmt: skip
async def test_method_with_files_sends_a_form(
    body: dict[str, Any], form: list[Part], server: RecordingServer
) -> None:
    assert (await sent(server, ALWAYS, body=body)).form == form


@pytest.mark.parametrize(
    ("body", "json"),
    [
        ({"files": omit}, {}),
        ({"files": []}, {"files": []}),
        ({"files": omit, "file_id": "f"}, {"file_id": "f"}),
    ],
)
async def test_method_that_may_go_without_files_then_sends_json(
    body: dict[str, Any], json: Any, server: RecordingServer
) -> None:
    assert (await sent(server, SOMETIMES, body=body)).json == json


@pytest.mark.parametrize(("files", "name"), [(FILE, "files"), ([FILE], "files[]")])
async def test_method_that_may_go_without_files_sends_a_form_with_them(
    files: Any, name: str, server: RecordingServer
) -> None:
    assert (await sent(server, SOMETIMES, body={"files": files})).form == [part(name)]


async def test_extra_body_adds_to_a_form(server: RecordingServer) -> None:
    options = (None, None, {"more": "1", "n": omit}, not_given, not_given)
    request = await sent(server, ALWAYS, body={"image": FILE, "n": 1}, options=options)
    assert request.form == [field("more", "1"), part("image")]


@pytest.mark.parametrize("value", ["text", None, 1])
async def test_what_is_no_file_is_refused(value: Any, server: RecordingServer) -> None:
    with pytest.raises(TypeError, match="image must be bytes"):
        await sent(server, ALWAYS, body={"image": value})
    assert server.requests == []


# Calls

OFFER = Operation("POST", "/calls", bytes, headers={"Accept": "application/sdp"}, body_of=call_body)


@pytest.mark.parametrize("session", [omit, not_given, None])
async def test_offer_alone_is_the_body(session: Any, server: RecordingServer) -> None:
    request = await sent(server, OFFER, body={"sdp": "v=0\r\n", "session": session})
    assert (request.content_type, request.body) == ("application/sdp", b"v=0\r\n")
    assert request.headers["accept"] == "application/sdp"


async def test_offer_with_a_session_is_a_form_of_typed_parts(server: RecordingServer) -> None:
    session = {"type": "realtime", "model": "m", "tools": omit}
    request = await sent(server, OFFER, body={"sdp": "v=0\r\n", "session": session})
    assert request.form == [
        Part("sdp", None, "application/sdp", b"v=0\r\n"),
        Part("session", None, "application/json", b'{"type":"realtime","model":"m"}'),
    ]


async def test_extra_body_may_bring_the_session(server: RecordingServer) -> None:
    options = (None, None, {"session": {"model": "m"}, "more": [1]}, not_given, not_given)
    request = await sent(server, OFFER, body={"sdp": "v=0", "session": omit}, options=options)
    assert request.form == [
        field("more[]", "1"),
        Part("sdp", None, "application/sdp", b"v=0"),
        Part("session", None, "application/json", b'{"model":"m"}'),
    ]


async def test_offer_is_sent_again_when_the_server_asks_for_it(server: RecordingServer) -> None:
    server.answer(b"{}", "application/json", 500)
    body = {"sdp": "v=0", "session": {"model": "m"}}
    with pytest.raises(Exception, match="500"):
        await sent(server, OFFER, body=body, client={"max_retries": 1})
    first, second = server.requests
    assert first.body == second.body
