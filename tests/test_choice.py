"""Which transport a request goes through; and that mocks and instrumentation of httpx see it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import anyio
import httpcore
import httpx
import httpx2
import pytest
import respx
import vcr
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_httpx import HTTPXMock

from openai_async import AsyncOpenAI, Timeout
from openai_async._choice import DefaultTransport, is_patched, transport_for
from openai_async._http.transport import HttpTransport
from openai_async._httpx import HttpxTransport
from openai_async._httpx_clients import chosen_timeout
from openai_async._httpx_threads import ThreadedHttpxTransport
from openai_async._transport import Network, PoolStats, WireRequest
from openai_async.emulator import Emulator
from openai_sync import OpenAI

MODEL = {"id": "mocked", "object": "model", "created": 1, "owned_by": "test"}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def chosen(url: str = "http://example.com/v1", network: Network | None = None) -> type[object]:
    return type(DefaultTransport(network)._chosen(url))


# Each tool as a context in which the emulator's models are asked for, and what it has seen then.

Seen = Callable[[], list[str]]
Tool = Callable[[str, Path], AbstractContextManager[Seen]]


@contextmanager
def with_respx(base_url: str, folder: Path) -> Iterator[Seen]:
    with respx.mock() as router:
        route = router.get(f"{base_url}/models/mocked").respond(json=MODEL)
        yield lambda: [str(call.request.url) for call in route.calls]


@contextmanager
def with_respx_of_httpx(base_url: str, folder: Path) -> Iterator[Seen]:
    with respx.mock(using="httpx") as router:
        route = router.get(f"{base_url}/models/mocked").respond(json=MODEL)
        yield lambda: [str(call.request.url) for call in route.calls]


@contextmanager
def with_vcr(base_url: str, folder: Path) -> Iterator[Seen]:
    cassette = folder / "cassette.yaml"
    cassette.write_text(
        f"""
interactions:
- request: {{body: '', headers: {{}}, method: GET, uri: '{base_url}/models/mocked'}}
  response:
    body: {{string: '{{"id": "mocked", "object": "model", "created": 1, "owned_by": "test"}}'}}
    headers: {{Content-Type: [application/json]}}
    status: {{code: 200, message: OK}}
