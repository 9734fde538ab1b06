"""HTTP headers: looked up in any case, merged in layers, and those about this machine."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from ._sentinels import Omit, is_given
from ._version import __version__

#: Never logged, never shown, never pickled.
SECRET_HEADERS = frozenset(
    {"authorization", "api-key", "x-api-key", "proxy-authorization", "cookie", "set-cookie"}
    | {"x-amz-security-token"}
)


class Headers(Mapping[str, str]):
    """Received headers; values of a name that came several times are joined by a comma."""

    __slots__ = ("_values", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs: list[tuple[str, str]] = list(pairs)
        self._values: dict[str, str] | None = None

    def _folded(self) -> dict[str, str]:
        if self._values is None:
            values: dict[str, str] = {}
            for name, value in self.pairs:
                key = name.lower()
                values[key] = f"{values[key]}, {value}" if key in values else value
            self._values = values
        return self._values

    def __getitem__(self, name: str) -> str:
        return self._folded()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._folded())

    def __len__(self) -> int:
        return len(self._folded())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._folded()

    def __repr__(self) -> str:
        return f"Headers({redacted(self.pairs)!r})"


def redacted(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """`pairs` with the values of secret headers replaced."""
    return [(n, "<redacted>" if n.lower() in SECRET_HEADERS else v) for n, v in pairs]


Merged = dict[str, tuple[str, str]]


def merge(*layers: Mapping[str, str | Omit], onto: Merged | None = None) -> Merged:
    """Headers of all layers by lower-case name; a later layer wins, `omit` takes a header away.

    They go `onto` what was merged before, if that is given. Raises ValueError or TypeError for what
    cannot be sent.
    """
    merged: Merged = {} if onto is None else onto
    for layer in layers:
        for name, value in layer.items():
            if isinstance(value, str):
                if not _NAME.fullmatch(name):
                    raise ValueError(f"{name!r} cannot be the name of a header.")
                if not sendable(value):
                    raise ValueError(f"The header {name} must be {SENDABLE}.")
                merged[name.lower()] = (name, value)
            elif is_given(value):
                raise TypeError(f"The header {name} must be a string or `omit`.")
            elif isinstance(value, Omit):
                merged.pop(name.lower(), None)
    return merged


#: RFC 9110 section 5.6.2: what a token is made of.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

SENDABLE = "ASCII text without line breaks, and without white space at its ends"


def sendable(value: str) -> bool:
    """Whether a header can hold `value`. What it cannot hold, httpx quotes in an error."""
    plain = value.isascii() and value.replace("\t", " ").isprintable()
    return plain and value == value.strip()


_SYSTEMS = {
    "darwin": "MacOS",
    "linux": "Linux",
    "windows": "Windows",
    "freebsd": "FreeBSD",
    "openbsd": "OpenBSD",
    "ios": "iOS",
    "android": "Android",
}
_MACHINES = {
    "x86_64": "x64",
    "amd64": "x64",
    "i386": "x32",
    "i686": "x32",
    "x86": "x32",
    "arm": "arm",
    "armv7l": "arm",
    "arm64": "arm64",
    "aarch64": "arm64",
}


@cache
def platform_headers() -> dict[str, str]:
    """What the API is told about the library and the machine it runs on."""
    system, machine = platform.system(), platform.machine()
    return {
        "X-Stainless-Lang": "python",
        "X-Stainless-Package-Version": __version__,
        "X-Stainless-OS": _named(system, _SYSTEMS, unknown="Unknown", other="Other"),
        "X-Stainless-Arch": _named(machine, _MACHINES, unknown="unknown", other="other"),
        "X-Stainless-Runtime": sys.implementation.name.replace("cpython", "CPython"),
        "X-Stainless-Runtime-Version": platform.python_version(),
    }


def _named(value: str, table: Mapping[str, str], *, unknown: str, other: str) -> str:
    return table.get(value.lower(), f"{other}:{value}") if value else unknown


def async_library() -> str:
    """The name of the library that runs the current task."""
    trio = sys.modules.get("trio")
    return "trio" if trio is not None and trio.lowlevel.in_trio_task() else "asyncio"
