"""Forks in the middle of traffic: parent and children go on, each over connections of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import trio

from openai_async import AsyncOpenAI
from openai_sync import OpenAI

from .calls import ask, ask_blocking, listen, listen_blocking, request
from .processes import Site

_KINDS = ("whole", "slow", "chunked")
_THREADS = 3
#: How long a child may take, in seconds.
_PATIENCE = 15


def plain(site: Site, count: int, seed: int) -> str:
    return _forks(site.url, True, count)


def secure(site: Site, count: int, seed: int) -> str:
    return _forks(site.secure_url, ssl.create_default_context(cafile=site.authority), count)


def _forks(url: str, verify: bool | ssl.SSLContext, count: int) -> str:
    settings: dict[str, Any] = {"api_key": "k", "base_url": url, "verify": verify}
    client = AsyncOpenAI(**settings, max_retries=0)
    blocking = OpenAI(**settings, max_retries=0)
    done, wrong, turns = threading.Event(), [], [0]

    async def in_loop(name: str) -> None:
        while not done.is_set():
            await _some(client, name)
            turns[0] += 1

    def in_thread(name: str) -> None:
        while not done.is_set():
            _some_blocking(blocking, name)
            turns[0] += 1

    def guarded(work: Callable[..., object], *arguments: object) -> None:
        try:
            work(*arguments)
        except BaseException as error:
            wrong.append(error)
            traceback.print_exc()

    # Python's own import locks do not survive a fork, so everything is imported before.
    asyncio.run(_some(client, "first"))
    trio.run(_some, client, "first")
    _some_blocking(blocking, "first")
    open_stream = blocking.chat.completions.create(**request("kept", stream=True, user=_me()))
    next(iter(open_stream))
    threads = [
        threading.Thread(target=guarded, args=arguments)
        for number in range(_THREADS)
        for arguments in (
            (lambda name: asyncio.run(in_loop(name)), f"a{number}"),
            (trio.run, in_loop, f"t{number}"),
            (in_thread, f"s{number}"),
        )
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in range(count):
            assert _fork(lambda: _child(client, blocking)) == 0
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert not wrong, wrong
    assert len(list(open_stream)) > 0
    shared = blocking.models.retrieve("shared").id
    assert shared == "0", f"{shared} connections were used by two processes"
    blocking.close()
    return f"{turns[0]} turns of the parent meanwhile, no connection shared, no answer swapped"


def _child(client: AsyncOpenAI, blocking: OpenAI) -> None:
    _some_blocking(blocking, "child")
    asyncio.run(_some(client, "child"))
    trio.run(_some, client, "child")
    blocking.close()


async def _some(client: AsyncOpenAI, name: str) -> None:
    for number, how in enumerate(_KINDS):
        await ask(client, f"{_me()}.{name}.{number}", how, user=_me())
    await listen(client, f"{_me()}.{name}", "slow", user=_me())


def _some_blocking(client: OpenAI, name: str) -> None:
    for number, how in enumerate(_KINDS):
        ask_blocking(client, f"{_me()}.{name}.{number}", how, user=_me())
    listen_blocking(client, f"{_me()}.{name}", "slow", user=_me())


def _me() -> str:
    return str(os.getpid())


def _fork(work: Callable[[], None]) -> int:
    """The exit code of a forked child that did `work`."""
    pid = os.fork()
    if pid == 0:
        code = 1
        signal.alarm(_PATIENCE)  # ends it if it hangs
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
