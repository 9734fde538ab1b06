"""What a client is configured with: arguments first, then environment variables, then defaults.

The environment is read here, and for what only Azure has in `_azure`; nowhere else. Settings may be
changed on a live client (`client.api_key = ...`) and apply to the requests that begin after that.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any, cast

from typing_extensions import Self

from . import _callbacks, _urls
from ._errors import OpenAIError
from ._headers import SENDABLE, Merged, merge, platform_headers, sendable
from ._operation import Auth
from ._retry import check_max_retries
from ._sentinels import Omit, is_given
from ._timeouts import Timeout, check_limit
from ._transport import Network, Transport, WireRequest
from ._version import __version__

_DEFAULT_BASE_URL = "https://api.openai.com/v1"

#: Where requests are processed and data is kept.
RESIDENCIES = ("global", "us", "eu", "ae", "au", "in", "jp")

_LIMITS = frozenset({"deadline", "first_event", "event_gap"})

_KEY_NEEDED = {
    "bearer": ("This method needs an API key", "api_key", "OPENAI_API_KEY"),
    "admin": ("This method needs an admin key", "admin_api_key", "OPENAI_ADMIN_KEY"),
    "either": ("This request needs a key", "api_key", "OPENAI_API_KEY"),
}


class Settings:
    """The part of a client that requests are built from."""

    api_key: str
    admin_api_key: str | None
    organization: str | None
    project: str | None
    webhook_secret: str | None
    websocket_base_url: str | None
    max_retries: int
    timeout: float | Timeout | None
    deadline: float | None
    first_event: float | None
    event_gap: float | None
    on_retry: Callable[[Any], Any] | None

    #: The headers that `_authenticate` may add, in lower case. A request whose caller sets one of
    #: them, or takes it away, is left to its caller.
    _proofs = frozenset({"authorization"})

    #: What the client calls itself in `User-Agent`, and whether callers await it.
    _name: str
    _blocking: bool
    #: What a user does about the setting of a name.
    _remedy = "pass {}= to the client"
    _transport: Transport
    _network: Network
    #: Whether connections are made as `_network` says, not by a client that the user brought.
    _own_connections: bool
    _api_key_provider: Callable[[], str | Awaitable[str]] | None
    _base_url: _urls.URL
    _custom_headers: Mapping[str, str | Omit]
    _custom_query: Mapping[str, object]
    #: The headers of the last request that all have, and what they were made of.
    _merged: tuple[tuple[str, Mapping[str, str | Omit]], Merged] | None = None

    def _configure(
        self,
        *,
        api_key: Any,
        admin_api_key: str | None,
        organization: str | None,
        project: str | None,
        webhook_secret: str | None,
        base_url: Any,
        data_residency: str | None,
        websocket_base_url: str | None,
        timeout: Any,
        max_retries: int,
        deadline: float | None,
        first_event: float | None,
        event_gap: float | None,
        default_headers: Mapping[str, str | Omit] | None,
        default_query: Mapping[str, object] | None,
        on_retry: Callable[[Any], Any] | None,
        enforce_credentials: bool,
    ) -> None:
        self._set_api_key(api_key if api_key is not None else os.environ.get("OPENAI_API_KEY"))
        self.admin_api_key = admin_api_key or os.environ.get("OPENAI_ADMIN_KEY")
        self.organization = organization or os.environ.get("OPENAI_ORG_ID")
        self.project = project or os.environ.get("OPENAI_PROJECT_ID")
        self.webhook_secret = webhook_secret or os.environ.get("OPENAI_WEBHOOK_SECRET")
        if enforce_credentials and not self._has_credentials():
            raise OpenAIError(
                "No credentials: pass api_key= (or admin_api_key= for administration), or set the "
                "environment variable OPENAI_API_KEY (or OPENAI_ADMIN_KEY)."
            )
        if data_residency is not None:
            self._base_url = _residency_url(data_residency, base_url, websocket_base_url)
        else:
            given = base_url if is_given(base_url) and base_url is not None else None
            given = given or os.environ.get("OPENAI_BASE_URL") or _DEFAULT_BASE_URL
            self._base_url = _urls.base(given)
        self.websocket_base_url = websocket_base_url
        self.timeout = timeout
        self.max_retries = check_max_retries(max_retries)
        self.deadline = check_limit("deadline", deadline)
        self.first_event = check_limit("first_event", first_event)
        self.event_gap = check_limit("event_gap", event_gap)
        self._custom_headers = _with_environment(default_headers or {})
        self._custom_query = dict(default_query or {})
        self.on_retry = on_retry

    def _set_api_key(self, api_key: Any) -> None:
        self._api_key_provider = cast(Any, api_key) if callable(api_key) else None
        self.api_key = "" if callable(api_key) or api_key is None else api_key

    def _has_credentials(self) -> bool:
        return bool(self.api_key or self._api_key_provider or self.admin_api_key)

    @property
    def base_url(self) -> _urls.URL:
        """Where requests go, ending in a slash. Assign text or a URL to change it."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: Any) -> None:
        self._base_url = _urls.base(url)

    @property
    def user_agent(self) -> str:
        """What the client calls itself."""
        return f"{self._name}/Python {__version__}"

    def platform_headers(self) -> dict[str, str]:
        """What the API is told about the library and the machine it runs on."""
        return dict(platform_headers())

    @property
    def auth_headers(self) -> dict[str, str]:
        """The header that carries the API key, or else the admin key."""
        key = self.api_key or self.admin_api_key
        return {"Authorization": f"Bearer {key}"} if key else {}

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        """The headers of every request, besides the key."""
        headers: dict[str, str | Omit] = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": self.user_agent,
            **platform_headers(),
        }
        if self.organization is not None:
            headers["OpenAI-Organization"] = self.organization
        if self.project is not None:
            headers["OpenAI-Project"] = self.project
        return {**headers, **self._custom_headers}

    def _route(self, method: str, path: str, body: Any) -> str:
        """Where a request goes: a path under the base URL, or a whole URL."""
        return path

    async def _authenticate(self, request: WireRequest, auth: Auth) -> None:
        """Adds to one attempt what proves who sends it, after everything else is in its place.

        Raises TypeError if there is no key for it, OpenAIError if the key cannot be sent.
        """
        key = await self._key(auth)
        if not key:
            needed, setting, variable = _KEY_NEEDED[auth]
            raise TypeError(f"{needed}: {self._remedy.format(setting)}, or set {variable}.")
        request.headers.append(("Authorization", f"Bearer {sendable_key(key)}"))

    async def _key(self, auth: Auth) -> str | None:
        """The key for one attempt; a function is asked each time, so that it can refresh it."""
        if auth == "admin":
            return self.admin_api_key
        if self._api_key_provider is not None:
            key = await _callbacks.call(self._api_key_provider)
            if not isinstance(key, str) or not key:
                raise OpenAIError(
                    "The function given as api_key must return a key: a string that is not empty."
                )
            self.api_key = key
            return key
        return self.api_key or (self.admin_api_key if auth == "either" else None)

    def _merged_headers(self, library: str) -> Merged:
        """The headers of every request sent from `library`, checked, by lower-case name."""
        made_of = (library, self.default_headers)
        if self._merged is None or self._merged[0] != made_of:
            headers = merge({"X-Stainless-Async": library}, made_of[1])
            self._merged = (made_of, headers)
        return self._merged[1].copy()

    @property
    def default_query(self) -> dict[str, object]:
        """The query parameters of every request."""
        return dict(self._custom_query)

    def _copied(
        self,
        *,
        changes: Mapping[str, Any],
        default_headers: Mapping[str, str | Omit] | None,
        set_default_headers: Mapping[str, str | Omit] | None,
        default_query: Mapping[str, object] | None,
        set_default_query: Mapping[str, object] | None,
    ) -> Self:
        """A client with the same connections and other settings; `changes` holds what was given."""
        for name, both in (
            ("default_headers", (default_headers, set_default_headers)),
            ("default_query", (default_query, set_default_query)),
        ):
            if None not in both:
                raise ValueError(f"Pass either {name}= or set_{name}=, not both.")
        twin = copy.copy(self)
        for name, value in changes.items():
            if name == "api_key":
                twin._set_api_key(value)
            elif name == "max_retries":
                twin.max_retries = check_max_retries(value)
            else:
                setattr(twin, name, check_limit(name, value) if name in _LIMITS else value)
        if set_default_headers is not None:
            twin._custom_headers = dict(set_default_headers)
        elif default_headers:
            twin._custom_headers = _overlaid(self._custom_headers, default_headers)
        if set_default_query is not None:
            twin._custom_query = dict(set_default_query)
        elif default_query:
            twin._custom_query = {**self._custom_query, **default_query}
        return twin

    def _connect(self) -> None:
        """Gives this client connections of its own, made when they are needed."""
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        """The configuration, keys included, without the connections: a copy makes its own."""
        state = own_state(self)
        del state["_transport"]
        if not self._own_connections:
            raise TypeError(
                "A client with http_client= cannot be pickled or copied deeply, since that holds "
                "open connections. Make the client where it is used, or leave out http_client."
            )
        if not isinstance(self._network.verify, bool):
            raise TypeError(
                "A client with an SSLContext as verify= cannot be pickled or copied deeply, since "
                "that cannot. Make the client where it is used."
            )
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._connect()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = memo[id(self)] = object.__new__(type(self))
        state = self.__getstate__()
        memo.update((id(value), value) for value in state.values() if callable(value))
        twin.__setstate__(copy.deepcopy(state, memo))
        return twin

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(own_state(self))
        return twin

    def __repr__(self) -> str:
        return f"{self._name}(base_url={_urls.without_secrets(self._base_url)!r})"


