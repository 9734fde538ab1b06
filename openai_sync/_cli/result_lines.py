"""The output of batches: a line for each request, as the API itself writes them.

{"custom_id": "request-0", "response": {"status_code": 200, ..., "body": {...}}, "error": null}
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, TextIO

from typing_extensions import Self

from openai_async import APIStatusError
from openai_async._map_results import BatchRequestError, MapResult

from . import screen
from .endings import line_of

_PART = ".part"


def line_for(result: MapResult[Any]) -> dict[str, Any]:
    """What is written about a request."""
    error, response, problem = result.error, None, None
    if error is None:
        body: Any = result.value
        known = getattr(body, "_request_id", None)
        response = {"status_code": 200, "request_id": known, "body": body.to_dict()}
    elif isinstance(error, APIStatusError):
        response = {
            "status_code": error.status_code,
            "request_id": error.request_id,
            "body": {"error": error.body},
        }
    elif isinstance(error, BatchRequestError):
        problem = {"code": error.code, "message": error.message}
    else:
        problem = {"code": type(error).__name__, "message": line_of(error)}
    return {"custom_id": result.custom_id, "response": response, "error": problem}


class _Target:
    """A file that gets its name when all is written; until then it is called `.part`.

    Of a link, what it leads to is replaced. A pipe or a device is not, but written to line by line.
    """

    def __init__(self, name: str) -> None:
        special = os.path.exists(name) and not os.path.isfile(name)
        self._name = os.path.realpath(name) if os.path.islink(name) and not special else name
        self.part = None if special else self._name + _PART

    def open(self) -> TextIO:
        if self.part is None:
            return open(self._name, "w", encoding="utf-8", buffering=1)
        return open(self.part, "w", encoding="utf-8")

    def keep(self) -> None:
        if self.part is not None:
            os.replace(self.part, self._name)

    def drop(self) -> None:
        if self.part is not None:
            with suppress(OSError):
                os.remove(self.part)


def place(name: str | None) -> str | None:
    """What is the same for two names of one file; None and `-` are no names."""
    return name if name is None or name == "-" else os.path.realpath(name)


class ResultFiles:
    """Where results go: values to one file or to standard output, failures to another, if any.

    Both may go to the same.
    """

    def __init__(self, output: str | None, errors: str | None) -> None:
        self._output, self._errors = place(output), place(errors)
        names = [name for name in (output, errors) if name is not None and name != "-"]
        self._targets = {os.path.realpath(name): _Target(name) for name in names}
        self._files: dict[str | None, TextIO | None] = {None: None, "-": None}
        self.failed: list[tuple[str, Exception]] = []
        """The names of requests that failed, and why."""
        self.written = 0

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.callback(self._drop)
            for where, target in self._targets.items():
                self._files[where] = opened.enter_context(target.open())
            opened.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            if file is not None:
                file.close()
        if exc is None:
            for target in self._targets.values():
                target.keep()
        elif not self.written:
            self._drop()

    def _drop(self) -> None:
        for target in self._targets.values():
            target.drop()

    @property
    def kept(self) -> str:
        """Where the results are that there are so far, in a sentence; nothing if nowhere."""
        parts = " and ".join(each.part for each in self._targets.values() if each.part)
        return f" What there is so far is in {parts}." if parts and self.written else ""

    def write(self, results: Iterable[MapResult[Any]]) -> None:
        """Writes a line for each."""
        for result in results:
            target = self._output
            if result.error is not None:
                self.failed.append((result.custom_id, result.error))
                if self._errors is None:
                    continue
                target = self._errors
            line = screen.as_json(line_for(result)) + "\n"
            file = self._files[target]
            if file is None:
                screen.write(line)
            else:
                file.write(line)
            self.written += 1

    def complain(self, most: int = 20) -> None:
        """Shows some of those that failed, unless a file has them all."""
        if self._errors is not None or not self.failed:
            return
        shown = [(name, line_of(error)) for name, error in self.failed[:most]]
        screen.table(("failed", "error"), shown, sys.stderr)
