"""What type checkers know about the module-level client.

pyright lets anything be assigned to an attribute of a module, so only mypy finds the mistakes.
"""

from __future__ import annotations

from typing_extensions import assert_type

import openai_sync as openai
from openai_async.types.chat import ChatCompletion, ChatCompletionChunk
from openai_async.types.embeddings import CreateEmbeddingResponse
from openai_async.types.models import Model
from openai_sync import Stream, Timeout, chat
from openai_sync.pagination import SyncPage
from openai_sync.resources import Chat, Files


def resources() -> None:
    assert_type(openai.chat, Chat)
    assert_type(openai.files, Files)
    assert_type(chat, Chat)
    created = openai.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Hello."}]
    )
    assert_type(created, ChatCompletion)
    stream = chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Hello."}], stream=True
    )
    assert_type(stream, Stream[ChatCompletionChunk])
    embedded = openai.embeddings.create(model="m", input="one")
    assert_type(embedded, CreateEmbeddingResponse)
    assert_type(openai.models.list(), SyncPage[Model])
    assert_type(openai.models.with_raw_response.retrieve("m").parse(), Model)


def read() -> None:
    assert_type(openai.organization, "str | None")
    assert_type(openai.max_retries, int)
    assert_type(openai.deadline, "float | None")
    assert_type(openai.azure_endpoint, "str | None")


def changed(token: str) -> None:
    openai.api_key = "k"
    openai.api_key = lambda: token
    openai.base_url = "http://localhost/v1"
    openai.timeout = 7.5
    openai.timeout = Timeout(9, connect=1)
    openai.timeout = None
    openai.max_retries = 0
    openai.default_headers = {"x": "y"}
    openai.default_query = {"x": 1}
    openai.proxy = "http://proxy.example.com:3128"
    openai.verify = False
    openai.limits = openai.Limits(10)
    openai.on_retry = lambda retry: assert_type(retry, openai.Retry)
    openai.api_type = "azure"
    openai.api_version = "2024-10-21"
    openai.azure_endpoint = "https://mine.openai.azure.com"
    openai.azure_ad_token_provider = lambda: token


def mistakes() -> None:
    openai.max_retries = "two"  # type: ignore[assignment]
    openai.api_type = "azur"  # type: ignore[assignment]
    openai.organization = 3  # type: ignore[assignment]
    openai.chat.completion  # type: ignore[attr-defined]  # noqa: B018
    openai.api_kei = "k"  # type: ignore[attr-defined]
    openai.ChatCompletion.create()  # type: ignore[attr-defined]
