"""`AzureOpenAI`: the blocking view of the client of Azure."""

from __future__ import annotations

import copy
import inspect
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from openai_async import AsyncAzureOpenAI
from openai_async.emulator import Emulator
from openai_sync import AzureOpenAI, MutuallyExclusiveAuthError, OpenAIError, __version__

VERSION = "2024-10-21"
MESSAGES: Any = [{"role": "user", "content": "Hello there."}]


@pytest.fixture
def azure(emulator: Emulator) -> Iterator[AzureOpenAI]:
    """A blocking client of the emulator, as it speaks on Azure's paths."""
    with AzureOpenAI(
        azure_endpoint=emulator.azure_endpoint, api_version=VERSION, api_key="the-key"
    ) as client:
        yield client


def test_a_request_goes_to_the_deployment_of_its_model(
    azure: AzureOpenAI, emulator: Emulator
) -> None:
    completion = azure.chat.completions.create(model="gpt", messages=MESSAGES)
    assert completion.choices[0].message.content == "You said: Hello there."
    request = emulator.requests[0]
    assert request.path == "/openai/deployments/gpt/chat/completions"
    assert request.query == f"api-version={VERSION}"
    assert request.headers["api-key"] == "the-key"
    assert "authorization" not in request.headers


def test_a_deployment_of_the_client_serves_what_deployments_serve(emulator: Emulator) -> None:
    with AzureOpenAI(
        azure_endpoint=emulator.url, azure_deployment="d", api_version=VERSION, api_key="k"
    ) as client:
        client.chat.completions.create(model="gpt", messages=MESSAGES)
        client.models.list()
    paths = ["/openai/deployments/d/chat/completions", "/openai/models"]
    assert [each.path for each in emulator.requests] == paths


def test_streams_work(azure: AzureOpenAI) -> None:
    with azure.chat.completions.create(model="gpt", messages=MESSAGES, stream=True) as stream:
        first, *others = stream
    assert first.choices == []
    text = "".join(chunk.choices[0].delta.content or "" for chunk in others)
    assert text == "You said: Hello there."


def test_pages_work(azure: AzureOpenAI, emulator: Emulator) -> None:
    for number in range(3):
        azure.files.create(file=(f"{number}.txt", b"x"), purpose="assistants")
    emulator.clear()
    assert len(list(azure.files.list(limit=2))) == 3
    assert [each.path for each in emulator.requests] == ["/openai/files", "/openai/files"]


def plain_token() -> str:
    return "token"


async def awaited_token() -> str:
    return "token"


@pytest.mark.parametrize("provider", [plain_token, awaited_token])
def test_a_function_gives_the_token(provider: Any, emulator: Emulator) -> None:
    with AzureOpenAI(
        azure_endpoint=emulator.url, api_version=VERSION, azure_ad_token_provider=provider
    ) as client:
        client.models.list()
    assert emulator.requests[0].headers["authorization"] == "Bearer token"


def test_a_function_for_tokens_may_call_a_client(azure: AzureOpenAI, emulator: Emulator) -> None:
    def provider() -> str:
        return azure.models.list().data[0].id

    twin = azure.copy(azure_ad_token_provider=provider)
    done: list[object] = []
    caller = threading.Thread(target=lambda: done.append(twin.models.list()), daemon=True)
    caller.start()
    caller.join(30)
    assert done
    assert len(emulator.requests) == 2


ATTRIBUTES: list[tuple[str, Any]] = [
    ("api_version", "preview"),
    ("azure_ad_token", "token"),
    ("azure_ad_token_provider", plain_token),
]


@pytest.mark.parametrize(("name", "value"), ATTRIBUTES)
def test_a_setting_may_be_assigned(azure: AzureOpenAI, name: str, value: Any) -> None:
    setattr(azure, name, value)
    assert getattr(azure, name) == value


@pytest.mark.parametrize(("name", "value"), ATTRIBUTES)
def test_a_copy_has_a_setting_changed(azure: AzureOpenAI, name: str, value: Any) -> None:
    before = getattr(azure, name)
    twin = azure.with_options(**{name: value})
    assert type(twin) is AzureOpenAI
    assert getattr(twin, name) == value
    assert getattr(azure, name) == before


def test_the_version_is_documented() -> None:
    assert "version of Azure's API" in (AzureOpenAI.api_version.__doc__ or "")


@pytest.mark.parametrize("name", ["__init__", "copy", "with_options"])
def test_methods_are_those_of_the_awaited_client(name: str) -> None:
    awaited, blocking = getattr(AsyncAzureOpenAI, name), getattr(AzureOpenAI, name)
    assert inspect.signature(blocking) == inspect.signature(awaited)
    assert inspect.getdoc(blocking) == inspect.getdoc(awaited)


def test_it_has_the_attributes_of_the_awaited_client(azure: AzureOpenAI) -> None:
    def public(thing: object) -> list[str]:
        return [name for name in dir(thing) if not name.startswith("_")]

    assert public(azure) == public(azure._async)


WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda client: pickle.loads(pickle.dumps(client)),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_client_travels_as_configuration(
    way: Callable[[Any], Any], azure: AzureOpenAI, emulator: Emulator
) -> None:
    twin = way(azure)
    assert type(twin) is AzureOpenAI
    twin.embeddings.create(model="vectors", input="x")
    assert emulator.requests[0].path == "/openai/deployments/vectors/embeddings"


def test_it_says_who_it_is(azure: AzureOpenAI, emulator: Emulator) -> None:
    azure.models.list()
    headers = emulator.requests[0].headers
    assert headers["user-agent"] == f"AzureOpenAI/Python {__version__}"
    assert headers["x-stainless-async"] == "false"


def test_repr_shows_no_secret(azure: AzureOpenAI) -> None:
    assert repr(azure).startswith("AzureOpenAI(base_url='http://")
    assert "the-key" not in repr(azure)


def test_only_one_credential_may_be_given(azure: AzureOpenAI) -> None:
    with pytest.raises(MutuallyExclusiveAuthError, match=r"azure_ad_token=, api_key="):
        azure.copy(api_key="k", azure_ad_token="t")


def test_credentials_are_needed() -> None:
    with pytest.raises(OpenAIError, match="AZURE_OPENAI_API_KEY"):
        AzureOpenAI(azure_endpoint="https://mine.openai.azure.com", api_version=VERSION)


def test_a_redirect_takes_no_key_along_through_a_blocking_http_client() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            return httpx.Response(307, headers={"location": "https://other.test/models"})
        return httpx.Response(200, json={"object": "list", "data": []})

    transport = httpx.MockTransport(answer)
    with AzureOpenAI(
        azure_endpoint="https://mine.openai.azure.com",
        api_version=VERSION,
        api_key="the-key",
        http_client=httpx.Client(transport=transport, follow_redirects=True),
    ) as client:
        client.models.list()
    assert ["api-key" in each.headers for each in seen] == [True, False]
