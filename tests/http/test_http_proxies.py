"""Which proxy a request goes through."""

from __future__ import annotations

import sys
import urllib.request
from base64 import b64encode

import pytest

from openai_async._http.origins import Origin, target
from openai_async._http.proxies import Proxy, parse_proxy, proxy_of

HTTP = Origin("http", "example.com", 80)
HTTPS = Origin("https", "example.com", 443)


@pytest.fixture(autouse=True)
def _no_settings_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("HTTP://Proxy.Example:3128/", Proxy("http", "proxy.example", 3128)),
        ("http://proxy.example", Proxy("http", "proxy.example", 80)),
        ("https://proxy.example", Proxy("https", "proxy.example", 443)),
        ("socks4://proxy.example", Proxy("socks4", "proxy.example", 1080)),
        ("socks5://proxy.example", Proxy("socks5", "proxy.example", 1080)),
        ("socks5h://proxy.example:9050", Proxy("socks5h", "proxy.example", 9050)),
        ("socks://127.0.0.1:1080/", Proxy("socks5", "127.0.0.1", 1080)),
        ("proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        (" proxy.example ", Proxy("http", "proxy.example", 80)),
        ("[::1]:3128", Proxy("http", "::1", 3128)),
        ("http://proxy.example:3128/path?x=1#y", Proxy("http", "proxy.example", 3128)),
    ],
)
def test_a_url_names_a_proxy(url: str, proxy: Proxy) -> None:
    assert parse_proxy(url) == proxy


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        ("me:secret", "me:secret"),
        ("me", "me:"),
        ("m%40e:s%3Aé", "m@e:s:é"),
    ],
)
@pytest.mark.parametrize("scheme", ["http://", "socks5://", ""])
def test_a_proxy_is_told_user_and_password(scheme: str, user: str, sent: str) -> None:
    proxy = parse_proxy(f"{scheme}{user}@proxy.example")
    assert proxy.host == "proxy.example"
    assert proxy.authorization == f"Basic {b64encode(sent.encode()).decode()}"


@pytest.mark.parametrize("password", ["secret", "sec%3A%2F%2Fret", "sec:ret"])
def test_nothing_shows_the_password(password: str) -> None:
    proxy = parse_proxy(f"http://me:{password}@proxy.example")
    assert proxy.authorization is not None
    for shown in (repr(proxy), str(proxy), str(list(proxy.__rich_repr__()))):
        assert proxy.authorization.removeprefix("Basic ") not in shown
        assert password not in shown
        assert "proxy.example" in shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "ftp://proxy.example",
        "http+unix://proxy.example",
        "http://me:secret@proxy.example:port",
        "http://me:secret@",
        "me:secret@[::1",
        "secret@pro xy",
        "secret://proxy.example",
    ],
)
def test_what_names_no_proxy_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^proxy must be .* such as http://") as caught:
        parse_proxy(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("origin", "environment", "host"),
    [
        (HTTPS, {}, None),
        (HTTPS, {"HTTPS_PROXY": "http://a"}, "a"),
        (HTTPS, {"https_proxy": "http://a"}, "a"),
        (HTTPS, {"https_proxy": "http://a", "HTTPS_PROXY": "http://b"}, "a"),
        (HTTPS, {"https_proxy": "", "HTTPS_PROXY": "http://b"}, None),
        (HTTPS, {"https_proxy": " ", "ALL_PROXY": "http://b"}, "b"),
        (HTTPS, {"HTTP_PROXY": "http://a"}, None),
        (HTTP, {"HTTP_PROXY": "http://a"}, "a"),
        (HTTP, {"HTTPS_PROXY": "http://a"}, None),
        (HTTP, {"ALL_PROXY": "http://a"}, "a"),
        (HTTPS, {"all_proxy": "http://a", "ALL_PROXY": "http://b"}, "a"),
        (HTTPS, {"ALL_PROXY": "http://a", "HTTPS_PROXY": "http://b"}, "b"),
        (HTTP, {"HTTP_PROXY": "http://a", "REQUEST_METHOD": "GET"}, None),
        (HTTP, {"http_proxy": "http://a", "REQUEST_METHOD": "GET"}, "a"),
        (HTTPS, {"HTTPS_PROXY": "http://a", "REQUEST_METHOD": "GET"}, "a"),
        (HTTPS, {"HTTPS_PROXY": "http://a", "NO_PROXY": "other.example"}, "a"),
        (HTTPS, {"HTTPS_PROXY": "http://a", "NO_PROXY": "example.com"}, None),
        (HTTPS, {"ALL_PROXY": "http://a", "NO_PROXY": "example.com"}, None),
        (HTTPS, {"HTTPS_PROXY": "http://a", "no_proxy": "", "NO_PROXY": "*"}, "a"),
        (HTTPS, {"HTTPS_PROXY": "http://a", "no_proxy": "*", "NO_PROXY": "x"}, None),
    ],
)
def test_the_environment_names_the_proxy(
    origin: Origin, environment: dict[str, str], host: str | None
) -> None:
    proxy = proxy_of(origin, environment)
    assert (proxy and proxy.host) == host


