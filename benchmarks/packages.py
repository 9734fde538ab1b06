"""The client packages: ours and the official one, used by the same lines of code."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from benchmarks.payloads import KEY, MODEL, chat, embedding
from benchmarks.server import CHUNKS


class Package:
    """An async client of either package."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def call(self) -> None:
        answer = await self.client.chat.completions.create(**chat())
        assert answer.choices[0].message.content

    async def stream(self, model: str = MODEL) -> None:
        pieces = 0
        async for chunk in await self.client.chat.completions.create(**chat(model), stream=True):
            pieces += chunk.choices[0].delta.content is not None
        assert pieces == CHUNKS

    async def embed(self, *, as_numbers: bool) -> None:
        answer = await self.client.embeddings.create(**embedding(as_numbers=as_numbers))
        assert isinstance(answer.data[0].embedding[0], float)

    async def upload(self, path: Path) -> None:
        assert (await self.client.files.create(file=path, purpose="user_data")).id

    async def upload_in_parts(self, path: Path, **options: Any) -> None:
        done = await self.client.uploads.upload_file_chunked(
            file=path, mime_type="text/plain", purpose="user_data", **options
        )
        assert done.file.id

    async def close(self) -> None:
        await self.client.close()


class BlockingPackage:
    """A blocking client of either package."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def call(self) -> None:
        answer = self.client.chat.completions.create(**chat())
        assert answer.choices[0].message.content

    def stream(self, model: str = MODEL) -> None:
        pieces = 0
        for chunk in self.client.chat.completions.create(**chat(model), stream=True):
            pieces += chunk.choices[0].delta.content is not None
        assert pieces == CHUNKS

    def upload(self, path: Path) -> None:
        assert self.client.files.create(file=path, purpose="user_data").id

    def upload_in_parts(self, path: Path, **options: Any) -> None:
        done = self.client.uploads.upload_file_chunked(
            file=path, mime_type="text/plain", purpose="user_data", **options
        )
        assert done.file.id

    def close(self) -> None:
        self.client.close()


#: The official client gives up at 1,000 requests at once, so none of them has a time limit that
#: matters. The first attempt is all there is.
_COMMON: dict[str, Any] = {"api_key": KEY, "max_retries": 0, "timeout": 600}

#: So many connections every client keeps by default.
_ENOUGH = 100


def ours(url: str, trust: ssl.SSLContext | None, room: int) -> Package:
    from openai_async import AsyncOpenAI

    return Package(AsyncOpenAI(base_url=url, **_COMMON, **_our_network(trust, room)))


def ours_blocking(url: str, trust: ssl.SSLContext | None, room: int) -> BlockingPackage:
    from openai_sync import OpenAI

    return BlockingPackage(OpenAI(base_url=url, **_COMMON, **_our_network(trust, room)))


def _our_network(trust: ssl.SSLContext | None, room: int) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if trust is not None:
        settings["verify"] = trust
    if room > _ENOUGH:
        from openai_async import Limits

        settings["limits"] = Limits(max_connections=room, max_keepalive_connections=room)
    return settings


def official(url: str, trust: ssl.SSLContext | None, room: int) -> Package:
    import openai

    http_client = _their_client(openai.DefaultAsyncHttpxClient, trust, room)
    return Package(openai.AsyncOpenAI(base_url=url, http_client=http_client, **_COMMON))


def official_on_aiohttp(url: str, trust: ssl.SSLContext | None, room: int) -> Package:
    import openai

    make = openai.DefaultAioHttpClient
    http_client = _their_client(make, trust, room) or make()
    return Package(openai.AsyncOpenAI(base_url=url, http_client=http_client, **_COMMON))


def official_blocking(url: str, trust: ssl.SSLContext | None, room: int) -> BlockingPackage:
    import openai

    http_client = _their_client(openai.DefaultHttpxClient, trust, room)
    return BlockingPackage(openai.OpenAI(base_url=url, http_client=http_client, **_COMMON))


def _their_client(make: Any, trust: ssl.SSLContext | None, room: int) -> Any:
    """An HTTP client that differs from the default where it must; None if it need not."""
    import openai

    settings: dict[str, Any] = {}
    if trust is not None:
        settings["verify"] = trust
    if room > _ENOUGH:
        limits = type(openai.DEFAULT_CONNECTION_LIMITS)
        settings["limits"] = limits(max_connections=room, max_keepalive_connections=room)
    return make(**settings) if settings else None
