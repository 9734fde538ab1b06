"""TLS contexts: whom to trust. Each is made once in a process, when it is first needed."""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING

import anyio

from .. import _runs

if TYPE_CHECKING:
    import ssl
    from concurrent.futures import Future

#: By whether they verify.
_made: dict[bool, ssl.SSLContext] = {}

#: Those in the making, by process: a forked child cannot wait for a thread of its parent.
_making: dict[tuple[int, bool], Future[ssl.SSLContext]] = {}

#: How OpenSSL wants the certificates in a directory to be named.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")

#: By the numbers that OpenSSL gives the faults of a certificate (see openssl-verify). What follows
#: "The certificate of example.com".
_CERTIFICATE_FAULTS = {
    9: "is not valid yet. Check the clock of this machine.",
    10: "has expired. Whoever runs the server must renew it; check the clock of this machine too.",
    62: "is for another host name. Check the host in base_url.",
    64: "is not for this IP address. Use a host name that it is for.",
}
_UNTRUSTED = {2, 18, 19, 20, 21}

_NO_TLS = "no TLS is spoken on that port. Use http:// or another port."
_OLD = "the server knows no version of TLS that is safe; 1.2 is needed at least."
_CLIENT = (
    "the server wants a certificate of yours. Pass verify= with a context that has loaded one."
)

#: By the reason that OpenSSL gives. What follows "Securing the connection to example.com failed:".
_FAULTS = {
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "HTTP_REQUEST": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "UNSUPPORTED_PROTOCOL": _OLD,
    "NO_PROTOCOLS_AVAILABLE": _OLD,
    "TLSV1_ALERT_PROTOCOL_VERSION": _OLD,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _CLIENT,
}


async def context(verify: bool | ssl.SSLContext) -> ssl.SSLContext:
    """The context for `verify`: the user's own, or the one that verifies, or does not."""
    if not isinstance(verify, bool):
        return verify
    made = _made.get(verify)
    return made if made is not None else await _first(verify)


async def _first(verify: bool) -> ssl.SSLContext:
    """Waits for a thread to make a context: reading a trust store takes tens of milliseconds."""
    from concurrent.futures import Future  # noqa: PLC0415

    run = await _runs.current()
    mine: Future[ssl.SSLContext] = Future()
    future = _making.setdefault((os.getpid(), verify), mine)
    if future is mine:
        try:
            threading.Thread(target=_make, args=(verify, mine), daemon=True).start()
        except RuntimeError:  # no thread is to be had
            _make(verify, mine)
    ready = anyio.Event()
    future.add_done_callback(lambda _: run.soon(ready.set))
    await ready.wait()
    return future.result()


def _make(verify: bool, future: Future[ssl.SSLContext]) -> None:
    try:
        made = _made[verify] = _verifying() if verify else _trusting()
    except BaseException as error:
        _making.pop((os.getpid(), verify), None)
        future.set_exception(error)
    else:
        future.set_result(made)


def _verifying() -> ssl.SSLContext:
    import ssl  # noqa: PLC0415

    made = ssl.create_default_context()
    if not (made.cert_store_stats()["x509_ca"] or _has_directory() or _is_configured()):
        import certifi  # noqa: PLC0415  # it is large, and most systems have a store

        made.load_verify_locations(certifi.where())
    return _restricted(made)


def _trusting() -> ssl.SSLContext:
    import ssl  # noqa: PLC0415

    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return _restricted(made)


def _restricted(made: ssl.SSLContext) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415

    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= getattr(ssl, "OP_NO_RENEGOTIATION", 0)
    made.set_alpn_protocols(["http/1.1"])
    return made


def _has_directory() -> bool:
    """Whether there is a directory of certificates: OpenSSL looks into it when it needs one."""
    import ssl  # noqa: PLC0415

    directory = ssl.get_default_verify_paths().capath
    try:
        return directory is not None and any(map(_HASHED.fullmatch, os.listdir(directory)))
    except OSError:
        return False


def _is_configured() -> bool:
    """Whether somebody said whom to trust. Nobody else is trusted then."""
    return bool(os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"))


def explain(error: ssl.SSLError, host: str) -> str:
    """What went wrong and what to do about it, in one or two sentences."""
    code = getattr(error, "verify_code", None)
    if code in _UNTRUSTED:
        return f"The certificate of {host} is not trusted. {_trust()}"
    if code is not None:
        message = getattr(error, "verify_message", "unknown")
        fault = _CERTIFICATE_FAULTS.get(code, f"was refused: {message}.")
        return f"The certificate of {host} {fault}"
    reason = getattr(error, "reason", None) or "the connection was ended"
    fault = _FAULTS.get(reason, f"{reason.lower().replace('_', ' ')}.")
    return f"Securing the connection to {host} failed: {fault}"


def _trust() -> str:
    """How to have a certificate trusted."""
    named = os.environ.get("SSL_CERT_FILE")
    if named and not os.path.isfile(named):
        return "SSL_CERT_FILE names no file: correct it."
    return (
        "If you trust its issuer, set SSL_CERT_FILE to a file with the certificate of the issuer, "
        "or pass verify=ssl.create_default_context(cafile=...)."
    )
