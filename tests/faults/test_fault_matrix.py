"""Every fault, met by a plain call and by a stream, awaited on asyncio and trio, and blocking.

Each ends as the table says. Then nothing is left: no slot, no socket, no task, no thread. And the
client works.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import stat
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import anyio
import anyio.to_thread
import pytest

import openai_async
from openai_async import APIConnectionError, APIError, AsyncOpenAI
from openai_async._transport import ConnectionFailed
from openai_async.types import FileObject
from openai_sync import OpenAI
from openai_sync._portal import run

from .case import Case, Expected, Gives, Raises
from .cases import CASES
from .places import SECRET, Place
from .server import PATIENCE, THREAD_NAME, FaultServer

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="counts sockets and fills queues the way of Linux"
)

Kind = Literal["asyncio", "trio", "sync"]

#: More than the system keeps for a server that does not read.
_LARGE = 16 * 1024 * 1024

#: How long a thread may take to end that has done its work, in seconds.
_ENDING = 1

#: Threads that wait for work of any kind, and end with the program.
_IDLE_WORKERS = ("AnyIO worker thread", "asyncio_", "Trio thread")


@pytest.fixture(params=["asyncio", "trio", "sync"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """How calls are made."""
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def anyio_backend(kind: Kind) -> str:
    return "trio" if kind == "trio" else "asyncio"


class Awaited:
    """Calls by tasks."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.client = AsyncOpenAI(api_key=SECRET, **settings)

    async def plain(self, options: dict[str, Any], large: bool) -> Any:
        client = self.client.with_options(**options)
        if large:
            return await client.files.create(file=_file(), purpose="assistants")
        return await client.chat.completions.create(**_chat())

    async def stream(self, options: dict[str, Any], large: bool) -> tuple[list[Any], str]:
        client = self.client.with_options(**options)
        stream = await client.chat.completions.create(**_chat(large), stream=True)
        events = [event async for event in stream]
        return events, stream.outcome

    async def close(self) -> None:
        await self.client.close()

    async def tasks(self) -> int:
        return _tasks()


class Blocking:
    """The same by threads. What blocks does so in a worker thread, so that a hang is a failure."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.client = OpenAI(api_key=SECRET, **settings)

    async def plain(self, options: dict[str, Any], large: bool) -> Any:
        client = self.client.with_options(**options)
        if large:
            return await _aside(lambda: client.files.create(file=_file(), purpose="assistants"))
        return await _aside(lambda: client.chat.completions.create(**_chat()))

    async def stream(self, options: dict[str, Any], large: bool) -> tuple[list[Any], str]:
        client = self.client.with_options(**options)

        def work() -> tuple[list[Any], str]:
            stream = client.chat.completions.create(**_chat(large), stream=True)
            return list(stream), stream.outcome

        ended: tuple[list[Any], str] = await _aside(work)
        return ended

    async def close(self) -> None:
        await _aside(self.client.close)

    async def tasks(self) -> int:
        async def count() -> int:
            return _tasks()

        counted: int = await _aside(lambda: run(count))
        return counted


async def _aside(work: Callable[[], Any]) -> Any:
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


def _chat(large: bool = False) -> dict[str, Any]:
    content = "x" * _LARGE if large else "Are you there?"
    return {"model": "m", "messages": [{"role": "user", "content": content}]}


def _file() -> tuple[str, io.BytesIO]:
    return "large.txt", io.BytesIO(b"x" * _LARGE)


def _tasks() -> int:
    """How many tasks the running loop has."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        return int(trio.lowlevel.current_statistics().tasks_living)
    return len(asyncio.all_tasks())


def _threads() -> set[threading.Thread]:
    return {
        thread
        for thread in threading.enumerate()
        if thread.name != THREAD_NAME and not thread.name.startswith(_IDLE_WORKERS)
    }


def _sockets(servers: Iterable[FaultServer]) -> set[int]:
    """The open sockets of this process, by number, but for the ends of the servers."""
    found = set()
    for name in os.listdir("/dev/fd"):
        try:
            status = os.fstat(int(name))
        except OSError:  # the one that the directory was read by
            continue
        if stat.S_ISSOCK(status.st_mode):
            found.add(status.st_ino)
    return found.difference(*(server.sockets() for server in servers))


