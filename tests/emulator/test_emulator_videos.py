from __future__ import annotations

from typing import Any

import httpx
import pytest
from declared import misfits

from openai_async import AsyncOpenAI, NotFoundError
from openai_async.emulator import Emulator
from openai_async.emulator.courses import Course, way
from openai_async.emulator.videos import WAITING
from openai_async.emulator.videos import Video as Making
from openai_async.types.videos import Video

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


async def create(client: AsyncOpenAI, model: str = "sora-2", **more: Any) -> Video:
    video: Video = await client.videos.create(prompt="A cat", model=model, **more)
    assert misfits(video) == []
    return video


async def look(client: AsyncOpenAI, video: Video) -> Video:
    video = await client.videos.retrieve(video.id)
    assert misfits(video) == []
    return video


@pytest.mark.parametrize("more", [{}, {"input_reference": ("a.png", b"picture", "image/png")}])
async def test_video_is_made(client: AsyncOpenAI, more: dict[str, Any]) -> None:
    video = await create(client, seconds="8", size="1280x720", **more)
    assert (video.status, video.progress, video.prompt) == ("queued", 0, "A cat")
    done = await look(client, video)
    assert (done.status, done.progress, done.completed_at is not None) == ("completed", 100, True)
    assert (done.seconds, done.size) == ("8", "1280x720")
    content = await client.videos.download_content(video.id)
    assert content.content[4:8] == b"ftyp"
    thumbnail = await client.videos.download_content(video.id, variant="thumbnail")
    assert thumbnail.content.startswith(b"\x89PNG")


async def test_video_that_is_not_done_has_no_content(client: AsyncOpenAI) -> None:
    video = await create(client, "never-ends")
    going = await look(client, video)
    assert (going.status, going.progress) == ("in_progress", 99)
    with pytest.raises(NotFoundError, match="it is in_progress"):
        await client.videos.download_content(video.id)


async def test_video_fails(client: AsyncOpenAI) -> None:
    video = await look(client, await create(client, "fails"))
    assert (video.status, video.progress) == ("failed", 0)
    assert video.error is not None
    assert video.error.code == "video_generation_failed"


async def test_videos_are_kept(client: AsyncOpenAI) -> None:
    video = await create(client)
    remix = await client.videos.remix(video.id, prompt="A dog")
    assert (remix.remixed_from_video_id, remix.prompt, misfits(remix)) == (video.id, "A dog", [])
    assert [each.id async for each in client.videos.list(order="asc")] == [video.id, remix.id]
    assert misfits(await client.videos.delete(video.id)) == []
    with pytest.raises(NotFoundError, match="video"):
        await client.videos.retrieve(video.id)


def test_progress_follows_the_clock() -> None:
    course = Course(100.0, way(WAITING, "completed", 10.0))
    video = Making("video_1", 1000, course, "sora-2", "A cat", "4", "720x1280")
    found = [video.as_json(100.0 + second) for second in (0, 4, 6, 9.99, 11)]
    assert [each["progress"] for each in found] == [0, 0, 60, 99, 100]
    assert [each["status"] for each in found] == [
        *("queued", "queued", "in_progress", "in_progress", "completed")
    ]
    assert [each["completed_at"] for each in found] == [None, None, None, None, 1010]


def test_video_asked_for_in_json_and_in_a_form(api: httpx.Client, emulator: Emulator) -> None:
    body = {"prompt": "A cat", "seconds": "12"}
    form = {name: (None, value) for name, value in body.items()}
    for sent in (api.post("/videos", json=body), api.post("/videos", files=form)):
        assert (sent.json()["prompt"], sent.json()["seconds"]) == ("A cat", "12")
        assert sent.headers["openai-poll-after-ms"] == "20"


def test_bad_requests_name_their_param(api: httpx.Client) -> None:
    response = api.post("/videos", json={"model": "sora-2"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "prompt")
    video = api.post("/videos", json={"prompt": "x"}).json()
    response = api.get(f"/videos/{video['id']}/content", params={"variant": "x"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "variant")
