"""Ctrl-C in an upload in parts: the program goes on at once, and the server forgets the upload."""

from __future__ import annotations

import signal
import sys
from textwrap import dedent

import pytest

from openai_async.emulator import Emulator

from .children import STRICT, Child

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to children")

BLOCKING = """
told = []
def tell(sent, total):
    if not told:
        told.append(sent)
        say("sending")

try:
    client.uploads.upload_file_chunked(
        file=b"x" * 50_000,
        filename="a.bin",
        mime_type="text/plain",
        purpose="user_data",
        part_size=10_000,
        on_progress=tell,
    )
except KeyboardInterrupt:
    say("interrupted")
say(client.models.retrieve("gpt-5").id, client.pool_stats().in_use)
"""

AWAITED = """
import anyio
from openai_async import AsyncOpenAI

async def main():
    told = []
    async def tell(sent, total):
        if not told:
            told.append(sent)
            say("sending")

    async with AsyncOpenAI(api_key="sk-test", base_url=sys.argv[1], max_retries=0) as client:
        async def pieces():
            try:
                for _ in range(5):
                    yield b"x" * 10_000
            finally:
                say("closed")

        await client.uploads.upload_file_chunked(
            file=pieces(),
            filename="a.bin",
            bytes=50_000,
            mime_type="text/plain",
            purpose="user_data",
            part_size=10_000,
            on_progress=tell,
        )

try:
    anyio.run(main)  # trio may raise it in any task, which no test can foresee
except KeyboardInterrupt:
    say("interrupted")
"""


def test_a_blocking_upload_is_cancelled(emulator: Emulator) -> None:
    emulator.fault("stall=60", path="/uploads/*/parts", times=100)
    with Child(dedent(BLOCKING), emulator.base_url, options=STRICT) as child:
        assert child.line() == "sending"
        child.send_signal(signal.SIGINT)
        assert child.line() == "interrupted"
        assert child.line() == "gpt-5 0"
        assert child.end().code == 0
    assert [upload.cancelled for upload in emulator.uploads] == [True]


def test_an_awaited_upload_is_cancelled(emulator: Emulator) -> None:
    emulator.fault("stall=60", path="/uploads/*/parts", times=100)
    with Child(dedent(AWAITED), emulator.base_url, options=STRICT) as child:
        assert child.line() == "sending"
        child.send_signal(signal.SIGINT)
        assert child.line() == "closed"
        assert child.end() == (0, "interrupted\n", "")
    assert [upload.cancelled for upload in emulator.uploads] == [True]
