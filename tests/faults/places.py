"""Where calls go: servers that are there, servers that are not, with TLS, behind proxies."""

from __future__ import annotations

import datetime
import functools
import select
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import trustme

from .server import FaultServer

#: What keys and passwords are, so that a test can tell whether one gets out.
SECRET = "hunter2"

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """Where the call that fails goes, and where one goes afterwards that must not."""

    base_url: str
    #: None if there is no such call: the client cannot reach anything.
    recovery_url: str | None
    server: FaultServer
    #: Another one, which works.
    elsewhere: FaultServer
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def servers(self) -> tuple[FaultServer, FaultServer]:
        return self.server, self.elsewhere


MakePlace = Callable[[], AbstractContextManager[Place]]


@contextmanager
def direct() -> Iterator[Place]:
    """A server, reached directly."""
    with FaultServer() as server, FaultServer() as elsewhere:
        yield Place(server.base_url, server.base_url, server, elsewhere)


def at(base_url: str) -> MakePlace:
    """A URL where nothing is."""

    @contextmanager
    def place() -> Iterator[Place]:
        with FaultServer() as server:
            yield Place(base_url, server.base_url, server, server)

    return place


@contextmanager
def refusing() -> Iterator[Place]:
    """A port that nobody listens on, and that nobody else can take."""
    with socket.socket() as taken, FaultServer() as server:
        taken.bind((_HOST, 0))
        yield Place(_url(taken), server.base_url, server, server)


@contextmanager
def full() -> Iterator[Place]:
    """A listener that takes no more connections, because nobody accepts those it has."""
    waiting: list[socket.socket] = []
    with socket.socket() as listener, FaultServer() as server:
        listener.bind((_HOST, 0))
        listener.listen(0)
        try:
            while True:
                waiting.append(socket.socket())
                waiting[-1].setblocking(False)
                waiting[-1].connect_ex(listener.getsockname())
                if not select.select([], waiting[-1:], [], 0.1)[1]:
                    break
            yield Place(_url(listener), server.base_url, server, server)
        finally:
            for each in waiting:
                each.close()


#: A program that dies in the middle of an answer.
_DYING = """
import os, signal, socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
peer, _ = listener.accept()
peer.recv(65536)
peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\n{")
os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def dying() -> Iterator[Place]:
    """A server in a process of its own, which is killed while it answers."""
    program = [sys.executable, "-IS", "-c", _DYING]
    with FaultServer() as server, subprocess.Popen(program, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            yield Place(f"http://{_HOST}:{port}/v1", server.base_url, server, server)
        finally:
            process.kill()


def tls(*names: str, trusted: bool = True, expired: bool = False) -> MakePlace:
    """A server with TLS, and a certificate for these names."""

    @contextmanager
    def place() -> Iterator[Place]:
        context = _server_context(names, expired)
        with FaultServer(context) as server, FaultServer() as elsewhere:
            works = trusted and not expired and _HOST in names
            recovery_url = server.base_url if works else elsewhere.base_url
            settings = {"verify": _client_context(trusted)}
            yield Place(server.base_url, recovery_url, server, elsewhere, settings)

    return place


@contextmanager
def tls_to_plain() -> Iterator[Place]:
    """A server without TLS, where the client expects some."""
    with FaultServer() as server, FaultServer() as elsewhere:
        base_url = server.base_url.replace("http:", "https:")
        yield Place(base_url, elsewhere.base_url, server, elsewhere)


@contextmanager
def behind_proxy() -> Iterator[Place]:
    """A proxy, and a server with TLS behind it that is never reached."""
    with FaultServer() as server, FaultServer() as elsewhere:
        settings = {"proxy": f"http://user:{SECRET}@{_HOST}:{server.port}"}
        yield Place("https://api.test/v1", "http://api.test/v1", server, elsewhere, settings)


@contextmanager
def behind_refusing_proxy() -> Iterator[Place]:
    """A proxy that is not there."""
    with socket.socket() as taken, FaultServer() as server:
        taken.bind((_HOST, 0))
        settings = {"proxy": _url(taken).removesuffix("/v1")}
        yield Place("https://api.test/v1", None, server, server, settings)


def _url(listener: socket.socket) -> str:
    return f"http://{_HOST}:{listener.getsockname()[1]}/v1"


@functools.cache
def _authority() -> trustme.CA:
    return trustme.CA()


@functools.cache
def _server_context(names: tuple[str, ...], expired: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ended = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    certificate = _authority().issue_cert(*names, not_after=ended if expired else None)
    certificate.configure_cert(context)
    return context


@functools.cache
def _client_context(trusted: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    (_authority() if trusted else trustme.CA()).configure_trust(context)
    return context
