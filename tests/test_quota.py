"""What answers say about limits, and when the next request may begin by that."""

from __future__ import annotations

import math
import random

import pytest

from openai_async._quota import STARTING, Flow, Past, Quota, duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("1h2m", 3720.0),
        ("1h2m3.5s", 3723.5),
        ("0s", 0.0),
        ("59.856s", 59.856),
        ("250us", 0.00025),
        ("12", 12.0),
        ("0.5", 0.5),
        (" 3s ", 3.0),
        ("", None),
        (None, None),
        ("soon", None),
        ("-1s", None),
        ("1s?", None),
        ("1 s", None),
        ("1d", None),
        ("nan", None),
    ],
)
def test_durations(text: str | None, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


def limits(remaining: int, reset: str, limit: int, kind: str = "requests") -> dict[str, str]:
    return {
        f"x-ratelimit-remaining-{kind}": str(remaining),
        f"x-ratelimit-reset-{kind}": reset,
        f"x-ratelimit-limit-{kind}": str(limit),
    }


def test_a_quota_nobody_told_of_is_no_limit() -> None:
    quota = Quota()
    for _ in range(1000):
        quota.take(1, 0.0)
    assert quota.wait(1, 0.0) == 0.0


@pytest.mark.parametrize(
    ("limit", "remaining", "reset", "wait"),
    [
        (60, 1, 59.0, 0.0),  # one is left
        (60, 0, 60.0, 1.0),  # comes back steadily, one a second
        (60, 30, 30.0, 0.0),
        (None, 0, 5.0, 5.0),  # nothing is known but the end
        (60, 0, 0.0, 0.0),
    ],
)
def test_what_an_answer_leaves(
    limit: float | None, remaining: float, reset: float, wait: float
) -> None:
    quota = Quota()
    quota.saw(limit, remaining, reset, unsure=0, now=100.0)
    assert quota.wait(1, 100.0) == pytest.approx(wait)
    assert quota.wait(1, 100.0 + wait) == 0.0


def test_what_was_taken_since_the_answer_is_gone() -> None:
    quota = Quota()
    quota.saw(60, 2, 58.0, unsure=0, now=0.0)
    quota.take(1, 0.0)
    assert quota.wait(1, 0.0) == 0.0
    quota.take(1, 0.0)
    assert quota.wait(1, 0.0) == pytest.approx(1.0)


def test_a_window_is_waited_for_to_its_end() -> None:
    """A server that refills at once: the first answers make it look slow, which is right."""
    quota = Quota()
    quota.saw(10, 9, 60.0, unsure=0, now=0.0)
    quota.saw(10, 0, 59.0, unsure=0, now=1.0)
    assert quota.wait(1, 1.0) == pytest.approx(59.0)
    assert quota.wait(10, 60.0) == 0.0


def test_more_than_the_limit_waits_for_all_of_it() -> None:
    quota = Quota()
    quota.saw(60, 59, 1.0, unsure=0, now=0.0)
    assert quota.wait(1000, 0.0) == pytest.approx(1.0)
    assert quota.wait(1000, 1.0) == 0.0


def test_others_who_use_the_same_quota_are_noticed() -> None:
    quota = Quota()
    quota.saw(60, 50, 10.0, unsure=0, now=0.0)
    quota.saw(60, 0, 60.0, unsure=0, now=0.0)
    assert quota.wait(1, 0.0) == pytest.approx(1.0)


def served(*, bucket: bool, limit: int, period: float, latency: float) -> tuple[int, int]:
    """How many a server serves and refuses in ten periods: with a bucket, or window by window."""
    flow, left, full_at = Flow(1000, adaptive=True), float(limit), period
    rng, step = random.Random(4), period / 1000
    ends: list[tuple[float, Past, int]] = []
    outcome = {200: 0, 429: 0}
    for tick in range(10_000):
        now = tick * step
        if bucket:
            left = min(limit, left + limit / period * step)
            reset = (limit - left) * period / limit
        else:
            left, full_at = (limit, now + period) if now >= full_at else (left, full_at)
            reset = full_at - now
        while flow.wait(0.0, now) <= 0:
            past = flow.begin(0.0, now)
            status = 200 if left >= 1 else 429
            left -= status == 200
            outcome[status] += 1
            ends.append((now + latency * rng.uniform(0.5, 1.5), past, status))
        due, ends = [e for e in ends if e[0] <= now], [e for e in ends if e[0] > now]
        for _, past, status in rng.sample(due, len(due)):
            headers = limits(int(left), f"{math.ceil(reset * 1000)}ms", limit)
            flow.saw(status, headers, now, past=past)
            flow.end(0.0)
    return outcome[200], outcome[429]


@pytest.mark.parametrize("bucket", [True, False])
@pytest.mark.parametrize("latency", [0.05, 10.0])
def test_a_limit_is_used_up_and_hardly_run_into(bucket: bool, latency: float) -> None:
    good, refused = served(bucket=bucket, limit=300, period=60.0, latency=latency)
    assert good > (0.95 if bucket else 0.7) * 300 * 10
    assert refused < 0.01 * good


# Flow


def answered(
    flow: Flow, status: int, times: int = 1, headers: dict[str, str] | None = None
) -> None:
    """So many answers, while what runs goes on."""
    for _ in range(times):
        flow.saw(status, headers or {}, 0.0)


def fill(flow: Flow) -> None:
    while flow.running < int(flow.allowed):
        flow.begin(0.0, 0.0)


def test_a_fixed_number_stays() -> None:
    flow = Flow(5)
    fill(flow)
    assert flow.running == 5
    assert flow.wait(0.0, 0.0) == math.inf
    answered(flow, 429, headers={"retry-after": "1"})
    answered(flow, 200, 50)
    assert flow.allowed == 5
    flow.end(0.0)
    assert flow.wait(0.0, 0.0) == 1.0


def test_it_begins_moderate_and_doubles_until_it_is_too_much() -> None:
    flow = Flow(1000, adaptive=True)
    fill(flow)
    assert flow.running == STARTING
    answered(flow, 200, STARTING)
    assert flow.allowed >= STARTING + 1
    most = []
    for _ in range(3):
        fill(flow)
        answered(flow, 200, flow.running)
        most.append(int(flow.allowed))
    assert most[-1] > STARTING + 2
    assert Flow(4, adaptive=True).allowed == 4


def test_growth_stops_at_the_most() -> None:
    flow = Flow(20, adaptive=True)
    for _ in range(50):
        fill(flow)
        answered(flow, 200)
    assert flow.allowed == 20


def test_it_does_not_grow_while_there_is_less_to_do() -> None:
    flow = Flow(1000, adaptive=True)
    flow.begin(0.0, 0.0)
    answered(flow, 200, 100)
    assert flow.allowed == STARTING


@pytest.mark.parametrize("status", [429, 503])
def test_one_refusal_cuts_and_the_rest_of_its_round_does_not(status: int) -> None:
    flow = Flow(1000, adaptive=True)
    fill(flow)
    answered(flow, status)
    cut = flow.allowed
    assert STARTING / 2 < cut < STARTING
    answered(flow, status, STARTING - 1)
    assert flow.allowed == cut
    answered(flow, status)
    assert flow.allowed < cut


def test_after_a_cut_a_round_adds_a_few() -> None:
    flow = Flow(1000, adaptive=True)
    fill(flow)
    answered(flow, 429)
    cut = flow.allowed
    answered(flow, 200, int(cut))
    assert cut + 3 < flow.allowed <= cut + 4


def test_one_may_always_run() -> None:
    flow = Flow(8, adaptive=True)
    flow.begin(0.0, 0.0)
    for _ in range(30):
        answered(flow, 429, headers={"retry-after": "0"})
    flow.end(0.0)
    assert flow.wait(0.0, 0.0) == 0.0


@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_other_answers_cut_nothing(status: int) -> None:
    flow = Flow(8, adaptive=True)
    flow.begin(0.0, 0.0)
    answered(flow, status, 3)
    assert flow.allowed == 8
    assert flow.wait(0.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "3600"}, 0.0),  # longer than anybody waits: callers are told
    ],
)
def test_a_refusal_holds(headers: dict[str, str], wait: float) -> None:
    flow = Flow(8)
    answered(flow, 429, headers=headers)
    assert flow.wait(0.0, 0.0) == pytest.approx(wait)


