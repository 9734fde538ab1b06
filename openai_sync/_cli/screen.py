"""Where a command writes: results to standard output, messages to standard error.

What servers, models and files are called or say may hold control characters, and a terminal obeys
those. So they are taken out of everything that a terminal shows; pipes get what is there.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: What a terminal would obey (but for ends of lines and tabs), what turns the direction of text,
#: and surrogates, which stand for bytes that are no text.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


#: What JSON need not escape, and some take for the end of a line.
_OTHER_ENDS = "\x85\u2028\u2029"


def printable(text: str) -> str:
    """`text` as a terminal may be given it."""
    return _OBEYED.sub("\ufffd", text.replace("\r\n", "\n"))


def write(text: str, file: TextIO | None = None) -> None:
    """Writes at once, to standard output unless there is a `file`.

    Raises BrokenPipeError if nobody reads it any more.
    """
    stream = file or sys.stdout
    if stream is None:  # a program without a console
        return
    if stream.isatty():
        text = printable(text)
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def write_json(value: Any, *, indent: int | None = None) -> None:
    """Writes `value` as JSON on lines of its own."""
    write(as_json(value, indent=indent) + "\n")


def as_json(value: Any, *, indent: int | None = None) -> str:
    """JSON that standard output can take, whatever it is encoded in.

    Not every reader knows that only a line feed ends a line of it.
    """
    try:
        encoded = msgspec.json.encode(value)
        if indent is not None:
            encoded = msgspec.json.format(encoded, indent=indent)
        text = encoded.decode()
        for end in _OTHER_ENDS:
            text = text.replace(end, f"\\u{ord(end):04x}")
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent)
    return text


def console(file: TextIO) -> Console:
    """A console that takes text for what it is, and is as wide as it needs to be in a pipe."""
    return Console(file=file, markup=False, highlight=False, emoji=False)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], file: TextIO | None = None
) -> None:
    """A table on a terminal, and elsewhere lines with tabs between the values, without a head."""
    stream = file or sys.stdout
    if stream is None:
        return
    if not stream.isatty():
        for row in rows:
            write("\t".join(_value(each) for each in row) + "\n", stream)
        return
    made = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        made.add_row(*(Text(printable(_value(each)), overflow="fold") for each in row))
    console(stream).print(made)
    stream.flush()


def _value(value: object) -> str:
    """A value that fits between two tabs."""
    return "" if value is None else " ".join(str(value).split())


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 file`, `2 files`; `plural` where an s is not enough."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
