"""Azure: where requests go, what authenticates them, and what comes back."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from openai_async import (
    AsyncAzureOpenAI,
    AsyncOpenAI,
    AuthenticationError,
    DefaultAsyncHttpxClient,
    MutuallyExclusiveAuthError,
    NotFoundError,
    OpenAIError,
    StreamTruncated,
    __version__,
    omit,
)
from openai_async._deployments import located, route
from openai_async.emulator import Emulator, RecordedRequest

ENDPOINT = "https://mine.openai.azure.com"
VERSION = "2024-10-21"
MESSAGES: Any = [{"role": "user", "content": "Hello there."}]


def make(**settings: Any) -> AsyncAzureOpenAI:
    given: dict[str, Any] = {"azure_endpoint": ENDPOINT, "api_version": VERSION, **settings}
    if not any("azure_ad" in name or name == "api_key" for name in settings):
        given["api_key"] = "the-key"
    return AsyncAzureOpenAI(**given)


@pytest.fixture
async def azure(emulator: Emulator) -> AsyncIterator[AsyncAzureOpenAI]:
    """A client of the emulator, as it speaks on Azure's paths."""
    async with make(azure_endpoint=emulator.azure_endpoint) as client:
        yield client


async def chat(client: AsyncOpenAI, model: str = "gpt", **options: Any) -> Any:
    return await client.chat.completions.create(model=model, messages=MESSAGES, **options)


def proof(request: RecordedRequest) -> tuple[str | None, str | None]:
    """The key and the token of a request."""
    return request.headers.get("api-key"), request.headers.get("authorization")


# Where the resource is


def test_the_base_url_is_that_of_the_resource() -> None:
    assert make().base_url == f"{ENDPOINT}/openai/"


def test_the_base_url_is_that_of_the_deployment() -> None:
    assert make(azure_deployment="a b").base_url == f"{ENDPOINT}/openai/deployments/a%20b/"


@pytest.mark.parametrize("endpoint", [f"{ENDPOINT}/", f"{ENDPOINT}///", f" {ENDPOINT} "])
def test_slashes_and_spaces_around_the_endpoint_do_not_matter(endpoint: str) -> None:
    assert make(azure_endpoint=endpoint).base_url == f"{ENDPOINT}/openai/"


def test_a_base_url_is_taken_as_it_is() -> None:
    client = make(azure_endpoint=None, base_url="https://gateway.test/ai")
    assert client.base_url == "https://gateway.test/ai/"


def test_what_is_left_out_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", ENDPOINT)
    monkeypatch.setenv("OPENAI_API_VERSION", VERSION)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "of-environment")
    client = AsyncAzureOpenAI()
    assert client.base_url == f"{ENDPOINT}/openai/"
    assert client.api_version == VERSION
    assert client.api_key == "of-environment"


def test_what_is_of_openai_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.com/v1")
    client = make(azure_ad_token="token")
    assert client.base_url == f"{ENDPOINT}/openai/"
    assert client.api_key == ""
    with pytest.raises(OpenAIError, match="AZURE_OPENAI_API_KEY"):
        make(api_key=None)


