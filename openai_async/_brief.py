"""Long vectors and base64 in a few words, so that the `repr` of an answer can be read.

    Embedding(embedding=[0.1, 0.2, 0.3, ... 1536 numbers], index=0, object='embedding')

Other values stay what they are.
"""

from __future__ import annotations

import re
from typing import Any

#: Longer lists of numbers, and longer texts of base64, are abbreviated: to how many of them.
LONGEST_VECTOR, NUMBERS_SHOWN = 16, 3
LONGEST_BASE64, CHARACTERS_SHOWN = 256, 20

_BASE64 = re.compile(r"(?:data:[^,\s]{0,100},)?[A-Za-z0-9+/_-]+={0,2}")
_NUMBERS = {int, float}


class Beginning:
    """Stands for a long value; its `repr` is how that begins and how long it is."""

    __slots__ = ("_shown",)

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __repr__(self) -> str:
        return self._shown


def brief(value: Any) -> Any:
    """`value` with long vectors and base64 in it, at any depth, replaced by their beginnings."""
    kind = type(value)
    if kind is str:
        return _beginning(value) if is_base64(value) else value
    if kind is list:
        if len(value) > LONGEST_VECTOR and set(map(type, value)) <= _NUMBERS:
            first = ", ".join(map(repr, value[:NUMBERS_SHOWN]))
            return Beginning(f"[{first}, ... {len(value)} numbers]")
        return [brief(each) for each in value]
    if kind is dict:
        return {key: brief(each) for key, each in value.items()}
    return value


def is_base64(text: str) -> bool:
    """Whether `text` is long, and nothing but base64 (which may stand in a data URL)."""
    return len(text) > LONGEST_BASE64 and _BASE64.fullmatch(text) is not None


def _beginning(text: str) -> Beginning:
    return Beginning(f"'{text[:CHARACTERS_SHOWN]}...' <{len(text)} characters>")
