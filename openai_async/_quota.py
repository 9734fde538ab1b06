"""When the next of many requests may begin, by what the answers so far say. Pure.

The clock is passed in; `_pace` does the waiting. `Quota` is one limit of a server (requests or
tokens), followed between the answers that tell of it; `Flow` is all that decides: how many may run
at once, until when nobody begins, and what is left of each quota.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from ._retry import LONGEST_WAIT, backoff, retry_after

#: How many run at once before anything is known of the server.
STARTING = 16

#: What is left of the concurrency after the server has said that it is too much.
_CUT = 0.7

#: How many more a round of good answers adds after the first cut.
_STEP = 4

#: Answers by which a server says: not so many.
TOO_MANY = frozenset({429, 503})

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|us|µs|ns|s)")


def duration(text: str | None) -> float | None:
    """The seconds that `6m0s`, `20ms`, `1h2m` or a plain `1.5` stand for; else None."""
    text = (text or "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _count(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


class Quota:
    """What is left of one limit of a server, as far as can be told between its answers.

    An answer says how much is left and when all of it will be there again. Some servers refill
    steadily and others at once, when a window ends; the slowest refill that was seen fits both,
    since it is never believed beyond the moment that the server names.
    """

    __slots__ = ("_at", "_full_at", "_left", "_limit", "_rate", "_unsure")

    def __init__(self) -> None:
        self._limit = self._left = math.inf
        self._rate = math.inf
        self._full_at = math.inf
        self._at = 0.0
        #: The cost of the requests that the last answer, and so that moment, may not have counted.
        self._unsure = 0.0

    def _refill(self, now: float) -> None:
        if now >= self._full_at:
            self._left = max(self._left, self._limit - self._unsure)
            self._full_at = math.inf
        elif math.isfinite(self._rate) and now > self._at:
            self._left = min(self._limit, self._left + self._rate * (now - self._at))
        self._at = max(self._at, now)

    def take(self, amount: float, now: float) -> None:
        """Notes that a request began that costs so much."""
        self._refill(now)
        self._left -= amount
        self._unsure += amount

    def saw(
        self, limit: float | None, remaining: float, reset: float, unsure: float, now: float
    ) -> None:
        """Notes what an answer says; `unsure` is the cost of requests that it may not have counted.

        The server has counted none of them, some, or all: what was known before stays, as far as
        it lies between these.
        """
        self._refill(now)
        self._limit = math.inf if limit is None else max(limit, remaining)
        known = self._left if math.isfinite(self._left) else 0.0
        self._left = min(max(known, remaining - unsure), remaining)
        self._unsure = unsure
        self._full_at = now + reset if remaining < self._limit else math.inf
        used = self._limit - remaining
        if math.isfinite(used) and used > 0 and reset > 0:
            self._rate = min(self._rate, used / reset)

    def wait(self, amount: float, now: float) -> float:
        """Seconds until so much is there (all, if it is more than the limit); infinite if no
        answer has told."""
        self._refill(now)
        missing = min(amount, self._limit) - self._left
        if missing <= 0:
            return 0.0
        steadily = missing / self._rate if math.isfinite(self._rate) else math.inf
        return min(steadily, self._full_at - now)


class Past(NamedTuple):
    """What had ended when a request began: the server has counted it before that."""

    requests: float = 0.0
    tokens: float = 0.0


class Flow:
    """How many may run at once and when the next may begin: at most `most`.

    If `adaptive` it begins with a moderate number, which doubles with each round of good answers
    until the server first says that it is too much; from then on a round adds a few, and an answer
    of 429 or 503 takes away a part.
    """

    def __init__(self, most: int, *, adaptive: bool = False) -> None:
        self._most = most
        self._adaptive = adaptive
        self.allowed: float = min(most, STARTING) if adaptive else most
        self.running = 0
        self._until = -math.inf
        self._cuts = 0
        self._setbacks = 0
        #: Answers to come of requests that began before the last cut: they tell nothing new.
        self._stale = 0
        self._quotas = {"requests": Quota(), "tokens": Quota()}
        self._begun = self._ended = Past()

    def begin(self, tokens: float, now: float) -> Past:
        """Notes that a request begins; what is returned goes with what is seen of its answer."""
        self.running += 1
        self._quotas["requests"].take(1, now)
        self._quotas["tokens"].take(tokens, now)
        self._begun = Past(self._begun.requests + 1, self._begun.tokens + tokens)
        return self._ended

    def end(self, tokens: float) -> None:
        self.running -= 1
        self._ended = Past(self._ended.requests + 1, self._ended.tokens + tokens)

    def hold(self, seconds: float, now: float) -> None:
        """Nobody begins for so long; a shorter time than is left changes nothing."""
        self._until = max(self._until, now + seconds)

    def wait(self, tokens: float, now: float) -> float:
        """Seconds until the next may begin; infinite if first another one has to end."""
        if self.running >= max(1, int(self.allowed)):
            return math.inf
        amounts = {"requests": 1.0, "tokens": tokens}
        wait = max(self._quotas[kind].wait(amount, now) for kind, amount in amounts.items())
        if math.isinf(wait) and self.running:
            return wait  # the next answer will tell
        # Nobody is kept here for longer than a caller would wait for one answer: he is told then.
        return max(0.0, self._until - now, wait if wait <= LONGEST_WAIT else 0.0)

    def saw(
        self,
        status: int,
        headers: Mapping[str, str],
        now: float,
        *,
        today: float | None = None,
        past: Past | None = None,
    ) -> None:
        """Notes what an answer says; the request that it answers still counts as running.

        `today` is Unix time, for servers that say when to come back as a date. `past` is of that
        request; without it, it is any of those that run.
        """
        self._read(headers, now, past or self._ended)
        stale, self._stale = self._stale > 0, max(0, self._stale - 1)
        if status not in TOO_MANY:
            if 200 <= status < 300:
                self._setbacks = 0
                self._grow()
            return
        if not stale:
            self._cut()
        asked = retry_after(headers, now=today)
        if asked is None:
            asked = backoff(max(0, self._setbacks - 1), random=0.0)
        if asked <= LONGEST_WAIT:  # else waiting is for whoever called to decide
            self.hold(asked, now)

    def _grow(self) -> None:
        if self._adaptive and self.allowed < 2 * self.running:  # else it is not used
            more = min(1.0, _STEP / self.allowed) if self._cuts else 1.0
            self.allowed = min(self._most, self.allowed + more)

    def _cut(self) -> None:
        self._cuts += 1
        self._setbacks += 1
        self._stale = max(0, self.running - 1)
        if self._adaptive:
            self.allowed = max(1.0, min(self.allowed, self.running) * _CUT)

    def _read(self, headers: Mapping[str, str], now: float, past: Past) -> None:
        # Servers handle what overlaps in any order, and their answers come in another one.
        unsure = {
            "requests": self._begun.requests - past.requests,
            "tokens": self._begun.tokens - past.tokens,
        }
        for kind, quota in self._quotas.items():
            remaining = _count(headers.get(f"x-ratelimit-remaining-{kind}"))
            reset = duration(headers.get(f"x-ratelimit-reset-{kind}"))
            if remaining is not None and reset is not None:
                limit = _count(headers.get(f"x-ratelimit-limit-{kind}"))
                quota.saw(limit, remaining, reset, unsure[kind], now)