def test_a_base_url_beats_the_endpoint_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", ENDPOINT)
    client = make(azure_endpoint=None, base_url="https://gateway.test/ai")
    assert client.base_url == "https://gateway.test/ai/"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"api_version": None}, r"api_version=.*OPENAI_API_VERSION"),
        ({"azure_endpoint": None}, r"azure_endpoint=.*base_url=.*AZURE_OPENAI_ENDPOINT"),
        ({"base_url": "https://other.test"}, r"either azure_endpoint= or base_url="),
        (
            {"azure_endpoint": None, "azure_deployment": "d", "base_url": "https://other.test"},
            r"either azure_deployment= or base_url=",
        ),
        ({"azure_endpoint": "mine.openai.azure.com"}, r"^azure_endpoint must be .*openai\.azure"),
        ({"azure_endpoint": f"{ENDPOINT}?api-version=1"}, r"^azure_endpoint.*leave out the query"),
        ({"azure_deployment": ""}, r"azure_deployment must not be empty"),
        ({"azure_deployment": ".."}, r"azure_deployment must not be '\.\.'"),
    ],
)
def test_an_address_that_makes_no_sense_says_what_would(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(**settings)


def test_an_endpoint_that_is_refused_shows_no_secret() -> None:
    with pytest.raises(ValueError, match="azure_endpoint") as caught:
        located("me:hidden@host", None, None, {})
    assert "hidden" not in str(caught.value)


# Which path serves what

ROOT = f"{ENDPOINT}/openai/"
DEPLOYED = f"{ROOT}deployments/d/"

OF_DEPLOYMENTS = [
    "/completions",
    "/chat/completions",
    "/embeddings",
    "/audio/transcriptions",
    "/audio/translations",
    "/audio/speech",
    "/images/generations",
    "/images/edits",
]


@pytest.mark.parametrize("path", OF_DEPLOYMENTS)
def test_a_path_of_deployments_goes_to_that_of_the_model(path: str) -> None:
    assert route("POST", path, "gpt", ROOT, ROOT) == f"/deployments/gpt{path}"


@pytest.mark.parametrize("path", OF_DEPLOYMENTS)
def test_a_path_of_deployments_stays_under_the_one_of_the_client(path: str) -> None:
    assert route("POST", path, "gpt", DEPLOYED, ROOT) == path


@pytest.mark.parametrize(
    ("method", "path", "model", "base", "where"),
    [
        ("POST", "/responses", "gpt", ROOT, "/responses"),
        ("POST", "/images/variations", "gpt", ROOT, "/images/variations"),
        ("POST", "/chat/completions/id", "gpt", ROOT, "/chat/completions/id"),
        ("GET", "/chat/completions", "gpt", ROOT, "/chat/completions"),
        ("POST", "/embeddings", None, ROOT, "/embeddings"),
        ("POST", "/embeddings", omit, ROOT, "/embeddings"),
        ("POST", "embeddings", "gpt", ROOT, "/deployments/gpt/embeddings"),
        ("POST", "/embeddings", "a b/c?d", ROOT, "/deployments/a%20b%2Fc%3Fd/embeddings"),
        ("GET", "/models", None, ROOT, "/models"),
        ("GET", "/models", None, DEPLOYED, f"{ROOT}models"),
        ("POST", "/responses", "gpt", DEPLOYED, f"{ROOT}responses"),
        ("GET", "files", None, DEPLOYED, f"{ROOT}files"),
        ("GET", "/models", None, "https://other.test/deployments/d/", "/models"),
        ("POST", "/embeddings", "gpt", "https://other.test/", "/deployments/gpt/embeddings"),
        ("GET", "https://other.test/x", None, DEPLOYED, "https://other.test/x"),
    ],
)
def test_where_a_path_goes(method: str, path: str, model: Any, base: str, where: str) -> None:
    assert route(method, path, model, base, ROOT) == where


def test_all_paths_are_under_a_base_url_with_a_deployment() -> None:
    assert route("GET", "/models", None, "https://gateway.test/deployments/d/", None) == "/models"


def test_an_empty_model_is_refused() -> None:
    with pytest.raises(ValueError, match="model must not be empty"):
        route("POST", "/embeddings", "", ROOT, ROOT)


async def test_a_request_goes_to_the_deployment_of_its_model(
    azure: AsyncAzureOpenAI, emulator: Emulator
) -> None:
    completion = await chat(azure, "my/gpt")
    assert completion.choices[0].message.content == "You said: Hello there."
    await azure.embeddings.create(model="vectors", input="x")
    assert [each.raw_path for each in emulator.requests] == [
        "/openai/deployments/my%2Fgpt/chat/completions",
        "/openai/deployments/vectors/embeddings",
    ]
    assert emulator.requests[0].json()["model"] == "my/gpt"


async def test_a_request_without_a_model_goes_to_the_resource(
    azure: AsyncAzureOpenAI, emulator: Emulator
) -> None:
    assert [model.id async for model in azure.models.list()]
    await azure.files.create(file=("a.txt", b"x"), purpose="assistants")
    assert [each.path for each in emulator.requests] == ["/openai/models", "/openai/files"]


async def test_a_deployment_of_the_client_serves_what_deployments_serve(
    emulator: Emulator,
) -> None:
    async with make(azure_endpoint=emulator.azure_endpoint, azure_deployment="d") as client:
        await chat(client)
        await client.models.list()
    paths = ["/openai/deployments/d/chat/completions", "/openai/models"]
    assert [each.path for each in emulator.requests] == paths


async def test_a_model_in_extra_body_chooses_the_deployment(
    azure: AsyncAzureOpenAI, emulator: Emulator
) -> None:
    await chat(azure, extra_body={"model": "other"})
    assert emulator.requests[0].path == "/openai/deployments/other/chat/completions"


async def test_low_level_requests_are_routed_alike(
    azure: AsyncAzureOpenAI, emulator: Emulator
) -> None:
    body = {"model": "gpt", "messages": MESSAGES}
    await azure.post("chat/completions", cast_to=object, body=body)
    assert emulator.requests[0].path == "/openai/deployments/gpt/chat/completions"


async def test_a_form_goes_to_the_deployment_of_its_model() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"text": "hello"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        client = make(http_client=http)
        await client.audio.transcriptions.create(model="whisper", file=("a.mp3", b"x"))
    assert asked == ["/openai/deployments/whisper/audio/transcriptions"]


async def test_a_deployment_that_does_not_exist_is_not_found(azure: AsyncAzureOpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        await chat(azure, "missing-model")
    assert caught.value.code == "DeploymentNotFound"


# The version


async def test_every_request_names_the_version(azure: AsyncAzureOpenAI, emulator: Emulator) -> None:
    await chat(azure)
    async for _ in azure.files.list(limit=2):
        pass
    assert [each.query for each in emulator.requests] == [
        f"api-version={VERSION}",
        f"api-version={VERSION}&limit=2",
    ]


async def test_a_call_may_name_another_version(azure: AsyncAzureOpenAI, emulator: Emulator) -> None:
    await azure.models.list(extra_query={"api-version": "preview"})
    assert emulator.requests[0].query == "api-version=preview"


def test_the_version_is_an_attribute_that_may_be_assigned() -> None:
    client = make()
    client.api_version = "preview"
    assert client.default_query == {"api-version": "preview"}


@pytest.mark.parametrize("change", ["default_query", "set_default_query"])
def test_a_copy_with_another_query_keeps_the_version(change: str) -> None:
    changes: dict[str, Any] = {change: {"b": "2"}}
    twin = make(default_query={"a": "1"}).copy(**changes)
    kept = {"a": "1"} if change == "default_query" else {}
    assert twin.default_query == {**kept, "b": "2", "api-version": VERSION}


# Keys and tokens


async def test_a_key_has_a_header_of_its_own(azure: AsyncAzureOpenAI, emulator: Emulator) -> None:
    await azure.models.list()
    assert proof(emulator.requests[0]) == ("the-key", None)


async def test_a_token_is_a_bearer(emulator: Emulator) -> None:
    async with make(azure_endpoint=emulator.url, azure_ad_token="token") as client:
        await client.models.list()
    assert proof(emulator.requests[0]) == (None, "Bearer token")


def plain_token() -> str:
    return "token-of-function"


async def awaited_token() -> str:
    return "token-of-function"


@pytest.mark.parametrize("provider", [plain_token, awaited_token, lambda: awaited_token()])
async def test_a_function_gives_the_token(provider: Any, emulator: Emulator) -> None:
    async with make(azure_endpoint=emulator.url, azure_ad_token_provider=provider) as client:
        await client.models.list()
        assert client.auth_headers == {}
    assert proof(emulator.requests[0]) == (None, "Bearer token-of-function")


async def test_a_function_is_asked_before_each_attempt(emulator: Emulator) -> None:
    emulator.fault("status=503; retry-after-ms=1")
    tokens = iter(["one", "two"])
    provider = lambda: next(tokens)  # noqa: E731
    async with make(azure_endpoint=emulator.url, azure_ad_token_provider=provider) as client:
        await client.models.list()
    sent = [each.headers["authorization"] for each in emulator.requests]
    assert sent == ["Bearer one", "Bearer two"]


async def test_a_plain_function_runs_in_a_worker_thread(emulator: Emulator) -> None:
    threads: list[int] = []

    def provider() -> str:
        threads.append(threading.get_ident())
        return "token"

    async with make(azure_endpoint=emulator.url, azure_ad_token_provider=provider) as client:
        await client.models.list()
    assert threads != [threading.get_ident()]


@pytest.mark.parametrize("answer", ["", None, 7])
async def test_a_function_must_return_a_token(answer: Any, emulator: Emulator) -> None:
    client = make(azure_endpoint=emulator.url, azure_ad_token_provider=lambda: answer)
    with pytest.raises(ValueError, match="azure_ad_token_provider must return a token"):
        await client.models.list()
    assert emulator.requests == []


async def test_the_key_may_be_a_function(emulator: Emulator) -> None:
    async with make(azure_endpoint=emulator.url, api_key=lambda: "asked") as client:
        await client.models.list()
    assert proof(emulator.requests[0]) == ("asked", None)


@pytest.mark.parametrize("kind", ["api_key", "azure_ad_token"])
async def test_what_cannot_be_sent_is_not_quoted(kind: str, emulator: Emulator) -> None:
    client = make(azure_endpoint=emulator.url, **{kind: "secret\n"})
    with pytest.raises(OpenAIError, match="must be ASCII") as caught:
        await client.models.list()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("header", ["api-key", "Authorization"])
async def test_a_header_of_the_caller_replaces_the_key(
    header: str, azure: AsyncAzureOpenAI, emulator: Emulator
) -> None:
    await azure.models.list(extra_headers={header: "Bearer mine"})
    sent = proof(emulator.requests[0])
    assert [each for each in sent if each] == ["Bearer mine"]


GIVEN: dict[str, Any] = {
    "api_key": "k",
    "azure_ad_token": "t",
    "azure_ad_token_provider": plain_token,
}


@pytest.mark.parametrize("left_out", GIVEN)
def test_only_one_credential_may_be_given(left_out: str) -> None:
    several = {name: value for name, value in GIVEN.items() if name != left_out}
    with pytest.raises(MutuallyExclusiveAuthError, match="only one of") as caught:
        make(**several)
    named = str(caught.value).removeprefix("Pass only one of ").partition(":")[0].split(", ")
    assert sorted(named) == sorted(f"{name}=" for name in several)


@pytest.mark.parametrize("name", GIVEN)
def test_what_is_given_beats_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "key-of-environment")
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "token-of-environment")
    client = make(**{name: GIVEN[name]})
    found = (client.api_key or None, client.azure_ad_token, client.azure_ad_token_provider)
    assert found == tuple(GIVEN[each] if each == name else None for each in GIVEN)


