"""HTTP headers: received, merged, hidden, and those about this machine."""

from __future__ import annotations

import copy
import platform
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from openai_async._headers import (
    SECRET_HEADERS,
    Headers,
    async_library,
    merge,
    platform_headers,
    redacted,
)
from openai_async._sentinels import not_given, omit
from openai_async._version import __version__


@pytest.mark.parametrize("name", ["X-Request-Id", "x-request-id", "X-REQUEST-ID"])
def test_received_headers_are_found_in_any_case(name: str) -> None:
    headers = Headers([("X-Request-ID", "7")])
    assert (headers[name], headers.get(name), name in headers) == ("7", "7", True)


def test_a_header_that_was_not_received() -> None:
    headers = Headers([("a", "1")])
    assert (headers.get("b"), "b" in headers, 1 in headers) == (None, False, False)
    with pytest.raises(KeyError):
        headers["b"]


def test_a_header_that_was_received_twice() -> None:
    headers = Headers([("Vary", "a"), ("x", "1"), ("vary", "b")])
    assert headers["vary"] == "a, b"
    assert (len(headers), list(headers)) == (2, ["vary", "x"])
    assert headers.pairs == [("Vary", "a"), ("x", "1"), ("vary", "b")]


def test_received_headers_compare_as_mappings() -> None:
    assert Headers([("A", "1")]) == Headers([("a", "1")]) == {"a": "1"}


@pytest.mark.parametrize("name", sorted(SECRET_HEADERS))
def test_secrets_are_not_shown(name: str) -> None:
    assert redacted([(name.title(), "sk-secret")]) == [(name.title(), "<redacted>")]
    assert "sk-secret" not in repr(Headers([(name.upper(), "sk-secret")]))


def test_other_headers_are_shown() -> None:
    assert repr(Headers([("X-Request-Id", "7")])) == "Headers([('X-Request-Id', '7')])"


def test_a_later_layer_wins_however_the_name_is_spelled() -> None:
    assert merge({"X-A": "1", "B": "2"}, {"x-a": "3"}) == {"x-a": ("x-a", "3"), "b": ("B", "2")}


def test_omit_takes_a_header_away() -> None:
    assert merge({"X-A": "1"}, {"x-a": omit}, {"X-B": omit}) == {}


def test_a_layer_after_omit_sets_the_header_again() -> None:
    assert merge({"X-A": "1"}, {"x-a": omit}, {"X-A": "2"}) == {"x-a": ("X-A", "2")}


def test_not_given_leaves_a_header_as_it_is() -> None:
    layer: Any = {"x-a": not_given}
    assert merge({"X-A": "1"}, layer) == {"x-a": ("X-A", "1")}


@pytest.mark.parametrize("value", [None, 5, b"x", ["x"]])
def test_a_header_that_is_no_text_is_refused_by_name(value: Any) -> None:
    with pytest.raises(TypeError, match="The header X-A must be a string or `omit`"):
        merge({"X-A": value})


@pytest.mark.parametrize(
    "value", ["a\r\nX-B: 1", "a\n", "a\r", "a\0", "  a", "a  ", "é", "\u201ca\u201d"]
)
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(value: str) -> None:
    with pytest.raises(ValueError, match="The header Authorization must be ASCII") as caught:
        merge({"Authorization": value})
    assert value not in str(caught.value)


@pytest.mark.parametrize("value", ["", "a", "a b", "a\tb", "~!@#$%^&*()"])
def test_a_header_that_can_be_sent(value: str) -> None:
    assert merge({"X-A": value}) == {"x-a": ("X-A", value)}


@pytest.mark.parametrize("name", ["", "X A", "X-A:", "X-A\r\nX-B", "é", " X-A"])
def test_what_cannot_be_the_name_of_a_header(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a header"):
        merge({name: "1"})


@pytest.mark.parametrize("name", ["X-A", "openai-beta", "x_y", "X.1"])
def test_names_that_are_let_through_can_be_sent(name: str) -> None:
    [pair] = merge({name: "1"}).values()
    assert httpx.Headers([pair])[name] == "1"


@pytest.fixture
def _fresh() -> Iterator[None]:
    platform_headers.cache_clear()
    yield
    platform_headers.cache_clear()


@pytest.mark.usefixtures("_fresh")
@pytest.mark.parametrize(
    ("system", "shown"),
    [
        ("Darwin", "MacOS"),
        ("Linux", "Linux"),
        ("Windows", "Windows"),
        ("FreeBSD", "FreeBSD"),
        ("OpenBSD", "OpenBSD"),
        ("iOS", "iOS"),
        ("Android", "Android"),
        ("Plan9", "Other:Plan9"),
        ("", "Unknown"),
    ],
)
def test_the_system_is_named(monkeypatch: pytest.MonkeyPatch, system: str, shown: str) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    assert platform_headers()["X-Stainless-OS"] == shown


@pytest.mark.usefixtures("_fresh")
@pytest.mark.parametrize(
    ("machine", "shown"),
    [
        ("x86_64", "x64"),
        ("AMD64", "x64"),
        ("i686", "x32"),
        ("arm", "arm"),
        ("aarch64", "arm64"),
        ("arm64", "arm64"),
        ("riscv64", "other:riscv64"),
        ("", "unknown"),
    ],
)
def test_the_machine_is_named(monkeypatch: pytest.MonkeyPatch, machine: str, shown: str) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert platform_headers()["X-Stainless-Arch"] == shown


def test_the_library_and_python_are_named() -> None:
    headers = platform_headers()
    assert headers["X-Stainless-Lang"] == "python"
    assert headers["X-Stainless-Package-Version"] == __version__
    assert headers["X-Stainless-Runtime-Version"] == platform.python_version()
    assert headers["X-Stainless-Runtime"] == platform.python_implementation()


async def test_the_async_library_is_named(anyio_backend_name: str) -> None:
    assert async_library() == anyio_backend_name


def test_copies_of_received_headers() -> None:
    headers = Headers([("A", "1"), ("a", "2")])
    assert copy.deepcopy(headers).pairs == headers.pairs
