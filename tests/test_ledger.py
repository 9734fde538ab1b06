"""The ledger: what it remembers, what it survives, and what it refuses."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from openai_async import LedgerError
from openai_async._bulk.history import History, Upload
from openai_async._bulk.ledger import Ledger


def opened(path: Path) -> Ledger:
    ledger = Ledger(path)
    ledger.open()
    return ledger


def begin(ledger: Ledger, name: str, sha256: str = "A", path: bool = True) -> int:
    place = f"/d/{name}" if path else None
    return ledger.begin(path=place, name=name, size=1, sha256=sha256, purpose="batch")


def events(ledger: Ledger) -> None:
    """One of each kind."""
    first, second, third = (begin(ledger, name) for name in ("añ.txt", "\udcff.txt", "c.txt"))
    ledger.write("done", upload=first, file_id="file-1", created_at=5)
    ledger.write("done", upload=second, file_id="file-2", created_at=5, doubtful=True)
    ledger.write("failed", upload=third, stored=None, error="APITimeoutError")
    ledger.write("found", upload=third, file_id="file-3", created_at=6)
    ledger.write("failed", upload=begin(ledger, "d.txt"), stored=False, error="BadRequestError")
    ledger.write("done", upload=begin(ledger, "añ.txt", "B"), file_id="file-4", created_at=7)
    ledger.write("changed", file_id="file-4")
    ledger.write("lost", upload=begin(ledger, "e.txt"))
    ledger.write("orphan", file_id="file-9", name="x", size=1, purpose="batch")
    ledger.write("deleted", file_id="file-1")
    ledger.write("gone", file_id="file-2")
    ledger.write("attach", vector_store_id="vs_1", files=1)
    ledger.write("batch", vector_store_id="vs_1", batch_id="vsfb_1", file_ids=["file-3"])
    ledger.write("checked", purpose="vision")
    begin(ledger, "f.txt")


def state(history: History) -> dict[str, Any]:
    return {name: value for name, value in vars(history).items() if name != "_replaces"}


def test_second_run_knows_what_the_first_knew(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "l")
    events(ledger)
    ledger.close()
    again = opened(tmp_path / "l")
    assert state(again.history) == state(ledger.history)
    again.close()


def test_history_is_the_sum_of_its_events(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "l")
    events(ledger)
    ledger.close()
    history = ledger.history
    current = {key[0]: (upload.file_id, upload.sha256) for key, upload in history.latest.items()}
    assert current == {"/d/añ.txt": ("file-4", None), "/d/c.txt": ("file-3", "A")}
    assert [upload.name for upload in history.open.values()] == ["f.txt"]
    assert [upload.name for upload in history.doubts.values()] == [
        "\udcff.txt",
        "c.txt",
        "e.txt",
        "f.txt",
    ]
    assert {orphan.file_id: orphan.reason for orphan in history.orphans.values()} == {
        "file-9": "copy"
    }
    assert history.known == {"file-1", "file-2", "file-3", "file-4", "file-9"}
    assert history.attached == {"vs_1": {"vsfb_1": ["file-3"]}}
    assert history.ids_of("batch") == {"file-3", "file-4", "file-9"}


def test_replaced_file_is_an_orphan_at_once(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "l")
    for sha256, file_id in (("A", "file-1"), ("B", "file-2")):
        ledger.write("done", upload=begin(ledger, "a", sha256), file_id=file_id, created_at=1)
    ledger.close()
    (orphan,) = ledger.history.orphans.values()
    assert (orphan.file_id, orphan.reason) == ("file-1", "replaced")


def test_orphans_are_those_of_a_purpose() -> None:
    history = History()
    for number, purpose in enumerate(("batch", "batch", "vision")):
        begins = {"event": "begin", "upload": number, "name": "a", "path": "/a", "purpose": purpose}
        history.add({**begins, "time": "2026-01-01T00:00:00+00:00"})
        history.add({"event": "done", "upload": number, "file_id": f"file-{number}"})
    copy = {"event": "orphan", "name": "x", "size": 1}
    history.add({**copy, "file_id": "copy", "purpose": "vision"})
    history.add({**copy, "file_id": "old"})
    of = {each: [o.file_id for o in history.orphans_of(each)] for each in ("batch", "vision")}
    assert of == {"batch": ["file-0", "old"], "vision": ["copy", "old"]}
    assert history.ids_of("batch") == {"file-0", "file-1"}
    assert history.ids_of("vision") == {"file-2", "copy"}


def test_upload_began_after_what_the_server_had_created_before() -> None:
    ledger = Ledger()
    for number, created_at in enumerate((50, None, 40)):
        upload = begin(ledger, "a")
        ledger.write("done", upload=upload, file_id=f"file-{number}", created_at=created_at)
        assert ledger.history.open == {}
    last = begin(ledger, "b")
    assert ledger.history.open[last].after == 50


def test_checked_settles_all_but_what_is_open() -> None:
    ledger = Ledger()
    ledger.write("lost", upload=begin(ledger, "a"))
    open_one = begin(ledger, "b")
    ledger.write("checked", purpose="batch")
    assert list(ledger.history.doubts) == [open_one]


def test_without_a_path_the_same_file_may_be_there_twice() -> None:
    ledger = Ledger()
    for number in range(2):
        ledger.write("done", upload=begin(ledger, "a"), file_id=f"file-{number}", created_at=1)
    assert not ledger.kept
    assert (ledger.history.orphans, ledger.history.latest) == ({}, {})


def test_every_line_is_json_that_people_can_read(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "l")
    events(ledger)
    ledger.close()
    lines = (tmp_path / "l").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["version"] == 1
    assert '"name": "añ.txt"' in lines[1]
    assert all("T" in json.loads(line)["time"] for line in lines)


def test_kill_at_any_byte_loses_the_line_that_was_written_and_no_other(tmp_path: Path) -> None:
    whole = opened(tmp_path / "whole")
    for name in ("a", "ü", "c"):
        number = begin(whole, name)
        if name != "c":
            whole.write("done", upload=number, file_id=f"file-{name}", created_at=1)
    whole.close()
    content = (tmp_path / "whole").read_bytes()
    path = tmp_path / "torn"
    for end in range(len(content) + 1):
        path.write_bytes(content[:end])
        expected = History()
        for line in content[:end].splitlines(keepends=True)[1:]:
            if line.endswith((b"}", b"}\n")):
                expected.add(json.loads(line))
        ledger = opened(path)
        assert state(ledger.history) == state(expected), end
        begin(ledger, "next")
        ledger.close()
        again = opened(path)
        assert state(again.history) == state(ledger.history), end
        again.close()


def test_one_job_at_a_time(tmp_path: Path) -> None:
    first = opened(tmp_path / "l")
    second = Ledger(tmp_path / "l")
    with pytest.raises(LedgerError, match="in use by another job"):
        second.open()
    begin(first, "a")
    first.close()
    second.open()
    assert len(second.history.open) == 1
    second.close()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("secret = 1\n", "is no ledger"),
        ("x", "is no ledger"),
        ('{"event": "begin"}\n', "is no ledger"),
        ('{"ledger": "openai-anyio uploads", "version": 2, "time": ""}\n', "version 2"),
        ('{"ledger": "openai-anyio uploads", "version": 1}\nnonsense\n{}\n', "Line 2 .* damaged"),
        ('{"ledger": "openai-anyio uploads", "version": 1}\n{"event": "done"}\n', "Line 2"),
        ('{"ledger": "openai-anyio uploads", "version": 1}\n[]\n', "Line 2"),
    ],
    ids=range(7),
)
def test_what_is_no_ledger_is_refused_and_left_alone(
    content: str, match: str, tmp_path: Path
) -> None:
    path = tmp_path / "l"
    path.write_text(content)
    for _ in range(2):  # and it is unlocked
        with pytest.raises(LedgerError, match=match):
            Ledger(path).open()
    assert path.read_text() == content


def test_events_of_a_newer_program_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "l"
    path.write_text('{"ledger": "openai-anyio uploads", "version": 1}\n{"event": "cheered"}\n')
    ledger = opened(path)
    assert ledger.history.empty
    ledger.close()


def test_missing_directory_is_told_by_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Ledger(tmp_path / "no" / "l").open()


def test_full_disk_is_an_error_and_leaves_whole_lines(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "l")
    begin(ledger, "a")
    before = (tmp_path / "l").read_bytes()
    real: Any = ledger._file

    class Full:
        """Takes ten bytes at a time, and in the end none."""

        def write(self, data: bytes) -> int:
            if len(data) > 10:
                written: int = real.write(data[:10])
                return written
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    full: Any = Full()
    ledger._file = full
    with pytest.raises(LedgerError, match="cannot be written: No space left"):
        begin(ledger, "b")
    assert (tmp_path / "l").read_bytes() == before
    assert len(ledger.history.open) == 1
    ledger.close()


def test_closed_ledger_takes_nothing(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "l")
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        begin(ledger, "a")


def test_key_of_content_has_its_hash() -> None:
    one, other = (Upload(1, "n", "batch", 0.0, None, 1, sha) for sha in ("A", "B"))
    assert one.key != other.key
