"""Where the time of a piece of work goes, by layer and by function.

cProfile makes Python functions look dearer than they are beside functions in C, so shares are to
be read as hints. What a function in C takes is charged to the layer that calls it, but for the
kernel's part: sending, receiving, waiting.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from benchmarks.meter import Meter

Function = tuple[str, int, str]

#: The first that a function's place contains names its layer.
LAYERS = {
    "openai_async/_http/": "transport",
    "openai_async/_httpx": "transport",
    "openai_async/_choice": "transport",
    "openai_async/_transport": "transport",
    "openai_async/_runs": "transport",
    "openai_async/_stream": "stream",
    "openai_async/_sse": "stream",
    "openai_async/_decode": "codec",
    "openai_async/_models": "codec",
    "openai_async/_answers": "codec",
    "openai_async/_dump": "codec",
    "openai_async/_bodies": "codec",
    "openai_async/_fields": "codec",
    "openai_async/types": "codec",
    "openai_async/": "engine and requests",
    "openai_sync/": "bridge",
    "/anyio/": "anyio",
    "/asyncio/": "event loop",
    "/selectors.py": "event loop",
    "/concurrent/": "bridge",
    "/threading.py": "bridge",
    "/httpcore": "httpx, httpcore, h11",
    "/httpx": "httpx, httpcore, h11",
    "/h11/": "httpx, httpcore, h11",
    "/openai/": "official package",
    "/pydantic": "official package",
    "/aiohttp/": "aiohttp",
    "/benchmarks/": "benchmark",
}
#: Functions in C that are a layer of their own.
KERNEL = ("_socket.socket", "select.epoll", "'poll'", "_ssl._SSLSocket", "'acquire'")
_SHOWN = 30


class Profile(Meter):
    """A meter that also profiles: this thread, and the loop thread of the blocking client.

    From Python 3.12 on only one thread can be profiled; it is the loop thread, if there is one.
    """

    def __enter__(self) -> None:
        super().__enter__()
        self._profiles = [cProfile.Profile()]
        if "openai_sync" in sys.modules:
            # One thread waits while the other works. This clock stands still meanwhile, but to read
            # it takes longer than many a function does.
            self._profiles = [cProfile.Profile(time.thread_time) for _ in range(2)]
            _on_loop_thread(self._profiles[1].enable)
        with suppress(ValueError):  # another thread is being profiled
            self._profiles[0].enable()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._profiles[0].disable()
        for profile in self._profiles[1:]:
            _on_loop_thread(profile.disable)
        super().__exit__(kind, error, traceback)
        report(self._profiles)


def _on_loop_thread(function: Callable[[], None]) -> None:
    from openai_sync._portal import run

    async def call() -> None:
        function()

    run(call)


def report(profiles: list[cProfile.Profile]) -> None:
    """Prints shares of own time to stderr."""
    stats = pstats.Stats(*profiles).stats  # type: ignore[attr-defined]
    layers: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    inclusive: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for function, (_, number, own, total, callers) in stats.items():
        name = _name(function)
        functions[name] += own
        calls[name] += number
        if "/openai_" in function[0]:
            inclusive[name] += total
        if function[0] != "~" or not callers or _is_kernel(function):
            layers[_layer(function)] += own
            continue
        for caller, (_, _, share, _) in callers.items():
            layers[_layer(caller)] += share
    whole = sum(functions.values())
    write = sys.stderr.write
    write("\nby layer\n")
    for layer, own in layers.most_common():
        write(f"{own / whole:7.1%}  {layer}\n")
    titled = {
        "by function, own time, calls": functions,
        "by function of ours, with what it calls, calls": inclusive,
    }
    for title, times in titled.items():
        write(f"\n{title}\n")
        for name, took in times.most_common(_SHOWN):
            write(f"{took / whole:7.1%} {calls[name]:8}  {name}\n")


def _is_kernel(function: Function) -> bool:
    return any(part in function[2] for part in KERNEL)


def _layer(function: Function) -> str:
    if function[0] == "~":
        return "kernel" if _is_kernel(function) else "other functions in C"
    place = function[0].replace("\\", "/")
    return next((LAYERS[part] for part in LAYERS if part in place), "the rest")


def _name(function: Function) -> str:
    file, line, name = function
    if file == "~":
        return name
    short = "/".join(file.replace("\\", "/").rsplit("/", 3)[-3:])
    return f"{short}:{line} {name}"
