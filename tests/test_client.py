"""The client: what it is configured with, what it sends, its copies, and its low-level methods."""

from __future__ import annotations

import copy
import platform
import re
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
import respx

import openai_async
from openai_async import (
    AsyncClient,
    AsyncOpenAI,
    BaseModel,
    OpenAIError,
    RequestOptions,
    Timeout,
    not_given,
    omit,
)
from openai_async._config import RESIDENCIES
from openai_async.emulator import Emulator
from openai_async.pagination import AsyncCursorPage
from openai_async.types.files import FileObject

BASE = "https://api.test/v1"
MESSAGES: Any = [{"role": "user", "content": "Hello."}]

#: Argument, environment variable, attribute.
FROM_ENVIRONMENT = [
    ("api_key", "OPENAI_API_KEY"),
    ("admin_api_key", "OPENAI_ADMIN_KEY"),
    ("organization", "OPENAI_ORG_ID"),
    ("project", "OPENAI_PROJECT_ID"),
    ("webhook_secret", "OPENAI_WEBHOOK_SECRET"),
]


def make(**options: Any) -> AsyncOpenAI:
    return AsyncOpenAI(**{"api_key": "sk-test", "base_url": BASE, **options})


@pytest.fixture
def routes() -> Iterator[respx.MockRouter]:
    """Instead of the network, and without any answer yet."""
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
def api(routes: respx.MockRouter) -> respx.MockRouter:
    """Answers everything with an empty list."""
    routes.route().respond(json={"object": "list", "data": []})
    return routes


def sent(api: respx.MockRouter) -> httpx.Request:
    return api.calls.last.request


# Construction


@pytest.mark.parametrize(("name", "variable"), FROM_ENVIRONMENT)
def test_setting_comes_from_the_environment(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "needed")
    monkeypatch.setenv(variable, "from the environment")
    assert getattr(AsyncOpenAI(), name) == "from the environment"


@pytest.mark.parametrize(("name", "variable"), FROM_ENVIRONMENT)
def test_argument_beats_the_environment(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "needed")
    monkeypatch.setenv(variable, "from the environment")
    arguments: dict[str, Any] = {name: "from the argument"}
    assert getattr(AsyncOpenAI(**arguments), name) == "from the argument"


def test_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "first")
    client = make()
    monkeypatch.setenv("OPENAI_ORG_ID", "second")
    assert client.organization == "first"


def test_defaults() -> None:
    client = AsyncOpenAI(api_key="sk-test")
    assert str(client.base_url) == "https://api.openai.com/v1/"
    assert client.max_retries == 2
    assert client.timeout == Timeout(600, connect=5.0)
    assert (client.organization, client.project, client.webhook_secret) == (None, None, None)


