"""Words, the emulator's tokens: short pieces of text which joined together give the text again."""

from __future__ import annotations

import re

PIECE = re.compile(r"\s*\S{1,12}|\s+")


def split_words(text: str) -> list[str]:
    return PIECE.findall(text)


def count_words(text: str) -> int:
    return len(split_words(text))
