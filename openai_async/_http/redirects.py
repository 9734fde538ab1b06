"""Redirects: the request that follows an answer which says to look elsewhere."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

from msgspec.structs import replace

from .._headers import SECRET_HEADERS
from .._transport import ConnectionFailed, WireRequest, replayable
from .origins import DEFAULT_PORTS, Origin, target

#: How many redirects of one request are followed.
MOST = 20

STATUSES = frozenset({301, 302, 303, 307, 308})


class RedirectRefused(ConnectionFailed):
    """A redirect that cannot be followed."""

    final = True


class TooManyRedirects(ConnectionFailed):
    """More redirects than `MOST`."""

    final = True


def redirected(request: WireRequest, status: int, location: str | None) -> WireRequest | None:
    """The request to send instead, or None if the answer is no redirect.

    Raises RedirectRefused if it cannot be sent: the new URL is none, or the body is gone.
    """
    if status not in STATUSES or location is None:
        return None
    old = target(request.url).origin
    try:
        url = _resolved(_text(location).strip(), request.url)
        new = target(url).origin
    except ValueError as error:
        raise RedirectRefused(f"The server redirects to where nobody can follow. {error}") from None
    if (old.scheme, new.scheme) == ("https", "http"):
        raise RedirectRefused(
            "The server redirects from https to http, where anybody could read the request. "
            "Set base_url to the right https:// address."
        )
    dropped = {"host"}
    if keeps_secrets(old, new):
        url = _with_user(url, of=request.url)
    else:
        url = _with_user(url, of=None)
        dropped |= SECRET_HEADERS
    changes = becomes_get(request.method, status)
    if not changes and not replayable(request.body):
        raise RedirectRefused(
            "The server redirects the request, but its body can be read only once. "
            "Send bytes or a file instead, or set base_url to where the server redirects to."
        )
    return replace(
        request,
        method="GET" if changes else request.method,
        url=url,
        headers=[
            (name, value)
            for name, value in request.headers
            if (key := name.lower()) not in dropped and not (changes and key.startswith("content-"))
        ],
        body=None if changes else request.body,
    )


def becomes_get(method: str, status: int) -> bool:
    """Whether the request is not repeated, but its outcome fetched (RFC 9110 section 15.4)."""
    return (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST")


def keeps_secrets(old: Origin, new: Origin) -> bool:
    """Whether `new` may learn what `old` was told: it is the same, or the same secured."""
    upgraded = old == ("http", new.host, DEFAULT_PORTS["http"]) and new == (
        "https",
        old.host,
        DEFAULT_PORTS["https"],
    )
    return old == new or upgraded


def _resolved(location: str, url: str) -> str:
    """`location`, which may be relative to `url`, without a fragment. Raises ValueError."""
    try:
        parts = urlsplit(urljoin(url, location))
    except ValueError:  # its text quotes users and passwords
        raise ValueError("The URL is malformed.") from None
    return urlunsplit(parts._replace(fragment=""))


def _text(location: str) -> str:
    """`location`, whose bytes were read as Latin-1, as they were meant."""
    try:
        return location.encode("latin-1").decode()
    except UnicodeError:
        return location


def _with_user(url: str, *, of: str | None) -> str:
    """`url` with the user and password of another URL if it names none; without any for None."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if of is None:
        return urlunsplit(parts._replace(netloc=host))
    user, at, _ = (user, at, "") if at else urlsplit(of).netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}"))
