from __future__ import annotations

from typing import Any

import httpx
import pytest
from declared import misfits

from openai_async import AsyncOpenAI, BadRequestError, NotFoundError
from openai_async.types.evals import RunCreateResponse, RunRetrieveResponse

CONFIG: Any = {
    "type": "custom",
    "item_schema": {"type": "object", "properties": {"a": {"type": "string"}}},
    "include_sample_schema": True,
}
CRITERION: Any = {
    "type": "string_check",
    "name": "same",
    "input": "{{ sample.output_text }}",
    "operation": "eq",
    "reference": "{{ item.a }}",
}
ITEMS: Any = {"type": "file_content", "content": [{"item": {"a": "x"}}, {"item": {"a": "y"}}]}


def undeclared(run: Any) -> list[str]:
    """The API says that the error of a run is an object, and gives null where there is none."""
    return [text for text in misfits(run) if ".error: None" not in text]


async def create(client: AsyncOpenAI, model: str = "gpt-4o") -> RunCreateResponse:
    made = await client.evals.create(
        data_source_config=CONFIG, testing_criteria=[CRITERION], name="Mine"
    )
    assert misfits(made) == []
    source: Any = {"type": "completions", "model": model, "source": ITEMS}
    run = await client.evals.runs.create(made.id, data_source=source, name="First")
    assert undeclared(run) == []
    return run


async def look(client: AsyncOpenAI, run: RunCreateResponse) -> RunRetrieveResponse:
    found = await client.evals.runs.retrieve(run.id, eval_id=run.eval_id)
    assert undeclared(found) == []
    return found


async def test_run_completes(client: AsyncOpenAI) -> None:
    run = await create(client)
    assert (run.status, run.name, run.model) == ("queued", "First", "gpt-4o")
    assert (run.result_counts.total, run.result_counts.passed) == (2, 0)
    done = await look(client, run)
    assert (done.status, done.result_counts.passed) == ("completed", 2)
    assert [each.testing_criteria for each in done.per_testing_criteria_results] == ["same"]
    runs = client.evals.runs.list(run.eval_id, status="completed")
    assert [each.id async for each in runs] == [run.id]
    assert [each.id async for each in client.evals.runs.list(run.eval_id, status="failed")] == []


async def test_run_fails(client: AsyncOpenAI) -> None:
    run = await look(client, await create(client, "fails"))
    assert (run.status, run.error.code) == ("failed", "server_error")


async def test_run_is_canceled(client: AsyncOpenAI) -> None:
    run = await create(client, "never-ends")
    assert (await look(client, run)).status == "in_progress"
    canceled = await client.evals.runs.cancel(run.id, eval_id=run.eval_id)
    assert (canceled.status, undeclared(canceled)) == ("canceled", [])
    assert (await look(client, run)).status == "canceled"
    with pytest.raises(BadRequestError, match="cannot be canceled"):
        await client.evals.runs.cancel(run.id, eval_id=run.eval_id)


async def test_run_of_a_file(client: AsyncOpenAI) -> None:
    file = await client.files.create(file=("x.jsonl", b"{}\n{}\n{}\n"), purpose="evals")
    made = await client.evals.create(data_source_config=CONFIG, testing_criteria=[])
    run = await client.evals.runs.create(
        made.id, data_source={"type": "jsonl", "source": {"type": "file_id", "id": file.id}}
    )
    assert (run.result_counts.total, undeclared(run)) == (3, [])


async def test_evals_are_kept(client: AsyncOpenAI) -> None:
    run = await create(client)
    found = await client.evals.retrieve(run.eval_id)
    assert (found.name, misfits(found)) == ("Mine", [])
    assert (await client.evals.update(run.eval_id, name="New")).name == "New"
    assert [each.name async for each in client.evals.list()] == ["New"]
    deleted = await client.evals.runs.delete(run.id, eval_id=run.eval_id)
    assert (deleted.run_id, misfits(deleted)) == (run.id, [])
    with pytest.raises(NotFoundError, match="eval run"):
        await client.evals.runs.retrieve(run.id, eval_id=run.eval_id)
    assert misfits(await client.evals.delete(run.eval_id)) == []
    with pytest.raises(NotFoundError, match="eval"):
        await client.evals.retrieve(run.eval_id)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "data_source"),
        ({"data_source": {}}, "data_source.source"),
        (
            {"data_source": {"source": {"type": "file_id", "id": "file-x"}}},
            "data_source.source.id",
        ),
    ],
)
def test_bad_run_names_its_param(api: httpx.Client, body: dict[str, Any], param: str) -> None:
    given = {"data_source_config": CONFIG, "testing_criteria": [CRITERION]}
    made = api.post("/evals", json=given).json()
    response = api.post(f"/evals/{made['id']}/runs", json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("param", ["data_source_config", "testing_criteria"])
def test_bad_eval_names_its_param(api: httpx.Client, param: str) -> None:
    given = {"data_source_config": CONFIG, "testing_criteria": [CRITERION]}
    response = api.post("/evals", json={**given, param: None})
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)
