"""A small server which speaks like the OpenAI API, for demos and tests without a network or a key.

    from openai_async.emulator import Emulator

    with Emulator() as emulator:
        client = AsyncOpenAI(base_url=emulator.base_url, api_key="sk-test")

Jobs end as the name of their model says: `fails`, `incomplete` and `expires` do, `never-ends` goes
on until it is cancelled, and every other model does its work.

It needs the extra `emulator`. It answers the same to the same request, remembers what it was asked,
and fails on request in the ways real servers and networks do: see `Emulator.fault`."""

from __future__ import annotations

from .faults import Fault
from .line_batches import LineBatch
from .parts import Upload
from .recorder import RecordedRequest
from .server import Emulator
from .settings import Settings
from .store import StoredFile

__all__ = ["Emulator", "Fault", "LineBatch", "RecordedRequest", "Settings", "StoredFile", "Upload"]