version: 1
"""
    )
    with vcr.use_cassette(cassette, record_mode="none") as tape:
        yield lambda: [f"{base_url}/models/mocked"] * tape.play_count


MOCKS: dict[str, Tool] = {
    "respx": with_respx,
    "respx of httpx": with_respx_of_httpx,
    "vcrpy": with_vcr,
}


@contextmanager
def open_telemetry() -> Iterator[Seen]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        yield lambda: [str(s.attributes["http.url"]) for s in exporter.get_finished_spans()]
    finally:
        instrumentor.uninstrument()


@pytest.mark.parametrize("tool", MOCKS.values(), ids=MOCKS)
async def test_a_mock_answers_while_it_is_active(
    tool: Tool, client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    before = await client.models.list()
    with tool(emulator.base_url, tmp_path) as seen:
        assert (await client.models.retrieve("mocked")).owned_by == "test"
        assert seen() == [f"{emulator.base_url}/models/mocked"]
    after = await client.models.list()
    assert before.data == after.data != []
    assert len(seen()) == 1


@pytest.mark.parametrize("tool", MOCKS.values(), ids=MOCKS)
def test_a_mock_answers_the_blocking_client(
    tool: Tool, sync_client: OpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    before = sync_client.models.list()
    with tool(emulator.base_url, tmp_path) as seen:
        assert sync_client.models.retrieve("mocked").owned_by == "test"
        assert len(seen()) == 1
    assert sync_client.models.list().data == before.data


async def test_pytest_httpx_answers(client: AsyncOpenAI, request: pytest.FixtureRequest) -> None:
    before = await client.models.list()
    httpx_mock: HTTPXMock = request.getfixturevalue("httpx_mock")
    httpx_mock.add_response(json=MODEL)
    assert (await client.models.retrieve("mocked")).owned_by == "test"
    assert len(httpx_mock.get_requests()) == 1
    request.getfixturevalue("monkeypatch").undo()
    assert (await client.models.list()).data == before.data


def test_pytest_httpx_answers_the_blocking_client(
    sync_client: OpenAI, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(json=MODEL)
    assert sync_client.models.retrieve("mocked").owned_by == "test"


async def test_open_telemetry_records_a_span(client: AsyncOpenAI, emulator: Emulator) -> None:
    await client.models.list()
    with open_telemetry() as spans:
        await client.models.list()
        assert spans() == [f"{emulator.base_url}/models"]
    await client.models.list()
    assert len(spans()) == 1


def test_open_telemetry_records_a_span_of_the_blocking_client(sync_client: OpenAI) -> None:
    with open_telemetry() as spans:
        sync_client.models.list()
        assert len(spans()) == 1


async def test_a_stream_is_recorded_too(client: AsyncOpenAI) -> None:
    with open_telemetry() as spans:
        stream = await client.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": "one two"}], stream=True
        )
        async with stream:
            assert [chunk async for chunk in stream]
        assert len(spans()) == 1


async def test_nothing_goes_through_httpx_by_itself(
    client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai_async._httpx.HttpxTransport.send", None)
    assert (await client.models.list()).data


# What counts as patched


def test_stock_packages_are_not_patched() -> None:
    assert httpx.AsyncHTTPTransport
    assert httpcore.AsyncConnectionPool
    assert not is_patched()


def wrapped(original: Any) -> Any:
    @functools.wraps(original)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await original(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (httpx.AsyncHTTPTransport, "handle_async_request"),
        (httpx.AsyncClient, "send"),
        (httpx.AsyncClient, "_send_single_request"),
        (httpx.AsyncClient, "_transport_for_url"),
        (httpcore.AsyncConnectionPool, "handle_async_request"),
        (httpcore.AsyncHTTPConnection, "handle_async_request"),
        (httpcore.AsyncHTTP11Connection, "handle_async_request"),
    ],
)
@pytest.mark.parametrize("substitute", [wrapped, lambda original: mock.AsyncMock(original)])
def test_a_replaced_method_is_noticed(
    owner: type, name: str, substitute: Callable[[Any], Any]
) -> None:
    with mock.patch.object(owner, name, substitute(getattr(owner, name))):
        assert is_patched()
        assert chosen() is HttpxTransport
    assert not is_patched()


def test_what_was_never_loaded_is_not_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock.patch.object(httpx.AsyncClient, "send"):
        monkeypatch.delitem(sys.modules, "httpx")
        monkeypatch.delitem(sys.modules, "httpcore")
        assert not is_patched()


def test_httpx2_in_the_place_of_httpx_is_not_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", httpx2)
    assert not is_patched()


# Proxies


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        (None, HttpTransport),
        ("", HttpTransport),
        ("http://127.0.0.1:9", HttpTransport),
        ("https://127.0.0.1:9", HttpxTransport),
        ("socks5://127.0.0.1:9", HttpxTransport),
        ("socks5h://127.0.0.1:9", HttpxTransport),
    ],
)
def test_proxy_decides(proxy: str | None, expected: type) -> None:
    assert chosen(network=Network(proxy=proxy)) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com", HttpxTransport),
        ("https://example.com/", HttpTransport),
        ("http://local.test/v1", HttpTransport),
    ],
)
def test_environment_decides_for_each_request(
    url: str, expected: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "local.test")
    assert chosen(url) is expected
    assert chosen(url, Network(proxy="")) is HttpTransport


@pytest.mark.parametrize(
    ("proxy", "address"),
    [
        ("socks5://127.0.0.1:9", "socks5://127.0.0.1:9"),
        ("socks://127.0.0.1", "socks5://127.0.0.1:1080"),
        ("https://us%40er:p:w@[::1]:9", "https://us%40er:p%3Aw@[::1]:9"),
    ],
)
def test_environment_is_read_by_the_first_request_that_goes_somewhere(
    proxy: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = DefaultTransport()
    monkeypatch.setenv("ALL_PROXY", proxy)
    through = transport._chosen("https://example.com")
    assert isinstance(through, HttpxTransport)
    assert through._network.proxy == address
    monkeypatch.delenv("ALL_PROXY")
    assert transport._chosen("https://example.com") is through
    assert isinstance(transport._chosen("https://example.org"), HttpTransport)


async def test_socks_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    transport = DefaultTransport(Network(proxy="socks5://127.0.0.1:9"))
    with pytest.raises(ImportError, match=r"pip install httpx\[socks\]"):
        await transport.send(WireRequest("GET", "http://example.com", [], None, Timeout(1)))


def test_socks4_is_refused() -> None:
    with pytest.raises(ValueError, match="SOCKS4"):
        chosen(network=Network(proxy="socks4://u:secret@127.0.0.1:9"))


# Both as one


async def test_closing_closes_both_and_stats_add_up(emulator: Emulator) -> None:
    def request() -> WireRequest:
        return WireRequest("GET", f"{emulator.base_url}/models", [KEY], None, Timeout(5))

    transport = DefaultTransport()
    one = await transport.send(request())
    with open_telemetry():
        other = await transport.send(request())
    assert transport.stats().in_use == 2
    for reply in (one, other):
        await reply.read()
    assert transport.stats() == PoolStats(0, 2, 0)
    await transport.close()
    assert transport.closed
    assert transport.stats() == PoolStats(0, 0, 0)
    with pytest.raises(RuntimeError, match="closed"):
        await transport.send(request())


KEY = ("Authorization", "Bearer k")


# Clients that users bring


class Own(httpx.AsyncClient):
    """A subclass of somebody's."""


