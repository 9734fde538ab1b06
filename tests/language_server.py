"""Pyright's language server, asked what an editor asks: it is what Pylance shows."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Self

SECONDS = 120.0
MARKDOWN = {"documentationFormat": ["markdown"]}
ABLE = {
    "hover": {"contentFormat": ["markdown"]},
    "signatureHelp": {"signatureInformation": MARKDOWN},
    "completion": {"completionItem": MARKDOWN},
}


class LanguageServer:
    """A server that has one program open. It is killed after two minutes, should it hang."""

    def __init__(self, command: str, directory: Path, packages: Path, program: str) -> None:
        paths = [str(Path(sys.executable).parent), os.environ["PATH"]]  # it asks the first python
        self._process = subprocess.Popen(
            [command, "--stdio"],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(packages), "PATH": os.pathsep.join(paths)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._numbers = itertools.count()
        self._timer = threading.Timer(SECONDS, self._process.kill)
        self._timer.start()
        self._program = program
        self._document = {"uri": (directory / "program.py").as_uri()}
        folder = {"uri": directory.as_uri(), "name": "program"}
        self._ask(
            "initialize",
            processId=os.getpid(),
            rootUri=folder["uri"],
            workspaceFolders=[folder],
            capabilities={"textDocument": ABLE},
        )
        self._send(method="initialized", params={})
        opened = {**self._document, "languageId": "python", "version": 1, "text": program}
        self._send(method="textDocument/didOpen", params={"textDocument": opened})

    def hover(self, line: str) -> str:
        """What is shown of the name that ends this line of the program."""
        found = self._ask_about("hover", line, len(line) - 1)
        return str(found["contents"]["value"]) if found else ""

    def signatures(self, line: str) -> list[dict[str, Any]]:
        """What is shown inside the brackets `()` that end this line of the program."""
        found = self._ask_about("signatureHelp", line, len(line) - 1)
        return list(found["signatures"]) if found else []

    def completions(self, line: str) -> set[str]:
        """The names offered after the dot that ends this line of the program."""
        found = self._ask_about("completion", line, len(line))
        return {item["label"] for item in found["items"]}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.communicate()

    def _ask_about(self, what: str, line: str, character: int) -> Any:
        position = {"line": self._program.splitlines().index(line), "character": character}
        return self._ask(f"textDocument/{what}", textDocument=self._document, position=position)

    def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._send(id=number, method=method, params=params)
        while True:
            message = self._receive()
            if "method" not in message and message.get("id") == number:
                return message["result"]
            if "method" in message and "id" in message:  # a question of the server: no settings
                wanted = message["params"].get("items") if message.get("params") else None
                self._send(id=message["id"], result=[{} for _ in wanted] if wanted else None)

    def _send(self, **message: Any) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message
