"""URLs taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_async._http.origins import Origin, target


@pytest.mark.parametrize(
    ("url", "origin", "authority"),
    [
        ("http://example.com", Origin("http", "example.com", 80), "example.com"),
        ("https://example.com/v1", Origin("https", "example.com", 443), "example.com"),
        ("HTTPS://Example.COM:443", Origin("https", "example.com", 443), "example.com"),
        ("http://example.com:443/", Origin("http", "example.com", 443), "example.com:443"),
        ("http://example.com:", Origin("http", "example.com", 80), "example.com"),
        ("http://example.com:080", Origin("http", "example.com", 80), "example.com"),
        ("http://a_b.example.com.", Origin("http", "a_b.example.com.", 80), "a_b.example.com."),
        ("http://127.0.0.1:8000", Origin("http", "127.0.0.1", 8000), "127.0.0.1:8000"),
        ("http://[::1]:8000/v1", Origin("http", "::1", 8000), "[::1]:8000"),
        ("https://[2001:DB8::0:1]", Origin("https", "2001:db8::1", 443), "[2001:db8::1]"),
        ("http://[fe80::1%25Eth0]:8", Origin("http", "fe80::1%Eth0", 8), "[fe80::1]:8"),
        ("http://[fe80::1%Eth0]", Origin("http", "fe80::1%Eth0", 80), "[fe80::1]"),
        ("http://bücher.example", Origin("http", "xn--bcher-kva.example", 80), None),
        ("http://BÜCHER.example", Origin("http", "xn--bcher-kva.example", 80), None),
        ("http://例え。テスト:81", Origin("http", "xn--r8jz45g.xn--zckzah", 81), None),
        ("http://u:p@example.com:81?q@x", Origin("http", "example.com", 81), "example.com:81"),
        ("http://example.com#@elsewhere", Origin("http", "example.com", 80), "example.com"),
        ("http://example.com?@elsewhere", Origin("http", "example.com", 80), "example.com"),
    ],
)
def test_a_url_names_whom_to_connect_to(url: str, origin: Origin, authority: str | None) -> None:
    found = target(url)
    assert found.origin == origin
    assert authority is None or found.authority == authority


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ("", "/"),
        ("/", "/"),
        ("?a=1", "/?a=1"),
        ("/v1/files?after=x&limit=2", "/v1/files?after=x&limit=2"),
        ("/a#fragment", "/a"),
        ("/a?b#fragment?c", "/a?b"),
        ("/a b", "/a%20b"),
        ("/a%20b%2Fc%c3%A9", "/a%20b%2Fc%c3%A9"),
        ("/100%", "/100%25"),
        ("/%zz%4", "/%25zz%254"),
        ("/é?q=日", "/%C3%A9?q=%E6%97%A5"),
        ("/\U0001f600", "/%F0%9F%98%80"),
        ("/a\r\nX-Evil: 1", "/a%0D%0AX-Evil:%201"),
        ("/\t\0\x7f", "/%09%00%7F"),
        ('/\\a"<>^`{|}', "/%5Ca%22%3C%3E%5E%60%7B%7C%7D"),
        ("/?a[b]=1", "/?a%5Bb%5D=1"),
        ("/!$&'()*+,;=:@-._~", "/!$&'()*+,;=:@-._~"),
        ("/a/../b", "/a/../b"),
    ],
)
def test_a_path_is_made_fit_for_a_request_line(rest: str, path: str) -> None:
    assert target(f"http://example.com{rest}").path == path


@pytest.mark.parametrize(
    ("url", "user"),
    [
        ("http://example.com", None),
        ("http://@example.com", None),
        ("http://me:secret@example.com", "me:secret"),
        ("http://me@example.com", "me:"),
        ("http://:secret@example.com", ":secret"),
        ("http://m%40e:s%3Ae%2Fc%C3%A9@example.com", "m@e:s:e/cé"),
        ("http://me:a:b@c@example.com", "me:a:b@c"),
    ],
)
def test_a_url_may_name_a_user(url: str, user: str | None) -> None:
    assert target(url).user == user


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "http://"),
        ("example.com", "http://"),
        ("/v1/files", "http://"),
        (" http://example.com", "http://"),
        ("ftp://example.com", "http://"),
        ("file:///etc/passwd", "http://"),
        ("http:example.com", "http://"),
        ("http:/example.com", "http://"),
        ("http://", "host name"),
        ("http:///v1", "host name"),
        ("http://:80", "host name"),
        ("http://user@", "host name"),
        ("http://a..b", "host name"),
        ("http://.a", "host name"),
        ("http://a b/", "host name"),
        ("http://a%20b/", "host name"),
        ("http://a\r\nb/", "host name"),
        ("http://a\n", "host name"),
        ("http://example.com\\@elsewhere.com", None),
        ("http://elsewhere.com\\.example.com", "host name"),
        (f"http://{'a' * 64}.com", "host name"),
        (f"http://{'a.' * 127}com", "host name"),
        ("http://\u2010\u2010.\ufffd", "international"),
        ("http://\udcff.example", "international"),
        ("http://example.com:http", "port"),
        ("http://example.com:0", "port"),
        ("http://example.com:65536", "port"),
        ("http://example.com:-1", "port"),
        ("http://example.com:٨٠", "port"),
        ("http://example.com:80\n", "port"),
        ("http://example.com:80:80", "told from its port"),
        ("http://::1/", "told from its port"),
        ("http://[::1/", "told from its port"),
        ("http://[::1]80/", "told from its port"),
        ("http://[]/", "IPv6"),
        ("http://[127.0.0.1]/", "IPv6"),
        ("http://[::g]/", "IPv6"),
        ("http://[::1%]/", "IPv6"),
        ("http://[::1%a\nb]/", "IPv6"),
        ("http://example.com/\udcff", "Unicode"),
    ],
)
def test_what_is_no_url_is_refused(url: str, reason: str | None) -> None:
    if reason is None:
        assert target(url).origin.host == "elsewhere.com"
        return
    with pytest.raises(ValueError, match=reason):
        target(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://me:secret@example.com/?key=secret",
        "http://me:secret@:80/?key=secret",
        "http://me:secret@example.com:x/?key=secret",
        "http://me:se/secret@example.com",
        "http://me:secret@[::x]/",
        "http://me:secret@exa mple.com/?key=secret",
        "http://me@example.com/\udcff?key=secret",
    ],
)
def test_an_error_keeps_secrets(url: str) -> None:
    with pytest.raises(ValueError, match="URL") as caught:
        target(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.text())
def test_a_path_never_breaks_the_request_line(text: str) -> None:
    path = target(f"http://example.com/{text}").path
    assert path.isascii()
    assert path.isprintable()
    assert " " not in path
    assert "#" not in path


@given(st.text())
def test_no_authority_gets_into_the_host_header_unchecked(text: str) -> None:
    try:
        found = target(f"http://{text}")
    except ValueError:
        return
    assert found.authority.isascii()
    assert found.authority.isprintable()
    assert not set(found.authority) & set(" @/\\?#,")
    assert 0 < found.origin.port < 65536


def test_encoding_a_path_twice_changes_nothing() -> None:
    once = target("http://example.com/a b%?é=100%25").path
    assert target(f"http://example.com{once}").path == once
