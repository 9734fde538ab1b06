"""The main job in one minute: chat, streaming, embeddings and a bulk upload, blocking and awaited.

Runs against the API when OPENAI_API_KEY is set (and OPENAI_BASE_URL, for another server), else
against an emulator that it starts itself.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import anyio

from openai_async import AsyncOpenAI
from openai_async.helpers.file_batches import UploadProgress
from openai_sync import OpenAI

CHAT_MODEL = os.environ.get("DEMO_CHAT_MODEL", "gpt-4o-mini")
EMBEDDING_MODEL = os.environ.get("DEMO_EMBEDDING_MODEL", "text-embedding-3-small")
QUESTION = "Why do programs wait? Answer in one sentence."


def main() -> None:
    with server(), tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"note-{number:02}.txt") for number in range(20)]
        for file in files:
            file.write_text(f"This is {file.name}.\n" * 100)
        blocking(files)
        anyio.run(awaited, files)


@contextlib.contextmanager
def server() -> Iterator[None]:
    """The server that the environment names, or an emulator."""
    if os.environ.get("OPENAI_API_KEY"):
        print(f"Using {OpenAI().base_url}")
        yield
        return
    from openai_async.emulator import Emulator  # noqa: PLC0415

    with Emulator(processing_seconds=1.0, poll_after_ms=100, chunk_delay_ms=40) as emulator:
        print(f"No OPENAI_API_KEY: using an emulator at {emulator.base_url}")
        os.environ.update(OPENAI_API_KEY="sk-emulator", OPENAI_BASE_URL=emulator.base_url)
        yield


def blocking(files: list[Path]) -> None:
    print("\n--- blocking: openai_sync ---")
    with OpenAI() as client:
        answer = client.chat.completions.create(
            model=CHAT_MODEL, messages=[{"role": "user", "content": QUESTION}]
        )
        print("chat:     ", answer.choices[0].message.content)

        print("stream:    ", end="")
        with client.chat.completions.create(
            model=CHAT_MODEL, messages=[{"role": "user", "content": QUESTION}], stream=True
        ) as stream:
            for chunk in stream:
                print(chunk.choices[0].delta.content or "", end="", flush=True)
        print()

        vector = client.embeddings.create(model=EMBEDDING_MODEL, input=QUESTION).data[0].embedding
        print(f"embedding: {len(vector)} numbers, {', '.join(f'{x:.4f}' for x in vector[:3])}, ...")

        store = client.vector_stores.create(name="demo, blocking")
        batch = client.vector_stores.file_batches.upload_and_poll(
            store.id, files=files, on_progress=show
        )
        print(f"\rupload:    {batch.status}: {batch.file_counts}")


async def awaited(files: list[Path]) -> None:
    print("\n--- awaited: openai_async ---")
    async with AsyncOpenAI() as client:
        answer = await client.chat.completions.create(
            model=CHAT_MODEL, messages=[{"role": "user", "content": QUESTION}]
        )
        print("chat:     ", answer.choices[0].message.content)

        print("stream:    ", end="")
        async with await client.chat.completions.create(
            model=CHAT_MODEL, messages=[{"role": "user", "content": QUESTION}], stream=True
        ) as stream:
            async for chunk in stream:
                print(chunk.choices[0].delta.content or "", end="", flush=True)
        print()

        embeddings = await client.embeddings.create(model=EMBEDDING_MODEL, input=QUESTION)
        vector = embeddings.data[0].embedding
        print(f"embedding: {len(vector)} numbers, {', '.join(f'{x:.4f}' for x in vector[:3])}, ...")

        store = await client.vector_stores.create(name="demo, awaited")
        batch = await client.vector_stores.file_batches.upload_and_poll(
            store.id, files=files, on_progress=show
        )
        print(f"\rupload:    {batch.status}: {batch.file_counts}")


def show(progress: UploadProgress) -> None:
    """One line that is written over as the upload goes on."""
    processed = progress.batch.file_counts.completed if progress.batch else 0
    line = f"upload:    {progress.uploaded}/{progress.total} uploaded, {processed} processed"
    end = "" if sys.stdout.isatty() else "\n"
    print(f"\r{line}", end=end, flush=True)


if __name__ == "__main__":
    main()
