"""The app: which path is answered by which method, and how mistakes are told."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from . import images
from .azure import Azure
from .control import Control
from .errors import ApiError
from .files import Files
from .gate import PREFIX, Gate
from .generation import Generation
from .queue import FaultQueue
from .recorder import Recorder
from .replies import error_reply
from .settings import Settings
from .store import Store
from .vector_stores import VectorStores


def build_app(store: Store, settings: Settings, faults: FaultQueue, recorder: Recorder) -> ASGIApp:
    """The whole emulator as one ASGI app."""
    answers = Generation(store, settings)
    files = Files(store)
    vector_stores = VectorStores(store, settings)
    control = Control(faults, recorder)
    table: list[tuple[str, str, Any]] = [
        ("POST", "/v1/chat/completions", answers.chat),
        ("POST", "/v1/embeddings", answers.embeddings),
        ("POST", "/v1/images/generations", images.generate),
        ("GET", "/v1/models", answers.models),
        ("GET", "/v1/models/{model:path}", answers.model),
        ("DELETE", "/v1/models/{model:path}", answers.delete_model),
        ("POST", "/v1/files", files.create),
        ("GET", "/v1/files", files.list),
        ("GET", "/v1/files/{file}", files.retrieve),
        ("DELETE", "/v1/files/{file}", files.delete),
        ("GET", "/v1/files/{file}/content", files.content),
        ("POST", "/v1/vector_stores", vector_stores.create),
        ("GET", "/v1/vector_stores", vector_stores.list),
        ("GET", "/v1/vector_stores/{store}", vector_stores.retrieve),
        ("POST", "/v1/vector_stores/{store}", vector_stores.update),
        ("DELETE", "/v1/vector_stores/{store}", vector_stores.delete),
        ("POST", "/v1/vector_stores/{store}/files", vector_stores.attach),
        ("GET", "/v1/vector_stores/{store}/files", vector_stores.attachments),
        ("GET", "/v1/vector_stores/{store}/files/{file}", vector_stores.attachment),
        ("DELETE", "/v1/vector_stores/{store}/files/{file}", vector_stores.detach),
        ("POST", "/v1/vector_stores/{store}/file_batches", vector_stores.create_batch),
        ("GET", "/v1/vector_stores/{store}/file_batches/{batch}", vector_stores.batch),
        (
            "POST",
            "/v1/vector_stores/{store}/file_batches/{batch}/cancel",
            vector_stores.cancel_batch,
        ),
        (
            "GET",
            "/v1/vector_stores/{store}/file_batches/{batch}/files",
            vector_stores.batch_attachments,
        ),
        ("POST", "/_emulator/faults", control.add_fault),
        ("DELETE", "/_emulator/faults", control.clear_faults),
        ("GET", "/_emulator/requests", control.requests),
        ("DELETE", "/_emulator/requests", control.clear_requests),
    ]
    app = Starlette(
        routes=routes(table),
        exception_handlers={ApiError: tell, HTTPException: tell_http, 500: tell_crash},
    )
    app.router.redirect_slashes = False
    return Gate(Azure(app), faults, recorder)


def routes(table: list[tuple[str, str, Any]]) -> list[Route]:
    """One route for each path, for Starlette answers 405 only if all its methods are there."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path, endpoint in table:
        paths.setdefault(path, {})[method] = endpoint
    return [
        Route(path, by_method(methods), methods=list(methods)) for path, methods in paths.items()
    ]


def by_method(methods: dict[str, Any]) -> Any:
    async def endpoint(request: Request) -> Response:
        # Starlette routes HEAD wherever it routes GET.
        method = "GET" if request.method == "HEAD" else request.method
        response: Response = await methods[method](request)
        return response

    return endpoint


async def tell(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_reply(error)


async def tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return error_reply(not_found(request.method, request.url.path))
    if error.status_code == 405:
        message = f"Not allowed to {request.method} on {request.url.path}."
        refusal = ApiError(405, message, code="method_not_supported")
        return error_reply(refusal, error.headers)
    return error_reply(ApiError(error.status_code, error.detail), error.headers)


async def tell_crash(request: Request, error: Exception) -> Response:
    return error_reply(ApiError(500))


def not_found(method: str, path: str) -> ApiError:
    message = f"Invalid URL ({method} {path})."
    if not path.startswith(PREFIX):
        message += " The API is below /v1: add /v1 to base_url."
    return ApiError(404, message, code="unknown_url")
