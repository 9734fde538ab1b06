"""What went wrong inside httpx or httpx2, in plain words.

Both packages raise exceptions of the same names. Those are what is looked at here, so that neither
package has to be imported, and a client of either one may be used.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import anyio

from ._http.tls import explain as explain_tls
from ._timeouts import Timeout
from ._transport import ConnectionFailed, TimedOut

#: By the name of an exception or of a base class of it: the phase, and what to say.
_TIMED_OUT = {
    "ConnectTimeout": ("connect", "No connection to {place} {within}."),
    "ReadTimeout": ("read", "{place} sent nothing {within}."),
    "WriteTimeout": ("write", "{place} took no more data {within}."),
    "PoolTimeout": ("pool", "No free connection to {place} {within}."),
    "TimeoutException": (None, "No answer from {place} {within}."),
}
_FAILED = {
    "ConnectError": "Could not connect to {place}: {reason}.",
    "NetworkError": "The connection to {place} broke: {reason}.",
    "LocalProtocolError": "HTTP forbids this request to {place}: a header has characters that it "
    "must not have, or the body is not as long as was said.",
    "ProtocolError": "{place} did not answer as HTTP demands: {text}.",
    "ProxyError": "The proxy refused to connect to {place}: {text}.",
    "UnsupportedProtocol": "The URL of the request does not begin with http:// or https://.",
    "DecodingError": "The answer of {place} could not be decompressed: {text}.",
    "TooManyRedirects": "{place} redirects without end.",
    "RequestError": "The request to {place} failed: {reason}.",
    "StreamError": "The answer of {place} was closed before it was read.",
}
#: Another attempt would meet the same.
_FINAL = {"LocalProtocolError", "UnsupportedProtocol", "TooManyRedirects"}

#: Two that systems describe in words of their own, each its own way.
_REASONS = {ConnectionRefusedError: "refused", socket.gaierror: "there is no such host"}


@contextmanager
def translated(url: str, timeout: Timeout) -> Iterator[None]:
    """Raises `ConnectionFailed` or `TimedOut` for what httpx raises; others pass untouched."""
    try:
        yield
    except Exception as error:
        failure = explain(error, url, timeout)
        if failure is None:
            raise
        # This one quotes a header in full, which may be the one with the key.
        secret = "LocalProtocolError" in _names(error)
        raise failure from None if secret else error


def explain(error: Exception, url: str, timeout: Timeout) -> ConnectionFailed | None:
    """The failure that `error` is, met while `url` was requested; None if it is of another kind."""
    place = _place(error, url)
    names, causes = _names(error), list(_causes(error))
    for name in names:
        if name in _TIMED_OUT:
            phase, text = _TIMED_OUT[name]
            seconds = getattr(timeout, phase) if phase else None
            within = "in time"
            if seconds is not None:
                within = f"within {seconds:g} seconds (timeout.{phase})"
            return TimedOut(text.format(place=place, within=within))
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and (names or cause is error):
            final = isinstance(cause, ssl.SSLCertVerificationError)
            return ConnectionFailed(explain_tls(cause, place), final=final)
    for name in names:
        if name in _FAILED:
            said = str(error).rstrip(".") or "no more is known"
            text = _FAILED[name].format(place=place, text=said, reason=_reason(causes) or said)
            return ConnectionFailed(text, final=name in _FINAL)
    if isinstance(error, anyio.EndOfStream):
        return ConnectionFailed(f"{place} closed the connection.")
    return None


def _names(error: Exception) -> list[str]:
    """The names of the classes of `error`, nearest first, as far as they are of these packages."""
    packages = ("httpx", "httpx2")
    return [c.__name__ for c in type(error).__mro__ if c.__module__.partition(".")[0] in packages]


def _place(error: Exception, url: str) -> str:
    """Host and port, of the last of several requests that redirects have led to."""
    try:
        return str(error.request.url.netloc.decode())  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        return urlsplit(url).netloc.rpartition("@")[2]


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error`, what caused it, and so on; once each, for there are chains that lead back."""
    at: BaseException | None = error
    seen: set[int] = set()
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        several = getattr(at, "exceptions", ())
        at = several[-1] if several else at.__cause__ or at.__context__


def _reason(causes: list[BaseException]) -> str | None:
    """The first thing among `causes` that the system has words for."""
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno:
            return _REASONS.get(type(cause)) or os.strerror(cause.errno).lower()
    return None