def test_a_date_holds() -> None:
    flow = Flow(8)
    flow.saw(429, {"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, now=7.0, today=90.0)
    assert flow.wait(0.0, 7.0) == 10.0


def test_holds_extend_and_never_shorten() -> None:
    flow = Flow(8)
    flow.hold(5.0, now=0.0)
    flow.hold(1.0, now=1.0)
    assert flow.wait(0.0, 1.0) == 4.0
    flow.hold(10.0, now=1.0)
    assert flow.wait(0.0, 1.0) == 10.0
    assert flow.wait(0.0, 11.0) == 0.0


def test_refusals_without_a_time_hold_longer_and_longer() -> None:
    flow = Flow(8)
    holds = []
    for now in (0.0, 100.0, 200.0):
        flow.saw(429, {}, now)
        holds.append(flow.wait(0.0, now))
    assert holds == [0.5, 1.0, 2.0]
    flow.begin(0.0, 300.0)
    flow.saw(200, {}, 300.0)
    flow.saw(429, {}, 300.0)
    assert flow.wait(0.0, 300.0) == 0.5


@pytest.mark.parametrize("kind", ["requests", "tokens"])
def test_nothing_left_means_waiting(kind: str) -> None:
    flow = Flow(8)
    flow.begin(100.0, 0.0)
    flow.saw(200, limits(0, "6s", 600, kind), 0.0)
    flow.end(100.0)
    assert flow.wait(100.0, 0.0) == pytest.approx(0.01 if kind == "requests" else 1.0)


def test_a_quota_of_a_day_is_not_waited_for() -> None:
    flow = Flow(8)
    flow.saw(429, limits(0, "8h0m0s", 200) | {"retry-after": "28800"}, 0.0)
    assert flow.wait(0.0, 0.0) == 0.0


def test_headers_that_make_no_sense_change_nothing() -> None:
    flow = Flow(8)
    for bad in ("", "many", "-5", "nan", "inf"):
        flow.saw(
            200, {"x-ratelimit-remaining-requests": bad, "x-ratelimit-reset-requests": "1s"}, 0
        )
        flow.saw(200, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": bad}, 0)
    assert flow.wait(0.0, 0.0) == 0.0
