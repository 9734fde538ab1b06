"""Proxies: which one a request goes through, as the environment says."""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

from msgspec import Struct

from .origins import Origin, authority

DEFAULT_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks5": 1080, "socks5h": 1080}
_SCHEMES = ", ".join(DEFAULT_PORTS)


class Proxy(Struct, frozen=True):
    """A proxy and what it is told to let us through."""

    scheme: str
    host: str
    port: int
    authorization: str | None = None
    """The value of the Proxy-Authorization header."""

    def __repr__(self) -> str:
        secret = "" if self.authorization is None else ", authorization=<redacted>"
        return f"Proxy({self.scheme!r}, {self.host!r}, {self.port}{secret})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("scheme", self.scheme), ("host", self.host), ("port", self.port)]


@lru_cache(maxsize=16)
def parse_proxy(url: str, called: str = "proxy") -> Proxy:
    """The proxy that `url` names; without a scheme it is an HTTP proxy.

    Raises ValueError, which names where the URL came from and does not quote it.
    """
    text = url.strip()
    scheme, rest = text.split("://", 1) if "://" in text else ("http", text)
    # What desktops write into ALL_PROXY.
    scheme = "socks5" if scheme.lower() == "socks" else scheme.lower()
    try:
        if scheme not in DEFAULT_PORTS:
            raise ValueError(f"Its scheme is none of {_SCHEMES}.")
        host, port, user = authority(re.split(r"[/?#]", rest, maxsplit=1)[0])
    except ValueError as error:
        raise ValueError(
            f"{called} must be the URL of a proxy, such as http://proxy.example.com:3128. {error}"
        ) from None
    secret = None if user is None else f"Basic {b64encode(user.encode()).decode()}"
    return Proxy(scheme, host, port or DEFAULT_PORTS[scheme], secret)


def proxy_of(origin: Origin, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy for `origin`, or None. Raises ValueError for a variable that names none."""
    # A web server hands the header "Proxy" of whoever called it to a CGI script as HTTP_PROXY.
    cgi = origin.scheme == "http" and "REQUEST_METHOD" in environment
    found = _variable(environment, f"{origin.scheme}_proxy", lower_only=cgi)
    found = found or _variable(environment, "all_proxy")
    if found is None:
        return None if sys.platform not in ("darwin", "win32") else _system_proxy(origin)
    exempt = _variable(environment, "no_proxy")
    if exempt is not None and _is_exempt(origin.host, origin.port, exempt[1]):
        return None
    return parse_proxy(found[1], found[0])


def _variable(
    environment: Mapping[str, str], name: str, *, lower_only: bool = False
) -> tuple[str, str] | None:
    """The name and value of a variable that is set; one in lower case wins, even if empty."""
    value = environment.get(name)
    if value is None and not lower_only:
        name = name.upper()
        value = environment.get(name)
    return (name, value) if value and value.strip() else None


def _system_proxy(origin: Origin) -> Proxy | None:
    """What the settings of macOS or Windows say."""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415

    url = getproxies().get(origin.scheme)
    if not url or proxy_bypass(origin.host):
        return None
    return parse_proxy(url, "The proxy in the settings of the system")


class _Exemption(NamedTuple):
    """An entry of NO_PROXY."""

    hosts: str | IPv4Network | IPv6Network
    """A domain with all below it, a network of addresses, or "*"."""
    port: int | None

    def covers(self, host: str, address: IPv4Address | IPv6Address | None, port: int) -> bool:
        if self.port not in (None, port):
            return False
        if isinstance(self.hosts, str):
            return self.hosts == "*" or f".{host}".endswith(f".{self.hosts}")
        return address is not None and address in self.hosts


@lru_cache(maxsize=256)
def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Whether NO_PROXY names the host."""
    host, address = host.removesuffix("."), _address(host)
    return any(each.covers(host, address, port) for each in _exemptions(no_proxy))


@lru_cache(maxsize=16)
def _exemptions(no_proxy: str) -> tuple[_Exemption, ...]:
    found = (_exemption(entry) for entry in re.split(r"[\s,]+", no_proxy) if entry)
    return tuple(each for each in found if each is not None)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text.partition("%")[0], strict=False)
    except ValueError:
        return None


def _exemption(entry: str) -> _Exemption | None:
    """The meaning of an entry, or None if it has none: many programs read this variable."""
    if entry == "*":
        return _Exemption("*", None)
    if (network := _network(entry)) is not None:
        return _Exemption(network, None)
    try:
        host, port, _ = authority(entry.lstrip("*."))
    except ValueError:
        return None
    return _Exemption(_network(host) or host.removesuffix("."), port)
