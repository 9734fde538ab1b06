"""Every method that sends one request: what is sent, and what becomes of the answer.

The arguments and the answers are made from the description of the API, and so is what is expected.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
from api_samples import FILE, Samples
from api_server import Part, Recorded, RecordingServer, recording_server

from codegen.description import HEADER_ARGUMENTS, Description, Method, load
from openai_async import (
    AsyncOpenAI,
    AsyncStream,
    BaseModel,
    HttpxBinaryResponseContent,
    Unknown,
    pagination,
)
from openai_async._fields import members
from openai_sync import OpenAI, Stream
from openai_sync import pagination as sync_pagination

API = Path(__file__).parent.parent / "codegen" / "api"

BINARY = b"\x00\xff\n"
TEXT = "What is said.\n"

#: The body of `realtime.calls.create` follows no rule of the description.
OWN_BODIES = {"realtime.calls.create"}

#: What a method sends for an argument that was not passed.
UNASKED = {"embeddings.create": {"encoding_format": "base64"}}


@cache
def description() -> Description:
    return load(API)


def _methods() -> dict[str, tuple[str, Method]]:
    """The methods by path, each with the root whose types it speaks of."""
    found = {path: (path.partition(".")[0], m) for path, m in description().methods.items()}
    for mount, target in description().mounts.items():
        for path, (root, method) in list(found.items()):
            if path.startswith(f"{target}."):
                found[mount + path.removeprefix(target)] = (root, method)
    return found


METHODS = _methods()
STREAMING = sorted(path for path, (_, method) in METHODS.items() if method.stream)
WHOLE = sorted(
    path for path in METHODS if path not in STREAMING or METHODS[path][1].result != "None"
)


class Case(NamedTuple):
    """One use of one method, and what is expected of it."""

    path: str
    method: Method
    root: str
    samples: Samples
    inside: dict[str, str]
    arguments: dict[str, Any]

    @property
    def verb(self) -> str:
        return self.method.http.partition(" ")[0]

    @property
    def url(self) -> str:
        return self.method.http.partition(" ")[2]

    def call(self, client: Any, view: str = "") -> Any:
        """The method of `client`, or of a `view` of its resource, called."""
        *resource, name = self.path.split(".")
        target = client
        for each in [*resource, *filter(None, [view]), name]:
            target = getattr(target, each)
        first = self.method.positional
        names = (list(self.inside)[-1:] if first is None else first) if self.inside else []
        rest = {n: v for n, v in {**self.inside, **self.arguments}.items() if n not in names}
        return target(*(self.inside[name] for name in names), **rest)

    @property
    def query(self) -> dict[str, Any]:
        if self.method.query:
            return {n: v for n, v in self.sent.items() if n in self.method.query}
        return self.sent if self.verb == "GET" else {}

    @property
    def body(self) -> dict[str, Any] | None:
        known = {name.rstrip("?") for name in self.method.parameters}
        if self.verb == "GET" or known <= {*HEADER_ARGUMENTS, *self.method.query}:
            return None
        return {n: v for n, v in self.sent.items() if n not in self.query}

    @property
    def sent(self) -> dict[str, Any]:
        passed = {n: v for n, v in self.arguments.items() if n not in HEADER_ARGUMENTS}
        return {**UNASKED.get(self.path, {}), **passed}


def case(path: str, *, least: bool = False, stream: bool = False, choice: int = 0) -> Case:
    """A use of the method with all of its arguments, or only with those it needs."""
    root, method = METHODS[path]
    samples = Samples(description(), choice)
    inside = {name: f"{name}/1" for name in re.findall(r"{(\w+)}", method.http)}
    arguments = samples.arguments(method, root)
    wanted = set(arguments) - {"stream"}
    if least:
        wanted = {name for name in method.parameters if not name.endswith("?")}
        wanted |= set(method.variants[0] if method.variants else ())
    if stream and "stream" in arguments:
        arguments["stream"] = True
        wanted.add("stream")
    arguments = {name: value for name, value in arguments.items() if name in wanted}
    return Case(path, method, root, samples, inside, arguments)


def check_request(case: Case, request: Recorded) -> None:
    template, _, fixed = case.url.partition("?")
    path = template.format(
        **{name: value.replace("/", "%2F") for name, value in case.inside.items()}
    )
    assert (request.method, request.path) == (case.verb, f"/v1{path}")
    assert request.query == [*parse_qsl(fixed), *flat(case.query)]
    key = "the-admin-key" if case.method.auth == "admin" else "the-key"
    expected = {"authorization": f"Bearer {key}", **case.method.headers}
    if "betas" in case.arguments:
        expected["openai-beta"] = ",".join(case.arguments["betas"])
    if "idempotency_key" in case.arguments:
        expected["idempotency-key"] = case.arguments["idempotency_key"]
    expected.setdefault("accept" if "Accept" not in expected else "Accept", "application/json")
    sent = {name: request.headers.get(name.lower()) for name in expected}
    assert sent == expected
    if case.path in OWN_BODIES:
        check_offer(case, request)
    else:
        check_body(case, request)


def check_body(case: Case, request: Recorded) -> None:
    body = case.body
    if body is None:
        assert request.body == b""
        return
    parts = list(files_in(case.method.files or [], body))
    if case.method.files is None or (case.method.json_without_files and not parts):
        assert request.json == body
        return
    fields = {n: v for n, v in body.items() if not is_file(v)}
    assert request.form == [Part(n, None, None, v.encode()) for n, v in flat(fields)] + parts


def check_offer(case: Case, request: Recorded) -> None:
    if "session" not in case.arguments:
        assert (request.content_type, request.body) == ("application/sdp", b"text")
        return
    offer, session = request.form
    assert offer == Part("sdp", None, "application/sdp", b"text")
    assert session[:3] == ("session", None, "application/json")
    assert json.loads(session.content) == case.arguments["session"]


def is_file(value: Any) -> bool:
    return value == FILE or (isinstance(value, list) and all(each == FILE for each in value))


def files_in(names: list[str], body: Mapping[str, Any]) -> Iterator[Part]:
    for name in dict.fromkeys(each.removesuffix("[]") for each in names):
        value = body.get(name)
        if is_file(value):
            many = isinstance(value, list)
            assert not many or f"{name}[]" in names
            for _ in range(len(value) if many else 1):
                yield Part(f"{name}[]" if many else name, FILE[0], FILE[2], FILE[1])


def flat(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values as queries and forms have them."""

    def pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            for key, each in value.items():
                yield from pairs(f"{name}[{key}]", each)
        elif isinstance(value, list):
            for each in value:
                yield from pairs(f"{name}[]", each)
        elif value is not None:
            yield name, json.dumps(value) if isinstance(value, bool) else str(value)

    return [pair for name, value in values.items() for pair in pairs(name, value)]