@pytest.mark.parametrize("base_url", [not_given, None, ""])
def test_base_url_comes_from_the_environment(
    base_url: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway.test/v1")
    assert AsyncOpenAI(api_key="k", base_url=base_url).base_url == "http://gateway.test/v1/"


@pytest.mark.parametrize("base_url", ["http://other.test/v2", httpx.URL("http://other.test/v2/")])
def test_base_url_argument_beats_the_environment(
    base_url: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway.test/v1")
    assert AsyncOpenAI(api_key="k", base_url=base_url).base_url == "http://other.test/v2/"


@pytest.mark.parametrize("base_url", ["api.test/v1", "ftp://api.test", "http://"])
def test_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        make(base_url=base_url)


def test_base_url_can_be_assigned() -> None:
    client = make()
    client.base_url = "http://other.test/v1"  # type: ignore[assignment]  # a setter takes more
    assert client.base_url == "http://other.test/v1/"


@pytest.mark.parametrize("name", RESIDENCIES)
def test_data_residency_chooses_the_url(name: str) -> None:
    host = "api.openai.com" if name == "global" else f"{name}.api.openai.com"
    client = AsyncOpenAI(api_key="k", data_residency=name)
    assert client.base_url == f"https://{host}/v1/"


@pytest.mark.parametrize("other", ["base_url", "websocket_base_url"])
def test_data_residency_excludes_urls(other: str) -> None:
    urls: dict[str, Any] = {other: BASE}
    with pytest.raises(ValueError, match="base_url"):
        AsyncOpenAI(api_key="k", data_residency="eu", **urls)


def test_unknown_data_residency_lists_the_known() -> None:
    with pytest.raises(ValueError, match="global, us, eu"):
        AsyncOpenAI(api_key="k", data_residency="moon")


@pytest.mark.parametrize("api_key", [None, ""])
def test_missing_credentials_name_argument_and_variable(api_key: str | None) -> None:
    with pytest.raises(OpenAIError, match=r"api_key=.*OPENAI_API_KEY"):
        AsyncOpenAI(api_key=api_key)


def test_empty_variable_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    with pytest.raises(OpenAIError, match="OPENAI_API_KEY"):
        AsyncOpenAI()


@pytest.mark.parametrize(
    "credentials",
    [{"admin_api_key": "k"}, {"api_key": lambda: "k"}, {"_enforce_credentials": False}],
    ids=["admin", "callable", "not enforced"],
)
def test_construction_needs_one_credential(credentials: dict[str, Any]) -> None:
    assert AsyncOpenAI(**credentials).api_key == ""


@pytest.mark.parametrize(
    ("max_retries", "error"),
    [(None, TypeError), (2.0, TypeError), ("2", TypeError), (-1, ValueError)],
)
def test_max_retries_must_be_a_count(max_retries: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="max_retries"):
        make(max_retries=max_retries)


@pytest.mark.parametrize("http_client", [object(), "client", httpx.AsyncClient])
def test_wrong_http_client_is_refused(http_client: Any) -> None:
    with pytest.raises(TypeError, match=r"http_client must be an httpx\.AsyncClient"):
        make(http_client=http_client)


def test_blocking_http_client_is_refused() -> None:
    with httpx.Client() as http_client, pytest.raises(TypeError, match=r"not httpx\.Client"):
        make(http_client=http_client)


def test_arguments_are_keywords() -> None:
    with pytest.raises(TypeError):
        AsyncOpenAI("sk-test")  # type: ignore[misc]


def test_async_client_is_the_same() -> None:
    assert AsyncClient is AsyncOpenAI


# Secrets


@pytest.mark.parametrize("name", ["client", "namespace", "paginator", "copy"])
def test_repr_has_no_secrets(name: str) -> None:
    client = make(
        api_key="sk-secret",
        admin_api_key="sk-secret",
        webhook_secret="sk-secret",
        base_url="https://user:sk-secret@api.test/v1?key=sk-secret",
        default_headers={"api-key": "sk-secret"},
    )
    shown: dict[str, object] = {
        "client": client,
        "namespace": client.chat.completions,
        "paginator": client.files.list(),
        "copy": client.with_options(timeout=1),
    }
    assert "sk-secret" not in repr(shown[name])


# Headers


async def test_headers_of_a_post(client: AsyncOpenAI, emulator: Emulator) -> None:
    await client.chat.completions.create(model="m", messages=MESSAGES)
    headers = emulator.requests[-1].headers
    key = headers.pop("idempotency-key")
    version = openai_async.__version__
    library = headers.pop("x-stainless-async")
    assert library in ("async:asyncio", "async:trio")
    assert re.fullmatch("[!-~]{20,}", key)
    assert headers == {
        "host": emulator.url.removeprefix("http://"),
        "accept-encoding": headers["accept-encoding"],
        "content-length": str(emulator.requests[-1].body_size),
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": f"AsyncOpenAI/Python {version}",
        "authorization": "Bearer sk-test",
        "x-stainless-lang": "python",
        "x-stainless-package-version": version,
        "x-stainless-os": {"Darwin": "MacOS"}.get(platform.system(), platform.system()),
        "x-stainless-arch": headers["x-stainless-arch"],
        "x-stainless-runtime": headers["x-stainless-runtime"],
        "x-stainless-runtime-version": platform.python_version(),
        "x-stainless-retry-count": "0",
        "x-stainless-read-timeout": "600",
    }


async def test_header_names_the_running_library(
    client: AsyncOpenAI, emulator: Emulator, anyio_backend: str
) -> None:
    await client.models.list()
    assert emulator.requests[-1].headers["x-stainless-async"] == f"async:{anyio_backend}"


@pytest.mark.parametrize("header", ["content-type", "idempotency-key"])
async def test_get_has_no_header_of_bodies(
    header: str, client: AsyncOpenAI, emulator: Emulator
) -> None:
    await client.models.list()
    assert header not in emulator.requests[-1].headers


async def test_post_without_a_body_has_a_content_type(api: respx.MockRouter) -> None:
    await make().post("/batches/1/cancel", cast_to=object)
    assert sent(api).headers["content-type"] == "application/json"
    assert sent(api).content == b""


async def test_organization_and_project_are_sent(api: respx.MockRouter) -> None:
    await make(organization="org-1", project="proj-1").models.list()
    assert sent(api).headers["openai-organization"] == "org-1"
    assert sent(api).headers["openai-project"] == "proj-1"


async def test_subclass_names_itself(api: respx.MockRouter) -> None:
    class MyClient(AsyncOpenAI):
        pass

    await MyClient(api_key="k", base_url=BASE).models.list()
    assert sent(api).headers["user-agent"].startswith("MyClient/Python ")


@pytest.mark.parametrize(
    ("default_headers", "extra_headers", "expected"),
    [
        ({}, {}, "AsyncOpenAI"),
        ({"user-agent": "mine"}, {}, "mine"),
        ({"user-agent": "mine"}, {"USER-AGENT": "theirs"}, "theirs"),
        ({}, {"User-agent": "theirs"}, "theirs"),
        ({"user-agent": omit}, {}, None),
        ({"user-agent": omit}, {"User-Agent": "theirs"}, "theirs"),
        ({"User-Agent": "mine"}, {"user-agent": omit}, None),
        ({"User-Agent": "mine"}, {"user-agent": not_given}, "mine"),
    ],
)
async def test_later_header_wins_whatever_its_case(
    default_headers: Any, extra_headers: Any, expected: str | None, api: respx.MockRouter
) -> None:
    await make(default_headers=default_headers).models.list(extra_headers=extra_headers)
    values = sent(api).headers.get_list("user-agent")
    assert [value.partition("/")[0] for value in values] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    "name",
    [
        "Accept",
        "Authorization",
        "Idempotency-Key",
        "Content-Type",
        "X-Stainless-Lang",
        "X-Stainless-Async",
        "X-Stainless-Retry-Count",
        "X-Stainless-Read-Timeout",
    ],
)
async def test_omit_takes_any_header_away(name: str, api: respx.MockRouter) -> None:
    await make().post("/x", cast_to=object, body={}, options={"headers": {name.lower(): omit}})
    assert name not in sent(api).headers


@pytest.mark.parametrize("name", ["X-Stainless-Retry-Count", "X-Stainless-Read-Timeout"])
async def test_caller_may_set_the_counting_headers(name: str, api: respx.MockRouter) -> None:
    await make().models.list(extra_headers={name.lower(): "mine"})
    assert sent(api).headers.get_list(name) == ["mine"]


async def test_header_of_the_method_is_sent(client: AsyncOpenAI, emulator: Emulator) -> None:
    await client.vector_stores.create(name="x")
    assert emulator.requests[-1].headers["openai-beta"] == "assistants=v2"


async def test_extra_header_beats_the_one_of_the_method(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    await client.vector_stores.create(name="x", extra_headers={"openai-beta": "assistants=v3"})
    assert emulator.requests[-1].headers["openai-beta"] == "assistants=v3"


@pytest.mark.parametrize("value", ["line\nbreak", "end\r\n", " edge", "naïve"])
async def test_impossible_header_is_named_but_not_quoted(value: str) -> None:
    with pytest.raises(ValueError, match="X-Mine") as caught:
        await make().models.list(extra_headers={"X-Mine": value})
    assert value not in str(caught.value)


async def test_header_that_is_no_text_is_named() -> None:
    headers: Any = {"X-Mine": 3}
    with pytest.raises(TypeError, match="X-Mine"):
        await make().models.list(extra_headers=headers)


def test_default_headers_show_what_is_sent() -> None:
    headers = make(default_headers={"X-Mine": "1"}).default_headers
    assert headers["X-Mine"] == "1"
    assert headers["Accept"] == "application/json"
    assert "Authorization" not in headers


def test_auth_headers_carry_the_key() -> None:
    assert make().auth_headers == {"Authorization": "Bearer sk-test"}
    assert AsyncOpenAI(admin_api_key="a").auth_headers == {"Authorization": "Bearer a"}
    assert AsyncOpenAI(_enforce_credentials=False).auth_headers == {}


# OPENAI_CUSTOM_HEADERS


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("X-A: 1", "x-a", "1"),
        ("X-A: 1\nX-B: 2", "x-b", "2"),
        ("  X-A  :   1  ", "x-a", "1"),
        ("X-A: http://h:80/", "x-a", "http://h:80/"),
        ("X-A: 1\r\nX-B: 2\r\n", "x-a", "1"),
        ("nonsense\nX-A: 1", "x-a", "1"),
        (": nameless\nX-A: 1", "x-a", "1"),
        ("X-A:", "x-a", ""),
        ("User-Agent: mine", "user-agent", "mine"),
    ],
)
async def test_custom_headers_of_the_environment(
    text: str, name: str, value: str, monkeypatch: pytest.MonkeyPatch, api: respx.MockRouter
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", text)
    await make().models.list()
    assert sent(api).headers[name] == value


async def test_default_headers_beat_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, api: respx.MockRouter
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-A: environment\nX-B: environment")
    await make(default_headers={"x-a": "argument"}).models.list()
    assert sent(api).headers.get_list("x-a") == ["argument"]
    assert sent(api).headers["x-b"] == "environment"


async def test_authorization_of_the_environment_beats_the_key(
    monkeypatch: pytest.MonkeyPatch, api: respx.MockRouter
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "authorization: Basic abc")
    await make().models.list()
    assert sent(api).headers.get_list("authorization") == ["Basic abc"]


async def test_authorization_of_default_headers_beats_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, api: respx.MockRouter
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "authorization: Basic abc")
    await make(default_headers={"Authorization": "Basic def"}).models.list()
    assert sent(api).headers.get_list("authorization") == ["Basic def"]