def test_a_token_of_the_environment_beats_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "key")
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "token")
    client = make(api_key=None)
    assert client.auth_headers == {"Authorization": "Bearer token"}
    assert client.api_key == ""


@pytest.mark.parametrize("nothing", [{"api_key": None}, {"api_key": ""}])
def test_credentials_are_needed(nothing: dict[str, Any]) -> None:
    with pytest.raises(OpenAIError, match=r"api_key=.*AZURE_OPENAI_API_KEY"):
        make(**nothing)


async def test_a_request_without_credentials_is_a_type_error(emulator: Emulator) -> None:
    client = make(azure_endpoint=emulator.url, api_key=None, _enforce_credentials=False)
    with pytest.raises(TypeError, match=r"api_key=.*azure_ad_token.*AZURE_OPENAI_AD_TOKEN"):
        await client.models.list()
    assert emulator.requests == []


async def test_what_is_assigned_applies_to_the_next_request(
    azure: AsyncAzureOpenAI, emulator: Emulator
) -> None:
    azure.api_key = "assigned"
    await azure.models.list()
    azure.azure_ad_token = "token"
    await azure.models.list()
    assert [proof(each) for each in emulator.requests] == [
        ("assigned", None),
        (None, "Bearer token"),
    ]


async def test_an_administration_method_sends_the_admin_key(emulator: Emulator) -> None:
    client = make(azure_endpoint=emulator.url, admin_api_key="sk-admin")
    await client.request("GET", "/models", cast_to=object, _auth="admin")
    assert proof(emulator.requests[0]) == (None, "Bearer sk-admin")