class Before:
    """What there was before a client was made, to find out what it leaves behind."""

    def __init__(self, place: Place, tasks: int) -> None:
        self._place = place
        self._tasks = tasks
        self._threads = _threads()
        self._sockets = _sockets(place.servers)

    def assert_nothing_left(self, tasks: int) -> None:
        assert _sockets(self._place.servers) <= self._sockets, "a socket is left open"
        assert {server.open_after(PATIENCE) for server in self._place.servers} == {0}
        assert tasks <= self._tasks, "a task is left running"
        for thread in _threads() - self._threads:
            thread.join(_ENDING)
        assert _threads() <= self._threads, "a thread is left running"
        for server in self._place.servers:
            assert server.failures == []


#: Each case with the way of calling, and what that gets.
_MATRIX = [
    pytest.param(case, how, expected, id=f"{case.title}-{how}")
    for case in CASES
    for how, expected in (("plain", case.plain), ("stream", case.stream))
    if expected is not None
]


@pytest.mark.parametrize(("case", "how", "expected"), _MATRIX)
async def test_fault(case: Case, how: str, expected: Expected, kind: Kind) -> None:
    with case.place() as place, anyio.fail_after(PATIENCE):
        place.server.play(*case.scripts)
        place.server.neighbour = place.elsewhere.base_url
        settings = {"max_retries": 0, "timeout": 60, "proxy": "", **place.settings}
        caller = (Blocking if kind == "sync" else Awaited)(settings)
        tasks = await caller.tasks()  # starts the loop thread, if there is to be one
        before = Before(place, tasks)
        await _meet(case, how, expected, place, caller)
        assert caller.client.pool_stats().in_use == 0
        assert caller.client.pool_stats().waiting == 0
        if place.recovery_url is not None:
            await _assert_works(how, caller, place.recovery_url)
        assert caller.client.pool_stats().in_use == 0
        case.check(place)
        await caller.close()
        assert caller.client.pool_stats().idle == 0
        before.assert_nothing_left(await caller.tasks())


async def _meet(
    case: Case, how: str, expected: Expected, place: Place, caller: Awaited | Blocking
) -> None:
    if case.warm:
        await _assert_works(how, caller, place.base_url)
    if case.told:
        place.server.let_go()
    options = {"base_url": place.base_url, **case.settings}
    call = caller.plain if how == "plain" else caller.stream
    try:
        if isinstance(expected, Raises):
            await _assert_raises(expected, call(options, case.large))
        else:
            _assert_gives(expected, await call(options, case.large))
    finally:
        place.server.over.set()


async def _assert_raises(expected: Raises, call: Awaitable[Any]) -> None:
    with pytest.raises(APIError) as caught:
        await call
    error = caught.value
    assert type(error) is getattr(openai_async, expected.error), repr(error)
    assert expected.says.lower() in str(error).lower()
    assert expected.status in (None, getattr(error, "status_code", None))
    assert len(error.attempts) == expected.attempts
    assert SECRET not in f"{error!r} {error} {error.__cause__!r} {error.attempts}"
    if type(error) is APIConnectionError:
        assert str(error).startswith("Connection error: ")
        assert isinstance(error.__cause__, (OSError, ConnectionFailed))


def _assert_gives(expected: Gives, given: Any) -> None:
    if isinstance(given, tuple):
        events, outcome = given
        assert "".join(event.choices[0].delta.content or "" for event in events) == expected.said
        assert outcome == expected.outcome
    elif isinstance(given, FileObject):
        assert given.filename == expected.said
    else:
        assert given.choices[0].message.content == expected.said


async def _assert_works(how: str, caller: Awaited | Blocking, base_url: str) -> None:
    call = caller.plain if how == "plain" else caller.stream
    _assert_gives(Gives(), await call({"base_url": base_url}, False))


def _rows(document: str) -> list[tuple[str, str, str]]:
    """The table of faults in `document`."""
    table = document.partition("| Fault | Plain call | Stream |")[2]
    found = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    return [row for row in found if not row[0].startswith("-")]


def test_the_documentation_has_the_same_table() -> None:
    root = Path(__file__).parent.parent.parent
    document = (root / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert _rows(document) == [
        (case.title, str(case.plain or "–"), str(case.stream or "–")) for case in CASES
    ]


def test_titles_tell_faults_apart() -> None:
    assert len({case.title for case in CASES}) == len(CASES)