# Keys


async def send_as(client: AsyncOpenAI, auth: Any) -> None:
    await client.request("GET", "/organization/users", cast_to=object, _auth=auth)


@pytest.mark.parametrize(
    ("auth", "key"), [("bearer", "sk-test"), ("admin", "sk-admin"), ("either", "sk-test")]
)
async def test_each_request_has_the_key_it_needs(
    auth: str, key: str, api: respx.MockRouter
) -> None:
    await send_as(make(admin_api_key="sk-admin"), auth)
    assert sent(api).headers["authorization"] == f"Bearer {key}"


async def test_low_level_request_takes_the_admin_key_if_there_is_no_other(
    api: respx.MockRouter,
) -> None:
    await AsyncOpenAI(admin_api_key="sk-admin", base_url=BASE).get("/x", cast_to=object)
    assert sent(api).headers["authorization"] == "Bearer sk-admin"


@pytest.mark.parametrize(
    ("keys", "auth", "remedy"),
    [
        ({"admin_api_key": "k"}, "bearer", r"api_key=.*OPENAI_API_KEY"),
        ({"api_key": "k"}, "admin", r"admin_api_key=.*OPENAI_ADMIN_KEY"),
        ({"_enforce_credentials": False}, "either", r"api_key=.*OPENAI_API_KEY"),
    ],
)
async def test_missing_key_is_a_type_error_that_says_which(
    keys: dict[str, Any], auth: str, remedy: str, api: respx.MockRouter
) -> None:
    with pytest.raises(TypeError, match=remedy):
        await send_as(AsyncOpenAI(base_url=BASE, **keys), auth)
    assert not api.calls


