"""The settings of an emulator, which may change while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class Settings:
    """How long things take."""

    processing_seconds: float = 0.0
    """How long the files of a batch are processed, all together."""
    poll_after_ms: float | None = 20
    """When to ask about a job again, as the emulator tells its clients; None tells them nothing."""
    chunk_delay_ms: float = 0.0
    """The pause between the chunks of a stream."""
    run_seconds: float = 0.0
    """How long runs, background responses, fine-tuning jobs, eval runs and videos take."""
    file_seconds: float = 0.0
    """How long an uploaded file is processed."""
    poll_hints: Sequence[float | None] = ()
    """What stands for `poll_after_ms` in the next answers to polls, one after another: each answer
    to a GET about a job that goes on takes one, and the last one stays."""
    latency_ms: float = 0.0
    """How long every answer is held back before it begins."""
    rate_limit: tuple[float, float] | None = None
    """So many requests in so many seconds, for each of chat completions, embeddings, responses and
    files; more are answered with 429. None allows any number."""
    token_limit: tuple[float, float] | None = None
    """The same for tokens: a request costs a quarter of its bytes, and the most it may be
    answered."""
