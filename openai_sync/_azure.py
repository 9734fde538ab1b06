"""`AzureOpenAI`: the blocking view of an `AsyncAzureOpenAI`."""

from __future__ import annotations

from typing import Any

from openai_async import AsyncAzureOpenAI
from openai_async._azure import TokenProvider

from ._client import OpenAI, Setting, copier, like


class _Driven(AsyncAzureOpenAI):
    """The client behind a blocking one."""

    _blocking = True


class AzureOpenAI(OpenAI):
    """A client of Azure OpenAI for scripts, notebooks and threads: every method blocks.

    The methods are those of `OpenAI`; `model` is the name of a deployment.
    """

    _driven = _Driven

    @like(AsyncAzureOpenAI.__init__)
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)

    copy = with_options = copier(AsyncAzureOpenAI.copy)

    api_version: Setting[str] = Setting()
    azure_ad_token: Setting[str | None] = Setting()
    azure_ad_token_provider: Setting[TokenProvider | None] = Setting()
