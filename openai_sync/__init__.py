"""A client of the OpenAI API for blocking code: scripts, notebooks, threads.

    client = OpenAI()
    completion = client.chat.completions.create(model=..., messages=[...])

The module itself is a client too, whose settings are its attributes:

    import openai_sync as openai

    openai.api_key = "sk-..."
    completion = openai.chat.completions.create(model=..., messages=[...])

It runs the coroutines of `openai_async` on a loop thread; everything but the waiting is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openai_async import (
    DEFAULT_CONNECTION_LIMITS,
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    NOT_GIVEN,
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    Attempt,
    AuthenticationError,
    BadRequestError,
    BaseModel,
    ConflictError,
    ContentFilterFinishReasonError,
    DeadlineExceeded,
    HttpxBinaryResponseContent,
    InternalServerError,
    LengthFinishReasonError,
    Limits,
    MutuallyExclusiveAuthError,
    NotFoundError,
    NotGiven,
    OAuthError,
    Omit,
    OpenAIError,
    PermissionDeniedError,
    PoolStats,
    RateLimitError,
    RequestOptions,
    Retry,
    StreamAlreadyConsumed,
    StreamStalled,
    StreamTruncated,
    Timeout,
    Unknown,
    UnprocessableEntityError,
    WaitTimeout,
    __title__,
    __version__,
    not_given,
    omit,
)
from openai_async._lazy import lazy_names

from ._bridge import Stream
from ._client import Client, OpenAI
from ._module_removed import NAMES as _REMOVED
from ._module_removed import APIRemovedInV1
from ._module_resources import __all__ as _RESOURCES

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any, Literal

    import httpx

    from openai_async import BatchProgress as BatchProgress
    from openai_async import BatchRequestError as BatchRequestError
    from openai_async import DefaultAsyncHttpxClient as DefaultAsyncHttpxClient
    from openai_async import FileProcessingError as FileProcessingError
    from openai_async import LedgerError as LedgerError
    from openai_async import MapProgress as MapProgress
    from openai_async import MapResult as MapResult
    from openai_async import Orphan as Orphan
    from openai_async import UploadResult as UploadResult
    from openai_async import Uploads as Uploads
    from openai_async import UploadsFailed as UploadsFailed
    from openai_async import UploadsProgress as UploadsProgress
    from openai_async import types as types
    from openai_async._azure import TokenProvider
    from openai_async._types import APIKey, Headers, HTTPClient, Query

    from . import pagination as pagination
    from . import resources as resources
    from ._assistants import AssistantEventHandler as AssistantEventHandler
    from ._assistants import AssistantStreamManager as AssistantStreamManager
    from ._azure import AzureOpenAI as AzureOpenAI
    from ._map import Map as Map
    from ._module import _reset_client as _reset_client
    from ._module_choice import AmbiguousModuleClientUsageError as AmbiguousModuleClientUsageError
    from ._module_resources import *  # noqa: F403  # all that is there, and typed there
    from ._raw import APIResponse as APIResponse
    from ._raw import LegacyAPIResponse as LegacyAPIResponse
else:
    from os import environ as _environ

    _VARIABLES = {
        "api_type": "OPENAI_API_TYPE",
        "api_version": "OPENAI_API_VERSION",
        "azure_endpoint": "AZURE_OPENAI_ENDPOINT",
    }
    _load, __dir__, _ = lazy_names(
        __name__,
        {
            "openai_async._httpx": ("DefaultAsyncHttpxClient",),
            "openai_async._bulk.ledger": ("LedgerError",),
            "openai_async._map_results": (
                "BatchProgress",
                "BatchRequestError",
                "MapProgress",
                "MapResult",
            ),
            "openai_async._bulk.results": (
                "FileProcessingError",
                "Orphan",
                "UploadResult",
                "Uploads",
                "UploadsFailed",
                "UploadsProgress",
            ),
            "openai_async.types": ("types",),
            ".pagination": ("pagination",),
            ".resources": ("resources",),
            "._module": ("_reset_client", *_VARIABLES, *_RESOURCES),
            "._module_choice": ("AmbiguousModuleClientUsageError",),
            "._module_removed": _REMOVED,
            "._assistants": ("AssistantEventHandler", "AssistantStreamManager"),
            "._azure": ("AzureOpenAI",),
            "._map": ("Map",),
            "._raw": ("APIResponse", "LegacyAPIResponse"),
        },
    )

    def __getattr__(name: str) -> Any:
        variable = _VARIABLES.get(name)
        return _load(name) if variable is None else _environ.get(variable)


# The settings of the module-level client. They are read by each request, and never written.
api_key: APIKey | None = None
admin_api_key: str | None = None
organization: str | None = None
project: str | None = None
webhook_secret: str | None = None
base_url: str | httpx.URL | None = None
websocket_base_url: str | httpx.URL | None = None
timeout: float | Timeout | httpx.Timeout | None = DEFAULT_TIMEOUT
deadline: float | None = None
first_event: float | None = None
event_gap: float | None = None
max_retries: int = DEFAULT_MAX_RETRIES
default_headers: Headers | None = None
default_query: Query | None = None
http_client: HTTPClient | None = None
proxy: str | None = None
verify: bool | ssl.SSLContext = True
limits: Limits | httpx.Limits = DEFAULT_CONNECTION_LIMITS
on_retry: Callable[[Retry], Any] | None = None
azure_ad_token: str | None = None
azure_ad_token_provider: TokenProvider | None = None
# Until they are assigned, these are what the environment says.
api_type: Literal["openai", "azure"] | None
api_version: str | None
azure_endpoint: str | None

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIRemovedInV1",
    "APIResponse",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AmbiguousModuleClientUsageError",
    "AssistantEventHandler",
    "AssistantStreamManager",
    "Attempt",
    "AuthenticationError",
    "AzureOpenAI",
    "BadRequestError",
    "BaseModel",
    "Client",
    "ConflictError",
    "ContentFilterFinishReasonError",
    "DeadlineExceeded",
    "DEFAULT_CONNECTION_LIMITS",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "DefaultAsyncHttpxClient",
    "FileProcessingError",
    "HttpxBinaryResponseContent",
    "InternalServerError",
    "LedgerError",
    "LegacyAPIResponse",
    "LengthFinishReasonError",
    "Limits",
    "MutuallyExclusiveAuthError",
    "NOT_GIVEN",
    "NotFoundError",
    "NotGiven",
    "OAuthError",
    "Omit",
    "OpenAI",
    "OpenAIError",
    "Orphan",
    "PermissionDeniedError",
    "PoolStats",
    "RateLimitError",
    "RequestOptions",
    "Retry",
    "Stream",
    "StreamAlreadyConsumed",
    "StreamStalled",
    "StreamTruncated",
    "Timeout",
    "Unknown",
    "UnprocessableEntityError",
    "UploadResult",
    "Uploads",
    "UploadsFailed",
    "UploadsProgress",
    "WaitTimeout",
    "__title__",
    "__version__",
    "not_given",
    "omit",
    "types",
    "Map",
    "BatchProgress",
    "BatchRequestError",
    "MapProgress",
    "MapResult",
]
