from __future__ import annotations

from typing import Any

import httpx
import pytest
from declared import misfits

from openai_async import AsyncOpenAI, BadRequestError
from openai_async.emulator import Emulator
from openai_async.types.fine_tuning import FineTuningJob


async def create(
    client: AsyncOpenAI, model: str = "gpt-4o-mini", name: str = "x.jsonl", **more: Any
) -> FineTuningJob:
    file = await client.files.create(file=(name, b"x" * 40), purpose="fine-tune")
    job = await client.fine_tuning.jobs.create(model=model, training_file=file.id, **more)
    assert misfits(job) == []
    return job


async def look(client: AsyncOpenAI, job: FineTuningJob) -> FineTuningJob:
    job = await client.fine_tuning.jobs.retrieve(job.id)
    assert misfits(job) == []
    return job


async def messages(client: AsyncOpenAI, job: FineTuningJob) -> list[str]:
    events = [event async for event in client.fine_tuning.jobs.list_events(job.id)]
    assert [text for event in events for text in misfits(event)] == []
    assert len({event.id for event in events}) == len(events)
    return [event.message for event in reversed(events)]


async def test_job_succeeds(client: AsyncOpenAI) -> None:
    job = await create(client, suffix="mine", metadata={"a": "b"})
    assert (job.status, job.fine_tuned_model, job.finished_at) == ("validating_files", None, None)
    done = await look(client, job)
    assert (done.status, done.trained_tokens, done.metadata) == ("succeeded", 10, {"a": "b"})
    assert done.fine_tuned_model is not None
    assert done.fine_tuned_model.startswith("ft:gpt-4o-mini:acme:mine:")
    assert done.finished_at is not None
    assert await messages(client, job) == [
        "Validating the training file.",
        "The files are valid: the job is queued.",
        "The training has begun.",
        "The job has ended: the model is ready.",
    ]
    assert [each.id async for each in client.fine_tuning.jobs.list()] == [job.id]


@pytest.mark.parametrize(
    ("model", "name", "code", "states"),
    [("fails", "x.jsonl", "server_error", 4), ("gpt-4o", "x.fail", "invalid_training_file", 2)],
)
async def test_job_fails(
    client: AsyncOpenAI, model: str, name: str, code: str, states: int
) -> None:
    job = await look(client, await create(client, model, name))
    assert job.status == "failed"
    assert job.error is not None
    assert (job.error.code, job.fine_tuned_model) == (code, None)
    assert len(await messages(client, job)) == states


async def test_job_is_cancelled(client: AsyncOpenAI) -> None:
    job = await create(client, "never-ends")
    assert (await look(client, job)).status == "running"
    job = await client.fine_tuning.jobs.cancel(job.id)
    assert (job.status, misfits(job)) == ("cancelled", [])
    assert (await look(client, job)).status == "cancelled"
    with pytest.raises(BadRequestError, match="cannot be cancelled"):
        await client.fine_tuning.jobs.cancel(job.id)


async def test_job_is_paused_and_resumed(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.settings.run_seconds = 1000
    job = await create(client)
    with pytest.raises(BadRequestError, match="cannot be resumed"):
        await client.fine_tuning.jobs.resume(job.id)
    assert str((await client.fine_tuning.jobs.pause(job.id)).status) == "paused"
    assert str((await client.fine_tuning.jobs.retrieve(job.id)).status) == "paused"
    emulator.settings.run_seconds = 0
    assert (await client.fine_tuning.jobs.resume(job.id)).status == "queued"
    assert (await look(client, job)).status == "succeeded"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "model"),
        ({"model": "gpt-4o"}, "training_file"),
        ({"model": "gpt-4o", "training_file": "file-x"}, "training_file"),
    ],
)
def test_bad_job_names_its_param(api: httpx.Client, body: dict[str, Any], param: str) -> None:
    response = api.post("/fine_tuning/jobs", json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)
