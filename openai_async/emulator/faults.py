"""The grammar of faults: `status=429; retry-after=1` and its like, parsed into one immutable value.

A spec is a list of `key=value` or bare `key`, separated by semicolons. `KEYS` is the whole
grammar. Some keys replace the answer (`status`, `html`, `garbage`, ...), the others spoil whichever
answer is sent (`cut`, `stall`, `drip`, ...), so one of each may be combined."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one answer; everything is off by default."""

    status: int | None = None
    retry_after: str | None = None
    retry_after_ms: str | None = None
    should_retry: str | None = None
    code: str | None = None
    type: str | None = None
    param: str | None = None
    message: str | None = None
    page: str | None = None
    sse: str | None = None
    ends: int | None = None
    pings: int | None = None
    garbage: bool = False
    cut: int | None = None
    cut_head: bool = False
    reset: bool = False
    stall: float | None = None
    stall_body: float | None = None
    stall_after: int | None = None
    drip: tuple[int, float] | None = None
    disconnect_upload: int | None = None
    lost: bool = False
    late: float = 0.0
    times: int | None = None
    spec: str = field(default="", compare=False)
    """The text that was parsed."""

    @property
    def replaces(self) -> bool:
        """Whether another answer is sent in place of the true one."""
        return self.status is not None or self.page is not None

    @property
    def spoils(self) -> bool:
        """Whether the bytes of the answer are cut or delayed."""
        return not (self.cut is None and self.stall_body is None and self.drip is None)

    @property
    def closes_early(self) -> bool:
        """Whether the connection ends before the first byte of an answer."""
        return self.cut_head or (self.reset and self.cut is None and not self.lost)


NO_FAULT = Fault()


def whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError("it must not be negative")
    return number


def counting(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("it must be at least 1")
    return number


def status(text: str) -> int:
    number = int(text)
    if not 200 <= number <= 599:
        raise ValueError("it must be between 200 and 599")
    return number


def seconds(text: str) -> float:
    number = float(text)
    if not (number >= 0 and math.isfinite(number)):
        raise ValueError("it must be finite and not negative")
    return number


def drip(text: str) -> tuple[int, float]:
    size, slash, pause = text.partition("/")
    if not slash:
        raise ValueError("it must be BYTES/MS, such as 16/5")
    return counting(size), seconds(pause) / 1000


def boolean(text: str) -> str:
    if text not in {"true", "false"}:
        raise ValueError("it must be true or false")
    return text


@dataclass(frozen=True)
class Key:
    """How one key of the grammar sets one field of `Fault`."""

    field: str
    convert: Callable[[str], Any] | None = None
    alone: Any = None
    """The value when the key is given bare; None when a value is required."""


KEYS: dict[str, Key] = {
    "status": Key("status", status),
    "retry-after": Key("retry_after", str),
    "retry-after-ms": Key("retry_after_ms", str),
    "should-retry": Key("should_retry", boolean),
    "code": Key("code", str),
    "type": Key("type", str),
    "param": Key("param", str),
    "message": Key("message", str),
    "html": Key("page", alone="html"),
    "garbage-json": Key("page", alone="garbage-json"),
    "error-200": Key("page", alone="error-200"),
    "garbage": Key("garbage", alone=True),
    "garbage-sse": Key("sse", alone="garbage-sse"),
    "sse-error": Key("sse", alone="sse-error"),
    "no-done": Key("sse", alone="no-done"),
    "comments": Key("sse", alone="comments"),
    "ends": Key("ends", whole),  # after so many events of a stream, as if that were all
    "pings": Key("pings", whole, alone=0),  # so many events of a stream, then comments for ever
    "cut": Key("cut", whole),
    "cut-head": Key("cut_head", alone=True),
    "reset": Key("reset", alone=True),
    "stall": Key("stall", seconds),
    "stall-body": Key("stall_body", seconds),
    "stall-after": Key("stall_after", whole),
    "drip": Key("drip", drip),
    "disconnect-upload": Key("disconnect_upload", whole, alone=1),
    "lost": Key("lost", alone=True),  # the request is handled, and nobody hears of it
    "late": Key("late", seconds),  # it is handled at once, and answered only so much later
    "times": Key("times", counting),
}

NEEDS = {
    "stall_after": "stall_body",
    "retry_after": "status",
    "retry_after_ms": "status",
    "should_retry": "status",
}
"""Fields that mean nothing unless another one is set too."""


def parse(spec: str) -> Fault:
    """Read a spec; a `ValueError` says which part of it is wrong and why."""
    fields: dict[str, Any] = {}
    for part in filter(None, map(str.strip, spec.split(";"))):
        name, equals, text = (piece.strip() for piece in part.partition("="))
        key = KEYS.get(name)
        if key is None:
            raise ValueError(f"Unknown fault {name!r}: choose from {', '.join(sorted(KEYS))}.")
        if key.field in fields:
            raise ValueError(f"The fault {name!r} contradicts an earlier part of {spec!r}.")
        fields[key.field] = convert(key, name, text if equals else None)
    if not fields:
        raise ValueError(f"The fault {spec!r} is empty.")
    check(fields)
    return Fault(**fields, spec=spec)


def convert(key: Key, name: str, text: str | None) -> Any:
    if text is None:
        if key.alone is None:
            raise ValueError(f"The fault {name!r} needs a value: {name}=...")
        return key.alone
    if key.convert is None:
        raise ValueError(f"The fault {name!r} takes no value, not {text!r}.")
    try:
        return key.convert(text)
    except ValueError as error:
        raise ValueError(f"Bad value {text!r} for the fault {name!r}: {error}.") from None


def check(fields: dict[str, Any]) -> None:
    for needing, other in NEEDS.items():
        if needing in fields and other not in fields:
            names = {key.field: name for name, key in KEYS.items()}
            raise ValueError(f"The fault {names[needing]!r} needs {names[other]!r} beside it.")
