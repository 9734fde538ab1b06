"""A server that breaks HTTP and connections on purpose, on plain sockets in threads of its own.

A script is a sequence of steps, and a step is a function of the `Peer`, the server's end of one
connection. `FaultServer.play` gives scripts to the connections that come next, in order. A
connection whose script is over (or that never had one) is served well until the client hangs up.
So after a fault the same address works again, and no test needs to wait for anything.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

from typing_extensions import Self

from .answers import healthy

#: How long anything may take before a test fails instead of hanging, in seconds.
PATIENCE = 20

THREAD_NAME = "fault server"

#: How much a client can send that nobody has read, about.
_RECEIVE_BUFFER = 64 * 1024

#: Closing a socket with this option discards what is under way and sends a reset.
_RESET = struct.pack("ii", 1, 0)


@dataclass
class Request:
    """What a client sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def streaming(self) -> bool:
        """Whether it asks for a stream of events."""
        return b'"stream":true' in self.body


class Gone(Exception):
    """The client hung up in the middle of something."""


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: FaultServer, connection: socket.socket) -> None:
        self.server = server
        self._socket = connection
        self._received = b""
        self._request = Request("", "", {})
        self._secure = False

    @property
    def request(self) -> Request:
        """The last one that was read."""
        return self._request

    @property
    def streaming(self) -> bool:
        """Whether the last request asked for a stream."""
        return self._request.streaming

    @property
    def closed(self) -> bool:
        return self._socket.fileno() < 0

    def begin_tls(self) -> None:
        """The server's part of the handshake."""
        assert self.server.tls is not None
        self._socket = self.server.tls.wrap_socket(self._socket, server_side=True)
        self._secure = True

    def receive(self) -> bytes:
        """Whatever comes next; b"" when the client has hung up."""
        try:
            return self._socket.recv(1 << 16)
        except TimeoutError:
            raise
        except OSError:
            return b""

    def _until(self, pattern: bytes) -> bytes:
        while not (match := re.search(pattern, self._received)):
            self._more()
        taken, self._received = self._received[: match.end()], self._received[match.end() :]
        return taken

    def _exactly(self, size: int) -> bytes:
        while len(self._received) < size:
            self._more()
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def _more(self) -> None:
        piece = self.receive()
        if not piece:
            raise Gone
        self._received += piece

    def read_head(self) -> None:
        """Reads the head of the next request, and leaves its body unread."""
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        self._request = Request(method, target, headers)
        self.server.requests.append(self._request)

    def read(self) -> None:
        """Reads the next request."""
        self.read_head()
        headers = self._request.headers
        if headers.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                self._request.body += self._exactly(size + 2)[:-2]
            self._until(b"\r\n")
        else:
            self._request.body = self._exactly(int(headers.get("content-length", 0)))

    def send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Gone from error

    def hang(self) -> None:
        """Reads, and says nothing, until the client hangs up. Nothing can follow."""
        while self.receive():
            pass
        raise Gone

    def gone_within(self, seconds: float) -> bool:
        """Whether the client hangs up in that time."""
        self._socket.settimeout(seconds)
        try:
            return not self.receive()
        except TimeoutError:
            return False
        finally:
            self._socket.settimeout(PATIENCE)

    def half_close(self) -> None:
        """Says that nothing more will be sent, but goes on reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """Closes in such a way that the client's next read fails, whatever was sent before."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._socket.close()

    def abort(self) -> None:
        """`close` from another thread, which wakes the one that reads or sends."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Answers every request, until the client hangs up. A request for a tunnel leads here."""
        if self.server.tls is not None and not self._secure:
            self.begin_tls()
        while True:
            self.read()
            if self._request.method == "CONNECT":
                self.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                self.send(healthy(self._request.target, streaming=self.streaming))


Step = Callable[[Peer], object]
Script = Sequence[Step]


class FaultServer:
    """Listens on localhost, with TLS if there is a context, and plays scripts."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._wake, self._waker = socket.socketpair()
        self._scripts: deque[Script] = deque()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._peers: list[Peer] = []
        #: The sockets at this end, by the number that the system gives them.
        self._sockets: set[int] = set()
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v1"
        self.requests: list[Request] = []
        #: The base URL of another server, for redirects.
        self.neighbour = ""
        #: What scripts ended with that they should not have.
        self.failures: list[BaseException] = []
        #: Set by a test that lets a script go on; the script sets `acted`.
        self.go = threading.Event()
        self.acted = threading.Event()
        #: Set when the call that is tested is over.
        self.over = threading.Event()
        self._accepting = self._start(self._accept)

    def play(self, *scripts: Script) -> None:
        """The next connections get one each."""
        self._scripts.extend(scripts)

    @property
    def connections(self) -> int:
        """How many there were."""
        return len(self._peers)

    def let_go(self) -> None:
        """Lets the script go on that waits for it, and waits until it has acted."""
        self.go.set()
        assert self.acted.wait(PATIENCE), "no script acted"

    def sockets(self) -> set[int]:
        """Those at this end, of connections that have been accepted."""
        with self._lock:
            return set(self._sockets)

    def open_after(self, seconds: float) -> int:
        """How many connections are still open at both ends, at the latest after that time."""
        with self._lock:  # a thread may serve a connection before it stands in the list
            threads = list(self._threads)
        for thread in threads:
            thread.join(seconds)
        return sum(thread.is_alive() for thread in threads)

    def close(self) -> None:
        self.go.set()
        self.over.set()
        self._waker.close()
        self._accepting.join()
        for peer in self._peers:
            peer.abort()
        for thread in self._threads:
            thread.join()
        self._listener.close()
        self._wake.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, function: Callable[..., None], *args: object) -> threading.Thread:
        thread = threading.Thread(target=function, args=args, name=THREAD_NAME, daemon=True)
        thread.start()
        return thread

    def _accept(self) -> None:
        while True:
            ready, _, _ = select.select([self._listener, self._wake], [], [])
            if self._wake in ready:
                return
            with self._lock:  # nobody sees a socket that is not yet known to be the server's
                connection, _ = self._listener.accept()
                self._sockets.add(os.fstat(connection.fileno()).st_ino)
                peer = Peer(self, connection)
                self._peers.append(peer)
                connection.settimeout(PATIENCE)
                # What was sent before a reset has left by then.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                script = self._scripts.popleft() if self._scripts else ()
                self._threads.append(self._start(self._play, peer, script))

    def _play(self, peer: Peer, script: Script) -> None:
        try:
            for step in script:
                step(peer)
            if not peer.closed:
                peer.serve()
        except (Gone, ssl.SSLError, ConnectionError):
            pass
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            peer.close()
