"""The files that results are written to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from openai_async import APIConnectionError
from openai_async._map_results import BatchRequestError, MapResult
from openai_sync._cli.result_lines import ResultFiles, line_for

FAILED: MapResult[object] = MapResult(0, "a", error=APIConnectionError(message="No answer."))


def test_a_file_has_its_name_when_all_is_written(here: Path) -> None:
    with ResultFiles(None, "err.jsonl") as files:
        files.write([FAILED])
        assert [path.name for path in here.iterdir()] == ["err.jsonl.part"]
    assert json.loads((here / "err.jsonl").read_text())["custom_id"] == "a"
    assert [path.name for path in here.iterdir()] == ["err.jsonl"]


def test_what_was_there_stays_until_then(here: Path) -> None:
    (here / "err.jsonl").write_text("before")
    files = ResultFiles(None, "err.jsonl")
    with pytest.raises(KeyboardInterrupt), files:
        interrupted(files)
    assert (here / "err.jsonl").read_text() == "before"
    assert "a" in (here / "err.jsonl.part").read_text()
    assert files.kept == " What there is so far is in err.jsonl.part."


def interrupted(files: ResultFiles) -> None:
    files.write([FAILED])
    raise KeyboardInterrupt


def test_nothing_is_left_of_nothing(here: Path) -> None:
    with pytest.raises(KeyboardInterrupt), ResultFiles("out.jsonl", None) as files:
        raise KeyboardInterrupt
    assert [*here.iterdir()] == []
    assert files.kept == ""


def test_one_file_that_cannot_be_opened_leaves_no_other(here: Path) -> None:
    with pytest.raises(FileNotFoundError), ResultFiles("out.jsonl", "nowhere/err.jsonl"):
        pass
    assert [*here.iterdir()] == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BatchRequestError("It expired.", code="batch_expired"), ("batch_expired", "It expired.")),
        (APIConnectionError(message="No answer."), ("APIConnectionError", "No answer.")),
    ],
)
def test_requests_without_an_answer(error: Exception, told: tuple[str, str]) -> None:
    code, message = told
    assert line_for(MapResult(0, "a", error=error)) == {
        "custom_id": "a",
        "response": None,
        "error": {"code": code, "message": message},
    }
