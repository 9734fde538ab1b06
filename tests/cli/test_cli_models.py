"""`models`."""

from __future__ import annotations

import json
from collections.abc import Callable

from .commands import Done

Run = Callable[..., Done]


def test_models_are_listed_by_name(run: Run) -> None:
    done = run("models")
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert ["gpt-4o-mini", "openai", "2025-01-01"] in rows
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_models_as_json(run: Run) -> None:
    listed = json.loads(run("models", "--json").out)
    assert {"id", "object", "created", "owned_by"} <= listed[0].keys()


def test_one_model(run: Run) -> None:
    assert run("models", "gpt-4o").out == "gpt-4o\topenai\t2025-01-01\n"
    assert json.loads(run("models", "gpt-4o", "--json").out)["id"] == "gpt-4o"
