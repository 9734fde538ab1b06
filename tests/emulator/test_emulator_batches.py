from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from openai_async.emulator import Emulator, batches, lines
from openai_async.emulator.line_batches import shuffled
from openai_async.emulator.lines import Line, split

Upload = Callable[..., dict[str, Any]]
CHAT = "/v1/chat/completions"


def line(name: object, **body: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"Say {name}"}]
    return {
        "custom_id": str(name),
        "method": "POST",
        "url": CHAT,
        "body": {"model": "gpt-4o", "messages": messages, **body},
    }


class Api:
    """What tests do with batches."""

    def __init__(self, api: httpx.Client, upload: Upload) -> None:
        self.api = api
        self.upload = upload

    def post(self, given: list[Any], endpoint: str = CHAT, **more: Any) -> httpx.Response:
        texts = [each if isinstance(each, str) else json.dumps(each) for each in given]
        file = self.upload("\n".join(texts).encode(), "x.jsonl", purpose="batch")
        body = {"input_file_id": file["id"], "endpoint": endpoint, "completion_window": "24h"}
        return self.api.post("/batches", json={**body, **more})

    def create(self, given: list[Any], endpoint: str = CHAT, **more: Any) -> dict[str, Any]:
        response = self.post(given, endpoint, **more)
        assert response.status_code == 200, response.text
        batch: dict[str, Any] = response.json()
        return batch

    def get(self, batch: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/batches/{batch['id']}").json()
        return found

    def run(self, given: list[Any], endpoint: str = CHAT, **more: Any) -> dict[str, Any]:
        return self.get(self.create(given, endpoint, **more))

    def cancel(self, batch: dict[str, Any]) -> httpx.Response:
        return self.api.post(f"/batches/{batch['id']}/cancel")

    def results(self, identifier: str) -> list[dict[str, Any]]:
        text = self.api.get(f"/files/{identifier}/content").text
        return [json.loads(each) for each in text.splitlines()]


@pytest.fixture
def jobs(api: httpx.Client, upload: Upload) -> Api:
    return Api(api, upload)


def mistakes(batch: dict[str, Any]) -> list[tuple[str, str | None, int | None]]:
    assert (batch["status"], batch["output_file_id"]) == ("failed", None)
    assert batch["failed_at"] is not None
    data = batch["errors"]["data"]
    assert all(each["message"] for each in data)
    return [(each["code"], each["param"], each["line"]) for each in data]


def test_batch_is_answered_in_another_order(jobs: Api, api: httpx.Client) -> None:
    given = [line(number) for number in range(20)]
    created = jobs.create(given, metadata={"a": "b"})
    assert (created["status"], created["request_counts"]["total"]) == ("validating", 0)
    assert (created["object"], created["endpoint"]) == ("batch", CHAT)
    assert created["metadata"] == {"a": "b"}
    batch = jobs.get(created)
    assert (batch["status"], batch["errors"], batch["error_file_id"]) == ("completed", None, None)
    assert batch["request_counts"] == {"total": 20, "completed": 20, "failed": 0}
    assert batch["model"] == "gpt-4o"

    results = jobs.results(batch["output_file_id"])
    names = [result["custom_id"] for result in results]
    wanted = [each["custom_id"] for each in given]
    assert names != wanted
    assert sorted(names) == sorted(wanted)
    assert len({result["id"] for result in results}) == 20
    bodies = {each["custom_id"]: each["body"] for each in given}
    for result in results:
        response = result["response"]
        assert (result["error"], response["status_code"]) == (None, 200)
        live = api.post("/chat/completions", json=bodies[result["custom_id"]]).json()
        assert response["body"] == live
    usages = [result["response"]["body"]["usage"] for result in results]
    assert batch["usage"]["total_tokens"] == sum(usage["total_tokens"] for usage in usages)
    file = api.get(f"/files/{batch['output_file_id']}").json()
    assert (file["purpose"], file["filename"]) == ("batch_output", f"{batch['id']}_output.jsonl")


def test_lines_that_fail_are_among_the_errors(jobs: Api) -> None:
    given = [
        line("good"),
        line("unknown", model="missing-model"),
        line("bad", messages=[]),
        line("asked", metadata={"emulator": "status=500; message=Alas"}),
        line("wrong", metadata={"emulator": "nonsense"}),
    ]
    batch = jobs.run(given)
    assert batch["status"] == "completed"
    assert batch["request_counts"] == {"total": 5, "completed": 1, "failed": 4}
    assert [each["custom_id"] for each in jobs.results(batch["output_file_id"])] == ["good"]
    errors = {each["custom_id"]: each for each in jobs.results(batch["error_file_id"])}
    assert {name: each["response"]["status_code"] for name, each in errors.items()} == {
        "unknown": 404,
        "bad": 400,
        "asked": 500,
        "wrong": 400,
    }
    assert errors["unknown"]["response"]["body"]["error"]["code"] == "model_not_found"
    assert errors["asked"]["response"]["body"]["error"]["message"] == "Alas"
    assert all(each["error"] is None for each in errors.values())


def test_batch_whose_lines_all_fail_has_no_output(jobs: Api) -> None:
    batch = jobs.run([line(1, model="missing-x")])
    assert (batch["status"], batch["output_file_id"]) == ("completed", None)
    assert len(jobs.results(batch["error_file_id"])) == 1


def test_batch_of_embeddings(jobs: Api, api: httpx.Client) -> None:
    body = {"model": "text-embedding-3-small", "input": "x", "dimensions": 3}
    given = [{"custom_id": "a", "method": "POST", "url": "/v1/embeddings", "body": body}]
    batch = jobs.run(given, "/v1/embeddings")
    (result,) = jobs.results(batch["output_file_id"])
    assert result["response"]["body"] == api.post("/embeddings", json=body).json()


def test_batch_of_responses(jobs: Api, api: httpx.Client) -> None:
    body = {"model": "gpt-4o", "input": "x"}
    given = [{"custom_id": "a", "method": "POST", "url": "/v1/responses", "body": body}]
    batch = jobs.run(given, "/v1/responses")
    (result,) = jobs.results(batch["output_file_id"])
    made = result["response"]["body"]
    live = api.post("/responses", json=body).json()
    assert (made["status"], made["output"][0]["content"]) == (
        "completed",
        live["output"][0]["content"],
    )
    assert batch["usage"]["total_tokens"] == live["usage"]["total_tokens"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([], ("empty_file", None, None)),
        (["", " "], ("empty_file", None, None)),
        ([line(1), "{"], ("invalid_json_line", None, 2)),
        ([line(1), "[]"], ("invalid_json_line", None, 2)),
        ([line(1), "", line(1)], ("duplicate_custom_id", "custom_id", 3)),
        ([{**line(1), "method": "GET"}], ("invalid_method", "method", 1)),
        ([{**line(1), "url": "/v1/embeddings"}], ("invalid_url", "url", 1)),
        ([{**line(1), "custom_id": 1}], ("missing_required_parameter", "custom_id", 1)),
        ([{**line(1), "body": None}], ("missing_required_parameter", "body", 1)),
        ([line(1), line(2, model="x")], ("mismatched_model", "body.model", 2)),
    ],
)
def test_batch_with_a_mistake_fails(
    jobs: Api, given: list[Any], wanted: tuple[str, str | None, int | None]
) -> None:
    assert mistakes(jobs.run(given)) == [wanted]


