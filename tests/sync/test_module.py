"""The module-level client: `openai_sync` itself, with its attributes as settings."""

from __future__ import annotations

import copy
import gc
import importlib
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

import openai_sync as openai
from openai_async.emulator import Emulator, RecordedRequest
from openai_sync._module import AZURE_SETTINGS, SETTINGS
from openai_sync._module_resources import __all__ as RESOURCES

from .wire import HandServer

HELLO: Any = [{"role": "user", "content": "Hello?"}]
ALL_SETTINGS = {*SETTINGS, *AZURE_SETTINGS, "api_type"}


def assigned() -> dict[str, Any]:
    return {name: value for name, value in vars(openai).items() if name in ALL_SETTINGS}


#: Read before any test or example ran.
INITIAL = assigned()


@pytest.fixture(autouse=True)
def settings(emulator: Emulator) -> Iterator[None]:
    """Those of the module: what they are at first, but for the emulator."""
    before = assigned()
    assign(INITIAL)
    openai.api_key, openai.base_url = "sk-module", emulator.base_url
    yield
    assign(before)
    openai._reset_client()


def assign(settings: dict[str, Any]) -> None:
    for name in {*assigned()} - {*settings}:
        delattr(openai, name)
    vars(openai).update(settings)


def last(emulator: Emulator) -> RecordedRequest:
    """The request of a call made now."""
    openai.models.list()
    return emulator.requests[-1]


# What can be called


def test_a_call() -> None:
    answer = openai.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    assert answer.choices[0].message.content == "You said: Hello?"


def test_a_stream() -> None:
    with openai.chat.completions.create(model="m", messages=HELLO, stream=True) as stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert text == "You said: Hello?"


def test_all_pages_of_a_list(emulator: Emulator) -> None:
    made = [openai.files.create(file=b"x", purpose="batch").id for _ in range(3)]
    emulator.clear()
    assert {file.id for file in openai.files.list(limit=1)} == {*made}
    assert len(emulator.requests) >= 3


def test_raw_responses() -> None:
    answer = openai.models.with_raw_response.list()
    assert (answer.status_code, bool(answer.parse().data)) == (200, True)


def test_streaming_responses() -> None:
    with openai.models.with_streaming_response.list() as answer:
        assert answer.json()["object"] == "list"


