from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from openai_async.emulator import Emulator, parts
from openai_async.emulator.spool import Extent, Joined, Spool

MIB = 1 << 20
BODY = {"filename": "a.txt", "purpose": "assistants", "bytes": 7, "mime_type": "text/plain"}


def begin(api: httpx.Client, **more: Any) -> dict[str, Any]:
    response = api.post("/uploads", json={**BODY, **more})
    assert response.status_code == 200, response.text
    upload: dict[str, Any] = response.json()
    return upload


def add(api: httpx.Client, upload: dict[str, Any], content: bytes) -> httpx.Response:
    return api.post(f"/uploads/{upload['id']}/parts", files={"data": content})


def part(api: httpx.Client, upload: dict[str, Any], content: bytes) -> str:
    response = add(api, upload, content)
    assert response.status_code == 200, response.text
    identifier: str = response.json()["id"]
    return identifier


def complete(
    api: httpx.Client, upload: dict[str, Any], *part_ids: str, **more: str
) -> httpx.Response:
    return api.post(f"/uploads/{upload['id']}/complete", json={"part_ids": part_ids, **more})


def error(response: httpx.Response) -> tuple[int, str, str]:
    told = response.json()["error"]
    return response.status_code, told["param"], told["message"]


def test_upload_becomes_a_file(api: httpx.Client, emulator: Emulator) -> None:
    upload = begin(api)
    assert (upload["object"], upload["status"], upload["file"]) == ("upload", "pending", None)
    assert upload["expires_at"] == upload["created_at"] + 3600
    assert {name: upload[name] for name in BODY if name in upload} == {
        name: BODY[name] for name in ("filename", "purpose", "bytes")
    }
    made = add(api, upload, b"abc").json()
    assert (made["object"], made["upload_id"]) == ("upload.part", upload["id"])

    # In the order of the request, and not of their coming.
    ids = [part(api, upload, b"defg"), made["id"]]
    md5 = hashlib.md5(b"defgabc").hexdigest()
    done = complete(api, upload, *ids, md5=md5).json()
    assert done["status"] == "completed"
    file = done["file"]
    assert (file["bytes"], file["filename"], file["purpose"]) == (7, "a.txt", "assistants")
    assert api.get(f"/files/{file['id']}").json() == file
    assert api.get(f"/files/{file['id']}/content").content == b"defgabc"
    (stored,) = emulator.files
    assert stored.read() == b"defgabc"
    assert stored.sha256 == hashlib.sha256(b"defgabc").hexdigest()
    assert stored.content_type == "text/plain"
    (seen,) = emulator.uploads
    assert (seen.id, seen.status, len(seen.parts)) == (upload["id"], "completed", 2)


def test_large_parts_that_come_together(api: httpx.Client, emulator: Emulator) -> None:
    contents = [bytes([number]) * (3 * MIB + number) for number in range(6)]
    whole = b"".join(contents)
    upload = begin(api, bytes=len(whole))
    with ThreadPoolExecutor(6) as pool:
        ids = list(pool.map(lambda content: part(api, upload, content), contents))
    done = complete(api, upload, *ids, md5=hashlib.md5(whole).hexdigest())
    assert done.headers["x-emulator-sha256"] == hashlib.sha256(whole).hexdigest()
    identifier = done.json()["file"]["id"]
    assert api.get(f"/files/{identifier}/content").content == whole
    assert api.delete(f"/files/{identifier}").json()["deleted"]
    assert emulator.files == []


def test_part_that_nobody_names_is_left_out(api: httpx.Client, emulator: Emulator) -> None:
    """As a part is whose answer was lost, and which was sent again."""
    upload = begin(api, bytes=3)
    part(api, upload, b"abc")
    assert complete(api, upload, part(api, upload, b"abc")).status_code == 200
    assert emulator.files[0].read() == b"abc"


def test_upload_may_make_a_file_that_expires(api: httpx.Client) -> None:
    upload = begin(api, bytes=1, expires_after={"anchor": "created_at", "seconds": 3600})
    file = complete(api, upload, part(api, upload, b"x")).json()["file"]
    assert file["expires_at"] == file["created_at"] + 3600


def test_file_of_an_upload_is_processed_like_others(api: httpx.Client, emulator: Emulator) -> None:
    emulator.settings.file_seconds = 1000
    upload = begin(api, bytes=1)
    file = complete(api, upload, part(api, upload, b"x")).json()["file"]
    assert file == api.get(f"/files/{file['id']}").json()
    assert file["status"] == "uploaded"


def test_wrong_size_is_refused_and_can_be_mended(api: httpx.Client) -> None:
    upload = begin(api)
    first = part(api, upload, b"abc")
    status, param, message = error(complete(api, upload, first))
    assert (status, param) == (400, "part_ids")
    assert "3 bytes" in message
    assert "7 bytes" in message
    assert complete(api, upload, first, part(api, upload, b"defg")).status_code == 200


