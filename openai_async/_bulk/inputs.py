"""The files of a bulk upload: from paths, directories, patterns, handles and content to a list.

A directory gives the files below it, sorted by name: without names that begin with a dot, links to
directories (so there are no circles, and nothing is sent that lies elsewhere) and what is no file.
Links to files count as files. A pattern gives the files that match, sorted. What is named itself is
always taken, whatever its name.

Nothing is opened here. What cannot be found is an `Input` with an error, for one file that is
missing is no reason to give up all others.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections import deque
from collections.abc import Container, Iterable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from .. import _callbacks
from .._types import FileTypes

#: One file, directory or pattern, or several.
InputFiles: TypeAlias = FileTypes | str | Iterable[FileTypes | str]

#: Collections that are listed before the first upload, so that the total is known. Others, such as
#: generators, may make what they give when its turn comes.
_AHEAD = (list, tuple, set, frozenset, str, os.PathLike)

#: What a file is known by, through whatever links: its device, and its number there.
_Identity: TypeAlias = tuple[int, int]

#: The name of content that has none, as the server gets it.
UNNAMED = "upload"


class Input(Struct):
    """One file that is to be uploaded, or why it cannot be."""

    name: str
    """What the server will know it as."""
    path: str | None = None
    """Where it is, absolute; None for handles and content."""
    content: Any = None
    """What is given to `files.create`, unless that is the path."""
    size: int | None = None
    error: Exception | None = None


def inputs(files: Any, *, leave_out: Iterable[str] = ()) -> Iterator[Input]:
    """The files that `files` stands for, listed as they are asked for. Blocks.

    The files at the paths of `leave_out` are not found in directories or by patterns, whatever
    links lead there. Raises TypeError if `files` is no file and nothing to iterate over.
    """
    left_out = {_identity(os.stat(path)) for path in leave_out if os.path.exists(path)}
    for file in [files] if is_single(files) else files:
        if isinstance(file, (str, os.PathLike)):
            yield from _of_path(file, left_out)
        else:
            yield _of_content(file)


def is_single(files: Any) -> bool:
    """Whether `files` is one file, directory or pattern rather than several.

    A tuple is one file if content comes second in it, and several files otherwise.
    """
    if isinstance(files, tuple):
        first, second, *_ = (*files, 0, 0)
        return first is None or (isinstance(first, str) and _is_content(second))
    return isinstance(files, (str, os.PathLike)) or _is_content(files)


def _is_content(file: Any) -> bool:
    """Whether it is what a file holds, or can be read like one."""
    readable = hasattr(file, "read") or hasattr(file, "__aiter__")
    return readable or isinstance(file, (bytes, bytearray, memoryview))


def _of_path(given: str | os.PathLike[str], leave_out: Container[_Identity]) -> Iterator[Input]:
    try:
        path = os.path.abspath(os.fsdecode(given))
        status = os.stat(path)
    except (OSError, ValueError) as error:  # a name with a null byte is no name
        if isinstance(given, str) and glob.has_magic(given):
            yield from _matching(given, leave_out)
        else:
            yield _failed(os.fsdecode(given), error)
    else:
        if stat.S_ISDIR(status.st_mode):
            yield from _below(path, leave_out)
        else:
            yield _of_file(path, status)


def _of_file(path: str, status: os.stat_result) -> Input:
    if not stat.S_ISREG(status.st_mode):
        error = OSError(errno.EINVAL, "It is no regular file: open it, and pass that", path)
        return _failed(path, error)
    return Input(os.path.basename(path), path, size=status.st_size)


def _matching(pattern: str, leave_out: Container[_Identity]) -> Iterator[Input]:
    """The files that `pattern` matches: `**` stands for any directories."""
    try:
        names = sorted(glob.iglob(pattern, recursive=True))
    except ValueError as error:  # some systems say so of a null byte, others find nothing
        yield _failed(pattern, error)
        return
    found = False
    for name in names:
        path = os.path.abspath(name)
        if os.path.isfile(path):
            for each in _found(path, leave_out):
                found = True
                yield each
    if not found:
        yield _failed(pattern, FileNotFoundError(errno.ENOENT, "No file matches", pattern))


def _below(directory: str, leave_out: Container[_Identity]) -> Iterator[Input]:
    waiting = [directory]
    while waiting:
        path = waiting.pop()
        if os.path.isdir(path):
            try:
                with os.scandir(path) as entries:
                    names = sorted(entry.name for entry in entries if _is_wanted(entry))
            except OSError as error:
                yield _failed(path, error)
            else:
                waiting += [os.path.join(path, name) for name in reversed(names)]
        else:
            yield from _found(path, leave_out)


def _is_wanted(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return False
    if entry.is_symlink():
        return not entry.is_dir()
    return entry.is_dir() or entry.is_file()


def _found(path: str, leave_out: Container[_Identity]) -> Iterator[Input]:
    """What was found at `path`, unless that changed meanwhile."""
    try:
        status = os.stat(path)
    except OSError as error:
        yield _failed(path, error)
    else:
        if _identity(status) not in leave_out:
            yield _of_file(path, status)


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _failed(path: str, error: Exception) -> Input:
    return Input(os.path.basename(path) or path, os.path.abspath(path), error=error)


def _of_content(file: Any) -> Input:
    """A file that is open, or content, or a tuple that names one of these or a path."""
    name, content = None, file
    if isinstance(file, tuple):
        if not 2 <= len(file) <= 4:
            problem = TypeError(
                "A file must be a tuple of 2 to 4 items: (filename, content, content type, "
                "headers)."
            )
            return Input(UNNAMED, error=problem)
        name, content = file[0], file[1]
    path, size = None, None
    if isinstance(content, (bytes, bytearray, memoryview)):
        size = memoryview(content).nbytes
    elif isinstance(content, os.PathLike):
        path = os.path.abspath(os.fsdecode(content))
    return Input(name if name and isinstance(name, str) else _own_name(content), path, file, size)


def _own_name(content: Any) -> str:
    name: Any = content if isinstance(content, os.PathLike) else getattr(content, "name", None)
    known = isinstance(name, (str, bytes, os.PathLike))
    return (os.path.basename(os.fsdecode(name)) if known else "") or UNNAMED


class Listing:
    """Hands out inputs one after another, to one task; they are listed in worker threads.

    `total` and `size` (in bytes) are of all, and None until the last is listed. Whatever iterating
    over `files` raises is raised by `next`.
    """

    def __init__(self, files: Any, *, leave_out: Iterable[str] = ()) -> None:
        self._ahead = isinstance(files, _AHEAD) or is_single(files)
        if not self._ahead and not isinstance(files, Iterable):
            raise TypeError(
                "files must be paths, open files or content, one or several, not "
                f"{type(files).__name__}."
            )
        self._inputs = inputs(files, leave_out=leave_out)
        self._waiting: deque[Input] = deque()
        self._listed = 0
        self._all = False
        self.known_size = 0
        """The bytes of those listed so far, as far as sizes are known."""

    @property
    def total(self) -> int | None:
        return self._listed if self._all else None

    @property
    def size(self) -> int | None:
        return self.known_size if self._all else None

    async def next(self) -> Input | None:
        """The next input; None after the last."""
        if not self._waiting and not self._all:
            self._waiting.extend(await _callbacks.call(self._list))
            self._listed += len(self._waiting)
            self.known_size += sum(each.size or 0 for each in self._waiting)
            self._all = self._ahead or not self._waiting
        return self._waiting.popleft() if self._waiting else None

    def _list(self) -> list[Input]:
        if self._ahead:
            return list(self._inputs)
        one = next(self._inputs, None)
        return [] if one is None else [one]
