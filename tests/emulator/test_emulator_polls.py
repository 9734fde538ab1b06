from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from openai_async.emulator import Emulator, Settings
from openai_async.emulator.polls import POLL_AFTER, poll_headers

Upload = Callable[..., dict[str, Any]]
NEVER = {"model": "never-ends", "input": "x", "background": True}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), {POLL_AFTER: "20"}),
        (Settings(poll_after_ms=0.5), {POLL_AFTER: "0.5"}),
        (Settings(poll_after_ms=12_345_678), {POLL_AFTER: "12345678"}),
        (Settings(poll_after_ms=None), {}),
        (Settings(poll_hints=[7]), {POLL_AFTER: "7"}),
        (Settings(poll_hints=[None, 7]), {}),
    ],
)
def test_poll_headers(settings: Settings, expected: dict[str, str]) -> None:
    assert poll_headers(settings, take=True) == expected


def test_hints_are_taken_by_polls_and_the_last_one_stays(
    api: httpx.Client, emulator: Emulator
) -> None:
    hints = [10, 40, 80]
    emulator.settings.poll_hints = hints
    made = api.post("/responses", json=NEVER)
    url = f"/responses/{made.json()['id']}"
    polls = [api.get(url) for _ in range(4)]
    assert [each.headers[POLL_AFTER] for each in (made, *polls)] == ["10", "10", "40", "80", "80"]
    assert hints == [10, 40, 80]
    assert emulator.settings.poll_hints == [80]


def test_jobs_that_are_done_take_no_hints(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.poll_hints = [10, 40]
    made = api.post("/responses", json={**NEVER, "model": "gpt-5"}).json()
    polls = [api.get(f"/responses/{made['id']}") for _ in range(2)]
    assert [each.json()["status"] for each in polls] == ["completed"] * 2
    assert [each.headers[POLL_AFTER] for each in polls] == ["10", "10"]


def test_no_hints_at_all(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.poll_after_ms = None
    made = api.post("/responses", json=NEVER)
    assert POLL_AFTER not in made.headers
    assert POLL_AFTER not in api.get(f"/responses/{made.json()['id']}").headers


def test_hints_for_files_of_vector_stores(
    api: httpx.Client, emulator: Emulator, upload: Upload
) -> None:
    emulator.settings.processing_seconds = 1000
    emulator.settings.poll_hints = [10, 40]
    files = f"/vector_stores/{api.post('/vector_stores', json={}).json()['id']}/files"
    file = api.post(files, json={"file_id": upload()["id"]}).json()
    polls = [api.get(f"{files}/{file['id']}") for _ in range(3)]
    assert [each.headers[POLL_AFTER] for each in polls] == ["10", "40", "40"]


def test_hints_end_with_a_reset(emulator: Emulator) -> None:
    emulator.settings.poll_hints = [10]
    emulator.reset()
    assert emulator.settings.poll_hints == ()
