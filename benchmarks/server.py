"""A server that answers at once with canned bytes, so that what is measured is the client.

Run as `python -m benchmarks.server CERTIFICATE`, a file with a key and its chain; prints two ports,
of plain TCP and of TLS. Uploads are counted and dropped.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import struct
import sys
from collections.abc import Iterator

import httptools

from benchmarks.payloads import PACED

CHUNKS = 200
VECTORS, DIMENSIONS = 32, 1536

#: Seconds between the events of a paced stream.
_PACE = 0.001
#: Seconds until anything about an upload in parts is answered: what its parts wait for each other.
LATENCY = 0.02
#: No request is longer than this, but for uploads, which nobody looks at.
_KEPT = 1 << 16

_TEXT = "Programs wait because the world is slower than they are. " * 4


def _completion() -> bytes:
    message = {"role": "assistant", "content": _TEXT, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    usage = {
        "prompt_tokens": 19,
        "completion_tokens": 40,
        "total_tokens": 59,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
    return json.dumps(
        {
            "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
            "object": "chat.completion",
            "created": 1741569952,
            "model": "gpt-4o-mini-2024-07-18",
            "choices": [choice],
            "usage": usage,
            "service_tier": "default",
            "system_fingerprint": "fp_44709d6fcb",
        }
    ).encode()


def _event(number: int) -> bytes:
    choice = {"index": 0, "delta": {"content": f" word{number}"}, "finish_reason": None}
    chunk = {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": "chat.completion.chunk",
        "created": 1741570283,
        "model": "gpt-4o-mini-2024-07-18",
        "service_tier": "default",
        "system_fingerprint": "fp_44709d6fcb",
        "choices": [{**choice, "logprobs": None}],
        "usage": None,
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def _embeddings(*, as_numbers: bool) -> bytes:
    numbers = [(i * 7919 % 200003 - 100001) / 1234567 for i in range(DIMENSIONS)]
    encoded = base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *numbers)).decode()
    vector = numbers if as_numbers else encoded
    data = [{"object": "embedding", "index": i, "embedding": vector} for i in range(VECTORS)]
    usage = {"prompt_tokens": 320, "total_tokens": 320}
    body = {"object": "list", "data": data, "model": "text-embedding-3-small", "usage": usage}
    return json.dumps(body).encode()


def _whole(body: bytes) -> list[bytes]:
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_1\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return [head.encode() + body]


def _chunked(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _stream() -> list[bytes]:
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
        b"x-request-id: req_1\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    events = [_chunked(_event(number)) for number in range(CHUNKS)]
    return [head, *events, _chunked(b"data: [DONE]\n\n"), b"0\r\n\r\n"]


_FILE = {
    "id": "file-B9MBs8CjcvOU2jLn4n570S",
    "object": "file",
    "bytes": 1,
    "created_at": 1741569952,
    "filename": "file",
    "purpose": "user_data",
    "status": "processed",
}
_UPLOAD = {
    "id": "upload_abc",
    "object": "upload",
    "bytes": 1,
    "created_at": 1741569952,
    "expires_at": 1741573552,
    "filename": "file",
    "purpose": "user_data",
    "status": "completed",
    "file": _FILE,
}
_PART = {
    "id": "part_abc",
    "object": "upload.part",
    "created_at": 1741569952,
    "upload_id": "upload_abc",
}

FILE = _whole(json.dumps(_FILE).encode())
UPLOAD, PART = _whole(json.dumps(_UPLOAD).encode()), _whole(json.dumps(_PART).encode())
COMPLETION, STREAM = _whole(_completion()), _stream()
VECTORS_AS_BASE64, VECTORS_AS_NUMBERS = (
    _whole(_embeddings(as_numbers=as_numbers)) for as_numbers in (False, True)
)


class Canned(asyncio.Protocol):
    """Answers each request as soon as it is whole, an event a write."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.target, self.body = b"", b""

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_body(self, piece: bytes) -> None:
        if len(self.body) < _KEPT:
            self.body += piece

    def on_message_complete(self) -> None:
        target, body = self.target, self.body.replace(b" ", b"")
        self.target, self.body = b"", b""
        if target.endswith(b"/files"):
            self.answer(FILE)
        elif b"/uploads" in target:
            pieces = PART if target.endswith(b"/parts") else UPLOAD
            asyncio.get_running_loop().call_later(LATENCY, self.answer, pieces)
        elif target.endswith(b"/embeddings"):
            as_numbers = b'"encoding_format":"float"' in body
            self.answer(VECTORS_AS_NUMBERS if as_numbers else VECTORS_AS_BASE64)
        elif b'"stream":true' not in body:
            self.answer(COMPLETION)
        elif PACED.encode() in body:
            self.dribble(iter(STREAM))
        else:
            self.answer(STREAM)

    def answer(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self.transport.write(piece)

    def dribble(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            self.transport.write(piece)
            asyncio.get_running_loop().call_later(_PACE, self.dribble, pieces)
            return


async def main(certificate: str) -> None:
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(Canned, "127.0.0.1", 0, backlog=4096, ssl=context)
        for context in (None, secure)
    ]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
