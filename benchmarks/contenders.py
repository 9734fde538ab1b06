"""Who is measured."""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks import bare, packages

#: A client for a URL, trusting a certificate, with room for that many connections at once.
Make = Callable[[str, "ssl.SSLContext | None", int], Any]


class Contender(NamedTuple):
    asynchronous: Make
    blocking: Make | None = None
    needs: tuple[str, ...] = ()
    """The modules without which it cannot take part."""

    @property
    def available(self) -> bool:
        return all(importlib.util.find_spec(module) for module in self.needs)


CONTENDERS: dict[str, Contender] = {
    "ours": Contender(packages.ours, packages.ours_blocking),
    "official": Contender(packages.official, packages.official_blocking, ("openai",)),
    "+aiohttp": Contender(packages.official_on_aiohttp, None, ("openai", "aiohttp")),
    "aiohttp": Contender(bare.Aiohttp, None, ("aiohttp",)),
    "raw": Contender(bare.Raw),
}

ASYNC = ("ours", "official", "+aiohttp", "aiohttp", "raw")
PACKAGES = ("ours", "official")
