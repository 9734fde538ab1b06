"""Whether a failed attempt is worth another, and how long to wait before it.

Pure: the clock and the random number are passed in. `_engine` does the waiting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

DEFAULT_MAX_RETRIES = 2

#: A server that asks for more patience than this is not waited for: the caller is told instead.
LONGEST_WAIT = 120.0

_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0
_RETRYABLE = frozenset({408, 409, 429})
_FORCED = {"true": True, "false": False}

#: Errors that the same request will meet again, whatever the status says.
_FINAL_CODES = frozenset({"insufficient_quota"})


def wait_before_retry(
    *,
    retries_taken: int,
    max_retries: int,
    status: int | None,
    headers: Mapping[str, str],
    code: str | None,
    now: float,
    random: float,
    time_left: float = math.inf,
) -> float | None:
    """Seconds to wait before the next attempt, or None to give up.

    `status` is None when there was no answer. `now` is Unix time and `random` from [0, 1).
    `time_left` is what remains of the caller's deadline: a wait that would use it up is not begun.
    """
    asked = retry_after(headers, now=now)
    if retries_taken >= max_retries or code in _FINAL_CODES:
        return None
    if asked is not None and asked > LONGEST_WAIT:
        return None
    if status is not None and not _FORCED.get(headers.get("x-should-retry", ""), retryable(status)):
        return None
    wait = asked if asked is not None and asked > 0 else backoff(retries_taken, random=random)
    return wait if wait < time_left else None


def retryable(status: int) -> bool:
    return status in _RETRYABLE or status >= 500


def backoff(retries_taken: int, *, random: float) -> float:
    """Doubling from half a second up to eight, less up to a quarter so that clients spread out."""
    longest = min(_FIRST_BACKOFF * 2.0 ** min(retries_taken, 1000), _LONGEST_BACKOFF)
    return longest * (1 - 0.25 * random)


def retry_after(headers: Mapping[str, str], *, now: float | None) -> float | None:
    """The seconds the server asks to wait, or None if it does not say or makes no sense.

    Reads `retry-after-ms`, then `retry-after` as seconds, then as a date, which needs `now`. A time
    that is over is no wait: 0.
    """
    seconds = _asked(headers, now)
    return None if seconds is None else max(seconds, 0.0)


def _asked(headers: Mapping[str, str], now: float | None) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    import email.utils  # noqa: PLC0415  # costs as much as half of this package, and is rarely needed

    date = email.utils.parsedate_tz(text)
    if date is None or now is None:
        return None
    try:
        return email.utils.mktime_tz(date) - now
    except (OverflowError, ValueError):  # a year that no calendar has
        return None


def _number(text: str | None) -> float | None:
    """`text` as a number; too large a one is infinite, but a literal infinity is no number."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    literal = not any(letter.isdigit() for letter in text or "")
    return None if math.isnan(value) or (math.isinf(value) and literal) else value


def check_max_retries(value: object) -> int:
    """`value` if it is a count. Raises TypeError or ValueError naming the argument otherwise."""
    if not isinstance(value, int):
        raise TypeError(
            f"max_retries must be a whole number, not {type(value).__name__}. "
            "Pass 0 for no retries, or a large number to go on for long."
        )
    if value < 0:
        raise ValueError(f"max_retries must be 0 or more: {value}. Pass 0 for no retries.")
    return value


def may_have_succeeded(status: int | None) -> bool:
    """Whether a request that failed with `status` (None for no answer) may have been carried out
    all the same: a mistake of the client's is told before, any other perhaps after that."""
    return status is None or status < 400 or status == 408 or status >= 500
