"""Standard input, which a program need not have, and what else is read to its end."""

from __future__ import annotations

import sys


def is_terminal() -> bool:
    """Whether somebody types it."""
    return sys.stdin is not None and sys.stdin.isatty()


def text() -> str:
    """All of it, as text."""
    return "" if sys.stdin is None else sys.stdin.read()


def content(file: str = "-") -> bytes:
    """All of a file; `-` is standard input."""
    if file != "-":
        with open(file, "rb") as opened:
            return opened.read()
    return b"" if sys.stdin is None else sys.stdin.buffer.read()
