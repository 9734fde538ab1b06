"""One measurement in a process of its own: `python -m benchmarks.case CONTENDER CASE URL`.

Prints JSON: CPU microseconds per operation of the whole process (all threads), peak memory in MiB,
and how many modules are loaded. The code of a case is the same for both contenders.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.server import CHUNKS

MESSAGES = [
    {"role": "system", "content": "You are a terse assistant."},
    {"role": "user", "content": "Why do programs wait?"},
]
CHAT: dict[str, Any] = {"model": "gpt-4o-mini", "messages": MESSAGES}
EMBED: dict[str, Any] = {"model": "text-embedding-3-small", "input": ["some text"] * 32}


def clients(contender: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The async and the sync client class."""
    if contender == "official":
        from openai import AsyncOpenAI, OpenAI
    else:
        from openai_async import AsyncOpenAI  # type: ignore[assignment]
        from openai_sync import OpenAI  # type: ignore[assignment]
    return AsyncOpenAI, OpenAI


def _import(method: Callable[[Any], Any]) -> Callable[[str, str], int]:
    def run(contender: str, _url: str) -> int:
        if contender == "official":
            from openai import OpenAI
        else:
            from openai_sync import OpenAI  # type: ignore[assignment]
        assert method(OpenAI(api_key="sk-bench"))
        return 1

    return run


def _async(work: Callable[[Any], Any]) -> Callable[[str, str], int]:
    def run(contender: str, url: str) -> int:
        make, _ = clients(contender)

        async def main() -> int:
            async with make(api_key="sk-bench", base_url=url, max_retries=0) as client:
                await work(client)
                _begin()
                count: int = await work(client)
                _end()
                return count

        return asyncio.run(main())

    return run


def _sync(work: Callable[[Any], int]) -> Callable[[str, str], int]:
    def run(contender: str, url: str) -> int:
        _, make = clients(contender)
        with make(api_key="sk-bench", base_url=url, max_retries=0) as client:
            work(client)
            _begin()
            count = work(client)
            _end()
            return count

    return run


def _calls(concurrency: int, total: int) -> Callable[[Any], Any]:
    async def work(client: Any) -> int:
        left = iter(range(total))

        async def caller() -> None:
            for _ in left:
                answer = await client.chat.completions.create(**CHAT)
                assert answer.choices[0].message.content

        await asyncio.gather(*(caller() for _ in range(concurrency)))
        return total

    return work


async def _async_stream(client: Any, streams: int = 10) -> int:
    for _ in range(streams):
        pieces = 0
        async for chunk in await client.chat.completions.create(**CHAT, stream=True):
            pieces += chunk.choices[0].delta.content is not None
        assert pieces == CHUNKS
    return streams * CHUNKS


def _sync_call(client: Any, calls: int = 200) -> int:
    for _ in range(calls):
        assert client.chat.completions.create(**CHAT).choices[0].message.content
    return calls


def _sync_stream(client: Any, streams: int = 10) -> int:
    for _ in range(streams):
        pieces = 0
        for chunk in client.chat.completions.create(**CHAT, stream=True):
            pieces += chunk.choices[0].delta.content is not None
        assert pieces == CHUNKS
    return streams * CHUNKS


def _embeddings(calls: int, **options: Any) -> Callable[[Any], Any]:
    async def work(client: Any) -> int:
        for _ in range(calls):
            answer = await client.embeddings.create(**EMBED, **options)
            assert isinstance(answer.data[0].embedding[0], float)
        return calls

    return work


CASES: dict[str, Callable[[str, str], int]] = {
    "import, chat": _import(lambda client: client.chat.completions.create),
    "import, responses": _import(lambda client: client.responses.create),
    "async call": _async(_calls(1, 200)),
    "async call, 100 at once": _async(_calls(100, 400)),
    "async stream, a chunk": _async(_async_stream),
    "sync call": _sync(_sync_call),
    "sync stream, a chunk": _sync(_sync_stream),
    "32 embeddings": _async(_embeddings(20)),
    "32 embeddings as numbers": _async(_embeddings(5, encoding_format="float")),
}

_cpu = [time.process_time(), 0.0]


def _begin() -> None:
    _cpu[0] = time.process_time()


def _end() -> None:
    _cpu[1] = time.process_time()


def main() -> None:
    _, contender, case, url = sys.argv
    _begin()
    count = CASES[case](contender, url)
    if not _cpu[1]:
        _end()
    result = {
        "cpu_us": (_cpu[1] - _cpu[0]) / count * 1e6,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "modules": len(sys.modules),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
