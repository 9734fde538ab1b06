"""A small server which speaks like the OpenAI API, for demos and tests without a network or a key.

    from openai_async.emulator import Emulator

    with Emulator() as emulator:
        client = AsyncOpenAI(base_url=emulator.base_url, api_key="sk-test")

It needs the extra `emulator`. It answers the same to the same request, remembers what it was asked,
and fails on request in the ways real servers and networks do: see `Emulator.fault`."""

from __future__ import annotations

from .faults import Fault
from .recorder import RecordedRequest
from .server import Emulator
from .settings import Settings
from .store import StoredFile

__all__ = ["Emulator", "Fault", "RecordedRequest", "Settings", "StoredFile"]
