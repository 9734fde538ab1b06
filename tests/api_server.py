"""A server that answers what it is told to, and remembers how it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl


class Part(NamedTuple):
    """One part of a form."""

    name: str
    filename: str | None
    content_type: str | None
    content: bytes


@dataclass
class Recorded:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path as it was sent, nothing decoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True, strict_parsing=True)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    @property
    def json(self) -> Any:
        assert self.content_type == "application/json"
        return json.loads(self.body)

    @property
    def form(self) -> list[Part]:
        assert self.content_type == "multipart/form-data"
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        return [_part(each) for each in message_from_bytes(head + self.body).get_payload()]


def _part(message: Any) -> Part:
    def parameter(name: str) -> Any:
        return message.get_param(name, header="content-disposition")

    content_type = message.get_content_type() if "content-type" in message else None
    content = message.get_payload(decode=True)
    return Part(parameter("name"), parameter("filename"), content_type, content)


@dataclass
class RecordingServer:
    """What to answer next, and the requests so far."""

    base_url: str = ""
    status: int = 200
    content_type: str = "application/json"
    content: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[Recorded] = field(default_factory=list)

    def answer(self, content: bytes, content_type: str, status: int = 200) -> None:
        self.content, self.content_type, self.status = content, content_type, status

    def answer_json(self, value: Any) -> None:
        self.answer(json.dumps(value).encode(), "application/json")

    def answer_events(self, *events: tuple[str, Any]) -> None:
        """Answers with these events, each a name and what becomes its data, and the terminator."""
        lines = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events]
        text = "".join(lines).replace("event: \n", "") + "data: [DONE]\n\n"
        self.answer(text.encode(), "text/event-stream")

    def answer_nothing(self) -> None:
        self.answer(b"", "", 204)

    def taken(self) -> Recorded:
        """The only request since this was asked before."""
        (request,) = self.requests
        self.requests.clear()
        return request


@contextmanager
def recording_server() -> Iterator[RecordingServer]:
    """A server on loopback that runs until the block is left."""
    state = RecordingServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one write: two would wait for each other
        disable_nagle_algorithm = True

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.requests.append(Recorded(self.command, self.path, headers, body))
            self.send_response(state.status)
            if state.content_type:
                self.send_header("Content-Type", state.content_type)
            for name, value in state.headers.items():
                self.send_header(name, value)
            if state.status != 204:
                self.send_header("Content-Length", str(len(state.content)))
            self.end_headers()
            self.wfile.write(state.content)

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = respond

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
