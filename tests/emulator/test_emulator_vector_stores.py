from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from openai_async.emulator import Emulator
from openai_async.emulator.indexes import wanted_files
from openai_async.emulator.store import Store

Upload = Callable[..., dict[str, Any]]


def make(api: httpx.Client, **body: Any) -> dict[str, Any]:
    response = api.post("/vector_stores", json=body)
    assert response.status_code == 200, response.text
    made: dict[str, Any] = response.json()
    return made


def test_vector_store_is_made_and_retrieved(api: httpx.Client) -> None:
    details = {"anchor": "last_active_at", "days": 2}
    made = make(api, name="Docs", metadata={"a": "b"}, expires_after=details, description="All")
    assert made["object"] == "vector_store"
    assert (made["name"], made["metadata"], made["status"]) == ("Docs", {"a": "b"}, "completed")
    assert made["expires_at"] == made["created_at"] + 2 * 86400
    assert made["file_counts"]["total"] == 0
    assert api.get(f"/vector_stores/{made['id']}").json() == made
    assert api.get("/vector_stores").json()["data"] == [made]


def test_vector_store_is_updated_and_deleted(api: httpx.Client) -> None:
    url = f"/vector_stores/{make(api)['id']}"
    assert api.post(url, json={"name": "New"}).json()["name"] == "New"
    assert api.delete(url).json()["deleted"] is True
    assert api.get(url).status_code == 404


def test_files_of_a_vector_store(api: httpx.Client, upload: Upload) -> None:
    file, other = upload(), upload(b"more")
    made = make(api, file_ids=[file["id"]])
    assert (made["file_counts"]["completed"], made["usage_bytes"]) == (1, 5)
    url = f"/vector_stores/{made['id']}/files"
    attached = api.post(url, json={"file_id": other["id"], "attributes": {"x": 1}})
    assert attached.json()["attributes"] == {"x": 1}
    assert attached.headers["openai-poll-after-ms"] == "20"
    assert api.get(f"{url}/{other['id']}").json() == attached.json()
    page = api.get(url, params={"limit": 1}).json()
    assert ([item["id"] for item in page["data"]], page["has_more"]) == ([other["id"]], True)
    before = api.get(url, params={"before": file["id"]}).json()
    assert [item["id"] for item in before["data"]] == [other["id"]]
    assert api.get(url, params={"filter": "failed"}).json()["data"] == []
    assert api.delete(f"{url}/{file['id']}").json()["deleted"] is True
    assert api.get(f"{url}/{file['id']}").status_code == 404


def test_batch_counts_what_became_of_its_files(api: httpx.Client, upload: Upload) -> None:
    files = [upload()["id"], upload(name="x.fail")["id"], "file-unknown"]
    url = f"/vector_stores/{make(api)['id']}/file_batches"
    response = api.post(url, json={"file_ids": files})
    assert response.headers["openai-poll-after-ms"] == "20"
    batch = response.json()
    assert (batch["object"], batch["status"]) == ("vector_store.files_batch", "completed")
    assert batch["file_counts"] == {
        "in_progress": 0,
        "completed": 1,
        "failed": 2,
        "cancelled": 0,
        "total": 3,
    }
    again = api.get(f"{url}/{batch['id']}")
    assert again.json() == batch
    assert again.headers["openai-poll-after-ms"] == "20"
    failed = api.get(f"{url}/{batch['id']}/files?filter=failed&order=asc").json()["data"]
    assert [item["id"] for item in failed] == files[1:]
    assert [item["last_error"]["code"] for item in failed] == ["unsupported_file", "invalid_file"]


def test_batch_of_files_with_settings(api: httpx.Client, upload: Upload) -> None:
    file = upload()["id"]
    url = f"/vector_stores/{make(api)['id']}/file_batches"
    batch = api.post(url, json={"files": [{"file_id": file, "attributes": {"a": 1}}]}).json()
    (item,) = api.get(f"{url}/{batch['id']}/files").json()["data"]
    assert item["attributes"] == {"a": 1}


def test_batch_takes_the_time_it_is_told(
    api: httpx.Client, upload: Upload, emulator: Emulator
) -> None:
    emulator.settings.processing_seconds = 1000
    emulator.settings.poll_after_ms = 7
    url = f"/vector_stores/{make(api)['id']}/file_batches"
    response = api.post(url, json={"file_ids": [upload()["id"]]})
    assert response.headers["openai-poll-after-ms"] == "7"
    assert response.json()["status"] == "in_progress"
    cancelled = api.post(f"{url}/{response.json()['id']}/cancel").json()
    assert (cancelled["status"], cancelled["file_counts"]["cancelled"]) == ("cancelled", 1)


def test_files_of_a_batch_complete_one_after_another() -> None:
    now = [100.0]
    store = Store(monotonic=lambda: now[0], wall=lambda: 5.0)
    made = store.add_vector_store({})
    batch = store.add_batch(made, wanted_files({"file_ids": list("abcd")}), 2.0)
    failed = []
    for now[0] in (100.0, 100.5, 101.2, 101.9, 102.0):
        failed.append(batch.as_json(now[0])["file_counts"]["failed"])
    assert failed == [0, 1, 2, 3, 4]
    assert batch.as_json(101.9)["status"] == "in_progress"
    assert batch.as_json(102.0)["status"] == "completed"
    assert batch.as_json(102.0)["created_at"] == 5


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "file_ids"),
        ({"file_ids": "x"}, "file_ids"),
        ({"file_ids": [1]}, "file_ids"),
        ({"files": [1]}, "files"),
        ({"files": [{}]}, "files[0].file_id"),
        ({"file_ids": ["x"], "chunking_strategy": 1}, "chunking_strategy"),
    ],
)
def test_bad_batch_names_its_param(api: httpx.Client, body: dict[str, Any], param: str) -> None:
    response = api.post(f"/vector_stores/{make(api)['id']}/file_batches", json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


def test_bad_expiry_is_refused(api: httpx.Client) -> None:
    response = api.post("/vector_stores", json={"expires_after": {"days": "x"}})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "expires_after")


def test_unknown_ids(api: httpx.Client) -> None:
    made = f"/vector_stores/{make(api)['id']}"
    for url in ("/vector_stores/vs_x", f"{made}/file_batches/x", f"{made}/files/x"):
        response = api.get(url)
        assert response.status_code == 404
        assert response.json()["error"]["type"] == "invalid_request_error"
