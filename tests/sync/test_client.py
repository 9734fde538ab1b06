"""`OpenAI` itself: its settings, its copies, and what it says about itself."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import httpx
import pytest

from openai_async.emulator import Emulator
from openai_sync import Client, OpenAI, OpenAIError, Timeout, __version__


@pytest.fixture
def fresh() -> OpenAI:
    """A client that is never asked to send anything."""
    return OpenAI(api_key="sk-secret", base_url="http://localhost:1/v1")


SETTINGS = [
    ("api_key", "sk-other"),
    ("admin_api_key", "sk-admin"),
    ("organization", "org-1"),
    ("project", "proj-1"),
    ("webhook_secret", "whsec"),
    ("websocket_base_url", "ws://localhost:1"),
    ("timeout", 7.0),
    ("timeout", None),
    ("timeout", Timeout(9, connect=1)),
    ("max_retries", 0),
    ("on_retry", print),
]


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_a_setting_is_an_argument(name: str, value: Any) -> None:
    settings = {"api_key": "sk-secret", name: value}
    assert getattr(OpenAI(**settings), name) == value


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_a_setting_may_be_assigned(fresh: OpenAI, name: str, value: Any) -> None:
    setattr(fresh, name, value)
    assert getattr(fresh, name) == value


@pytest.mark.parametrize(("name", "value"), SETTINGS)
@pytest.mark.parametrize("method", ["copy", "with_options"])
def test_a_copy_has_a_setting_changed(fresh: OpenAI, method: str, name: str, value: Any) -> None:
    before = getattr(fresh, name)
    twin = getattr(fresh, method)(**{name: value})
    assert getattr(twin, name) == value
    assert getattr(fresh, name) == before


@pytest.mark.parametrize("name", ["auth_headers", "default_headers", "default_query", "user_agent"])
def test_what_follows_from_settings_cannot_be_assigned(fresh: OpenAI, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(fresh, name, {})


def test_assigned_settings_apply_to_the_next_request(emulator: Emulator) -> None:
    with OpenAI(api_key="sk-one", base_url="http://localhost:1/v1") as client:
        client.api_key = "sk-two"
        client.base_url = emulator.base_url
        client.organization = "org-2"
        client.models.list()
    headers = emulator.requests[0].headers
    assert headers["authorization"] == "Bearer sk-two"
    assert headers["openai-organization"] == "org-2"


@pytest.mark.parametrize("url", ["http://host/v2", httpx.URL("http://host/v2")])
def test_base_url_may_be_text_or_a_url(fresh: OpenAI, url: Any) -> None:
    fresh.base_url = url
    assert str(fresh.base_url) == "http://host/v2/"


def test_base_url_is_documented() -> None:
    assert "base_url" in vars(OpenAI)
    assert "Where requests go" in (OpenAI.base_url.__doc__ or "")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    assert OpenAI().api_key == "sk-environment"


def test_credentials_are_needed() -> None:
    with pytest.raises(OpenAIError, match="OPENAI_API_KEY"):
        OpenAI()


@pytest.mark.parametrize("wrong", [{"api_ke": "k"}, {"api_key": "k", "retries": 1}])
def test_unknown_arguments_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        OpenAI(**wrong)


def test_settings_are_passed_by_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        OpenAI("sk-secret")  # type: ignore[misc]


def test_a_copy_may_send_through_a_blocking_http_client(sync_client: OpenAI) -> None:
    asked: list[str] = []
    hooks = {"request": [lambda request: asked.append(request.url.path)]}
    with httpx.Client(event_hooks=hooks) as http:
        assert sync_client.with_options(http_client=http).models.list().data
    assert asked == ["/v1/models"]


def test_it_sends_through_the_given_http_client(emulator: Emulator) -> None:
    agents: list[str] = []

    async def note(request: httpx.Request) -> None:
        agents.append(request.headers["user-agent"])

    http = httpx.AsyncClient(event_hooks={"request": [note]})
    with OpenAI(api_key="k", base_url=emulator.base_url, http_client=http) as client:
        client.models.list()
    assert agents == [f"OpenAI/Python {__version__}"]
    assert http.is_closed


def test_it_says_that_it_blocks(sync_client: OpenAI, emulator: Emulator) -> None:
    sync_client.models.list()
    headers = emulator.requests[0].headers
    assert headers["user-agent"] == f"OpenAI/Python {__version__}"
    assert headers["x-stainless-async"] == "false"


def test_copies_say_so_too(sync_client: OpenAI, emulator: Emulator) -> None:
    sync_client.copy(timeout=9).models.list()
    assert emulator.requests[0].headers["x-stainless-async"] == "false"


def test_repr_names_the_server_and_no_secret() -> None:
    client = OpenAI(api_key="sk-secret", base_url="https://user:hidden@host/v1")
    assert repr(client).startswith("OpenAI(base_url='https://")
    assert "sk-secret" not in repr(client)
    assert "hidden" not in repr(client)
    assert repr(client.chat.completions) == f"Completions({client!r})"


class Mine(OpenAI):
    def __init__(self, *, tenant: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.tenant = tenant

    @cached_property
    def prefix(self) -> str:
        return f"{self.tenant}@{self.base_url}"


def test_a_copy_of_a_subclass_is_one() -> None:
    client = Mine(tenant="a", api_key="k")
    twin = client.with_options(timeout=1)
    assert type(twin) is Mine
    assert twin.tenant == "a"
    assert repr(twin).startswith("Mine(")
    assert twin.user_agent == f"Mine/Python {__version__}"


def test_a_copy_forgets_what_was_cached_for_the_original() -> None:
    client = Mine(tenant="a", api_key="k", base_url="http://one/v1")
    assert client.prefix == "a@http://one/v1/"
    assert client.copy(base_url="http://two/v1").prefix == "a@http://two/v1/"


def test_resources_of_a_copy_are_its_own(emulator: Emulator, sync_client: OpenAI) -> None:
    sync_client.models.list()
    sync_client.with_options(organization="org-copy").models.list()
    sync_client.models.list()
    organizations = [each.headers.get("openai-organization") for each in emulator.requests]
    assert organizations == [None, "org-copy", None]


def test_a_resource_is_made_once(fresh: OpenAI) -> None:
    assert fresh.chat is fresh.chat
    assert fresh.chat.completions is fresh.chat.completions


def test_copies_share_their_connections(sync_client: OpenAI) -> None:
    twin = sync_client.copy()
    twin.close()
    assert sync_client.is_closed()


def test_leaving_the_block_closes(emulator: Emulator) -> None:
    with OpenAI(api_key="k", base_url=emulator.base_url) as client:
        client.models.list()
        assert not client.is_closed()
    assert client.is_closed()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.models.list()


def test_client_is_another_name() -> None:
    assert Client is OpenAI


def test_platform_headers(fresh: OpenAI) -> None:
    assert fresh.platform_headers()["X-Stainless-Lang"] == "python"
