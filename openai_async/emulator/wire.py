"""The wire: what lies below HTTP, for answers no correct server would send.

`WireProtocol` is uvicorn's h11 protocol with one addition: it puts the connection itself, a `Wire`,
within reach of the app. `SpoiltSend` stands between the app and uvicorn, and cuts, stalls or drips
the body on its way."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .faults import Fault

EXTENSION = "openai_async.emulator.wire"
LINGER_ZERO = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)

# Requests fail here on purpose: nothing of that belongs on the screen of whoever runs the tests.
logger: logging.Logger = logging.getLogger("openai_async.emulator")
logger.addHandler(logging.NullHandler())


class Wire:
    """One connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.gone: asyncio.Event = asyncio.Event()

    async def pause(self, seconds: float) -> bool:
        """Wait, but not for a client that left; False if it did."""
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except asyncio.TimeoutError:
            return True
        return False

    async def close(self, *, reset: bool = False) -> None:
        """End the connection with FIN after what was written, or with RST at once."""
        if reset:
            self.reset()
        else:
            self.transport.close()
        await self.gone.wait()

    def reset(self) -> None:
        # Closing a socket that lingers for no time sends RST: socket(7), SO_LINGER.
        connection = self.transport.get_extra_info("socket")
        if connection is not None and not self.gone.is_set():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self.transport.abort()


class WireProtocol(H11Protocol):
    """uvicorn's protocol which hands its connection to the app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger: logging.Logger = logger
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self.wire: Wire = Wire(transport)
        self.app: ASGIApp = with_wire(self.app, self.wire)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.wire.gone.set()


def with_wire(app: ASGIApp, wire: Wire) -> ASGIApp:
    async def wired(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[EXTENSION] = wire
        await app(scope, receive, send)

    return wired


def wire_of(scope: Scope) -> Wire:
    wire: Wire = scope["extensions"][EXTENSION]
    return wire


class SpoiltSend:
    """Sends a body with the cut, the stall and the drip of a fault; nothing follows a cut."""

    def __init__(self, send: Send, wire: Wire, fault: Fault) -> None:
        self.send = send
        self.wire = wire
        self.fault = fault
        self.sent: int = 0
        self.ended: bool = False
        self.stall_after: int = max(1, 1 if fault.stall_after is None else fault.stall_after)

    async def __call__(self, message: Message) -> None:
        if self.ended:
            return
        if message["type"] == "http.response.start":
            await self.send(message)
            await self.spoil()
            return
        body = message.get("body", b"")
        while body and not self.ended:
            size = self.step(len(body))
            piece, body = body[:size], body[size:]
            await self.send({"type": "http.response.body", "body": piece, "more_body": True})
            self.sent += len(piece)
            await self.spoil()
        if not message.get("more_body", False) and not self.ended:
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    def step(self, size: int) -> int:
        """How many bytes may be sent before something happens."""
        edges = [self.fault.cut]
        if self.fault.stall_body is not None:
            edges.append(self.stall_after)
        if self.fault.drip is not None:
            edges.append(self.sent + self.fault.drip[0])
        ahead = [edge - self.sent for edge in edges if edge is not None and edge > self.sent]
        return min(size, *ahead) if ahead else size

    async def spoil(self) -> None:
        """Let happen what is due after the bytes sent so far."""
        if self.fault.cut == self.sent:
            self.ended = True
            await self.wire.close(reset=self.fault.reset)
            return
        pauses = [0.0]
        if self.fault.stall_body is not None and self.sent == self.stall_after:
            pauses.append(self.fault.stall_body)
        if self.fault.drip is not None and self.sent:
            pauses.append(self.fault.drip[1])
        if len(pauses) > 1:
            self.ended = not await self.wire.pause(sum(pauses))