@pytest.mark.parametrize("authorization", ["Basic abc", omit])
async def test_authorization_of_the_caller_replaces_the_key(
    authorization: Any, api: respx.MockRouter
) -> None:
    client = AsyncOpenAI(base_url=BASE, _enforce_credentials=False)
    await client.models.list(extra_headers={"authorization": authorization})
    expected = [authorization] if authorization else []
    assert sent(api).headers.get_list("authorization") == expected


@pytest.mark.parametrize("key", ["sk-secret\n", " sk-secret", "sk-sécret", "sk-sec\tret\x00"])
async def test_key_that_cannot_be_sent_is_not_quoted(key: str) -> None:
    with pytest.raises(OpenAIError, match="key must be ASCII") as caught:
        await make(api_key=key).models.list()
    assert key.strip() not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_key_that_was_assigned_is_used(api: respx.MockRouter) -> None:
    client = make()
    client.api_key = "sk-next"
    await client.models.list()
    assert sent(api).headers["authorization"] == "Bearer sk-next"


# Options of one call


async def test_extra_query_is_merged_over_the_defaults(api: respx.MockRouter) -> None:
    client = make(default_query={"a": "1", "b": "2"})
    await client.files.list(limit=5, extra_query={"b": "3", "limit": 6, "deep": {"x": [True]}})
    assert str(sent(api).url.query, "ascii") == "a=1&b=3&limit=6&deep%5Bx%5D%5B%5D=true"


