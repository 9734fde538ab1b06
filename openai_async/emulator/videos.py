"""The endpoints of videos: a prompt, some time, and a file without a single frame."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from .courses import Course, Job, end_of, way
from .errors import ApiError, invalid, missing
from .generation import json_body
from .images import colour, png
from .paging import page
from .polls import polled
from .replies import JsonReply
from .rows import Rows
from .settings import Settings
from .store import Shelf, Store

WAITING = ("queued", "in_progress")
ENDS: Mapping[str, str] = {"fails": "failed"}
FAILURE = {"code": "video_generation_failed", "message": "The model failed, as its name says."}
VARIANTS = ("video", "thumbnail", "spritesheet")
LIFETIME = 86_400
SIDE = 16
FILE_TYPE = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"


@dataclass
class Video(Job):
    model: str
    prompt: str
    seconds: str
    size: str
    remixed_from: str | None = None

    def as_json(self, now: float) -> dict[str, Any]:
        stage = self.stage(now)
        state = self.course.state(stage)
        done = self.entered_at("completed", stage)
        return {
            "id": self.id,
            "object": "video",
            "created_at": self.created_at,
            "model": self.model,
            "status": state,
            "progress": self.progress(state, now),
            "completed_at": done,
            "expires_at": None if done is None else done + LIFETIME,
            "error": FAILURE if state == "failed" else None,
            "prompt": self.prompt,
            "seconds": self.seconds,
            "size": self.size,
            "remixed_from_video_id": self.remixed_from,
        }

    def progress(self, state: str, now: float) -> int:
        """In percent; 100 only when it is done."""
        if state != "in_progress":
            return 100 if state == "completed" else 0
        return min(99, int(100 * self.course.part(now)))

    def content(self) -> bytes:
        data = hashlib.sha256(f"{self.model}\0{self.prompt}".encode()).digest()
        return FILE_TYPE + (len(data) + 8).to_bytes(4, "big") + b"mdat" + data


class Videos:
    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.made: Shelf[Video] = store.shelf("video")

    def rows(self) -> Rows:
        one = "/v1/videos/{video}"
        return [
            ("POST", "/v1/videos", self.create),
            ("GET", "/v1/videos", self.all),
            ("GET", one, self.retrieve),
            ("DELETE", one, self.delete),
            ("GET", f"{one}/content", self.content),
            ("POST", f"{one}/remix", self.remix),
        ]

    async def create(self, request: Request) -> Response:
        return self.begin(request, await fields(request))

    async def remix(self, request: Request) -> Response:
        old = self.asked(request)
        body = {"model": old.model, "seconds": old.seconds, "size": old.size}
        return self.begin(request, {**body, **await fields(request)}, old.id)

    async def all(self, request: Request) -> Response:
        now = self.store.monotonic()
        videos = [video.as_json(now) for video in self.made.values()]
        return JsonReply(page(videos, request.query_params))

    async def retrieve(self, request: Request) -> Response:
        return self.shown(request, self.asked(request), self.store.monotonic())

    async def delete(self, request: Request) -> Response:
        identifier = self.asked(request).id
        del self.made[identifier]
        return JsonReply({"id": identifier, "object": "video.deleted", "deleted": True})

    async def content(self, request: Request) -> Response:
        video = self.asked(request)
        variant = request.query_params.get("variant", "video")
        if variant not in VARIANTS:
            raise invalid("variant", f"it must be one of {', '.join(VARIANTS)}")
        state = video.state(self.store.monotonic())
        if state != "completed":
            raise ApiError(404, f"The video '{video.id}' has no content, for it is {state}.")
        if variant == "video":
            return Response(video.content(), media_type="video/mp4")
        return Response(png(SIDE, SIDE, colour(video.prompt)), media_type="image/png")

    def asked(self, request: Request) -> Video:
        return self.made[request.path_params["video"]]

    def shown(self, request: Request, video: Video, now: float) -> Response:
        return polled(request, self.settings, video.as_json(now))

    def begin(self, request: Request, body: dict[str, Any], source: str | None = None) -> Response:
        if not body.get("prompt"):
            raise missing("prompt")
        now, model = self.store.monotonic(), str(body.get("model") or "sora-2")
        end = end_of(model, "completed", ENDS)
        video = Video(
            id=self.store.new_id("video_"),
            created_at=self.store.now(),
            course=Course(now, way(WAITING, end, self.settings.run_seconds)),
            model=model,
            prompt=str(body["prompt"]),
            seconds=str(body.get("seconds") or "4"),
            size=str(body.get("size") or "720x1280"),
            remixed_from=source,
        )
        self.made[video.id] = video
        return self.shown(request, video, now)


async def fields(request: Request) -> dict[str, Any]:
    """The text fields of a request, which is a form or JSON."""
    if "json" in request.headers.get("content-type", ""):
        return await json_body(request)
    form = await request.form()
    try:
        return {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
    finally:
        await form.close()