def test_helpers_of_many_calls(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("remember the milk")
    store = openai.vector_stores.create()
    batch = openai.vector_stores.file_batches.upload_and_poll(
        store.id, files=[tmp_path / "note.txt", ("b.txt", b"b")]
    )
    assert (batch.status, batch.file_counts.completed) == ("completed", 2)


@pytest.mark.filterwarnings("ignore:The Assistants API is deprecated")
def test_helpers_that_are_deprecated() -> None:
    """Such methods call others, whose warnings nobody shall see."""
    assistant = openai.beta.assistants.create(model="m")
    ended = openai.beta.threads.create_and_run_poll(assistant_id=assistant.id)
    assert ended.status == "completed"
    runs = openai.beta.threads.runs
    with runs.stream(ended.thread_id, assistant_id=assistant.id) as handler:
        assert "".join(handler.text_deltas).startswith("You said: ")


def test_it_says_what_it_is(emulator: Emulator) -> None:
    assert last(emulator).headers["user-agent"] == f"_ModuleClient/Python {openai.__version__}"


# Settings

#: An assignment, and what it changes in the next request.
LIVE: list[tuple[str, Any, Callable[[RecordedRequest], Any], Any]] = [
    ("api_key", "sk-next", lambda sent: sent.headers["authorization"], "Bearer sk-next"),
    ("api_key", lambda: "sk-asked", lambda sent: sent.headers["authorization"], "Bearer sk-asked"),
    ("organization", "org-1", lambda sent: sent.headers["openai-organization"], "org-1"),
    ("project", "proj-1", lambda sent: sent.headers["openai-project"], "proj-1"),
    ("default_headers", {"x-mine": "yes"}, lambda sent: sent.headers["x-mine"], "yes"),
    ("default_query", {"mine": "yes"}, lambda sent: sent.query, "mine=yes"),
    ("timeout", 7, lambda sent: sent.headers["x-stainless-read-timeout"], "7"),
]


@pytest.mark.parametrize(("name", "value", "read", "expected"), LIVE)
def test_settings_count_for_the_next_call(
    name: str,
    value: Any,
    read: Callable[[RecordedRequest], Any],
    expected: str,
    emulator: Emulator,
) -> None:
    openai.models.list()
    setattr(openai, name, value)
    assert read(last(emulator)) == expected


def test_headers_may_be_changed_in_place(emulator: Emulator) -> None:
    headers = {"x-mine": "before"}
    openai.default_headers = headers
    assert last(emulator).headers["x-mine"] == "before"
    headers["x-mine"] = "after"
    assert last(emulator).headers["x-mine"] == "after"


def test_the_base_url_may_change(emulator: Emulator) -> None:
    openai.models.list()
    with Emulator() as other:
        openai.base_url = other.base_url
        openai.models.list()
        assert (len(emulator.requests), len(other.requests)) == (1, 1)


def test_the_base_url_needs_no_slash(emulator: Emulator) -> None:
    openai.base_url = emulator.base_url.rstrip("/")
    assert last(emulator).path == "/v1/models"


def test_the_admin_key(emulator: Emulator) -> None:
    openai.admin_api_key = "sk-admin"
    with pytest.raises(openai.NotFoundError):
        openai.admin.organization.projects.list()
    assert emulator.requests[-1].headers["authorization"] == "Bearer sk-admin"


def test_retries_and_their_hook(emulator: Emulator) -> None:
    told: list[int] = []
    openai.on_retry = lambda retry: told.append(retry.attempt)
    openai.max_retries = 1
    emulator.fault("status=500; retry-after-ms=1", times=2)
    with pytest.raises(openai.InternalServerError):
        openai.models.list()
    assert (told, len(emulator.requests)) == ([1], 2)


def test_the_deadline(server: HandServer) -> None:
    openai.base_url, openai.deadline = server.base_url, 0.05
    with pytest.raises(openai.DeadlineExceeded):
        openai.models.list()


def test_a_setting_that_makes_no_sense_is_named() -> None:
    openai.max_retries = -1
    with pytest.raises(ValueError, match="max_retries"):
        openai.models.list()


def test_a_mistaken_setting_is_mended_by_the_next() -> None:
    openai.proxy = "nonsense://"
    with pytest.raises(ValueError, match="proxy"):
        openai.models.list()
    openai.proxy = None
    assert openai.models.list().data


def test_nothing_is_written_into_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    openai.api_key = openai.organization = None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-environment")
    before = assigned()
    openai.models.list()
    assert assigned() == before


def test_the_environment_counts_where_nothing_is_set(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    openai.api_key = None
    for key in ("sk-one", "sk-two"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        assert last(emulator).headers["authorization"] == f"Bearer {key}"


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("api_type", "OPENAI_API_TYPE"),
        ("api_version", "OPENAI_API_VERSION"),
        ("azure_endpoint", "AZURE_OPENAI_ENDPOINT"),
    ],
)
def test_settings_that_show_the_environment(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert getattr(openai, name) is None
    monkeypatch.setenv(variable, "from there")
    assert getattr(openai, name) == "from there"
    setattr(openai, name, "from here")
    assert getattr(openai, name) == "from here"


def test_settings_begin_as_those_of_a_client() -> None:
    client = openai.OpenAI(api_key="k")
    assert (openai.timeout, openai.max_retries) == (client.timeout, client.max_retries)
    assert openai.default_headers is openai.default_query is openai.http_client is None


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: openai.models.list(), "openai.api_key, or set OPENAI_API_KEY"),
        (lambda: openai.admin.organization.projects.list(), "openai.admin_api_key, or set"),
    ],
)
def test_without_a_key_the_call_names_the_setting(
    call: Callable[[], object], named: str, emulator: Emulator
) -> None:
    openai.api_key = None
    with pytest.raises(TypeError, match=named):
        call()
    assert emulator.requests == []


def test_without_a_key_a_header_will_do(emulator: Emulator) -> None:
    openai.api_key, openai.default_headers = None, {"Authorization": "Bearer mine"}
    assert last(emulator).headers["authorization"] == "Bearer mine"


# Connections


def test_connections_are_kept(emulator: Emulator) -> None:
    before = last(emulator).port
    openai.api_key, openai.timeout, openai.default_query = "sk-other", 30, {"a": "b"}
    assert last(emulator).port == before