def test_auth_headers_carry_the_key() -> None:
    assert make().auth_headers == {"api-key": "the-key"}


def test_repr_shows_no_secret() -> None:
    for name, value in GIVEN.items():
        shown = repr(make(**{name: value}))
        assert shown == f"AsyncAzureOpenAI(base_url='{ENDPOINT}/openai/')"


# Redirects


def redirects_to(url: str) -> Iterator[str]:
    """The address of a server that redirects everything to `url`."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(307)
            self.send_header("Location", url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever, args=[0.01])
        serving.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        serving.join()


@pytest.fixture
def redirecting(emulator: Emulator) -> Iterator[str]:
    """The address of a server that redirects to another one: the emulator."""
    yield from redirects_to(f"{emulator.azure_endpoint}/openai/models?api-version={VERSION}")


HTTP_CLIENTS = {
    "own": lambda: None,
    "httpx": lambda: httpx.AsyncClient(follow_redirects=True),
    "default": DefaultAsyncHttpxClient,
}


@pytest.mark.parametrize("http_client", HTTP_CLIENTS.values(), ids=HTTP_CLIENTS)
@pytest.mark.parametrize("kind", ["api_key", "azure_ad_token"])
async def test_a_redirect_to_another_server_takes_no_secret_along(
    kind: str, http_client: Callable[[], Any], redirecting: str, emulator: Emulator
) -> None:
    settings: dict[str, Any] = {kind: "secret", "http_client": http_client()}
    async with make(azure_endpoint=redirecting, **settings) as client:
        with pytest.raises(AuthenticationError):
            await client.models.list()
    assert "secret" not in str(emulator.requests[0].raw_headers)


@pytest.mark.parametrize("package_client", [httpx.AsyncClient, DefaultAsyncHttpxClient])
async def test_a_redirect_on_the_same_server_takes_the_key_along(package_client: Any) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            return httpx.Response(307, headers={"location": "/elsewhere"})
        return httpx.Response(200, json={"object": "list", "data": []})

    transport = httpx.MockTransport(answer)
    async with package_client(transport=transport, follow_redirects=True) as http:
        await make(http_client=http).models.list()
    assert [each.headers["api-key"] for each in seen] == ["the-key", "the-key"]


async def test_several_clients_add_one_hook_to_an_http_client() -> None:
    async def mine(request: httpx.Request) -> None:
        pass

    async with httpx.AsyncClient(event_hooks={"request": [mine]}) as http:
        for _ in range(3):
            make(http_client=http)
        assert len(http.event_hooks["request"]) == 2
        assert http.event_hooks["request"][-1] is mine


# Copies


async def test_a_copy_goes_to_the_same_deployment(emulator: Emulator) -> None:
    async with make(azure_endpoint=emulator.url, azure_deployment="d") as client:
        twin = client.with_options(timeout=9)
        await chat(twin)
        await twin.models.list()
    paths = ["/openai/deployments/d/chat/completions", "/openai/models"]
    assert [each.path for each in emulator.requests] == paths
    assert type(twin) is AsyncAzureOpenAI


def test_a_copy_may_go_elsewhere() -> None:
    twin = make(azure_deployment="d").copy(base_url="https://gateway.test/deployments/e")
    assert twin.base_url == "https://gateway.test/deployments/e/"
    assert twin._route("GET", "/models", None) == "/models"


def test_a_copy_may_speak_another_version() -> None:
    client = make()
    assert client.copy(api_version="preview").api_version == "preview"
    assert client.api_version == VERSION


@pytest.mark.parametrize("before", GIVEN)
@pytest.mark.parametrize("after", GIVEN)
async def test_a_copy_may_authenticate_in_another_way(
    before: str, after: str, emulator: Emulator
) -> None:
    async with make(azure_endpoint=emulator.url, **{before: GIVEN[before]}) as client:
        await client.copy(**{after: GIVEN[after]}).models.list()
    expected = {
        "api_key": ("k", None),
        "azure_ad_token": (None, "Bearer t"),
        "azure_ad_token_provider": (None, "Bearer token-of-function"),
    }
    assert proof(emulator.requests[0]) == expected[after]


def test_a_copy_takes_only_one_credential() -> None:
    with pytest.raises(MutuallyExclusiveAuthError, match="azure_ad_token=, api_key="):
        make().copy(**GIVEN)


def test_a_copy_has_no_data_residency() -> None:
    with pytest.raises(ValueError, match="data_residency chooses among the servers of OpenAI"):
        make().copy(data_residency="eu")


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda client: pickle.loads(pickle.dumps(client)),
}


@pytest.mark.parametrize("way", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("kind", GIVEN)
def test_a_client_travels_as_configuration(way: Callable[[Any], Any], kind: str) -> None:
    client = make(azure_deployment="d", **{kind: GIVEN[kind]})
    twin = way(client)
    assert type(twin) is AsyncAzureOpenAI
    for name in ("base_url", "api_version", "auth_headers", "azure_ad_token_provider"):
        assert getattr(twin, name) == getattr(client, name), name
    assert twin._route("GET", "/models", None) == f"{ROOT}models"


# What it says of itself, and what comes back


async def test_it_says_who_it_is(azure: AsyncAzureOpenAI, emulator: Emulator) -> None:
    await azure.models.list()
    assert emulator.requests[0].headers["user-agent"] == f"AsyncAzureOpenAI/Python {__version__}"


async def test_what_content_filters_found_in_an_answer_is_readable(
    azure: AsyncAzureOpenAI,
) -> None:
    completion = await chat(azure)
    found = completion.choices[0].content_filter_results
    assert found["hate"] == {"filtered": False, "severity": "safe"}
    assert (
        completion.prompt_filter_results[0]["content_filter_results"]["violence"]["filtered"]
        is False
    )


async def test_what_content_filters_found_in_a_stream_is_readable(
    azure: AsyncAzureOpenAI,
) -> None:
    stream = await chat(azure, stream=True)
    first, *others = [chunk async for chunk in stream]
    assert first.choices == []
    assert first.prompt_filter_results[0]["prompt_index"] == 0
    assert others[0].choices[0].content_filter_results["hate"]["severity"] == "safe"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in others)
    assert text == "You said: Hello there."
    assert stream.outcome == "complete"


async def test_a_stream_that_ends_too_early_is_truncated(
    azure: AsyncAzureOpenAI, emulator: Emulator
) -> None:
    emulator.fault("ends=3")
    stream = await chat(azure, stream=True)
    with pytest.raises(StreamTruncated):
        async for _ in stream:
            pass
