"""What is said about an error of httpx: what happened and where, and nothing secret."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import anyio
import httpx
import httpx2
import pytest

from openai_async import Timeout
from openai_async._httpx_errors import explain, translated
from openai_async._transport import ConnectionFailed, TimedOut

URL = "http://user:password@host.test:8000/v1/files?token=secret"
LIMIT = Timeout(600, connect=5)
PLACE = "host.test:8000"


def caused(error: Exception, *causes: BaseException) -> Exception:
    at: BaseException = error
    for cause in causes:
        at.__cause__ = at = cause
    return error


@pytest.mark.parametrize("package", [httpx, httpx2])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ConnectTimeout", f"No connection to {PLACE} within 5 seconds (timeout.connect)."),
        ("ReadTimeout", f"{PLACE} sent nothing within 600 seconds (timeout.read)."),
        ("WriteTimeout", f"{PLACE} took no more data within 600 seconds (timeout.write)."),
        ("PoolTimeout", f"No free connection to {PLACE} within 600 seconds (timeout.pool)."),
    ],
)
def test_timeouts_name_their_phase(package: Any, name: str, text: str) -> None:
    failure = explain(getattr(package, name)("user:password"), URL, LIMIT)
    assert isinstance(failure, TimedOut)
    assert str(failure) == text


def test_a_timeout_without_limit_says_no_number() -> None:
    failure = explain(httpx.ReadTimeout(""), URL, Timeout(None))
    assert str(failure) == f"{PLACE} sent nothing in time."


@pytest.mark.parametrize(
    ("error", "text", "final"),
    [
        (
            caused(httpx.ConnectError("All attempts"), ConnectionRefusedError(111, "Connect")),
            f"Could not connect to {PLACE}: refused.",
            False,
        ),
        (
            caused(httpx.ConnectError(""), OSError("all"), socket.gaierror(-2, "Name unknown")),
            f"Could not connect to {PLACE}: there is no such host.",
            False,
        ),
        (
            caused(httpx.ReadError(""), ConnectionResetError(104, "Connection reset by peer")),
            f"The connection to {PLACE} broke: connection reset by peer.",
            False,
        ),
        (httpx.ReadError(""), f"The connection to {PLACE} broke: no more is known.", False),
        (
            httpx.RemoteProtocolError("Server disconnected."),
            f"{PLACE} did not answer as HTTP demands: Server disconnected.",
            False,
        ),
        (
            httpx.ProxyError("407 Proxy Authentication Required"),
            f"The proxy refused to connect to {PLACE}: 407 Proxy Authentication Required.",
            False,
        ),
        (httpx.TooManyRedirects(""), f"{PLACE} redirects without end.", True),
        (
            httpx.UnsupportedProtocol("ftp://user:password@host"),
            "The URL of the request does not begin with http:// or https://.",
            True,
        ),
        (
            httpx.DecodingError("incorrect header check"),
            f"The answer of {PLACE} could not be decompressed: incorrect header check.",
            False,
        ),
        (httpx.StreamClosed(), f"The answer of {PLACE} was closed before it was read.", False),
        (httpx2.RequestError("odd"), f"The request to {PLACE} failed: odd.", False),
        (anyio.EndOfStream(), f"{PLACE} closed the connection.", False),
    ],
)
def test_failures_say_what_happened(error: Exception, text: str, final: bool) -> None:
    failure = explain(error, URL, LIMIT)
    assert failure is not None
    assert (str(failure), failure.final) == (text, final)
    assert not isinstance(failure, TimedOut)


def test_one_of_several_causes_is_named() -> None:
    several = OSError("all attempts failed")
    several.exceptions = [OSError("?"), ConnectionRefusedError(111, "")]  # type: ignore[attr-defined]
    failure = explain(caused(httpx.ConnectError(""), several), URL, LIMIT)
    assert str(failure) == f"Could not connect to {PLACE}: refused."


def test_the_last_host_of_a_redirect_is_named() -> None:
    error = httpx.ReadError("", request=httpx.Request("GET", "http://me:pass@other.test/?q=s"))
    assert str(explain(error, URL, LIMIT)).startswith("The connection to other.test broke")


@pytest.mark.parametrize("bare", [False, True])
def test_a_certificate_that_is_not_trusted_is_final(bare: bool) -> None:
    cause = ssl.SSLCertVerificationError(1, "failed")
    cause.verify_code, cause.verify_message = 20, "unable to get local issuer certificate"
    error = cause if bare else caused(httpx.ConnectError(""), cause)
    failure = explain(error, URL, LIMIT)
    assert failure is not None
    assert "host.test:8000 is not trusted" in str(failure)
    assert failure.final


@pytest.mark.parametrize("error", [ValueError("of a hook"), OSError("of a file"), KeyError("x")])
def test_other_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translated(URL, LIMIT):
        raise error
    assert caught.value is error


def test_the_original_is_the_cause() -> None:
    error = httpx.ReadError("")
    with pytest.raises(ConnectionFailed) as caught, translated(URL, LIMIT):
        raise error
    assert caught.value.__cause__ is error


def test_an_error_that_quotes_a_header_is_not_shown() -> None:
    with pytest.raises(ConnectionFailed) as caught, translated(URL, LIMIT):
        raise httpx.LocalProtocolError("Illegal header value b'Bearer sk-secret'")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "sk-secret" not in str(caught.value)
    assert caught.value.final


def test_causes_that_lead_back_to_each_other_end() -> None:
    first, second = LookupError("no such route"), RuntimeError("the mock failed")
    first.__cause__, second.__cause__ = second, first
    assert explain(first, URL, LIMIT) is None
