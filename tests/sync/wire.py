"""A server whose every byte is sent by the test itself, so that nothing depends on timing."""

from __future__ import annotations

import json
import socket
from types import TracebackType
from typing import Any

from typing_extensions import Self

#: How long anything may take before a test fails instead of hanging.
PATIENCE = 60


class Connection:
    """One connection of a client, read and written by hand."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._peer.settimeout(PATIENCE)

    def receive(self) -> bytes:
        """Whatever comes next; b"" if the client hung up."""
        try:
            return self._peer.recv(65536)
        except ConnectionResetError:
            return b""

    def request(self) -> tuple[str, bytes]:
        """The next request, as its first line and its body."""
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._some()
        head, _, body = head.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        while len(body) < int(headers.get("content-length", 0)):
            body += self._some()
        return first, body

    def _some(self) -> bytes:
        received = self.receive()
        assert received, "the client hung up in the middle of a request"
        return received

    def answer(self, value: Any, status: str = "200 OK", **headers: str) -> None:
        """Sends `value` as the whole answer."""
        body = json.dumps(value).encode()
        self._head("application/json", status, **headers, content_length=str(len(body)))
        self._peer.sendall(body)

    def start_body(self, length: int, beginning: bytes) -> None:
        """Sends the head of an answer of `length` bytes, and the first of them."""
        self._head("application/octet-stream", content_length=str(length))
        self.send(beginning)

    def send(self, data: bytes) -> None:
        self._peer.sendall(data)

    def start_stream(self) -> None:
        self._head("text/event-stream", transfer_encoding="chunked")

    def send_words(self, *words: str) -> None:
        """Chat chunks, all in one piece."""
        events = b"".join(_event(json.dumps(chunk(word))) for word in words)
        self._peer.sendall(b"%x\r\n%s\r\n" % (len(events), events))

    def end_stream(self) -> None:
        done = _event("[DONE]")
        self._peer.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(done), done))

    def _head(self, content_type: str, status: str = "200 OK", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"content-type: {content_type}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._peer.sendall("\r\n".join([*lines, "", ""]).encode())

    def wait_until_closed(self) -> bool:
        """Whether the client hangs up; it may have sent something before."""
        while self.receive():
            pass
        return True

    def close(self) -> None:
        self._peer.close()


class HandServer:
    """Listens on localhost; `accept` gives the next connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self._connections: list[Connection] = []
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.base_url = f"http://{self.address}/v1"

    def accept(self) -> Connection:
        peer, _ = self._listener.accept()
        self._connections.append(Connection(peer))
        return self._connections[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for connection in self._connections:
            connection.close()
        self._listener.close()


def _event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


def chunk(word: str) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }


def model(identifier: str) -> dict[str, Any]:
    return {"id": identifier, "object": "model", "created": 1, "owned_by": "test"}