def answer(case: Case, server: RecordingServer) -> Any:
    """Has the server answer with what the method promises, and returns that."""
    result = case.method.result
    if result == "None":
        return server.answer_nothing()
    if result == "binary":
        return server.answer(BINARY, "application/octet-stream")
    if result == "str":
        return server.answer(TEXT.encode(), "text/plain")
    # Text is an answer only if it was asked for: see `test_audio`.
    samples = case.samples if "| str" not in result else Samples(description())
    value = samples.of(result, case.root)
    server.answer_json({"data": [value], "has_more": False} if case.method.page else value)
    return value


def check_result(case: Case, result: Any, sample: Any, pages: Any) -> None:
    """`result` is what the method promises, and holds `sample`."""
    if case.method.page:
        prefix = "Sync" if pages is sync_pagination else "Async"
        assert isinstance(result, getattr(pages, prefix + case.method.page))
        assert not result.has_next_page()
        (result,) = result.data
    if case.method.result == "binary":
        assert isinstance(result, HttpxBinaryResponseContent)
        assert result.content == BINARY
    elif case.method.result in ("None", "str"):
        assert result == (None if case.method.result == "None" else TEXT)
    else:
        check_value(result, case.method.result, case.root, sample)


def check_value(value: Any, type_name: str, root: str, sample: Any) -> None:
    promised = class_of(type_name, root)
    if isinstance(sample, dict):
        assert isinstance(value, promised or BaseModel)
        assert json.loads(value.to_json()) == sample
        assert list(unknown_in(value)) == []
    else:
        assert value == sample