@pytest.mark.parametrize(
    ("url", "no_proxy", "direct"),
    [
        ("http://example.com", "*", True),
        ("http://example.com", " * ", True),
        ("http://example.com", "", False),
        ("http://example.com", ",, ,", False),
        ("http://example.com", "example.com", True),
        ("http://EXAMPLE.com", "Example.COM", True),
        ("http://example.com.", "example.com", True),
        ("http://example.com", "example.com.", True),
        ("http://api.example.com", "example.com", True),
        ("http://notexample.com", "example.com", False),
        ("http://example.com", "api.example.com", False),
        ("http://example.com", "com", True),
        ("http://example.com", "e.com", False),
        ("http://api.example.com", ".example.com", True),
        ("http://example.com", ".example.com", True),
        ("http://notexample.com", ".example.com", False),
        ("http://a.b.example.com", "*.example.com", True),
        ("http://notexample.com", "*.example.com", False),
        ("http://example.com", ".", False),
        ("http://example.com", "*.", False),
        ("http://example.com", "a,example.com,b", True),
        ("http://example.com", "a example.com\tb", True),
        ("http://example.com:8000", "example.com:8000", True),
        ("http://example.com:8001", "example.com:8000", False),
        ("http://example.com", "example.com:80", True),
        ("https://example.com", "example.com:80", False),
        ("http://api.example.com:8000", ".example.com:8000", True),
        ("http://bücher.example", "bücher.example", True),
        ("http://bücher.example", "xn--bcher-kva.example", True),
        ("http://127.0.0.1:8000", "127.0.0.1", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8001", False),
        ("http://127.0.0.2", "127.0.0.1", False),
        ("http://10.1.2.3", "10.0.0.0/8", True),
        ("http://10.1.2.3", "10.1.2.0/24", True),
        ("http://10.1.3.3", "10.1.2.0/24", False),
        ("http://10.1.2.3", "10.1.2.99/24", True),
        ("http://11.1.2.3", "10.0.0.0/8", False),
        ("http://10.example.com", "10.0.0.0/8", False),
        ("http://1.10.0.0.1", "10.0.0.1", False),
        ("http://10.0.0.1", "10.0.0.0/99", False),
        ("http://10.0.0.1", "10.0.0.*", False),
        ("http://[::1]:8000", "::1", True),
        ("http://[::1]:8000", "[::1]", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://[::1]:8000", "[::1]:8001", False),
        ("http://[0:0:0:0:0:0:0:1]", "::1", True),
        ("http://[fd00::1]", "fd00::/8", True),
        ("http://[fd00::1]", "10.0.0.0/8", False),
        ("http://10.0.0.1", "::/0", False),
        ("http://[fe80::1%25eth0]", "fe80::/10", True),
        ("http://[fe80::1%25eth0]", "fe80::1", True),
        ("http://localhost", "127.0.0.1", False),
        ("http://example.com", "http://example.com", False),
        ("http://example.com", "exa mple.com[]:,[::1", False),
    ],
)
def test_no_proxy_exempts_hosts(url: str, no_proxy: str, direct: bool) -> None:
    environment = {"ALL_PROXY": "http://proxy.example", "NO_PROXY": no_proxy}
    assert (proxy_of(target(url).origin, environment) is None) is direct


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_an_error_names_the_variable(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be ") as caught:
        proxy_of(HTTPS, {name: "gopher://me:secret@proxy.example"})
    assert "secret" not in str(caught.value)


def test_a_variable_is_read_anew_each_time() -> None:
    environment = {"HTTPS_PROXY": "http://a"}
    first = proxy_of(HTTPS, environment)
    environment["HTTPS_PROXY"] = "http://b"
    second = proxy_of(HTTPS, environment)
    environment["NO_PROXY"] = "*"
    assert [first, second] == [Proxy("http", "a", 80), Proxy("http", "b", 80)]
    assert proxy_of(HTTPS, environment) is None


class TestSettingsOfTheSystem:
    """Of macOS and Windows, as `urllib` reads them."""

    @pytest.fixture(autouse=True, params=["darwin", "win32"])
    def _settings(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = {"http": "http://plain:1", "https": "http://secure:2"}
        monkeypatch.setattr(urllib.request, "getproxies", lambda: settings)
        monkeypatch.setattr(urllib.request, "proxy_bypass", lambda host: host == "direct")
        monkeypatch.setattr(sys, "platform", request.param)

    def test_they_name_the_proxy(self) -> None:
        assert proxy_of(HTTP, {}) == Proxy("http", "plain", 1)
        assert proxy_of(HTTPS, {}) == Proxy("http", "secure", 2)

    def test_they_exempt_hosts(self) -> None:
        assert proxy_of(Origin("http", "direct", 80), {}) is None

    def test_the_environment_goes_before(self) -> None:
        assert proxy_of(HTTPS, {"ALL_PROXY": "http://a"}) == Proxy("http", "a", 80)

    def test_no_proxy_of_the_environment_is_for_proxies_of_the_environment(self) -> None:
        assert proxy_of(HTTPS, {"ALL_PROXY": "http://a", "NO_PROXY": "*"}) is None


def test_elsewhere_the_system_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"https": "http://a"})
    assert proxy_of(HTTPS, {}) is None
