"""The module-level client: `openai_sync` itself, with its attributes as settings.

    import openai_sync as openai

    openai.api_key = "sk-..."
    openai.chat.completions.create(model=..., messages=[...])

`openai.chat` is the blocking resource that every client has. What it sends through is looked up
when it sends: a client made of the settings as they are then, which costs less than to find out
whether one of them has changed. Only connections are kept.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Mapping
from typing import Any

from openai_async import DEFAULT_TIMEOUT, AsyncOpenAI
from openai_async._resource import Deliver
from openai_async._transport import Network, Transport

from ._client import OpenAI
from ._module_choice import chosen
from ._module_resources import __all__ as RESOURCES

#: The arguments of a client that are attributes of the module.
SETTINGS: tuple[str, ...] = (
    "api_key",
    "admin_api_key",
    "organization",
    "project",
    "webhook_secret",
    "base_url",
    "websocket_base_url",
    "timeout",
    "deadline",
    "first_event",
    "event_gap",
    "max_retries",
    "default_headers",
    "default_query",
    "http_client",
    "proxy",
    "verify",
    "limits",
    "on_retry",
)
AZURE_SETTINGS = ("api_version", "azure_endpoint", "azure_ad_token", "azure_ad_token_provider")

_package = sys.modules["openai_sync"]


def _client() -> AsyncOpenAI:
    """A client with the settings of this moment. Raises what clients do if they make no sense."""
    settings = vars(_package)
    names, driven = SETTINGS, OpenAI._driven
    if chosen(settings, os.environ) == "azure":
        from ._azure import AzureOpenAI  # noqa: PLC0415  # only for who uses it

        names, driven = SETTINGS + AZURE_SETTINGS, AzureOpenAI._driven
    made = driven(**_given(settings, names), _enforce_credentials=False)
    made._name = _ModuleClient.__name__
    made._remedy = "set openai.{}"
    made._transport = _connections(settings.get("http_client"), made._network, made._transport)
    return made


def _given(settings: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The settings that are there. A timeout that nobody set gives way to that of `http_client`."""
    given = {name: settings[name] for name in names if name in settings}
    if given.get("timeout") is DEFAULT_TIMEOUT:
        del given["timeout"]
    return given


#: Those of the last call, by what they were made for. Not behind a lock: a program may fork.
_kept: dict[tuple[int, Network], Transport] = {}


def _connections(http_client: object, network: Network, new: Transport) -> Transport:
    """Those of the last call, or `new` if they shall be others now."""
    asked = (id(http_client), network)  # the transport keeps the client, and so its id
    kept = _kept.setdefault(asked, new)
    for other in [each for each in tuple(_kept) if each != asked]:
        _kept.pop(other, None)
    return kept


def _reset_client() -> None:
    """Forgets the connections of the module-level client; running calls keep theirs."""
    _kept.clear()


# While there is a loop to close them: this module may live on until there is hardly anything left.
atexit.register(_reset_client)


class _Late:
    """What is at `path` of the client of the moment in which it is used."""

    __slots__ = ("_deliver", "_path")

    def __init__(self, path: tuple[str, ...] = (), deliver: Deliver | None = None) -> None:
        self._path, self._deliver = path, deliver

    def _now(self) -> Any:
        found: Any = _client()
        for name in self._path:
            found = getattr(found, name)
        return found if self._deliver is None else found._delivering(self._deliver)

    def _delivering(self, deliver: Deliver) -> _Late:
        return _Late(self._path, deliver)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        # What resources ask of themselves is private: how to send. The rest leads further.
        return getattr(self._now(), name) if name.startswith("_") else _Late((*self._path, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._now()(*args, **kwargs)

    # What a bound method is made of: some methods call others without their warnings.

    @property
    def __func__(self) -> Any:
        return self._now().__func__

    @property
    def __self__(self) -> Any:
        return self._now().__self__

    def __reduce__(self) -> Any:
        return _Late, (self._path, self._deliver)

    def __repr__(self) -> str:
        return ".".join(("openai", *self._path))


class _ModuleClient(OpenAI):
    """The client whose resources are attributes of the module."""

    def __init__(self) -> None:
        late: Any = _Late()
        self._async = late


_module_client = _ModuleClient()


def __getattr__(name: str) -> Any:
    if name not in RESOURCES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_module_client, name)
