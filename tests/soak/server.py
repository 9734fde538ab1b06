"""A server that echoes, in as many ways as there are to send an answer.

The `model` of a request says how it is answered, the content of its first message is what comes
back. Run as `python -m soak.server CERTIFICATE`; prints two ports, of plain TCP and of TLS.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Callable
from typing import Any

import httptools

#: Events of a stream.
EVENTS = 6
#: How many answers are waited for before any of them is sent, for the model "meet".
MEETING = 5

#: Seconds after which a slow answer goes on although no other request came.
_SLOW = 0.02
#: No request is longer than this, but for uploads, which nobody looks at.
_KEPT = 1 << 16


class State:
    """What the connections share."""

    def __init__(self) -> None:
        #: The rest of the slow answers, which the next request lets go.
        self.held: list[Callable[[], None]] = []
        self.meeting: list[Callable[[], None]] = []
        #: Connections over which several processes spoke.
        self.shared = 0
        #: Bytes of the parts of the upload, with what is around them.
        self.uploaded = 0


class Peer(asyncio.Protocol):
    """The server's end of one connection."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._parser: Any = httptools.HttpRequestParser(self)
        self._processes: set[str] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._target, self._body, self._size = b"", b"", 0

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_body(self, piece: bytes) -> None:
        self._size += len(piece)
        if len(self._body) < _KEPT:
            self._body += piece

    def on_message_complete(self) -> None:
        held, self._state.held = self._state.held, []
        for go_on in held:
            go_on()
        if self._target.endswith(b"/files"):
            self._send([_whole(_file(self._size))])
        elif b"/uploads" in self._target:
            self._send([_whole(self._upload())])
        elif self._target.endswith(b"/models/shared"):
            self._send([_whole(_model(str(self._state.shared)))])
        else:
            self._answer(json.loads(self._body))

    def _upload(self) -> dict[str, Any]:
        """What a request about an upload in parts is answered: of one upload at a time."""
        if self._target.endswith(b"/parts"):
            self._state.uploaded += self._size
            return {"id": "part-1", "object": "upload.part", "created_at": 1, "upload_id": "u"}
        if self._target.endswith(b"/uploads"):
            self._state.uploaded = 0
        return {"id": "u", "object": "upload", "file": _file(self._state.uploaded)}

    def _answer(self, request: dict[str, Any]) -> None:
        how, echoed = request["model"], request["messages"][0]["content"]
        self._note(request.get("user"))
        if request.get("stream"):
            pieces = _stream(echoed)
        elif how == "error":
            pieces = [_whole({"error": {"message": echoed}}, "400 Bad Request")]
        elif how in ("whole", "meet"):
            pieces = [_whole(_completion(echoed))]
        else:
            pieces = _chunked(json.dumps(_completion(echoed)).encode())
        half = len(pieces) // 2
        if how == "meet":
            self._state.meeting.append(lambda: self._send(pieces))
            if len(self._state.meeting) == MEETING:
                meeting, self._state.meeting = self._state.meeting, []
                for answer in meeting:
                    answer()
        elif how == "split":
            self._dribble(pieces)
        elif how == "slow":
            self._send(pieces[:half])
            self._hold(pieces[half:])
        elif how == "stuck":
            self._send(pieces[:half])
        elif how == "cut":
            self._send(pieces[:half])
            self._transport.close()
        elif how != "silent":
            self._send(pieces)

    def _note(self, process: str | None) -> None:
        if process is not None:
            self._processes.add(process)
            self._state.shared += len(self._processes) == 2

    def _send(self, pieces: list[bytes]) -> None:
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))

    def _dribble(self, pieces: list[bytes]) -> None:
        self._send(pieces[:1])
        if pieces:
            asyncio.get_running_loop().call_soon(self._dribble, pieces[1:])

    def _hold(self, rest: list[bytes]) -> None:
        def go_on() -> None:
            nonlocal rest
            pieces, rest = rest, []
            self._send(pieces)

        self._state.held.append(go_on)
        asyncio.get_running_loop().call_later(_SLOW, go_on)


def _whole(value: Any, status: str = "200 OK") -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _chunked(body: bytes, kind: str = "application/json", size: int = 64) -> list[bytes]:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return [head.encode(), *(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces), b"0\r\n\r\n"]


def _stream(echoed: str) -> list[bytes]:
    event = b"data: " + json.dumps(_chunk(echoed)).encode() + b"\n\n"
    return _chunked(event * EVENTS + b"data: [DONE]\n\n", "text/event-stream", 100)


def _completion(echoed: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": echoed, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def _chunk(echoed: str) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": echoed}, "finish_reason": None}
    kind = "chat.completion.chunk"
    return {"id": "c", "object": kind, "created": 1, "model": "m", "choices": [choice]}


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1, "owned_by": "soak"}


def _file(size: int) -> dict[str, Any]:
    return {
        "id": "file-1",
        "object": "file",
        "bytes": size,
        "created_at": 1,
        "filename": "f",
        "purpose": "user_data",
        "status": "processed",
    }


async def main(certificate: str) -> None:
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(certificate)
    loop, state = asyncio.get_running_loop(), State()
    servers = [
        await loop.create_server(lambda: Peer(state), "127.0.0.1", 0, backlog=4096, ssl=context)
        for context in (None, secure)
    ]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