def unknown_in(value: Any) -> Iterator[str]:
    """What the classes of `value` and of all inside it do not describe."""
    if isinstance(value, Unknown):
        yield repr(value)
    elif isinstance(value, BaseModel):
        yield from (f"{type(value).__name__}.{name}" for name in value.model_extra or {})
        for _, _, inner in members(value):
            yield from unknown_in(inner)
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from unknown_in(each)


def class_of(type_name: str, root: str) -> Any:
    """The class that a file of `root` calls `type_name`; None if that is an alias, or no name."""
    if not re.fullmatch(r"[\w.]+", type_name) or type_name in ("object", "str"):
        return None
    found = description().find(root, type_name, "a test")
    if found.kind == "aliases":
        return None
    return getattr(importlib.import_module(f"openai_async.types.{found.root}"), found.name)


def expect_warnings(case: Case, caught: list[warnings.WarningMessage]) -> None:
    """A deprecated method says so, once, of the line that called it; others say nothing."""
    said = [(str(each.message), each.category, each.filename) for each in caught]
    deprecated = [(case.method.deprecated, DeprecationWarning, __file__)]
    assert said == (deprecated if case.method.deprecated else [])


async def raw(case: Case, client: AsyncOpenAI) -> Any:
    return (await case.call(client, "with_raw_response")).parse()


async def streaming_response(case: Case, client: AsyncOpenAI) -> Any:
    async with case.call(client, "with_streaming_response") as response:
        return await response.parse()


def sync_raw(case: Case, client: OpenAI) -> Any:
    return case.call(client, "with_raw_response").parse()


def sync_streaming_response(case: Case, client: OpenAI) -> Any:
    with case.call(client, "with_streaming_response") as response:
        return response.parse()


class Way(NamedTuple):
    """How to use a method, awaited and blocking, to get what the plain method returns."""

    use: Callable[[Case, AsyncOpenAI], Awaitable[Any]]
    sync_use: Callable[[Case, OpenAI], Any]
    header: str | None


WAYS = {
    "plain": Way(Case.call, Case.call, None),
    "raw": Way(raw, sync_raw, "true"),
    "streaming": Way(streaming_response, sync_streaming_response, "stream"),
}

USES: dict[str, dict[str, Any]] = {
    "every argument": {},
    "the least": {"least": True},
    "other variants": {"choice": 1},
}

