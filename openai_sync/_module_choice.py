"""Which API the module-level client is for: decided from its settings and the environment. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias, cast, get_args

from openai_async import OpenAIError

API: TypeAlias = Literal["openai", "azure"]

#: What says that OpenAI is meant, and what says Azure: settings of the module, and variables.
_OPENAI = (("api_key", "OPENAI_API_KEY"),)
_AZURE = (
    ("azure_endpoint", "AZURE_OPENAI_ENDPOINT"),
    ("azure_ad_token", "AZURE_OPENAI_AD_TOKEN"),
    ("azure_ad_token_provider", ""),
    ("", "AZURE_OPENAI_API_KEY"),
)


class AmbiguousModuleClientUsageError(OpenAIError):
    """Settings of both OpenAI and Azure are there, and nothing says which of them to use."""


AmbiguousModuleClientUsageError.__module__ = "openai_sync"


def chosen(settings: Mapping[str, Any], environment: Mapping[str, str]) -> API:
    """The API that the module-level client talks to.

    Raises AmbiguousModuleClientUsageError if that cannot be told, OpenAIError if it is one that is
    not supported, ValueError if `api_type` is none at all.
    """
    asked: str | None = settings.get("api_type") or environment.get("OPENAI_API_TYPE")
    if asked:
        return _known(asked)
    azure = next(_found(_AZURE, settings, environment), None)
    if azure is None:
        return "openai"
    openai = next(_found(_OPENAI, settings, environment), None)
    if openai is None:
        return "azure"
    raise AmbiguousModuleClientUsageError(
        f"{openai} speaks for OpenAI and {azure} for Azure. Say which is meant: set "
        'openai.api_type (or OPENAI_API_TYPE) to "openai" or "azure".'
    )


def _found(
    signals: tuple[tuple[str, str], ...],
    settings: Mapping[str, Any],
    environment: Mapping[str, str],
) -> Iterator[str]:
    """The names of the signals that are there, as users write them."""
    for setting, variable in signals:
        if settings.get(setting):
            yield f"openai.{setting}"
        elif environment.get(variable):
            yield variable


def _known(asked: str) -> API:
    for api in get_args(API):
        if asked == api:
            return cast(API, api)
    remedy = 'set openai.api_type (or OPENAI_API_TYPE) to "openai" or "azure".'
    if asked == "amazon-bedrock":
        raise OpenAIError(f"api_type {asked!r} is not supported here yet: {remedy}")
    raise ValueError(f"There is no api_type {asked!r}: {remedy}")
