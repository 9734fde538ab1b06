"""A bulk upload that is killed again and again, over a network that fails, ends with each file on
the server once; and one of very many files takes no more memory than its results."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import anyio

from openai_async import AsyncOpenAI
from openai_async._bulk.ledger import Ledger
from openai_async.emulator import Emulator

from .figures import megabytes, memory
from .processes import Site

#: The share of requests that meet a fault, and how often a run is killed.
_RATE, _KILLS = 0.05, 8

#: How much memory a file of a bulk upload may take until the end: its result, its id, its place.
_MOST_EACH = 4096

_PROGRAM = """
import sys
import anyio
from openai_async import AsyncOpenAI

async def main(url, files, ledger):
    async with AsyncOpenAI(api_key="k", base_url=url, max_retries=4) as client:
        uploads = await client.files.upload_many(
            files, purpose="user_data", ledger=ledger, orphans="delete", max_concurrency=16,
            on_progress=lambda progress: print(progress.done, flush=True),
        )
    print(len(uploads.failed))

anyio.run(main, *sys.argv[2:], backend=sys.argv[1])
"""


def kills(backend: str, site: Site, count: int, seed: int) -> str:
    """Uploads `count` files, in a program that is killed at random moments."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name, Emulator(max_requests=10 * count) as emulator:
        place = Path(name)
        expected = _files(place / "files", count, chance)
        emulator.random_faults(_RATE, path="/files*", seed=seed)
        command = [sys.executable, "-c", _PROGRAM, backend, emulator.base_url]
        command += [str(place / "files"), str(place / "ledger")]
        began = time.perf_counter()
        for _ in range(_KILLS):
            _kill(command, chance)
        runs = _to_the_end(command)
        took = time.perf_counter() - began
        _check(emulator, place / "ledger", expected)
        asked = emulator.requests
        posts = sum(each.method == "POST" for each in asked)
        deleted = sum(each.method == "DELETE" for each in asked)
        faults = sum(bool(each.fault) for each in asked)
    return (
        f"killed {_KILLS} times, {faults} faults: {posts:,} uploads sent, {deleted} copies "
        f"deleted, {runs} run{'s' * (runs > 1)} to the end, {took:.0f} s"
    )


def _files(place: Path, count: int, chance: random.Random) -> dict[str, bytes]:
    """Files below `place`, many of one name and some of these of one size; their contents."""
    expected = {}
    for number in range(count):
        path = place / f"{number % 7}" / f"{number // 14}.txt"
        path = path.with_stem(f"{path.stem}{'ab'[number // 7 % 2]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        content = bytes([chance.randrange(4)]) * chance.randrange(1, 4)
        path.write_bytes(content)
        expected[str(path)] = content
    assert len(expected) == count
    return expected


def _kill(command: list[str], chance: random.Random) -> None:
    """Kills a run once it has come some way, which is a little further than the one before."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 200)):
            process.stdout.readline()
        time.sleep(chance.random() * 0.02)  # the moment shall be any, not just after a report
        os.kill(process.pid, signal.SIGKILL)
        process.stdout.read()


def _to_the_end(command: list[str]) -> int:
    """Runs it until no file has failed for good; returns how often."""
    for number in range(1, 10):
        said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        if int(said.split()[-1]) == 0:
            return number
    raise AssertionError("files fail in every run")


def _check(emulator: Emulator, path: Path, expected: dict[str, bytes]) -> None:
    """Each file is on the server once, nothing else is, and the ledger says the same."""
    stored = {file.id: (file.filename, file.read()) for file in emulator.files}
    ledger = Ledger(path)
    ledger.open()
    ledger.close()
    assert len(stored) == len(expected), (len(stored), len(expected))
    for name, content in expected.items():
        file_id = ledger.history.latest[name, "", "user_data"].file_id or ""
        assert stored.pop(file_id) == (Path(name).name, content), name
    assert not stored, stored
    assert not ledger.history.orphans, ledger.history.orphans
    assert not ledger.history.doubts, ledger.history.doubts


def many(site: Site, count: int, seed: int) -> str:
    """Uploads `count` small files from a generator."""
    return anyio.run(_many, site, count)


async def _many(site: Site, count: int) -> str:
    def files(number: int) -> Iterator[tuple[str, bytes]]:
        return ((f"{each}.txt", b"x" * 1000) for each in range(number))

    async with AsyncOpenAI(api_key="k", base_url=site.url, max_retries=0) as client:
        await client.files.upload_many(files(500), purpose="user_data")
        before, began = memory(), time.perf_counter()
        uploads = await client.files.upload_many(files(count), purpose="user_data")
        took, grown = time.perf_counter() - began, memory() - before
    assert len(uploads.ok) == count
    assert grown <= count * _MOST_EACH, megabytes(grown)
    return f"{megabytes(grown)} more memory with all results, {took / count * 1e6:.0f} us a file"
