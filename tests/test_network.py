"""The network options of clients: proxy, verify and limits, and how full the pool is."""

from __future__ import annotations

import ssl
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

import openai_async
import openai_sync
from openai_async import DEFAULT_CONNECTION_LIMITS, AsyncOpenAI, Limits, PoolStats
from openai_async._network import network
from openai_async._transport import Network
from openai_async.emulator import Emulator
from openai_sync import OpenAI

MESSAGES: Any = [{"role": "user", "content": "Hello there."}]
CONTEXT = ssl.create_default_context()


def checked(**options: Any) -> Network:
    return network(
        **{"proxy": None, "verify": True, "limits": DEFAULT_CONNECTION_LIMITS, **options}
    )


def make(**options: Any) -> AsyncOpenAI:
    return AsyncOpenAI(api_key="k", **options)


def test_by_default_nothing_is_special() -> None:
    assert make()._network == Network() == checked()


@pytest.mark.parametrize("verify", [True, False, CONTEXT])
def test_verify_is_a_choice_or_a_context(verify: Any) -> None:
    assert make(verify=verify)._network.verify is verify


@pytest.mark.parametrize("verify", ["/etc/ssl/ca.pem", None, 1, ssl.SSLContext, ("a", "b")])
def test_verify_of_another_kind_says_what_to_do(verify: Any) -> None:
    with pytest.raises(TypeError, match=r"^verify must be .*create_default_context\(cafile=\.\.\."):
        make(verify=verify)


@pytest.mark.parametrize("proxy", [None, "", "http://proxy.test:3128", "socks5://me:pw@p.test"])
def test_proxy_is_a_url_or_nothing(proxy: str | None) -> None:
    assert make(proxy=proxy)._network.proxy == proxy


@pytest.mark.parametrize("proxy", ["ftp://p.test", "http://", "http://me:sk-secret@p.test:port"])
def test_proxy_that_is_no_url_is_named_but_not_shown(proxy: str) -> None:
    with pytest.raises(ValueError, match=r"^proxy must be the URL of a proxy") as caught:
        make(proxy=proxy)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("proxy", [3128, b"http://p.test", {"http://": "http://p.test"}, True])
def test_proxy_of_another_kind_is_refused(proxy: Any) -> None:
    with pytest.raises(TypeError, match=r"^proxy must be the URL of a proxy as text"):
        make(proxy=proxy)


def test_limits_of_httpx_are_taken() -> None:
    limits = httpx.Limits(max_connections=3, max_keepalive_connections=2, keepalive_expiry=None)
    assert make(limits=limits)._network.limits == Limits(3, 2, None)


