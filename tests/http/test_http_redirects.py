"""The request that follows a redirect."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec import structs

from openai_async import Timeout
from openai_async._headers import SECRET_HEADERS
from openai_async._http.redirects import (
    RedirectRefused,
    TooManyRedirects,
    redirected,
)
from openai_async._transport import ConnectionFailed, WireRequest


class Upload:
    """A body that is read piece by piece."""

    length = None

    def __init__(self, *, replayable: bool) -> None:
        self.replayable = replayable

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b""


HEADERS = [
    ("Authorization", "Bearer sk-secret"),
    ("Content-Type", "application/json"),
    ("content-encoding", "gzip"),
    ("Accept", "*/*"),
    ("HOST", "api.example.com"),
]


def request_of(method: str = "POST", url: str = "https://api.example.com/v1/a?q=1") -> WireRequest:
    body = b"{}" if method not in ("GET", "HEAD") else None
    return WireRequest(method, url, list(HEADERS), body, Timeout(5))


def url_after(location: str, url: str = "https://api.example.com/v1/a?q=1") -> str:
    follow = redirected(request_of("GET", url), 302, location)
    assert follow is not None
    return follow.url


@pytest.mark.parametrize("status", [200, 204, 300, 304, 305, 306, 309, 400])
def test_other_answers_are_no_redirects(status: int) -> None:
    assert redirected(request_of(), status, "/v1/b") is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_without_a_location_there_is_no_redirect(status: int) -> None:
    assert redirected(request_of(), status, None) is None


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "GET", "GET"),
        (303, "GET", "GET"),
        (307, "GET", "GET"),
        (301, "HEAD", "HEAD"),
        (303, "HEAD", "HEAD"),
        (308, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
        (303, "PUT", "GET"),
        (303, "DELETE", "GET"),
        (308, "DELETE", "DELETE"),
    ],
)
def test_the_method_after_a_redirect(status: int, method: str, then: str) -> None:
    follow = redirected(request_of(method), status, "/v1/b")
    assert follow is not None
    assert follow.method == then


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_that_becomes_a_get_loses_its_body(status: int) -> None:
    follow = redirected(request_of(), status, "/v1/b")
    assert follow is not None
    assert follow.body is None
    assert follow.headers == [("Authorization", "Bearer sk-secret"), ("Accept", "*/*")]


@pytest.mark.parametrize("status", [307, 308])
def test_a_request_that_is_repeated_keeps_its_body(status: int) -> None:
    follow = redirected(request_of(), status, "/v1/b")
    assert follow is not None
    assert follow.body == b"{}"
    assert follow.headers == HEADERS[:-1]


def test_the_first_request_is_left_as_it_was() -> None:
    request = request_of()
    redirected(request, 303, "https://elsewhere.example/")
    assert request == request_of()


def test_the_limits_are_kept() -> None:
    request = structs.replace(request_of(), follow_redirects=False)
    follow = redirected(request, 307, "/v1/b")
    assert follow is not None
    assert (follow.timeout, follow.follow_redirects) == (Timeout(5), False)


@pytest.mark.parametrize("status", [307, 308])
def test_a_body_that_is_read_only_once_cannot_be_sent_again(status: int) -> None:
    request = structs.replace(request_of(), body=Upload(replayable=False))
    with pytest.raises(RedirectRefused, match="only once"):
        redirected(request, status, "/v1/b")


def test_a_put_whose_body_is_read_only_once_is_not_sent_again_without_it() -> None:
    request = structs.replace(request_of("PUT"), body=Upload(replayable=False))
    with pytest.raises(RedirectRefused, match="only once"):
        redirected(request, 301, "/v1/b")


def test_a_body_that_can_be_read_again_is() -> None:
    body = Upload(replayable=True)
    follow = redirected(structs.replace(request_of(), body=body), 307, "/v1/b")
    assert follow is not None
    assert follow.body is body


def test_a_body_that_is_not_needed_any_more_may_be_gone() -> None:
    request = structs.replace(request_of(), body=Upload(replayable=False))
    follow = redirected(request, 303, "/v1/b")
    assert follow is not None
    assert follow.body is None


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/v2/b", "https://api.example.com/v2/b"),
        ("b", "https://api.example.com/v1/b"),
        ("../b", "https://api.example.com/b"),
        ("?r=2", "https://api.example.com/v1/a?r=2"),
        ("", "https://api.example.com/v1/a?q=1"),
        ("#new", "https://api.example.com/v1/a?q=1"),
        ("/b#new", "https://api.example.com/b"),
        ("//other.example/b", "https://other.example/b"),
        ("https://other.example:81/b?c#d", "https://other.example:81/b?c"),
        ("HTTPS://other.example", "https://other.example"),
        (" /b ", "https://api.example.com/b"),
        ("/b c", "https://api.example.com/b c"),
        ("/é", "https://api.example.com/é"),
        ("/é".encode().decode("latin-1"), "https://api.example.com/é"),
        ("/日本".encode().decode("latin-1"), "https://api.example.com/日本"),
        ("/日本", "https://api.example.com/日本"),
    ],
)
def test_a_location_is_relative_to_the_url(location: str, url: str) -> None:
    assert url_after(location) == url


def test_a_fragment_of_the_old_url_is_irrelevant() -> None:
    assert url_after("b", "https://api.example.com/v1/a#old/x") == "https://api.example.com/v1/b"


@pytest.mark.parametrize(
    "location",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "mailto:secret@example.com",
        "javascript:secret()",
        "data:,secret",
        "ws://example.com",
        "http://",
        "http:///path",
        "http://exa mple.com/",
        "http://example.com:port/",
        "http://[::1/secret",
        "http://[x]/",
        "https://api.example.com\\@secret:x/",
        "http://me:secret@ex..com?secret",
        "http://me:secret@ex\u2100mple.com/",
        "https://exam\tple.com:\nport/?secret",
    ],
)
def test_a_location_that_leads_nowhere_is_refused(location: str) -> None:
    with pytest.raises(RedirectRefused, match="redirects to") as caught:
        redirected(request_of(), 302, location)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://api.example.com/a", "/b"),
        ("https://api.example.com/a", "https://API.example.com:443/b"),
        ("http://api.example.com:8000/a", "http://api.example.com:8000/b"),
        ("http://api.example.com/a", "https://api.example.com/b"),
        ("http://api.example.com:80/a", "https://api.example.com:443/b"),
    ],
)
def test_the_same_origin_may_know_all(url: str, location: str) -> None:
    follow = redirected(request_of("GET", url), 302, location)
    assert follow is not None
    assert ("Authorization", "Bearer sk-secret") in follow.headers


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://api.example.com/a", "https://other.example/b"),
        ("https://api.example.com/a", "//other.example/b"),
        ("https://api.example.com/a", "https://api.example.com.other.example/b"),
        ("https://api.example.com/a", "https://api.example.com@other.example/b"),
        ("https://api.example.com/a", "https://www.api.example.com/b"),
        ("https://api.example.com/a", "https://example.com/b"),
        ("https://api.example.com/a", "https://api.example.com:444/b"),
        ("http://api.example.com/a", "https://api.example.com:8443/b"),
        ("http://api.example.com:8000/a", "https://api.example.com/b"),
        ("http://api.example.com/a", "https://other.example/b"),
    ],
)
def test_another_origin_learns_no_secret(url: str, location: str) -> None:
    request = request_of("GET", url)
    request.headers = [(name.title(), "secret") for name in SECRET_HEADERS] + [("Accept", "*/*")]
    follow = redirected(request, 302, location)
    assert follow is not None
    assert follow.headers == [("Accept", "*/*")]


def test_a_secret_stays_away_after_coming_back() -> None:
    away = redirected(request_of("GET"), 302, "https://other.example/")
    assert away is not None
    back = redirected(away, 302, "https://api.example.com/v1/a")
    assert back is not None
    assert back.headers == [pair for pair in HEADERS if pair[0] not in ("Authorization", "HOST")]


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "https://me:pw@api.example.com/b"),
        ("https://api.example.com/b", "https://me:pw@api.example.com/b"),
        ("https://you:pw@api.example.com/b", "https://you:pw@api.example.com/b"),
        ("https://other.example/b", "https://other.example/b"),
        ("https://you:pw@other.example/b", "https://other.example/b"),
    ],
)
def test_the_user_of_the_url_stays_with_the_origin(location: str, url: str) -> None:
    assert url_after(location, "https://me:pw@api.example.com/v1/a") == url


@pytest.mark.parametrize("error", [RedirectRefused, TooManyRedirects])
def test_another_attempt_would_meet_the_same(error: type[ConnectionFailed]) -> None:
    assert issubclass(error, ConnectionFailed)
    assert error.final


@pytest.mark.parametrize(
    "location", ["http://api.example.com/b", "http://other.example/b", "HTTP://api.example.com:443"]
)
def test_a_secure_request_is_not_repeated_in_the_clear(location: str) -> None:
    with pytest.raises(RedirectRefused, match="from https to http"):
        url_after(location)