async def test_extra_body_is_merged_over_the_body(api: respx.MockRouter) -> None:
    await make().chat.completions.create(
        model="m",
        messages=MESSAGES,
        seed=1,
        user="me",
        extra_body={"seed": 2, "top_k": 3, "user": omit},
    )
    assert sent(api).read() == (
        b'{"model":"m","messages":[{"role":"user","content":"Hello."}],"seed":2,"top_k":3}'
    )


async def test_extra_body_is_the_body_where_there_is_none(api: respx.MockRouter) -> None:
    await make().post("/x", cast_to=object, options={"extra_json": {"a": 1}})
    assert sent(api).content == b'{"a":1}'


@pytest.mark.parametrize(
    ("body", "extra", "error"),
    [([1], {"a": 1}, RuntimeError), ({"a": 1}, [1], TypeError)],
)
async def test_extra_body_must_fit(body: Any, extra: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="extra_body"):
        await make().post("/x", cast_to=object, body=body, options={"extra_json": extra})


@pytest.mark.parametrize(
    ("given", "read", "header"),
    [
        (not_given, 600, "600"),
        (None, None, None),
        (3, 3, "3"),
        (5.0, 5.0, "5.0"),
        (Timeout(7, connect=1), 7, "7"),
        (httpx.Timeout(8.5, connect=1), 8.5, "8.5"),
        (Timeout(None, connect=1), None, None),
    ],
)
@pytest.mark.parametrize("where", ["client", "copy", "call"])
async def test_timeout_applies_wherever_it_is_given(
    where: str, given: Any, read: float | None, header: str | None, api: respx.MockRouter
) -> None:
    client = make(timeout=given) if where == "client" else make()
    client = client.with_options(timeout=given) if where == "copy" else client
    await client.models.list(timeout=given if where == "call" else not_given)
    assert sent(api).extensions["timeout"]["read"] == read
    assert sent(api).headers.get("x-stainless-read-timeout") == header


async def test_phases_of_a_timeout_reach_the_connection(api: respx.MockRouter) -> None:
    await make().models.list(timeout=Timeout(connect=1, read=2, write=3, pool=4))
    limits = sent(api).extensions["timeout"]
    assert limits == {"connect": 1, "read": 2, "write": 3, "pool": 4}


@pytest.mark.parametrize("timeout", [-1, "10", (1, 2)])
async def test_impossible_timeout_is_refused(timeout: Any) -> None:
    with pytest.raises(ValueError, match="Timeout"):
        await make().models.list(timeout=timeout)


# Copies


def test_copy_and_with_options_are_one() -> None:
    assert AsyncOpenAI.copy is AsyncOpenAI.with_options


def test_copy_is_of_the_same_class_with_the_same_settings() -> None:
    client = make(organization="o", project="p", webhook_secret="w", max_retries=7, timeout=9)
    twin = client.copy()
    assert type(twin) is AsyncOpenAI
    assert twin is not client
    for name in ("api_key", "organization", "project", "webhook_secret", "base_url", "timeout"):
        assert getattr(twin, name) == getattr(client, name)
    assert twin.max_retries == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_key", "other"),
        ("admin_api_key", "other"),
        ("organization", "other"),
        ("project", "other"),
        ("webhook_secret", "other"),
        ("websocket_base_url", "wss://other.test"),
        ("timeout", None),
        ("timeout", 3.0),
        ("max_retries", 0),
        ("on_retry", print),
    ],
)
def test_copy_changes_one_setting(name: str, value: Any) -> None:
    client = make(timeout=1)
    before = getattr(client, name)
    changes: dict[str, Any] = {name: value}
    assert getattr(client.with_options(**changes), name) == value
    assert getattr(client, name) == before


@pytest.mark.parametrize("name", ["api_key", "organization", "project", "webhook_secret"])
@pytest.mark.parametrize("value", ["", None])
def test_falsy_value_inherits(name: str, value: Any) -> None:
    client = make(**{name: "kept"})
    changes: dict[str, Any] = {name: value}
    assert getattr(client.with_options(**changes), name) == "kept"


def test_copy_takes_another_base_url() -> None:
    assert make().copy(base_url="http://other.test/v1").base_url == "http://other.test/v1/"


def test_copy_takes_a_residency() -> None:
    assert make().copy(data_residency="eu").base_url == "https://eu.api.openai.com/v1/"


def test_copy_refuses_residency_with_a_url() -> None:
    with pytest.raises(ValueError, match="base_url"):
        make().copy(data_residency="eu", base_url=BASE)


