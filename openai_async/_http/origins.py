"""URLs as a connection needs them: where to connect to, and what to ask for there."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Whom a connection speaks to: requests of one origin may share connections."""

    scheme: str
    host: str
    """In lower case and in ASCII; the address of an IPv6 host without brackets."""
    port: int


class Target(NamedTuple):
    """A URL, taken apart."""

    origin: Origin
    authority: str
    """The value of the Host header."""
    path: str
    """Path and query, percent-encoded: fit for a request line."""
    user: str | None
    """`user:password` in plain text."""


class Authority(NamedTuple):
    """The part of a URL between its slashes."""

    host: str
    port: int | None
    user: str | None


# RFC 3986 appendix B, but the scheme must be one that is spoken here.
_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(
    r"(?:(?P<user>.*)@)?(?:\[(?P<address>[^\]]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[^:]*))?",
    re.DOTALL,
)
_PORT = re.compile(r"[0-9]{1,5}")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_ZONE = re.compile(r"[A-Za-z0-9._~-]+")

#: What may stand in a path and a query as it is (RFC 3986 section 3.3 and 3.4).
_SAFE = r"A-Za-z0-9._~!$&'()*+,;=:@/?\-"
_ENCODED = re.compile(rf"[{_SAFE}]*(?:%[0-9A-Fa-f]{{2}}[{_SAFE}]*)*")
_UNFIT = re.compile(rf"[^{_SAFE}%]+|%(?![0-9A-Fa-f]{{2}})")


@lru_cache(maxsize=256)
def target(url: str) -> Target:
    """What `url` names. Raises ValueError, which does not quote it, if that is no HTTP URL."""
    parts = _URL.match(url)
    if parts is None:
        raise ValueError("The URL does not begin with http:// or https://.")
    scheme, authority, path = parts.groups()
    origin, shown, user = _server(scheme.lower(), authority)
    return Target(origin, shown, encoded(path), user)


@lru_cache(maxsize=64)
def _server(scheme: str, text: str) -> tuple[Origin, str, str | None]:
    host, port, user = authority(text)
    default = DEFAULT_PORTS[scheme]
    # RFC 6874 section 3: a zone means something to this machine only.
    name = f"[{host.partition('%')[0]}]" if ":" in host else host
    shown = name if port in (None, default) else f"{name}:{port}"
    return Origin(scheme, host, port or default), shown, user


def authority(text: str) -> Authority:
    """`user:password@host:port`, taken apart. Raises ValueError, which does not quote it."""
    parts = _AUTHORITY.fullmatch(text)
    if parts is None:
        raise ValueError(
            "The host of the URL cannot be told from its port. "
            "An IPv6 address stands in brackets: http://[::1]:8000."
        )
    user, address, name, port = parts.group("user", "address", "name", "port")
    host = _name(name) if address is None else _address(address)
    return Authority(host, _port(port) if port else None, _user(user) if user else None)


def encoded(path: str) -> str:
    """A path with its query, percent-encoded where it is not; "/" where there is none."""
    if not path.startswith("/"):
        path = f"/{path}"
    if _ENCODED.fullmatch(path):
        return path
    try:
        return _UNFIT.sub(lambda unfit: quote(unfit[0], safe=""), path)
    except UnicodeEncodeError:  # half a surrogate pair
        raise ValueError("The URL has characters that are no Unicode text.") from None


def _name(host: str) -> str:
    name = host.lower() if host.isascii() else _idna(host)
    labels = name.removesuffix(".").split(".")
    if len(name) > 254 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(
            "The URL has no valid host name. A user name or password in it must be percent-encoded."
        )
    return name


def _idna(host: str) -> str:
    import idna  # noqa: PLC0415  # its tables are large, and hosts are rarely written this way

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError("The host of the URL is no valid international domain name.") from None


def _address(text: str) -> str:
    from ipaddress import IPv6Address  # noqa: PLC0415

    address, _, zone = text.partition("%")
    zone = zone.removeprefix("25")
    try:
        address = str(IPv6Address(address))
        valid = "%" not in text or _ZONE.fullmatch(zone)
    except ValueError:
        valid = None
    if not valid:
        raise ValueError("The URL has no valid IPv6 address in its brackets.")
    return f"{address}%{zone}" if zone else address


def _port(text: str) -> int:
    port = int(text) if _PORT.fullmatch(text) else 0
    if not 0 < port < 65536:
        raise ValueError("The port of the URL is no number between 1 and 65535.")
    return port


def _user(text: str) -> str:
    name, _, password = text.partition(":")
    return f"{unquote(name)}:{unquote(password)}"
