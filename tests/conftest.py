"""Fixtures that many tests use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from openai_async import AsyncOpenAI
from openai_async.emulator import Emulator
from openai_sync import OpenAI

pytest_plugins = ["openai_async.emulator.pytest_plugin"]

_VARIABLES = (
    "OPENAI_API_KEY",
    "OPENAI_ADMIN_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "OPENAI_WEBHOOK_SECRET",
    "OPENAI_CUSTOM_HEADERS",
    "OPENAI_LOG",
    "OPENAI_API_TYPE",
    "OPENAI_API_VERSION",
    "AZURE_OPENAI_ENDPOINT",
    "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_AD_TOKEN",
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not depend on how the machine that runs them is set up."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Every async test runs on both."""
    backend: str = request.param
    return backend


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncOpenAI]:
    """A client of the emulator."""
    async with AsyncOpenAI(api_key="sk-test", base_url=emulator.base_url) as client:
        yield client


@pytest.fixture
def sync_client(emulator: Emulator) -> Iterator[OpenAI]:
    """A blocking client of the emulator."""
    with OpenAI(api_key="sk-test", base_url=emulator.base_url) as client:
        yield client
