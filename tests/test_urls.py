"""Base URLs, paths with parameters, queries."""

from __future__ import annotations

import copy
import enum
import pickle
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_async._sentinels import not_given, omit
from openai_async._urls import URL, base, encode_pairs, expand, join, without_secrets

BASE = "https://api.example.com/v1/"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1/"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/"),
        ("https://api.example.com/v1///", "https://api.example.com/v1/"),
        ("https://api.example.com", "https://api.example.com/"),
        (" https://api.example.com/v1\n", "https://api.example.com/v1/"),
        ("HTTPS://api.example.com/v1", "https://api.example.com/v1/"),
        ("http://localhost:8000", "http://localhost:8000/"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1/"),
        ("https://a.example/v1?version=2", "https://a.example/v1/?version=2"),
        ("https://a.example/v1#part", "https://a.example/v1/"),
        ("https://a.example/a%20b", "https://a.example/a%20b/"),
        (httpx.URL("https://a.example/v1"), "https://a.example/v1/"),
    ],
)
def test_a_base_url_ends_its_path_in_a_slash(given: Any, expected: str) -> None:
    assert base(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "",
        "api.example.com/v1",
        "localhost:8000",
        "/v1",
        "//api.example.com/v1",
        "ftp://api.example.com",
        "https://",
        "https:///v1",
        "https:api.example.com",
        "http://[::1",
        "https://api.example.com:port/v1",
        "https://api.example.com:99999/v1",
        None,
        5,
    ],
)
def test_what_is_no_base_url_is_refused_with_an_example(given: Any) -> None:
    with pytest.raises(
        ValueError, match=r"base_url must be .* such as https://api\.openai\.com/v1"
    ):
        base(given)


@pytest.mark.parametrize(
    "given",
    [
        "me:sk-secret@api.example.com/v1",
        "//me:sk-secret@api.example.com/v1",
        "http:/me:sk-secret@api.example.com/v1",
        "https://me:sk-secret@api.example.com:port/v1",
        "api.example.com/v1?key=sk-secret",
        "http://me:sk-secret@[::1",
    ],
)
def test_a_refused_base_url_is_shown_without_secrets(given: str) -> None:
    with pytest.raises(ValueError, match="base_url") as caught:
        base(given)
    assert "sk-secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:sk-secret@a.example/v1", "https://a.example/v1"),
        ("https://sk-secret@a.example:80/v1", "https://a.example:80/v1"),
        ("https://me:p@sk-secret@a.example/v1", "https://a.example/v1"),
        ("https://a.example/v1?api-key=sk-secret", "https://a.example/v1"),
        ("https://a.example/v1#sk-secret", "https://a.example/v1"),
        ("https://a.example/models/@cf/x", "https://a.example/models/@cf/x"),
    ],
)
def test_a_url_without_secrets(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
    assert repr(URL(url)) == f"URL({shown!r})"


def test_a_url_is_text_with_parts() -> None:
    url = URL("https://me@a.example:81/v1/?x=1&y=2")
    parts = (url.scheme, url.host, url.port, url.path, url.query)
    assert parts == ("https", "a.example", 81, "/v1/", b"x=1&y=2")
    assert url == "https://me@a.example:81/v1/?x=1&y=2"


def test_parts_that_a_url_has_not() -> None:
    url = URL("/v1")
    assert (url.scheme, url.host, url.port, url.query) == ("", "", None, b"")


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda u: pickle.loads(pickle.dumps(u))]
)
def test_copies_of_a_url(twin: Any) -> None:
    url = URL(BASE)
    assert twin(url) == url
    assert type(twin(url)) is URL


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("file-abc_1.2~3", "file-abc_1.2~3"),
        ("!$&'()*+,;=:@", "!$&'()*+,;=:@"),
        ("a/b", "a%2Fb"),
        ("/", "%2F"),
        ("../../admin", "..%2F..%2Fadmin"),
        ("...", "..."),
        (".a", ".a"),
        ("a b", "a%20b"),
        ("a?b#c", "a%3Fb%23c"),
        ("%2e", "%252e"),
        ("%2E%2E", "%252E%252E"),
        ("100%", "100%25"),
        ("é🦊", "%C3%A9%F0%9F%A6%8A"),
        ("a\r\nHost: b", "a%0D%0AHost:%20b"),
        ("a\\b", "a%5Cb"),
        ("{other}", "%7Bother%7D"),
        (" ", "%20"),
        (0, "0"),
        (7, "7"),
        (True, "true"),
        (False, "false"),
        (Colour.RED, "red"),
        (PurePosixPath("a/b"), "a%2Fb"),
    ],
)
def test_a_path_parameter_is_one_segment(value: object, segment: str) -> None:
    assert expand("/files/{file_id}/content", {"file_id": value}) == f"/files/{segment}/content"


@pytest.mark.parametrize("value", ["", None, omit, not_given])
def test_an_empty_path_parameter_is_refused_by_name(value: object) -> None:
    with pytest.raises(ValueError, match="file_id must not be empty"):
        expand("/files/{file_id}", {"file_id": value})


@pytest.mark.parametrize("value", [".", ".."])
def test_a_path_parameter_that_means_another_path_is_refused_by_name(value: str) -> None:
    with pytest.raises(ValueError, match=r"file_id must not be '\.+'"):
        expand("/files/{file_id}", {"file_id": value})


