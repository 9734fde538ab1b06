"""Notes on exceptions: what happened besides, as Python shows it below a traceback."""

from __future__ import annotations


def note(error: BaseException, text: str) -> None:
    """What `BaseException.add_note` does from Python 3.11 on."""
    error.__dict__.setdefault("__notes__", []).append(text)