def test_wrong_md5_is_refused_and_can_be_mended(api: httpx.Client, emulator: Emulator) -> None:
    upload = begin(api)
    ids = [part(api, upload, b"abc"), part(api, upload, b"defg")]
    assert error(complete(api, upload, *ids, md5="0" * 32))[:2] == (400, "md5")
    assert emulator.files == []
    assert complete(api, upload, *ids).status_code == 200


def test_bad_part_ids_are_refused(api: httpx.Client) -> None:
    upload, other = begin(api, bytes=2), begin(api)
    mine, foreign = part(api, upload, b"x"), part(api, other, b"x")
    for ids in ((mine, foreign), (mine, mine), (mine, "part_x")):
        assert error(complete(api, upload, *ids))[:2] == (400, "part_ids")
    for body in ({}, {"part_ids": mine}, {"part_ids": [1]}):
        response = api.post(f"/uploads/{upload['id']}/complete", json=body)
        assert error(response)[:2] == (400, "part_ids")


@pytest.mark.parametrize("end", ["complete", "cancel"])
def test_nothing_follows_the_end(api: httpx.Client, end: str) -> None:
    upload = begin(api, bytes=1)
    only = part(api, upload, b"x")
    ended = f"/uploads/{upload['id']}/{end}"
    assert api.post(ended, json={"part_ids": [only]}).json()["status"].startswith(end)
    for response in (
        add(api, upload, b"x"),
        complete(api, upload, only),
        api.post(f"/uploads/{upload['id']}/cancel"),
    ):
        assert error(response)[:2] == (400, "upload_id")


def test_upload_expires(api: httpx.Client, emulator: Emulator) -> None:
    upload = begin(api)
    emulator.advance(3601)
    assert "expired" in error(add(api, upload, b"abc"))[2]
    assert emulator.uploads[0].status == "expired"


def test_part_is_no_larger_than_it_may_be(
    api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parts.MAX_PART == 64 * MIB
    monkeypatch.setattr("openai_async.emulator.uploads.MAX_PART", 5)
    upload = begin(api, bytes=5)
    assert error(add(api, upload, b"123456"))[:2] == (400, "data")
    assert complete(api, upload, part(api, upload, b"12345")).status_code == 200


def test_part_must_be_a_file_of_a_form(api: httpx.Client) -> None:
    url = f"/uploads/{begin(api)['id']}/parts"
    assert api.post(url, json={}).status_code == 400
    for files in ({"file": b"x"}, {"data": (None, b"x")}):
        assert error(api.post(url, files=files))[:2] == (400, "data")


def test_unknown_upload(api: httpx.Client) -> None:
    assert add(api, {"id": "upload_x"}, b"x" * MIB * 2).status_code == 404
    for action in ("complete", "cancel"):
        response = api.post(f"/uploads/upload_x/{action}", json={"part_ids": []})
        assert response.status_code == 404


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"filename": ""}, "filename"),
        ({"purpose": None}, "purpose"),
        ({"mime_type": 1}, "mime_type"),
        ({"bytes": None}, "bytes"),
        ({"bytes": -1}, "bytes"),
        ({"bytes": "7"}, "bytes"),
        ({"bytes": (8 << 30) + 1}, "bytes"),
        ({"expires_after": 1}, "expires_after.anchor"),
        ({"expires_after": {"anchor": "created_at"}}, "expires_after.seconds"),
    ],
)
def test_bad_upload_names_its_param(api: httpx.Client, more: dict[str, Any], param: str) -> None:
    assert error(api.post("/uploads", json={**BODY, **more}))[:2] == (400, param)


# The spool


@pytest.fixture
def spool() -> Any:
    made = Spool()
    yield made
    made.close()


def test_joined_reads_across_extents(spool: Spool) -> None:
    extents = [spool.append([b"ab", b"c"]), spool.append([]), spool.append([b"defg"])]
    assert extents == [Extent(0, 3), Extent(3, 0), Extent(3, 4)]
    joined, whole = Joined(spool, extents[::-1]), b"defgabc"
    for start in range(9):
        for size in range(9):
            joined.seek(start)
            assert joined.read(size) == whole[start : start + size]


def test_joined_goes_on_where_it_was(spool: Spool) -> None:
    joined = Joined(spool, [spool.append([b"abc"]), spool.append([b"de"])])
    assert [joined.read(2) for _ in range(4)] == [b"ab", b"cd", b"e", b""]


@pytest.mark.parametrize("owned", [True, False])
def test_joined_closes_what_it_owns(owned: bool) -> None:
    spool = Spool()
    Joined(spool, [], owned=owned).close()
    read: Callable[[], bytes] = lambda: spool.read(0, 1)  # noqa: E731
    if owned:
        with pytest.raises(ValueError, match="closed"):
            read()
    else:
        assert read() == b""
    spool.close()
