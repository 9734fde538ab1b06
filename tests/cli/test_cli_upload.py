"""`upload`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from openai_async.emulator import Emulator

from .commands import Done

Run = Callable[..., Done]

pytestmark = pytest.mark.usefixtures("files")


@pytest.fixture
def files(here: Path) -> None:
    (here / "notes").mkdir()
    for name in ("a", "b", "c"):
        (here / "notes" / f"{name}.txt").write_text(f"this is {name}")
    (here / "d.md").write_text("this is d")


def names(emulator: Emulator) -> list[str]:
    """What is on the server."""
    return sorted(file.filename for file in emulator.files)


def test_paths_directories_and_patterns(run: Run, emulator: Emulator, here: Path) -> None:
    done = run("upload", "notes", "*.md", "--purpose", "user_data")
    assert (done.code, done.err) == (0, "4 files: 4 uploaded.\n")
    assert names(emulator) == ["a.txt", "b.txt", "c.txt", "d.md"]
    assert {file.purpose for file in emulator.files} == {"user_data"}
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [row[1:] for row in rows] == [
        *(["ok", str(here / "notes" / f"{name}.txt")] for name in "abc"),
        ["ok", str(here / "d.md")],
    ]
    assert sorted(row[0] for row in rows) == sorted(file.id for file in emulator.files)


def test_again_means_only_what_is_new(run: Run, emulator: Emulator, here: Path) -> None:
    first = run("upload", "notes", "-q")
    (here / "notes" / "e.txt").write_text("new")
    (here / "notes" / "b.txt").write_text("changed")
    done = run("upload", "notes", "--orphans", "delete")
    assert done.err == "4 files: 2 uploaded, 2 there before, 1 orphaned.\n"
    assert done.out.splitlines()[-1].split("\t")[1:] == ["orphan, deleted", "b.txt"]
    assert names(emulator) == ["a.txt", "b.txt", "c.txt", "e.txt"]
    assert first.out.splitlines()[0].split("\t")[0] in done.out  # a.txt is the same


def test_without_a_ledger_nothing_is_remembered(run: Run, emulator: Emulator, here: Path) -> None:
    for _ in range(2):
        run("upload", "notes", "--no-ledger")
    assert len(emulator.files) == 6
    assert [*here.glob(".*")] == []


def test_failures_are_listed_and_the_rest_is_uploaded(run: Run, emulator: Emulator) -> None:
    emulator.fault("status=400; message=Too odd.", path="/files", method="POST")
    done = run("upload", "notes", "missing.txt", "--concurrency", "1")
    assert done.code == 1
    assert "a.txt\t400: Too odd. (request req_" in done.err
    assert "missing.txt: No such file or directory" in done.err
    assert done.err.endswith("4 files: 2 uploaded, 2 failed.\n")
    assert names(emulator) == ["b.txt", "c.txt"]
    assert run("upload", "notes").err == "3 files: 1 uploaded, 2 there before.\n"


def test_failing_fast(run: Run, emulator: Emulator) -> None:
    emulator.fault("status=400", path="/files", method="POST")
    done = run("upload", "notes", "--concurrency", "1", "--fail-fast")
    assert done.code == 1
    assert done.err.endswith("1 file: 1 failed.\n")
    assert emulator.files == []


def test_json(run: Run, emulator: Emulator) -> None:
    emulator.fault("status=400; message=No.", path="/files", method="POST")
    done = run("upload", "notes", "--concurrency", "1", "--json", "-q")
    told = json.loads(done.out)
    assert (done.code, done.err) == (1, "")
    assert [(file["name"], file["status"], file["bytes"]) for file in told["files"]] == [
        ("a.txt", "failed", 9),
        ("b.txt", "ok", 9),
        ("c.txt", "ok", 9),
    ]
    assert told["files"][0]["error"].startswith("400: No.")
    assert told["files"][0]["file_id"] is None


def test_into_a_vector_store(run: Run, emulator: Emulator) -> None:
    made = run("upload", "notes", "--new-vector-store", "my notes", "--json")
    (store,) = emulator.vector_stores
    assert json.loads(made.out)["vector_store_id"] == store.id
    again = run("upload", "notes", "d.md", "--new-vector-store", "my notes", "--json")
    assert json.loads(again.out)["vector_store_id"] == store.id
    other = run("upload", "notes", "--vector-store", store.id)
    assert (made.code, again.code, other.code) == (0, 0, 0)
    assert len(emulator.vector_stores) == 1
    assert names(emulator) == ["a.txt", "b.txt", "c.txt", "d.md"]


def test_a_deleted_vector_store_is_made_anew(run: Run, emulator: Emulator) -> None:
    from openai_sync import OpenAI

    run("upload", "d.md", "--new-vector-store", "notes")
    with OpenAI() as client:
        client.vector_stores.delete(emulator.vector_stores[0].id)
    assert run("upload", "d.md", "--new-vector-store", "notes").code == 0
    assert len(emulator.vector_stores) == 1


def test_a_missing_vector_store_is_found_out_first(run: Run, emulator: Emulator) -> None:
    for more in ((), ("--chunked",)):
        done = run("upload", "notes", "--vector-store", "vs_none", *more)
        assert done.code == 3
        assert done.err.startswith("Error: 404: No such vector store")
    assert emulator.files == emulator.uploads == []


def test_two_vector_stores_are_too_many(run: Run) -> None:
    assert run("upload", "d.md", "--vector-store", "a", "--new-vector-store", "b").code == 2


def test_in_parts(run: Run, emulator: Emulator, here: Path) -> None:
    done = run("upload", "notes", "--chunked")
    assert (done.code, done.err) == (0, "3 files: 3 uploaded.\n")
    assert len(emulator.uploads) == 3
    (here / "notes" / "b.txt").write_text("changed")
    again = run("upload", "notes", "--chunked")
    assert again.err == "3 files: 1 uploaded, 2 there before, 1 orphaned.\n"
    assert len(emulator.uploads) == 4
    (here / "notes" / "b.txt").write_text("changed again")
    told = json.loads(run("upload", "notes", "--chunked", "--json").out)
    assert [orphan["reason"] for orphan in told["orphans"]] == ["replaced", "replaced"]
    whole = run("upload", "notes")  # the ledger is the same
    assert whole.err == "3 files: 3 there before, 2 orphaned.\n"


def test_only_large_files_go_in_parts(
    run: Run, emulator: Emulator, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai_sync._cli.upload.LARGEST", 100)
    (here / "notes" / "b.bin").write_bytes(b"x" * 101)
    done = run("upload", "notes", "--new-vector-store", "notes", "--json")
    told = json.loads(done.out)
    assert [file["name"] for file in told["files"]] == ["a.txt", "b.bin", "b.txt", "c.txt"]
    assert {file["status"] for file in told["files"]} == {"ok"}
    assert [upload.filename for upload in emulator.uploads] == ["b.bin"]
    assert told["batches"][0]["file_counts"]["total"] == 4


def test_parts_that_fail(run: Run, emulator: Emulator) -> None:
    emulator.fault("status=400; message=No.", path="/uploads/*/parts")
    done = run("upload", "notes", "--chunked")
    assert done.code == 1
    assert "a.txt\t400: No." in done.err
    assert names(emulator) == ["b.txt", "c.txt"]
    emulator.fault("status=400; message=No.", path="/uploads/*/parts")
    assert run("upload", "notes", "d.md", "--chunked", "--fail-fast").code == 1
    assert names(emulator) == ["b.txt", "c.txt"]
    assert run("upload", "notes", "--chunked").code == 0
    assert names(emulator) == ["a.txt", "b.txt", "c.txt"]


def test_a_ledger_in_use_is_refused(run: Run, here: Path) -> None:
    from openai_async._bulk.ledger import Ledger

    ledger = Ledger(here / "mine.jsonl")
    ledger.open()
    try:
        done = run("upload", "notes", "--ledger", "mine.jsonl")
    finally:
        ledger.close()
    assert done.code == 2
    assert "is in use by another job" in done.err


@pytest.mark.parametrize("content", ["[1]", '"a"', "null", "{}", "nonsense"])
@pytest.mark.parametrize("more", [(), ("--new-vector-store", "notes")])
def test_what_is_no_ledger_is_refused(
    run: Run, emulator: Emulator, here: Path, content: str, more: tuple[str, ...]
) -> None:
    (here / "mine.json").write_text(content)
    done = run("upload", "notes", "--ledger", "mine.json", *more)
    assert done.code == 2
    assert "is no ledger of uploads: choose another file" in done.err
    assert emulator.requests == []
    assert (here / "mine.json").read_text() == content
