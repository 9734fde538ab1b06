from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from openai_async.emulator import Emulator

Upload = Callable[..., dict[str, Any]]


def test_upload_comes_back(api: httpx.Client, upload: Upload) -> None:
    file = upload()
    assert (file["object"], file["bytes"], file["filename"]) == ("file", 5, "a.txt")
    assert (file["purpose"], file["status"], file["expires_at"]) == (
        "assistants",
        "processed",
        None,
    )
    assert api.get(f"/files/{file['id']}").json() == file
    content = api.get(f"/files/{file['id']}/content")
    assert content.content == b"hello"
    assert content.headers["content-type"] == "application/octet-stream"


def test_large_upload_comes_back(api: httpx.Client, upload: Upload, emulator: Emulator) -> None:
    content = bytes(range(256)) * 20_000
    file = upload(content)
    (stored,) = emulator.files
    assert (stored.id, stored.size) == (file["id"], len(content))
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.read() == content
    assert api.get(f"/files/{file['id']}/content").content == content
    assert emulator.requests[0].body_size > len(content)
    assert len(emulator.requests[0].body) == 1 << 20


def test_empty_upload_comes_back(api: httpx.Client, upload: Upload) -> None:
    assert api.get(f"/files/{upload(b'')['id']}/content").content == b""


def test_upload_may_expire(api: httpx.Client, upload: Upload) -> None:
    fields = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
    file = upload(**fields)
    assert file["expires_at"] == file["created_at"] + 3600


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"purpose": ""}, "purpose"),
        ({"expires_after[anchor]": "now"}, "expires_after[anchor]"),
        ({"expires_after[anchor]": "created_at"}, "expires_after[seconds]"),
    ],
)
def test_bad_upload_names_its_param(
    api: httpx.Client, emulator: Emulator, fields: dict[str, str], param: str
) -> None:
    data = {"purpose": "assistants", **fields}
    response = api.post("/files", data=data, files={"file": b"x" * 2_000_000})
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)
    assert emulator.files == []


def test_upload_needs_a_file(api: httpx.Client) -> None:
    for files in ({"other": b"x"}, {"file": (None, b"x")}):
        response = api.post("/files", data={"purpose": "x"}, files=files)
        assert (response.status_code, response.json()["error"]["param"]) == (400, "file")


def test_upload_must_be_multipart(api: httpx.Client) -> None:
    assert api.post("/files", json={}).status_code == 400
    headers = {"content-type": "multipart/form-data; boundary=x"}
    broken = api.post("/files", content=b"nonsense", headers=headers)
    assert broken.status_code == 400
    assert broken.json()["error"]["type"] == "invalid_request_error"


def test_deleted_file_is_gone(api: httpx.Client, upload: Upload) -> None:
    file = upload()
    deleted = api.delete(f"/files/{file['id']}").json()
    assert deleted == {"id": file["id"], "object": "file", "deleted": True}
    for path in (f"/files/{file['id']}", f"/files/{file['id']}/content"):
        assert api.get(path).status_code == 404


def test_files_are_listed_in_pages(api: httpx.Client, upload: Upload) -> None:
    made = [upload(name=f"{index}.txt")["id"] for index in range(5)]
    page = api.get("/files").json()
    assert [file["id"] for file in page["data"]] == made[::-1]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (made[4], made[0], False)

    seen: list[str] = []
    query = {"order": "asc", "limit": "2"}
    for has_more in (True, True, False):
        page = api.get("/files", params=query).json()
        seen += [file["id"] for file in page["data"]]
        assert page["has_more"] is has_more
        query["after"] = page["last_id"]
    assert seen == made


def test_files_are_listed_by_purpose(api: httpx.Client, upload: Upload) -> None:
    upload()
    batch = upload(purpose="batch")
    assert [file["id"] for file in api.get("/files?purpose=batch").json()["data"]] == [batch["id"]]
    empty = api.get("/files?purpose=vision").json()
    assert empty == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=10001", "order=up", "after=file-x"])
def test_bad_page_is_refused(api: httpx.Client, query: str) -> None:
    response = api.get(f"/files?{query}")
    assert response.status_code == 400
    assert response.json()["error"]["param"] == query.partition("=")[0]


def test_file_is_processed_in_its_time(
    api: httpx.Client, upload: Upload, emulator: Emulator
) -> None:
    emulator.settings.file_seconds = 1000
    file = upload()
    assert (file["status"], file["status_details"]) == ("uploaded", None)
    answer = api.get(f"/files/{file['id']}")
    assert (answer.json(), answer.headers["openai-poll-after-ms"]) == (file, "20")
    assert [each["status"] for each in api.get("/files").json()["data"]] == ["uploaded"]
    emulator.settings.file_seconds = 0
    answer = api.get(f"/files/{file['id']}")
    assert answer.json() == {**file, "status": "processed"}
    assert "openai-poll-after-ms" not in answer.headers


def test_bad_file(api: httpx.Client, upload: Upload, emulator: Emulator) -> None:
    emulator.settings.file_seconds = 1000
    file = upload(name="x.fail")
    assert file["status"] == "uploaded"
    emulator.settings.file_seconds = 0
    found = api.get(f"/files/{file['id']}").json()
    assert (found["status"], found["status_details"]) == ("error", "The file could not be read.")