@pytest.mark.parametrize(("value", "error"), [(-1, ValueError), (None, TypeError)])
def test_copy_checks_max_retries(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="max_retries"):
        make().with_options(max_retries=value)


def test_copy_adds_default_headers() -> None:
    client = make(default_headers={"X-A": "1", "X-B": "1"})
    headers = client.copy(default_headers={"x-a": "2"}).default_headers
    assert {n: v for n, v in headers.items() if n.lower() in ("x-a", "x-b")} == {
        "X-B": "1",
        "x-a": "2",
    }


@pytest.mark.parametrize("replacement", [{"X-B": "2"}, {}])
def test_copy_replaces_default_headers(replacement: dict[str, str]) -> None:
    client = make(default_headers={"X-A": "1"})
    headers = client.copy(set_default_headers=replacement).default_headers
    assert "X-A" not in headers
    assert headers.get("X-B") == replacement.get("X-B")


def test_copy_adds_default_query() -> None:
    client = make(default_query={"a": 1, "b": 1})
    assert client.copy(default_query={"b": 2}).default_query == {"a": 1, "b": 2}


@pytest.mark.parametrize("replacement", [{"b": 2}, {}])
def test_copy_replaces_default_query(replacement: dict[str, object]) -> None:
    client = make(default_query={"a": 1})
    assert client.copy(set_default_query=replacement).default_query == replacement


@pytest.mark.parametrize("name", ["default_headers", "default_query"])
def test_copy_refuses_to_add_and_replace_at_once(name: str) -> None:
    both: dict[str, Any] = {name: {}, f"set_{name}": {}}
    with pytest.raises(ValueError, match=name):
        make().copy(**both)


def test_changing_a_copy_leaves_the_original_alone() -> None:
    client = make(default_headers={"X-A": "1"})
    twin = client.copy()
    twin.default_headers["X-A"] = "2"
    twin.api_key = "other"
    assert client.default_headers["X-A"] == "1"
    assert client.api_key == "sk-test"


async def test_namespaces_of_a_copy_use_its_settings(api: respx.MockRouter) -> None:
    client = make()
    await client.models.list()
    await client.with_options(api_key="sk-other").models.list()
    assert sent(api).headers["authorization"] == "Bearer sk-other"
    await client.models.list()
    assert sent(api).headers["authorization"] == "Bearer sk-test"


async def test_copy_of_a_subclass_keeps_what_it_added(api: respx.MockRouter) -> None:
    class Tenant(AsyncOpenAI):
        def __init__(self, tenant: str) -> None:
            super().__init__(api_key="sk-test", base_url=BASE)
            self.tenant = tenant

    twin = Tenant("acme").with_options(max_retries=0)
    assert isinstance(twin, Tenant)
    assert (twin.tenant, twin.max_retries) == ("acme", 0)
    await twin.models.list()
    assert sent(api).headers["user-agent"].startswith("Tenant/")


async def test_copy_asks_its_own_key_function(api: respx.MockRouter) -> None:
    client = make(api_key=lambda: "sk-first")
    await client.with_options(api_key=lambda: "sk-second").models.list()
    assert sent(api).headers["authorization"] == "Bearer sk-second"


async def test_plain_key_of_a_copy_replaces_the_function(api: respx.MockRouter) -> None:
    await make(api_key=lambda: "sk-first").with_options(api_key="sk-plain").models.list()
    assert sent(api).headers["authorization"] == "Bearer sk-plain"


async def test_copy_can_have_an_http_client_of_its_own() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"object": "list", "data": []})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http_client:
        page = await make().with_options(http_client=http_client).models.list()
    assert page.data == []


def test_client_can_be_copied_by_the_standard_library() -> None:
    assert copy.copy(make()).api_key == "sk-test"


# The user's own HTTP client


async def test_http_client_is_used_as_given() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"object": "list", "data": []})

    http_client = httpx.AsyncClient(
        transport=httpx.MockTransport(answer), headers={"X-Theirs": "1"}, cookies={"c": "2"}
    )
    async with make(http_client=http_client) as client:
        await client.models.list()
    assert seen[0].headers["x-theirs"] == "1"
    assert seen[0].headers["cookie"] == "c=2"


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        (httpx.Timeout(5.0), not_given, Timeout(600, connect=5.0)),
        (httpx.Timeout(61.0), not_given, Timeout(61)),
        (None, not_given, Timeout(None)),
        (httpx.Timeout(61.0), 3.0, 3.0),
        (httpx.Timeout(61.0), None, None),
    ],
)
async def test_timeout_of_the_http_client_is_adopted_when_changed(
    theirs: Any, ours: Any, expected: Any
) -> None:
    async with httpx.AsyncClient(timeout=theirs) as http_client:
        client = make(http_client=http_client, timeout=ours)
        assert expected == client.timeout