def test_all_mistakes_are_told(jobs: Api) -> None:
    found = mistakes(jobs.run(["x", line(1), line(1)]))
    assert [each[2] for each in found] == [1, 3]


def test_line_that_is_not_unicode_is_a_mistake(
    jobs: Api, upload: Upload, api: httpx.Client
) -> None:
    content = json.dumps(line(1)).encode().replace(b"Say", b"S\xff")
    file = upload(content, "x.jsonl", purpose="batch")
    body = {"input_file_id": file["id"], "endpoint": CHAT, "completion_window": "24h"}
    batch = api.post("/batches", json=body).json()
    assert mistakes(jobs.get(batch)) == [("invalid_json_line", None, 1)]


def test_batch_has_no_more_lines_than_it_may(jobs: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines.MAX_LINES == 50_000
    monkeypatch.setattr(lines, "MAX_LINES", 3)
    assert mistakes(jobs.run([line(number) for number in range(4)])) == [
        ("too_many_tasks", None, None)
    ]
    assert jobs.run([line(number) for number in range(3)])["status"] == "completed"


def test_batch_is_a_function_of_the_clock(jobs: Api, emulator: Emulator) -> None:
    emulator.settings.processing_seconds = 1000
    batch = jobs.create([line(number) for number in range(8)])
    seen = []
    for seconds in (0, 150, 400, 400, 100):
        emulator.advance(seconds)
        now = jobs.get(batch)
        counts = now["request_counts"]
        seen.append((now["status"], counts["total"], counts["completed"]))
        assert (now["output_file_id"] is not None) == (now["status"] == "completed")
    assert seen == [
        ("validating", 0, 0),
        ("in_progress", 8, 0),
        ("in_progress", 8, 4),
        ("finalizing", 8, 8),
        ("completed", 8, 8),
    ]
    assert now["in_progress_at"] == now["created_at"] + 100
    assert now["completed_at"] == now["created_at"] + 1000
    assert emulator.batches[0].status == "completed"


def test_failed_batch_is_validated_first(jobs: Api, emulator: Emulator) -> None:
    emulator.settings.processing_seconds = 1000
    batch = jobs.create([])
    assert (jobs.get(batch)["status"], jobs.get(batch)["errors"]) == ("validating", None)
    emulator.advance(101)
    assert mistakes(jobs.get(batch)) == [("empty_file", None, None)]


def test_cancelled_batch_keeps_what_is_finished(jobs: Api, emulator: Emulator) -> None:
    emulator.settings.processing_seconds = 1000
    batch = jobs.create([line(number) for number in range(8)])
    emulator.advance(510)
    told = jobs.cancel(batch).json()
    assert (told["status"], told["output_file_id"]) == ("cancelling", None)
    emulator.advance(1)
    told = jobs.get(batch)
    assert (told["status"], told["request_counts"]["completed"]) == ("cancelled", 4)
    done = jobs.results(told["output_file_id"])
    rest = jobs.results(told["error_file_id"])
    assert (len(done), len(rest)) == (4, 4)
    assert {each["custom_id"] for each in done + rest} == {str(number) for number in range(8)}
    assert {each["error"]["code"] for each in rest} == {"batch_cancelled"}
    assert {each["response"] for each in rest} == {None}
    assert jobs.cancel(batch).json()["status"] == "cancelled"


def test_batch_that_is_done_cannot_be_cancelled(jobs: Api) -> None:
    response = jobs.cancel(jobs.run([line(1)]))
    assert response.status_code == 409
    assert "completed" in response.json()["error"]["message"]


def test_batch_may_expire(jobs: Api, emulator: Emulator) -> None:
    emulator.settings.processing_seconds = 1000
    batch = jobs.create([line(number) for number in range(6)], metadata={"emulator": "expire"})
    emulator.advance(999)
    assert jobs.get(batch)["status"] == "in_progress"
    emulator.advance(1)
    told = jobs.get(batch)
    assert (told["status"], told["completed_at"]) == ("expired", None)
    assert told["expired_at"] == told["created_at"] + 1000
    assert len(jobs.results(told["output_file_id"])) == 3
    rest = jobs.results(told["error_file_id"])
    assert [each["error"]["code"] for each in rest] == ["batch_expired"] * 3


def test_batches_are_listed_in_pages(jobs: Api, api: httpx.Client) -> None:
    made = [jobs.create([line(1)])["id"] for _ in range(3)]
    first = api.get("/batches?limit=2").json()
    assert [each["id"] for each in first["data"]] == made[:0:-1]
    assert (first["has_more"], first["data"][0]["status"]) == (True, "completed")
    rest = api.get(f"/batches?after={first['last_id']}").json()
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (made[:1], False)


def test_results_are_there_once(jobs: Api, emulator: Emulator) -> None:
    batch = jobs.run([line(1)])
    assert jobs.get(batch) == batch
    assert [file.purpose for file in emulator.files] == ["batch", "batch_output"]
    jobs.api.delete(f"/files/{batch['output_file_id']}")
    assert jobs.get(batch)["output_file_id"] == batch["output_file_id"]


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"input_file_id": "file-x"}, "input_file_id"),
        ({"input_file_id": None}, "input_file_id"),
        ({"endpoint": "/v1/models"}, "endpoint"),
        ({"completion_window": "1h"}, "completion_window"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_bad_batch_names_its_param(jobs: Api, more: dict[str, Any], param: str) -> None:
    response = jobs.post([line(1)], **more)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


def test_input_must_be_a_file_for_batches(
    jobs: Api, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_BYTES", 4)
    for file in (upload(b"{}", purpose="assistants"), upload(b"12345", purpose="batch")):
        response = jobs.post([], input_file_id=file["id"])
        assert (response.status_code, response.json()["error"]["param"]) == (400, "input_file_id")


def test_unknown_batch(jobs: Api) -> None:
    for response in (jobs.api.get("/batches/x"), jobs.cancel({"id": "x"})):
        assert response.status_code == 404


@pytest.mark.parametrize(
    ("blocks", "wanted"),
    [
        ([], []),
        ([b"a\nb"], [(1, b"a"), (2, b"b")]),
        ([b"a", b"a\n\n", b"\nb\n"], [(1, b"aa"), (4, b"b")]),
        ([b"a\r\n \r\nb"], [(1, b"a\r"), (3, b"b")]),
    ],
)
def test_lines_are_split(blocks: list[bytes], wanted: list[tuple[int, bytes]]) -> None:
    assert list(split(blocks)) == wanted


def test_order_is_never_that_of_the_input() -> None:
    for size in (2, 3, 4):
        given = [Line(custom_id=str(number)) for number in range(size)]
        for seed in range(30):
            other = shuffled(given, str(seed))
            assert other != given
            assert sorted(each.custom_id for each in other) == [each.custom_id for each in given]
    assert shuffled(given[:1], "x") == given[:1]
