"""The input of `batch run`: what can be read only once, what changes, and what is wrong with it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_async.emulator import Emulator
from openai_sync._cli.endings import Refused
from openai_sync._cli.request_lines import RequestLines

from .commands import Done

Run = Callable[..., Done]

URL = "/v1/chat/completions"

of_unix = pytest.mark.skipif(os.name == "nt", reason="links and /dev/fd are those of Unix")


def request(name: str, **more: Any) -> dict[str, Any]:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": name}], **more}
    return {"custom_id": name, "method": "POST", "url": URL, "body": body}


def text(*requests: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in requests)


@of_unix
@pytest.mark.parametrize("live", [(), ("--live",)])
def test_a_pipe_is_read_once(run: Run, live: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as pipe:
        pipe.write(text(request("a"), request("b")))
    try:
        done = run("batch", "run", f"/dev/fd/{reading}", "--no-ledger", *live)
    finally:
        os.close(reading)
    assert done.code == 0
    assert [json.loads(line)["custom_id"] for line in done.out.splitlines()] == ["a", "b"]
    assert done.err.endswith("2 requests: 2 answered, 0 failed.\n")


def test_standard_input_is_no_file_of_that_name(run: Run, here: Path) -> None:
    (here / "-").write_text("")
    done = run("batch", "run", "-", stdin=text(request("a")))
    assert json.loads(done.out)["custom_id"] == "a"


@pytest.mark.parametrize("later", [[], ["a"], ["a", "b", "c"]])
def test_a_file_that_changes_is_refused(here: Path, later: list[str]) -> None:
    file = here / "requests.jsonl"
    file.write_text(text(request("a"), request("b")))
    lines = RequestLines("requests.jsonl", None)
    lines.check()
    assert len([*lines.requests()]) == 2
    file.write_text(text(*map(request, later)))
    with pytest.raises(Refused, match=rf"had 2 requests and has {len(later)} now"):
        list(lines.requests())


@pytest.mark.parametrize("more", [(), ("--no-wait",), ("--live",)])
def test_a_file_that_is_emptied_is_no_success(
    run: Run,
    here: Path,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    more: tuple[str, ...],
) -> None:
    file = here / "requests.jsonl"
    file.write_text(text(request("a")))
    check = RequestLines.check

    def check_and_lose(self: RequestLines) -> None:
        check(self)
        file.write_text("")

    monkeypatch.setattr(RequestLines, "check", check_and_lose)
    done = run("batch", "run", "requests.jsonl", *more)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: requests.jsonl had 1 request and has 0 now")
    assert emulator.batches == []


def test_bad_requests_are_told_of_though_nobody_waits(
    run: Run, here: Path, emulator: Emulator
) -> None:
    content = [request("a"), request("b", stream=True), request("c")]
    (here / "requests.jsonl").write_text("\n" + text(*content))
    done = run("batch", "run", "requests.jsonl", "--no-wait", "-q")
    (batch,) = emulator.batches
    assert (done.code, done.out.split("\t")[0]) == (1, batch.id)
    assert done.err.startswith("b\tline 3: Results of many requests are whole: leave out stream")
    assert done.err.count("\n") == 1


def test_nothing_begins_of_bad_requests_only(run: Run, here: Path, emulator: Emulator) -> None:
    content = text(request("a", stream=True), request("b", stream=True))
    (here / "requests.jsonl").write_text(content)
    done = run("batch", "run", "requests.jsonl", "--no-wait")
    assert (done.code, done.out) == (1, "")
    assert [line.split(": ")[0] for line in done.err.splitlines()] == ["a\tline 1", "b\tline 2"]
    assert emulator.batches == []


@pytest.mark.parametrize("option", ["--output", "--errors"])
@pytest.mark.parametrize(
    "name",
    ["requests.jsonl", pytest.param("link", marks=of_unix), "../x/requests.jsonl", "ledger"],
)
def test_what_is_read_is_not_replaced(
    run: Run,
    here: Path,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    name: str,
) -> None:
    (here / "x").mkdir()
    (here / "x" / "requests.jsonl").write_text(text(request("a")))
    monkeypatch.chdir(here / "x")
    if name == "link":
        Path("link").symlink_to("requests.jsonl")
    done = run("batch", "run", "requests.jsonl", "--ledger", "ledger", option, name)
    assert done.code == 2
    assert f"{option} would replace {name}: choose another file." in done.err
    assert Path("requests.jsonl").read_text() == text(request("a"))
    assert emulator.requests == []


def test_a_file_for_both_has_all_results(run: Run, here: Path) -> None:
    (here / "requests.jsonl").write_text(text(request("a"), request("b", model="missing-model")))
    more = ("-o", "all.jsonl", "--errors", "all.jsonl")
    assert run("batch", "run", "requests.jsonl", *more).code == 1
    lines = (here / "all.jsonl").read_text().splitlines()
    assert [json.loads(line)["custom_id"] for line in lines] == ["a", "b"]