KEYS: Any = {"api_key": "the-key", "admin_api_key": "the-admin-key", "max_retries": 0}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all: what depends on the kind of loop is tested elsewhere."""
    return "asyncio"


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    with recording_server() as server:
        yield server


@pytest.fixture(scope="module")
async def api(server: RecordingServer) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=server.base_url, **KEYS) as client:
        yield client


@pytest.fixture(scope="module")
def sync_api(server: RecordingServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, **KEYS) as client:
        yield client


@pytest.fixture(autouse=True)
def _nothing_left(server: RecordingServer) -> None:
    server.requests.clear()


#: Every use of every method, and of each view once.
EVERY = [(path, use, "plain") for path in WHOLE for use in USES]
EVERY += [(path, "every argument", way) for path in WHOLE for way in ("raw", "streaming")]


@pytest.mark.parametrize(("path", "use", "way"), EVERY)
async def test_an_async_method(
    path: str, use: str, way: str, api: AsyncOpenAI, server: RecordingServer
) -> None:
    tried = case(path, **USES[use])
    sample = answer(tried, server)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = await WAYS[way].use(tried, api)
    check_request(tried, server.requests[-1])
    check_result(tried, result, sample, pagination)
    expect_warnings(tried, caught)
    assert server.taken().headers.get("x-stainless-raw-response") == WAYS[way].header


@pytest.mark.parametrize(("path", "use", "way"), EVERY)
def test_a_blocking_method(
    path: str, use: str, way: str, sync_api: OpenAI, server: RecordingServer
) -> None:
    tried = case(path, **USES[use])
    sample = answer(tried, server)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = WAYS[way].sync_use(tried, sync_api)
    check_request(tried, server.requests[-1])
    check_result(tried, result, sample, sync_pagination)
    expect_warnings(tried, caught)
    assert server.taken().headers.get("x-stainless-raw-response") == WAYS[way].header


def answer_events(case: Case, server: RecordingServer) -> Any:
    event = case.samples.of(case.method.stream, case.root)
    if case.method.envelope:
        server.answer_events((event["event"], event["data"]))
        return {"event": event["event"], "data": event["data"]}
    server.answer_events(("", event))
    return event


@pytest.mark.parametrize("path", STREAMING)
async def test_an_async_stream(path: str, api: AsyncOpenAI, server: RecordingServer) -> None:
    tried = case(path, stream=True)
    sample = answer_events(tried, server)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stream = await tried.call(api)
    assert isinstance(stream, AsyncStream)
    (event,) = [each async for each in stream]
    check_request(tried, server.taken())
    check_value(event, tried.method.stream, tried.root, sample)
    expect_warnings(tried, caught)


@pytest.mark.parametrize("path", STREAMING)
def test_a_blocking_stream(path: str, sync_api: OpenAI, server: RecordingServer) -> None:
    tried = case(path, stream=True)
    sample = answer_events(tried, server)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stream = tried.call(sync_api)
    assert isinstance(stream, Stream)
    (event,) = list(stream)
    check_request(tried, server.taken())
    check_value(event, tried.method.stream, tried.root, sample)
    expect_warnings(tried, caught)


WITH_VARIANTS = [(path, v) for path, (_, m) in METHODS.items() for v in m.variants]


@pytest.mark.parametrize(("path", "variant"), WITH_VARIANTS)
async def test_each_variant_is_enough(
    path: str, variant: list[str], api: AsyncOpenAI, server: RecordingServer
) -> None:
    tried = case(path)
    tried = tried._replace(arguments={n: v for n, v in tried.arguments.items() if n in variant})
    answer(tried, server)
    await tried.call(api)
    check_request(tried, server.taken())


@pytest.mark.parametrize("path", sorted({path for path, _ in WITH_VARIANTS}))
def test_less_than_a_variant_is_refused(
    path: str, sync_api: OpenAI, server: RecordingServer
) -> None:
    always = {n for n in METHODS[path][1].parameters if not n.endswith("?")}
    tried = case(path)
    tried = tried._replace(arguments={n: v for n, v in tried.arguments.items() if n in always})
    with pytest.raises(TypeError, match=r"This method needs .*, or "):
        tried.call(sync_api)
    assert server.requests == []


@pytest.mark.parametrize("path", [p for p, (_, m) in METHODS.items() if m.auth != "either"])
def test_the_other_key_is_not_sent(path: str, server: RecordingServer) -> None:
    wrong = {"bearer": "admin_api_key", "admin": "api_key"}[METHODS[path][1].auth]
    client = OpenAI(base_url=server.base_url, **{wrong: "x"})  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with pytest.raises(TypeError, match="This method needs an"):
            case(path, stream=path not in WHOLE).call(client)
    assert server.requests == []


@pytest.mark.parametrize("path", WHOLE)
def test_parameters_have_the_names_and_order_of_the_description(path: str) -> None:
    _, method = METHODS[path]
    target: Any = AsyncOpenAI(api_key="x")
    for name in path.split("."):
        target = getattr(target, name)
    parameters = inspect.signature(target).parameters
    own = [each.rstrip("?") for each in method.parameters]
    options = ["extra_headers", "extra_query", "extra_body", "timeout", "deadline"]
    if method.stream:
        options += ["first_event", "event_gap"]
    if method.files:
        options.append("on_progress")
    assert [n for n in parameters if n not in re.findall(r"{(\w+)}", method.http)] == own + options
    needed = [n for n, each in parameters.items() if each.default is inspect.Parameter.empty]
    inside = set(re.findall(r"{(\w+)}", method.http))
    assert {*needed} - inside == {n for n in method.parameters if not n.endswith("?")}


def test_there_are_as_many_methods_as_the_api_has_requests() -> None:
    assert len(METHODS) == 396


def limits_of(path: str) -> list[str]:
    return ["deadline", "first_event", "event_gap"] if METHODS[path][1].stream else ["deadline"]


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path in METHODS for name in limits_of(path)]
)
def test_every_method_heeds_its_limits(path: str, name: str, server: RecordingServer) -> None:
    client = OpenAI(api_key="x", admin_api_key="x", base_url=server.base_url)
    for stream in {False, bool(METHODS[path][1].stream)}:
        wrong = case(path, least=True, stream=stream)
        wrong.arguments[name] = -1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            with pytest.raises(ValueError, match=f"{name} must be a positive"):
                wrong.call(client)
    assert server.requests == []
