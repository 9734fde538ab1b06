"""A server whose answers to `.../content` are large, and never in memory as a whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = b"x" * 65536
SIZE = 1024 * len(PIECE)


class BigFile(BaseHTTPRequestHandler):
    """Answers everything else with an empty list."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # the name that the base class looks for
        if self.path.endswith("/content"):
            self._head(SIZE)
            for _ in range(SIZE // len(PIECE)):
                self.wfile.write(PIECE)
        else:
            self._head(len(b'{"data": []}'))
            self.wfile.write(b'{"data": []}')

    def _head(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """The base URL of such a server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BigFile) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
