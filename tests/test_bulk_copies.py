"""`files.upload_many`: uploads whose answer was lost, and the copies that they leave."""

from __future__ import annotations

from typing import Any

from uploading import content, lists, posts, stored, upload

from openai_async import AsyncOpenAI, UploadsProgress
from openai_async.emulator import Emulator


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
