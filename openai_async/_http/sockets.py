"""Connected sockets, for asyncio and trio alike.

Non-blocking sockets and `anyio.wait_readable` instead of byte streams: what can be done at once is
done without the event loop, nothing is buffered behind our back (so an idle connection can be asked
whether anything came), and closing is one call that never waits, which is what makes cancellation
simple. TLS is the socket of the ssl module in the same manner.
"""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

if TYPE_CHECKING:
    import ssl

#: The most that one read takes.
_READ = 64 * 1024

#: RFC 8305: how long one address has before the next is tried beside it, in seconds.
_HEAD_START = 0.25

#: How many names one loop looks up at once. Apart from other work in threads, such as functions
#: of users, which may wait for a call that looks up a name.
_MOST_LOOKUPS = 20
_lookups: RunVar[anyio.CapacityLimiter] = RunVar("openai_async.lookups")

_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5))


class Wire:
    """A connected socket."""

    __slots__ = ("socket",)

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected

    def read(self) -> bytes | None:
        """What is there, b"" at the end of the stream, None if there is nothing yet."""
        try:
            return self.socket.recv(_READ)
        except BlockingIOError:
            return None

    def write(self, data: bytes | memoryview) -> int:
        """How much of `data` could be sent at once."""
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0

    async def send(self, data: bytes | memoryview) -> None:
        """Sends all of `data`."""
        left = memoryview(data)
        while left:
            sent = self.write(left)
            if not sent:
                try:
                    await anyio.wait_writable(self.socket)
                except anyio.ClosedResourceError as error:
                    raise closed() from error
            left = left[sent:]

    @property
    def closed(self) -> bool:
        return self.socket.fileno() < 0

    def close(self) -> None:
        """Closes it, at once."""
        self.socket.close()

    def interrupt(self) -> None:
        """Closes it under a task that may wait for it by the means of anyio."""
        if not self.closed:
            # No loop runs here, or Python is shutting down: nobody waits.
            with suppress(RuntimeError, ImportError):
                anyio.notify_closing(self.socket)
            self.socket.close()


class SecureWire(Wire):
    """A connected socket with TLS."""

    __slots__ = ("_blocked", "_cut_off")

    def __init__(self, connected: ssl.SSLSocket) -> None:
        import ssl  # noqa: PLC0415  # only programs that use TLS pay for it

        super().__init__(connected)
        self._blocked = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
        #: There was an end, but not the one that TLS marks.
        self._cut_off = ssl.SSLEOFError

    def read(self) -> bytes | None:
        pieces: list[bytes] = []
        size = 0
        try:
            # A read of TLS gives one record; events often come in many small ones.
            while size < _READ and (piece := self.socket.recv(_READ)):
                pieces.append(piece)
                size += len(piece)
        except self._blocked:
            return b"".join(pieces) if pieces else None
        except OSError as error:
            if not pieces:
                if isinstance(error, self._cut_off):
                    raise ConnectionResetError(errno.ECONNRESET, "reset, or cut off") from error
                raise
        return b"".join(pieces)

    def write(self, data: bytes | memoryview) -> int:
        try:
            return self.socket.send(data)
        except self._blocked:
            return 0


def closed() -> OSError:
    """What a task gets that waits for a connection while it is closed."""
    return OSError(errno.EBADF, "closed by this program")


async def connect(host: str, port: int) -> socket.socket:
    """A socket that is connected to `host`: the first of its addresses that answers.

    Raises OSError if none does, or if there is none.
    """
    addresses = await _addresses(host, port)
    if len(addresses) == 1:
        return await _dial(*addresses[0])
    winner: list[socket.socket] = []
    errors: list[OSError] = []

    async def attempt(family: int, address: Any, over: anyio.Event) -> None:
        try:
            connected = await _dial(family, address)
        except OSError as error:
            errors.append(error)
            over.set()
            return
        if winner:
            connected.close()
        winner.append(connected)
        group.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as group:
            for family, address in addresses:
                over = anyio.Event()
                group.start_soon(attempt, family, address, over)
                with anyio.move_on_after(_HEAD_START):
                    await over.wait()
    except BaseException:
        for connected in winner:
            connected.close()
        raise
    if winner:
        return winner[0]
    raise errors[0]


async def _addresses(host: str, port: int) -> list[tuple[int, Any]]:
    """The addresses of `host`, families taking turns, without duplicates."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await _look_up(host, port)
    by_family: dict[int, list[Any]] = {}
    for family, _, _, _, address in found:
        of_family = by_family.setdefault(family, [])
        if address not in of_family:
            of_family.append(address)
    longest = max((len(each) for each in by_family.values()), default=0)
    return [
        (family, of_family[turn])
        for turn in range(longest)
        for family, of_family in by_family.items()
        if turn < len(of_family)
    ]


async def _look_up(host: str, port: int) -> list[Any]:
    """What the system knows of `host`.

    Not in a thread of the loop's own, as `anyio.getaddrinfo` does it: Python waits for those before
    it ends, however long a server of names stays silent, and has none once the main thread is done.
    """
    try:
        limiter = _lookups.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_MOST_LOOKUPS)
        _lookups.set(limiter)
    return await anyio.to_thread.run_sync(
        partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM),
        abandon_on_cancel=True,
        limiter=limiter,
    )


async def _dial(family: int, address: Any) -> socket.socket:
    dialled = socket.socket(family, socket.SOCK_STREAM)
    try:
        dialled.setblocking(False)
        dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dialled.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                dialled.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        code = dialled.connect_ex(address)
        if code in (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN):
            await anyio.wait_writable(dialled)
            code = dialled.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
    except BaseException:
        dialled.close()
        raise
    return dialled


async def secure(connected: socket.socket, context: ssl.SSLContext, host: str) -> SecureWire:
    """`connected` with TLS, after the handshake. Raises ssl.SSLError; closes it then."""
    import ssl  # noqa: PLC0415

    try:
        secured = context.wrap_socket(
            connected,
            server_hostname=host,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,  # else a body that is cut off could pass for a whole one
        )
    except BaseException:
        connected.close()
        raise
    try:
        while True:
            try:
                secured.do_handshake()
                return SecureWire(secured)
            except ssl.SSLWantReadError:
                await anyio.wait_readable(secured)
            except ssl.SSLWantWriteError:
                await anyio.wait_writable(secured)
    except BaseException:
        secured.close()
        raise
