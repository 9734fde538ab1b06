"""`AsyncAzureOpenAI`: the API as Azure serves it.

Azure has deployments of models in place of models, so some paths begin with one; it wants its own
version in every query; and it takes a key in the header `api-key`, or a token of Entra ID.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from typing_extensions import Self

from . import _callbacks
from ._client import AsyncOpenAI
from ._config import sendable_key
from ._deployments import located, route
from ._errors import MutuallyExclusiveAuthError, OpenAIError
from ._operation import Auth
from ._retry import DEFAULT_MAX_RETRIES
from ._sentinels import NotGiven, not_given
from ._timeouts import Timeout
from ._transport import DEFAULT_CONNECTION_LIMITS, Limits, WireRequest
from ._urls import URL

if TYPE_CHECKING:
    import ssl

    import httpx

    from ._engine import Retry
    from ._types import APIKey, Headers, HTTPClient, Query

#: Gives a token of Entra ID: a plain function, or one that returns an awaitable.
TokenProvider: TypeAlias = Callable[[], str] | Callable[[], Awaitable[str]]

_VERSION = "api-version"

#: The ways to authenticate, each with its environment variable, the first to be looked at first.
_CREDENTIALS = {
    "azure_ad_token_provider": None,
    "azure_ad_token": "AZURE_OPENAI_AD_TOKEN",
    "api_key": "AZURE_OPENAI_API_KEY",
}


class AsyncAzureOpenAI(AsyncOpenAI):
    """A client of Azure OpenAI for programs that await it, on asyncio and on trio.

    The methods are those of `AsyncOpenAI`; `model` is the name of a deployment.
    """

    azure_ad_token: str | None
    azure_ad_token_provider: TokenProvider | None

    _proofs = frozenset({"authorization", "api-key"})

    #: Where everything is that belongs to no deployment, if the endpoint is known.
    _root: URL | None

    def __init__(
        self,
        *,
        azure_endpoint: str | None = None,
        azure_deployment: str | None = None,
        api_version: str | None = None,
        api_key: APIKey | None = None,
        azure_ad_token: str | None = None,
        azure_ad_token_provider: TokenProvider | None = None,
        admin_api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        webhook_secret: str | None = None,
        base_url: str | httpx.URL | None = None,
        websocket_base_url: str | httpx.URL | None = None,
        timeout: float | Timeout | httpx.Timeout | NotGiven | None = not_given,
        deadline: float | None = None,
        first_event: float | None = None,
        event_gap: float | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        default_headers: Headers | None = None,
        default_query: Query | None = None,
        http_client: HTTPClient | None = None,
        proxy: str | None = None,
        verify: bool | ssl.SSLContext = True,
        limits: Limits | httpx.Limits = DEFAULT_CONNECTION_LIMITS,
        on_retry: Callable[[Retry], Any] | None = None,
        _enforce_credentials: bool = True,
    ) -> None:
        """A client with these settings; what is left out comes from the environment.

        Only one of `api_key`, `azure_ad_token` and `azure_ad_token_provider` may be given. What is
        not described here is as for `AsyncOpenAI`.

        Args:
            azure_endpoint: The address of the resource, such as
                https://my-resource.openai.azure.com. Else AZURE_OPENAI_ENDPOINT.
            azure_deployment: The deployment that serves every request, whatever `model` says. Else
                each request goes to the deployment that its `model` names.
            api_version: The version of Azure's API. Else OPENAI_API_VERSION.
            api_key: A key of the resource, or a function (plain or async) that returns it and is
                asked before each attempt. Else AZURE_OPENAI_API_KEY.
            azure_ad_token: A token of Entra ID. Else AZURE_OPENAI_AD_TOKEN, before any key of the
                environment.
            azure_ad_token_provider: A function (plain or async) that returns such a token, asked
                before each attempt.
            base_url: Where requests go, instead of `azure_endpoint` and `azure_deployment`.

        Raises:
            OpenAIError: There is no key and no token.
            MutuallyExclusiveAuthError: There are several.
            ValueError, TypeError: An argument is missing or makes no sense; the message names it.
        """
        credentials = {
            "azure_ad_token_provider": azure_ad_token_provider,
            "azure_ad_token": azure_ad_token,
            "api_key": api_key,
        }
        kind, credential = _chosen(credentials, os.environ)
        if _enforce_credentials and not credential:
            raise OpenAIError(f"No credentials: {self._how_to_authenticate()}")
        version = api_version or os.environ.get("OPENAI_API_VERSION")
        if not version:
            raise ValueError(
                "Azure needs a version of its API: pass api_version=, or set the environment "
                "variable OPENAI_API_VERSION."
            )
        self._root, base = located(azure_endpoint, azure_deployment, base_url, os.environ)
        super().__init__(
            api_key="",
            admin_api_key=admin_api_key,
            organization=organization,
            project=project,
            webhook_secret=webhook_secret,
            base_url=base,
            websocket_base_url=websocket_base_url,
            timeout=timeout,
            deadline=deadline,
            first_event=first_event,
            event_gap=event_gap,
            max_retries=max_retries,
            default_headers=default_headers,
            default_query={**(default_query or {}), _VERSION: version},
            http_client=http_client,
            proxy=proxy,
            verify=verify,
            limits=limits,
            on_retry=on_retry,
            _enforce_credentials=False,
        )
        self._use_credential(kind, credential)

    def _use_credential(self, kind: str, value: Any) -> None:
        """Authenticates in this way from now on, and in no other."""
        self._set_api_key(value if kind == "api_key" else None)
        self.azure_ad_token = value if kind == "azure_ad_token" else None
        self.azure_ad_token_provider = value if kind == "azure_ad_token_provider" else None

    @property
    def api_version(self) -> str:
        """The version of Azure's API, which every query names."""
        return str(self._custom_query[_VERSION])

    @api_version.setter
    def api_version(self, version: str) -> None:
        self._custom_query = {**self._custom_query, _VERSION: version}

    @property
    def auth_headers(self) -> dict[str, str]:
        """The header that carries the token, or else the API key."""
        if self.azure_ad_token:
            return {"Authorization": f"Bearer {self.azure_ad_token}"}
        return {"api-key": self.api_key} if self.api_key else {}

    def _route(self, method: str, path: str, body: Any) -> str:
        model = body.get("model") if isinstance(body, Mapping) else None
        return route(method, path, model, self._base_url, self._root)

    async def _authenticate(self, request: WireRequest, auth: Auth) -> None:
        if auth == "admin":
            await super()._authenticate(request, auth)
        elif token := await self._token():
            request.headers.append(("Authorization", f"Bearer {sendable_key(token)}"))
        elif key := await self._key("bearer"):
            request.headers.append(("api-key", sendable_key(key)))
        else:
            needed = "This request needs a key or a token"
            raise TypeError(f"{needed}: {self._how_to_authenticate()}")

    def _how_to_authenticate(self) -> str:
        return (
            f"{self._remedy.format('api_key')} (or azure_ad_token, or azure_ad_token_provider), or "
            "set the environment variable AZURE_OPENAI_API_KEY or AZURE_OPENAI_AD_TOKEN."
        )

    async def _token(self) -> str | None:
        """The token for one attempt; a function is asked each time, so that it can refresh it."""
        if self.azure_ad_token_provider is None:
            return self.azure_ad_token
        token: Any = await _callbacks.call(self.azure_ad_token_provider)
        if not isinstance(token, str) or not token:
            raise ValueError(
                "The function given as azure_ad_token_provider must return a token: a string that "
                f"is not empty, not {type(token).__name__}."
            )
        return token

    def copy(
        self,
        *,
        api_version: str | None = None,
        api_key: APIKey | None = None,
        azure_ad_token: str | None = None,
        azure_ad_token_provider: TokenProvider | None = None,
        admin_api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        webhook_secret: str | None = None,
        websocket_base_url: str | httpx.URL | None = None,
        base_url: str | httpx.URL | None = None,
        data_residency: str | None = None,
        timeout: float | Timeout | httpx.Timeout | NotGiven | None = not_given,
        deadline: float | NotGiven | None = not_given,
        first_event: float | NotGiven | None = not_given,
        event_gap: float | NotGiven | None = not_given,
        http_client: HTTPClient | None = None,
        proxy: str | NotGiven | None = not_given,
        verify: bool | ssl.SSLContext | NotGiven = not_given,
        limits: Limits | httpx.Limits | NotGiven = not_given,
        max_retries: int | NotGiven = not_given,
        default_headers: Headers | None = None,
        set_default_headers: Headers | None = None,
        default_query: Query | None = None,
        set_default_query: Query | None = None,
        on_retry: Callable[[Retry], Any] | None = None,
        _extra_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """A client with some settings changed, over the same connections, as `AsyncOpenAI.copy`.

        A key or a token replaces whatever this client authenticates with; the copy goes to the same
        deployments unless it is given a `base_url`. `data_residency` is refused (ValueError).
        """
        if data_residency is not None:
            raise ValueError(
                "data_residency chooses among the servers of OpenAI. On Azure, data stays in the "
                "region of the resource: leave it out, and choose the resource by azure_endpoint=."
            )
        credentials = {
            "azure_ad_token_provider": azure_ad_token_provider,
            "azure_ad_token": azure_ad_token,
            "api_key": api_key,
        }
        kind, credential = _chosen(credentials, {})
        twin = super().copy(
            admin_api_key=admin_api_key,
            organization=organization,
            project=project,
            webhook_secret=webhook_secret,
            websocket_base_url=websocket_base_url,
            base_url=base_url,
            timeout=timeout,
            deadline=deadline,
            first_event=first_event,
            event_gap=event_gap,
            http_client=http_client,
            proxy=proxy,
            verify=verify,
            limits=limits,
            max_retries=max_retries,
            default_headers=default_headers,
            set_default_headers=set_default_headers,
            default_query=default_query,
            set_default_query=set_default_query,
            on_retry=on_retry,
            _extra_kwargs=_extra_kwargs,
        )
        if credential:
            twin._use_credential(kind, credential)
        twin.api_version = api_version or self.api_version
        return twin

    with_options = copy


def _chosen(given: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[str, Any]:
    """Which way to authenticate, and with what: what was given, else what the environment has.

    Raises MutuallyExclusiveAuthError if more than one was given.
    """
    several = [name for name, value in given.items() if value is not None]
    if len(several) > 1:
        raise MutuallyExclusiveAuthError(
            f"Pass only one of {', '.join(f'{name}=' for name in several)}: a request carries one "
            "key or one token."
        )
    for name in several:
        return name, given[name]
    for name, variable in _CREDENTIALS.items():
        if variable is not None and environment.get(variable):
            return name, environment[variable]
    return "api_key", None
