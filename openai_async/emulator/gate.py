"""The gate: every request comes in and every answer goes out through here.

It records the request, lets its fault happen, checks the key and the limits, and adds the headers
which all answers of the API have. Only requests that survive all this reach the app."""

from __future__ import annotations

import time
from collections.abc import Mapping
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import azure
from .errors import ApiError
from .faults import Fault
from .limits import LIMITED, limits_of, spend, tokens_of
from .queue import FaultQueue
from .recorder import RecordedRequest, Recorder
from .replies import FAULT_STATE, error_reply, fault_reply
from .settings import Settings
from .store import Store
from .wire import SpoiltSend, Wire, logger, wire_of

CONTROL = "/_emulator/"
PREFIX = "/v1/"
INVALID_KEY = "sk-invalid"
API_VERSION = b"2020-10-01"
GARBAGE = b"\x16\x03\x01\x00\xffThis is not HTTP.\r\n\r\n"


class Gate:
    """The outermost ASGI app."""

    def __init__(
        self,
        app: ASGIApp,
        faults: FaultQueue,
        recorder: Recorder,
        settings: Settings,
        store: Store,
    ) -> None:
        self.app = app
        self.faults = faults
        self.recorder = recorder
        self.settings = settings
        self.store = store

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
        send = noted(send, request)
        try:
            fault = self.faults.take(request.method, request.path, request.headers)
        except ValueError as error:
            await body.drain()
            await error_reply(ApiError(400, str(error)))(scope, body, headed(send, request_id, {}))
            return
        request.fault = fault.spec
        wire = wire_of(scope)
        if await happens_early(fault, wire, body, request):
            return
        spoilt = send = SpoiltSend(send, wire, fault) if fault.spoils else send
        delay = self.settings.latency_ms / 1000 + fault.late
        if delay:
            send = delayed(send, wire, delay)
        handled = fault.lost or not fault.replaces
        headers, refusal = self.verdict(request, body, handled=handled)
        send = headed(send, request_id, headers)
        if refusal is not None:
            await body.drain()
        answer: ASGIApp = refusal or self.app
        scope = with_fault(scope, fault)
        if fault.lost:
            await answer(scope, body, unheard)
        if fault.replaces:
            await fault_reply(fault)(scope, body, send)
        elif fault.lost:
            await wire.pause(delay)
            await wire.close(reset=fault.reset)
        else:
            await answer(scope, body, send)
        if isinstance(spoilt, SpoiltSend) and spoilt.ended:
            await wire.gone.wait()

    def verdict(
        self, request: RecordedRequest, body: Body, *, handled: bool
    ) -> tuple[dict[str, str], Response | None]:
        """What the headers say about the limits, and the answer of the gate itself to a request
        that the app shall not see. One that is not `handled` costs nothing."""
        if not request.path.startswith((PREFIX, azure.PREFIX)):
            return {}, None
        if not authorized(request):
            return {}, error_reply(ApiError(401, code="invalid_api_key"))
        limits, limited = limits_of(self.settings), LIMITED.match(request.path)
        if not limits or limited is None:
            return {}, None
        wanted: dict[str, float] = {}
        if handled:
            tokens = tokens_of(body.content()) if "tokens" in limits else 0
            wanted = {"requests": 1, "tokens": tokens}
        now = self.store.monotonic()
        headers, error = spend(self.store.buckets, limits, limited[1], now, wanted)
        return headers, None if error is None else error_reply(error)


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

    def content(self) -> bytes:
        """What is kept for the app."""
        return b"".join(message.get("body", b"") for message in self.ready)

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
    elif unread(fault) or not authorized(request):
        await body.drain()
    if fault.stall is not None and not await wire.pause(fault.stall):
        return True
    if fault.garbage:
        wire.transport.write(GARBAGE)
    if fault.garbage or fault.closes_early:
        await wire.close(reset=fault.reset)
        return True
    return False


def unread(fault: Fault) -> bool:
    """Whether the app never sees the request."""
    return (fault.replaces and not fault.lost) or fault.closes_early or fault.garbage


def authorized(request: RecordedRequest) -> bool:
    if request.path.startswith(azure.PREFIX) and azure.KEY_HEADER in request.headers:
        return request.headers[azure.KEY_HEADER] not in {"", INVALID_KEY}
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and key.strip() not in {"", INVALID_KEY}


def with_fault(scope: Scope, fault: Fault) -> Scope:
    scope["state"][FAULT_STATE] = fault
    return scope


async def unheard(message: Message) -> None:
    """An ASGI `send` to nobody."""


def noted(send: Send, request: RecordedRequest) -> Send:
    """Record with which status the answer began."""

    async def send_noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            request.status = message["status"]
        await send(message)

    return send_noted


def delayed(send: Send, wire: Wire, seconds: float) -> Send:
    """Hold the answer back before it begins; what is asked for happens at once."""

    async def send_delayed(message: Message) -> None:
        if message["type"] == "http.response.start":
            await wire.pause(seconds)
        await send(message)

    return send_delayed


def headed(send: Send, request_id: str, more: Mapping[str, str]) -> Send:
    """Add the headers which every answer has, and some more."""
    start = time.monotonic()

    async def send_headed(message: Message) -> None:
        if message["type"] == "http.response.start":
            milliseconds = str(int((time.monotonic() - start) * 1000))
            message["headers"] = [
                *message.get("headers", []),
                (b"x-request-id", request_id.encode()),
                (b"openai-processing-ms", milliseconds.encode()),
                (b"openai-version", API_VERSION),
                *((name.encode(), text.encode()) for name, text in more.items()),
            ]
        await send(message)

    return send_headed