async def test_http_client_keeps_its_rule_for_redirects(routes: respx.MockRouter) -> None:
    routes.get(f"{BASE}/old").respond(302, headers={"location": f"{BASE}/new"})
    async with httpx.AsyncClient() as http_client:
        with pytest.raises(openai_async.APIStatusError) as caught:
            await make(http_client=http_client).get("/old", cast_to=object)
    assert caught.value.status_code == 302


async def test_redirects_are_followed(routes: respx.MockRouter) -> None:
    routes.get(f"{BASE}/old").respond(302, headers={"location": f"{BASE}/new"})
    routes.get(f"{BASE}/new").respond(json={"new": True})
    assert await make().get("/old", cast_to=object) == {"new": True}


async def test_redirected_body_is_sent_again(routes: respx.MockRouter) -> None:
    routes.post(f"{BASE}/old").respond(307, headers={"location": f"{BASE}/new"})
    new = routes.post(f"{BASE}/new").respond(json={})
    await make().post("/old", cast_to=object, body={"a": 1})
    assert new.calls.last.request.content == b'{"a":1}'


# Life


async def test_close_is_idempotent_and_visible(client: AsyncOpenAI) -> None:
    assert not client.is_closed()
    await client.models.list()
    await client.close()
    await client.close()
    assert client.is_closed()


async def test_leaving_the_block_closes(emulator: Emulator) -> None:
    async with make(base_url=emulator.base_url) as client:
        await client.models.list()
    assert client.is_closed()


@pytest.mark.parametrize("used", [False, True])
async def test_closed_client_says_so(used: bool, client: AsyncOpenAI) -> None:
    if used:
        await client.models.list()
    await client.close()
    with pytest.raises(RuntimeError, match="closed"):
        await client.models.list()


async def test_closing_a_copy_closes_the_original(client: AsyncOpenAI) -> None:
    await client.with_options(timeout=1).close()
    assert client.is_closed()


async def test_closing_closes_the_http_client_of_the_user() -> None:
    http_client = httpx.AsyncClient()
    async with make(http_client=http_client):
        pass
    assert http_client.is_closed


async def test_client_whose_http_client_was_closed_says_so() -> None:
    http_client = httpx.AsyncClient()
    client = make(http_client=http_client)
    await http_client.aclose()
    assert client.is_closed()
    with pytest.raises(RuntimeError, match="closed"):
        await client.models.list()


def test_one_client_serves_runs_one_after_another(emulator: Emulator) -> None:
    client = make(base_url=emulator.base_url)

    async def use() -> str:
        return (await client.models.list()).object or ""

    assert [anyio.run(use, backend=b) for b in ("asyncio", "trio", "asyncio", "trio")] == [
        "list"
    ] * 4


def test_one_client_serves_loops_side_by_side(emulator: Emulator) -> None:
    client = make(base_url=emulator.base_url, max_retries=0)
    both_are_running = threading.Barrier(2, timeout=10)
    results: list[int] = []

    async def use() -> None:
        await client.models.list()
        await anyio.to_thread.run_sync(both_are_running.wait)
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(ask)

    async def ask() -> None:
        results.append(len((await client.models.list()).data))

    threads = [
        threading.Thread(target=anyio.run, args=(use,), kwargs={"backend": backend})
        for backend in ("asyncio", "trio")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(results) == 10
    assert len(set(results)) == 1


# Low-level methods


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
async def test_every_verb(method: str, api: respx.MockRouter) -> None:
    answer = await getattr(make(), method)("/things/1", cast_to=object)
    assert answer == {"object": "list", "data": []}
    assert sent(api).method == method.upper()
    assert str(sent(api).url) == f"{BASE}/things/1"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
async def test_body_is_sent_as_json(method: str, api: respx.MockRouter) -> None:
    await getattr(make(), method)("/x", cast_to=object, body={"a": [1, None], "b": omit})
    assert sent(api).content == b'{"a":[1,null]}'


async def test_request_takes_any_verb(api: respx.MockRouter) -> None:
    await make().request("options", "/x", cast_to=object)
    assert sent(api).method == "OPTIONS"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/models", f"{BASE}/models"),
        ("models", f"{BASE}/models"),
        ("//models", f"{BASE}/models"),
        ("/models?a=1", f"{BASE}/models?a=1"),
        ("https://elsewhere.test/x", "https://elsewhere.test/x"),
    ],
)
async def test_path_is_relative_to_the_base_url(path: str, url: str, api: respx.MockRouter) -> None:
    await make().get(path, cast_to=object)
    assert str(sent(api).url) == url


