"""Jobs of the emulator, begun and waited for in one call, to the end and not to the end."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from openai_async import AsyncOpenAI, DeadlineExceeded, WaitTimeout
from openai_async.emulator import Emulator
from openai_sync import OpenAI

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

FUNCTION: Any = {"type": "function", "function": {"name": "weather", "parameters": {}}}
QUESTION: Any = {"messages": [{"role": "user", "content": "How is the weather?"}]}


async def assistant(client: AsyncOpenAI, **options: Any) -> str:
    return (await client.beta.assistants.create(**{"model": "gpt-4o", **options})).id


async def begun(client: AsyncOpenAI, model: str = "gpt-4o") -> tuple[str, str]:
    """The ids of a run and of its thread."""
    run = await client.beta.threads.create_and_run(
        assistant_id=await assistant(client, model=model), thread=QUESTION
    )
    return run.id, run.thread_id


async def test_a_run_is_begun_and_waited_for(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.settings.run_seconds = 0.05
    thread = await client.beta.threads.create(**QUESTION)
    seen: list[str] = []
    run = await client.beta.threads.runs.create_and_poll(
        thread.id,
        assistant_id=await assistant(client),
        on_poll=lambda run: seen.append(run.status),
    )
    assert run.status == "completed"
    assert seen[-1] == "completed"
    messages = await client.beta.threads.messages.list(thread.id)
    assert [message.role for message in messages.data] == ["assistant", "user"]


async def test_a_run_that_needs_tools_is_given_their_outputs(client: AsyncOpenAI) -> None:
    run = await client.beta.threads.create_and_run_poll(
        assistant_id=await assistant(client, tools=[FUNCTION]), thread=QUESTION
    )
    assert run.status == "requires_action"
    assert run.required_action is not None
    calls = run.required_action.submit_tool_outputs.tool_calls
    run = await client.beta.threads.runs.submit_tool_outputs_and_poll(
        run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": call.id, "output": "sunny"} for call in calls],
    )
    assert run.status == "completed"


def test_blocking_runs_are_begun_and_waited_for(sync_client: OpenAI) -> None:
    assistant = sync_client.beta.assistants.create(model="gpt-4o")
    run = sync_client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=QUESTION)
    assert run.status == "completed"


async def test_a_run_that_never_ends_stops_at_the_deadline(client: AsyncOpenAI) -> None:
    run_id, thread_id = await begun(client, "never-ends")
    with anyio.fail_after(30), pytest.raises(DeadlineExceeded) as caught:
        await client.beta.threads.runs.poll(run_id, thread_id, deadline=1.0)
    assert caught.value.last_event.status == "in_progress"
    assert (await client.beta.threads.runs.retrieve(run_id, thread_id=thread_id)).status == (
        "in_progress"
    )


async def test_a_deadline_may_stop_the_run_too(client: AsyncOpenAI) -> None:
    run_id, thread_id = await begun(client, "never-ends")
    with anyio.fail_after(30), pytest.raises(WaitTimeout):
        await client.beta.threads.runs.poll(
            run_id, thread_id, max_wait_seconds=0.2, cancel_on_exit=True
        )
    stopped = await client.beta.threads.runs.poll(run_id, thread_id)
    assert stopped.status == "cancelled"


async def test_cancelling_stops_what_was_just_begun(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    seen: list[str] = []

    async def on_poll(run: Any) -> None:
        seen.append(run.id)
        if len(seen) == 3:
            scope.cancel()

    with anyio.CancelScope() as scope:
        await client.beta.threads.create_and_run_poll(
            assistant_id=await assistant(client, model="never-ends"),
            thread=QUESTION,
            on_poll=on_poll,
            cancel_on_exit=True,
        )
    assert scope.cancelled_caught
    assert emulator.requests[-1].path.endswith(f"/runs/{seen[0]}/cancel")


async def test_a_background_response_is_waited_for(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.settings.run_seconds = 0.05
    begun = await client.responses.create(model="gpt-5", input="Say hello.", background=True)
    assert begun.status == "queued"
    response = await client.responses.wait(begun.id)
    assert (response.status, response.output_text) == ("completed", "You said: Say hello.")


async def test_nobody_pays_for_a_response_that_nobody_waits_for(client: AsyncOpenAI) -> None:
    begun = await client.responses.create(model="never-ends", input="Hm.", background=True)
    with anyio.fail_after(30), pytest.raises(DeadlineExceeded):
        await client.responses.wait(begun.id, deadline=0.3, cancel_on_exit=True)
    assert (await client.responses.retrieve(begun.id)).status == "cancelled"


async def test_the_interval_follows_what_the_server_says(
    client: AsyncOpenAI, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.settings.poll_hints = (15, 40, 5)
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    async def on_poll(run: Any) -> None:
        if len(waited) == 5:
            scope.cancel()
            await anyio.lowlevel.checkpoint()

    monkeypatch.setattr("openai_async._polling.pause", pause)
    run_id, thread_id = await begun(client, "never-ends")
    with anyio.CancelScope() as scope:
        await client.beta.threads.runs.poll(run_id, thread_id, on_poll=on_poll)
    assert waited == [0.015, 0.04, 0.005, 0.005, 0.005]


async def test_a_file_is_attached_and_waited_for(client: AsyncOpenAI) -> None:
    store = await client.vector_stores.create()
    done = await client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("a.txt", b"a"), attributes={"kind": "note"}
    )
    assert (done.status, done.attributes) == ("completed", {"kind": "note"})
    failed = await client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("a.fail", b"a")
    )
    assert failed.status == "failed"


async def test_a_file_that_cannot_be_attached_is_named(
    client: AsyncOpenAI, emulator: Emulator
) -> None:
    with pytest.raises(Exception, match="404") as caught:
        await client.vector_stores.files.upload(vector_store_id="vs_none", file=("a.txt", b"a"))
    (file,) = emulator.files
    assert file.id in "".join(caught.value.__notes__)  # type: ignore[attr-defined]


async def test_an_uploaded_file_is_waited_for(client: AsyncOpenAI, emulator: Emulator) -> None:
    emulator.settings.file_seconds = 0.05
    file = await client.files.create(file=("a.txt", b"a"), purpose="fine-tune")
    assert file.status == "uploaded"
    done = await client.files.wait_for_processing(file.id, poll_interval=0.01)
    assert done.status == "processed"


async def test_a_video_is_made_and_waited_for(client: AsyncOpenAI) -> None:
    video = await client.videos.create_and_poll(prompt="A river.")
    assert video.status == "completed"


async def test_a_job_of_fine_tuning_is_waited_for(client: AsyncOpenAI) -> None:
    file = await client.files.create(file=("a.jsonl", b"{}\n"), purpose="fine-tune")
    job = await client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file.id)
    assert (await client.fine_tuning.jobs.wait(job.id)).status == "succeeded"
