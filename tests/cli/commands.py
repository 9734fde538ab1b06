"""Commands that run beside the test: for signals, pipes, terminals, and what is not installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import IO, NamedTuple

from typing_extensions import Self

#: How long anything may take before a test fails instead of hanging.
PATIENCE = 60

#: Whoever runs the tests may have them ignore SIGINT.
_PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
{before}
from openai_sync.__main__ import main
main()
"""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Command:
    """A running command; `before` is done in its process first."""

    def __init__(
        self,
        *arguments: str,
        before: str = "",
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> None:
        program = _PROGRAM.format(before=before)
        self._process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-c", program, *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
        self._watchdog = threading.Timer(PATIENCE, self.kill)
        self._watchdog.start()

    @property
    def out(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def err(self) -> IO[str]:
        assert self._process.stderr is not None
        return self._process.stderr

    def send_signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def end(self) -> Done:
        """Waits for it."""
        said, complained = self._process.communicate()
        return Done(self._process.returncode, said or "", complained or "")

    def wait(self) -> int:
        """Its exit code."""
        return self._process.wait()

    def interrupt(self) -> Done:
        """Presses Ctrl-C, and waits for the end."""
        self.send_signal(signal.SIGINT)
        return self.end()

    def kill(self) -> None:
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
        self.kill()
        with suppress(ValueError):  # the test has closed its end of a pipe
            self._process.communicate()
        self._watchdog.cancel()
        self._watchdog.join()


def until(holds: Callable[[], object]) -> None:
    """Waits until something holds that another process brings about."""
    again = threading.Event()
    for _ in range(PATIENCE * 200):
        if holds():
            return
        again.wait(0.005)
    raise AssertionError("it has not happened")
