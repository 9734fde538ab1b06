"""The app: which path is answered by which method, and how mistakes are told."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from . import images
from .assistants import Assistants
from .azure import Azure
from .batches import Batches
from .control import Control
from .errors import ApiError
from .evals import Evals
from .files import Files
from .gate import PREFIX, Gate
from .generation import Generation
from .queue import FaultQueue
from .recorder import Recorder
from .replies import error_reply
from .responses import Responses
from .rows import routes
from .settings import Settings
from .store import Store
from .thread_runs import ThreadRuns
from .tuning import FineTuning
from .uploads import Uploads
from .vector_stores import VectorStores
from .videos import Videos


def build_app(store: Store, settings: Settings, faults: FaultQueue, recorder: Recorder) -> ASGIApp:
    """The whole emulator as one ASGI app."""
    families = [
        Generation(store, settings).rows(),
        images.rows(),
        Files(store, settings).rows(),
        Uploads(store, settings).rows(),
        Batches(store, settings).rows(),
        VectorStores(store, settings).rows(),
        Responses(store, settings).rows(),
        ThreadRuns(store, settings).rows(),
        Assistants(store).rows(),
        FineTuning(store, settings).rows(),
        Evals(store, settings).rows(),
        Videos(store, settings).rows(),
        Control(faults, recorder).rows(),
    ]
    table = [row for rows in families for row in rows]
    app = Starlette(
        routes=routes(table),
        exception_handlers={ApiError: tell, HTTPException: tell_http, 500: tell_crash},
    )
    app.router.redirect_slashes = False
    return Gate(Azure(app), faults, recorder, settings, store)


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
