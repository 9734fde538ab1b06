"""Clients travel as configuration: to other processes, and as deep copies."""

from __future__ import annotations

import copy
import pickle
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from openai_async import AsyncOpenAI, Limits, Timeout, omit
from openai_async.emulator import Emulator
from openai_sync import OpenAI

BASE = "http://api.test/v1"


def api_key() -> str:
    return "sk-asked"


def on_retry(retry: object) -> None:
    pass


class Rotating:
    """Keys of a user, who holds what cannot be copied."""

    def __init__(self) -> None:
        self.secret = (letter for letter in "abc")

    def key(self) -> str:
        return "sk-rotating"


SETTINGS: dict[str, Any] = {
    "api_key": "sk-test",
    "admin_api_key": "sk-admin",
    "organization": "org",
    "project": "proj",
    "webhook_secret": "whsec",
    "base_url": BASE,
    "websocket_base_url": "wss://api.test/v1",
    "timeout": Timeout(7, connect=3),
    "deadline": 60,
    "first_event": 5,
    "event_gap": 6,
    "max_retries": 4,
    "default_headers": {"X-Mine": "1", "User-Agent": omit},
    "default_query": {"v": "2"},
    "proxy": "http://p.test:3128",
    "verify": False,
    "limits": Limits(3),
    "on_retry": on_retry,
}

WAYS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda client: pickle.loads(pickle.dumps(client)),
    "pickle 2": lambda client: pickle.loads(pickle.dumps(client, protocol=2)),
}

each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
each_client = pytest.mark.parametrize("make", [AsyncOpenAI, OpenAI])


@each_way
@each_client
def test_every_setting_arrives(make: Callable[..., Any], way: Callable[[Any], Any]) -> None:
    client = make(**SETTINGS)
    twin = way(client)
    assert type(twin) is type(client)
    for name in SETTINGS.keys() - {"proxy", "verify", "limits"}:
        assert getattr(twin, name) == getattr(client, name), name
    behind, twins = (each if make is AsyncOpenAI else each._async for each in (client, twin))
    assert twins._network == behind._network
    assert (twins._name, twins._blocking) == (behind._name, behind._blocking)
    assert twin.default_headers["User-Agent"] is omit


@each_way
@each_client
def test_a_function_arrives_as_itself(make: Callable[..., Any], way: Callable[[Any], Any]) -> None:
    client = make(api_key=api_key, base_url=BASE)
    twin = way(client)
    behind = twin if make is AsyncOpenAI else twin._async
    assert behind._api_key_provider is api_key


@each_client
def test_a_deep_copy_calls_the_same_functions(make: Callable[..., Any]) -> None:
    keys = Rotating().key
    twin = copy.deepcopy(make(api_key=keys, on_retry=keys, base_url=BASE))
    behind = twin if make is AsyncOpenAI else twin._async
    assert behind._api_key_provider is keys
    assert twin.on_retry is keys


@each_way
async def test_a_copy_makes_connections_of_its_own(
    way: Callable[[Any], Any], client: AsyncOpenAI, emulator: Emulator
) -> None:
    await client.models.list()
    async with way(client) as twin:
        assert twin.pool_stats().idle == 0
        await twin.models.list()
        await client.close()
        await twin.models.list()
        assert not twin.is_closed()
    assert len(emulator.requests) == 3


@each_way
def test_a_blocking_copy_makes_connections_of_its_own(
    way: Callable[[Any], Any], sync_client: OpenAI, emulator: Emulator
) -> None:
    sync_client.models.list()
    with way(sync_client) as twin:
        sync_client.close()
        twin.models.list()
    assert len(emulator.requests) == 2
    assert emulator.requests[-1].headers["x-stainless-async"] == "false"


@each_way
@each_client
def test_namespaces_of_a_copy_are_its_own(
    make: Callable[..., Any], way: Callable[[Any], Any]
) -> None:
    client = make(api_key="k", base_url=BASE)
    before = client.chat.completions
    twin = way(client)
    assert twin.chat.completions is not before
    twin.base_url = "http://other.test/v1"
    assert "other.test" in repr(twin.chat.completions)
    assert "api.test" in repr(before)


@each_way
@each_client
def test_settings_of_a_copy_are_its_own(
    make: Callable[..., Any], way: Callable[[Any], Any]
) -> None:
    client = make(api_key="k", base_url=BASE)
    twin = way(client)
    twin.api_key, twin.max_retries = "other", 9
    assert (client.api_key, client.max_retries) == ("k", 2)


@each_way
@each_client
def test_a_client_over_a_client_of_the_user_says_why_not(
    make: Callable[..., Any], way: Callable[[Any], Any]
) -> None:
    client = make(api_key="k", http_client=httpx.AsyncClient())
    with pytest.raises(TypeError, match=r"http_client=.*open connections"):
        way(client)


@each_way
@each_client
def test_a_client_with_a_context_says_why_not(
    make: Callable[..., Any], way: Callable[[Any], Any]
) -> None:
    with pytest.raises(TypeError, match="SSLContext as verify="):
        way(make(api_key="k", verify=ssl.create_default_context()))


@each_client
def test_the_refusal_does_not_break_the_client(make: Callable[..., Any]) -> None:
    client = make(api_key="k", base_url=BASE, verify=ssl.create_default_context())
    with pytest.raises(TypeError):
        pickle.dumps(client)
    assert not client.is_closed()
    assert client.copy(max_retries=1).max_retries == 1


def test_copies_that_are_not_deep_share_connections() -> None:
    client = AsyncOpenAI(api_key="k", http_client=httpx.AsyncClient())
    for twin in (copy.copy(client), client.copy(), client.with_options(timeout=1)):
        assert twin._transport is client._transport


def test_blocking_copies_that_are_not_deep_share_connections() -> None:
    client = OpenAI(api_key="k", verify=ssl.create_default_context())
    for twin in (copy.copy(client), client.copy(), client.with_options(timeout=1)):
        assert twin._async._transport is client._async._transport
        twin.max_retries = 7
        assert client.max_retries == 2


class Mine(AsyncOpenAI):
    """A client with something more."""

    def __init__(self, tenant: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.tenant = tenant


@each_way
def test_a_class_of_a_user_keeps_what_it_added(way: Callable[[Any], Any]) -> None:
    twin = way(Mine("t", api_key="k", base_url=BASE))
    assert (type(twin), twin.tenant, twin.api_key) == (Mine, "t", "k")


PROGRAM = """
import multiprocessing

import anyio

from openai_async import AsyncOpenAI
from openai_sync import OpenAI


def blocking(client):
    with client:
        return [model.id for model in client.models.list()]


async def listed(client):
    async with client:
        return [model.id async for model in client.models.list()]


def awaited(client):
    return anyio.run(listed, client)


if __name__ == "__main__":
    settings = {{"api_key": "k", "base_url": {base_url!r}}}
    clients = OpenAI(**settings), AsyncOpenAI(**settings)
    clients[0].models.list()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = [pool.apply(work, (client,)) for work, client in zip((blocking, awaited), clients)]
    clients[0].close()
    assert found[0] == found[1] and found[0], found
    print("both")
"""


def test_clients_are_sent_to_other_processes(emulator: Emulator, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(base_url=emulator.base_url))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent.parent,
        env={"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert (done.returncode, done.stdout.strip()) == (0, "both"), done.stderr
