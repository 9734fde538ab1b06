"""Waiting for every kind of job: until it ends, or until nobody waits for it any more."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import anyio
import httpx
import pytest
import respx

from openai_async import AsyncOpenAI, BadRequestError, DeadlineExceeded, WaitTimeout
from openai_async._decode import decode
from openai_async._jobs import DONE, WORKING
from openai_async.types.vector_stores import VectorStoreFileBatch
from openai_sync import OpenAI

BASE = "https://api.test/v1"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Kind(NamedTuple):
    """How one kind of job is waited for."""

    job: str
    method: str
    arguments: dict[str, Any]
    path: str
    goes_on: str
    ended: str
    cancelled_at: str = ""


RUN = {"run_id": "run_1", "thread_id": "thread_1"}
STORE = {"vector_store_id": "vs_1"}

KINDS = [
    Kind(
        "beta.threads.runs",
        "beta.threads.runs.poll",
        RUN,
        "/threads/thread_1/runs/run_1",
        "in_progress",
        "requires_action",
        "/threads/thread_1/runs/run_1/cancel",
    ),
    Kind(
        "vector_stores.files",
        "vector_stores.files.poll",
        {"file_id": "file-1", **STORE},
        "/vector_stores/vs_1/files/file-1",
        "in_progress",
        "failed",
    ),
    Kind(
        "vector_stores.file_batches",
        "vector_stores.file_batches.poll",
        {"batch_id": "vsfb_1", **STORE},
        "/vector_stores/vs_1/file_batches/vsfb_1",
        "in_progress",
        "completed",
        "/vector_stores/vs_1/file_batches/vsfb_1/cancel",
    ),
    Kind("videos", "videos.poll", {"video_id": "v_1"}, "/videos/v_1", "queued", "completed"),
    Kind(
        "responses",
        "responses.wait",
        {"response_id": "resp_1"},
        "/responses/resp_1",
        "queued",
        "incomplete",
        "/responses/resp_1/cancel",
    ),
    Kind(
        "beta.responses",
        "beta.responses.wait",
        {"response_id": "resp_1"},
        "/responses/resp_1",
        "in_progress",
        "completed",
        "/responses/resp_1/cancel",
    ),
    Kind(
        "batches",
        "batches.wait",
        {"batch_id": "batch_1"},
        "/batches/batch_1",
        "finalizing",
        "expired",
        "/batches/batch_1/cancel",
    ),
    Kind(
        "fine_tuning.jobs",
        "fine_tuning.jobs.wait",
        {"fine_tuning_job_id": "ft_1"},
        "/fine_tuning/jobs/ft_1",
        "validating_files",
        "succeeded",
        "/fine_tuning/jobs/ft_1/cancel",
    ),
    Kind(
        "evals.runs",
        "evals.runs.wait",
        {"run_id": "run_1", "eval_id": "eval_1"},
        "/evals/eval_1/runs/run_1",
        "queued",
        "canceled",
        "/evals/eval_1/runs/run_1/cancel",
    ),
    Kind(
        "files",
        "files.wait_for_processing",
        {"id": "file-1"},
        "/files/file-1",
        "uploaded",
        "error",
    ),
]
CANCELLABLE = [kind for kind in KINDS if kind.cancelled_at]

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.job)
every_cancellable = pytest.mark.parametrize("kind", CANCELLABLE, ids=lambda kind: kind.job)


class Server:
    """Answers questions about one job with the statuses that it is given, and notes who cancels."""

    def __init__(self, router: respx.MockRouter, kind: Kind, *statuses: str) -> None:
        self.kind, self.statuses = kind, list(statuses)
        self.asked: list[httpx.Request] = []
        self.cancels: list[httpx.Request] = []
        self.cancelling = 200
        router.route().mock(side_effect=self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert request.url.path == f"/v1{self.kind.cancelled_at}"
            self.cancels.append(request)
            return httpx.Response(self.cancelling, json=job("cancelled"))
        assert request.url.path == f"/v1{self.kind.path}"
        self.asked.append(request)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return httpx.Response(200, json=job(status), headers={"openai-poll-after-ms": "0"})


def job(status: str) -> dict[str, Any]:
    return {"id": "job_1", "status": status}


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def api() -> AsyncOpenAI:
    return AsyncOpenAI(api_key="k", base_url=BASE, max_retries=0)


def method(client: Any, kind: Kind) -> Callable[..., Any]:
    for name in kind.method.split("."):
        client = getattr(client, name)
    found: Callable[..., Any] = client
    return found


def quick(kind: Kind) -> dict[str, Any]:
    return {"poll_interval": 0} if kind.job == "files" else {}


def test_every_kind_of_job_is_here() -> None:
    assert {kind.job for kind in KINDS} == set(DONE)


@every_kind
async def test_it_asks_until_the_job_has_ended(
    kind: Kind, router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    server = Server(router, kind, kind.goes_on, kind.goes_on, kind.ended)
    seen: list[str] = []
    ended = await method(api, kind)(
        **kind.arguments, on_poll=lambda now: seen.append(now.status), **quick(kind)
    )
    assert ended.status == kind.ended
    assert seen == [kind.goes_on, kind.goes_on, kind.ended]
    assert {request.headers["x-stainless-poll-helper"] for request in server.asked} == {"true"}


@every_kind
def test_blocking(kind: Kind, router: respx.MockRouter) -> None:
    Server(router, kind, kind.goes_on, kind.ended)
    client = OpenAI(api_key="k", base_url=BASE)
    ended = method(client, kind)(**kind.arguments, **quick(kind))
    assert ended.status == kind.ended


@pytest.mark.parametrize("job", WORKING)
async def test_every_status_of_work_is_waited_for(
    job: str, router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    kind = next(kind for kind in KINDS if kind.job == job)
    server = Server(router, kind, *sorted(WORKING[job]), kind.ended)
    ended = await method(api, kind)(**kind.arguments, **quick(kind))
    assert (ended.status, len(server.asked)) == (kind.ended, len(WORKING[job]) + 1)


@every_kind
async def test_a_status_that_is_not_known_is_shown(
    kind: Kind, router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    Server(router, kind, kind.goes_on, "hibernating")
    assert (await method(api, kind)(**kind.arguments, **quick(kind))).status == "hibernating"


@every_kind
async def test_the_wait_is_bounded(kind: Kind, router: respx.MockRouter, api: AsyncOpenAI) -> None:
    server = Server(router, kind, kind.goes_on)
    with pytest.raises(WaitTimeout, match="max_wait_seconds") as caught:
        await method(api, kind)(**kind.arguments, max_wait_seconds=0, **quick(kind))
    assert len(server.asked) == 1
    assert server.cancels == []
    assert caught.value.last_event.status == kind.goes_on
    assert isinstance(caught.value, (TimeoutError, RuntimeError, DeadlineExceeded))


@every_kind
async def test_what_has_ended_is_in_time_even_without_any(
    kind: Kind, router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    Server(router, kind, kind.ended)
    ended = await method(api, kind)(**kind.arguments, max_wait_seconds=0)
    assert ended.status == kind.ended


@every_cancellable
async def test_a_deadline_cancels_the_job_of_the_server(
    kind: Kind, router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    server = Server(router, kind, kind.goes_on)
    with pytest.raises(DeadlineExceeded):
        await method(api, kind)(
            **kind.arguments, poll_interval_ms=60_000, deadline=0.2, cancel_on_exit=True
        )
    assert len(server.cancels) == 1


@every_cancellable
async def test_cancelling_the_wait_cancels_the_job_of_the_server(
    kind: Kind, router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    server = Server(router, kind, kind.goes_on)

    async def on_poll(_: object) -> None:
        scope.cancel()

    with anyio.CancelScope() as scope:
        await method(api, kind)(**kind.arguments, on_poll=on_poll, cancel_on_exit=True)
    assert scope.cancelled_caught
    assert len(server.cancels) == 1


@every_cancellable
async def test_a_job_is_left_alone_unless_asked(
    kind: Kind, router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    server = Server(router, kind, kind.goes_on)

    async def on_poll(_: object) -> None:
        scope.cancel()

    with anyio.CancelScope() as scope:
        await method(api, kind)(**kind.arguments, on_poll=on_poll)
    assert server.cancels == []


async def test_an_error_stays_when_cancelling_fails(
    router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    server = Server(router, CANCELLABLE[0], "in_progress")
    server.cancelling = 400

    def on_poll(_: object) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough") as caught:
        await method(api, CANCELLABLE[0])(**RUN, on_poll=on_poll, cancel_on_exit=True)
    (note,) = caught.value.__notes__  # type: ignore[attr-defined]
    assert re.match(r"The job goes on, since it could not be cancelled: .*400", note)


async def test_what_is_sent_with_a_question_is_sent_with_the_cancel(
    router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    server = Server(router, CANCELLABLE[0], "in_progress")
    with pytest.raises(WaitTimeout):
        await api.beta.threads.runs.poll(
            "run_1",
            "thread_1",
            max_wait_seconds=0,
            cancel_on_exit=True,
            extra_headers={"X-Gateway": "a"},
            extra_query={"team": "b"},
        )
    for request in (*server.asked, *server.cancels):
        assert (request.headers["x-gateway"], request.url.params["team"]) == ("a", "b")


async def test_a_question_that_hangs_is_cut_by_the_wait(
    router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    answers = iter([httpx.Response(200, json=job("queued"), headers={"openai-poll-after-ms": "0"})])

    async def answer(request: httpx.Request) -> httpx.Response:
        for first in answers:
            return first
        await anyio.sleep_forever()
        raise AssertionError

    router.route().mock(side_effect=answer)
    with anyio.fail_after(30), pytest.raises(WaitTimeout) as caught:
        await api.videos.poll("v_1", max_wait_seconds=1.0)
    assert caught.value.last_event.status == "queued"


async def test_an_error_of_the_server_ends_the_wait(
    router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    router.route().mock(return_value=httpx.Response(400, json={"error": {"message": "no"}}))
    with pytest.raises(BadRequestError):
        await api.batches.wait("batch_1")


async def test_the_first_question_is_cut_too(router: respx.MockRouter, api: AsyncOpenAI) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    router.route().mock(side_effect=answer)
    with anyio.fail_after(30), pytest.raises(WaitTimeout):
        await api.responses.wait("resp_1", max_wait_seconds=0.1)


async def test_what_is_told_is_cut_too(router: respx.MockRouter, api: AsyncOpenAI) -> None:
    Server(router, CANCELLABLE[0], "in_progress")

    async def on_poll(_: object) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(30), pytest.raises(WaitTimeout):
        await method(api, CANCELLABLE[0])(**RUN, on_poll=on_poll, max_wait_seconds=0.1)


@pytest.mark.parametrize(
    ("counts", "status", "over"),
    [
        ({"in_progress": 0}, "in_progress", True),
        ({"in_progress": 1}, "completed", False),
        ({"in_progress": None}, "in_progress", False),
        ({}, "in_progress", False),
        ({}, "failed", True),
        (None, "in_progress", False),
        (5, "completed", True),
    ],
)
def test_a_batch_of_files_goes_by_its_counts_or_its_status(
    counts: Any, status: str, over: bool
) -> None:
    answer = json.dumps({"file_counts": counts, "status": status}).encode()
    batch = decode(answer, VectorStoreFileBatch)
    assert DONE["vector_stores.file_batches"](batch) is over


async def test_a_status_of_another_kind_is_shown(
    router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    router.route().respond(json={"id": "resp_1", "status": {"phase": 1}})
    response: Any = await api.responses.wait("resp_1")
    assert response.status == {"phase": 1}


async def test_what_was_begun_is_named_in_every_error(
    router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    router.route().respond(json=job("in_progress"))

    def on_poll(_: object) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError) as caught:
        await api.beta.threads.runs.create_and_poll("t", assistant_id="a", on_poll=on_poll)
    assert caught.value.__notes__ == ["This was waited for: job_1."]  # type: ignore[attr-defined]


async def test_an_interval_of_nothing_begins_nothing(
    router: respx.MockRouter, api: AsyncOpenAI
) -> None:
    nothing: Any = None
    with pytest.raises(TypeError, match="poll_interval_ms"):
        await api.videos.create_and_poll(prompt="A river.", poll_interval_ms=nothing)
    assert not router.calls


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_second_cancel_is_noted(router: respx.MockRouter, api: AsyncOpenAI) -> None:
    asked, cancelling = anyio.Event(), anyio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        (cancelling if request.method == "POST" else asked).set()
        await anyio.sleep_forever()
        raise AssertionError

    router.route().mock(side_effect=answer)
    task = asyncio.ensure_future(api.responses.wait("resp_1", cancel_on_exit=True))
    await asked.wait()
    task.cancel()
    await cancelling.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    errors = (caught.value, caught.value.__context__)
    notes = [note for error in errors for note in getattr(error, "__notes__", ())]
    assert any(note.startswith("The job goes on") for note in notes)