@pytest.mark.parametrize(
    ("name", "value"), [("verify", False), ("limits", openai.Limits(5)), ("proxy", "")]
)
def test_how_to_connect_gives_new_connections(name: str, value: Any, emulator: Emulator) -> None:
    before = last(emulator).port
    setattr(openai, name, value)
    after = last(emulator).port
    assert after != before
    assert last(emulator).port == after


def test_a_proxy_may_be_set_at_any_time(emulator: Emulator, server: HandServer) -> None:
    openai.models.list()
    openai.proxy, openai.max_retries, openai.timeout = server.base_url, 0, 0.05
    with pytest.raises(openai.APIConnectionError):
        openai.models.list()
    assert len(emulator.requests) == 1


def test_a_client_of_the_users(emulator: Emulator) -> None:
    openai.models.list()
    with httpx.Client(headers={"x-from": "mine"}) as mine:
        openai.http_client = mine
        assert last(emulator).headers["x-from"] == "mine"
        assert openai.http_client is mine
        openai.http_client = None
        assert "x-from" not in last(emulator).headers
        assert not mine.is_closed


def test_what_was_used_before_is_let_go() -> None:
    openai.http_client = httpx.Client()
    openai.models.list()
    openai.http_client.close()
    former = weakref.ref(openai.http_client)
    openai.http_client = None
    openai.models.list()
    gc.collect()
    assert former() is None


def test_the_timeout_of_a_client_of_the_users_counts(emulator: Emulator) -> None:
    with httpx.Client(timeout=3) as mine:
        openai.http_client = mine
        assert last(emulator).headers["x-stainless-read-timeout"] == "3"
        openai.timeout = 4
        assert last(emulator).headers["x-stainless-read-timeout"] == "4"


def test_reset_forgets_the_connections(emulator: Emulator) -> None:
    before = last(emulator).port
    openai._reset_client()
    assert last(emulator).port != before


def test_a_stream_goes_on_while_the_settings_change() -> None:
    stream = openai.chat.completions.create(model="m", messages=HELLO, stream=True)
    first = next(stream)
    openai.api_key, openai.verify = "sk-other", False
    openai.models.list()
    rest = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert (first.choices[0].delta.content or "") + rest == "You said: Hello?"


def test_threads_that_begin_together_share_connections(emulator: Emulator) -> None:
    openai.limits = openai.Limits(max_connections=1)
    together = threading.Barrier(16)

    def ask(_: int) -> None:
        together.wait()
        openai.models.list()

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(ask, range(16)))
    assert len({request.port for request in emulator.requests}) == 1


# The resources


@pytest.mark.parametrize("name", RESOURCES)
def test_every_resource_of_a_client_is_there(name: str) -> None:
    resource = getattr(openai, name)
    assert type(resource) is type(getattr(openai.OpenAI(api_key="k"), name))
    assert not isinstance(resource, ModuleType)


def test_all_are_listed() -> None:
    assert {name for name in dir(openai.OpenAI) if name in RESOURCES} == {*RESOURCES}
    assert {*RESOURCES} <= {*dir(openai)}


def test_a_resource_that_was_imported_stays_live(emulator: Emulator) -> None:
    from openai_sync import models

    listed = models.list
    openai.api_key = "sk-later"
    models.list()
    listed()
    keys = [request.headers["authorization"] for request in emulator.requests]
    assert keys == ["Bearer sk-later", "Bearer sk-later"]


def test_a_view_that_was_kept_stays_live(emulator: Emulator) -> None:
    raw = openai.models.with_raw_response
    raw.list()
    openai.api_key = "sk-later"
    raw.list()
    assert emulator.requests[-1].headers["authorization"] == "Bearer sk-later"


def test_parts_say_where_they_are() -> None:
    assert repr(openai.chat.completions) == "openai.chat.completions"
    assert repr(openai.chat.completions.with_raw_response).startswith("openai.chat.completions.")


def test_completion_finds_parts_and_methods() -> None:
    assert "completions" in dir(openai.chat)
    assert {"create", "with_raw_response"} <= {*dir(openai.chat.completions)}


def test_resources_can_be_copied_and_pickled(emulator: Emulator) -> None:
    for twin in (copy.copy(openai.models), pickle.loads(pickle.dumps(openai.models))):
        openai.api_key = "sk-later"
        assert twin.list().data
    assert emulator.requests[-1].headers["authorization"] == "Bearer sk-later"