@pytest.mark.parametrize("limits", [10, None, {"max_connections": 3}, object()])
def test_limits_of_another_kind_are_refused(limits: Any) -> None:
    with pytest.raises(TypeError, match=r"^limits must be a Limits\(max_connections="):
        make(limits=limits)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_connections", 0),
        ("max_connections", -1),
        ("max_connections", "many"),
        ("max_keepalive_connections", -1),
        ("keepalive_expiry", -0.5),
    ],
)
def test_impossible_limits_are_named(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^limits: {name} must be"):
        make(limits=Limits(**{name: value}))


@pytest.mark.parametrize(
    "limits", [Limits(None, None, None), Limits(1, 0, 0), Limits(keepalive_expiry=0.5)]
)
def test_possible_limits_pass(limits: Limits) -> None:
    assert make(limits=limits)._network.limits == limits


OPTIONS: list[dict[str, Any]] = [
    {"proxy": "http://p.test"},
    {"proxy": ""},
    {"verify": False},
    {"limits": Limits(1)},
]


@pytest.mark.parametrize("options", OPTIONS)
async def test_a_client_of_the_user_brings_its_own(options: dict[str, Any]) -> None:
    async with httpx.AsyncClient() as http_client:
        with pytest.raises(TypeError, match="http_client brings its own proxy, verify and limits"):
            make(http_client=http_client, **options)
        with pytest.raises(TypeError, match="http_client brings its own"):
            make().copy(http_client=http_client, **options)
        with pytest.raises(TypeError, match="http_client brings its own"):
            make(http_client=http_client).copy(**options)


@pytest.mark.parametrize("options", OPTIONS)
def test_a_copy_with_another_network_has_connections_of_its_own(options: dict[str, Any]) -> None:
    client = make(limits=Limits(7), verify=CONTEXT)
    twin = client.copy(**options)
    expected = {"proxy": None, "verify": CONTEXT, "limits": Limits(7), **options}
    assert twin._network == Network(**expected)
    assert client._network == checked(limits=Limits(7), verify=CONTEXT)
    assert twin._transport is not client._transport


def test_none_makes_a_copy_read_the_environment_again() -> None:
    assert make(proxy="http://p.test").copy(proxy=None)._network.proxy is None


def test_a_copy_checks_them_too() -> None:
    with pytest.raises(TypeError, match=r"^verify"):
        make().copy(verify="ca.pem")  # type: ignore[arg-type]


def test_a_copy_with_the_same_network_shares_connections() -> None:
    client = make(verify=False)
    twin = client.with_options(max_retries=0)
    assert twin._transport is client._transport
    assert twin._network == client._network


async def test_closing_a_copy_with_another_network_leaves_the_original_open(
    client: AsyncOpenAI,
) -> None:
    await client.copy(limits=Limits(1)).close()
    assert not client.is_closed()
    await client.models.list()


async def models(client: AsyncOpenAI) -> None:
    await client.models.list()


async def test_limits_hold(emulator: Emulator) -> None:
    limits = Limits(max_connections=2)
    async with make(base_url=emulator.base_url, limits=limits) as client:
        emulator.fault("stall=30", times=5)
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(models, client)
            with anyio.fail_after(30):
                while client.pool_stats() != PoolStats(in_use=2, idle=0, waiting=3):
                    await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        assert client.pool_stats() == PoolStats(in_use=0, idle=0, waiting=0)


async def test_pool_stats_of_a_client(client: AsyncOpenAI, emulator: Emulator) -> None:
    assert client.pool_stats() == PoolStats(0, 0, 0)
    await client.models.list()
    assert client.pool_stats() == PoolStats(in_use=0, idle=1, waiting=0)
    async with await client.chat.completions.create(model="m", messages=MESSAGES, stream=True):
        assert client.pool_stats() == PoolStats(in_use=1, idle=0, waiting=0)
        assert client.with_options(timeout=5).pool_stats().in_use == 1
    assert client.pool_stats().in_use == 0


def test_pool_stats_of_a_blocking_client(sync_client: OpenAI) -> None:
    assert sync_client.pool_stats() == PoolStats(0, 0, 0)
    sync_client.models.list()
    assert sync_client.pool_stats() == PoolStats(in_use=0, idle=1, waiting=0)
    sync_client.close()
    assert sync_client.pool_stats() == PoolStats(0, 0, 0)


def test_the_blocking_client_has_the_same_options(emulator: Emulator) -> None:
    client = OpenAI(api_key="k", base_url=emulator.base_url, limits=Limits(1), verify=False)
    assert client._async._network == checked(limits=Limits(1), verify=False)
    twin = client.copy(limits=Limits(2))
    assert twin._async._network == checked(limits=Limits(2), verify=False)
    assert twin._async._transport is not client._async._transport
    with pytest.raises(TypeError, match=r"^verify"):
        OpenAI(api_key="k", verify="ca.pem")  # type: ignore[arg-type]


@pytest.mark.parametrize("package", [openai_async, openai_sync])
def test_the_classes_are_exported(package: Any) -> None:
    assert {"Limits", "PoolStats", "DEFAULT_CONNECTION_LIMITS"} <= set(package.__all__)
    assert Limits(1000, 100, 5.0) == package.DEFAULT_CONNECTION_LIMITS