def sendable_key(key: str) -> str:
    """`key`. Raises OpenAIError, without quoting it, if a header cannot hold it."""
    if not sendable(key):
        raise OpenAIError(f"The key must be {SENDABLE}. Was it read from a file? Strip it.")
    return key


def residency(name: str) -> _urls.URL:
    """The base URL of a data residency. Raises ValueError if there is none of that name."""
    if name not in RESIDENCIES:
        raise ValueError(f"data_residency must be one of {', '.join(RESIDENCIES)}, not {name!r}.")
    return _urls.base(
        _DEFAULT_BASE_URL if name == "global" else f"https://{name}.api.openai.com/v1"
    )


def _residency_url(name: str, base_url: Any, websocket_base_url: str | None) -> _urls.URL:
    if is_given(base_url) or websocket_base_url is not None:
        raise ValueError(
            "data_residency chooses the URL itself: leave out base_url and websocket_base_url."
        )
    return residency(name)


def own_state(client: object) -> dict[str, Any]:
    """The attributes of a client, without its namespaces: those know whom they were made by."""
    return {
        name: value
        for name, value in vars(client).items()
        if not isinstance(getattr(type(client), name, None), cached_property)
    }


def _with_environment(headers: Mapping[str, str | Omit]) -> dict[str, str | Omit]:
    """`headers` over those of OPENAI_CUSTOM_HEADERS: a `name: value` a line."""
    parsed: dict[str, str | Omit] = {}
    for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            parsed[name.strip()] = value.strip()
    return _overlaid(parsed, headers)


def _overlaid(
    below: Mapping[str, str | Omit], above: Mapping[str, str | Omit]
) -> dict[str, str | Omit]:
    """Both, without those of `below` that `above` names, however they are spelled."""
    replaced = {name.lower() for name in above}
    kept = {name: value for name, value in below.items() if name.lower() not in replaced}
    return {**kept, **cast("dict[str, str | Omit]", dict(above))}