async def test_query_of_the_base_url_is_kept(api: respx.MockRouter) -> None:
    await make(base_url=f"{BASE}?version=1").get("/x", cast_to=object)
    assert str(sent(api).url) == f"{BASE}/x?version=1"


async def test_options_of_a_low_level_request(api: respx.MockRouter) -> None:
    options: RequestOptions = {
        "headers": {"X-Mine": "1"},
        "params": {"a": "b"},
        "timeout": 4,
        "idempotency_key": "once",
        "extra_json": {"c": 1},
    }
    await make().post("/x", cast_to=object, body={}, options=options)
    assert sent(api).headers["x-mine"] == "1"
    assert sent(api).headers["idempotency-key"] == "once"
    assert sent(api).url.query == b"a=b"
    assert sent(api).extensions["timeout"]["read"] == 4
    assert sent(api).content == b'{"c":1}'


async def test_content_is_sent_as_it_is(api: respx.MockRouter) -> None:
    options: RequestOptions = {"headers": {"Content-Type": "application/sdp"}}
    await make().post("/x", cast_to=object, content=b"v=0", options=options)
    assert sent(api).content == b"v=0"
    assert sent(api).headers["content-type"] == "application/sdp"


@pytest.mark.parametrize("other", [{"body": {}}, {"files": {"file": b"x"}}])
async def test_content_excludes_other_bodies(other: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="content"):
        await make().post("/x", cast_to=object, content=b"x", **other)


async def test_files_make_a_form(api: respx.MockRouter) -> None:
    await make().post("/x", cast_to=object, body={"a": 1}, files={"file": ("n.txt", b"text")})
    assert sent(api).headers["content-type"].startswith("multipart/form-data; boundary=")
    content = await sent(api).aread()
    assert b'name="a"\r\n\r\n1\r\n' in content
    assert b'name="file"; filename="n.txt"' in content
    assert int(sent(api).headers["content-length"]) == len(content)


class Thing(BaseModel):
    id: str


@pytest.mark.parametrize(
    ("body", "cast_to", "expected"),
    [
        (b'{"id":"1"}', dict[str, Any], {"id": "1"}),
        (b"[1]", list[int], [1]),
        (b'{"id":"1"}', object, {"id": "1"}),
        (b"plain", str, "plain"),
        (b"plain", bytes, b"plain"),
        (b"3", int, 3),
        (b"0.5", float, 0.5),
        (b"True", bool, True),
        (b"no", bool, False),
        (b"ignored", None, None),
        (b"", type(None), None),
    ],
)
async def test_answer_is_cast(
    body: bytes, cast_to: Any, expected: object, routes: respx.MockRouter
) -> None:
    routes.get(f"{BASE}/cast").respond(content=body)
    answer = await make().get("/cast", cast_to=cast_to)
    assert answer == expected
    assert type(answer) is type(expected)


async def test_answer_is_cast_to_a_model_with_its_request_id(routes: respx.MockRouter) -> None:
    routes.get(f"{BASE}/cast").respond(json={"id": "1"}, headers={"x-request-id": "req_1"})
    thing = await make().get("/cast", cast_to=Thing)
    assert isinstance(thing, Thing)
    assert (thing.id, thing._request_id) == ("1", "req_1")


async def test_low_level_stream(client: AsyncOpenAI) -> None:
    body = {"model": "m", "messages": MESSAGES, "stream": True}
    stream = await client.post("/chat/completions", cast_to=object, body=body, stream=True)
    assert {event["object"] async for event in stream} == {"chat.completion.chunk"}


async def test_list_of_any_kind(client: AsyncOpenAI) -> None:
    made = [await client.files.create(file=b"x", purpose="batch") for _ in range(3)]
    listed = client.get_api_list("/files", model=FileObject, page=AsyncCursorPage, limit=2)
    assert {file.id async for file in listed} == {file.id for file in made}
