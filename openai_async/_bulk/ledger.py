"""The ledger of a bulk job: a file that says what was uploaded, so that a later run can go on.

A line of JSON for each event (`history` has the list), added at the end and never changed, so that
people can read it and nothing that happens to the program can spoil what was written before. A line
goes to the system in one write, before and after each upload: killing the program loses nothing but
the line it was writing, which the next run takes away.

A ledger belongs to one program at a time: the file is locked while it is open, and the system
unlocks it however the program ends. Without a path it is kept in memory, for a job of one run.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from typing import Any

from .._errors import OpenAIError
from .history import History, stamp

VERSION = 1

#: Where Windows locks, whose locks would keep others from reading what they cover.
_FAR_AWAY = 1 << 40

_LOCKED = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}


class LedgerError(OpenAIError):
    """A ledger cannot be used or written: another program uses it, it is damaged, or none."""


class Ledger:
    """The events of a job, and what they add up to in `history`. Only `open` takes time."""

    #: What the job does: a ledger of something else is refused.
    _KIND = "uploads"

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path: str | None = None if path is None else os.path.abspath(os.fsdecode(path))
        self.history = History(replaces=self.kept)
        self._file: FileIO | None = None
        self._size = 0

    @property
    def kept(self) -> bool:
        """Whether there is a file."""
        return self.path is not None

    def open(self) -> None:
        """Reads what was written before, and repairs the end. Blocks.

        Raises LedgerError if another program has it open or it is no ledger, OSError if the file
        cannot be opened.
        """
        if self.path is None:
            return
        file = open(self.path, "a+b", buffering=0)  # noqa: SIM115  # closed by `close`
        try:
            self._lock(file)
            file.seek(0)
            content = file.readall()
            whole = self._read(content)
            if whole != len(content):
                file.truncate(whole)
            self._file, self._size = file, whole
            if not whole:
                written = f'{self._beginning}{VERSION}, "time": "{stamp(time.time())}"}}\n'
                self._append(written.encode())
            elif not content[:whole].endswith(b"\n"):
                self._append(b"\n")
        except BaseException:
            self._file = None
            file.close()
            raise

    def write(self, event: str, **fields: Any) -> None:
        """Adds an event, to the file first. Raises LedgerError if that cannot be written."""
        line = {"event": event, **fields, "time": stamp(time.time())}
        if self.path is not None:
            self._append(_encoded(line))
        self._add(line)

    def begin(self, **fields: Any) -> int:
        """Adds that an upload begins, and returns its number."""
        number = self.history.next_number
        self.write("begin", upload=number, **fields)
        return number

    def close(self) -> None:
        """Unlocks the file. Without it the ledger goes on as long as nothing is written."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    @property
    def _beginning(self) -> str:
        return f'{{"ledger": "openai-anyio {self._KIND}", "version": '

    def _add(self, event: dict[str, Any]) -> None:
        self.history.add(event)

    def _lock(self, file: FileIO) -> None:
        try:
            _lock(file.fileno())
        except OSError as error:
            if error.errno not in _LOCKED:
                raise
            raise LedgerError(
                f"The ledger {self.path} is in use by another job: wait until that has ended, or "
                "choose another file."
            ) from error

    def _read(self, content: bytes) -> int:
        """Adds up what was written; returns how many bytes of it are whole lines."""
        begins = self._beginning.encode()
        if not content.startswith(begins) and not begins.startswith(content):
            raise LedgerError(
                f"{self.path} is no ledger of {self._KIND}: choose another file, or a new one."
            )
        whole = 0
        for number, line in enumerate(content.splitlines(keepends=True), 1):
            last = whole + len(line) == len(content)
            with self._reading(number):
                try:
                    event = json.loads(line)
                except ValueError:
                    if last and not line.endswith(b"\n"):  # torn: its writer was killed
                        return whole
                    raise
                if number == 1:
                    self._check(event["version"])
                else:
                    self._add(event)
            whole += len(line)
        return whole

    def _check(self, version: object) -> None:
        if version != VERSION:
            raise LedgerError(
                f"The ledger {self.path} is of version {version}, and this program knows "
                f"{VERSION}: use the one that wrote it, or choose another file."
            )

    @contextmanager
    def _reading(self, number: int) -> Iterator[None]:
        try:
            yield
        except (ValueError, LookupError, TypeError) as error:
            raise LedgerError(
                f"Line {number} of the ledger {self.path} is damaged: restore the file, or choose "
                "another one and have all files uploaded again."
            ) from error

    def _append(self, line: bytes) -> None:
        if self._file is None:
            raise LedgerError(f"The ledger {self.path} is closed.")
        try:
            written = 0
            while written < len(line):
                written += self._file.write(line[written:])
        except OSError as error:
            with suppress(OSError):  # else the next line would be glued to half of this one
                self._file.truncate(self._size)
            raise LedgerError(
                f"The ledger {self.path} cannot be written: {error.strerror}. What it says is "
                "true; make room and run the job again."
            ) from error
        self._size += len(line)


def _encoded(line: dict[str, Any]) -> bytes:
    try:
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # the name of a file need not be text
        return json.dumps(line).encode() + b"\n"


def _lock(file: int) -> None:
    """Locks a file for this program, or raises OSError at once if another has locked it."""
    try:
        import fcntl  # noqa: PLC0415  # not on Windows
    except ImportError:
        import msvcrt  # noqa: PLC0415  # only on Windows

        os.lseek(file, _FAR_AWAY, os.SEEK_SET)
        windows: Any = msvcrt
        windows.locking(file, windows.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
