"""The benchmarks run. How fast anything is, no test asks."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


def _measured(contenders: list[str], *cases: str) -> list[dict[str, Any]]:
    choice = f"--contenders={','.join(contenders)}"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", choice, *cases],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_contenders_complete_calls_and_streams_against_the_canned_server() -> None:
    contenders = ["ours", "raw"]
    if importlib.util.find_spec("aiohttp"):
        contenders.append("aiohttp")
    rows = _measured(contenders, "async call", "async stream, TLS")
    assert [row["case"] for row in rows] == ["async call", "async stream, TLS"]
    for row in rows:
        assert row["failures"] == {}
        assert sorted(row["medians"]) == sorted(contenders)
        assert row["ratios"]["raw"] > 0


def test_uploads_in_parts_are_compared_by_the_clock() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.parts", "--rounds=1", "16"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
        text=True,
    )
    _, first, *others = done.stdout.splitlines()
    assert first.startswith("parts of 16 MB  ours, 1 at once ")
    assert first.endswith(" 1.00x")
    assert [line.split("  ")[1] for line in others[:3]] == [f"ours, {n} at once" for n in (2, 4, 8)]


@pytest.mark.parametrize("unknown", ["no such case", "--contenders=nobody", "--profile=nothing"])
def test_an_unknown_choice_is_refused(unknown: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", unknown], cwd=ROOT, capture_output=True, timeout=60
    )
    assert done.returncode == 2
    assert b"no c" in done.stderr
