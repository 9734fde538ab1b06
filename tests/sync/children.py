"""Python programs that run beside the test: for signals, forks, and the end of an interpreter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from typing_extensions import Self

from .wire import PATIENCE

#: Warnings are errors, but for the one of Python 3.12 about forks beside threads: those of this
#: client are no harm to a child, which starts its own.
STRICT = ("-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning")

#: What every program begins with. (Whoever runs the tests may have them ignore SIGINT.)
PRELUDE = """
import os, signal, sys, threading
from openai_sync import OpenAI

signal.signal(signal.SIGINT, signal.default_int_handler)
client = OpenAI(api_key="sk-test", base_url=sys.argv[1], max_retries=0)

def say(*words):
    print(*words, flush=True)

def ask(question, client=client):
    messages = [{"role": "user", "content": question}]
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    return answer.choices[0].message.content

def stream():
    messages = [{"role": "user", "content": "Tell me."}]
    return client.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=True)
"""


class End(NamedTuple):
    """How a program ended: its exit code, and what it said that was not read before."""

    code: int
    said: str
    complained: str


class Child:
    """A running program: `PRELUDE`, then `program`, with `arguments` in `sys.argv`.

    It is written to `file` if there is one: processes that are spawned import it.
    """

    def __init__(
        self,
        program: str,
        *arguments: str,
        options: tuple[str, ...] = (),
        file: Path | None = None,
    ) -> None:
        text = PRELUDE + textwrap.dedent(program)
        if file is not None:
            file.write_text(text)
        source = ("-c", text) if file is None else (str(file),)
        self._process = subprocess.Popen(
            [sys.executable, *options, *source, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._watchdog = threading.Timer(PATIENCE, self._kill)
        self._watchdog.start()

    def line(self) -> str:
        """The next line that it says."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def tell(self, line: str) -> None:
        """Gives it a line to read from `sys.stdin`."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def send_signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def end(self) -> End:
        """Waits for it."""
        said, complained = self._process.communicate()
        return End(self._process.returncode, said, complained)

    def _kill(self) -> None:
        """Kills it and the processes that it forked, which would keep its output open."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._kill()
        self._process.communicate()
        self._watchdog.cancel()
        self._watchdog.join()


def run(
    program: str, *arguments: str, options: tuple[str, ...] = (), file: Path | None = None
) -> End:
    """How `program` ended."""
    with Child(program, *arguments, options=options, file=file) as child:
        return child.end()
