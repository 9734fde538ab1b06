"""A file in parts: how it is cut, how many are sent at once, and what happens when one fails."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from byte_streams import Generated, Unseekable

from openai_async import DeadlineExceeded
from openai_async._deadline import Deadline
from openai_async._parts import Part, send_parts
from openai_async._sources import Source, source
from openai_async._uploads import at_most

CONTENT = bytes(range(256)) * 40  # 10240 bytes


class Server:
    """Keeps the parts it is sent, each of them read twice."""

    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {}
        self.running = 0
        self.most = 0
        self.cancelled: list[int] = []

    async def send(self, part: Part) -> str:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.work(part)
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(part.number)
            raise
        finally:
            self.running -= 1
        first = b"".join([piece async for piece in part.content.pieces()])
        assert first == b"".join([piece async for piece in part.content.pieces()])
        self.parts[part.number] = first
        return f"id of {part.number}"

    async def work(self, part: Part) -> None:
        await anyio.lowlevel.checkpoint()


async def cut(
    content: Any,
    send: Callable[[Part], Awaitable[Any]],
    size: int = len(CONTENT),
    *,
    part_size: int = 1000,
    max_concurrency: int = 4,
    **options: Any,
) -> list[Any]:
    origin: Source = source("file", content)
    return await send_parts(
        origin, size, send, part_size=part_size, max_concurrency=max_concurrency, **options
    )


def notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


MAKERS: dict[str, Callable[[], Any]] = {
    "bytes": lambda: CONTENT,
    "handle": lambda: io.BytesIO(CONTENT),
    "unseekable": lambda: Unseekable(CONTENT),
    "generator of small pieces": lambda: Generated(CONTENT, 7)(),
    "generator of large pieces": lambda: Generated(CONTENT, 3333)(),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("max_concurrency", [1, 3, 50])
@pytest.mark.parametrize("part_size", [1000, 1024, 10239, 10240, 10241])
async def test_parts_together_are_the_file(
    make: Callable[[], Any], max_concurrency: int, part_size: int
) -> None:
    server, seen = Server(), bytearray()
    ids = await cut(
        make(),
        server.send,
        part_size=part_size,
        max_concurrency=max_concurrency,
        seen=seen.extend,
    )
    count = -(-len(CONTENT) // part_size)
    assert ids == [f"id of {number}" for number in range(1, count + 1)]
    assert [len(server.parts[n]) for n in range(1, count)] == [part_size] * (count - 1)
    assert b"".join(server.parts[n] for n in range(1, count + 1)) == CONTENT
    assert bytes(seen) == CONTENT


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize(("bound", "most"), [(1, 1), (4, 4), (20, 11)])
async def test_bound_is_reached_and_never_exceeded(
    make: Callable[[], Any], bound: int, most: int
) -> None:
    class Together(Server):
        async def work(self, part: Part) -> None:
            while self.most < most:
                await anyio.lowlevel.checkpoint()

    server = Together()
    with anyio.fail_after(10):
        await cut(make(), server.send, max_concurrency=bound)
    assert server.most == most


async def test_ids_have_the_order_of_the_parts_whichever_comes_first() -> None:
    class Backwards(Server):
        async def work(self, part: Part) -> None:
            while self.most < 11 or self.running > part.number:
                await anyio.lowlevel.checkpoint()

    server = Backwards()
    with anyio.fail_after(10):
        ids = await cut(CONTENT, server.send, max_concurrency=11)
    assert list(server.parts) == list(range(11, 0, -1))
    assert ids == [f"id of {number}" for number in range(1, 12)]


async def test_only_one_part_more_than_are_sent_is_read_ahead() -> None:
    made = Generated(CONTENT, 1000)
    ahead = []

    class Slow(Server):
        async def work(self, part: Part) -> None:
            await anyio.wait_all_tasks_blocked()
            ahead.append(made.given - len(self.parts))

    await cut(made(), Slow().send, max_concurrency=2)
    assert max(ahead) <= 3  # two that are sent, and one that is spooled


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
async def test_the_first_failure_cancels_the_others_and_names_its_part(
    make: Callable[[], Any],
) -> None:
    failure = LookupError("broken")

    class Failing(Server):
        async def work(self, part: Part) -> None:
            while part.number == 3 and self.running < 4:
                await anyio.lowlevel.checkpoint()
            if part.number == 3:
                raise failure
            await anyio.sleep_forever()

    server = Failing()
    with anyio.fail_after(10), pytest.raises(LookupError) as caught:
        await cut(make(), server.send)
    assert caught.value is failure
    assert notes(failure) == ["This happened to part 3 of 11, bytes 2000 to 2999."]
    assert sorted(server.cancelled) == [1, 2, 4]
    assert server.running == 0


@pytest.mark.parametrize("failure", [LookupError("no more"), KeyboardInterrupt(), SystemExit(3)])
async def test_the_error_of_an_iterator_cancels_the_parts(failure: BaseException) -> None:
    class Endless(Server):
        async def work(self, part: Part) -> None:
            await anyio.sleep_forever()

    async def breaking() -> AsyncGenerator[bytes, None]:
        yield CONTENT[:2500]
        await anyio.wait_all_tasks_blocked()
        raise failure

    server = Endless()
    with pytest.raises(type(failure)) as caught:
        await cut(breaking(), server.send)
    assert caught.value is failure
    assert sorted(server.cancelled) == [1, 2]


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
async def test_cancelling_cancels_all_parts(make: Callable[[], Any]) -> None:
    class Endless(Server):
        async def work(self, part: Part) -> None:
            await anyio.sleep_forever()

    server = Endless()
    async with anyio.create_task_group() as group:

        async def run() -> None:
            await cut(make(), server.send)

        group.start_soon(run)
        await anyio.wait_all_tasks_blocked()
        while server.running < 4:
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert sorted(server.cancelled) == [1, 2, 3, 4]


async def test_a_generator_is_closed_when_a_part_fails() -> None:
    class Failing(Server):
        async def work(self, part: Part) -> None:
            raise LookupError

    made = Generated(CONTENT * 1000, 1000)
    with pytest.raises(LookupError):
        await cut(made(), Failing().send, len(CONTENT) * 1000)
    assert made.closed == 1
    assert made.given < 20


async def test_an_iterator_is_read_by_the_task_of_the_caller() -> None:
    tasks = set()

    async def telling() -> AsyncGenerator[bytes, None]:
        # What a generator that holds a scope across its yields needs.
        with anyio.CancelScope():
            for start in range(0, len(CONTENT), 512):
                tasks.add(anyio.get_current_task().id)
                yield CONTENT[start : start + 512]

    await cut(telling(), Server().send)
    assert tasks == {anyio.get_current_task().id}


@pytest.mark.parametrize("make", [MAKERS["unseekable"], MAKERS["generator of large pieces"]])
@pytest.mark.parametrize(
    ("size", "message"),
    [
        (len(CONTENT) + 1, "file ended after 10240 bytes, before the 10241 that bytes= says"),
        (len(CONTENT) + 5000, "file ended after 10240 bytes, before the 15240"),
        (len(CONTENT) - 1, "file has more than the 10239 that bytes= says"),
        (5, "file has more than the 5 that bytes= says"),
    ],
)
async def test_a_wrong_size_is_told(make: Callable[[], Any], size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        await cut(make(), Server().send, size)


async def test_a_file_that_grows_meanwhile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "growing.log"
    path.write_bytes(CONTENT)

    class Growing(Server):
        async def work(self, part: Part) -> None:
            if part.number == 5:
                with path.open("ab") as file:
                    file.write(b"more")

    with pytest.raises(ValueError, match=r"growing.log was changed while it was sent"):
        await cut(path, Growing().send)


async def test_a_file_that_shrinks_meanwhile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "shrinking.log"
    path.write_bytes(CONTENT)

    class Shrinking(Server):
        async def work(self, part: Part) -> None:
            if part.number == 5:
                with path.open("r+b") as file:
                    file.truncate(4500)

    with pytest.raises(ValueError, match=r"shrinking.log became shorter") as caught:
        await cut(path, Shrinking().send, max_concurrency=1)
    assert notes(caught.value) == ["This happened to part 5 of 11, bytes 4000 to 4999."]


async def test_the_deadline_bounds_reading() -> None:
    async def stuck() -> AsyncGenerator[bytes, None]:
        yield CONTENT[:1500]
        await anyio.sleep_forever()

    server = Server()
    with pytest.raises(DeadlineExceeded, match="reading the file"):
        await cut(stuck(), server.send, deadline=Deadline(0.2))
    assert list(server.parts) == [1]


# The group that both parts and files are sent by


async def numbers(count: int) -> AsyncGenerator[int, None]:
    for number in range(count):
        yield number


async def test_items_of_an_async_generator_have_their_positions() -> None:
    found: dict[int, int] = {}

    async def work(position: int, item: int) -> None:
        await anyio.lowlevel.checkpoint()
        found[position] = item

    await at_most(3, numbers(10), work)
    assert found == {number: number for number in range(10)}


async def test_no_items_are_no_work() -> None:
    async def work(position: int, item: int) -> None:
        raise AssertionError

    await at_most(3, numbers(0), work)