def test_submodules_are_not_hidden() -> None:
    for name in ("pagination", "resources", "types"):
        assert importlib.import_module(f"openai_sync.{name}") is getattr(openai, name)
    assert openai.types.chat.ChatCompletion


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="chatt"):
        openai.chatt  # type: ignore[attr-defined]  # noqa: B018


# Azure


def test_ambiguous_settings_fail_the_call_alone(
    monkeypatch: pytest.MonkeyPatch, emulator: Emulator
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com")
    completions = openai.chat.completions
    with pytest.raises(openai.AmbiguousModuleClientUsageError, match="AZURE_OPENAI_ENDPOINT"):
        completions.create(model="m", messages=HELLO)
    openai.api_type = "openai"
    assert completions.create(model="m", messages=HELLO).choices


@pytest.fixture
def azure(emulator: Emulator) -> None:
    """Settings for Azure, which the emulator stands for."""
    openai.api_type, openai.api_version = "azure", "2024-10-21"
    openai.api_key, openai.base_url = "az-key", None
    openai.azure_endpoint = emulator.base_url.removesuffix("/").removesuffix("/v1")


def asked_of_azure(emulator: Emulator) -> RecordedRequest:
    """The request of a call made now."""
    answer = openai.chat.completions.create(model="mine", messages=HELLO)
    assert answer.choices[0].message.content == "You said: Hello?"
    return emulator.requests[-1]


@pytest.mark.usefixtures("azure")
def test_azure(emulator: Emulator) -> None:
    sent = asked_of_azure(emulator)
    assert sent.path == "/openai/deployments/mine/chat/completions"
    assert sent.query == "api-version=2024-10-21"
    assert (sent.headers["api-key"], sent.headers.get("authorization")) == ("az-key", None)
    assert sent.headers["user-agent"] == f"_ModuleClient/Python {openai.__version__}"


@pytest.mark.usefixtures("azure")
def test_azure_by_the_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", str(openai.azure_endpoint))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az-environment")
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-01-01")
    openai.api_type = openai.api_key = openai.azure_endpoint = openai.api_version = None
    sent = asked_of_azure(emulator)
    assert (sent.headers["api-key"], sent.query) == ("az-environment", "api-version=2025-01-01")


@pytest.mark.usefixtures("azure")
def test_tokens_of_azure(emulator: Emulator) -> None:
    openai.api_key = None
    openai.azure_ad_token = "token-one"
    assert asked_of_azure(emulator).headers["authorization"] == "Bearer token-one"
    openai.azure_ad_token, openai.azure_ad_token_provider = None, lambda: "token-two"
    assert asked_of_azure(emulator).headers["authorization"] == "Bearer token-two"


@pytest.mark.usefixtures("azure")
def test_settings_of_azure_count_for_the_next_call(emulator: Emulator) -> None:
    before = asked_of_azure(emulator)
    openai.api_key, openai.api_version = "az-next", "2025-01-01"
    after = asked_of_azure(emulator)
    assert (after.headers["api-key"], after.query) == ("az-next", "api-version=2025-01-01")
    assert after.port == before.port


@pytest.mark.usefixtures("azure")
def test_from_azure_to_openai_and_back(emulator: Emulator) -> None:
    completions = openai.chat.completions
    assert asked_of_azure(emulator).path.startswith("/openai/")
    openai.api_type, openai.base_url = "openai", emulator.base_url
    completions.create(model="m", messages=HELLO)
    assert emulator.requests[-1].headers["authorization"] == "Bearer az-key"
    openai.api_type, openai.base_url = "azure", None
    assert asked_of_azure(emulator).path.startswith("/openai/")


@pytest.mark.usefixtures("azure")
def test_azure_without_a_key(emulator: Emulator) -> None:
    openai.api_key = None
    with pytest.raises(TypeError, match=r"set openai.api_key .*AZURE_OPENAI_API_KEY"):
        openai.chat.completions.create(model="mine", messages=HELLO)
    assert emulator.requests == []


@pytest.mark.usefixtures("azure")
def test_azure_without_a_version() -> None:
    openai.api_version = None
    with pytest.raises(ValueError, match="OPENAI_API_VERSION"):
        openai.chat.completions.create(model="mine", messages=HELLO)
