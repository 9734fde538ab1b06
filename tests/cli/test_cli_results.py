"""The files that results are written to."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from openai_async import APIConnectionError
from openai_async._map_results import BatchRequestError, MapResult
from openai_async.types.chat import ChatCompletion
from openai_sync._cli.result_lines import ResultFiles, line_for

from .commands import PATIENCE

FAILED: MapResult[object] = MapResult(0, "a", error=APIConnectionError(message="No answer."))
ANSWERED: MapResult[object] = MapResult(0, "b", value=ChatCompletion.construct(id="c"))

needs_links = pytest.mark.skipif(os.name == "nt", reason="links and pipes are those of Unix")


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


@pytest.mark.parametrize("other", ["all.jsonl", "./all.jsonl"])
def test_one_file_for_both_has_everything(here: Path, other: str) -> None:
    with ResultFiles("all.jsonl", other) as files:
        files.write([ANSWERED, FAILED, ANSWERED])
    assert names(here / "all.jsonl") == ["b", "a", "b"]
    assert [path.name for path in here.iterdir()] == ["all.jsonl"]


@needs_links
@pytest.mark.parametrize("there", [True, False])
def test_what_a_link_leads_to_is_replaced(here: Path, there: bool) -> None:
    (here / "far").mkdir()
    if there:
        (here / "far" / "out.jsonl").write_text("before")
    (here / "link").symlink_to(here / "far" / "out.jsonl")
    with ResultFiles("link", None) as files:
        files.write([ANSWERED])
    assert (here / "link").is_symlink()
    assert names(here / "far" / "out.jsonl") == ["b"]
    assert [path.name for path in (here / "far").iterdir()] == ["out.jsonl"]


@needs_links
@pytest.mark.parametrize("name", ["pipe", "link"])
def test_a_pipe_gets_each_line_at_once(here: Path, name: str) -> None:
    os.mkfifo(here / "pipe")
    (here / "link").symlink_to("pipe")
    arrived: list[str] = []
    first = threading.Event()

    def read() -> None:
        with open(here / "pipe", encoding="utf-8") as pipe:
            for line in pipe:
                arrived.append(json.loads(line)["custom_id"])
                first.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with ResultFiles(name, None) as files:
        files.write([ANSWERED])
        assert first.wait(PATIENCE)
        files.write([ANSWERED])
        assert files.kept == ""
    reader.join(PATIENCE)
    assert arrived == ["b", "b"]
    assert (here / "pipe").is_fifo()
    assert sorted(path.name for path in here.iterdir()) == ["link", "pipe"]


def names(path: Path) -> list[str]:
    return [json.loads(line)["custom_id"] for line in path.read_text().splitlines()]


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
