"""`python -m benchmarks.parts`: an upload in parts, several at once and one after another.

Seconds by the clock, against a server that answers a part 20 ms after it has all of it, as one that
is far away does. Who is measured takes turns, so that a machine that slows down slows them all.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS
from benchmarks.server import LATENCY
from benchmarks.site import MB, Site, site

FILE = "64 MB"
#: What a part has, in MB, unless somebody chooses.
SIZES = (1, 4, 16)
#: How many of ours are sent at once.
AT_ONCE = (1, 2, 4, 8)

Upload = Callable[[Any, Path, int], Any]


def contenders() -> dict[str, tuple[str, Upload]]:
    """How each uploads, with which client: the first is what the others are compared with."""

    def ours(at_once: int) -> Upload:
        return lambda client, path, size: client.upload_in_parts(
            path, part_size=size, max_concurrency=at_once
        )

    found: dict[str, tuple[str, Upload]] = {
        f"ours, {n} at once": ("ours", ours(n)) for n in AT_ONCE
    }
    if CONTENDERS["official"].available:
        found["official"] = (
            "official",
            lambda client, path, size: client.upload_in_parts(path, part_size=size),
        )
    return found


async def seconds(place: Site, client: str, upload: Upload, size: int) -> float:
    """How long one upload takes, of a client that was used before."""
    package = CONTENDERS[client].asynchronous(place.url(tls=False), None, 100)
    try:
        await package.call()
        began = time.perf_counter()
        await upload(package, Path(place.files[FILE]), size * MB)
        return time.perf_counter() - began
    finally:
        await package.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parts", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, metavar="MB")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    print(f"{FILE} in parts, {LATENCY * 1000:.0f} ms until an answer; seconds, and times as fast")
    with site() as place:
        for size in chosen.sizes:
            each = contenders()
            runs: dict[str, list[float]] = {name: [] for name in each}
            for _ in range(chosen.rounds):
                for name, (client, upload) in each.items():
                    runs[name].append(asyncio.run(seconds(place, client, upload, size)))
            first = statistics.median(next(iter(runs.values())))
            for name, found in runs.items():
                middle = statistics.median(found)
                print(f"parts of {size:2} MB  {name:16} {middle:8.3f} s {first / middle:8.2f}x")


if __name__ == "__main__":
    main()