def test_a_path_parameter_is_not_taken_for_a_template() -> None:
    path = expand("/a/{first}/b/{second}", {"first": "{second}", "second": "x"})
    assert path == "/a/%7Bsecond%7D/b/x"


@given(st.text(min_size=1))
def test_any_path_parameter_stays_in_its_segment(value: str) -> None:
    if value in (".", ".."):
        return
    url = httpx.URL(join(BASE, expand("/files/{id}/content", {"id": value}), {}))
    segments = url.raw_path.decode().split("/")
    assert [segments[:3], segments[4:]] == [["", "v1", "files"], ["content"]]
    assert unquote(segments[3]) == value


@pytest.mark.parametrize(
    ("query", "encoded"),
    [
        ({}, ""),
        ({"a": 1, "b": "x"}, "a=1&b=x"),
        ({"a": True, "b": False}, "a=true&b=false"),
        ({"a": None, "b": omit, "c": not_given, "d": 1}, "d=1"),
        ({"a": None}, ""),
        ({"a": ""}, "a="),
        ({"a": 0}, "a=0"),
        ({"a": 1.5}, "a=1.5"),
        ({"a": ["x", "y"]}, "a%5B%5D=x&a%5B%5D=y"),
        ({"a": ("x",)}, "a%5B%5D=x"),
        ({"a": []}, ""),
        ({"a": [None, "x", omit]}, "a%5B%5D=x"),
        ({"a": [True]}, "a%5B%5D=true"),
        ({"a": {"b": 1, "c": {"d": 2}}}, "a%5Bb%5D=1&a%5Bc%5D%5Bd%5D=2"),
        ({"a": {}}, ""),
        ({"a": {"b": None}}, ""),
        ({"a": {"b": ["x"]}}, "a%5Bb%5D%5B%5D=x"),
        ({"a": [{"k": "x"}, {"k": "y"}]}, "a%5B%5D%5Bk%5D=x&a%5B%5D%5Bk%5D=y"),
        ({"a": Colour.RED}, "a=red"),
        ({"a b": "c d&e=f+g"}, "a+b=c+d%26e%3Df%2Bg"),
        ({"é": "🦊"}, "%C3%A9=%F0%9F%A6%8A"),
        ({"a": "x#y"}, "a=x%23y"),
    ],
)
def test_a_query(query: Mapping[str, object], encoded: str) -> None:
    assert join(BASE, "/files", query) == f"{BASE}files" + (f"?{encoded}" if encoded else "")


@given(
    st.dictionaries(
        st.text(),
        st.text(),
    )
)
def test_a_query_reads_back_as_it_was_given(query: dict[str, str]) -> None:
    url = join(BASE, "/files", query)
    assert dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) == query


@pytest.mark.parametrize(
    ("base_url", "path", "query", "url"),
    [
        (BASE, "/files", {}, f"{BASE}files"),
        (BASE, "files", {}, f"{BASE}files"),
        (BASE, "", {}, BASE),
        (BASE, "/files?a=1", {}, f"{BASE}files?a=1"),
        (BASE, "/files?a=1", {"b": 2}, f"{BASE}files?a=1&b=2"),
        (BASE, "/files?a=1&b=1", {"a": 2}, f"{BASE}files?b=1&a=2"),
        (BASE, "/files?a=1&a=2", {"a": 3}, f"{BASE}files?a=3"),
        (BASE, "/files?a=1", {"a": None}, f"{BASE}files?a=1"),
        (BASE, "/files?a%5B%5D=1", {"a": ["x"]}, f"{BASE}files?a%5B%5D=x"),
        (BASE, "/files?a=", {"b": 1}, f"{BASE}files?a=&b=1"),
        (BASE, "/files?flag", {"b": 1}, f"{BASE}files?flag&b=1"),
        (BASE, "/files?sig=a%2Fb%FF+c", {"b": 1}, f"{BASE}files?sig=a%2Fb%FF+c&b=1"),
        (f"{BASE}?v=2", "/files", {}, f"{BASE}files?v=2"),
        (f"{BASE}?v=2", "/files?a=1", {"b": 3}, f"{BASE}files?v=2&a=1&b=3"),
        (f"{BASE}?v=2", "/files", {"v": 3}, f"{BASE}files?v=3"),
        (BASE, "https://b.example/x", {}, "https://b.example/x"),
        (BASE, "https://b.example/x?sig=a%2Fb", {}, "https://b.example/x?sig=a%2Fb"),
        (BASE, "https://b.example/x?a=1", {"b": 2}, "https://b.example/x?a=1&b=2"),
        (f"{BASE}?v=2", "https://b.example/x", {}, "https://b.example/x"),
    ],
)
def test_a_path_under_a_base_url(
    base_url: str, path: str, query: Mapping[str, object], url: str
) -> None:
    assert join(base_url, path, query) == url


def test_pairs_come_in_the_order_they_were_given() -> None:
    assert list(encode_pairs({"b": [2, 1], "a": {"z": 1, "y": 2}})) == [
        ("b[]", "2"),
        ("b[]", "1"),
        ("a[z]", "1"),
        ("a[y]", "2"),
    ]
