"""The gate: every request comes in and every answer goes out through here.

It records the request, lets its fault happen, checks the key, and adds the headers which all
answers of the API have. Only requests that survive all this reach the app."""

from __future__ import annotations

import time
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import azure
from .errors import ApiError
from .faults import Fault
from .queue import FaultQueue
from .recorder import RecordedRequest, Recorder
from .replies import FAULT_STATE, error_reply, fault_reply
from .wire import SpoiltSend, Wire, logger, wire_of

CONTROL = "/_emulator/"
PREFIX = "/v1/"
INVALID_KEY = "sk-invalid"
API_VERSION = b"2020-10-01"
GARBAGE = b"\x16\x03\x01\x00\xffThis is not HTTP.\r\n\r\n"


class Gate:
    """The outermost ASGI app."""

    def __init__(self, app: ASGIApp, faults: FaultQueue, recorder: Recorder) -> None:
        self.app = app
        self.faults = faults
        self.recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["path"].startswith(CONTROL):
                await self.app(scope, receive, send)
            else:
                await self.let_in(scope, receive, send)
        except ClientDisconnect:
            pass  # nobody waits for an answer any more
        except Exception:
            # The app has said so with status 500 before it raised. uvicorn would now close the
            # connection, and a mistake of ours would look like a fault of the network.
            logger.exception("The emulator failed to answer.")

    async def let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = f"req_{uuid4().hex}"
        request = self.recorder.open(scope, request_id)
        body = Body(receive, self.recorder, request)
        send = headed(send, request_id)
        try:
            fault = self.faults.take(request.method, request.path, request.headers)
        except ValueError as error:
            await body.drain()
            await error_reply(ApiError(400, str(error)))(scope, body, send)
            return
        wire = wire_of(scope)
        if await happens_early(fault, wire, body, request):
            return
        if fault.spoils:
            send = SpoiltSend(send, wire, fault)
        await (self.reply(fault, request) or self.app)(with_fault(scope, fault), body, send)
        if isinstance(send, SpoiltSend) and send.ended:
            await wire.gone.wait()

    def reply(self, fault: Fault, request: RecordedRequest) -> Response | None:
        """The answer of the gate itself, None if the app shall answer."""
        if fault.replaces:
            return fault_reply(fault)
        if request.path.startswith((PREFIX, azure.PREFIX)) and not authorized(request):
            return error_reply(ApiError(401, code="invalid_api_key"))
        return None


class Body:
    """The body of a request, recorded while it is read; an ASGI `receive`."""

    def __init__(self, receive: Receive, recorder: Recorder, request: RecordedRequest) -> None:
        self.receive = receive
        self.recorder = recorder
        self.request = request
        self.more: bool = True
        self.ready: list[Message] = []

    async def __call__(self) -> Message:
        return self.ready.pop(0) if self.ready else await self.next()

    async def next(self) -> Message:
        message = await self.receive()
        if message["type"] == "http.request":
            self.recorder.grow(self.request, message.get("body", b""))
            self.more = message.get("more_body", False)
        else:
            self.more = False
        return message

    async def fill(self) -> None:
        """Read everything now and keep it for the app."""
        while self.more:
            self.ready.append(await self.next())

    async def drain(self) -> None:
        """Read everything and keep nothing."""
        while self.more:
            await self.next()
        self.ready.clear()


async def happens_early(fault: Fault, wire: Wire, body: Body, request: RecordedRequest) -> bool:
    """Read the body, unless the app streams it, and let happen what comes before an answer; True
    if there is to be none."""
    if fault.disconnect_upload is not None:
        while body.more and request.body_size < fault.disconnect_upload:
            await body.next()
        await wire.close(reset=True)
        return True
    if not request.headers.get("content-type", "").startswith("multipart/"):
        await body.fill()
    elif fault.replaces or fault.closes_early or fault.garbage or not authorized(request):
        await body.drain()
    if fault.stall is not None and not await wire.pause(fault.stall):
        return True
    if fault.garbage:
        wire.transport.write(GARBAGE)
    if fault.garbage or fault.closes_early:
        await wire.close(reset=fault.reset)
        return True
    return False


def authorized(request: RecordedRequest) -> bool:
    if request.path.startswith(azure.PREFIX) and azure.KEY_HEADER in request.headers:
        return request.headers[azure.KEY_HEADER] not in {"", INVALID_KEY}
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and key.strip() not in {"", INVALID_KEY}


def with_fault(scope: Scope, fault: Fault) -> Scope:
    scope["state"][FAULT_STATE] = fault
    return scope


def headed(send: Send, request_id: str) -> Send:
    """Add the headers which every answer has."""
    start = time.monotonic()

    async def send_headed(message: Message) -> None:
        if message["type"] == "http.response.start":
            milliseconds = str(int((time.monotonic() - start) * 1000))
            message["headers"] = [
                *message.get("headers", []),
                (b"x-request-id", request_id.encode()),
                (b"openai-processing-ms", milliseconds.encode()),
                (b"openai-version", API_VERSION),
            ]
        await send(message)

    return send_headed
