"""The settings of an emulator, which may change while it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Settings:
    """How long things take."""

    processing_seconds: float = 0.0
    """How long the files of a batch are processed, all together."""
    poll_after_ms: int = 20
    """When to ask about a batch again, as the emulator tells its clients."""
    chunk_delay_ms: float = 0.0
    """The pause between the chunks of a stream."""
