"""`files.upload_many`: uploads whose answer was lost, and the copies that they leave."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from uploading import content, lists, posts, stored, upload

from openai_async import AsyncOpenAI, OpenAIError, UploadsProgress
from openai_async.emulator import Emulator
from openai_async.emulator.replies import JsonReply


async def test_copy_of_a_lost_answer_is_listed(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.fault("lost", path="/files", method="POST")
    uploads = await upload(client, content("abc"), max_concurrency=1)
    (orphan,) = uploads.orphans
    assert (orphan.name, orphan.size, orphan.reason, orphan.deleted) == ("a", 1, "copy", False)
    assert len(emulator.files) == 4
    assert orphan.file_id not in uploads.file_ids
    assert repr(uploads) == "<Uploads: 3 ok; 1 orphan>"


async def test_copy_is_noticed_if_the_transport_sent_it_again_by_itself(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    # On a connection that was used before, the loss looks as if that had been closed meanwhile.
    client = client.with_options(max_retries=0)
    await client.models.list()
    emulator.fault("lost", path="/files", method="POST")
    uploads = await upload(client, [("a", b"x")])
    assert len(uploads.orphans) == 1
    assert posts(emulator) == 2


async def test_copies_are_deleted_if_that_is_wanted(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("lost", path="/files", method="POST", times=2)
    uploads = await upload(client, content("abc"), orphans="delete", max_concurrency=2)
    assert stored(emulator) == dict(content("abc"))
    assert [orphan.deleted for orphan in uploads.orphans] == [True, True]


async def test_nobody_asks_for_copies_that_are_to_be_kept(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("lost", path="/files", method="POST")
    uploads = await upload(client, content("abc"), orphans="keep")
    assert (len(emulator.files), uploads.orphans, lists(emulator)) == (4, [], 0)


async def test_files_of_others_are_no_copies(client: AsyncOpenAI, emulator: Emulator) -> None:
    for name, purpose in (("a", "batch"), ("b", "assistants"), ("aa", "assistants")):
        purposed: Any = purpose
        await client.files.create(file=(name, name.encode()), purpose=purposed)
    emulator.fault("lost", path="/files", method="POST")
    uploads = await upload(client, [("a", b"a")], orphans="delete")
    assert [orphan.name for orphan in uploads.orphans] == ["a"]
    assert [(file.filename, file.purpose) for file in emulator.files] == [
        ("a", "batch"),
        ("b", "assistants"),
        ("aa", "assistants"),
        ("a", "assistants"),
    ]


async def test_file_that_failed_and_is_there_has_not_failed(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("lost", path="/files", method="POST", times=6)
    seen: list[UploadsProgress] = []
    once = client.with_options(max_retries=0)
    (result,) = await upload(once, [("a", b"a")], on_progress=seen.append)
    assert (result.status, result.error) == ("ok", None)
    assert result.file_id == emulator.files[0].id
    assert [(each.ok, each.failed) for each in seen] == [(0, 1), (1, 0)]


async def test_failed_list_of_files_spoils_no_results(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("lost", path="/files", method="POST")
    emulator.fault("status=403", path="/files", method="GET")
    uploads = await upload(client, content("abc"))
    assert len(uploads.ok) == 3
    assert "403" in str(uploads.unchecked)


async def test_orphan_that_cannot_be_deleted_says_so(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    emulator.fault("lost", path="/files", method="POST")
    emulator.fault("status=403", path="/files/*", method="DELETE")
    uploads = await upload(client, content("abc"), orphans="delete")
    (orphan,) = uploads.orphans
    assert not orphan.deleted
    assert "403" in str(orphan.error)


async def test_file_of_a_run_before_is_no_copy(
    client: AsyncOpenAI, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dated(value: Any, **options: Any) -> JsonReply:
        return JsonReply(value, headers={"date": formatdate(usegmt=True)})

    monkeypatch.setattr("openai_async.emulator.files.JsonReply", dated)
    (before,) = (await upload(client, [("a", b"a")])).file_ids
    emulator.files[0].created_at -= 5
    emulator.fault("lost", path="/files", method="POST")
    uploads = await upload(client, [("a", b"a")], orphans="delete")
    assert len(uploads.orphans) == 1
    assert [file.id for file in emulator.files] == [before, *uploads.file_ids]


async def test_orphans_of_another_purpose_are_not_forgotten(
    client: AsyncOpenAI, emulator: Emulator, tmp_path: Path
) -> None:
    path, other, ledger = (tmp_path / name for name in ("a.txt", "b.txt", "ledger"))
    other.write_text("other")
    for text in ("old", "new"):
        path.write_text(text)
        uploads = await upload(client, path, ledger=ledger)
    (orphan,) = uploads.orphans
    for orphans in ("list", "delete"):
        more = await upload(client, other, ledger=ledger, purpose="batch", orphans=orphans)
        assert more.orphans == []
    (again,) = (await upload(client, path, ledger=ledger, orphans="delete")).orphans
    assert (again.file_id, again.purpose, again.deleted) == (orphan.file_id, "assistants", True)
    assert sorted(stored(emulator).items()) == [("a.txt", b"new"), ("b.txt", b"other")]


# Servers that do not keep to the API


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], Any]], None]:
    """Has the emulator list what a function makes of the list of files."""

    def change(how: Callable[[Any], Any]) -> None:
        def page(items: list[Any], query: Any, **limits: Any) -> Any:
            return how(items)

        monkeypatch.setattr("openai_async.emulator.files.page", page)

    return change


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": "none"}], ids=repr)
async def test_server_that_lists_nothing_has_not_lost_everything(
    answer: Any, client: AsyncOpenAI, emulator: Emulator, listing: Any, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    await upload(client, content("abc"), ledger=ledger)
    listing(lambda items: answer)
    with pytest.raises(OpenAIError, match="does not list files"):
        await upload(client, content("abc"), ledger=ledger)
    assert posts(emulator) == 3
    assert '"gone"' not in ledger.read_text()


async def test_server_that_lists_nothing_spoils_no_results(
    client: AsyncOpenAI, emulator: Emulator, listing: Any
) -> None:
    listing(lambda items: {})
    emulator.fault("lost", path="/files", method="POST")
    uploads = await upload(client, content("abc"))
    assert len(uploads.ok) == 3
    assert "does not list files" in str(uploads.unchecked)


@pytest.mark.parametrize("field", ["id", "filename", "bytes", "created_at", "purpose"])
@pytest.mark.parametrize("how", ["missing", "null"])
async def test_fields_that_a_list_does_not_have_end_no_job(
    field: str, how: str, client: AsyncOpenAI, emulator: Emulator, listing: Any
) -> None:
    def without(items: list[Any]) -> Any:
        shown = [{name: value for name, value in item.items() if name != field} for item in items]
        return {"data": shown if how == "missing" else [{**item, field: None} for item in shown]}

    listing(without)
    emulator.fault("lost", path="/files", method="POST")
    uploads = await upload(client, content("ab"), orphans="delete")
    assert (len(uploads.ok), uploads.unchecked) == (2, None)
    assert (uploads.orphans, len(emulator.files)) == ([], 3)  # what is in doubt is not deleted


async def test_answer_without_an_id_is_no_proof_that_nothing_was_stored(
    client: AsyncOpenAI, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with monkeypatch.context() as patched:
        patched.setattr("openai_async.emulator.files.JsonReply", lambda *_, **__: JsonReply({}))
        (failed,) = await upload(client, [("a", b"a")], ledger=ledger, orphans="keep")
    assert "without the id" in str(failed.error)
    assert repr(await upload(client, [("a", b"a")], ledger=ledger)) == "<Uploads: 1 skipped>"
    assert posts(emulator) == len(emulator.files) == 1
