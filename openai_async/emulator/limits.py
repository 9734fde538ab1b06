"""Rate limits: how many requests and tokens one may spend, and the headers which tell.

A limit is a bucket, as at the real API: it holds `most`, and what is taken out comes back evenly,
all of it within `seconds`. Every kind of request has buckets of its own."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from .errors import ApiError
from .settings import Settings
from .shapes import is_object

LIMITED = re.compile(
    r"(?:/v1|/openai(?:/deployments/[^/]+)?)(/chat/completions|/embeddings|/responses|/files)$"
)
BYTES_PER_TOKEN = 4
MAXIMA = ("max_completion_tokens", "max_tokens", "max_output_tokens")

Limit = tuple[float, float]


@dataclass
class Bucket:
    """What is left of a limit."""

    limit: Limit
    left: float
    at: float

    def fill(self, now: float) -> None:
        most, seconds = self.limit
        self.left = min(most, self.left + (now - self.at) * most / seconds)
        self.at = now

    def wait(self, wanted: float) -> float:
        """Seconds until so much is there; infinite if it never fits."""
        most, seconds = self.limit
        if wanted > most:
            return math.inf
        # What came back in many small steps may be short of a whole by a rounding error.
        return max(0.0, wanted - self.left - 1e-9) * seconds / most


Buckets = dict[tuple[str, str], Bucket]


def limits_of(settings: Settings) -> dict[str, Limit]:
    limits = {"requests": settings.rate_limit, "tokens": settings.token_limit}
    return {what: limit for what, limit in limits.items() if limit is not None}


def spend(
    buckets: Buckets, limits: dict[str, Limit], kind: str, now: float, wanted: dict[str, float]
) -> tuple[dict[str, str], ApiError | None]:
    """Take what a request of this `kind` wants, if it is there; headers for the answer, and what
    is to be answered if it is not. A request that wants nothing always gets it."""
    held: dict[str, Bucket] = {}
    for what, limit in limits.items():
        bucket = buckets.get((kind, what))
        if bucket is None or bucket.limit != limit:
            bucket = buckets[kind, what] = Bucket(limit, limit[0], now)
        bucket.fill(now)
        held[what] = bucket
    waits = {what: bucket.wait(wanted.get(what, 0)) for what, bucket in held.items()}
    what = max(waits, key=lambda each: waits[each])
    refused = waits[what] > 0
    if not refused:
        for each, bucket in held.items():
            bucket.left -= wanted.get(each, 0)
    headers: dict[str, str] = {}
    for each, bucket in held.items():
        headers |= headers_of(each, bucket)
    if not refused:
        return headers, None
    return {**headers, **hints(waits[what])}, refusal(what, held[what], wanted[what], waits[what])


def headers_of(what: str, bucket: Bucket) -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{what}": f"{bucket.limit[0]:.0f}",
        f"x-ratelimit-remaining-{what}": str(max(0, math.floor(bucket.left + 1e-9))),
        f"x-ratelimit-reset-{what}": duration(bucket.wait(bucket.limit[0])),
    }


def hints(wait: float) -> dict[str, str]:
    if math.isinf(wait):
        return {"x-should-retry": "false"}
    return {
        "retry-after-ms": str(math.ceil(wait * 1000)),
        "retry-after": str(math.ceil(wait)),
    }


def refusal(what: str, bucket: Bucket, wanted: float, wait: float) -> ApiError:
    most, seconds = bucket.limit
    told = f"{what} per {duration(seconds)}: limit {most:.0f}, requested {wanted:.0f}."
    if math.isinf(wait):
        message = f"Request too large for {told}"
    else:
        message = f"Rate limit reached for {told} Please try again in {duration(wait)}."
    return ApiError(429, message, type=what, code="rate_limit_exceeded")


def duration(seconds: float) -> str:
    """A time as the API writes it: 20ms, 1.5s, 6m0s, 1h0m0s."""
    milliseconds = math.ceil(seconds * 1000 - 1e-6)
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest / 1000:g}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def tokens_of(body: bytes) -> float:
    """What a request costs before it is answered: its length, and the most it may be answered."""
    try:
        asked: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        asked = None
    given = [asked.get(name) for name in MAXIMA] if is_object(asked) else []
    return math.ceil(len(body) / BYTES_PER_TOKEN) + sum(each for each in given if type(each) is int)
