"""Standard input, which a program need not have."""

from __future__ import annotations

import sys


def is_terminal() -> bool:
    """Whether somebody types it."""
    return sys.stdin is not None and sys.stdin.isatty()


def text() -> str:
    """All of it, as text."""
    return "" if sys.stdin is None else sys.stdin.read()


def content() -> bytes:
    """All of it."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read()
