"""The endpoints of assistants, threads and messages, and what all of them demand."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .chat import model_of
from .errors import ApiError
from .generation import json_body
from .messages import Thread, message_of, messages_of
from .paging import page
from .replies import JsonReply
from .rows import Endpoint, Rows
from .store import Shelf, Store

VERSION = "assistants=v2"
DETAILS: dict[str, Any] = {
    "name": None,
    "description": None,
    "instructions": None,
    "tools": [],
    "tool_resources": {},
    "metadata": {},
    "temperature": 1.0,
    "top_p": 1.0,
    "response_format": "auto",
}


def versioned(rows: Rows) -> Rows:
    """The same endpoints, for requests with the header they all need."""
    return [(verb, path, demanding(endpoint)) for verb, path, endpoint in rows]


def demanding(endpoint: Endpoint) -> Endpoint:
    async def checked(request: Request) -> Response:
        if VERSION not in request.headers.get("openai-beta", "").replace(" ", "").split(","):
            raise ApiError(
                400,
                f"The Assistants API needs the header 'OpenAI-Beta: {VERSION}'.",
                code="invalid_beta",
            )
        return await endpoint(request)

    return checked


class Assistants:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.made: Shelf[dict[str, Any]] = store.shelf("assistant")
        self.threads: Shelf[Thread] = store.shelf("thread")

    def rows(self) -> Rows:
        assistant, thread = "/v1/assistants/{assistant}", "/v1/threads/{thread}"
        return versioned(
            [
                ("POST", "/v1/assistants", self.create),
                ("GET", "/v1/assistants", self.list),
                ("GET", assistant, self.retrieve),
                ("POST", assistant, self.update),
                ("DELETE", assistant, self.delete),
                ("POST", "/v1/threads", self.create_thread),
                ("GET", thread, self.thread),
                ("POST", thread, self.update_thread),
                ("DELETE", thread, self.delete_thread),
                ("POST", f"{thread}/messages", self.add_message),
                ("GET", f"{thread}/messages", self.messages),
                ("GET", thread + "/messages/{message}", self.message),
            ]
        )

    # Assistants

    async def create(self, request: Request) -> Response:
        body = await json_body(request)
        assistant = {
            "id": self.store.new_id("asst_"),
            "object": "assistant",
            "created_at": self.store.now(),
            "model": model_of(body),
            **{name: body.get(name, default) for name, default in DETAILS.items()},
        }
        self.made[assistant["id"]] = assistant
        return JsonReply(assistant)

    async def list(self, request: Request) -> Response:
        return JsonReply(page([*self.made.values()], request.query_params))

    async def retrieve(self, request: Request) -> Response:
        return JsonReply(self.made[request.path_params["assistant"]])

    async def update(self, request: Request) -> Response:
        assistant = self.made[request.path_params["assistant"]]
        body = await json_body(request)
        assistant |= {name: body[name] for name in ("model", *DETAILS) if name in body}
        return JsonReply(assistant)

    async def delete(self, request: Request) -> Response:
        identifier = self.made[request.path_params["assistant"]]["id"]
        del self.made[identifier]
        return JsonReply({"id": identifier, "object": "assistant.deleted", "deleted": True})

    # Threads

    async def create_thread(self, request: Request) -> Response:
        body = await json_body(request) if await request.body() else {}
        return JsonReply(new_thread(self.store, body).as_json())

    async def thread(self, request: Request) -> Response:
        return JsonReply(self.asked_thread(request).as_json())

    async def update_thread(self, request: Request) -> Response:
        thread, body = self.asked_thread(request), await json_body(request)
        thread.details |= {
            name: body[name] for name in ("metadata", "tool_resources") if name in body
        }
        return JsonReply(thread.as_json())

    async def delete_thread(self, request: Request) -> Response:
        identifier = self.asked_thread(request).id
        del self.threads[identifier]
        return JsonReply({"id": identifier, "object": "thread.deleted", "deleted": True})

    # Messages

    async def add_message(self, request: Request) -> Response:
        thread = self.asked_thread(request)
        message = message_of(await json_body(request))
        run = thread.active_run(self.store.monotonic())
        if run is not None:
            text = f"Messages cannot be added to '{thread.id}' while the run '{run.id}' is active."
            raise ApiError(400, text)
        return JsonReply(add_message(self.store, thread, message))

    async def messages(self, request: Request) -> Response:
        wanted = request.query_params.get("run_id")
        said = self.asked_thread(request).messages(self.store.monotonic())
        found = [item for item in said if wanted in {None, item["run_id"]}]
        return JsonReply(page(found, request.query_params))

    async def message(self, request: Request) -> Response:
        thread = self.asked_thread(request)
        return JsonReply(thread.message(request.path_params["message"], self.store.monotonic()))

    def asked_thread(self, request: Request) -> Thread:
        return self.threads[request.path_params["thread"]]


def new_thread(store: Store, body: dict[str, Any]) -> Thread:
    messages = messages_of(body, "messages")
    thread = Thread(store.new_id("thread_"), store.now(), body)
    store.shelf("thread")[thread.id] = thread
    for message in messages:
        add_message(store, thread, message)
    return thread


def add_message(store: Store, thread: Thread, message: dict[str, Any]) -> dict[str, Any]:
    made = {
        "id": store.new_id("msg_"),
        "created_at": store.now(),
        "thread_id": thread.id,
        **message,
    }
    thread.entries.append(made)
    return made
