"""Ways to a server: straight, through a forwarding proxy, or through a tunnel; with TLS or not."""

from __future__ import annotations

import socket
import ssl
from typing import NamedTuple

import anyio

from .._transport import ConnectionFailed, TimedOut
from . import tls
from .connection import Connection, reason
from .listening import AnyListener
from .messages import Answer, CutOff
from .origins import Origin
from .proxies import Proxy
from .sockets import Wire, connect, secure


class Route(NamedTuple):
    """Where to, and through what."""

    origin: Origin
    proxy: Proxy | None

    @property
    def forwarded(self) -> bool:
        """Whether the proxy is given whole URLs, as it is for what is not encrypted."""
        return self.proxy is not None and self.origin.scheme == "http"


class ProxyRefused(ConnectionFailed):
    """The proxy does not let the connection through."""


async def open_connection(
    route: Route, verify: bool | ssl.SSLContext, limit: float | None
) -> Connection:
    """A connection along `route`, made within `limit` seconds.

    Raises TimedOut, or ConnectionFailed that says what stood in the way.
    """
    if limit is None:
        return await _open(route, verify)
    with anyio.CancelScope(deadline=anyio.current_time() + limit):
        return await _open(route, verify)
    raise TimedOut(
        f"No connection to {_named(route.origin)} within {limit:g} seconds (timeout.connect)."
    )


async def _open(route: Route, verify: bool | ssl.SSLContext) -> Connection:
    origin, proxy = route
    place = _named(origin)
    if proxy is not None and proxy.scheme != "http":
        raise ProxyRefused(
            f"A redirect led to {place}, which is behind another kind of proxy ({proxy.scheme}). "
            "Set base_url to where the server redirects to.",
            final=True,
        )
    first = proxy or origin
    try:
        connected = await connect(first.host, first.port)
    except socket.gaierror as error:
        raise ConnectionFailed(f"The host {first.host} is not known: {reason(error)}.") from error
    except OSError as error:
        where = f"the proxy {proxy.host}:{proxy.port}" if proxy else place
        raise ConnectionFailed(f"Could not connect to {where}: {reason(error)}.") from error
    if origin.scheme == "http":
        return Connection(Wire(connected), f"{proxy.host}:{proxy.port}" if proxy else place)
    if proxy is not None:
        await _tunnel(connected, origin, proxy)
    try:
        context = await tls.context(verify)
    except BaseException:
        connected.close()
        raise
    try:
        return Connection(await secure(connected, context, origin.host), place)
    except ssl.SSLError as error:
        final = isinstance(error, ssl.SSLCertVerificationError)
        raise ConnectionFailed(tls.explain(error, origin.host), final=final) from error
    except OSError as error:
        raise ConnectionFailed(
            f"The connection to {place} broke during the TLS handshake: {reason(error)}."
        ) from error


async def _tunnel(connected: socket.socket, origin: Origin, proxy: Proxy) -> None:
    """Asks the proxy for a connection to `origin`, and closes `connected` if it gives none."""
    where = f"The proxy {proxy.host}:{proxy.port}"
    place = f"{_bracketed(origin.host)}:{origin.port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    wire, answer = Wire(connected), Answer(without_body=True)
    listening = AnyListener(wire)  # it leaves no trace when the socket goes over to TLS
    try:
        await wire.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        while not answer.headed:
            if data := await listening.receive(None):
                answer.feed(data)
            else:
                answer.end()
        if not 200 <= answer.status < 300:
            hint = " Its user and password go into the URL of the proxy." * (answer.status == 407)
            raise ProxyRefused(
                f"{where} refused to connect to {place}: status {answer.status}.{hint}",
                final=400 <= answer.status < 500,
            )
        if answer.excess:
            raise ProxyRefused(f"{where} sent something before the server could.")
    except CutOff as failure:
        wire.close()
        raise ProxyRefused(f"{where} closed the connection.") from failure
    except OSError as error:
        wire.close()
        raise ProxyRefused(f"{where} closed the connection: {reason(error)}.") from error
    except BaseException:
        wire.close()
        raise


def _named(origin: Origin) -> str:
    return f"{_bracketed(origin.host)}:{origin.port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