class Duck:
    """What somebody else wrote in the manner of httpx."""

    def build_request(self) -> None: ...
    def send(self) -> None: ...


class AsyncDuck(Duck):
    async def aclose(self) -> None: ...


class BlockingDuck(Duck):
    def close(self) -> None: ...


@pytest.mark.parametrize("kind", [httpx.AsyncClient, httpx2.AsyncClient, Own, AsyncDuck])
@pytest.mark.parametrize("blocking", [False, True])
def test_a_client_that_is_awaited_is_accepted(kind: Any, blocking: bool) -> None:
    assert isinstance(transport_for(kind(), blocking=blocking), HttpxTransport)


@pytest.mark.parametrize("kind", [httpx.Client, httpx2.Client, BlockingDuck])
def test_a_client_that_blocks_is_accepted_by_the_blocking_face(kind: Any) -> None:
    assert isinstance(transport_for(kind(), blocking=True), ThreadedHttpxTransport)


def test_a_client_that_blocks_is_refused_by_the_async_face() -> None:
    with pytest.raises(TypeError, match=r"http_client must be an httpx.AsyncClient.*httpx.Client"):
        AsyncOpenAI(api_key="k", http_client=httpx.Client())  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [object(), "http://", httpx.AsyncClient, httpx, Duck()])
@pytest.mark.parametrize("face", [AsyncOpenAI, OpenAI])
def test_what_is_no_client_is_refused(wrong: Any, face: type) -> None:
    with pytest.raises(TypeError, match=r"http_client must be an httpx.AsyncClient"):
        face(api_key="k", http_client=wrong)


KINDS = [httpx.AsyncClient, httpx.Client, httpx2.AsyncClient, httpx2.Client]


@pytest.mark.parametrize("kind", KINDS)
def test_a_timeout_that_was_chosen_is_adopted(kind: Any) -> None:
    assert Timeout(9) == chosen_timeout(kind(timeout=9))
    assert Timeout(9) == OpenAI(api_key="k", http_client=kind(timeout=9)).timeout


@pytest.mark.parametrize("kind", KINDS)
def test_a_timeout_that_was_left_alone_is_not(kind: Any) -> None:
    assert chosen_timeout(kind()) is None
    assert Timeout(600, connect=5) == OpenAI(api_key="k", http_client=kind()).timeout


def test_a_client_works_in_each_loop(emulator: Emulator) -> None:
    client = AsyncOpenAI(api_key="k", base_url=emulator.base_url)

    async def ask() -> None:
        with open_telemetry() as spans:
            await client.models.list()
            assert len(spans()) == 1

    for backend in ("asyncio", "trio", "asyncio"):
        anyio.run(ask, backend=backend)
